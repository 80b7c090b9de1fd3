"""Messages: numbered without a hole, stored once, read by number; on both databases."""

import pytest
from sqlalchemy import event, func, select, text

from models import Message, Participant, Room, db, now
from parlor import messages
from parlor.errors import ChatError, IdReused, Invalid, NotAMember, RoomClosed
from parlor.store_sql import Sqlite
from parlor.transactions import compiled, rows
from tests.support import on_sqlite
from tests.support.rows import draft, new_room, store, stored


def test_numbers_have_no_holes(room, alice, bob):
    store([draft(room, alice, "a"), draft(room, bob, "a")])
    store([draft(room, alice, "b")])
    assert [seq for _, seq, _ in stored()] == [1, 2, 3]
    assert messages.counter(room.id) == 3


def test_every_room_counts_for_itself(room, alice):
    other = new_room("AAAA", alice)
    store([draft(room, alice, "a"), draft(other, alice, "a"), draft(room, alice, "b")])
    assert [(place, seq) for place, seq, _ in stored()] == [
        (room.id, 1),
        (other.id, 1),
        (room.id, 2),
    ]


def test_the_same_id_is_the_same_message(room, alice):
    [first] = store([draft(room, alice)])
    [again] = store([draft(room, alice)])
    assert first.is_new
    assert not again.is_new
    assert again.posted == first.posted._replace(timestamp=again.posted.timestamp)
    assert abs(again.posted.timestamp - first.posted.timestamp).total_seconds() < 0.001
    assert len(stored()) == 1


def test_the_same_id_twice_in_a_group_is_one_message(room, alice):
    outcomes = store([draft(room, alice), draft(room, alice)])
    assert [outcome.is_new for outcome in outcomes] == [True, False]
    assert outcomes[0].posted == outcomes[1].posted
    assert len(stored()) == 1


def test_the_same_id_of_another_person_or_room_is_another_message(room, alice, bob):
    other = new_room("AAAA", alice)
    store([draft(room, alice), draft(room, bob), draft(other, alice)])
    assert len(stored()) == 3


def test_the_same_id_for_another_text_is_an_error(room, alice):
    store([draft(room, alice)])
    [outcome] = store([draft(room, alice, text="something else")])
    assert isinstance(outcome.error, IdReused)


def test_the_same_id_for_another_text_is_an_error_within_a_group_too(room, alice):
    kept, refused, new = store(
        [draft(room, alice), draft(room, alice, text="something else"), draft(room, alice, "b")]
    )
    assert isinstance(refused.error, IdReused)
    assert [kept.posted.seq, new.posted.seq] == [1, 2]


def test_a_repeat_is_answered_even_when_the_room_is_closed(room, alice):
    [first] = store([draft(room, alice)])
    db.session.get(Room, room.id).closed_at = now()
    db.session.commit()
    again, new = store([draft(room, alice), draft(room, alice, "b")])
    assert again.posted.seq == first.posted.seq
    assert isinstance(new.error, RoomClosed)


def test_whoever_left_cannot_post(room, alice, bob):
    db.session.get(Participant, (room.id, bob.id)).left_at = now()
    db.session.commit()
    kept, refused = store([draft(room, alice), draft(room, bob)])
    assert kept.posted.seq == 1
    assert isinstance(refused.error, NotAMember)
    assert messages.counter(room.id) == 1


def test_a_reply_names_a_message_of_the_room(room, alice):
    first, reply, wrong = store(
        [
            draft(room, alice, "a"),
            draft(room, alice, "b", reply_to=1),
            draft(room, alice, "c", reply_to=9),
        ]
    )
    assert (first.posted.reply_to, reply.posted.reply_to) == (None, 1)
    assert isinstance(wrong.error, Invalid)
    assert messages.counter(room.id) == 2


def test_what_postgres_cannot_store_never_reaches_it(room, alice):
    from parlor import text as texts

    for typed in ("a\x00b", "\ud800"):
        with pytest.raises(ChatError):
            texts.clean(typed)


def test_pages_go_back_in_time(room, alice):
    store([draft(room, alice, f"id-{n}") for n in range(120)])
    last = messages.page(room.id)
    assert [one.seq for one in last.messages] == list(range(71, 121))
    assert (last.through, last.more) == (120, True)
    first = messages.page(room.id, before=21)
    assert [one.seq for one in first.messages] == list(range(1, 21))
    assert not first.more


def test_changes_are_those_above_a_number(room, alice):
    store([draft(room, alice, f"id-{n}") for n in range(10)])
    found = messages.changes(room.id, 4, limit=3)
    assert [one.version for one in found.messages] == [5, 6, 7]
    assert (found.through, found.more) == (7, True)
    rest = messages.changes(room.id, 7, limit=3)
    assert (len(rest.messages), rest.through, rest.more) == (3, 10, False)


