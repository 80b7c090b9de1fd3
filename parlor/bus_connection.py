"""A connection to Redis that is made again whenever it breaks, in a thread of its own.

Where the worker has greenlets, threads are greenlets, here and in all of the bus.
"""

import logging
import random
import time
from threading import Thread

from redis import ConnectionPool, RedisError
from redis.connection import parse_url

SILENCE = 1.5
"""Seconds without a word from Redis, when there should be one; twice, as the first time it may be
this process that stood still."""

FIRST_PAUSE, LONGEST_PAUSE = (0.1, 1), 2
"""Seconds before the next try: at random, so that not all processes come at once; then more."""

STEADY = 10
"""Seconds that a connection has lasted when the pauses begin anew."""

log = logging.getLogger("parlor.bus")


class Away(Exception):
    """Redis gave no answer, or is known to give none."""


def connection_to(url):
    """A redis.Connection, not connected yet. Raises ValueError for what is no address of Redis."""
    # RESP2 has all that is needed here, and no reply that nobody asked for but what is followed.
    pool = ConnectionPool.from_url(
        url, protocol=2, socket_timeout=SILENCE, socket_connect_timeout=SILENCE, driver_info=None
    )
    return pool.make_connection()


def database_of(url):
    """The number of the database that an address names."""
    return parse_url(url).get("db", 0)


class Lasting:
    """Subclasses say in `serve` what the connection is for, and in `lost` what its end means.

    `came()` is to be called by `serve` once it works; `went(error)` is called when it is over.
    """

    def __init__(self, url, came, went):
        self.connection = connection_to(url)
        self.came, self.went = came, went
        self.is_up = self.is_stopping = False
        self.pauses = 0
        self.thread = Thread(target=self.run, name=type(self).__name__, daemon=True)

    def start(self):
        self.thread.start()

    def run(self):
        while not self.is_stopping:
            began = time.monotonic()
            self.serve_once()
            if time.monotonic() > began + STEADY:
                self.pauses = 0
            if not self.is_stopping:
                time.sleep(self.next_pause())

    def serve_once(self):
        """Connect, and serve until that ends."""
        error = None
        try:
            self.connection.connect()
            self.serve()
        except (RedisError, OSError) as failure:
            error = failure
        except Exception as failure:  # whatever it is, the next try may do
            log.exception("the bus stumbled")
            error = failure
        finally:
            self.is_up = False
            self.connection.disconnect()
            self.lost()
        if not self.is_stopping:
            self.went(error)

    def rise(self):
        """To be called when it works."""
        self.is_up = True
        self.came()

    def read(self):
        """What Redis says next. Raises its errors, and TimeoutError after SILENCE."""
        return self.connection.read_response(disable_decoding=True, disconnect_on_error=False)

    def next_pause(self):
        self.pauses += 1
        return min(random.uniform(*FIRST_PAUSE) * 1.3**self.pauses, LONGEST_PAUSE)  # noqa: S311

    def serve(self):
        raise NotImplementedError

    def lost(self):
        raise NotImplementedError
