"""The load generator of `make bench-scale`: some processes, each with thousands of connections.

Each is one thread around one epoll. `Crowds` starts them, and tells all of them what to do.
"""

import heapq
import math
import multiprocessing
import random
import select
from array import array
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

from bench.guests import Guest
from bench.load import PATIENCE, LoadError, raise_file_limit
from bench.servers import cpu_of

AT_ONCE = 32
"""Connections of one crowd on their way in."""

WAIT_FOR_IT, TRY_AGAIN = 0.25, 1
"""Seconds before a guest asks for a number that was left out, and before one who was sent away
comes again."""


COUNTED = ("refused", "twice", "asked", "caught_up", "sent_away")


def times():
    return array("f")


@dataclass
class Heard:
    """What a crowd has seen since it was last asked. Times in milliseconds.

    `delivered`: {room: times} from being said to being seen; `answered`: times from being said to
    the answer; `late`: how much later than planned something was said; `heads`: {room: the highest
    number that was acknowledged}.
    """

    delivered: dict = field(default_factory=dict)
    answered: array = field(default_factory=times)
    late: array = field(default_factory=times)
    heads: dict = field(default_factory=dict)
    refused: int = 0
    twice: int = 0
    asked: int = 0
    caught_up: int = 0
    sent_away: int = 0

    def __iadd__(self, other):
        for room, waited in other.delivered.items():
            self.delivered.setdefault(room, times()).extend(waited)
        for room, number in other.heads.items():
            self.heads[room] = max(number, self.heads.get(room, 0))
        for name in ("answered", "late", *COUNTED):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


@dataclass(frozen=True)
class Talk:
    """Who says how much: in the `large` room so many `messages` a second in all; everywhere else
    each person something `every` so many seconds."""

    every: float
    large: int
    messages: float


