"""Accounts and their conversations over the plain WebSocket door."""

import uuid

import pytest
import requests

from tests.support.across import wait_until

PASSWORD = "correct horse battery"


@pytest.fixture
def server(server_of_each_way):
    return server_of_each_way


class Account:
    """An account of a new name, with the token of a program."""

    def __init__(self, server, name):
        self.url, self.name = server.url, f"{name} {uuid.uuid4().hex[:6]}"
        self.token = None
        answer = self.ask("/api/auth/register", name=self.name, password=PASSWORD)
        self.token = answer["access_token"]

    def ask(self, path, **body):
        return self.request("POST", path, json=body)

    def request(self, method, path, **options):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = requests.request(method, self.url + path, headers=headers, timeout=10, **options)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def ada(server):
    return Account(server, "Ada")


@pytest.fixture
def bob(server):
    return Account(server, "Bob")


def test_an_account_comes_into_an_open_room_by_its_token(ada, program, opened, server):
    welcome = program(server, opened, {"token": ada.token}).wait_for("system", event="welcome")
    assert welcome["me"]["name"] == ada.name
    assert "token" not in welcome, "it has one"


def test_its_name_is_nobody_elses(ada, program, opened, server):
    error = program(server, opened, {"username": ada.name}).refused()
    assert error["code"] in ("name_claimed", "name_taken")


def test_its_name_is_its_own_whatever_it_says(ada, program, opened, server):
    one = program(server, opened, {"token": ada.token, "username": "Somebody"})
    assert one.wait_for("system", event="welcome")["me"]["name"] == ada.name


def test_a_session_that_ends_ends_its_programs(ada, program, opened, server):
    one = program(server, opened, {"token": ada.token})
    one.wait_for("users_list")
    ada.ask("/api/auth/logout")
    assert one.wait_until_closed() == 1008
    assert program(server, opened, {"token": ada.token}).refused()["code"] == "sign_in_needed"


def test_two_talk_in_a_direct_conversation(ada, bob, program, server):
    code = ada.ask("/api/chat/directs", name=bob.name)["room"]["code"]
    mine, theirs = (program(server, code, {"token": one.token}) for one in (ada, bob))
    for one in (mine, theirs):
        one.wait_for("users_list")
    mine.ask("Between us")
    assert theirs.wait_for("message", message="Between us")["name"] == ada.name


def test_a_conversation_does_not_exist_for_others(ada, bob, program, alice, server):
    code = ada.ask("/api/chat/directs", name=bob.name)["room"]["code"]
    stranger = Account(server, "Charlie")
    for auth in ({"username": "Charlie"}, {"token": stranger.token}, {}):
        there = program(server, code, auth).refused()
        nowhere = program(server, "ZZZZZZZZZZZZ", auth).refused()
        assert there == nowhere
        assert there["code"] == "room_not_found"


def test_whoever_is_removed_from_a_group_is_told_and_closed(ada, bob, program, server):
    code = ada.ask("/api/chat/groups", name="Us", members=[bob.name])["room"]["code"]
    one = program(server, code, {"token": bob.token})
    me = one.wait_for("system", event="welcome")["me"]
    ada.request("DELETE", f"/api/chat/rooms/{code}/members/{me['user_id']}")
    assert one.wait_until_closed() == 1008
    assert one.kinds()[-1] == "closed"
    assert program(server, code, {"token": bob.token}).refused()["code"] == "room_not_found"


def test_a_changed_message_comes_again(ada, program, opened, server):
    one = program(server, opened, {"token": ada.token})
    one.wait_for("users_list")
    one.ask("Helo")
    ada.request("PATCH", f"/api/chat/rooms/{opened}/messages/1", json={"data": "Hello"})
    again = one.wait_for("message", message="Hello")
    assert (again["seq"], again["version"]) == (1, 2)
    assert "edited_at" in again


def test_a_new_name_is_told(ada, program, enters, opened, server):
    one = program(server, opened, {"token": ada.token})
    one.wait_for("users_list")
    other = enters(opened, "Other")
    name = f"{ada.name} II"
    ada.request("PATCH", "/api/me", json={"name": name})
    [told] = other.wait_for("system", event="renamed")["users"]
    assert told["name"] == name

    def is_listed():
        return name in [person["name"] for person in other.heard("users_list")[-1]["users"]]

    wait_until(is_listed)
