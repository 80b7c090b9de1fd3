"""The load generator: many WebSocket connections in one thread, counting instead of parsing.

All connections share one large buffer: what comes is counted there, and only the few bytes in which
a text may be cut are kept. So a message costs the generator less than it costs any server.
"""

import re
import resource
import select
import socket
from time import perf_counter

from bench.check import disorder, miscounts
from bench.wire import COUNTER, MARK, PING, PONG, TAIL, frame, own_mark, text, upgrade

BUFFER = bytearray(TAIL + 256 * 1024)
WINDOW = memoryview(BUFFER)[TAIL:]
AT_ONCE = 64
"""Connections on their way in, where nobody asks for more."""

PATIENCE = 60
"""Seconds without any progress after which a load has failed."""

QUIET = 0.3
"""Seconds in which nothing may come, once everything has come."""

PING_EVERY = re.compile(rb'"pingInterval":(\d+)')


class LoadError(Exception):
    """The load could not be run: a server refused, closed or fell silent."""


def new_from(mark):
    """Where `mark` may begin in BUFFER: one that began before was complete, and counted, before."""
    return TAIL - len(mark) + 1


class Member:
    """One connection: of somebody in a room, who listens, and counts what holds `mark`.

    `person`: a peers.Person. `transcript`: a list that gets all bytes, where the order is checked.
    """

    mark = MARK
    __slots__ = (
        "count", "crowd", "file", "greeted", "heard", "person", "ping_at", "ping_every",
        "socket", "start", "tail", "transcript", "waits_for",
    )  # fmt: skip

    def __init__(self, crowd, person):
        self.crowd, self.person = crowd, person
        self.count, self.start = 0, new_from(self.mark)
        self.tail = bytes(TAIL)
        self.heard = b""  # the beginning, until the server has been greeted
        self.greeted = False
        self.waits_for = set(person.ready)
        self.ping_every, self.ping_at = None, float("inf")
        self.transcript = None
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.fileno()

    def connected(self):
        """TCP is there: ask for the WebSocket."""
        person = self.person
        self.socket.send(upgrade(self.crowd.host, person.path, person.headers))
        self.crowd.listen(self)

    def readable(self):
        """Take what has come. Returns where it ends in BUFFER."""
        BUFFER[:TAIL] = self.tail
        size = self.socket.recv_into(WINDOW)
        if not size:
            raise LoadError(f"{self.person.name} was cut off by the server")
        end = TAIL + size
        self.count += BUFFER.count(self.mark, self.start, end)
        if self.waits_for or not self.greeted:
            self.enter(end)
        elif self.crowd.now > self.ping_at:
            self.look_for_ping(end)
        if self.transcript is not None:
            self.transcript.append(bytes(WINDOW[:size]))
        self.tail = BUFFER[size:end]
        return end

    def enter(self, end):
        """On the way in: greet the server once it has opened, then wait until it has let us in."""
        if not self.greeted:
            self.heard += BUFFER[TAIL:end]
            self.greet()
        if self.greeted:
            self.waits_for = {sign for sign in self.waits_for if BUFFER.find(sign, 0, end) < 0}
            if BUFFER.find(b"44{", 0, end) >= 0 and self.waits_for:
                raise LoadError(f"{self.person.name} was refused: {BUFFER[TAIL:end]}")
            if not self.waits_for:
                self.crowd.let_in(self)

    def greet(self):
        head, complete, rest = self.heard.partition(b"\r\n\r\n")
        if complete and b" 101 " not in head:
            raise LoadError(f"no WebSocket for {self.person.name}: {self.heard}")
        if not complete or (self.person.greeting and b"}" not in rest):
            return
        if self.person.greeting:
            self.ping_every = int(PING_EVERY.search(rest)[1]) / 1000
            self.ping_at = self.crowd.now + 0.75 * self.ping_every
            self.socket.send(frame(self.person.greeting))
        self.greeted, self.heard = True, b""

    def look_for_ping(self, end):
        if BUFFER.find(PING, TAIL - len(PING) + 1, end) >= 0:
            self.socket.send(frame(PONG))
            self.ping_at = self.crowd.now + 0.75 * self.ping_every


class Talker(Member):
    """A connection that also talks, `number` telling it from the room's others.

    In a closed loop (`goes_on`) it says the next message as soon as it sees its own come back.
    """

    __slots__ = ("goes_on", "latencies", "number", "own", "said_at", "write")

    def __init__(self, crowd, person):
        super().__init__(crowd, person)
        peer, self.number = crowd.server.peer, person.number
        self.write = peer.write_for_ack if crowd.acks else peer.write
        self.own = own_mark(self.number)
        self.goes_on = False
        self.said_at, self.latencies = [], []

    def say(self, messages=1):
        first, moment = len(self.said_at), perf_counter()
        packets = [
            frame(self.write(text(self.number, counter), counter))
            for counter in range(first, first + messages)
        ]
        self.said_at += [moment] * messages
        self.socket.send(b"".join(packets))

    def readable(self):
        end = super().readable()
        at = BUFFER.find(self.own, COUNTER, end)  # COUNTER is new_from(self.own)
        if at < 0:
            return
        moment, echoes = perf_counter(), 0
        while at >= 0:
            self.latencies.append(moment - self.said_at[int(BUFFER[at - COUNTER : at])])
            echoes += 1
            at = BUFFER.find(self.own, at + len(self.own), end)
        if self.goes_on:
            self.say(echoes)


