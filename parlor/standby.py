"""The copy of the database that old things are read from, where there is one.

It is asked for no more than it has: whatever the database had written when the question came, the
copy must have, too; for that it is given a moment. So what is read from it is what would have been
read from the database, one's own words of a moment ago included. One that is away, too far behind,
or no copy any more is passed by, and looked at again by and by.
"""

import logging
import time
from functools import wraps
from threading import Thread

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from parlor.transactions import rows, rows_of, source

MOMENT = 0.2
"""Seconds that a copy may be behind."""

STEP = 0.01
"""Seconds between two looks at how far it is."""

AGAIN = 5
"""Seconds after which one that was passed by is looked at again."""

WRITTEN = select(func.pg_current_wal_lsn())
"""How far the database's log goes."""

REPLAYED = select(func.pg_is_in_recovery(), func.pg_last_wal_replay_lsn())
"""Whether this is a copy, and how much of the log it has. Text, as `FFF/12345678`, both in hex."""

log = logging.getLogger(__name__)


class Behind(Exception):
    """The copy does not have what the database has, or is none."""


class Standby:
    def __init__(self):
        self.configure(None)

    def configure(self, engine, primary=None):
        """`engine`: how it is reached, None where there is none; `primary`: the database's."""
        self.engine, self.primary = engine, primary
        self.is_passed_by = False

    def read(self, read, *args, **kwargs):
        """What `read` returns there. Raises Behind, SQLAlchemyError."""
        self.catch_up(rows(WRITTEN))
        token = source.set(self.engine)
        try:
            return read(*args, **kwargs)
        finally:
            source.reset(token)

    def catch_up(self, answer):
        """Return when it has all that the database has, by its answer to WRITTEN.

        Raises Behind after a MOMENT.
        """
        written = position(answer[0][0])
        give_up = time.monotonic() + MOMENT
        while not self.has(written):
            if time.monotonic() > give_up:
                raise Behind
            time.sleep(STEP)

    def has(self, written):
        is_copy, replayed = rows_of(self.engine, REPLAYED)[0]
        if not is_copy or replayed is None:
            raise Behind
        return position(replayed) >= written

    def pass_by(self, error):
        """Leave it alone from now on, until it is well."""
        if not self.is_passed_by:
            self.is_passed_by = True
            log.warning("the replica is passed by", exc_info=error)
            Thread(target=self.look_again, args=(self.engine,), daemon=True).start()

    def look_again(self, engine):
        while self.engine is engine:
            time.sleep(AGAIN)
            if self.is_well():
                self.is_passed_by = False
                log.warning("the replica is read again")
                return

    def is_well(self):
        try:
            self.catch_up(rows_of(self.primary, WRITTEN))
        except (Behind, SQLAlchemyError):
            return False
        return True


def position(written):
    """The number of a place in the log that is written as `FFF/12345678`."""
    high, low = written.split("/")
    return int(high, 16) << 32 | int(low, 16)


standby = Standby()


def of_old(read):
    """Make `read` read from the replica, where that makes no difference to what it returns."""

    @wraps(read)
    def run(*args, **kwargs):
        if standby.engine and not standby.is_passed_by:
            try:
                return standby.read(read, *args, **kwargs)
            except (Behind, SQLAlchemyError) as error:
                standby.pass_by(error)
        return read(*args, **kwargs)

    return run
