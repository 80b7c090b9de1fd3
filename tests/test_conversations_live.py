"""What people's open tabs hear of their conversations, in rooms and outside of them."""

import time

import pytest
import requests

from tests.support.people import PASSWORD, Person, Refused
from tests.support.server import Server


def do(person, path, **form):
    """Post a form. Returns the address that it leads to."""
    answer = person.post(path, form)
    assert answer.status_code == 303, f"{answer.status_code}: {answer.text}"
    return answer.headers["Location"]


def begin(person, *others, title=""):
    """Open a conversation of two, or, with a title, of a group. Returns its code."""
    people = ",".join(other.name for other in others)
    return do(person, "/conversations", people=people, title=title).rpartition("/")[2]


def remove(person, code, other):
    do(person, f"/room/{code}/people/{other.user_id}/remove")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request, tmp_path_factory):
    more = {}
    if request.param == "postgres":
        more["DATABASE_URL"] = request.getfixturevalue("postgres").fresh_database()
    directory = tmp_path_factory.mktemp("talking")
    with Server(directory, **more) as server:
        yield server


@pytest.fixture
def account(person, server, request):
    """`account("Alice")`: somebody with an account, under a name of this test's own."""

    def make(name):
        name = f"{name} {hash(request.node.name) % 10**9}"
        somebody = person(name, server).keep_name()
        somebody.user_id = somebody.get("/api/me").json()["me"]["user_id"]
        return somebody

    return make


@pytest.fixture
def alice(account):
    return account("Alice")


@pytest.fixture
def bob(account):
    return account("Bob")


@pytest.fixture
def direct(alice, bob):
    """The code of Alice's and Bob's conversation."""
    return begin(alice, bob)


def listening(person, code=None):
    """A tab that has asked for its conversations: in the lobby, or in a room."""
    tab = person.connect(code, lobby=code is None)
    tab.answer = tab.call("conversations", None)
    assert "conversations" in tab.answer, tab.answer
    return tab


def of(tab, code):
    """What a tab's answer holds of a room."""
    [found] = [one for one in tab.answer["conversations"] if one["room"] == code]
    return found


def news(tab, code, *fields):
    """The next `conversation` of that room that has those fields, come already or to come."""
    return tab.wait_for(
        "conversation", lambda told: told["room"] == code and all(f in told for f in fields)
    )


def test_a_page_outside_rooms_hears_what_is_said(alice, bob, direct):
    lobby = listening(alice)
    assert of(lobby, direct)["title"] == bob.name
    bob.connect(direct).wait_for("room")
    bob.send("Are you there?\nAlice?")
    told = news(lobby, direct, "last")
    assert told["last"]["message"] == "Are you there? Alice?"
    assert told["last"]["user_id"] == bob.user_id
    assert (told["seq"], told["last"]["seq"]) == (1, 1)
    assert told["last_message_at"] == told["last"]["timestamp"]
    assert of(listening(alice), direct)["unread"] == 1


def test_a_page_in_one_room_hears_of_the_others_and_of_its_own_as_ever(alice, bob, direct):
    mine = alice.create()
    tab = listening(alice, mine)
    bob.connect(direct).wait_for("room")
    bob.send("hello")
    assert news(tab, direct, "last")["last"]["message"] == "hello"
    assert tab.call("message", {"data": "in my own room"})["ok"]
    tab.wait_for_text("in my own room")
    assert not [told for told in tab.heard("conversation") if told["room"] == mine]


def test_who_did_not_ask_hears_nothing(alice, bob, direct):
    mine = alice.create()
    silent, tab = alice.connect(mine), listening(alice)
    bob.connect(direct).wait_for("room")
    bob.send("hello")
    news(tab, direct, "last")
    assert silent.call("typing", {"is_typing": False})["ok"]
    assert not silent.heard("conversation")


def test_a_stranger_has_no_lobby(person, server):
    with pytest.raises(Refused) as refused:
        person("Nobody", server).connect(lobby=True)
    assert refused.value.error["code"] == "sign_in_needed"


def test_a_guest_hears_of_the_rooms_they_are_in(person, server, alice):
    guest = person(f"Sam {alice.user_id}", server)
    code = guest.create()
    lobby = listening(guest)
    assert of(lobby, code)["title"] == code
    alice.join(code)
    assert lobby.wait_for("conversation", lambda told: told.get("here") == [alice.name])


