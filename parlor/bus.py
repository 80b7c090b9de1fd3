"""The bus: what processes of one Parlor tell each other, and what they share, in Redis.

The only module that talks to Redis. Nobody waits for it but who asks for an answer (`read`), and
that for half a second at most. `Alone` is the bus of a process that has no Redis.
"""

import secrets
import time


class Away(Exception):
    """Redis gave no answer, or is known to give none."""


def new_name():
    """What a process goes by: 8 hexadecimal characters."""
    return secrets.token_hex(4)


class Alone:
    """The bus without Redis: nobody else is there, and nothing is shared."""

    is_shared = False

    def __init__(self):
        self.well_since = time.monotonic()
        self.rename()

    def rename(self):
        """Go by another name from now on."""
        self.process = new_name()

    def start(self):
        """Nothing is to be started."""

    def stop(self):
        """Nothing was."""

    def publish(self, channel, data):
        """Nobody else hears it."""

    def write(self, *command):
        """Nobody else reads it."""

    def read(self, *commands):
        raise Away

    def follow(self, channel):
        """Nobody else says anything."""

    def unfollow(self, channel):
        """As before."""

    def wait_followed(self, channels, seconds):
        return True


class Bus(Alone):
    """The bus on the Redis at `url`.

    `hear(channel: str, data: bytes)` is called for each message on a followed channel, in order,
    those of this process too; it must not wait. `back()` is called in a greenlet (or thread) of its
    own once publishing and following work: after the start, and after each outage.
    """

    is_shared = True

    def __init__(self, url, hear, back):
        super().__init__()
        self.url, self.hear, self.back = url, hear, back
        self.well_since = None
