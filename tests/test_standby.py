"""Old things are read from a copy of the database: a real one, that lags, goes and rises."""

import time

import pytest

from models import User, db
from parlor import messages, standby
from parlor.patience import PATIENCE
from parlor.settings import Settings
from parlor.standby import standby as copy_of_it
from parlor.store import Change
from tests.support import missing
from tests.support.postgres import Copy, Postgres, find_binaries
from tests.support.rows import add, draft, new_room, store

TALK = 120
AGAIN = 0.3


@pytest.fixture(scope="module")
def primary():
    with Postgres(find_binaries() or missing("PostgreSQL"), options=LOGGED) as cluster:
        yield cluster


LOGGED = "-c log_statement=all"


@pytest.fixture(scope="module")
def copy(primary):
    with Copy(primary, options=LOGGED) as copy:
        yield copy


@pytest.fixture
def database_url(primary):
    return primary.fresh_database()


@pytest.fixture
def settings(database_url, copy, tmp_path, monkeypatch):
    monkeypatch.setattr(standby, "AGAIN", AGAIN)
    return Settings(
        _env_file=None,
        environment="development",
        secret_key="a key that only the tests sign with",
        database_url=database_url,
        database_replica_url=copy.url_of(database_url),
        instance_dir=tmp_path,
    )


@pytest.fixture
def alice(context):
    return add(User(name="Alice"))


@pytest.fixture
def room(alice):
    """Where Alice has said a lot."""
    room = new_room("K7QP", alice)
    store([draft(room, alice, f"id-{n}", f"number {n}") for n in range(1, TALK + 1)])
    return room


@pytest.fixture
def asked(primary, copy):
    """`asked(call)`: what it returned, and which of the two servers was asked for messages."""

    def ask(call, *arguments, **options):
        before = [one.log() for one in (primary, copy)]
        result = call(*arguments, **options)
        db.session.rollback()
        since = [one.log()[len(old) :] for one, old in zip((primary, copy), before, strict=True)]
        return result, ["message." in said for said in since]

    return ask


PRIMARY, COPY = [True, False], [False, True]


def until_read_again():
    give_up = time.monotonic() + 10
    while copy_of_it.is_passed_by:
        assert time.monotonic() < give_up
        time.sleep(0.05)


def texts(written):
    return [one.posted.content for one in written]


def test_history_search_and_old_pages_are_read_from_the_copy(room, alice, asked):
    found, where = asked(messages.history, alice.id)
    assert (texts(found.written)[0], where) == (f"number {TALK}", COPY)
    found, where = asked(messages.search, alice.id, "number 7")
    assert (texts(found.written)[-1], where) == ("number 7", COPY)
    page, where = asked(messages.page, room.id, before=61)
    assert ([one.seq for one in page.messages], where) == (list(range(11, 61)), COPY)
    assert page.through == TALK


def test_the_end_of_a_talk_is_not(room, asked):
    for call in (
        lambda: messages.page(room.id),
        lambda: messages.page(room.id, before=TALK + 1),
        lambda: messages.page(room.id, before=2**31),
        lambda: messages.changes(room.id, TALK - 5),
        lambda: messages.following(room.id, 3, 5),
        lambda: messages.one(room.id, 7),
    ):
        assert asked(call)[1] == PRIMARY


def test_what_one_has_just_written_or_taken_back_is_so_in_ones_history(room, alice, asked):
    for n in range(1, 11):
        store([draft(room, alice, f"new-{n}", f"new {n}")])
        found, _ = asked(messages.history, alice.id)
        assert texts(found.written)[0] == f"new {n}"
    store([Change(room, alice.id, "new-10", None)])
    found, _ = asked(messages.history, alice.id)
    assert texts(found.written)[0] == "new 9"


def test_a_copy_that_is_behind_is_passed_by_until_it_has_caught_up(
    room, alice, copy, asked, monkeypatch
):
    messages.history(alice.id)
    with copy.paused():
        store([draft(room, alice, "new", "just now")])
        found, where = asked(messages.history, alice.id)
        assert (texts(found.written)[0], where) == ("just now", PRIMARY)
        assert copy_of_it.is_passed_by
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(copy_of_it, "read", None)  # nobody asks it, or waits for it
            assert asked(messages.page, room.id, before=61)[1] == PRIMARY
    until_read_again()
    found, where = asked(messages.history, alice.id)
    assert (texts(found.written)[0], where) == ("just now", COPY)


@pytest.mark.parametrize("away", ["stopped", "frozen"])
def test_a_copy_that_is_away_is_passed_by_until_it_is_back(room, alice, copy, asked, away):
    messages.history(alice.id)
    with getattr(copy, away)():
        result = messages.history(alice.id)
        assert texts(result.written)[0] == f"number {TALK}"
        began = time.monotonic()
        messages.history(alice.id)
        assert time.monotonic() - began < PATIENCE
    until_read_again()
    assert asked(messages.history, alice.id)[1] == COPY


def test_without_one_everything_is_read_from_the_database(room, alice, asked):
    copy_of_it.configure(None)
    assert asked(messages.history, alice.id)[1] == PRIMARY


def test_one_that_is_no_copy_any_more_is_left_alone(room, alice, copy, asked):
    """The last test: it goes its own way from here on."""
    assert asked(messages.history, alice.id)[1] == COPY
    copy.run("pg_ctl", "-D", copy.data, "-s", "-w", "promote")
    assert asked(messages.history, alice.id)[1] == PRIMARY
    time.sleep(2 * AGAIN)
    assert copy_of_it.is_passed_by
