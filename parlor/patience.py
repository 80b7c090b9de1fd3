"""How long Postgres is waited for: a moment, and never for ever.

psycopg2 leaves the waiting for an answer to a callback. This one gives up after a time, which ends
the connection, and waits in `select`: so only whoever asked waits, under either worker.

A server that gave no answer is asked by one connection at a time, until it answers again. Whoever
else wants a new one meanwhile is refused at once, instead of waiting for the same silence.
"""

import select
import time

from psycopg2 import OperationalError
from psycopg2.extensions import POLL_OK, POLL_READ, connection, set_wait_callback

PATIENCE = 2
"""Seconds for the answer to a statement, and for a connection to be made."""

STATEMENT, LOCK, IDLE = 1800, 1500, 5000
"""Milliseconds after which the server itself ends a statement, a statement that waits for a lock,
and a transaction in which nothing happens: that of a process that hangs would hold its locks."""

SERVER_OPTIONS = (
    f"-c statement_timeout={STATEMENT} -c lock_timeout={LOCK}"
    f" -c idle_in_transaction_session_timeout={IDLE}"
    " -c synchronous_commit=on"  # whatever the server's habit: acknowledged is stored
)


class NoAnswer(OperationalError):
    """The server was silent for PATIENCE seconds, or is known to be."""


class Silence:
    """What is known of the server: whether it gave no answer, and whether somebody asks again."""

    def __init__(self):
        self.is_known = self.is_tested = False


silence = Silence()


class PatientConnection(connection):
    """A connection that gives up. Raises NoAnswer, when it is made and at each statement."""

    def __init__(self, *arguments, **options):
        if silence.is_known and silence.is_tested:
            raise NoAnswer("the database gave no answer a moment ago")
        silence.is_tested = silence.is_known
        try:
            super().__init__(*arguments, **options)
            silence.is_known = False
        finally:
            silence.is_tested = False


def install():
    """Wait so from now on, for all PatientConnections; others are waited for without end.

    The worker's own callback is replaced: it has no end either.
    """
    set_wait_callback(wait)


def wait(connection):
    """Return when `connection` has its answer. Raises NoAnswer; psycopg2 then closes it."""
    is_patient = isinstance(connection, PatientConnection)
    give_up = time.monotonic() + PATIENCE if is_patient else None
    while (state := connection.poll()) != POLL_OK:
        left = give_up and max(0, give_up - time.monotonic())
        files = [connection.fileno()]
        read, write = (files, []) if state == POLL_READ else ([], files)
        if not any(select.select(read, write, [], left)):
            silence.is_known = True
            raise NoAnswer("the database gave no answer in time")
