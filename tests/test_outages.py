"""What is the database's trouble, what is a fault of ours, and what the log says of either."""

import logging
import sqlite3
import sys

import psycopg2
import pytest
from psycopg2 import errors
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError

from models import db
from parlor.errors import Retry
from parlor.logs import Formatter
from parlor.outages import is_outage
from parlor.transactions import driver
from tests.support import on_sqlite


def as_raised(error, is_over=False):
    """The driver's `error` as SQLAlchemy raises it."""
    base = sqlite3.Error if isinstance(error, sqlite3.Error) else psycopg2.Error
    return DBAPIError.instance("SELECT", {}, error, base, connection_invalidated=is_over)


@pytest.mark.parametrize(
    "error",
    [
        psycopg2.OperationalError("connection refused"),
        psycopg2.InterfaceError("connection already closed"),
        errors.AdminShutdown(),
        errors.DiskFull(),
        errors.LockNotAvailable(),
        errors.QueryCanceled(),
    ],
)
def test_a_database_in_trouble_is_an_outage(error):
    assert is_outage(as_raised(error))


def test_a_connection_that_is_over_is_an_outage_whatever_the_driver_calls_it():
    error = psycopg2.DatabaseError("error with status PGRES_TUPLES_OK")
    assert is_outage(as_raised(error, is_over=True))
    assert not is_outage(as_raised(error))


@pytest.mark.parametrize("error", [Retry(), TimeoutError()])
def test_so_is_a_lock_that_stays_or_a_pool_that_is_empty(error):
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [IntegrityError("INSERT", {}, Exception()), as_raised(errors.UndefinedTable()), KeyError()],
)
def test_a_fault_of_ours_is_none(error):
    assert not is_outage(error)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_so_is_a_server_that_only_reads_for_now(app, context):
    """A standby does, and one whose disk is almost full, at many who rent them out."""
    lock = "SET TRANSACTION READ ONLY; SELECT id FROM room FOR UPDATE"
    with pytest.raises(DBAPIError) as raised, driver(db.engine) as connection:
        connection.cursor().execute(lock)
    assert is_outage(raised.value)


@on_sqlite
def test_a_statement_that_is_wrong_is_a_fault_of_ours(app, context):
    """SQLite raises the same class for that and for a full disk."""
    with pytest.raises(DBAPIError) as raised, driver(db.engine) as connection:
        connection.cursor().execute("SELECT nothing FROM nowhere")
    assert not is_outage(raised.value)


@on_sqlite
def test_a_lock_is_an_outage(app, context):
    holder = db.engine.connect().execution_options(writes=True)
    with holder, holder.begin(), pytest.raises(DBAPIError) as raised, driver(db.engine) as other:
        other.cursor().execute("BEGIN IMMEDIATE")
    assert is_outage(raised.value)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (as_raised(errors.DiskFull()), "OperationalError DiskFull"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_the_log_says_of_an_outage_what_it_is_and_not_where_it_came_up(error, says):
    assert logged(error) == f"something failed {says}"


def test_the_log_says_of_a_fault_where_it_came_up():
    assert logged(KeyError("what somebody wrote")) == (
        f"something failed KeyError in logged (test_outages.py:{line_of_logged()})"
    )


def logged(error):
    try:
        raise error
    except type(error):
        record = logging.LogRecord("", 40, "", 0, "something failed", (), sys.exc_info())
    return Formatter("%(message)s").format(record)


def line_of_logged():
    return logged.__code__.co_firstlineno + 2
