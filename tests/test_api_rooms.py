"""Rooms over JSON: opened, listed, joined, changed, left and closed, by accounts and guests."""

import pytest
from sqlalchemy import select

from models import Participant, Room, User, db
from tests.support.programs import Program
from tests.support.rows import add

ROOMS = "/api/chat/rooms"


@pytest.fixture
def alice(app):
    return Program(app).register("Alice")


@pytest.fixture
def bob(app):
    return Program(app).register("Bob")


@pytest.fixture
def charlie(app):
    """A guest, with a cookie."""
    return app.test_client()


def opened(somebody, **facts):
    answer = somebody.post(ROOMS, json=facts)
    assert answer.status_code == 201, answer.text
    return answer.json["room"]


def path(room, *rest):
    return "/".join([ROOMS, room["code"], *map(str, rest)])


def error(answer):
    return answer.status_code, answer.json["error"]["code"], answer.json["error"].get("field")


def crowd(code, number):
    room_id = db.session.scalar(select(Room.id).where(Room.code == code))
    for name in [f"Guest {n}" for n in range(1, number + 1)]:
        user = add(User(name=name))
        add(Participant(room_id=room_id, user_id=user.id, name=name, name_key=name.casefold()))


def names(answer):
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json["members"]]


def test_an_account_opens_a_room(alice):
    room = opened(alice, name="Tea room", description="Tea, mostly.", listed=True)
    assert (room["name"], room["description"]) == ("Tea room", "Tea, mostly.")
    assert (room["kind"], room["listed"], room["kept"]) == ("open", True, False)
    assert room["owner_id"] == alice.user_id
    assert names(alice.get(path(room))) == ["Alice"]


def test_a_room_needs_no_name(alice):
    answer = alice.post(ROOMS, json={})
    assert answer.status_code == 201
    assert "name" not in answer.json["room"]


def test_a_guest_opens_one_under_the_name_they_say(charlie):
    room = opened(charlie, **{"as": "Charlie"})
    assert names(charlie.get(path(room))) == ["Charlie"]


def test_no_cookie_comes_for_an_account(alice):
    assert "Set-Cookie" not in alice.post(ROOMS, json={}).headers


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "  TEA ROOM", "listed": True}, (409, "room_name_taken", "name")),
        ({"listed": True}, (400, "name_missing", "name")),
        ({"name": "x" * 61}, (400, "name_too_long", "name")),
        ({"name": "\u202e"}, (400, "name_invalid", "name")),
        ({"description": "x" * 301}, (400, "description_too_long", "description")),
        ({"name": 7}, (422, "unprocessable", "name")),
        ({"listed": "yes"}, (422, "unprocessable", "listed")),
        ({"nmae": "Tea"}, (422, "unprocessable", "nmae")),
        (["Tea"], (422, "unprocessable", None)),
    ],
)
def test_what_no_room_can_be_is_refused(alice, bob, given, expected):
    opened(alice, name="Tea room", listed=True)
    assert error(bob.post(ROOMS, json=given)) == expected
    assert bob.get("/api/me/rooms").json["conversations"] == []


def test_a_guest_can_keep_no_room_and_has_to_say_a_name(alice, charlie):
    assert error(charlie.post(ROOMS, json={"as": "Charlie", "kept": True}))[:2] == (
        401,
        "sign_in_needed",
    )
    assert error(charlie.post(ROOMS, json={})) == (400, "name_missing", "name")
    assert error(charlie.post(ROOMS, json={"as": "alice"})) == (409, "name_claimed", "name")


def test_listed_rooms_are_there_for_everyone_and_others_for_who_is_in_them(alice, bob, charlie):
    opened(alice, name="Tea room", listed=True)
    opened(alice, name="Back room")
    [listed] = charlie.get(ROOMS).json["rooms"]
    assert listed["name"] == "Tea room"
    assert [one["name"] for one in listed["here"]] == ["Alice"]
    assert listed["count"] == 1
    assert charlie.get(ROOMS).json["mine"] == []
    mine = alice.get(ROOMS).json["mine"]
    assert {one["title"] for one in mine} == {"Tea room", "Back room"}


