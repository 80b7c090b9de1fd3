"""Conversations of two and of groups: who is in them, and what is unread. The verbs, in process."""

from threading import Thread

import pytest
from sqlalchemy import event

from models import Participant, Room, User, db
from parlor import accounts, chat, hosting, memberships, messages, relay, talks
from parlor.errors import (
    CannotLeave,
    Invalid,
    NameMissing,
    NotAllowed,
    PersonNotFound,
    RoomNotFound,
    SignInNeeded,
    TooMany,
)
from parlor.limits import LIMITS, Limit, throttle
from parlor.readmarks import marks
from parlor.rooms import Visitor
from tests.support.rows import account, add

HERE = "127.0.0.1"


@pytest.fixture
def alice(context):
    return account("Alice")


@pytest.fixture
def bob(context):
    return account("Bob")


@pytest.fixture
def charlie(context):
    return account("Charlie")


@pytest.fixture
def guest(context):
    return add(User(name="Sam"))


def place(room, user):
    return chat.find_place(room.code, accounts.Claim(user.id, user.key), HERE)


def say(room, user, *texts):
    there = place(room, user)
    for text in texts:
        chat.post(there.live, user.id, text)


def only(user):
    [found] = talks.conversations(user)[0]
    return found


def titles(user, **more):
    return [one["title"] for one in talks.conversations(user, **more)[0]]


def fresh(room):
    db.session.rollback()
    return db.session.get(Room, room.id)


def members(room):
    rows = db.select(Participant.name).where(
        Participant.room_id == room.id, Participant.left_at.is_(None)
    )
    return set(db.session.scalars(rows))


# Of two


def test_a_conversation_with_someone_is_found_again(alice, bob):
    room = talks.open_direct(alice, "Bob")
    assert room.kind == "direct"
    assert len(room.code) == 12
    assert talks.open_direct(alice, " bob ").id == room.id
    assert talks.open_direct(bob, "ALICE").id == room.id
    assert members(room) == {"Alice", "Bob"}


