"""What a transaction is here: one of the session's, or one on the driver's own connection.

Either is tried again, without blocking, while another process holds SQLite's lock.
"""

import random
import time
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial, wraps
from threading import Lock

from sqlalchemy.exc import DBAPIError, OperationalError

from models import db
from parlor.errors import Retry

LOCK_PATIENCE = 5
"""Seconds that a transaction is tried again while another process holds SQLite's lock."""

source = ContextVar("source", default=None)
"""The engine that is read from, if not the app's own."""

turn = Lock()
"""Held by the one who tries again."""


def transaction(verb):
    """Make `verb` one write transaction of the session, tried again while SQLite is locked.

    What was read before in the same request is read anew. Raises Retry after LOCK_PATIENCE.
    """

    @wraps(verb)
    def run(*args, **kwargs):
        return patiently(partial(in_session, verb, *args, **kwargs))

    return run


def in_session(verb, *args, **kwargs):
    db.session.rollback()
    try:
        db.session.connection(execution_options={"writes": True})
        result = verb(*args, **kwargs)
        db.session.commit()
        return result
    finally:
        db.session.rollback()


@contextmanager
def driver(engine):
    """A connection of the driver's own, for what happens a thousand times a second.

    What it raises comes as SQLAlchemy's errors; what is not committed is rolled back.
    """
    connection, dialect = None, engine.dialect
    try:
        connection = engine.raw_connection()
        yield connection
    except dialect.dbapi.Error as error:
        is_over = connection and dialect.is_disconnect(error, connection.driver_connection, None)
        if is_over:
            connection.invalidate()
        raise DBAPIError.instance(
            "",
            None,
            error,
            dialect.dbapi.Error,
            hide_parameters=True,
            connection_invalidated=bool(is_over),
        ) from error
    finally:
        if connection:
            connection.close()  # back to the pool


def write_transaction(engine, verb, *args):
    """`verb(cursor, *args)` as one write transaction of its own, without a session."""
    return patiently(partial(in_connection, engine, verb, *args))


def in_connection(engine, verb, *args):
    with driver(engine) as connection:
        cursor = connection.cursor()
        if engine.dialect.name == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        result = verb(cursor, *args)
        connection.commit()
        return result


def rows(statement, **values):
    """The rows, tuples as the driver makes them, of a statement that is compiled once.

    On the session's connection if it has one: whoever held one and waited for another would, where
    many do, wait for ever. But for SQLite, where a session sees what was there when it began.
    """
    engine = source.get() or db.engine
    if not source.get() and engine.dialect.name != "sqlite" and is_in_session():
        made, given = prepared(statement, engine.dialect, values)
        return db.session.connection().exec_driver_sql(made, given).fetchall()
    return rows_of(engine, statement, **values)


def is_in_session():
    return db.session.registry.has() and db.session().in_transaction()


def rows_of(engine, statement, **values):
    """The same on a connection of `engine`."""
    made, given = prepared(statement, engine.dialect, values)
    with driver(engine) as connection:
        cursor = connection.cursor()
        ask = getattr(cursor, "ask", cursor.execute)  # PatientCursor has a shorter way
        ask(made, given)
        return cursor.fetchall()


def prepared(statement, dialect, values):
    """(SQL, parameters) as the driver takes them."""
    made = compiled(statement, dialect)
    given = made.construct_params(values)
    if made.positional:
        given = [given[name] for name in made.positiontup]
    return str(made), given


def execute(statement, values):
    """The rows of a statement, as SQLAlchemy makes them: the session's, or those of `source`."""
    if not source.get():
        return db.session.execute(statement, values).all()
    with source.get().connect() as connection:
        return connection.execute(statement, values).all()


@lru_cache(maxsize=64)
def compiled(statement, dialect):
    return statement.compile(dialect=dialect)


def patiently(attempt):
    """What `attempt` returns. While SQLite is locked it is tried again, without blocking.

    One of those who wait does so at a time: the tries of hundreds would be all that is done.
    """
    give_up = time.monotonic() + LOCK_PATIENCE
    try:
        return attempt()
    except OperationalError as error:
        if not is_locked(error):
            raise
        if not turn.acquire(timeout=LOCK_PATIENCE):
            raise Retry from error
    try:
        return in_turn(attempt, give_up)
    finally:
        turn.release()


def in_turn(attempt, give_up):
    while True:
        try:
            return attempt()
        except OperationalError as error:
            if not is_locked(error):
                raise
            if time.monotonic() > give_up:
                raise Retry from error
        time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - a pause, no secret


def is_locked(error):
    return "database is locked" in str(error.orig)
