"""Postgres behind PgBouncer in transaction mode: two connections, which nobody keeps."""

import threading
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import select, text

from models import Message, Room, User, db
from parlor.store import Draft, store
from parlor.transactions import rows, write_transaction
from tests.support.rows import add, new_room

pytestmark = pytest.mark.parametrize("database_url", ["bouncer"], indirect=True)

LIMITS = {
    "statement_timeout": "1800ms",
    "lock_timeout": "1500ms",
    "idle_in_transaction_session_timeout": "5s",
    "synchronous_commit": "on",
    "enable_incremental_sort": "off",
}


def shown(ask):
    return {name: ask(f"SHOW {name}") for name in LIMITS}


def test_the_limits_hold_in_each_transaction_of_the_session(app, context):
    for _ in range(3):
        assert shown(lambda show: db.session.execute(text(show)).scalar()) == LIMITS
        db.session.commit()


def test_they_hold_on_the_drivers_own_connection_too(app, context):
    def ask(cursor, show):
        cursor.execute(show)
        return cursor.fetchone()[0]

    assert shown(lambda show: write_transaction(db.engine, ask, show)) == LIMITS
    assert shown(lambda show: rows(text(show))[0][0]) == LIMITS


def test_they_are_nobody_elses(app, context, database_url):
    """Who comes next gets the same connection to Postgres, and all that was set on it."""
    db.session.execute(select(Room)).all()
    db.session.commit()
    with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_many_more_store_at_once_than_there_are_connections(app, context):
    alice = add(User(name="Alice"))
    room = new_room("K7QP", alice)
    alice_id, engine, failed = alice.id, db.engine, []
    db.session.commit()

    def talk(speaker):
        for n in range(10):
            draft = Draft(room, alice_id, f"{speaker}-{n}", "Hello")
            (outcome,) = write_transaction(engine, store, [draft])
            if outcome.error:
                failed.append(outcome.error)

    speakers = [threading.Thread(target=talk, args=(n,)) for n in range(12)]
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join(60)
    assert not failed
    stored = db.session.scalars(select(Message.seq).order_by(Message.seq)).all()
    assert stored == list(range(1, 121))


def test_the_tables_are_made_and_migrated_through_it(app, runner):
    assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