class Crowd:
    """All connections to one server, a servers.Server. `acks`: each message asks for an answer."""

    def __init__(self, server, acks=False):
        raise_file_limit()
        self.server, self.acks = server, acks
        self.host = f"127.0.0.1:{server.port}"
        self.epoll = select.epoll()
        self.handlers = {}  # file -> what to call when something has come
        self.members, self.talkers = [], []
        self.entering = 0
        self.now = perf_counter()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for member in self.members:
            member.socket.close()
        self.epoll.close()

    # How they come.

    def connect(self, people, kind=Member):
        """Connect all of `people`, some at a time; return when all are in. Returns them."""
        members = [kind(self, person) for person in people]
        for member in members:
            self.start(member)
            self.turn_while(lambda: self.entering >= AT_ONCE)
        self.turn_while(lambda: self.entering)
        return members

    def connect_talkers(self, people):
        self.talkers += self.connect(people, Talker)

    def start(self, member):
        self.members.append(member)
        self.entering += 1
        self.handlers[member.file] = member.connected
        self.epoll.register(member.file, select.EPOLLOUT)
        member.socket.connect_ex(("127.0.0.1", self.server.port))

    def listen(self, member):
        self.handlers[member.file] = member.readable
        self.epoll.modify(member.file, select.EPOLLIN)

    def let_in(self, member):
        self.entering -= 1

    # How time passes.

    def turn(self, timeout):
        """Wait for up to `timeout` seconds, and take what has come. Returns whether any has."""
        events = self.epoll.poll(timeout)
        self.now = perf_counter()
        handlers = self.handlers
        for file, _ in events:
            handlers[file]()
        return bool(events)

    def turn_while(self, condition):
        silent_since = perf_counter()
        while condition():
            if self.turn(0.1):
                silent_since = self.now
            elif self.now - silent_since > PATIENCE:
                raise LoadError(f"{self.server.peer.name} fell silent:\n{self.server.log()}")

    def turn_until(self, moment):
        self.turn(0)
        while (left := moment - perf_counter()) > 0:
            self.turn(left)

    def quiet_down(self, quiet=QUIET, longest=PATIENCE):
        """Wait until nothing has come for `quiet` seconds."""
        last = start = perf_counter()
        while (now := perf_counter()) < last + quiet and now < start + longest:
            if self.turn(quiet / 3):
                last = self.now

    # What is said, and what has come.

    def talk(self, under_way, seconds):
        """A closed loop: each talker has so many messages under way. Goes on if it was talking."""
        for talker in self.talkers:
            if not talker.goes_on:
                talker.goes_on = True
                talker.say(under_way)
        self.turn_until(perf_counter() + seconds)

    def talk_at(self, rate, seconds):
        """An open loop: `rate` messages a second in all, the talkers in turn."""
        start = perf_counter()
        for number in range(int(rate * seconds)):
            self.turn_until(start + number / rate)
            self.talkers[number % len(self.talkers)].say()

    def stop(self):
        for talker in self.talkers:
            talker.goes_on = False

    def said(self):
        """{room: {talker: messages}}, of all rooms."""
        rooms = {member.person.room: {} for member in self.members}
        for talker in self.talkers:
            rooms[talker.person.room][talker.number] = len(talker.said_at)
        return rooms

    def deliveries(self):
        return sum(member.count for member in self.members)

    def settle(self):
        """After `stop`: wait for what is under way. Returns what is wrong with what has come."""
        said = self.said()
        expected = {room: sum(counts.values()) for room, counts in said.items()}
        self.wait_for_deliveries(sum(expected[member.person.room] for member in self.members))
        received = [(m.person.room, m.person.number, m.count) for m in self.members]
        faults = miscounts(expected, received)
        for member in self.members:
            if member.transcript is not None:
                faults += disorder(b"".join(member.transcript), said[member.person.room])
        return faults

    def wait_for_deliveries(self, expected, longest=5):
        """Until so many have come, or nothing has for `longest` seconds; then for more."""
        last = perf_counter()
        while self.deliveries() < expected and perf_counter() < last + longest:
            if self.turn(0.1):
                last = self.now
        self.quiet_down()


def raise_file_limit():
    """As far as allowed; the servers, started later, inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