def test_listed_rooms_come_in_pages(alice):
    for number in range(5):
        opened(alice, name=f"Room {number}", listed=True)
    found, next = [], ""
    while next is not None:
        answer = alice.get(f"{ROOMS}?limit=2&before={next}" if next else f"{ROOMS}?limit=2").json
        found += [room["name"] for room in answer["rooms"]]
        next = answer["next"]
        assert not found[2:] or answer["mine"] == []
    assert found == [f"Room {number}" for number in reversed(range(5))]


@pytest.mark.parametrize("query", ["before=nonsense", "before=", "limit=0", "limit=101"])
def test_a_page_that_is_none_is_refused(alice, query):
    assert alice.get(f"{ROOMS}?{query}").status_code == 400


def test_accounts_and_guests_join(alice, bob, charlie):
    room = opened(alice)
    answer = bob.post(path(room, "join"))
    assert answer.json == {"person": {"user_id": bob.user_id, "name": "Bob", "account": True}}
    answer = charlie.post(path(room, "join"), json={"name": "Charlie"})
    assert answer.json["person"]["name"] == "Charlie"
    assert names(charlie.get(path(room))) == ["Alice", "Bob", "Charlie"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (400, "name_missing", "name")),
        (None, (400, "name_missing", "name")),
        ({"name": "alice"}, (409, "name_claimed", "name")),
        ({"name": 7}, (422, "unprocessable", "name")),
        ({"as": "Charlie"}, (422, "unprocessable", "as")),
    ],
)
def test_a_guest_has_to_say_who_they_are(alice, charlie, given, expected):
    room = opened(alice)
    assert error(charlie.post(path(room, "join"), json=given)) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ZZZZ", (404, "room_not_found", "code")),
        ("nonsense", (400, "code_malformed", "code")),
        ("%20", (400, "code_missing", "code")),
    ],
)
def test_nobody_joins_what_is_not_there(alice, code, expected):
    assert error(alice.post(f"{ROOMS}/{code}/join")) == expected


def test_whoever_left_is_no_member(alice, bob):
    room = opened(alice)
    bob.post(path(room, "join"))
    assert bob.post(path(room, "leave")).status_code == 204
    assert error(bob.get(path(room))) == (403, "not_a_member", None)
    assert names(alice.get(path(room, "members"))) == ["Alice"]


def test_members_come_in_pages_whether_they_are_there_or_not(app, alice, bob):
    room = opened(alice)
    bob.post(path(room, "join"))
    answer = alice.get(path(room, "members?limit=1"))
    assert names(answer) == ["Alice"]
    answer = alice.get(path(room, f"members?limit=1&after={answer.json['next']}"))
    assert names(answer) == ["Bob"]
    assert answer.json["next"] is None


def test_fifty_members_are_a_page_unless_told(app, alice):
    room = opened(alice)
    with app.app_context():
        crowd(room["code"], 50)
    answer = alice.get(path(room, "members"))
    assert len(names(answer)) == 50
    answer = alice.get(path(room, f"members?after={answer.json['next']}"))
    assert names(answer) == ["Guest 50"]


def test_the_owner_changes_what_is_said_of_a_room(alice, bob):
    room = opened(alice, name="Tea room")
    bob.post(path(room, "join"))
    changed = alice.patch(path(room), {"description": "Tea, mostly.", "listed": True}).json["room"]
    assert (changed["name"], changed["description"]) == ("Tea room", "Tea, mostly.")
    assert "description" not in alice.patch(path(room), {"description": ""}).json["room"]
    assert error(bob.patch(path(room), {"name": "Mine"})) == (403, "not_allowed", None)
    assert alice.get(path(room)).json["room"]["name"] == "Tea room"


def test_the_owner_closes_a_room(alice, bob):
    room = opened(alice)
    bob.post(path(room, "join"))
    assert error(bob.delete(path(room))) == (403, "not_allowed", None)
    assert alice.delete(path(room)).status_code == 204
    assert error(alice.get(path(room))) == (404, "room_not_found", "code")


