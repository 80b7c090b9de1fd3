"""When the database is in trouble, and not this program: then trying again can help."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

from parlor.errors import Retry

LOCKED = "55P03"
"""Postgres's name for a row that another transaction has locked, longer than was waited for it."""

READ_ONLY = "25006"
"""Its name for a server that only reads for now: a standby, or one whose disk is all but full."""


def is_outage(error):
    """Whether `error` says so: no answer, no connection, locked, full, shutting down."""
    if isinstance(error, DBAPIError) and (
        error.connection_invalidated or name_of(error) == READ_ONLY
    ):
        return True
    return isinstance(error, (Retry, OperationalError, InterfaceError, TimeoutError)) and (
        name_of(error) != "SQLITE_ERROR"  # SQLite's word for a wrong statement
    )


def name_of(error):
    """What the driver calls it: `57P01`, `SQLITE_BUSY`, `NoAnswer`; or None."""
    orig = getattr(error, "orig", None)
    named = type(orig).__name__ if type(orig).__name__ != type(error).__name__ else None
    code = getattr(orig, "pgcode", None) or getattr(orig, "sqlite_errorname", None)
    return code or (orig and named)
