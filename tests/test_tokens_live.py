"""Tokens on the real server: sockets that come with them, and end with them."""

import time

import pytest
import requests
import socketio

from tests.support.people import SOON
from tests.support.programs import PASSWORD

ROOMS = "/api/chat/rooms"


class Program:
    """A program with an account of its own, over HTTP and Socket.IO."""

    def __init__(self, server, name):
        self.url = server.url
        self.heard = []
        given = {"name": f"{name} {time.monotonic_ns() % 10**9}", "password": PASSWORD}
        self.tokens = self.post("/api/auth/register", given).json()

    def post(self, path, given=None, method="POST"):
        token = self.tokens["access_token"] if hasattr(self, "tokens") else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, self.url + path, json=given, headers=headers, timeout=SOON)

    def open_room(self):
        return self.post(ROOMS, {}).json()["room"]["code"]

    def connect(self, code, token=None, **auth):
        client = socketio.Client(reconnection=False, handle_sigint=False)
        client.on("*", lambda event, data=None: self.heard.append((event, data)))
        token = self.tokens["access_token"] if token is None else token
        client.connect(
            self.url,
            auth={"room": code, "token": token, **auth},
            transports=["websocket"],
            wait_timeout=SOON,
        )
        return client


@pytest.fixture
def alice(server):
    return Program(server, "Alice")


@pytest.fixture
def clients():
    made = []
    yield made
    for client in made:
        client.shutdown()


def wait_until(happened, timeout=SOON):
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < timeout, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - began


def test_a_program_talks_and_listens(alice, clients):
    code = alice.open_room()
    client = alice.connect(code)
    clients.append(client)
    wait_until(lambda: any(event == "room" for event, _ in alice.heard))
    assert client.call("message", {"data": "hello", "id": "a"}, timeout=SOON)["ok"]
    alice.post(f"{ROOMS}/{code}/messages", {"data": "and again"})
    wait_until(
        lambda: [d["message"] for e, d in alice.heard if e == "message"] == ["hello", "and again"]
    )


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_a_bad_token_opens_no_socket(alice, token):
    with pytest.raises(socketio.exceptions.ConnectionError):
        alice.connect(alice.open_room(), token)


def test_nor_does_it_fall_back_to_the_cookie(person, server):
    bob = person("Bob", server)
    code = bob.create()
    http = requests.Session()
    http.cookies.update(bob.http.cookies)
    refused = []
    client = socketio.Client(reconnection=False, handle_sigint=False, http_session=http)
    client.on("connect_error", refused.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(
            server.url, auth={"room": code, "token": "nonsense"}, transports=["websocket"]
        )
    client.shutdown()
    assert refused[0]["data"]["error"]["code"] == "sign_in_needed"


def test_whoever_signs_out_is_disconnected_at_once(alice, clients):
    client = alice.connect(alice.open_room())
    clients.append(client)
    wait_until(lambda: alice.heard)
    assert alice.post("/api/auth/logout").status_code == 204
    assert wait_until(lambda: not client.connected, timeout=2) < 2
    with pytest.raises(socketio.exceptions.ConnectionError):
        alice.connect(None)


def test_so_is_a_session_whose_refresh_token_was_stolen(alice, clients):
    """Here: one that is used when two others have followed it."""
    client = alice.connect(alice.open_room())
    clients.append(client)
    wait_until(lambda: alice.heard)
    token = first = alice.tokens["refresh_token"]
    for _ in range(2):
        answer = alice.post("/api/auth/refresh", {"refresh_token": token})
        token = answer.json()["refresh_token"]
    assert client.connected
    assert alice.post("/api/auth/refresh", {"refresh_token": first}).status_code == 401
    wait_until(lambda: not client.connected, timeout=2)


def test_no_token_is_in_the_log(server, alice, clients):
    code = alice.open_room()
    clients.append(alice.connect(code))
    answer = alice.post("/api/auth/refresh", {"refresh_token": alice.tokens["refresh_token"]})
    tokens = [*alice.tokens.values(), *answer.json().values(), PASSWORD]
    log = server.log()
    assert "route=/api/auth/refresh" in log
    assert not [one for one in tokens if isinstance(one, str) and len(one) > 6 and one in log]
