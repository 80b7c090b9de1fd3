"""Whoever has to go, has left or is signed out on one process is off all of them."""

import re
import time
import uuid

import pytest

from tests.support.across import wait_until_here
from tests.support.people import PASSWORD, Refused

AT_ONCE = 2
"""Seconds."""


@pytest.fixture
def alice(account, pair):
    """Somebody with an account, on one process."""
    return with_id(account(f"Alice {uuid.uuid4().hex[:8]}", pair[0]))


@pytest.fixture
def bob(account, pair):
    """Somebody with an account, on the other."""
    return with_id(account(f"Bob {uuid.uuid4().hex[:8]}", pair[1]))


def with_id(person):
    person.user_id = person.get("/api/me").json()["me"]["user_id"]
    return person


@pytest.fixture
def group(alice, bob):
    """A group of Alice's with Bob in it; both are there."""
    begun = alice.post("/conversations", {"people": bob.name, "title": "Friends"})
    code = begun.headers["Location"].rpartition("/")[2]
    for one in (alice, bob):
        one.connect(code).wait_for("room")
    return code


def do(person, path, **form):
    answer = person.post(path, form)
    assert answer.status_code == 303, f"{answer.status_code}: {answer.text}"


def refused(person, code):
    with pytest.raises(Refused) as refusal:
        person.connect(code)
    return refusal.value.error["code"]


def is_off_at_once(*tabs):
    """Whether all of them are closed within two seconds of now."""
    deadline = time.monotonic() + AT_ONCE
    for tab in tabs:
        tab.wait_for("disconnect", timeout=max(deadline - time.monotonic(), 0.01))


# Rooms


def test_who_is_removed_from_a_group_is_off_it_everywhere(alice, bob, group):
    lobby = bob.connect(lobby=True)
    lobby.call("conversations", None)
    inside = bob.tabs[-2]
    do(alice, f"/room/{group}/people/{bob.user_id}/remove")
    is_off_at_once(inside)
    assert lobby.wait_for("conversation", lambda told: "gone" in told)["room"] == group
    assert refused(bob, group) == "room_not_found"
    alice.send("without Bob")
    assert not lobby.heard("disconnect")
    wait_until_here([alice.name], group, alice)


def test_who_is_removed_from_an_open_room_is_off_it_until_they_come_back(alice, bob, code, pair):
    there = bob.at(pair[0])
    there.connect(code).wait_for("room")
    do(alice, f"/room/{code}/people/{bob.user_id}/remove")
    is_off_at_once(bob.tab, there.tab)
    news = alice.wait_for("presence", lambda news: news["left"])
    assert news["count"] == 1
    assert refused(bob, code) == "not_a_member"
    wait_until_here([alice.name], code, alice)
    bob.enter(code)
    wait_until_here([alice.name, bob.name], code, alice, bob)


def test_a_program_that_is_removed_is_off_too(program, alice, code, pair):
    ada = program(pair[1], code, {"username": "Ada"})
    me = ada.wait_for("system", event="welcome")["me"]
    do(alice, f"/room/{code}/people/{me['user_id']}/remove")
    ada.wait_until_closed(timeout=AT_ONCE)
    assert ada.heard("system", event="closed")


def test_who_leaves_is_off_on_all_processes(alice, bob, group, pair):
    there = bob.at(pair[0])
    there.connect(group).wait_for("room")
    do(there, f"/room/{group}/leave")
    is_off_at_once(bob.tab, there.tab)
    assert refused(bob, group) == "room_not_found"
    wait_until_here([alice.name], group, alice)


def test_a_group_that_its_owner_leaves_is_anothers_on_all_processes(alice, bob, group):
    do(alice, f"/room/{group}/leave")
    assert bob.wait_for("facts")["owner_id"] == bob.user_id


def test_a_room_that_is_closed_is_closed_everywhere(alice, bob, code):
    lobby = bob.connect(lobby=True)
    lobby.call("conversations", None)
    inside = bob.tabs[-2]
    do(alice, f"/room/{code}/close")
    is_off_at_once(alice.tab, inside)
    assert lobby.wait_for("conversation", lambda told: "gone" in told)["room"] == code
    for one in (alice, bob):
        assert one.get(f"/api/chat/rooms/{code}").status_code == 404
        assert refused(one, code) == "room_not_found"


# Sessions


@pytest.mark.parametrize("way", ["sign out", "ended", "password", "deleted"])
def test_what_is_open_on_a_session_that_ends_is_closed_on_all_processes(
    alice, bob, code, person, pair, way
):
    """Alice's other device has a tab in the room, and one outside, on each process."""
    here, elsewhere = pair
    device = person(alice.name, here)
    do(device, "/sign-in", name=alice.name, password=PASSWORD)
    there = device.at(elsewhere)
    tabs = [one.connect(code) for one in (device, there)]
    tabs += [one.connect(lobby=True) for one in (device, there)]
    if way == "sign out":
        do(device, "/sign-out")
    elif way == "ended":
        [end] = re.findall(r'action="(/account/sessions/\w+/end)"', alice.get("/account").text)
        do(alice, end)
    elif way == "password":
        do(alice, "/account/password", old=PASSWORD, new="another password")
    else:
        do(alice, "/account/delete", password=PASSWORD, messages="stay")
    is_off_at_once(*tabs)
    for one in (device, there):
        assert refused(one, code) in ("not_a_member", "room_not_found")
    if way == "deleted":
        is_off_at_once(alice.tab)
        assert bob.wait_for("presence", lambda news: news["left"])["count"] == 1
        wait_until_here([bob.name], code, bob)
    else:
        assert alice.send("On this device I stay")["ok"]
        bob.wait_for_text("On this device I stay")
        assert not bob.heard("disconnect")


def test_what_goes_with_an_account_goes_on_the_pages_of_all_processes(alice, bob, code):
    alice.send("Secret")
    bob.wait_for_text("Secret")
    do(alice, "/account/delete", password=PASSWORD, messages="go")
    gone = bob.wait_for("message", lambda message: "deleted_at" in message, timeout=15)
    assert (gone["seq"], gone["message"]) == (1, "")


def test_a_guest_who_makes_way_is_told_on_the_other_process(person, pair, bob):
    name = f"Sam {uuid.uuid4().hex[:8]}"
    guest = person(name, pair[1])
    code = guest.enter()
    bob.enter(code)
    person(name, pair[0]).keep_name()
    assert guest.wait_for("renamed")["name"] == f"{name} 2"
    guest.send("Me still")
    assert bob.wait_for_text("Me still")["name"] == f"{name} 2"


def test_who_makes_an_account_stays_connected_on_all_processes(person, pair, bob):
    guest = person(f"Sam {uuid.uuid4().hex[:8]}", pair[0])
    code = guest.enter()
    bob.enter(code)
    there = guest.at(pair[1])
    there.connect(code).wait_for("room")
    guest.keep_name()
    there.send("Still here")
    bob.wait_for_text("Still here")
    assert not there.heard("disconnect")
    do(guest, "/sign-out")
    is_off_at_once(guest.tab, there.tab)
