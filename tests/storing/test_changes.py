"""Changes of what was said: numbered with everything else, stored once; on both databases."""

import pytest

from models import Message, Room, User, db, now
from parlor import memberships, messages
from parlor.errors import NotAMember, NotFound, RoomClosed
from parlor.store import Change
from tests.support.rows import add, draft, new_room, store


def edit(room, user, id="a", text="hello again", **more):
    return Change(room, user.id, id, text, **more)


def delete(room, user, id="a", **more):
    return edit(room, user, id, None, **more)


def last_message_at(room):
    db.session.expire_all()
    return db.session.get(Room, room.id).last_message_at


def test_a_change_takes_the_next_number_and_leaves_the_message_its_place(room, alice):
    store([draft(room, alice, "a"), draft(room, alice, "b")])
    [outcome] = store([edit(room, alice)])
    assert outcome.is_new
    assert (outcome.posted.seq, outcome.posted.version) == (1, 3)
    assert (outcome.posted.content, outcome.posted.name) == ("hello again", "Alice")
    assert outcome.posted.edited_at
    assert outcome.posted == messages.changes(room.id, 2).messages[0]
    assert messages.counter(room.id) == 3


def test_what_is_said_after_a_change_comes_after_it(room, alice):
    store([draft(room, alice, "a")])
    store([edit(room, alice)])
    [outcome] = store([draft(room, alice, "b")])
    assert (outcome.posted.seq, outcome.posted.version) == (3, 3)
    assert [one.version for one in messages.changes(room.id, 0).messages] == [2, 3]


def test_a_batch_numbers_posts_and_changes_in_its_order(room, alice, bob):
    other = new_room("AAAA", alice)
    store([draft(room, alice, "a"), draft(other, alice, "a")])
    outcomes = store(
        [
            draft(room, bob, "b"),
            edit(room, alice),
            edit(other, alice),
            draft(room, bob, "c"),
            edit(room, alice, text="and again"),
        ]
    )
    assert [outcome.posted.version for outcome in outcomes] == [2, 3, 2, 4, 5]
    assert [one.content for one in messages.page(room.id).messages] == [
        "and again",
        "hello",
        "hello",
    ]
    assert [messages.counter(each.id) for each in (room, other)] == [5, 2]


def test_the_same_text_changes_nothing(room, alice):
    store([draft(room, alice)])
    [outcome] = store([edit(room, alice, text="hello")])
    assert not outcome.is_new
    assert (outcome.posted.version, outcome.posted.edited_at) == (1, None)
    assert messages.counter(room.id) == 1


def test_what_is_deleted_is_gone_from_the_table(room, alice):
    store([draft(room, alice)])
    [outcome] = store([delete(room, alice)])
    assert outcome.is_new
    assert (outcome.posted.content, outcome.posted.version) == ("", 2)
    assert db.session.query(Message.content).all() == [("",)]
    assert messages.one(room.id, 1).deleted_at


@pytest.mark.parametrize("change", [edit, delete])
def test_what_was_deleted_cannot_be_changed(room, alice, change):
    store([draft(room, alice)])
    deleted, again = store([delete(room, alice), change(room, alice)])
    assert deleted.is_new
    assert isinstance(again.error, NotFound)
    [again] = store([change(room, alice)])
    assert isinstance(again.error, NotFound)
    assert messages.counter(room.id) == 2


def test_the_latest_word_is_not_a_change(room, alice, bob):
    store([draft(room, alice)])
    at = last_message_at(room)
    store([edit(room, alice)])
    assert last_message_at(room) == at
    store([delete(room, alice), draft(room, bob, "b")])
    assert last_message_at(room) > at


def test_nothing_changes_in_a_room_that_is_closed(room, alice):
    store([draft(room, alice)])
    db.session.get(Room, room.id).closed_at = now()
    db.session.commit()
    [outcome] = store([edit(room, alice)])
    assert isinstance(outcome.error, RoomClosed)


def test_whoever_left_changes_nothing_but_others_may(room, alice):
    store([draft(room, alice)])
    memberships.end(room.id, alice.id)
    mine, owners = store([delete(room, alice), delete(room, alice, by_author=False)])
    assert isinstance(mine.error, NotAMember)
    assert owners.is_new


def test_the_id_of_what_was_changed_still_stands_for_it(room, alice):
    store([draft(room, alice)])
    store([edit(room, alice)])
    [again] = store([draft(room, alice)])
    assert not again.is_new
    assert (again.posted.seq, again.posted.content) == (1, "hello again")


def test_history_and_search_show_what_is_there_now(room, alice):
    store([draft(room, alice, id, f"number {id}") for id in ("a", "b", "c")])
    store([edit(room, alice, "a", "number z"), delete(room, alice, "b")])
    found = messages.history(alice.id)
    assert [one.posted.content for one in found.written] == ["number c", "number z"]
    assert [one.posted.seq for one in messages.search(alice.id, "number").written] == [3, 1]
    assert not messages.search(alice.id, "number a").written


def test_what_was_found_before_it_was_deleted_is_not_kept_on_the_page(room, alice):
    store([draft(room, alice, id, f"number {id}") for id in ("a", "b")])
    kept = [one.id for one in messages.history(alice.id).written]
    store([delete(room, alice, "b")])
    found = messages.search(alice.id, "number", before=min(kept), kept=kept)
    assert [one.posted.content for one in found.written] == ["number a"]


def test_what_messages_answer_is_found_once_whether_it_is_among_them_or_not(room, alice, bob):
    store([draft(room, alice, str(n), f"number {n}") for n in range(1, 4)])
    store([draft(room, bob, str(n), "yes", reply_to=n) for n in (1, 2, 2, 3)])
    page = messages.page(room.id, limit=5).messages
    found = messages.answered(room.id, page)
    assert {seq: one.content for seq, one in found.items()} == {
        1: "number 1",
        2: "number 2",
        3: "number 3",
    }
    assert found[1] == messages.one(room.id, 1)


def test_a_message_is_found_in_its_own_room_alone(room, alice):
    other = new_room("AAAA", alice, add(User(name="Charlie")))
    store([draft(room, alice, "a"), draft(room, alice, "b"), draft(other, alice, "a", "other")])
    assert messages.one(room.id, 2).client_id == "b"
    assert messages.one(other.id, 1).content == "other"
    assert messages.one(other.id, 2) is None
