"""The JSON door: for members only, with one error shape."""

import pytest


@pytest.fixture
def code(client):
    """A room that `client` is in, with five messages."""
    code = client.post("/", data={"name": "Alice", "create": "1"}).location[-4:]
    for number in range(1, 6):
        client.post(f"/room/{code}", data={"message": f"number {number}", "id": f"id-{number}"})
    return code


def seqs(answer):
    assert answer.status_code == 200, answer.text
    return [message["seq"] for message in answer.json["messages"]]


def test_a_room_tells_its_members_who_is_there(client, code):
    answer = client.get(f"/api/chat/rooms/{code}").json
    facts = {"code", "created_at", "last_seq", "kind", "listed", "kept", "owner_id"}
    assert answer["room"].keys() == facts
    assert answer["room"]["code"] == code
    assert answer["room"]["last_seq"] == 5
    assert [member["name"] for member in answer["members"]] == ["Alice"]
    assert answer["count"] == 1


def test_a_code_may_be_in_lower_case(client, code):
    assert client.get(f"/api/chat/rooms/{code.lower()}").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected", "more"),
    [
        ("", [1, 2, 3, 4, 5], False),
        ("?limit=2", [4, 5], True),
        ("?limit=5", [1, 2, 3, 4, 5], False),
        ("?before=3", [1, 2], False),
        ("?before=4&limit=1", [3], True),
        ("?before=1", [], False),
        ("?before=0", [], False),
        ("?after=0", [1, 2, 3, 4, 5], False),
        ("?after=3", [4, 5], False),
        ("?after=1&limit=2", [2, 3], True),
        ("?after=5", [], False),
        ("?after=99", [], False),
    ],
)
def test_pages_of_messages(client, code, query, expected, more):
    answer = client.get(f"/api/chat/rooms/{code}/messages{query}")
    assert seqs(answer) == expected
    assert answer.json["more"] is more


@pytest.mark.parametrize(
    ("query", "through"),
    [("", 5), ("?before=2", 5), ("?after=1&limit=2", 3), ("?after=3", 5), ("?after=99", 5)],
)
def test_through_says_what_the_reader_then_has(client, code, query, through):
    assert client.get(f"/api/chat/rooms/{code}/messages{query}").json["through"] == through


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?limit=0", "limit"),
        ("?limit=101", "limit"),
        ("?limit=ten", "limit"),
        ("?limit=0000000000000000000100000", "limit"),
        ("?after=00000000000000000000999999999999999999999999999999", "after"),
        ("?limit=", "limit"),
        ("?before=-1", "before"),
        ("?before=1.5", "before"),
        ("?before=٣", "before"),
        ("?after=99999999999999999999999", "after"),
        ("?after=1&before=2", "before"),
    ],
)
def test_a_number_that_is_none_is_named(client, code, query, field):
    answer = client.get(f"/api/chat/rooms/{code}/messages{query}")
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "invalid"
    assert answer.json["error"]["field"] == field


def test_a_message_may_be_posted_and_the_same_again_is_the_same(client, code):
    answers = [
        client.post(f"/api/chat/rooms/{code}/messages", json={"data": "hello", "id": "id-6"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert answers[0].json.keys() == {"ok", "seq", "id", "timestamp"}
    assert seqs(client.get(f"/api/chat/rooms/{code}/messages?after=5")) == [6]


def test_a_reply_may_be_posted(client, code):
    client.post(f"/api/chat/rooms/{code}/messages", json={"data": "yes", "reply_to": 2})
    [message] = client.get(f"/api/chat/rooms/{code}/messages?after=5").json["messages"]
    assert message["reply_to"] == 2


@pytest.mark.parametrize(
    ("given", "status", "error", "field"),
    [
        ({"data": "other", "id": "id-1"}, 409, "id_reused", None),
        ({"data": " "}, 400, "message_missing", "message"),
        ({"data": 1}, 400, "invalid", "message"),
        ({}, 400, "invalid", "message"),
        ({"data": "x", "id": "no spaces"}, 400, "invalid", "id"),
        ({"data": "x", "id": 7}, 400, "invalid", "id"),
        ({"data": "x", "reply_to": "1"}, 400, "invalid", "reply_to"),
        ({"data": "x", "reply_to": 7}, 400, "invalid", "reply_to"),
        (["hello"], 400, "invalid", None),
        ("hello", 400, "invalid", None),
        (None, 400, "invalid", "message"),
    ],
)
def test_what_cannot_be_posted_is_refused(client, code, given, status, error, field):
    answer = client.post(f"/api/chat/rooms/{code}/messages", json=given)
    assert answer.status_code == status
    assert answer.json["error"]["code"] == error
    assert answer.json["error"].get("field") == field


def test_a_body_that_is_no_json_is_refused(client, code):
    answer = client.post(f"/api/chat/rooms/{code}/messages", data="data=hello")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")


def test_so_is_one_that_is_nested_too_deep(client, code):
    kind, body = "application/json", '{"data":' + "[" * 20_000
    answer = client.post(f"/api/chat/rooms/{code}/messages", data=body, content_type=kind)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")


def test_another_site_cannot_post(client, code):
    headers = {"Origin": "https://elsewhere.example"}
    path = f"/api/chat/rooms/{code}/messages"
    answer = client.post(path, json={"data": "hello"}, headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "cross_site")


def test_a_stranger_cannot_post(app, code):
    path = f"/api/chat/rooms/{code}/messages"
    assert app.test_client().post(path, json={"data": "hello"}).status_code == 403


@pytest.mark.parametrize("path", ["", "/messages"])
def test_strangers_are_kept_out(app, code, path):
    answer = app.test_client().get(f"/api/chat/rooms/{code}{path}")
    assert answer.status_code == 403
    assert answer.json == {
        "error": {"code": "not_a_member", "message": "You are not in that room."}
    }


def test_whoever_left_is_a_stranger(client, code):
    client.post(f"/room/{code}/leave")
    assert client.get(f"/api/chat/rooms/{code}/messages").status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/chat/rooms/ZZZZ", 404, "room_not_found"),
        ("/api/chat/rooms/nonsense/messages", 404, "room_not_found"),
        ("/api/nowhere", 404, "not_found"),
    ],
)
def test_errors_are_json(client, path, status, error):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json["error"]["code"] == error


def test_a_wrong_method_is_json_too(client):
    assert client.post("/api/chat/rooms/ZZZZ").json["error"]["code"] == "method_not_allowed"
