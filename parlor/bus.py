"""The bus: what processes of one Parlor tell each other, and what they share, in Redis.

The only way to Redis. Nobody waits for it but who asks for an answer (`read`), and that for half a
second at most. What is told is lost where Redis goes, or is too slow; whoever tells something makes
up for that in `back`. `Alone` is the bus of a process that has no Redis.
"""

import secrets
import time
from threading import Lock, Thread

from hiredis import pack_command

from parlor.bus_connection import Away, database_of, log
from parlor.bus_follower import Follower
from parlor.bus_sender import Entry, Sender

__all__ = ["Alone", "Away", "Bus"]

OURS = "parlor:"
"""How all keys and channels begin."""

ALL_KEYS = {"DEL", "UNLINK", "EXISTS", "MGET", "TOUCH"}
"""Commands of which all arguments are keys. Of others it is the first; of EVAL, those counted."""

LAST_WORDS = 1
"""Seconds that may pass, at the end, until what is in line is out."""


class Alone:
    """The bus without Redis: nobody else is there, and nothing is shared."""

    is_shared = False

    def __init__(self):
        self.well_since = time.monotonic()
        self.rename()

    def rename(self):
        """Go by another name from now on: 8 hexadecimal characters."""
        self.process = secrets.token_hex(4)

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
    """The bus on the Redis at `url`: redis:// or rediss://, maybe with a password and a database.

    `hear(channel: str, data: bytes)` is called for each message on a followed channel, in order,
    those of this process too, from one thread; it must not wait. `back()` is called in a thread of
    its own, once each time that publishing and following work, with all channels followed: after
    the start, after each outage, and after Redis was too slow or too full for what it was told.

    Raises ValueError for what is no address of Redis.
    """

    is_shared = True

    def __init__(self, url, hear, back):
        super().__init__()
        self.hear, self.back = hear, back
        self.lock, self.turn = Lock(), Lock()
        self.well_since, self.is_back_due = None, False
        self.away_since, self.is_told = time.monotonic(), False
        # Databases have keys of their own, but not channels.
        self.ours = f"{OURS}{database_of(url)}:"
        own = f"{self.ours}wake:{secrets.token_hex(8)}".encode()
        wake = Entry(pack_command(("PUBLISH", own, b"")))
        told = {"came": self.came, "went": self.went}
        probe = ("SET", OURS + "probe", "", "EX", "60")
        self.sender = Sender(url, probe, self.healed, **told)
        self.follower = Follower(url, own, lambda: self.sender.put(wake), self.heard, **told)

    def start(self):
        """Begin to connect, and return at once."""
        self.sender.start()
        self.follower.start()

    def stop(self):
        """End for good, within seconds: what is in line goes out, if Redis is there."""
        self.well_since = None
        self.follower.stop()
        self.sender.stop()
        self.sender.thread.join(LAST_WORDS)
        self.follower.thread.join(LAST_WORDS)

    def publish(self, channel, data):
        """Have `data` (bytes) told to whoever follows `channel`; at once, and perhaps never."""
        self.sender.put(Entry(pack_command(("PUBLISH", self.ours + channel, data))))

    def write(self, *command):
        """Have a command done, like `publish` and in order with it. Its keys get our prefix."""
        self.sender.put(Entry(pack_command(ours(command))))

    def read(self, *commands):
        """The replies to commands, each a tuple, in order; strings as bytes.

        They are done in order with what was published and written before. Raises Away within half a
        second, at once while Redis is known to be away; some may have been done all the same.
        """
        return self.sender.ask([ours(command) for command in commands])

    def follow(self, channel):
        """From some moment on, soon, what is said on `channel` is heard."""
        self.follower.follow(self.full(channel))

    def unfollow(self, channel):
        self.follower.unfollow(self.full(channel))

    def wait_followed(self, channels, seconds):
        """Whether Redis has confirmed that they are followed, or does within so many seconds.

        False at once while Redis is known to be away.
        """
        return self.follower.wait([self.full(channel) for channel in channels], seconds)

    def full(self, channel):
        return f"{self.ours}{channel}".encode()

    def heard(self, channel, data):
        self.hear(channel[len(self.ours) :].decode(), data)

    def came(self):
        with self.lock:
            if not (self.sender.is_up and self.follower.is_up) or self.well_since:
                return
            self.well_since = time.monotonic()
            lost = self.sender.forget_losses()
        if self.is_told:
            seconds = self.well_since - self.away_since
            log.warning("Redis is back, after %.1f s; lost=%d", seconds, lost)
        self.is_told = False
        self.call_back()

    def went(self, error):
        with self.lock:
            if self.well_since:
                self.well_since, self.away_since = None, time.monotonic()
            is_news, self.is_told = not self.is_told, True
        if is_news:
            log.error("Redis is away: %s", type(error).__name__)  # its text may hold the address

    def healed(self):
        lost = self.well_since and self.sender.forget_losses()
        if lost:
            log.warning("Redis takes what it is told again; lost=%d", lost)
            self.call_back()

    def call_back(self):
        self.is_back_due = True
        Thread(target=self.run_back, name="back", daemon=True).start()

    def run_back(self):
        """One at a time, and one for all that are due: it may take longer than Redis is there."""
        with self.turn:
            if not (self.is_back_due and self.well_since):
                return
            self.is_back_due = False
            try:
                self.back()
            except Exception:  # noqa: BLE001 - the bus goes on whatever comes of it
                log.exception("not all was told anew")


def ours(command):
    """The command with Parlor's prefix before its keys."""
    verb, *rest = command
    first, last = 0, len(rest) if verb in ALL_KEYS else 1
    if verb == "EVAL":
        first, last = 2, 2 + int(rest[1])
    return (verb, *rest[:first], *(OURS + key for key in rest[first:last]), *rest[last:])