def test_the_lobby_is_no_room(alice, direct):
    lobby = listening(alice)
    for event, data in (
        ("message", {"data": "hello"}),
        ("sync", {"after": 0}),
        ("typing", {"is_typing": True}),
        ("read", {"seq": 1}),
    ):
        assert lobby.call(event, data)["error"]["code"] == "not_a_member"


def test_what_is_read_on_one_device_is_read_on_the_other(alice, bob, direct):
    bob.connect(direct).wait_for("room")
    for text in ("one", "two", "three"):
        bob.send(text)
    desktop, phone = listening(alice), alice.connect(direct)
    phone.wait_for("room")
    assert of(desktop, direct)["unread"] == 3
    assert phone.call("read", {"seq": 2}) == {"ok": True}
    told = news(desktop, direct, "last_read_seq")
    assert (told["unread"], told["last_read_seq"]) == (1, 2)
    desktop.forget()
    phone.call("read", {"seq": 3})
    assert news(desktop, direct, "last_read_seq")["unread"] == 0
    desktop.forget()
    phone.call("read", {"seq": 1})
    assert news(desktop, direct, "last_read_seq")["last_read_seq"] == 3
    assert of(listening(alice), direct)["unread"] == 0


@pytest.mark.parametrize("seq", [None, -1, "1", True, 2**40])
def test_what_cannot_be_read_up_to_is_refused(alice, direct, seq):
    tab = alice.connect(direct)
    tab.wait_for("room")
    assert tab.call("read", {"seq": seq})["error"]["code"] == "invalid"


def test_a_new_conversation_appears_and_is_followed(alice, bob):
    lobby = listening(bob)
    code = begin(alice, bob)
    assert news(lobby, code, "kind")["title"] == alice.name
    alice.connect(code).wait_for("room")
    alice.send("hello")
    assert news(lobby, code, "last")["last"]["message"] == "hello"


def test_a_room_that_is_joined_appears_on_ones_other_pages(alice, bob):
    lobby = listening(bob)
    code = alice.enter()
    bob.join(code)
    assert news(lobby, code, "kind")["kind"] == "open"
    alice.send("hello")
    news(lobby, code, "last")


def test_who_is_removed_hears_so_and_nothing_more(alice, bob, direct):
    code = begin(alice, bob, title="Friends")
    alice.connect(code).wait_for("room")
    lobby, inside = listening(bob), bob.connect(code)
    inside.wait_for("room")
    remove(alice, code, bob)
    assert news(lobby, code, "gone")["gone"] is True
    inside.wait_for("disconnect")
    lobby.forget()
    alice.send("without Bob")
    alice.connect(direct).wait_for("room")
    alice.send("with Bob")
    news(lobby, direct, "last")
    assert {told["room"] for told in lobby.heard("conversation")} == {direct}
    with pytest.raises(Refused) as refused:
        bob.connect(code)
    assert refused.value.error["code"] == "room_not_found"
    do(alice, f"/room/{code}/people", people=bob.name)
    assert news(lobby, code, "kind")["title"] == "Friends"


def test_a_closed_room_is_gone_for_everybody(alice, bob):
    code = alice.enter()
    bob.join(code)
    lobby, inside = listening(bob), bob.connect(code)
    inside.wait_for("room")
    do(alice, f"/room/{code}/close")
    assert news(lobby, code, "gone")
    inside.wait_for("disconnect")
    assert bob.get(f"/room/{code}").status_code == 404


def test_who_leaves_a_group_is_rid_of_it_on_all_pages(alice, bob):
    code = begin(alice, bob, title="Friends")
    lobby, owners = listening(alice), listening(bob)
    inside = bob.connect(code)
    inside.wait_for("room")
    do(alice, f"/room/{code}/leave")
    assert news(lobby, code, "gone")
    assert inside.wait_for("facts")["owner_id"] == bob.user_id
    assert not [told for told in owners.heard("conversation") if "gone" in told]


