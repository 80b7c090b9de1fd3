"""The tables by migrations: from nothing to the newest and back, the same as the models say."""

import sqlite3
import threading
import time
from pathlib import Path

import alembic.context
import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect
from sqlalchemy.exc import OperationalError

from models import Room, User, db
from parlor import leases
from parlor.errors import Retry
from parlor.transactions import patiently, transaction
from tests.support import ROOT, on_sqlite


def test_migrations_make_what_the_models_say(app):
    with app.app_context():
        flask_migrate.check()


def test_migrations_go_back_to_nothing_and_up_again(app):
    with app.app_context():
        flask_migrate.downgrade(revision="base")
        assert inspect(db.engine).get_table_names() == ["alembic_version"]
        db.engine.dispose()
        flask_migrate.upgrade()
        assert "message" in inspect(db.engine).get_table_names()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_migration_may_take_its_time(app, monkeypatch):
    done = []

    def migrate():
        done.append(alembic.context.get_bind().exec_driver_sql("SELECT pg_sleep(2.2)").rowcount)

    monkeypatch.setattr("alembic.context.run_migrations", migrate)
    with app.app_context():
        flask_migrate.upgrade()
    assert done == [1]


@on_sqlite
def test_a_migration_waits_for_a_file_that_somebody_writes_to(app):
    """As a server does that is about to stop."""
    with app.app_context():
        path = db.engine.url.database
        writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        writer.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.5, writer.close)
        timer.start()
        flask_migrate.upgrade()
        timer.join()


@on_sqlite
def test_a_file_that_is_being_mended_is_waited_for_when_it_is_opened(app):
    """As after a crash, when two processes open it at once: one mends it, behind a lock."""
    with app.app_context():
        db.engine.dispose()
        path = db.engine.url.database
        mender = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        mender.execute("PRAGMA locking_mode = EXCLUSIVE")
        mender.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, mender.close)
        timer.start()
        assert leases.passing() == []
        timer.join()


@on_sqlite
def test_sqlite_is_durable_and_does_not_wait(app):
    with app.app_context(), db.engine.connect() as connection:
        answers = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert answers == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 0,
    }


def test_two_open_rooms_never_share_a_code(app, monkeypatch):
    """Also when another process takes the code between our draw and our insert."""
    draws = iter(["K7QP", "K7QP", "AAAA"])
    monkeypatch.setattr("parlor.codes.draw", lambda length: next(draws))
    with app.app_context():
        codes = [leases.take_without_people().code, leases.take_without_people().code]
        assert codes == ["K7QP", "AAAA"]
        assert [room.code for room, _ in leases.open_rooms()] == codes


def test_two_that_draw_the_same_code_at_once_get_two_codes(app, monkeypatch):
    """Each on a connection of its own, as two processes are."""
    both_have_drawn = threading.Barrier(2, timeout=10)
    mine = threading.local()
    taken = []

    def draw(length):
        mine.draws = getattr(mine, "draws", 0) + 1
        if mine.draws > 1:
            return threading.current_thread().name
        both_have_drawn.wait()
        return "K7QP"

    def take():
        with app.app_context():
            taken.append(leases.take_without_people().code)

    monkeypatch.setattr("parlor.codes.draw", draw)
    # SQLite lets one write at a time: there the second draws after the first has committed.
    if app.config["SETTINGS"].on_sqlite:
        both_have_drawn = threading.Barrier(1)
    threads = [threading.Thread(target=take, name=name) for name in ("AAAA", "BBBB")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(taken) == 2
    assert "K7QP" in taken
    assert len(set(taken)) == 2


def test_when_every_code_is_taken_the_answer_is_to_try_again(app, monkeypatch):
    monkeypatch.setattr("parlor.codes.draw", lambda length: "K7QP")
    with app.app_context():
        leases.take_without_people()
        with pytest.raises(Retry):
            leases.take_without_people()


@on_sqlite
def test_a_transaction_waits_for_a_lock_without_blocking(app, monkeypatch):
    with app.app_context():
        other = db.engine.connect().execution_options(writes=True)
        holding = other.begin()
        pauses = []

        def release_at_the_second_pause(seconds):
            pauses.append(seconds)
            if len(pauses) == 2:
                holding.rollback()
                other.close()

        monkeypatch.setattr("parlor.transactions.time.sleep", release_at_the_second_pause)
        assert leases.take_without_people().id
        assert len(pauses) == 2


@on_sqlite
def test_a_transaction_gives_up_on_a_lock_that_stays(app, monkeypatch):
    monkeypatch.setattr("parlor.transactions.LOCK_PATIENCE", 0.2)
    with app.app_context():
        holder = db.engine.connect().execution_options(writes=True)
        with holder, holder.begin(), pytest.raises(Retry):
            leases.take_without_people()


@on_sqlite
def test_of_many_who_wait_for_a_lock_one_tries_again_at_a_time(app):
    tries, is_free = [], threading.Event()

    def attempt():
        tries.append(1)
        if not is_free.is_set():
            raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))

    waiting = [threading.Thread(target=patiently, args=(attempt,)) for _ in range(50)]
    for thread in waiting:
        thread.start()
    time.sleep(0.5)
    so_far = len(tries)
    is_free.set()
    for thread in waiting:
        thread.join(1)
        assert not thread.is_alive()
    assert so_far < 50 + 0.5 / 0.005


def test_a_transaction_that_fails_leaves_nothing(app):
    @transaction
    def broken():
        db.session.add(User(name="Alice"))
        db.session.flush()
        raise KeyError

    with app.app_context():
        with pytest.raises(KeyError):
            broken()
        assert not db.session.query(User).count()
        assert not db.session.query(Room).count()


def test_errors_do_not_quote_what_was_stored(app):
    with app.app_context():
        statements = []
        event.listen(db.engine, "handle_error", lambda context: statements.append(context))
        with pytest.raises(Exception, match=r"parameters hidden|hide_parameters"):
            db.session.execute(db.text("SELECT nothing FROM nowhere WHERE x = :x"), {"x": "secret"})
        db.session.rollback()
        assert statements


def test_migrations_are_named_by_their_numbers_one_after_the_other():
    """gunicorn.conf.py tells by the newest name whether a database is up to date."""
    revisions = list(ScriptDirectory(ROOT / "migrations").walk_revisions())[::-1]
    numbers = [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert [Path(one.path).stem[:4] for one in revisions] == numbers
    assert [one.revision for one in revisions] == numbers
    assert [one.down_revision for one in revisions] == [None, *numbers[:-1]]
