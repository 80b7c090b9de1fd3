"""The description of the API, and the page to try it."""

import re
import time

import pytest
import requests
from playwright.sync_api import expect

from app import create_app
from parlor import errors
from tests.support.programs import PASSWORD
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


@pytest.fixture
def page(page_for, server):
    """The page to try it: what it logs, or asks of other hosts, fails the test."""
    page = page_for("Alice", server)
    page.set_default_timeout(20_000)  # it is a large page
    page.goto("/api/docs")
    page.get_by_role("heading", name="Parlor").wait_for()
    return page


def try_out(page, operation):
    """Unfold a route and ask it. Returns the status it answers with."""
    block = page.locator(f"[id$={operation}]")
    block.locator("button.opblock-summary-control").click(no_wait_after=True)
    block.get_by_role("button", name="Execute").click()
    status = block.locator(".live-responses-table .response-col_status").last
    status.wait_for()
    return status.inner_text().split()[0]


def test_the_page_shows_every_route(page, server):
    description = requests.get(f"{server.url}/api/openapi.json", timeout=5).json()
    count = len(list(operations(description)))
    expect(page.locator(".opblock")).to_have_count(count)


def test_its_policy_lets_in_nothing_inline_but_by_nonce(client):
    policy = client.get("/api/docs").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self' 'nonce-" in policy


def test_routes_can_be_tried_with_the_cookie(page, server):
    page.goto("/")
    page.get_by_label("Your name").fill("Alice")
    page.get_by_role("button", name="Open a new room").click()
    page.wait_for_url("**/room/*")
    page.goto("/api/docs")
    assert try_out(page, "get_me") == "200"


def test_routes_can_be_tried_with_a_token(page, server):
    given = {"name": f"Alice {time.monotonic_ns()}", "password": PASSWORD}
    tokens = requests.post(f"{server.url}/api/auth/register", json=given, timeout=5).json()
    page.get_by_role("button", name="Authorize").click()
    form = page.locator(".auth-container", has_text="bearer")
    form.locator("input").fill(tokens["access_token"])
    form.get_by_role("button", name="Apply").click()
    form.get_by_role("button", name="Close").click()
    assert try_out(page, "get_me") == "200"


@pytest.mark.parametrize("name", ["../../plugins.py", "%2e%2e/plugins.py", "nothing.js"])
def test_it_serves_nothing_else(client, name):
    assert client.get(f"/api/docs/{name}").status_code == 404
