"""What connections cost: the memory of idle ones, and the time when everyone comes back at once."""

import json
import time
from time import perf_counter
from urllib.request import Request, urlopen

from bench.load import BUFFER, Crowd, Member, new_from
from bench.servers import Server

WARMING = 50
"""Connections before the first look at the memory: what is loaded once is not theirs."""

TOO_LONG = 60
"""Seconds after which nobody waits for a comeback any more."""

ASK_EVERY = 0.5
"""Seconds between two looks at the counts over HTTP, where no `presence` has told them."""


def memory_run(peer, sizes):
    """Kilobytes (1000 bytes) of the server for each idle connection."""
    with Server(peer, sizes) as server:
        return memory_on(server)


def memory_on(server):
    with Crowd(server) as crowd:
        crowd.connect(server.people[:WARMING])
    time.sleep(1)
    before = server.memory()
    with Crowd(server) as crowd:
        crowd.connect(server.people)
        crowd.quiet_down()
        grown = server.memory() - before
    return {"KB/connection": grown / len(server.people) / 1000}


class Returner(Member):
    """One of those who come back: counts `presence`, and sees when it tells the right count."""

    mark = b'42["presence"'
    __slots__ = ("right",)

    def __init__(self, crowd, person):
        super().__init__(crowd, person)
        self.right = b'"count":%d}' % crowd.server.sizes[person.room]

    def readable(self):
        end = super().readable()
        if BUFFER.find(self.right, new_from(self.right), end) >= 0:
            self.crowd.right_rooms.add(self.person.room)
        return end


class Comeback(Crowd):
    """Everybody connects at once. `counts`: whether the server tells how many are in a room."""

    def __init__(self, server):
        super().__init__(server)
        self.right_rooms = set()
        self.counts = server.peer.name == "parlor"

    def run(self):
        """Seconds until all are in and every room's count is right, and what came meanwhile."""
        people = self.server.people
        begin, cpu = perf_counter(), self.server.cpu()
        for person in people:
            self.start(Returner(self, person))
        self.turn_while(lambda: self.entering and perf_counter() < begin + TOO_LONG)
        entered = perf_counter() - begin
        self.wait_for_counts(begin + TOO_LONG)
        seconds = perf_counter() - begin
        figures = {
            "seconds": seconds,
            "all in s": entered,
            "joins/s": (len(people) - self.entering) / seconds,
            "server cpu s": self.server.cpu() - cpu,
        }
        self.quiet_down(longest=TOO_LONG / 4)
        return {**figures, "presence frames": self.deliveries(), "missing": self.missing()}

    def missing(self):
        """People who are not in, and rooms whose count is wrong."""
        return self.entering + (len(self.wrong_rooms()) if self.counts else 0)

    def wrong_rooms(self):
        return [room for room in range(len(self.server.sizes)) if room not in self.right_rooms]

    def wait_for_counts(self, deadline):
        ask_at = perf_counter() + ASK_EVERY
        while self.counts and self.wrong_rooms() and perf_counter() < deadline:
            self.turn(0.01)
            if perf_counter() > ask_at:
                self.ask_for_counts()
                ask_at = perf_counter() + ASK_EVERY

    def ask_for_counts(self):
        for room in self.wrong_rooms():
            person = next(person for person in self.server.people if person.room == room)
            if count_in(self.server, person) != self.server.sizes[room]:
                return
            self.right_rooms.add(room)


def count_in(server, person):
    """How many are in the person's room, as the server says; None if it does not say so soon."""
    _, cookie = person.headers[0].split(": ", 1)
    request = Request(f"{server.url}/api/chat/rooms/{person.code}", headers={"Cookie": cookie})
    try:
        with urlopen(request, timeout=2) as answer:
            return json.load(answer)["count"]
    except OSError:
        return None


def comeback_run(peer, sizes):
    with Server(peer, sizes) as server:
        return comeback_on(server)


def comeback_on(server):
    with Comeback(server) as crowd:
        return crowd.run()
