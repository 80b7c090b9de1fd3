"""Writers on the same tables, as those of two processes, and what others do to a room meanwhile."""

import threading
import time
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import insert, text

import models
from models import Message, db, now
from parlor import leases, memberships, patience
from parlor.errors import IdReused
from parlor.store import store
from parlor.transactions import write_transaction
from parlor.writer import Writer
from tests.support.rows import draft, new_room, stored

SOON = 10


@pytest.fixture
def other_app(app):
    """What another process has: an engine of its own, on the same database."""
    other = Flask("other")
    other.config.update(app.config)
    models.init_app(other)
    yield other
    with other.app_context():
        db.engine.dispose()


@pytest.fixture
def writers(app, other_app, monkeypatch):
    """Two Writers, of two processes. `writers.relayed`: the number of each message they relayed."""
    pair = Pair()
    monkeypatch.setattr("parlor.relay.send_message", lambda _, posted: pair.note(posted))
    for one in (app, other_app):
        with one.app_context():
            writer = Writer()
            writer.configure(db.engine)
        pair.append(writer)
    return pair


class Pair(list):
    def __init__(self):
        self.relayed = []

    def note(self, posted):
        self.relayed.append(posted.seq)

    def submit_at_once(self, *rounds):
        """Each Writer gets rounds of drafts: one after the other, at the same moments.

        Returns for each the Outcomes, in a flat list.
        """
        ready = threading.Barrier(len(self), timeout=SOON)
        answers = [[] for _ in self]
        finish(
            *(
                threading.Thread(target=submit_in_rounds, args=(ready, *given))
                for given in zip(self, rounds, answers, strict=True)
            )
        )
        return answers


def submit_in_rounds(ready, writer, rounds, answers):
    for drafts in rounds:
        ready.wait()
        answers += submit(writer, drafts)


def submit(writer, drafts):
    outcomes, all_in = {}, threading.Event()

    def note(n, outcome):
        outcomes[n] = outcome
        if len(outcomes) == len(drafts):
            all_in.set()

    for n, one in enumerate(drafts):
        writer.submit(one, partial(note, n))
    assert all_in.wait(SOON)
    return [outcomes[n] for n in range(len(drafts))]


def finish(*threads):
    for thread in threads:
        if not thread.ident:
            thread.start()
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()


def test_the_same_ids_in_two_processes_get_the_same_answers(writers, room, alice):
    rounds = [[draft(room, alice, f"id-{n}", f"text {n}")] for n in range(60)]
    here, there = writers.submit_at_once(rounds, rounds)
    places = [outcome.posted.seq for outcome in here]
    assert places == [outcome.posted.seq for outcome in there] == list(range(1, 61))
    assert [seq for _, seq, _ in stored()] == places
    assert sorted(writers.relayed) == places, "each is relayed once"


def test_of_two_texts_under_one_id_one_is_stored_and_the_other_refused(writers, room, alice):
    here, there = writers.submit_at_once(
        *([[draft(room, alice, f"id-{n}", where)] for n in range(30)] for where in ("here", "far"))
    )
    for pair in zip(here, there, strict=True):
        assert [type(one.error) for one in pair].count(IdReused) == 1
        assert [one.is_new for one in pair].count(True) == 1
    assert len(stored()) == 30


def test_processes_that_write_to_the_same_rooms_in_another_order_do_not_lock_each_other_out(
    writers, room, alice, bob
):
    rooms = [room, *(new_room(code, alice, bob) for code in ("AAAA", "BBBB", "CCCC"))]
    mine = [[draft(one, alice, f"{n}") for one in rooms] for n in range(30)]
    theirs = [[draft(one, bob, f"{n}") for one in reversed(rooms)] for n in range(30)]
    for outcomes in writers.submit_at_once(mine, theirs):
        assert not [outcome.error for outcome in outcomes if outcome.error]
    for one in rooms:
        assert [seq for id, seq, _ in stored() if id == one.id] == list(range(1, 61))


