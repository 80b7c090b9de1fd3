"""How long Postgres is waited for: on a real one that stands still, and on one that never was."""

import socket
import threading
import time

import psycopg2
import pytest
from sqlalchemy import text

from models import db
from parlor import patience
from parlor.outages import is_outage
from parlor.patience import NoAnswer, PatientConnection, silence

PATIENCE = 0.4
"""Seconds, here."""

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", PATIENCE)
    yield
    silence.is_known = silence.is_tested = False


@pytest.fixture
def mute():
    """The DSN of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"postgresql://parlor@127.0.0.1:{listener.getsockname()[1]}/parlor"


def seconds(call, *arguments, raises):
    began = time.monotonic()
    with pytest.raises(raises) as raised:
        call(*arguments)
    return time.monotonic() - began, raised.value


def ask():
    return db.session.execute(text("SELECT 1")).scalar()


def test_whoever_asks_a_server_that_hangs_gets_an_error(app, postgres, context):
    assert ask() == 1
    with postgres.frozen():
        took, error = seconds(ask, raises=Exception)
    assert PATIENCE <= took < PATIENCE + 0.3
    assert isinstance(error.orig, NoAnswer)
    assert is_outage(error)
    assert error.connection_invalidated, "its connection is used no more"


def test_the_next_one_after_that_gets_an_answer(app, postgres, context):
    ask()
    db.session.rollback()
    with postgres.frozen():
        took, _ = seconds(ask, raises=Exception)
        db.session.rollback()
    assert took < 2 * PATIENCE + 0.3, "one time-out for the old connection, one for a new one"
    assert ask() == 1
    assert not silence.is_known


def test_a_connection_that_is_not_made_in_time_is_given_up(app, mute):
    took, _ = seconds(connect, mute, raises=NoAnswer)
    assert PATIENCE <= took < PATIENCE + 0.3


def connect(dsn):
    return psycopg2.connect(dsn, connection_factory=PatientConnection)


def test_of_a_silence_that_is_known_one_connection_waits_and_the_others_are_refused(app, mute):
    seconds(connect, mute, raises=NoAnswer)
    waiting = threading.Thread(target=seconds, args=(connect, mute), kwargs={"raises": NoAnswer})
    waiting.start()
    time.sleep(0.1)
    took, _ = seconds(connect, mute, raises=NoAnswer)
    assert took < 0.1
    waiting.join()
    took, _ = seconds(connect, mute, raises=NoAnswer)
    assert took >= PATIENCE, "somebody has to find out"


def test_a_server_that_refuses_is_not_silent(app, mute, database_url):
    seconds(connect, mute, raises=NoAnswer)
    nowhere = "postgresql://parlor@127.0.0.1:1/parlor"
    seconds(connect, nowhere, raises=psycopg2.OperationalError)
    assert not silence.is_tested
    connect(database_url).close()
    assert not silence.is_known


def test_the_server_ends_what_takes_too_long_before_it_counts_as_silent(app, context, monkeypatch):
    monkeypatch.undo()
    limits = [
        db.session.execute(text(f"SHOW {name}")).scalar()
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    ]
    assert limits == ["1800ms", "1500ms", "5s"]
    took, error = seconds(db.session.execute, text("SELECT pg_sleep(3)"), raises=Exception)
    assert took < patience.PATIENCE
    assert is_outage(error)
    db.session.rollback()
    assert ask() == 1
    assert not silence.is_known


def test_what_is_committed_is_on_the_disk_whatever_the_servers_habit(app, context, database_url):
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("off",)
    connection.close()
    assert db.session.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_others_are_waited_for_without_end(app, database_url):
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_sleep({PATIENCE + 0.3})")
    connection.close()
