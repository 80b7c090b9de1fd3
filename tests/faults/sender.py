"""Somebody who talks: an outbox whose every text is sent under its id until it is acknowledged."""

import random
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.faults.client import TURN, Client

AGAIN = ("retry", "too_many")
PAUSE = 0.5
"""Seconds after a refusal that doesn't say how long to wait."""


@dataclass
class Entry:
    """A text in the outbox. `due`: when it is to be sent next; `first`: when it was, first."""

    text: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    due: float = 0
    first: float | None = None
    tries: int = 0


class Ack(NamedTuple):
    """What the server acknowledged, when, and how many seconds after it was first sent."""

    id: str
    text: str
    seq: int
    at: float
    took: float


class Echo(NamedTuple):
    """When the sender's own message came back to it, and how many seconds after the first try."""

    at: float
    took: float


class Sender(Client):
    """Says something every `pace` seconds or so, while `is_talking`.

    `window`: how many entries it sends without waiting for an answer; `resend`: seconds after which
    it sends one again that has none. `size`: characters of a text, at least.
    """

    def __init__(self, person, code, door, pace=0.1, window=1, resend=5, size=0, **options):
        super().__init__(person, code, door, **options)
        self.pace, self.window, self.resend, self.size = pace, window, resend, size
        self.is_talking, self.turn = False, threading.Lock()
        self.next = self.said = self.through = 0
        self.outbox, self.unheard = deque(), {}
        self.acks, self.echoes, self.problems = {}, [], []
        self.resent, self.put_off = 0, []
        """How often an entry was sent again; (when, code) of each refusal to be tried again."""

    def say(self, text=None):
        """Put a text into the outbox; a distinct one of its own by default. Returns the Entry."""
        self.said += 1
        entry = Entry(text or f"{self.name} {self.said}".ljust(self.size, "."))
        self.outbox.append(entry)
        return entry

    def hush(self):
        """Say nothing new; what was on the lips is in the outbox."""
        with self.turn:
            self.is_talking = False

    def knows(self):
        return {"after": self.through}

    def lost(self):
        for entry in list(self.outbox):
            entry.due = 0
        self.unheard = {}

    def act(self, now):
        with self.turn:
            if self.is_talking and now >= self.next:
                self.say()
                self.next = now + self.pace * random.uniform(0.5, 1.5)
        if self.is_in:
            for entry in list(self.outbox)[: self.window]:
                if entry.due <= now:
                    self.post(entry, now)

    def rest(self):
        now = time.monotonic()
        dues = [entry.due for entry in list(self.outbox)[: self.window]] if self.is_in else []
        if self.is_talking:
            dues.append(self.next)
        return min(TURN, *(due - now for due in dues), TURN)

    def post(self, entry, now):
        entry.due, entry.first = now + self.resend, entry.first or now
        entry.tries += 1
        self.resent += entry.tries > 1
        if entry.tries == 1:
            self.unheard[entry.id] = now
        self.call(
            "message",
            {"data": entry.text, "id": entry.id},
            lambda answer, at: self.settle(entry, answer, at),
        )

    def settle(self, entry, answer, now):
        if answer["ok"]:
            self.note(entry, answer, now)
            if entry in self.outbox:
                self.outbox.remove(entry)
            return
        error = answer["error"]
        if error["code"] in AGAIN:
            self.put_off.append((now, error["code"]))
            entry.due = now + error.get("retry_after", PAUSE)
        else:
            self.problems.append(f"refused for good: {entry.text!r}: {error}")
            self.outbox.remove(entry)

    def note(self, entry, answer, now):
        known = self.acks.get(entry.id)
        if known and known.seq != answer["seq"]:
            self.problems.append(f"two answers to {entry.text!r}: {known.seq}, {answer['seq']}")
        elif not known:
            took = now - entry.first
            self.acks[entry.id] = Ack(entry.id, entry.text, answer["seq"], now, took)

    def receive(self, message, now):
        self.through = max(self.through, message["version"])
        if sent := self.unheard.pop(message["id"], None):
            self.echoes.append(Echo(now, now - sent))

    def enter(self, room, now):
        self.through = max(self.through, room["through"])
