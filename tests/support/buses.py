"""Buses for tests: each keeps what it hears, and how often it was back."""

import threading
import time

from parlor.bus import Bus

SOON = 15


def until(holds, seconds=SOON):
    """Return when it does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Ears:
    """A bus with somebody who listens: `alice.bus`, `alice.wait_for(3)`."""

    def __init__(self, url):
        self.messages, self.backs = [], 0
        self.news = threading.Condition()
        self.bus = Bus(url, self.hear, self.back)
        self.bus.start()

    def hear(self, channel, data):
        with self.news:
            self.messages.append((channel, data))
            self.news.notify_all()

    def back(self):
        with self.news:
            self.backs += 1
            self.news.notify_all()

    def wait_until_back(self, times=1):
        with self.news:
            assert self.news.wait_for(lambda: self.backs >= times, SOON), self.backs

    def wait_for(self, count):
        """The first so many messages."""
        with self.news:
            came = self.news.wait_for(lambda: len(self.messages) >= count, SOON)
            assert came, f"{len(self.messages)} of {count} came"
            return self.messages[:count]

    def follow(self, *channels):
        """Follow, and return when that is confirmed."""
        for channel in channels:
            self.bus.follow(channel)
        assert self.bus.wait_followed(channels, SOON)

    def hears(self, channel, data):
        """Wait for a message, whatever came before it."""
        with self.news:
            assert self.news.wait_for(lambda: (channel, data) in self.messages, SOON)
