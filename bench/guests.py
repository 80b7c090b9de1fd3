"""People who are connected: each sees what comes, and asks for what it has missed.

As static/js/catchup.js does: a number that is left out may be on its way, so a guest waits a moment
before it asks. Every payload is read: what a guest has, it has seen.
"""

import socket
from time import perf_counter_ns

import orjson

from bench.load import LoadError
from bench.wire import PONG, TEXT_BYTES, frame, upgrade

READ = 64 * 1024
"""Bytes taken from a socket at once."""

PINGED, OPENED, REFUSED, EVENT, ANSWER = b"2", b"0{", b"44", b"42", b"43"
SYNC = 0
"""The id of each `sync`; messages count from 1."""


class Guest:
    """One connection, of a peers.Person, to the server at `port`. `crowd`: its crowds.Crowd.

    It has everything up to `through`, and what is in `above`; there is something up to `highest`.
    """

    __slots__ = (
        "above", "asks", "crowd", "goes_on", "highest", "person", "port", "rest", "said",
        "said_at", "socket", "through",
    )  # fmt: skip

    def __init__(self, crowd, person, port):
        self.crowd, self.person, self.port = crowd, person, port
        self.through, self.highest, self.above, self.asks = 0, 0, set(), False
        self.said, self.said_at, self.goes_on = 0, {}, False
        self.open_socket()

    def open_socket(self):
        self.rest = b""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def begin_anew(self):
        self.socket.close()
        self.open_socket()

    # The line

    def connected(self):
        """TCP is there: ask for the WebSocket."""
        host = f"127.0.0.1:{self.port}"
        self.socket.send(upgrade(host, self.person.path, self.person.headers))

    def readable(self):
        data = self.socket.recv(READ)
        if not data:
            raise LoadError(f"{self.person.name} was cut off by the server")
        self.rest = self.read(self.rest + data)

    def read(self, data):
        """Hear all frames in `data`. Returns the beginning of the next one."""
        if data.startswith(b"HTTP"):
            head, complete, data = data.partition(b"\r\n\r\n")
            if not complete:
                return head
            if b" 101 " not in head:
                raise LoadError(f"no WebSocket for {self.person.name}: {head}")
        at = 0
        while at + 2 <= len(data):
            length, start = data[at + 1], at + 2
            if length > 125:
                start += 2 if length == 126 else 8
                length = int.from_bytes(data[at + 2 : start])
            if start + length > len(data):
                break
            at = start + length
            self.hear(data[start:at])
        return data[at:]

    def hear(self, payload):
        kind = payload[:2]
        if kind == EVENT:
            event, facts = orjson.loads(payload[2:])
            if event in EVENTS:
                EVENTS[event](self, facts)
        elif kind == ANSWER:
            begin = payload.index(b"[")
            self.answered(int(payload[2:begin]), *orjson.loads(payload[begin:]))
        elif kind == PINGED:
            self.push(PONG)
        elif kind == OPENED:
            self.push(self.person.greeting)
        elif kind == REFUSED:
            self.crowd.come_again(self)

    def push(self, payload):
        self.socket.send(frame(payload))

    # Talking

    def say(self):
        """Say something: when that was."""
        self.said += 1
        moment = self.said_at[self.said] = perf_counter_ns()
        words = (b"%019d" % moment).ljust(TEXT_BYTES, b".")
        self.push(b'42%d["message",{"data":"%s"}]' % (self.said, words))

    def answered(self, id, facts):
        if id == SYNC:
            self.take(facts)
            return
        waited = perf_counter_ns() - self.said_at.pop(id)
        self.crowd.note_answer(self.person.room, facts, waited)
        if self.goes_on:
            self.say()

    # Hearing

    def enter(self, room):
        self.through = self.highest = room["through"]
        self.crowd.let_in()

    def receive(self, message):
        number = message["version"]
        if number <= self.through or number in self.above:
            self.crowd.heard.twice += 1
            return
        self.have(message)
        self.above.add(number)
        self.head({"seq": number})

    def have(self, message):
        waited = perf_counter_ns() - int(message["message"][:19])
        self.crowd.note_delivery(self.person.room, waited)

    def head(self, facts):
        """The room's counter is there."""
        self.highest = max(self.highest, facts["seq"])
        while self.through + 1 in self.above:
            self.through += 1
            self.above.remove(self.through)
        if self.highest > self.through and not self.asks:
            self.asks = True
            self.crowd.ask_later(self)

    def ask(self):
        """Ask for what is missing, if it still is."""
        self.asks = self.highest > self.through
        if self.asks:
            self.crowd.heard.asked += 1
            self.push(b'42%d["sync",{"after":%d}]' % (SYNC, self.through))

    def take(self, page):
        """The answer to that."""
        self.asks = False
        for message in page["messages"]:
            number = message["version"]
            if number > self.through and number not in self.above:
                self.crowd.heard.caught_up += 1
                self.have(message)
        self.through = max(self.through, page["through"])
        self.above = {number for number in self.above if number > self.through}
        self.head({"seq": self.through + page["more"]})


EVENTS = {"message": Guest.receive, "head": Guest.head, "room": Guest.enter}
