"""Migrations that keep nobody waiting: what a migration does to a table that people write to.

A statement that needs a table for itself waits for it for a moment only, and so does everybody who
comes behind it; then it lets go and tries again. An index is made beside what goes on.
"""

import logging
import time
from contextlib import contextmanager

from alembic import op
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from parlor.outages import LOCKED, name_of

log = logging.getLogger("alembic.parlor")

LOCK_TIMEOUT = 800
"""Milliseconds for which a statement waits for a lock, and writers behind it: they have 1,500."""

PATIENCE = 600
"""Seconds for which it is tried again."""

PAUSE = 1
"""Seconds between two tries."""

TURN = "SELECT pg_try_advisory_xact_lock(hashtext('migrations of parlor'))"


def create_index(name, table, columns, **options):
    """As `op.create_index`, while others write. Nothing else may be in the same migration."""
    if not on_postgres():
        op.create_index(name, table, columns, **options)
        return
    with op.get_context().autocommit_block():
        op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')  # what a try left that failed
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)


def drop_index(name, table):
    """As `op.drop_index`, while others write. Nothing else may be in the same migration."""
    if not on_postgres():
        op.drop_index(name, table)
        return
    with op.get_context().autocommit_block():
        op.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')


def on_postgres():
    return op.get_context().dialect.name == "postgresql"


def bound_locks(engine):
    """Let no transaction on `engine` wait for a lock for long."""
    event.listen(engine, "begin", bound_lock)


def bound_lock(connection):
    if connection.get_isolation_level() != "AUTOCOMMIT":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT}")


@contextmanager
def alone(engine):
    """Meanwhile no other process migrates. Waits for its turn.

    Asking again and again, as whoever waits inside a statement would hold up the making of an index.
    """
    with engine.connect() as connection:
        while not is_mine(connection):
            connection.rollback()
            time.sleep(PAUSE)
        yield


def is_mine(connection):
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    return connection.exec_driver_sql(TURN).scalar()


def until_free(run):
    """`run()`, again and again while a table is in use. What is done already is not done again."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            return run()
        except OperationalError as error:
            if name_of(error) != LOCKED or time.monotonic() > give_up:
                raise
            log.warning("a table is in use; trying again")
        time.sleep(PAUSE)
