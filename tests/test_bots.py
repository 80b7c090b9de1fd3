"""Bots: made by a room's owner, with a key that posts in that room and does nothing else."""

import pytest
from sqlalchemy import select

from models import Bot, User, db, now
from parlor import bots
from tests.support.programs import Program

ROOMS = "/api/chat/rooms"


@pytest.fixture
def alice(app):
    return Program(app).register("Alice")


@pytest.fixture
def bob(app):
    return Program(app).register("Bob")


@pytest.fixture
def room(alice, bob):
    """A room of Alice's, with Bob in it."""
    room = opened(alice)
    assert bob.post(f"{room}/join", json={}).status_code == 200
    return room


def opened(somebody, **facts):
    return f"{ROOMS}/{somebody.post(ROOMS, json=facts).json['room']['code']}"


def made(somebody, room, name="Lamp", **more):
    answer = somebody.post(f"{room}/bots", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    return answer.json


def bearer(app, key):
    """A Program that has a bot's key."""
    program = Program(app)
    program.token = key
    return program


def say(app, room, key, text, **headers):
    headers = {"Authorization": f"Bearer {key}", **headers}
    return app.test_client(use_cookies=False).post(
        f"{room}/messages", data=text, content_type="text/plain", headers=headers
    )


def error(answer):
    return answer.status_code, answer.json["error"]["code"]


def said(somebody, room):
    found = somebody.get(f"{room}/messages").json["messages"]
    return [(one["name"], one["message"]) for one in found]


def test_the_owner_of_a_room_makes_a_bot_that_talks_in_it(app, alice, bob, room):
    lamp = made(alice, room)
    assert lamp["bot"].keys() == {"id", "user_id", "name", "webhook", "created_at"}
    assert lamp["key"].startswith("parlor_bot_")
    answer = say(app, room, lamp["key"], "The lamp is on.\n")
    assert answer.status_code == 201, answer.text
    assert said(bob, room) == [("Lamp", "The lamp is on.")]
    [message] = bob.get(f"{room}/messages").json["messages"]
    assert message["user_id"] == lamp["bot"]["user_id"]


def test_a_bot_speaks_json_too_and_may_reply(app, alice, room):
    lamp = bearer(app, made(alice, room)["key"])
    lamp.post(f"{room}/messages", json={"data": "one"})
    answer = lamp.post(f"{room}/messages", json={"data": "two", "reply_to": 1, "id": "a"})
    assert answer.status_code == 201
    assert alice.get(f"{room}/messages").json["messages"][1]["reply_to"] == 1


def test_the_same_idempotency_key_is_the_same_message(app, alice, room):
    key = made(alice, room)["key"]
    answers = [say(app, room, key, "once", **{"Idempotency-Key": "job-7"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert error(say(app, room, key, "other", **{"Idempotency-Key": "job-7"})) == (409, "id_reused")
    assert error(say(app, room, key, "x", **{"Idempotency-Key": "no spaces"})) == (400, "invalid")
    assert said(alice, room) == [("Lamp", "once")]


def test_people_may_post_plain_text_as_well(alice, room):
    answer = alice.ask("POST", f"{room}/messages", data="Tëa?", content_type="text/plain")
    assert answer.status_code == 201
    assert said(alice, room) == [("Alice", "Tëa?")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (400, "message_missing")),
        ("x" * 1001, (400, "message_too_long")),
        ("ring \u0007", (400, "message_invalid")),
        (b"\xff\xfe", (400, "invalid")),
    ],
)
def test_a_bot_is_held_to_the_same_rules(app, alice, room, text, expected):
    assert error(say(app, room, made(alice, room)["key"], text)) == expected


def test_a_key_is_good_for_its_room_alone_and_for_nothing_else(app, alice, room):
    key = made(alice, room)["key"]
    other = opened(alice)
    assert error(say(app, other, key, "hello")) == (404, "room_not_found")
    lamp = bearer(app, key)
    for path in (room, f"{room}/messages", f"{room}/bots", "/api/me", "/api/conversations"):
        assert lamp.get(path).status_code in (401, 404), path
    assert error(lamp.get(f"{room}/messages")) == (401, "sign_in_needed")
    assert error(lamp.patch(f"{room}/messages/1", {"data": "x"})) == (401, "sign_in_needed")
    assert error(lamp.post(f"{room}/bots", json={"name": "Another"})) == (401, "sign_in_needed")


@pytest.mark.parametrize("key", ["parlor_bot_", "parlor_bot_wrong", "parlor_bot_" + "x" * 43])
def test_a_wrong_key_is_nobodys(app, alice, room, key):
    made(alice, room)
    assert error(say(app, room, key, "hello")) == (401, "sign_in_needed")


def test_a_bot_that_was_removed_is_silent_at_once_and_what_it_said_stays(app, alice, room):
    lamp = made(alice, room)
    say(app, room, lamp["key"], "on")
    path = f"{room}/bots/{lamp['bot']['id']}"
    assert alice.delete(path).status_code == 204
    assert error(say(app, room, lamp["key"], "off")) == (401, "sign_in_needed")
    assert said(alice, room) == [("Lamp", "on")]
    assert alice.get(f"{room}/bots").json == {"bots": []}
    assert error(alice.delete(path)) == (404, "bot_not_found")


def test_a_key_ends_with_its_room_and_with_its_owners_account(app, alice, room):
    first, second = made(alice, room), opened(alice)
    other = made(alice, second)
    assert alice.delete(second).status_code == 204
    assert error(say(app, second, other["key"], "hello")) == (401, "sign_in_needed")
    with app.app_context():
        db.session.get(User, alice.user_id).deleted_at = now()
        db.session.commit()
    assert error(say(app, room, first["key"], "hello")) == (401, "sign_in_needed")


def test_bots_are_listed_without_their_keys(alice, room):
    for name in ("Lamp", "Kettle"):
        made(alice, room, name)
    found = alice.get(f"{room}/bots").json["bots"]
    assert [bot["name"] for bot in found] == ["Lamp", "Kettle"]
    assert "parlor_bot_" not in alice.get(f"{room}/bots").text


def test_only_hashes_of_keys_are_kept(app, alice, room):
    key = made(alice, room)["key"]
    with app.app_context():
        [kept] = db.session.scalars(select(Bot.key_hash))
    assert key not in kept
    assert kept == bots.digest(key)


def test_whoever_does_not_own_the_room_makes_no_bots(app, alice, bob, room):
    lamp = made(alice, room)
    assert error(bob.post(f"{room}/bots", json={"name": "Kettle"})) == (403, "not_allowed")
    assert error(bob.get(f"{room}/bots")) == (403, "not_allowed")
    assert error(bob.delete(f"{room}/bots/{lamp['bot']['id']}")) == (403, "not_allowed")
    stranger = Program(app).register("Charlie")
    assert error(stranger.get(f"{room}/bots")) == (403, "not_a_member")


def test_nor_does_a_guest(app):
    charlie = app.test_client()
    room = f"{ROOMS}/{charlie.post('/', data={'name': 'Charlie', 'create': '1'}).location[-4:]}"
    answer = charlie.post(f"{room}/bots", json={"name": "Lamp"})
    assert error(answer) == (401, "sign_in_needed")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", (400, "name_missing")),
        ("x" * 33, (400, "name_too_long")),
        ("Alice", (409, "name_claimed")),
        ("b0b", (409, "name_claimed")),
        ("Lamp", (409, "name_taken")),
        ("l a m p", (409, "name_taken")),
    ],
)
def test_a_bots_name_is_one_that_a_guest_could_have(alice, bob, room, name, expected):
    made(alice, room)
    assert error(alice.post(f"{room}/bots", json={"name": name})) == expected