def test_everybody_hears_who_is_there_but_oneself(alice, bob, direct):
    lobby = listening(alice)
    tab = bob.connect(direct)
    assert news(lobby, direct, "here")["here"] == [bob.name]
    lobby.forget()
    phone = alice.connect(direct)
    phone.wait_for("room")
    tab.wait_for("presence", lambda told: told["joined"])
    assert news(lobby, direct, "here")["count"] == 1
    assert {tuple(told["here"]) for told in lobby.heard("conversation")} == {(bob.name,)}


def test_a_room_that_is_named_is_named_everywhere(alice, bob):
    code = alice.enter()
    bob.join(code)
    lobby = listening(bob)
    name = f"The attic of {alice.user_id}"
    do(alice, f"/room/{code}/settings", name=name, description="Old things", listed="1")
    assert alice.wait_for("facts") == {
        "code": code,
        "created_at": alice.wait_for("room")["room"]["created_at"],
        "kind": "open",
        "listed": True,
        "kept": False,
        "name": name,
        "description": "Old things",
        "owner_id": alice.user_id,
    }
    assert news(lobby, code, "title")["title"] == name


def test_the_lobby_closes_when_its_session_ends(alice, server):
    other = Person(server.url, alice.name)
    try:
        do(other, "/sign-in", name=alice.name, password=PASSWORD)
        stays, goes = listening(other), listening(alice)
        do(alice, "/sign-out")
        goes.wait_for("disconnect")
        assert "conversations" in stays.call("conversations", None)
        with pytest.raises(Refused):
            alice.connect(lobby=True)
    finally:
        other.close()


def test_nobody_throws_a_lobby_out_for_being_in_no_room(alice, server):
    lobby = listening(alice)
    time.sleep(7)  # more than reaper.JOIN_WITHIN, and a round of ghosts
    assert "conversations" in lobby.call("conversations", None)
    assert not lobby.heard("disconnect")


GIVEN = {
    ("post", "/api/chat/rooms/{}/messages"): {"data": "hello"},
    ("patch", "/api/chat/rooms/{}"): {"name": "Mine"},
}


@pytest.mark.parametrize("who", ["stranger", "guest", "account", "removed"])
def test_others_get_the_same_bytes_as_for_a_code_that_never_was(
    person, server, account, alice, bob, who
):
    code = begin(alice, bob, title="Friends")
    somebody = {"account": lambda: account("Charlie"), "removed": lambda: bob}.get(
        who, lambda: person("Sam", server)
    )()
    if who == "guest":
        somebody.create()
    if who == "removed":
        remove(alice, code, bob)
    for method, path in (
        ("get", "/room/{}"),
        ("post", "/room/{}"),
        ("post", "/room/{}/leave"),
        ("get", "/room/{}/settings"),
        ("post", "/room/{}/settings"),
        ("post", "/room/{}/people"),
        ("post", f"/room/{{}}/people/{alice.user_id}/remove"),
        ("post", "/room/{}/close"),
        ("get", "/api/chat/rooms/{}"),
        ("get", "/api/chat/rooms/{}/messages"),
        ("post", "/api/chat/rooms/{}/messages"),
        ("patch", "/api/chat/rooms/{}"),
        ("delete", "/api/chat/rooms/{}"),
        ("delete", f"/api/chat/rooms/{{}}/members/{alice.user_id}"),
    ):
        answers = [seen(somebody, method, path, one) for one in (code, "Z" * 12)]
        for one, other in zip(*answers, strict=True):
            assert one == other
        assert answers[0][0] == 404
    assert refusal(somebody, code) == refusal(somebody, "Z" * 12)


def seen(person, method, path, code):
    """(status, headers, body) of an answer, without what is new each time."""
    answer = getattr(requests, method)(
        person.url + path.format(code),
        cookies=person.http.cookies,
        headers={"Origin": person.url},
        json=GIVEN.get((method, path)),
        allow_redirects=False,
        timeout=5,
    )
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("Date", "Content-Security-Policy", "X-Request-ID", "Content-Length")
    }
    text = answer.text.replace(code, "CODE")
    policy = answer.headers.get("Content-Security-Policy", "")
    if "'nonce-" in policy:
        text = text.replace(policy.split("'nonce-")[1].split("'")[0], "NONCE")
    return answer.status_code, headers, text


def refusal(person, code):
    with pytest.raises(Refused) as refused:
        person.connect(code)
    return refused.value.error