def test_two_who_open_it_at_once_get_the_same(app, alice, bob):
    found, pairs = [], [(alice.id, "Bob"), (bob.id, "Alice")] * 3

    def open_direct(user_id, name):
        with app.app_context():
            found.append(talks.open_direct(db.session.get(User, user_id), name).id)

    threads = [Thread(target=open_direct, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 6
    assert len(set(found)) == 1


def test_each_sees_the_other_in_it(alice, bob):
    room = talks.open_direct(alice, "Bob")
    mine = only(alice)
    assert mine == {
        "room": room.code,
        "kind": "direct",
        "title": "Bob",
        "name": None,
        "user_id": bob.id,
        "seq": 0,
        "unread": 0,
        "last_read_seq": 0,
        "here": [],
        "count": 0,
    }
    assert only(bob)["title"] == "Alice"


@pytest.mark.parametrize("name", ["Nobody", "Sam", "half \ud83c", "a\0b", 9000 * "Bob"])
def test_who_has_no_account_of_that_name_is_not_found(alice, guest, name):
    with pytest.raises(PersonNotFound) as refused:
        talks.open_direct(alice, name)
    assert refused.value.answer()["error"]["field"] == "name"
    assert len(refused.value.message) < 100


def test_nobody_talks_with_themselves(alice):
    with pytest.raises(Invalid):
        talks.open_direct(alice, "alice")


@pytest.mark.parametrize("user", [None, "guest"])
def test_conversations_are_for_accounts(guest, bob, user):
    someone = guest if user else None
    with pytest.raises(SignInNeeded):
        talks.open_direct(someone, "Bob")
    with pytest.raises(SignInNeeded):
        talks.open_group(someone, "Friends", ["Bob"])


def test_a_conversation_of_two_cannot_be_left(alice, bob):
    room = talks.open_direct(alice, "Bob")
    with pytest.raises(CannotLeave):
        chat.leave(place(room, alice))
    with pytest.raises(NotAllowed):
        hosting.close(place(room, alice))
    with pytest.raises(NotAllowed):
        hosting.configure(place(room, alice), name="Mine")


def test_what_was_said_with_someone_who_is_gone_stays_readable(alice, bob):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, "Goodbye")
    db.session.get(User, bob.id).deleted_at = room.created_at
    db.session.get(Participant, (room.id, bob.id)).left_at = room.created_at
    db.session.commit()
    assert only(alice)["last"]["message"] == "Goodbye"
    assert [one.content for one in messages.page(place(room, alice).room.id).messages] == [
        "Goodbye"
    ]
    with pytest.raises(PersonNotFound):
        talks.open_direct(alice, "Bob")


# Of groups


def test_a_group_has_a_name_and_people(alice, bob, charlie):
    room = talks.open_group(alice, "  Old  friends ", ["bob", "Charlie", "Alice"])
    assert (room.kind, room.name, room.owner_id) == ("group", "Old friends", alice.id)
    assert members(room) == {"Alice", "Bob", "Charlie"}
    assert only(bob)["title"] == "Old friends"


def test_a_group_without_a_name_is_none(alice, bob):
    with pytest.raises(NameMissing):
        talks.open_group(alice, " ", ["Bob"])
    room = talks.open_group(alice, "Friends", ["Bob"])
    with pytest.raises(NameMissing):
        hosting.configure(place(room, alice), name="")


def test_a_group_begins_with_a_hundred_people_at_most(alice, bob):
    with pytest.raises(Invalid):
        talks.open_group(alice, "Friends", ["Bob"] * 101)
    assert members(talks.open_group(alice, "Friends", ["Bob"] * 100)) == {"Alice", "Bob"}


def test_a_group_with_somebody_unknown_is_not_made(alice, bob):
    with pytest.raises(PersonNotFound):
        talks.open_group(alice, "Friends", ["Bob", "Nobody"])
    assert titles(alice) == titles(bob) == []


def test_the_owner_brings_people_in_and_nobody_else(alice, bob, charlie):
    room = talks.open_group(alice, "Friends", ["Bob"])
    with pytest.raises(NotAllowed):
        talks.add_member(place(room, bob), "Charlie")
    talks.add_member(place(room, alice), "Charlie")
    assert members(room) == {"Alice", "Bob", "Charlie"}


def test_who_is_brought_in_has_nothing_unread(alice, bob, charlie):
    room = talks.open_group(alice, "Friends", ["Bob"])
    say(room, alice, "one", "two")
    talks.add_member(place(room, alice), "Charlie")
    assert (only(bob)["unread"], only(charlie)["unread"]) == (2, 0)
    say(room, alice, "three")
    talks.add_member(place(room, alice), "Charlie")  # once more changes nothing
    assert only(charlie)["unread"] == 1


def test_who_is_made_to_go_knows_no_more_of_it(alice, bob, charlie):
    room = talks.open_group(alice, "Friends", ["Bob", "Charlie"])
    with pytest.raises(NotAllowed):
        hosting.remove_member(place(room, bob), charlie.id)
    with pytest.raises(NotAllowed):
        hosting.remove_member(place(room, alice), alice.id)
    hosting.remove_member(place(room, alice), bob.id)
    with pytest.raises(PersonNotFound):
        hosting.remove_member(place(room, alice), bob.id)
    assert titles(bob) == []
    with pytest.raises(RoomNotFound):
        place(room, bob)
    with pytest.raises(RoomNotFound):
        chat.join(bob, "Bob", room.code, HERE)


def test_who_is_made_to_go_keeps_what_they_wrote_and_learns_nothing_new(alice, bob):
    room = talks.open_group(alice, "Friends", ["Bob"])
    say(room, bob, "I was here")
    [written] = messages.history(bob.id).written
    assert (written.room_name, written.room_closed) == ("Friends", False)
    hosting.remove_member(place(room, alice), bob.id)
    hosting.configure(place(room, alice), name="Without Bob")
    [written] = messages.history(bob.id).written
    assert written.posted.content == "I was here"
    assert (written.room_name, written.room_closed) == (None, True)
    [found] = messages.search(bob.id, "here").written
    assert (found.room_name, found.room_closed) == (None, True)


def test_a_group_goes_on_as_that_of_its_longest_member(alice, bob, charlie):
    room = talks.open_group(alice, "Friends", ["Bob"])
    talks.add_member(place(room, alice), "Charlie")
    chat.leave(place(room, alice))
    assert fresh(room).owner_id == bob.id
    talks.add_member(place(room, bob), "Alice")
    chat.leave(place(room, bob))
    assert fresh(room).owner_id == charlie.id
    chat.leave(place(room, charlie))
    assert fresh(room).owner_id == alice.id
    assert fresh(room).closed_at is None
    chat.leave(place(room, alice))
    assert fresh(room).closed_at


def test_a_member_who_is_not_the_owner_leaves_it_as_it_is(alice, bob):
    room = talks.open_group(alice, "Friends", ["Bob"])
    chat.leave(place(room, bob))
    assert (fresh(room).owner_id, fresh(room).closed_at) == (alice.id, None)


def test_the_code_lets_a_member_back_in_under_their_own_name_alone(alice, bob):
    room = talks.open_group(alice, "Friends", ["Bob"])
    chat.join(bob, "Somebody else", room.code, HERE)
    assert members(room) == {"Alice", "Bob"}


# For all others they do not exist


@pytest.fixture
def limits(app):
    throttle.configure(enabled=True)
    yield
    throttle.configure(enabled=False)


@pytest.mark.parametrize("who", ["stranger", "guest", "account", "removed"])
@pytest.mark.parametrize("kind", ["direct", "group"])
def test_for_all_others_a_conversation_was_never_there(
    alice, bob, charlie, guest, limits, who, kind
):
    """The same error, the same statements, the same counting of wrong codes."""
    add(Room(code="0" * 12, kind="open", closed_at=alice.created_at))  # of nobody
    room = talks.open_group(alice, "Friends", ["Bob", "Charlie"])
    hosting.remove_member(place(room, alice), charlie.id)
    if kind == "direct":
        room = talks.open_direct(alice, "Bob")
    if who == "account":
        charlie = account("Dora")
    user = {"stranger": None, "guest": guest}.get(who, charlie)
    claim, code = user and accounts.Claim(user.id, user.key), room.code
    real = [refusal(claim, code, "real") for _ in range(11)]
    never = [refusal(claim, "Z" * 12, "never") for _ in range(11)]
    assert real == never
    assert [error["code"] for error, _ in real] == ["room_not_found"] * 10 + ["too_many"]


def test_who_was_in_a_group_to_its_end_guesses_nothing(alice, bob, limits):
    """A class comes back from one address when its group is closed."""
    room = talks.open_group(alice, "Friends", ["Bob"])
    claim, code = accounts.Claim(bob.id, bob.key), room.code
    hosting.close(place(room, alice))
    for _ in range(12):
        with pytest.raises(RoomNotFound):
            chat.find_place(code, claim, HERE)


def refusal(claim, code, asker):
    """(the error, the statements that were made for it)."""
    db.session.rollback()
    db.session.expunge_all()
    made = []
    note = lambda *what: made.append(what[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        chat.find_place(code, claim, asker)
    except (RoomNotFound, TooMany) as error:
        return error.answer()["error"], made
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


# Read and unread


def test_unread_is_what_others_said_after_what_one_has_read(alice, bob):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, "one", "two", "three")
    assert (only(alice)["unread"], only(bob)["unread"]) == (3, 0)
    talks.mark_read(place(room, alice).live, alice.id, 2)
    assert (only(alice)["unread"], only(alice)["last_read_seq"]) == (1, 2)
    talks.mark_read(place(room, alice).live, alice.id, 1)
    assert only(alice)["last_read_seq"] == 2, "what was read stays read"


def test_what_one_says_is_read_and_what_was_said_before_it(alice, bob):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, "one", "two")
    say(room, alice, "three")
    assert only(alice)["unread"] == 0
    say(room, bob, "four")
    assert only(alice)["unread"] == 1


def test_nobody_has_read_further_than_there_is(alice, bob):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, "one")
    talks.mark_read(place(room, alice).live, alice.id, 2**31 - 1)
    say(room, bob, "two")
    assert (only(alice)["unread"], only(alice)["last_read_seq"]) == (1, 1)