def test_a_later_change_of_an_old_message_is_a_change(room, alice):
    store([draft(room, alice, f"id-{n}") for n in range(3)])
    db.session.execute(text("UPDATE message SET version = 4 WHERE seq = 1"))
    db.session.execute(text("UPDATE room SET last_seq = 4"))
    db.session.commit()
    found = messages.changes(room.id, 3)
    assert [(one.seq, one.version) for one in found.messages] == [(1, 4)]
    assert found.through == 4


def say(room, alice, *texts):
    """Store Alice's messages, one after the other. Returns their ids."""
    for number, one in enumerate(texts):
        store([draft(room, alice, f"id-{number}", one)])
    return list(db.session.scalars(select(Message.id).order_by(Message.id)))


def shown(found):
    return [one.posted.content for one in found.written], found.next


def test_a_search_looks_through_so_many_messages_and_says_how_far(room, alice, monkeypatch):
    monkeypatch.setattr(messages, "SEARCHED", 3)
    ids = say(room, alice, "a pear", "b", "c", "d", "pears", "f", "g pear", "h")
    first = messages.search(alice.id, "pear")
    assert shown(first) == (["g pear"], ids[4] + 1)
    assert first.back_to == db.session.get(Message, ids[4]).timestamp
    second = messages.search(alice.id, "pear", first.next, kept=[ids[6]])
    assert shown(second) == (["g pear", "pears"], ids[1] + 1)
    third = messages.search(alice.id, "pear", second.next, kept=[ids[6], ids[4]])
    assert shown(third) == (["g pear", "pears", "a pear"], None)
    assert third.back_to is None


def test_a_search_through_all_there_is_says_nothing_of_how_far(room, alice, monkeypatch):
    monkeypatch.setattr(messages, "SEARCHED", 3)
    say(room, alice, "a pear", "b", "c")
    found = messages.search(alice.id, "pear")
    assert (*shown(found), found.back_to) == (["a pear"], None, None)


@pytest.mark.parametrize("searched", [2, 3, 4, 9])
def test_a_full_page_goes_on_below_its_last_message(room, alice, monkeypatch, searched):
    monkeypatch.setattr(messages, "SEARCHED", searched)
    ids = say(room, alice, *"abcde")
    found = messages.search(alice.id, "", limit=2)
    assert shown(found) == (["e", "d"], ids[3])
    assert found.back_to is None
    rest = messages.search(alice.id, "", found.next, kept=[ids[4]], limit=3)
    assert shown(rest) == (["e", "c", "b"], ids[1])


def test_what_is_kept_is_ones_own(room, alice, bob):
    [hers] = say(room, alice, "a secret pear")
    assert not messages.search(bob.id, "pear", kept=[hers]).written


@on_sqlite
def test_no_query_scans_the_messages(app, room, alice, monkeypatch):
    """Each query that a page, a join, a post or a search makes finds its rows by an index.

    EXPLAIN QUERY PLAN is SQLite's; Postgres has the same indexes.
    """
    asked = []

    def note(connection, cursor, statement, parameters, context, many):
        if "message" in statement and not statement.startswith(("INSERT", "EXPLAIN")):
            asked.append((statement, parameters[0] if many else parameters))

    def noted(statement, **values):
        made = compiled(statement, db.engine.dialect)
        given = made.construct_params(values)
        asked.append((str(made), tuple(given[name] for name in made.positiontup)))
        return rows(statement, **values)

    event.listen(db.engine, "before_cursor_execute", note)
    monkeypatch.setattr(messages, "rows", noted)
    store([draft(room, alice)])
    messages.page(room.id)
    messages.page(room.id, before=10)
    messages.changes(room.id, 0)
    messages.history(alice.id)
    messages.search(alice.id, "hello", before=10, kept=[3])
    queries = [*asked, (Sqlite.known, ('[[1, 1, "a"]]',))]
    assert len(queries) >= 10
    with db.engine.connect() as connection:
        for statement, parameters in queries:
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
            steps = [row[-1] for row in plan]
            scanned = {step.split()[1] for step in steps if step.startswith("SCAN")}
            chosen_or_given = {"anon_1", "anon_2", "anon_4", "json_each"}
            assert scanned <= chosen_or_given, steps


def test_every_message_is_somebodys_in_some_room(room, alice):
    store([draft(room, alice)])
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        db.session.execute(text("UPDATE message SET user_id = 999"))
    db.session.rollback()
    assert db.session.scalar(select(func.count(Message.id))) == 1
