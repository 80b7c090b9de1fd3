"""Who comes in by the plain WebSocket door, as whom, and who does not."""

import socket
import time

import pytest
import requests
import websocket

from parlor import ws
from tests.support.listening import address
from tests.support.wire import cookies

NEW = {"username": "Ada"}


@pytest.fixture
def server(server_of_each_way):
    return server_of_each_way


def status(server, code="K7QP", **options):
    """What a handshake is refused with."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            websocket.create_connection(address(server, code), socket=plain, **options)
        return refused.value.status_code


def test_a_name_that_is_taken_is_refused_and_another_proposed(enters, program, opened, server):
    enters(opened, "Ada")
    error = program(server, opened, {"username": "ada"}).refused()
    assert (error["code"], error["suggestion"]) == ("name_taken", "ada 2")


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        ({"username": " "}, "name_missing"),
        ({"username": "x" * 100}, "name_too_long"),
        ({"username": 7}, "invalid"),
        ({"username": "Ada", "after": "1"}, "invalid"),
        ({"username": "Ada", "after": -1}, "invalid"),
        ({"token": 7}, "invalid"),
        ({"token": ""}, "sign_in_needed"),
        ({"token": "nonsense"}, "sign_in_needed"),
        ({"token": "\ud800"}, "sign_in_needed"),
        ({"username": "\ud800"}, "name_invalid"),
        ({"token": "WzEsIngiXQ.nonsense", "username": "Ada"}, "sign_in_needed"),
        ({}, "not_a_member"),
    ],
)
def test_who_does_not_say_who_they_are_is_refused(auth, code, program, opened, server):
    assert program(server, opened, auth).refused()["code"] == code


@pytest.mark.parametrize("code", ["ZZZZ", "ZZZZZZZZZZZZ"])
def test_a_room_that_never_was_is_not_found(code, program, server):
    assert program(server, code, NEW).refused()["code"] == "room_not_found"
    assert program(server, code, {}).refused()["code"] == "room_not_found"


def test_the_cookie_of_a_member_is_enough(program, alice, opened, server):
    browser = program(server, opened, {}, cookie=cookies(alice), origin=server.url)
    me = browser.wait_for("system", event="welcome")
    assert me["me"]["name"] == "Alice"
    assert "token" not in me, "a page's scripts never get what the cookie hides from them"


def test_the_cookie_of_someone_else_is_not(program, bob, opened, server):
    bob.create()
    assert program(server, opened, {}, cookie=cookies(bob)).refused()["code"] == "not_a_member"


def test_a_name_beside_a_cookie_is_a_new_guest(program, alice, opened, server):
    ada = program(server, opened, NEW, cookie=cookies(alice))
    assert ada.wait_for("system", event="welcome")["me"]["name"] == "Ada"


def test_a_guest_takes_another_name_with_the_token(enters, program, alice, server):
    code = alice.enter()
    ada = enters(code, "Ada")
    token = ada.wait_for("system", event="welcome")["token"]
    renamed = program(server, code, {"token": token, "username": "Ada the bot"})
    me = renamed.wait_for("system", event="welcome")["me"]
    assert me["user_id"] == ada.wait_for("system", event="welcome")["me"]["user_id"]
    alice.wait_for("presence", lambda data: me in data["joined"])


def test_a_guest_comes_into_another_room_by_the_token(enters, program, alice, server):
    first, second = alice.create(), alice.create()
    welcome = enters(first, "Ada").wait_for("system", event="welcome")
    again = program(server, second, {"token": welcome["token"]})
    assert again.wait_for("system", event="welcome")["me"] == welcome["me"]


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"header": ["Sec-Fetch-Site: cross-site"]}]
)
def test_pages_of_other_sites_are_refused(headers, alice, opened, server):
    assert status(server, opened, cookie=cookies(alice), **headers) == 403


def test_pages_of_allowed_sites_are_not(program, opened, server):
    program(server, opened, NEW, origin="http://nowhere.invalid").wait_for("users_list")


def test_an_ordinary_request_gets_the_error_shape(server):
    answer = requests.get(f"{server.url}/ws/chat/K7QP", timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert requests.get(f"{server.url}/ws/elsewhere", timeout=5).status_code == 404


def test_a_handshake_of_another_version_is_refused(server):
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version": "8",
    }
    answer = requests.get(f"{server.url}/ws/chat/K7QP", headers=headers, timeout=5)
    assert (answer.status_code, answer.headers["Sec-WebSocket-Version"]) == (426, "13")


def test_whoever_says_something_else_first_is_refused(program, opened, server):
    ada = program(server, opened)
    ada.say("message", data="Hi", ref="a")
    assert ada.refused()["field"] == "type"
    assert ada.heard("error", ref="a")


def test_whoever_is_in_cannot_be_someone_else(enters, opened):
    ada = enters(opened, "Ada")
    ada.say("auth", username="Bob", ref="again")
    assert ada.wait_for("error", ref="again")["error"]["code"] == "invalid"
    assert ada.ask("Hi")["type"] == "ack"


def test_wrong_codes_are_counted_as_over_any_door(start_server, program):
    server = start_server(LIMITS="on", name="limits")
    codes = []
    for _ in range(11):
        time.sleep(0.2)  # slower than connections may come
        codes.append(program(server, "ZZZZ", {}).refused()["code"])
    assert set(codes[:10]) == {"room_not_found"}, codes
    assert codes[10] == "too_many"


def test_no_more_programs_than_there_is_room_for(app, monkeypatch):
    monkeypatch.setattr(ws.budget, "listeners", lambda: 0)
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version": "13",
    }
    place = {"gunicorn.socket": object()}
    answer = app.test_client().get("/ws/chat/K7QP", headers=headers, environ_base=place)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "retry")
    assert answer.headers["Retry-After"] == "1"
