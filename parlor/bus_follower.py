"""What comes from Redis: the channels that this process follows, and what is said on them."""

import time
from collections import Counter, deque
from threading import Condition

from redis.exceptions import TimeoutError as Silence

from parlor.bus_connection import Lasting, log

TOGETHER = 500
"""Channels in one command."""

TURN = 200
"""Messages after which others get a turn."""

COMPLAIN_EVERY = 1
"""Seconds from one message that could not be handled to the next that is logged."""


class Follower(Lasting):
    """Follows channels under their full names, given and taken as bytes, from one connection.

    Only the thread of this class writes to it: TLS bears no two at once. Whoever wants something of
    it says so on the channel `own`, through `ring()`, which wakes it.
    """

    def __init__(self, url, own, ring, hear, **told):
        super().__init__(url, **told)
        self.own, self.ring, self.hear = own, ring, hear
        self.wanted = {own}
        self.wishes = deque()  # channels of which it changed whether they are wanted
        self.asked = set()  # what Redis was told, on this connection ...
        self.unanswered = Counter()  # ... and what it has not confirmed: how often, by channel
        self.confirmed = Condition()
        self.count = self.complained_at = 0

    def follow(self, channel):
        if channel not in self.wanted:
            self.wanted.add(channel)
            self.wish(channel)

    def unfollow(self, channel):
        if channel in self.wanted:
            self.wanted.discard(channel)
            self.wish(channel)

    def wish(self, channel):
        self.wishes.append(channel)
        self.ring()

    def wait(self, channels, seconds):
        """Whether Redis has confirmed them all, or does within so many seconds."""

        def are_followed():
            return not self.is_up or all(map(self.is_followed, channels))

        with self.confirmed:
            return self.confirmed.wait_for(are_followed, seconds) and self.is_up

    def is_followed(self, channel):
        return channel in self.asked and channel not in self.unanswered

    def stop(self):
        self.is_stopping = True
        self.ring()

    def serve(self):
        self.wishes.clear()
        self.tell("SUBSCRIBE", list(self.wanted))
        while not self.is_stopping:
            self.grant()
            self.take(*self.next())
            if not self.is_up and not self.unanswered:
                self.rise()

    def grant(self):
        """Tell Redis of channels of which it changed whether they are wanted."""
        changed = {self.wishes.popleft() for _ in range(len(self.wishes))}
        if changed:
            self.tell("SUBSCRIBE", [c for c in changed & self.wanted if c not in self.asked])
            self.tell("UNSUBSCRIBE", [c for c in changed - self.wanted if c in self.asked])

    def tell(self, command, channels):
        for start in range(0, len(channels), TOGETHER):
            some = channels[start : start + TOGETHER]
            self.unanswered.update(some)
            self.asked.symmetric_difference_update(some)
            self.connection.send_command(command, *some, check_health=False)

    def next(self):
        """What Redis says next: a list. Who hears nothing asks whether it is still there."""
        try:
            return self.read()
        except Silence:
            self.connection.send_command("PING", check_health=False)
            return self.read()

    def take(self, kind, channel, data=None):
        if kind == b"message" and channel != self.own:
            self.attempt(channel, data)
            self.give_turn()
        elif kind in (b"subscribe", b"unsubscribe"):
            self.confirm(channel)

    def attempt(self, channel, data):
        try:
            self.hear(channel, data)
        except Exception:  # noqa: BLE001 - the next one is another one
            if time.monotonic() > self.complained_at + COMPLAIN_EVERY:
                self.complained_at = time.monotonic()
                log.exception("what another process said could not be handled")

    def give_turn(self):
        """So that others live while more comes than can be handled."""
        self.count += 1
        if not self.count % TURN:
            time.sleep(0)

    def confirm(self, channel):
        with self.confirmed:
            self.unanswered[channel] -= 1
            if self.unanswered[channel] <= 0:
                del self.unanswered[channel]
            self.confirmed.notify_all()

    def lost(self):
        with self.confirmed:
            self.asked.clear()
            self.unanswered.clear()
            self.confirmed.notify_all()