class Crowd:
    """`places`: (peers.Person, port) of those who are to connect; `number` of `crowds`."""

    def __init__(self, places, number, crowds):
        raise_file_limit()
        self.epoll = select.epoll()
        self.guests = [Guest(self, *place) for place in places]
        self.handlers, self.later = {}, []
        self.entering, self.is_told, self.numbers = 0, False, count()
        self.number, self.crowds, self.random = number, crowds, random.Random(number)
        self.heard = Heard()

    # What guests tell

    def let_in(self):
        self.entering -= 1

    def note_delivery(self, room, nanoseconds):
        self.heard.delivered.setdefault(room, times()).append(nanoseconds / 1e6)

    def note_answer(self, room, facts, nanoseconds):
        if facts["ok"]:
            self.heard.answered.append(nanoseconds / 1e6)
            self.heard.heads[room] = max(facts["seq"], self.heard.heads.get(room, 0))
        else:
            self.heard.refused += 1

    def ask_later(self, guest):
        self.do_later(WAIT_FOR_IT, guest.ask)

    def come_again(self, guest):
        """Somebody was not let in: they come again, as a browser does."""
        self.heard.sent_away += 1
        self.entering -= 1
        self.epoll.unregister(guest.socket.fileno())
        guest.begin_anew()
        self.do_later(TRY_AGAIN, lambda: self.start(guest, guest.socket.fileno()))

    def do_later(self, seconds, do):
        heapq.heappush(self.later, (perf_counter() + seconds, next(self.numbers), do))

    # How time passes

    def turn(self, timeout):
        """Wait for up to `timeout` seconds, and take what has come. Returns whether any has."""
        events = self.epoll.poll(timeout)
        handlers = self.handlers
        for file, _ in events:
            handlers[file]()
        while self.later and self.later[0][0] < perf_counter():
            heapq.heappop(self.later)[-1]()
        return bool(events)

    def turn_until(self, moment):
        self.turn(0)
        while (left := moment - perf_counter()) > 0:
            self.turn(min(left, 0.1))

    def turn_while(self, condition, longest=math.inf):
        """Until it is false, or nothing has come for so many seconds."""
        last = perf_counter()
        while condition() and perf_counter() < last + longest:
            if self.turn(0.1):
                last = perf_counter()

    def obey(self, pipe):
        """Do what comes by the pipe, (name, *arguments), and answer; meanwhile time passes."""
        self.epoll.register(pipe.fileno(), select.EPOLLIN)
        self.handlers[pipe.fileno()] = lambda: setattr(self, "is_told", True)
        while True:
            self.turn_while(lambda: not self.is_told)
            name, *arguments = pipe.recv()
            self.is_told = False
            pipe.send(getattr(self, name)(*arguments))

    # What it is told to do

    def connect(self):
        """Returns the seconds until all were in."""
        begin = perf_counter()
        for guest in self.guests:
            self.start(guest, guest.socket.fileno())
            self.turn_while(lambda: self.entering >= AT_ONCE, PATIENCE)
        self.turn_while(lambda: self.entering or self.later, PATIENCE)
        if self.entering:
            raise LoadError(f"{self.entering} did not get in")
        return perf_counter() - begin

    def start(self, guest, file):
        def connected():
            guest.connected()
            self.handlers[file] = guest.readable
            self.epoll.modify(file, select.EPOLLIN)

        self.entering += 1
        self.handlers[file] = connected
        self.epoll.register(file, select.EPOLLOUT)
        guest.socket.connect_ex(("127.0.0.1", guest.port))

    def talk(self, talk, seconds):
        """An open loop: nobody waits for an answer before they say the next."""
        begin = perf_counter()
        for offset, guest in sorted(self.moments(talk, seconds), key=lambda moment: moment[0]):
            self.turn_until(begin + offset)
            self.heard.late.append(1000 * (perf_counter() - begin - offset))
            guest.say()
        self.turn_until(begin + seconds)

    def moments(self, talk, seconds):
        """(seconds from the beginning, who says something then)"""
        for guest in self.guests:
            offset = self.random.uniform(0, talk.every)
            while guest.person.room != talk.large and offset < seconds:
                yield offset, guest
                offset += talk.every
        crowded = [guest for guest in self.guests if guest.person.room == talk.large]
        for number in range(self.number, int(talk.messages * seconds), self.crowds):
            yield number / talk.messages, self.random.choice(crowded)

    def go_on(self):
        """A closed loop: the first person of each room says something after each answer."""
        for guest in self.guests:
            if guest.person.number == 0:
                guest.goes_on = True
                guest.say()

    def stop(self):
        for guest in self.guests:
            guest.goes_on = False

    def hear_anew(self):
        """What was counted so far."""
        heard, self.heard = self.heard, Heard()
        return heard

    def settle(self, heads):
        """Wait for what was acknowledged: {room: the highest number}. Returns who lacks something:
        (room, person, has, should have)."""

        def behind():
            return [
                guest for guest in self.guests if guest.through < heads.get(guest.person.room, 0)
            ]

        give_up = perf_counter() + PATIENCE / 3
        while behind() and perf_counter() < give_up:
            self.turn_until(perf_counter() + 0.5)
        return [
            (guest.person.room, guest.person.number, guest.through, heads[guest.person.room])
            for guest in behind()
        ]


class Crowds:
    """`with Crowds(places, count) as crowds: crowds.tell("connect")` in processes of their own."""

    def __init__(self, places, count):
        self.parts = [places[number::count] for number in range(count)]

    def __enter__(self):
        system = multiprocessing.get_context("fork")
        self.pipes, self.processes = [], []
        for number, part in enumerate(self.parts):
            pipe, other = system.Pipe()
            task = (other, part, number, len(self.parts))
            process = system.Process(target=be_a_crowd, args=task, daemon=True)
            process.start()
            self.pipes.append(pipe)
            self.processes.append(process)
        return self

    def __exit__(self, *exception):
        for process in self.processes:
            process.terminate()
            process.join()

    def tell(self, *what):
        """Have all of them do something, by the name of a Crowd's method; their answers."""
        for pipe in self.pipes:
            pipe.send(what)
        answers = [pipe.recv() for pipe in self.pipes]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def heard(self):
        """What all have heard since this was asked last."""
        together = Heard()
        for heard in self.tell("hear_anew"):
            together += heard
        return together

    def cpu(self):
        """Seconds of CPU that each has used."""
        return [cpu_of(process.pid) for process in self.processes]


def be_a_crowd(pipe, *arguments):
    try:
        Crowd(*arguments).obey(pipe)
    except Exception as error:  # noqa: BLE001 - whatever it is, who waits for an answer gets it
        pipe.send(LoadError(repr(error)))
