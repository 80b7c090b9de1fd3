"""The description of the API, and the page to try it."""

import re

import pytest

from app import create_app
from parlor import errors
from tests.test_protocol import leaves

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def description(client):
    return client.get("/api/openapi.json").json


def operations(description):
    for path, item in description["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def test_it_is_openapi(description):
    assert description["openapi"] == "3.1.0"
    assert description["info"]["title"] == "Parlor"


def test_every_json_route_is_described(app, description):
    described = {(method.upper(), path) for method, path, _ in operations(description)}
    routes = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and not rule.endpoint.startswith("reference."):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            routes |= {(method, path) for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert described == routes


def test_every_route_has_a_summary_a_name_and_its_errors(description):
    names = []
    for method, path, operation in operations(description):
        assert operation["summary"], (method, path)
        assert operation["security"], (method, path)
        assert {"401", "422", "429", "500", "503"} <= operation["responses"].keys()
        names.append(operation["operationId"])
    assert len(names) == len(set(names))


def test_errors_go_by_their_codes(description):
    known = {error.code for error in leaves(errors.ChatError)}
    for method, path, operation in operations(description):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                codes = set(re.findall(r"^`(\w+)`", response["description"], re.MULTILINE))
                assert codes, (method, path, status)
                assert codes <= known


def test_it_is_the_same_for_every_app(settings, description):
    assert create_app(settings).test_client().get("/api/openapi.json").json == description


def test_the_page_to_try_it_asks_no_other_host(page_for, server):
    page = page_for("Alice", server)
    page.goto("/api/docs")
    page.get_by_role("heading", name="Parlor").wait_for()
    page.get_by_text("/api/chat/rooms/{code}/messages").first.wait_for()


@pytest.mark.parametrize("name", ["../../plugins.py", "%2e%2e/plugins.py", "nothing.js"])
def test_it_serves_nothing_else(client, name):
    assert client.get(f"/api/docs/{name}").status_code == 404
