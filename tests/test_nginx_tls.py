"""deploy/nginx-tls.conf, on the real nginx, in front of Parlor in production."""

import subprocess
from contextlib import closing

import pytest
import requests

from tests.support.listening import Listening
from tests.support.nginx import TlsNginx
from tests.support.people import SOON, Person
from tests.support.server import Server


@pytest.fixture(scope="module")
def secure(nginx_binary, tmp_path_factory):
    """One process in production, behind nginx with TLS."""
    directory = tmp_path_factory.mktemp("tls")
    settings = {"PARLOR_ENV": "production", "SECRET_KEY": "k" * 32, "PROXY_HOPS": 1}
    with (
        Server(directory, **settings) as server,
        TlsNginx(nginx_binary, [server.port]) as nginx,
    ):
        yield nginx


@pytest.fixture
def carol(secure):
    carol = Person(secure.url, "Carol")
    carol.http.verify = str(secure.certificate)
    carol.http.trust_env = False  # a machine's own bundle would win
    yield carol
    carol.close()


def test_nginx_has_nothing_against_its_files_with_tls(secure):
    assert secure.complaints() == []


def test_over_tls_cookies_are_for_https_and_browsers_stay_there(carol):
    answer = carol.post("/", {"name": "Carol", "create": "1"})
    assert answer.status_code == 303
    assert all(cookie.secure for cookie in carol.http.cookies)
    assert {"session", "way"} <= set(carol.http.cookies.keys())
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_links_that_are_handed_on_are_https(carol, secure):
    page = carol.get(f"/room/{carol.create()}")
    assert f"{secure.url}/room/" in page.text


def test_websockets_go_over_tls(carol, secure):
    code = carol.create()
    tls = {"sslopt": {"ca_certs": str(secure.certificate)}}
    with closing(Listening(secure, code, {"username": "Ada"}, **tls)) as ada:
        ada.wait_for("users_list")
        assert ada.ask("hello")["type"] == "ack"


def test_http_leads_to_https(secure):
    answer = requests.get(f"{secure.plain_url}/room/K7QP?x=1", timeout=SOON, allow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://localhost/room/K7QP?x=1"


def test_certbots_challenges_are_answered_over_http(secure):
    (secure.home / ".well-known/acme-challenge").mkdir(parents=True)
    (secure.home / ".well-known/acme-challenge/token").write_text("proof")
    found = requests.get(f"{secure.plain_url}/.well-known/acme-challenge/token", timeout=SOON)
    assert found.text == "proof"


def handshake(nginx, name, *options):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{nginx.port}", "-servername", name]
    done = subprocess.run([*command, *options], input="", capture_output=True, text=True, timeout=9)
    return done.stdout + done.stderr


def test_tls_is_of_today(secure):
    assert "Cipher is TLS_" in handshake(secure, "localhost")
    assert "Cipher is ECDHE-" in handshake(secure, "localhost", "-tls1_2")
    for old in (["-tls1_1"], ["-tls1_2", "-cipher", "AES256-SHA:ECDHE-ECDSA-AES128-SHA"]):
        assert "Cipher is (NONE)" in handshake(secure, "localhost", *old)


def test_who_asks_for_another_name_learns_nothing(secure):
    said = handshake(secure, "other.example")
    assert "unrecognized name" in said
    assert "no peer certificate available" in said