@pytest.mark.parametrize("ends", ["left", "closed"])
def test_whoever_leaves_or_closes_while_something_is_stored_waits_for_it(app, room, alice, ends):
    """And so nothing is stored afterwards: whether that is so is asked behind the same lock."""
    is_read, may_go_on, end_is_done = threading.Event(), threading.Event(), threading.Event()

    def slow_store(cursor, drafts):
        outcomes = store(cursor, drafts)
        is_read.set()
        assert may_go_on.wait(SOON)
        return outcomes

    def run_end():
        with app.app_context():
            if ends == "left":
                memberships.end(room.id, alice.id)
            else:
                leases.end(room.id, lambda: True)
        end_is_done.set()

    engine = db.engine
    db.session.rollback()
    storing = threading.Thread(
        target=write_transaction, args=(engine, slow_store, [draft(room, alice, "a")])
    )
    ending = threading.Thread(target=run_end)
    storing.start()
    assert is_read.wait(SOON)
    ending.start()
    assert not end_is_done.wait(0.5)
    may_go_on.set()
    finish(storing, ending)
    [outcome] = write_transaction(engine, store, [draft(room, alice, "b")])
    assert outcome.error.code == {"left": "not_a_member", "closed": "room_closed"}[ends]
    assert [seq for _, seq, _ in stored()] == [1]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_room_that_somebody_has_locked_holds_up_no_other_for_long(writers, room, alice):
    """As an open transaction in a shell does, or a process that hangs."""
    other = new_room("AAAA", alice)
    with db.engine.connect() as shell:
        shell.execute(text("SELECT FROM room WHERE id = :id FOR UPDATE"), {"id": room.id})
        began = time.monotonic()
        [outcomes, _] = writers.submit_at_once(
            [[draft(room, alice, "a"), draft(other, alice, "a")]], [[draft(other, alice, "b")]]
        )
        assert time.monotonic() - began < patience.PATIENCE
    assert outcomes[0].error.code == "retry"
    assert outcomes[1].is_new
    assert writers[0].post(draft(room, alice, "a")).seq == 1


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_somebody_whose_row_is_locked_holds_up_nobody_else_for_long(writers, room, alice, bob):
    other = new_room("AAAA", alice)
    with db.engine.connect() as shell:
        shell.execute(text('SELECT FROM "user" WHERE id = :id FOR UPDATE'), {"id": bob.id})
        began = time.monotonic()
        [outcomes, _] = writers.submit_at_once(
            [[draft(room, bob, "a"), draft(room, alice, "a")]], [[draft(other, alice, "b")]]
        )
        assert time.monotonic() - began < patience.PATIENCE
    assert outcomes[0].error.code == "retry"
    assert outcomes[1].is_new
    assert writers[0].post(draft(room, bob, "a")).seq == 2


def test_a_row_that_no_driver_takes_is_refused_and_the_others_are_stored(writers, room, alice, bob):
    """Half an emoji never comes so far (`text.clean`); if it did, it would be alone."""
    bad = draft(room, bob, "bad", "\ud83d")
    [outcomes, _] = writers.submit_at_once(
        [[draft(room, alice, "a"), bad, draft(room, alice, "b")]], [[draft(room, alice, "c")]]
    )
    assert [outcome.error and outcome.error.code for outcome in outcomes] == [
        None, "server_error", None,
    ]  # fmt: skip
    assert sorted(seq for _, seq, _ in stored()) == [1, 2, 3]


def test_a_room_whose_numbers_are_wrong_takes_no_other_with_it(writers, room, alice):
    """Somebody has written into the table by hand."""
    other = new_room("AAAA", alice)
    rogue = {"room_id": room.id, "user_id": alice.id, "seq": 1, "version": 1, "client_id": "rogue"}
    db.session.execute(insert(Message), [{**rogue, "content": "", "timestamp": now()}])
    db.session.commit()
    [outcomes, _] = writers.submit_at_once(
        [[draft(room, alice, "a"), draft(other, alice, "a")]], [[draft(other, alice, "b")]]
    )
    assert outcomes[0].error.code == "server_error"
    assert outcomes[1].is_new
    assert len(stored()) == 3