def test_the_owner_makes_somebody_go(alice, bob):
    room = opened(alice)
    bob.post(path(room, "join"))
    assert bob.delete(path(room, "members", alice.user_id)).status_code == 403
    assert alice.delete(path(room, "members", bob.user_id)).status_code == 204
    assert error(bob.get(path(room))) == (403, "not_a_member", None)
    assert error(alice.delete(path(room, "members", bob.user_id)))[:2] == (404, "person_not_found")
    assert error(alice.delete(path(room, "members", "x"))) == (400, "invalid", "user_id")


def test_two_have_one_conversation(alice, bob, charlie):
    room = alice.post("/api/chat/directs", {"name": "bob"}).json["room"]
    assert room["kind"] == "direct"
    assert bob.post("/api/chat/directs", {"name": "Alice"}).json["room"]["code"] == room["code"]
    assert names(bob.get(path(room, "members"))) == ["Alice", "Bob"]
    assert error(bob.post(path(room, "leave"))) == (409, "cannot_leave", None)
    assert error(charlie.get(path(room))) == (404, "room_not_found", "code")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "Nobody"}, (404, "person_not_found", "name")),
        ({"name": "Alice"}, (400, "invalid", "name")),
        ({"name": ""}, (400, "name_missing", "name")),
        ({}, (422, "unprocessable", "name")),
    ],
)
def test_there_is_no_conversation_with_nobody(alice, given, expected):
    assert error(alice.post("/api/chat/directs", given)) == expected


def test_a_group_is_there_for_its_members(app, alice, bob):
    dave = Program(app).register("Dave")
    given = {"name": "Plans", "members": ["Bob"]}
    answer = alice.post("/api/chat/groups", given)
    assert answer.status_code == 201
    room = answer.json["room"]
    assert (room["kind"], room["name"]) == ("group", "Plans")
    assert error(dave.get(path(room))) == (404, "room_not_found", "code")
    assert error(bob.post(path(room, "members"), {"name": "Dave"})) == (403, "not_allowed", None)
    answer = alice.post(path(room, "members"), {"name": "Dave"})
    assert answer.status_code == 201
    assert answer.json == {"person": {"user_id": dave.user_id, "name": "Dave", "account": True}}
    assert names(dave.get(path(room, "members"))) == ["Alice", "Bob", "Dave"]


def test_guests_have_no_conversations(charlie, alice):
    opened(charlie, **{"as": "Charlie"})
    for door, given in (("directs", {"name": "Alice"}), ("groups", {"name": "x", "members": []})):
        assert error(charlie.post(f"/api/chat/{door}", json=given))[:2] == (401, "sign_in_needed")


def test_what_is_read_is_no_longer_unread(alice, bob):
    room = opened(alice)
    bob.post(path(room, "join"))
    for text in ("one", "two", "three"):
        alice.post(path(room, "messages"), {"data": text})
    assert [one["unread"] for one in bob.get("/api/me/rooms").json["conversations"]] == [3]
    assert bob.post(path(room, "read"), {"seq": 2}).status_code == 204
    assert [one["unread"] for one in bob.get("/api/me/rooms").json["conversations"]] == [1]
    assert error(bob.post(path(room, "read"), {"seq": -1})) == (422, "unprocessable", "seq")
    assert error(bob.post(path(room, "read"), {"seq": True})) == (422, "unprocessable", "seq")


def test_a_program_edits_and_deletes_what_it_said(alice, bob):
    room = opened(alice)
    bob.post(path(room, "join"))
    bob.post(path(room, "messages"), {"data": "helo"})
    edited = bob.patch(path(room, "messages", 1), {"data": "hello"}).json
    assert (edited["message"], edited["version"]) == ("hello", 2)
    assert error(alice.patch(path(room, "messages", 1), {"data": "no"}))[:2] == (403, "not_allowed")
    assert alice.delete(path(room, "messages", 1)).json["deleted_at"]


def test_a_wrong_method_says_which_are_right(alice):
    answer = alice.patch(ROOMS, {})
    assert error(answer) == (405, "method_not_allowed", None)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
