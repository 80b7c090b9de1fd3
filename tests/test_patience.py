"""How long Postgres is waited for: on a real one that stands still, and on one that never was."""

import os
import resource
import socket
import threading
import time
from contextlib import ExitStack, closing

import psycopg2
import pytest
from psycopg2.extensions import set_wait_callback
from sqlalchemy import select, text

from models import User, db
from parlor import patience
from parlor.outages import is_outage
from parlor.patience import NoAnswer, PatientConnection, silences
from parlor.transactions import driver, rows

PATIENCE = 0.4
"""Seconds, here."""

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", PATIENCE)
    yield
    silences.clear()


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


def is_any_silent():
    return any(silence.is_known for silence in silences.values())


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
    assert not is_any_silent()


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


def test_a_server_that_refuses_is_not_tested_any_more(app, mute, database_url):
    seconds(connect, mute, raises=NoAnswer)
    silences[nowhere := "postgresql://parlor@127.0.0.1:1/parlor"].is_known = True
    seconds(connect, nowhere, raises=psycopg2.OperationalError)
    assert not silences[nowhere].is_tested


def test_the_silence_of_one_server_is_not_that_of_another(app, mute, database_url):
    seconds(connect, mute, raises=NoAnswer)
    silences[mute].is_tested = True
    connect(database_url).close()


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
    assert not is_any_silent()


def test_beginning_a_transaction_and_its_limits_cost_no_message_of_their_own(
    app, context, database_url, waits
):
    read = select(User.id)
    rows(read)
    waits.clear()
    rows(read)
    assert len(waits) == 1, "a read is one question and one answer"
    waits.clear()
    ask()
    db.session.commit()
    assert len(waits) == 2, "a transaction is one more, for its end"
    with closing(connect(database_url)) as new:
        waits.clear()
        new.cursor().execute("SELECT 1")
        assert len(waits) == 1
        new.cursor().execute("SHOW lock_timeout")
        new.commit()
        assert len(waits) == 3


def test_a_read_keeps_to_the_limits_and_leaves_nothing_behind(app, context, database_url):
    assert rows(text("SHOW statement_timeout")) == [("1800ms",)]
    with closing(connect(database_url)) as new:
        new.cursor().ask("SELECT 1")
        assert new.is_idle
        cursor = new.cursor()
        psycopg2.extensions.cursor.execute(cursor, "SHOW statement_timeout")
        assert cursor.fetchall() == [("0",)]


@pytest.mark.parametrize("mode", ["one", "immediate", "fast"])
def test_a_connection_that_ended_in_the_pool_is_replaced_before_it_is_used(
    app, context, postgres, database_url, mode
):
    [(pid,)] = rows(text("SELECT pg_backend_pid()"))
    if mode == "one":
        with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", (pid,))
    else:
        postgres.stop(mode)
        postgres.start()
    time.sleep(0.2)
    assert rows(text("SELECT pg_backend_pid()")) != [(pid,)]


def test_where_one_connection_is_lost_all_older_ones_are_replaced(app, context, postgres):
    with ExitStack() as held:
        taken = [held.enter_context(driver(db.engine)) for _ in range(3)]
        before = {one.driver_connection.info.backend_pid for one in taken}
    with postgres.frozen():
        seconds(rows, text("SELECT 1"), raises=Exception)
    with ExitStack() as held:
        taken = [held.enter_context(driver(db.engine)) for _ in range(3)]
        after = {one.driver_connection.info.backend_pid for one in taken}
    assert len(before) == len(after) == 3
    assert not before & after


def test_a_server_that_takes_no_more_connections_costs_none_of_those_there_are(app, context, mute):
    with driver(db.engine) as line:
        silence, pid = line.driver_connection.silence, line.driver_connection.info.backend_pid
    silences[mute] = silence  # as if it were silent to whoever is new
    seconds(connect, mute, raises=NoAnswer)
    assert rows(text("SELECT pg_backend_pid()")) == [(pid,)]


def test_a_connection_is_asked_whether_it_is_there_after_a_rest(app, context, waits, monkeypatch):
    read = select(User.id)
    rows(read)
    monkeypatch.setattr(patience, "RESTED", 0.1)
    time.sleep(0.2)
    waits.clear()
    rows(read)
    assert len(waits) == 2
    rows(read)
    assert len(waits) == 3, "it has just been used"


def test_what_is_put_off_is_done_with_the_next_statement_in_one_go(app, context, database_url):
    with closing(psycopg2.connect(database_url, connection_factory=PatientConnection)) as line:
        cursor = line.cursor()
        cursor.put_off("CREATE TEMPORARY TABLE noted AS SELECT %s::text AS word", ("50 %s",))
        cursor.execute("SELECT word || %s FROM noted", ("!",))
        assert cursor.fetchall() == [("50 %s!",)]
        cursor.put_off("INSERT INTO noted VALUES ('committed')")
        line.commit()
        cursor.put_off("INSERT INTO noted VALUES ('not committed')")
        line.rollback()
        cursor.execute("SELECT count(*) FROM noted")
        assert cursor.fetchall() == [(2,)]


def test_what_was_put_off_and_fails_takes_the_commit_with_it(app, context, database_url):
    with closing(psycopg2.connect(database_url, connection_factory=PatientConnection)) as line:
        line.cursor().put_off("INSERT INTO room (code) VALUES ('K7QP')")
        line.cursor().put_off("SELECT 1 / 0")
        with pytest.raises(psycopg2.errors.Error):
            line.commit()
        line.rollback()
        cursor = line.cursor()
        cursor.execute("SELECT count(*) FROM room")
        assert cursor.fetchall() == [(0,)]


def test_many_rows_of_one_statement_are_in_a_transaction_too(app, context, database_url):
    with closing(connect(database_url)) as new:
        new.cursor().executemany("SELECT %s", [(1,), (2,)])
        assert not new.is_idle
        new.rollback()
        assert new.is_idle


@pytest.fixture
def waits():
    """A list that is longer by one after each message to Postgres."""
    counted = []

    def wait(connection):
        counted.append(connection)
        patience.wait(connection)

    set_wait_callback(wait)
    yield counted
    patience.install()


def test_what_is_committed_is_on_the_disk_whatever_the_servers_habit(app, context, database_url):
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("off",)
    connection.close()
    assert db.session.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_a_process_with_many_files_open_reaches_it_all_the_same(app, database_url):
    """As one with a thread for each WebSocket: `select` knows no file above 1,023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    held = [os.dup(0) for _ in range(1100)]
    try:
        with closing(connect(database_url)) as new, new.cursor() as cursor:
            assert new.fileno() > 1023
            cursor.execute("SELECT 1")
    finally:
        for file in held:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_others_are_waited_for_without_end(app, database_url):
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_sleep({PATIENCE + 0.3})")
    connection.close()
