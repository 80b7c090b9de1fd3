"""What senders and receivers have in common: a socket that comes back whatever happens."""

import json
import random
import threading
import time
from contextlib import closing

from tests.faults.link import PATIENCE, Link, Lost
from tests.support.wire import cookies, event

TURN = 0.1
"""Seconds after which a client looks what is due, when nothing comes."""


class Client(threading.Thread):
    """A member of the room `code`, on one socket at a time, as docs/protocol.md tells.

    `door`: has the `port` and `host` to connect to, asked anew each time. `back`: after how many
    seconds it tries again, at random between the two. `silence`: after how many without a packet it
    gives the line up (as long as the server's opening says, by default).
    """

    def __init__(self, person, code, door, back=(0.1, 1), silence=None):
        super().__init__(daemon=True, name=person.name)
        self.code, self.door, self.back, self.silence = code, door, back, silence
        self.user_id = None
        self.cookie = cookies(person)
        self.over = threading.Event()
        self.link = None
        self.is_in = False
        self.within = None
        self.calls, self.number = {}, 0
        self.arrivals, self.losses, self.refusals = [], [], []
        self.presence, self.restarts = [], []
        self.roster, self.count = {}, 0
        """(time.monotonic(), what), oldest first: when it was back in the room; why a connection
        ended or failed; refusals to connect; the payloads of `presence`; what `restart` said.
        And who it shows as here, {user id: name}, out of how many."""

    # A life of visits

    def run(self):
        while not self.over.is_set():
            try:
                self.visit()
            except (Lost, OSError) as error:
                self.losses.append((time.monotonic(), repr(error)))
            self.leave()
            self.over.wait(self.pause())

    def visit(self):
        patience = self.silence or PATIENCE
        line = Link(self.door.port, self.cookie, patience, host=self.door.host)
        with closing(line) as self.link:
            heard = time.monotonic()
            while not self.over.is_set():
                packets = self.link.receive(self.rest())
                now = time.monotonic()
                for packet in packets:
                    if packet[0] == "0":
                        patience = self.greet(json.loads(packet[1:]))
                    else:
                        self.take(packet, now)
                heard = now if packets else heard
                if now - heard > patience:
                    raise Lost("silence")
                self.act(now)

    def leave(self):
        self.is_in = False
        self.calls = {}
        self.lost()

    def pause(self):
        """Seconds until the next try: as told by `restart`, else a moment."""
        within, self.within = self.within, None
        return random.uniform(0, within) if within else random.uniform(*self.back)

    def stop(self):
        self.over.set()

    # Packets

    def greet(self, opening):
        self.link.send("40" + json.dumps({"room": self.code, **self.knows()}))
        return self.silence or (opening["pingInterval"] + opening["pingTimeout"]) / 1000

    def take(self, packet, now):
        kind = packet[:2]
        if packet == "2":
            self.link.send("3")
        elif kind == "42":
            name, *data = json.loads(packet[2:])
            self.hear(name, data[0] if data else None, now)
        elif kind == "43":
            self.answer(packet[2:], now)
        elif kind == "44":
            self.refusals.append((now, json.loads(packet[2:])))
            raise Lost("refused")
        elif kind == "41" or packet == "1":
            raise Lost("told to go")

    def answer(self, packet, now):
        number, bracket, rest = packet.partition("[")
        call = self.calls.pop(int(number), None)
        if call:
            call(json.loads(bracket + rest)[0], now)

    def call(self, name, data, done):
        """Send an event; `done(answer, now)` is called if an answer comes on this connection."""
        self.number += 1
        self.calls[self.number] = done
        self.link.send(event(name, data, ack=self.number))

    def hear(self, name, data, now):
        if name == "room":
            self.is_in, self.user_id = True, data["me"]["user_id"]
            self.roster = {one["user_id"]: one["name"] for one in data["members"]}
            self.count = data["count"]
            self.enter(data, now)
            self.arrivals.append((now, data["through"]))
        elif name == "message":
            self.receive(data, now)
        elif name == "head":
            self.told_head(data["seq"], now)
        elif name == "presence":
            self.presence.append((now, data))
            self.see(data)
        elif name == "restart":
            self.within = data["within"]
            self.restarts.append((now, data["within"]))

    def see(self, presence):
        """Who came and went; `left` before `joined`."""
        for one in presence["left"]:
            self.roster.pop(one["user_id"], None)
        self.roster |= {one["user_id"]: one["name"] for one in presence["joined"]}
        self.count = presence["count"]

    # What each kind of client does its own way

    def knows(self):
        """What of `auth` says how much is known."""
        return {}

    def enter(self, room, now):
        """Back in the room."""

    def lost(self):
        """The connection has ended."""

    def receive(self, message, now):
        """A message to the room."""

    def told_head(self, seq, now):
        """There are so many."""

    def act(self, now):
        """Do what is due."""

    def rest(self):
        """Seconds until something is due."""
        return TURN