def test_a_hundred_stands_for_more(alice, bob):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, *map(str, range(102)))
    assert only(alice)["unread"] == 100


def test_what_was_deleted_is_not_unread_and_is_marked(alice, bob):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, "one", "two")
    last = db.session.scalar(db.select(messages.Message).where(messages.Message.seq == 2))
    last.content, last.deleted_at = "", room.created_at
    db.session.commit()
    found = only(alice)
    assert found["unread"] == 1
    assert (found["last"]["deleted"], found["last"]["message"]) == (True, "")


def test_what_was_read_is_written_together(alice, bob):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, "one", "two")
    there = place(room, alice)
    made = []
    note = lambda *what: made.append(what[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", note)
    for seq in (1, 2, 1):
        talks.mark_read(there.live, alice.id, seq)
    event.remove(db.engine, "before_cursor_execute", note)
    assert not made
    marks.flush()
    db.session.rollback()
    assert db.session.get(Participant, (room.id, alice.id)).last_read_seq == 2


def test_what_could_not_be_written_is_written_later(alice, bob, monkeypatch):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, "one")
    talks.mark_read(place(room, alice).live, alice.id, 1)

    def broken(rows):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("parlor.readmarks.write", broken)
        with pytest.raises(RuntimeError):
            marks.flush()
    assert only(alice)["last_read_seq"] == 1


# The list


def test_the_latest_talk_comes_first_and_open_rooms_are_there_too(alice, bob, charlie):
    direct = talks.open_direct(alice, "Bob")
    group = talks.open_group(alice, "Friends", ["Bob"])
    _, room = chat.open_room(alice, "Alice")
    assert titles(alice) == [room.code, "Friends", "Bob"]
    say(group, bob, "in the group")
    say(direct, bob, "between us")
    assert titles(alice) == ["Bob", "Friends", room.code] or titles(alice)[:2] == ["Bob", "Friends"]
    assert titles(charlie) == []


def test_the_list_has_pages(alice, bob):
    rooms = [talks.open_group(alice, f"Group {n}", ["Bob"]) for n in range(5)]
    for room in rooms:
        say(room, bob, "hello")
    found, next = talks.conversations(alice, limit=2)
    seen = [one["title"] for one in found]
    while next:
        found, next = talks.conversations(alice, before=next, limit=2)
        seen += [one["title"] for one in found]
    assert seen == ["Group 4", "Group 3", "Group 2", "Group 1", "Group 0"]


@pytest.mark.parametrize("before", ["", "x", "1", "1-", "-1", "1-2-3", "9" * 30 + "-1", 7, "１-１"])
def test_a_page_that_never_was_is_refused(alice, before):
    with pytest.raises(Invalid):
        talks.conversations(alice, before=before)


def test_it_has_the_last_line_short_and_who_is_there(alice, bob):
    room = talks.open_direct(alice, "Bob")
    say(room, bob, "a\nb " + "x" * 200)
    chat.arrive(place(room, bob).live, bob.id, bob.name)
    chat.arrive(place(room, alice).live, alice.id, alice.name)
    found = only(alice)
    assert found["last"]["message"] == "a b " + "x" * 115 + "…"
    assert (found["last"]["name"], found["last"]["user_id"]) == ("Bob", bob.id)
    assert (found["here"], found["count"]) == (["Bob"], 1)


def test_a_room_that_was_left_or_closed_is_not_in_it(alice, bob):
    group = talks.open_group(alice, "Friends", ["Bob"])
    chat.leave(place(group, bob))
    assert titles(bob) == []
    hosting.close(place(group, alice))
    assert titles(alice) == []


def test_nobody_has_no_list(context):
    with pytest.raises(SignInNeeded):
        talks.conversations(None)


def test_many_rooms_cost_no_more_statements_than_few(alice, bob):
    for n in range(3):
        talks.open_group(alice, f"Group {n}", [])
    few = statements(alice)
    for n in range(40):
        say(talks.open_group(alice, f"More {n}", ["Bob"]), bob, "hello")
    assert len(talks.conversations(alice)[0]) == 43
    assert statements(alice) == few


def statements(user):
    made = []
    note = lambda *what: made.append(what[2])  # noqa: E731
    talks.conversations(user)
    event.listen(db.engine, "before_cursor_execute", note)
    talks.conversations(user)
    event.remove(db.engine, "before_cursor_execute", note)
    return len(made)


def test_who_leaves_a_room_by_the_clock_is_still_in_the_list(alice, bob):
    """Presence is no membership."""
    room = talks.open_direct(alice, "Bob")
    assert memberships.is_in(room.id, bob.id)
    assert not relay.listens(bob.id)
    assert only(bob)["title"] == "Alice"


# While somebody asks


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(do)`: what happens once a tab follows its conversations, before they are read.

    Returns what the tab follows no more, by room id."""
    ended = []
    monkeypatch.setattr(relay, "hear", lambda socket, user_id: None)
    monkeypatch.setattr(relay, "unwatch", lambda socket, ids: ended.extend(ids))

    def do_then(do):
        monkeypatch.setattr(relay, "watch", lambda socket, ids: do())
        return ended

    return do_then


def test_what_is_said_meanwhile_is_not_missed(alice, bob, meanwhile):
    room = talks.open_direct(alice, "Bob")
    ended = meanwhile(lambda: say(room, bob, "just now"))
    [found] = talks.watch("tab", Visitor(alice.id))[0]
    assert found["last"]["message"] == "just now"
    assert not ended


def test_who_is_removed_meanwhile_hears_no_more(alice, bob, meanwhile):
    room = talks.open_group(alice, "Friends", ["Bob"])
    there, id = place(room, alice), room.id
    ended = meanwhile(lambda: hosting.remove_member(there, bob.id))
    assert talks.watch("tab", Visitor(bob.id))[0] == []
    assert ended == [id]


def test_who_is_removed_before_they_heard_that_they_are_in_hears_nothing(
    alice, bob, meanwhile, monkeypatch
):
    """The news of a new conversation is on its way while its owner thinks again."""
    told = []
    monkeypatch.setattr(relay, "sockets_of", lambda user_id: ["tab"] * (user_id == bob.id))
    monkeypatch.setattr(relay, "show_conversation", lambda *news: told.append(news))
    ended = meanwhile(lambda: chat.part(place(room_named("Friends"), alice), bob.id))
    monkeypatch.setattr(relay, "send_gone", lambda *_: None)
    talks.open_group(alice, "Friends", ["Bob"])
    assert not told
    assert ended == [room_named("Friends").id]


def room_named(name):
    return db.session.scalar(db.select(Room).where(Room.name == name))


def test_who_brings_too_many_people_together_has_to_wait(alice, bob, charlie, monkeypatch):
    monkeypatch.setitem(LIMITS, "invite", Limit(2, 3600))
    throttle.configure(enabled=True)
    talks.open_direct(alice, "Bob")
    with pytest.raises(TooMany):
        talks.open_group(alice, "Tea", ["Bob", "Charlie"])
    assert titles(alice) == ["Bob"]
    with pytest.raises(TooMany):
        talks.open_direct(alice, "Charlie")
    assert talks.open_group(bob, "Tea", ["Charlie"]).name == "Tea"
