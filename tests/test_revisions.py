"""Changing what was said: who may, what others see of it, and over which door."""

import pytest


@pytest.fixture
def people(app):
    """Alice, who owns the room, Bob and Charlie, each with cookies of their own."""
    clients = [app.test_client() for _ in range(3)]
    code = clients[0].post("/", data={"name": "Alice", "create": "1"}).location[-4:]
    for client, name in zip(clients[1:], ("Bob", "Charlie"), strict=True):
        client.post("/", data={"name": name, "code": code, "join": "1"})
    for client in clients:
        client.path = f"/api/chat/rooms/{code}/messages"
    return clients


@pytest.fixture
def alice(people):
    return people[0]


@pytest.fixture
def bob(people):
    return people[1]


@pytest.fixture
def charlie(people):
    return people[2]


def say(client, text):
    return client.post(client.path, json={"data": text}).json["seq"]


def edit(client, seq, text):
    return client.patch(f"{client.path}/{seq}", json={"data": text})


def delete(client, seq):
    return client.delete(f"{client.path}/{seq}")


def shown(client):
    return [message["message"] for message in client.get(client.path).json["messages"]]


def expect_refused(answer, status, code):
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)


def test_one_may_edit_ones_own_words(alice, bob):
    seq = say(bob, "helo")
    answer = edit(bob, seq, "  hello  ")
    assert answer.status_code == 200
    assert answer.json["message"] == "hello"
    assert answer.json["version"] == seq + 1
    assert answer.json["edited_at"] > answer.json["timestamp"]
    assert alice.get(alice.path).json["messages"] == [answer.json]


def test_nobody_edits_what_others_said_not_even_the_owner(alice, bob, charlie):
    seq = say(bob, "hello")
    for client in (alice, charlie):
        expect_refused(edit(client, seq, "goodbye"), 403, "not_allowed")
    assert shown(alice) == ["hello"]


def test_author_and_owner_may_delete_and_nobody_else(alice, bob, charlie):
    first, second = say(bob, "one"), say(bob, "two")
    expect_refused(delete(charlie, first), 403, "not_allowed")
    for client, seq in ((bob, first), (alice, second)):
        answer = delete(client, seq)
        assert (answer.status_code, answer.json["message"]) == (200, "")
        assert answer.json["deleted_at"]
    assert shown(charlie) == ["", ""]


def test_the_owner_deletes_also_what_is_left_of_those_who_left(alice, bob):
    seq = say(bob, "one")
    bob.post(bob.path.replace("/api/chat/rooms", "/room").replace("messages", "leave"))
    expect_refused(delete(bob, seq), 403, "not_a_member")
    assert delete(alice, seq).status_code == 200


@pytest.mark.parametrize("change", [lambda *given: edit(*given, "x"), delete])
def test_there_is_nothing_to_change_where_nothing_is(bob, change):
    seq = say(bob, "one")
    delete(bob, seq)
    for nowhere in (0, seq, seq + 1, 2**31 - 1):
        expect_refused(change(bob, nowhere), 404, "not_found")
    expect_refused(change(bob, "99999999999"), 400, "invalid")
    expect_refused(change(bob, "one"), 400, "invalid")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" ", "message_missing"),
        ("x" * 1001, "message_too_long"),
        ("\u0007", "message_invalid"),
        (7, "invalid"),
    ],
)
def test_a_message_is_held_to_the_same_rules_when_it_is_edited(bob, text, code):
    seq = say(bob, "one")
    expect_refused(edit(bob, seq, text), 400, code)
    assert shown(bob) == ["one"]


def test_another_site_changes_nothing(bob):
    seq = say(bob, "one")
    headers = {"Origin": "https://elsewhere.example"}
    for method in (bob.patch, bob.delete):
        answer = method(f"{bob.path}/{seq}", json={"data": "two"}, headers=headers)
        expect_refused(answer, 403, "cross_site")


def test_a_change_counts_as_a_message_does(start_server, person):
    server = start_server(LIMITS="on")
    alice = person("Alice", server)
    path = f"/api/chat/rooms/{alice.enter()}/messages/1"
    alice.send("one")
    answers = [alice.http.patch(server.url + path, json={"data": str(n)}) for n in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 9 + [429]
    assert alice.http.delete(server.url + path).status_code == 429


def test_everybody_is_shown_a_change_under_its_number(server, alice_and_bob):
    alice, bob, path = alice_and_bob
    alice.send("helo", id="first")
    bob.wait_for_text("helo")
    alice.http.patch(f"{server.url}{path}/1", json={"data": "hello"})
    alice.send("next")
    for one in (alice, bob):
        edited = one.wait_for_text("hello")
        assert (edited["seq"], edited["version"], edited["id"]) == (1, 2, "first")
        assert one.wait_for_text("next")["seq"] == 3
    alice.http.delete(f"{server.url}{path}/3")
    gone = bob.wait_for("message", lambda message: "deleted_at" in message)
    assert (gone["seq"], gone["version"], gone["message"]) == (3, 4, "")
    assert [message["version"] for message in bob.heard("message")] == [1, 2, 3, 4]


def test_whoever_was_away_catches_up_with_changes(server, alice_and_bob):
    alice, bob, path = alice_and_bob
    for text in ("one", "two", "three"):
        alice.send(text)
    bob.wait_for_text("three")
    bob.tab.close()
    alice.http.patch(f"{server.url}{path}/1", json={"data": "uno"})
    alice.http.delete(f"{server.url}{path}/2")
    room = bob.connect(after=3).wait_for("room")
    assert [(one["seq"], one["version"], one["message"]) for one in room["messages"]] == [
        (1, 4, "uno"),
        (2, 5, ""),
    ]
    assert room["through"] == 5


@pytest.fixture
def alice_and_bob(person, server):
    """Both on sockets in a room, and the path of its messages."""
    alice, bob = person("Alice", server), person("Bob", server)
    code = alice.enter()
    bob.enter(code)
    return alice, bob, f"/api/chat/rooms/{code}/messages"
