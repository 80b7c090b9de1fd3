"""Somebody who reads, as a browser does: in the order of the numbers, and asks for what is missing.

A gap after a long absence is to this reader one large hole: it asks for all of it.
"""

import time

from tests.faults.client import TURN, Client

WAIT_FOR_IT = 0.25
ASK_AGAIN = 2
NO_ANSWER = 5


class Receiver(Client):
    """Has everything `through` a number, and single changes `above` it. `shown`: seq -> message."""

    def __init__(self, person, code, door, **options):
        super().__init__(person, code, door, **options)
        self.through = self.highest = 0
        self.above, self.shown = set(), {}
        self.discards = self.syncs = self.heads = 0
        """How often something came that was known; how often it asked; was told a `head`."""
        self.problems = []
        self.ask_at, self.is_asking = None, False

    def knows(self):
        return {"after": self.through}

    def lost(self):
        self.ask_at, self.is_asking = None, False

    def enter(self, room, now):
        self.take_page(room, now, is_gap="gap" in room)

    def receive(self, message, now):
        self.apply(message)
        self.told_head(message["version"], now, is_head=False)

    def told_head(self, seq, now, is_head=True):
        self.heads += is_head
        self.highest = max(self.highest, seq)
        self.advance(self.through)
        self.check_in(now + WAIT_FOR_IT)

    def take_page(self, page, now, is_gap=False):
        """`room`, or an answer to `sync`."""
        for message in page["messages"]:
            self.apply(message)
        self.highest = max(self.highest, page["through"] + bool(page["more"]))
        self.advance(self.through if is_gap else max(self.through, page["through"]))
        if page["more"] or is_gap:
            self.check_in(now)

    def apply(self, message):
        """Show it in its place, unless it is known."""
        if message["version"] <= self.through or message["version"] in self.above:
            self.discards += 1
            self.compare(message)
        else:
            self.above.add(message["version"])
            self.shown[message["seq"]] = message

    def compare(self, message):
        shown = self.shown.get(message["seq"])
        if shown is None:
            self.problems.append(f"came too late to be shown: {message}")
        elif shown["version"] == message["version"] and shown != message:
            self.problems.append(f"one number, two messages: {shown}, {message}")

    def advance(self, through):
        self.through = through
        self.above = {version for version in self.above if version > through}
        while self.through + 1 in self.above:
            self.through += 1
            self.above.remove(self.through)

    def check_in(self, moment):
        if self.highest > self.through:
            self.ask_at = min(self.ask_at or moment, moment)

    def act(self, now):
        if self.is_in and self.ask_at and now >= self.ask_at:
            self.ask_at = None
            if self.highest > self.through:
                self.ask(now)

    def ask(self, now):
        if self.is_asking:
            self.check_in(now + NO_ANSWER)
            self.is_asking = False
            return
        self.is_asking = True
        self.syncs += 1
        self.call("sync", {"after": self.through}, self.answered)
        self.check_in(now + ASK_AGAIN)

    def answered(self, page, now):
        self.is_asking, self.ask_at = False, None
        if page.get("ok") is False:
            self.check_in(now + page["error"].get("retry_after", WAIT_FOR_IT))
        else:
            self.take_page(page, now)
            self.check_in(now + ASK_AGAIN)

    def rest(self):
        return min(TURN, self.ask_at - time.monotonic()) if self.ask_at else TURN