def test_a_room_has_only_so_many(alice, room):
    for number in range(bots.MOST):
        made(alice, room, f"Lamp {number}")
    answer = alice.post(f"{room}/bots", json={"name": "One more"})
    assert error(answer) == (403, "not_allowed")


def test_a_bot_inherits_no_group(app, alice, bob):
    group = alice.post("/api/chat/groups", json={"name": "Tea", "members": ["Bob"]})
    path = f"{ROOMS}/{group.json['room']['code']}"
    made(alice, path)
    assert bob.post(f"{path}/leave").status_code == 204
    assert alice.post(f"{path}/leave").status_code == 204
    assert alice.get(path).status_code == 404


def test_the_bots_of_whoever_leaves_a_group_go_with_them(app, alice, bob):
    group = alice.post("/api/chat/groups", json={"name": "Tea", "members": ["Bob"]})
    path = f"{ROOMS}/{group.json['room']['code']}"
    key = made(alice, path)["key"]
    assert say(app, path, key, "Still here").status_code == 201
    assert alice.post(f"{path}/leave").status_code == 204
    assert error(say(app, path, key, "Still here"))[0] == 401
    assert bob.get(f"{path}/bots").json == {"bots": []}
    assert [one["name"] for one in bob.get(f"{path}/members").json["members"]] == ["Bob"]


@pytest.mark.parametrize(
    "webhook",
    ["", "nowhere", "ftp://hook.example/", "http://127.0.0.1/", "http://169.254.169.254/"],
)
def test_a_webhook_that_will_not_be_called_is_refused(alice, room, webhook):
    answer = alice.post(f"{room}/bots", json={"name": "Lamp", "webhook": webhook})
    if webhook:
        assert error(answer) == (400, "webhook_invalid")
        assert answer.json["error"]["field"] == "webhook"
    else:
        assert answer.status_code == 201
