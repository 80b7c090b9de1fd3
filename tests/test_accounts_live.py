"""Accounts on the real server: names and sessions, while people are in rooms."""

import re
import time
from threading import Thread

import pytest

from parlor.passwords import AT_ONCE
from tests.support.people import Refused

PASSWORD = "a lamp and a chair"
AT_ONCE_IS = 2
"""Seconds."""


def keep_name(person, name=None, **form):
    form = {"name": name or person.name, "password": PASSWORD, **form}
    assert person.post("/account", form).status_code == 303


def sign_in(person, name):
    answer = person.post("/sign-in", {"name": name, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def sessions(person):
    """The addresses that end the person's other sessions."""
    return re.findall(r'action="(/account/sessions/\w+/end)"', person.get("/account").text)


def other_device(person, name, server, code):
    """The same account on another device, in the same room."""
    there = person(f"{name} elsewhere", server)
    sign_in(there, name)
    there.connect(code).wait_for("room")
    return there


@pytest.fixture
def named(request):
    """A name of this test's own: the server is shared, and names are claimed for good."""
    return f"A {abs(hash(request.node.name)) % 10**8}"


@pytest.fixture
def alice(person, server, named):
    """Somebody with an account."""
    alice = person(named, server)
    keep_name(alice)
    return alice


def test_who_keeps_the_name_stays_connected(person, server, named, bob):
    alice = person(named, server)
    bob.enter(alice.enter())
    keep_name(alice)
    alice.send("Still here")
    bob.wait_for_text("Still here")
    assert not alice.heard("disconnect")


def test_a_socket_of_a_guest_ends_with_the_session_that_it_became(person, server, named):
    alice = person(named, server)
    alice.enter()
    keep_name(alice)
    alice.post("/sign-out")
    alice.wait_for("disconnect", timeout=AT_ONCE_IS)


@pytest.mark.parametrize("way", ["sign out", "ended", "password", "delete"])
def test_what_is_open_on_a_session_that_ends_is_closed_at_once(alice, person, server, bob, way):
    code = alice.enter()
    bob.enter(code)
    there = other_device(person, alice.name, server, code)
    began = time.monotonic()
    if way == "sign out":
        there.post("/sign-out")
    elif way == "ended":
        [end] = sessions(alice)
        alice.post(end)
    elif way == "password":
        alice.post("/account/password", {"old": PASSWORD, "new": "another password"})
    else:
        alice.post("/account/delete", {"password": PASSWORD, "messages": "stay"})
    there.wait_for("disconnect", timeout=AT_ONCE_IS)
    assert time.monotonic() - began < AT_ONCE_IS
    with pytest.raises(Refused):
        there.connect(code)
    if way != "delete":
        assert alice.send("On this device I stay")["ok"]
        bob.wait_for_text("On this device I stay")
    else:
        alice.wait_for("disconnect", timeout=AT_ONCE_IS)


def test_others_hear_of_another_name_at_once(alice, bob, server):
    code = alice.enter()
    bob.enter(code)
    alice.send("Before")
    me = alice.wait_for("room")["me"]["user_id"]
    alice.post("/account/name", {"name": f"{alice.name} B"})
    told = {"user_id": me, "name": f"{alice.name} B", "account": True}
    assert bob.wait_for("renamed") == told
    alice.send("After")
    assert bob.wait_for_text("After")["name"] == f"{alice.name} B"
    before = bob.connect(code).wait_for("room")["messages"][0]
    assert before["name"] == f"{alice.name} B"


def test_a_guest_who_makes_way_is_told(person, server, named, bob):
    guest, owner = person(named, server), person(named, server)
    code = guest.enter()
    bob.enter(code)
    keep_name(owner)
    assert guest.wait_for("renamed")["name"] == f"{named} 2"
    assert bob.wait_for("renamed")["name"] == f"{named} 2"
    guest.send("Me still")
    assert bob.wait_for_text("Me still")["name"] == f"{named} 2"


def test_what_goes_with_an_account_goes_on_open_pages(alice, bob):
    code = alice.enter()
    bob.enter(code)
    alice.send("Secret")
    bob.wait_for_text("Secret")
    alice.post("/account/delete", {"password": PASSWORD, "messages": "go"})
    gone = bob.wait_for("message", lambda message: "deleted_at" in message, timeout=15)
    assert (gone["seq"], gone["message"], gone["name"]) == (1, "", "Someone who left")
    assert bob.wait_for("presence", lambda news: news["left"])["count"] == 1


def test_what_was_to_go_goes_after_a_crash(start_server, person):
    server = start_server()
    alice, bob = person("Alice", server), person("Bob", server)
    keep_name(alice)
    bob.join(alice.enter())
    for number in range(30):
        alice.send(f"Secret {number}")
    alice.post("/account/delete", {"password": PASSWORD, "messages": "go"})
    server.kill()
    server.start()
    bob.connect().wait_for("room")
    deadline = time.monotonic() + 20
    while any(one["message"] for one in bob.connect().wait_for("room")["messages"]):
        assert time.monotonic() < deadline, "it stays for ever"
        time.sleep(0.5)


def test_people_talk_on_while_passwords_are_looked_at(alice, bob, person, server):
    """Each takes some hundredths of a second, in which nobody else may have to wait."""
    bob.enter(alice.enter())
    crowd = [person(f"Guest {number}", server) for number in range(4 * AT_ONCE)]
    form = {"name": alice.name, "password": "not the password"}
    tries = [Thread(target=guest.post, args=["/sign-in", form]) for guest in crowd]
    for one in tries:
        one.start()
    began = time.monotonic()
    for number in range(5):
        assert alice.send(f"Hello {number}")["ok"]
    spent = time.monotonic() - began
    for one in tries:
        one.join(30)
    assert spent < 3


def test_pictures_come_along_where_they_are_allowed(start_server, person):
    server = start_server(PICTURES="on")
    alice, bob = person("Alice", server), person("Bob", server)
    code = alice.enter()
    bob.enter(code)
    keep_name(alice, picture="https://pictures.invalid/a.png")
    assert bob.wait_for("renamed")["picture"] == "https://pictures.invalid/a.png"
    alice.send("Look")
    assert bob.wait_for_text("Look")["picture"] == "https://pictures.invalid/a.png"
    room = bob.connect(code).wait_for("room")
    assert "picture" in next(one for one in room["members"] if one["name"] == "Alice")
