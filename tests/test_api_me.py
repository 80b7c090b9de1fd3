"""Who one is, what one wrote, and where one is signed in: over JSON."""

import pytest

from tests.support.programs import PASSWORD, Program


@pytest.fixture
def alice(app):
    return Program(app).register("Alice")


@pytest.fixture
def code(alice):
    """A room of Alice's in which she has said three things."""
    code = alice.post("/api/chat/rooms", {"name": "Tea room"}).json["room"]["code"]
    for text in ("one cup", "two cups", "a spoon"):
        alice.post(f"/api/chat/rooms/{code}/messages", {"data": text})
    return code


def error(answer):
    return answer.status_code, answer.json["error"]["code"], answer.json["error"].get("field")


def texts(answer):
    assert answer.status_code == 200, answer.text
    return [one["message"] for one in answer.json["messages"]]


@pytest.mark.parametrize("path", ["", "/rooms", "/messages", "/sessions"])
def test_a_stranger_is_nobody(client, path):
    assert error(client.get(f"/api/me{path}")) == (401, "sign_in_needed", None)


def test_a_guest_is_somebody_without_an_account(client):
    client.post("/", data={"name": "Charlie", "create": "1"})
    me = client.get("/api/me").json["me"]
    assert (me["name"], me["is_account"]) == ("Charlie", False)
    assert len(client.get("/api/me/rooms").json["conversations"]) == 1
    assert error(client.get("/api/me/sessions")) == (401, "sign_in_needed", None)
    assert error(client.patch("/api/me", json={"name": "Dave"})) == (401, "sign_in_needed", None)


def test_what_is_said_of_oneself_can_be_changed(alice):
    changes = {"name": "Alicia", "full_name": "Alice Liddell", "email": "alice@example.org"}
    me = alice.patch("/api/me", changes).json["me"]
    assert {field: me[field] for field in changes} == changes
    me = alice.patch("/api/me", {"full_name": ""}).json["me"]
    assert (me["name"], "full_name" in me, me["email"]) == ("Alicia", False, "alice@example.org")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "bob"}, (409, "name_claimed", "name")),
        ({"name": " "}, (400, "name_missing", "name")),
        ({"email": "nobody"}, (400, "email_invalid", "email")),
        ({"picture": "http://example.org/a.png"}, (400, "picture_invalid", "picture")),
        ({"password": PASSWORD}, (422, "unprocessable", "password")),
    ],
)
def test_what_cannot_be_is_refused(app, alice, given, expected):
    Program(app).register("Bob")
    assert error(alice.patch("/api/me", given)) == expected
    assert alice.get("/api/me").json["me"]["name"] == "Alice"


def test_another_password_ends_the_other_sessions(app, alice):
    other = Program(app).sign_in("Alice")
    wrong = {"old": "not that one at all", "new": "another good password"}
    assert error(alice.post("/api/me/password", wrong)) == (403, "password_wrong", "old")
    given = {"old": PASSWORD, "new": "another good password"}
    assert alice.post("/api/me/password", given).status_code == 204
    assert alice.get("/api/me").status_code == 200
    assert other.get("/api/me").status_code == 401


def test_a_session_can_be_ended_from_another(app, alice):
    phone = Program(app).sign_in("Alice", device="my phone")
    [id] = [
        one["id"]
        for one in alice.get("/api/me/sessions").json["sessions"]
        if one["device"] == "my phone"
    ]
    assert alice.delete(f"/api/me/sessions/{id}").status_code == 204
    assert phone.get("/api/me").status_code == 401
    assert error(alice.delete(f"/api/me/sessions/{id}"))[:2] == (404, "login_not_found")


def test_nobody_ends_a_session_of_somebody_else(app, alice):
    bob = Program(app).register("Bob")
    [session] = alice.get("/api/me/sessions").json["sessions"]
    assert error(bob.delete(f"/api/me/sessions/{session['id']}"))[:2] == (404, "login_not_found")
    assert alice.get("/api/me").status_code == 200


def test_an_account_can_be_given_up(app, alice):
    given = {"password": "not that one at all", "keep_messages": True}
    assert error(alice.delete("/api/me", given)) == (403, "password_wrong", "password")
    assert alice.delete("/api/me", {"password": PASSWORD, "keep_messages": True}).status_code == 204
    assert alice.get("/api/me").status_code == 401
    Program(app).register("Alice")


def test_the_rooms_one_is_in(alice, code):
    [room] = alice.get("/api/me/rooms").json["conversations"]
    assert (room["room"], room["title"], room["unread"]) == (code, "Tea room", 0)
    assert room["last"]["message"] == "a spoon"


def test_rooms_come_in_pages(alice, code):
    alice.post("/api/chat/rooms", {"name": "Back room"})
    first = alice.get("/api/me/rooms?limit=1").json
    second = alice.get(f"/api/me/rooms?limit=1&before={first['next']}").json
    titles = [one["title"] for page in (first, second) for one in page["conversations"]]
    assert titles == ["Back room", "Tea room"]
    assert second["next"] is None


def test_what_one_wrote_comes_newest_first(alice, code):
    answer = alice.get("/api/me/messages")
    assert texts(answer) == ["a spoon", "two cups", "one cup"]
    assert {(one["room"], one["closed"]) for one in answer.json["messages"]} == {(code, False)}
    first = alice.get("/api/me/messages?limit=2")
    rest = alice.get(f"/api/me/messages?limit=2&before={first.json['next']}")
    assert texts(first) + texts(rest) == texts(answer)
    assert rest.json["next"] is None


@pytest.mark.parametrize(
    ("q", "found"),
    [("CUP", ["two cups", "one cup"]), ("%25", []), ("spoon%00", ["a spoon"]), ("%20", 3)],
)
def test_what_one_wrote_can_be_searched(alice, code, q, found):
    assert texts(alice.get(f"/api/me/messages?q={q}")) == found or found == 3


def test_nobody_finds_what_others_wrote(app, alice, code):
    bob = Program(app).register("Bob")
    bob.post(f"/api/chat/rooms/{code}/join")
    assert texts(bob.get("/api/me/messages?q=cup")) == []


def test_where_the_name_is_refused_nothing_is_changed(app, alice):
    Program(app).register("Bob")
    refused = alice.patch("/api/me", {"name": "bob", "full_name": "Alice A."})
    assert error(refused)[:2] == (409, "name_claimed")
    assert "full_name" not in alice.get("/api/me").json["me"]
    refused = alice.patch("/api/me", {"name": "Alicia", "email": "nowhere"})
    assert error(refused)[:2] == (400, "email_invalid")
    assert alice.get("/api/me").json["me"]["name"] == "Alice"
