"""What goes to Redis: one line, in order, bounded; whoever puts something in does not wait."""

import time
from collections import deque
from threading import Event, Lock
from typing import NamedTuple

from hiredis import pack_command
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as Silence

from parlor.bus_connection import Away, Lasting, log

MOST_WAITING, MOST_BYTES = 50_000, 16 * 1024 * 1024
"""What may wait in line: entries, and bytes of them."""

AT_ONCE = 500
"""Entries that go out together."""

PING_EVERY = 1
"""Seconds without anything to send."""

PATIENCE = 0.5
"""Seconds that whoever reads waits."""

COMPLAIN_EVERY = 60
"""Seconds from one line about refusals in the log to the next."""

FULL = ("MISCONF", "NOREPLICAS", "OOM")
"""How Redis begins to say that it takes nothing for now."""


class Answer:
    """The replies to what somebody reads."""

    def __init__(self):
        self.is_there = Event()
        self.replies = None

    def give(self, replies):
        self.replies = replies
        self.is_there.set()


class Entry(NamedTuple):
    """`packed`: `count` commands as they go over the line; `answer`: whom their replies are for."""

    packed: bytes
    count: int = 1
    answer: Answer | None = None


PING = Entry(pack_command(("PING",)))


class Sender(Lasting):
    """`healed()` is called when nothing more gets lost, without an outage; or again, later."""

    def __init__(self, url, probe, healed, **told):
        super().__init__(url, **told)
        self.line, self.size = deque(), 0
        self.lock, self.bell = Lock(), Event()
        self.probe, self.healed = Entry(pack_command(probe)), healed
        self.under_way = []
        self.lost_count, self.is_full = 0, False  # since all was well
        self.is_silent = False  # somebody waited in vain
        self.knocked_at = self.complained_at = -COMPLAIN_EVERY

    def put(self, entry):
        """Whether there was place in line. Who put it there does not wait for it."""
        size = len(entry.packed)
        with self.lock:
            is_in = self.is_up and len(self.line) < MOST_WAITING and self.size + size <= MOST_BYTES
            if is_in:
                self.line.append(entry)
                self.size += size
            else:
                self.lost_count += 1
        if not self.bell.is_set():
            self.bell.set()
        return is_in

    def ask(self, commands):
        """The replies to commands, in order. Raises Away, after PATIENCE seconds at most."""
        answer = Answer()
        packed = b"".join(map(pack_command, commands))
        if self.is_silent or not self.put(Entry(packed, len(commands), answer)):
            raise Away
        if not answer.is_there.wait(PATIENCE):
            self.is_silent = True
        if answer.replies is None or any(isinstance(one, ResponseError) for one in answer.replies):
            raise Away
        return answer.replies

    def stop(self):
        """Let nobody in any more; what is in line still goes out."""
        self.is_stopping, self.is_up = True, False
        self.bell.set()

    def serve(self):
        self.exchange([PING])
        self.rise()
        while self.line or not self.is_stopping:
            is_idle = not self.bell.wait(PING_EVERY)
            self.bell.clear()
            while batch := self.take():
                self.exchange(batch)
            if is_idle or (self.lost_count and time.monotonic() > self.knocked_at + PING_EVERY):
                self.knock()

    def take(self):
        """The first in line, as many as go out together."""
        with self.lock:
            batch = [self.line.popleft() for _ in range(min(AT_ONCE, len(self.line)))]
            self.size -= sum(len(entry.packed) for entry in batch)
        return batch

    def exchange(self, batch):
        """Send, and wait for all replies."""
        self.under_way = batch
        self.connection.send_packed_command([b"".join([entry.packed for entry in batch])], False)
        for entry in batch:
            replies = [self.reply() for _ in range(entry.count)]
            if entry.answer:
                entry.answer.give(replies)
        self.under_way = []
        self.is_silent = False

    def reply(self):
        try:
            return self.read_patiently()
        except ReadOnlyError as error:  # another one is to be asked now
            raise Broken from error
        except ResponseError as error:
            self.note(error)
            return error

    def read_patiently(self):
        try:
            return self.read()
        except Silence:
            return self.read()

    def note(self, refusal):
        """What Redis is too full for counts as lost; anything else is a mistake of ours."""
        is_full = isinstance(refusal, OutOfMemoryError) or str(refusal).startswith(FULL)
        self.is_full = self.is_full or is_full
        self.lost_count += is_full
        if time.monotonic() > self.complained_at + COMPLAIN_EVERY:
            self.complained_at = time.monotonic()
            what = type(refusal).__name__ if is_full else str(refusal).partition(" ")[0]
            log.error("Redis refuses what it is told: %s", what)

    def knock(self):
        """See that Redis is there; where something was lost, also whether it takes things again."""
        self.knocked_at = time.monotonic()
        self.is_full = False
        self.exchange([self.probe if self.lost_count else PING])
        if self.is_full:
            self.lost_count -= 1  # the probe
        elif self.lost_count:
            self.healed()

    def forget_losses(self):
        """How much was lost until now."""
        lost, self.lost_count = self.lost_count, 0
        return lost

    def lost(self):
        """Whatever was under way or in line is not."""
        with self.lock:
            batch = self.under_way + list(self.line)
            self.line.clear()
            self.under_way, self.size = [], 0
            self.lost_count += len(batch)
        for entry in batch:
            if entry.answer:
                entry.answer.give(None)
