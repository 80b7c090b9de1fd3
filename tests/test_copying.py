"""`flask copy-to`: everything that is in SQLite, in Postgres."""

import subprocess
import sys
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, inspect, select, text

from models import Bot, Login, Room, User, db, now
from tests.support import ROOT, free_port
from tests.support.migrated import copy_sqlite
from tests.support.rows import account, add, draft, new_room, store


@pytest.fixture
def database_url(tmp_path):
    copy_sqlite(tmp_path / "parlor.db")
    return f"sqlite:///{tmp_path / 'parlor.db'}"


@pytest.fixture
def other(postgres):
    """An empty Postgres, without tables."""
    return postgres.create(f"copied{next(postgres.numbers)}", "template1")


@pytest.fixture
def target(other):
    engine = create_engine(other.replace("postgresql:", "postgresql+psycopg2:"))
    yield engine
    engine.dispose()


@pytest.fixture
def talk(app, context):
    """A room with Alice and Bob in it, of whom one has an account, and what they said."""
    alice, bob = account("Alice"), add(User(name="Bob"))
    room = new_room("K7QP", alice, bob)
    store([draft(room, alice, "a", "Hëllo 🦊"), draft(room, bob, "b", "Hi\n", reply_to=1)])
    add(Login(user_id=alice.id, device="Firefox"))
    add(Bot(user_id=bob.id, room_id=room.id, owner_id=alice.id, key_hash="k", secret="s"))
    add(Room(code="M3XW", closed_at=now(), owner_id=alice.id))
    return room


def contents(connection):
    return {
        table.name: connection.execute(select(table).order_by(*table.primary_key)).all()
        for table in db.metadata.sorted_tables
    }


def copies(runner, url, *more):
    return runner.invoke(args=["copy-to", url.replace("postgresql:", "postgres:"), *more])


def test_every_row_of_every_table_is_there(app, runner, talk, other, target):
    result = copies(runner, other)
    assert result.exit_code == 0, result.output
    with db.engine.connect() as here, target.connect() as there:
        assert contents(there) == contents(here)
        assert all(contents(there).values()), "a table that the test leaves empty tests nothing"
    assert "message               2" in result.output
    assert "Hi" not in result.output


def test_what_comes_next_has_the_next_number(runner, talk, other, target):
    copies(runner, other)
    with target.begin() as there:
        for table in (User, Room):
            highest = there.scalar(select(table.id).order_by(table.id.desc()))
            values = {"name": "Charlie", "code": "ABCD"}
            fitting = {k: v for k, v in values.items() if k in table.__table__.columns}
            assert (
                there.scalar(table.__table__.insert().values(**fitting).returning(table.id))
                == highest + 1
            )


def test_nothing_is_added_to_what_is_there(runner, talk, other, target):
    assert copies(runner, other).exit_code == 0
    again = copies(runner, other)
    assert again.exit_code == 1
    assert "rows in its table user: nothing is copied" in again.output
    with target.connect() as there:
        assert len(contents(there)["message"]) == 2


def test_what_fails_on_the_way_leaves_nothing(runner, talk, other, target):
    """The last table of all, on which all else depends, cannot take its rows."""
    with db.engine.begin() as here:
        here.execute(text("UPDATE message SET content = char(0)"))
    result = copies(runner, other)
    assert result.exit_code
    with target.connect() as there:
        assert inspect(there).has_table("message")
        assert not any(contents(there).values())


def test_a_postgres_that_is_not_there_is_said_so(runner, talk):
    result = copies(runner, f"postgresql://parlor:parlor@127.0.0.1:{free_port()}/parlor")
    assert result.exit_code == 1
    assert "Its tables could not be made: " in result.output


def test_it_goes_no_other_way(runner, talk, database_url):
    assert "no other way" in runner.invoke(args=["copy-to", database_url]).output


@contextmanager
def holding(server, url):
    """Meanwhile, all has been copied, and the lock is held."""
    command = [sys.executable, "-m", "flask", "--app", "app", "copy-to", url, "--hold"]
    options = {"cwd": ROOT, "env": server.environment, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as process:
        try:
            said = [next(process.stdout, "")]
            while said[-1] and "Nothing is stored here" not in said[-1]:
                said.append(next(process.stdout, ""))
            assert said[-1], said
            yield
        finally:
            process.kill()


def test_nothing_is_stored_here_any_more(start_server, person, other, target):
    """Who sends is told to try again, and can read on; so nothing is missing in the copy."""
    server = start_server()
    alice = person("Alice", server)
    alice.enter()
    assert alice.send("before")["ok"]
    with holding(server, other):
        refused = alice.tab.client.call("message", {"data": "now", "id": "id-now"}, timeout=15)
        assert refused["error"]["code"] == "retry"
        assert alice.get("/history").status_code == 200
    with target.connect() as there:
        assert [row.content for row in contents(there)["message"]] == ["before"]
    assert alice.send("now", id="id-now")["ok"]
