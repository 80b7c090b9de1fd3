"""Parlor behind the nginx of deploy/."""

import pytest
import requests

from tests.support.nginx import Nginx
from tests.support.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("behind"), PROXY_HOPS=1, STICKY="on") as server:
        yield server


@pytest.fixture(scope="module")
def nginx(nginx_binary, server):
    with Nginx(nginx_binary, [server.port]) as nginx:
        yield nginx


def test_nginx_has_nothing_against_its_files(nginx):
    assert nginx.complaints() == []


def test_a_page_comes_through(nginx):
    assert requests.get(nginx.url, timeout=5).status_code == 200
