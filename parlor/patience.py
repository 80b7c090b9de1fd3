"""How long Postgres is waited for: a moment, and never for ever.

psycopg2 leaves the waiting for an answer to a callback. This one gives up after a time, which ends
the connection, and waits as the worker lets it: so only whoever asked waits, under either worker.

A server that gave no answer is asked by one connection at a time, until it answers again. Whoever
else wants a new one meanwhile is refused at once, instead of waiting for the same silence.

What the server is to hold to is said at the beginning of each transaction, in the same message as
its first statement: a connection may lead to another server process each time, behind PgBouncer.

A connection that lay in the pool is not asked whether it is still there: that the server has hung
up shows without a question. Only after a rest it is, as what stands between may have forgotten it.
And where one was lost, all that are older are given up: only the first one costs somebody a fault.
"""

import select
import time
from collections import defaultdict

from psycopg2 import Error, OperationalError
from psycopg2.extensions import (
    POLL_OK,
    POLL_READ,
    TRANSACTION_STATUS_IDLE,
    connection,
    cursor,
    set_wait_callback,
)
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError

from parlor.whereabouts import with_addresses

PATIENCE = 2
"""Seconds for the answer to a statement, and for a connection to be made."""

STATEMENT, LOCK, IDLE = 1800, 1500, 5000
"""Milliseconds after which the server itself ends a statement, a statement that waits for a lock,
and a transaction in which nothing happens: that of a process that hangs would hold its locks."""

RESTED = 30
"""Seconds after it was last taken in which a connection is not asked whether it is still there."""

LIMITS = (
    f"SET LOCAL statement_timeout = {STATEMENT}; SET LOCAL lock_timeout = {LOCK};"
    f" SET LOCAL idle_in_transaction_session_timeout = {IDLE};"
    " SET LOCAL synchronous_commit = on;"  # whatever the server's habit: acknowledged is stored
    # Else Postgres, with millions of messages, takes for a page of a room (messages.py) any index
    # that begins with the room, reads all there is of it, and sorts.
    " SET LOCAL enable_incremental_sort = off; "
)

BEGIN = "BEGIN; " + LIMITS


class NoAnswer(OperationalError):
    """The server was silent for PATIENCE seconds, or is known to be."""


class Silence:
    """What is known of a server: whether it gave no answer, and whether somebody asks again.
    `lost_at`: when a connection was last lost."""

    def __init__(self):
        self.is_known = self.is_tested = False
        self.lost_at = 0


silences = defaultdict(Silence)
"""{DSN: Silence} of the servers that there are."""


class PatientCursor(cursor):
    """A cursor that begins the transaction by itself, with the first statement of it."""

    def execute(self, query, values=None):
        begin = BEGIN.encode() if self.connection.is_idle else b""
        before = self.connection.take_put_off()
        super().execute(begin + before + self.mogrify(query, values))

    def ask(self, query, values=None):
        """A statement that reads, as a transaction of its own: one message, one answer. (Several
        statements in one message are a transaction: "Multiple Statements in a Simple Query".)"""
        super().execute(LIMITS.encode() + self.mogrify(query, values))

    def put_off(self, query, values=None):
        """Have it done with the transaction's next statement, or its commit: that waits for one
        answer instead of two. What it returns is lost; what it raises, the other one does."""
        self.connection.is_put_off.append(self.mogrify(query, values) + b"; ")

    def executemany(self, query, rows):
        if self.connection.is_idle:
            super().execute(BEGIN)
        super().executemany(query, rows)


class PatientConnection(connection):
    """A connection that gives up. Raises NoAnswer, when it is made and at each statement."""

    made_at = taken_at = None

    def __init__(self, dsn, *arguments, **options):
        self.silence = silence = silences[dsn]
        if silence.is_known and silence.is_tested:
            raise NoAnswer("the database gave no answer a moment ago")
        silence.is_tested = silence.is_known
        try:
            super().__init__(with_addresses(dsn), *arguments, **options)
            silence.is_known = False
        finally:
            silence.is_tested = False
        self.autocommit = True  # psycopg2 sends no BEGIN of its own
        self.cursor_factory = PatientCursor
        self.is_put_off = []
        self.made_at = time.monotonic()

    def look(self):
        """To be called when it is taken from the pool. Raises psycopg2.Error if it may be dead."""
        before, self.taken_at = self.taken_at, time.monotonic()
        if before is None:
            return
        if self.made_at < self.silence.lost_at:
            raise OperationalError("another one was lost")
        self.poll()  # there may be the server's last words ...
        self.poll()  # ... before its end
        if self.taken_at - before > RESTED:
            self.cursor().ask("SELECT 1")

    def note_loss(self):
        """It has ended. One that never came to be says nothing of the others."""
        if self.made_at:
            self.silence.lost_at = time.monotonic()

    @property
    def is_idle(self):
        """Whether it is in no transaction."""
        return self.get_transaction_status() == TRANSACTION_STATUS_IDLE

    def commit(self):
        self.end("COMMIT")

    def rollback(self):
        self.take_put_off()
        self.end("ROLLBACK")

    def end(self, how):
        if self.is_put_off or not self.is_idle:
            self.cursor().execute(how)

    def take_put_off(self):
        """The statements that were put off, in one."""
        statements, self.is_put_off = self.is_put_off, []
        return b"".join(statements)


def watch(engine):
    """Have each connection looked at that an engine takes from its pool: a dead one is replaced."""
    event.listen(engine, "checkout", check)


def check(connection, *_):
    """Of a connection that is just taken from its pool."""
    try:
        connection.look()
    except Error as error:
        raise DisconnectionError from error


def install():
    """Wait so from now on, for all PatientConnections; others are waited for without end.

    The worker's own callback is replaced: it has no end either.
    """
    set_wait_callback(wait)


def wait(connection):
    """Return when `connection` has its answer. Raises NoAnswer; psycopg2 then closes it."""
    if not isinstance(connection, PatientConnection):
        return wait_until(connection, None)
    try:
        return wait_until(connection, time.monotonic() + PATIENCE)
    except NoAnswer:
        connection.silence.is_known = True
        connection.note_loss()
        raise
    except OperationalError:
        if connection.closed:
            connection.note_loss()
        raise


def wait_until(connection, give_up):
    while (state := connection.poll()) != POLL_OK:
        left = give_up and max(0, give_up - time.monotonic())
        if not is_ready(connection.fileno(), state == POLL_READ, left):
            raise NoAnswer("the database gave no answer in time")


def is_ready(file, to_read, seconds):
    """Whether a file can be read, or written to, within so many seconds; None is for ever."""
    if hasattr(select, "poll"):  # else the worker has taken it away; `select` knows 1,024 files
        poll = select.poll()
        poll.register(file, select.POLLIN if to_read else select.POLLOUT)
        return bool(poll.poll(None if seconds is None else seconds * 1000))
    read, write = ([file], []) if to_read else ([], [file])
    return any(select.select(read, write, [], seconds))
