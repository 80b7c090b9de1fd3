"""What the processes of one Parlor tell each other, where there are several.

A **deed** is a function that is done here, and then in each process that follows its channel: what
one process decides is seen by the sockets of all. A channel belongs to a room (`room:5`: followed
by processes with people in it, or watching it), to a person (`person:7`), or to `everyone`.
Messages go as finished frames instead, which are only written out.

What is told may be lost, where Redis is: so nothing is told that the database does not know, or
that is not told again (neighbours.py, and `head`).
"""

import secrets
from functools import wraps
from threading import Lock

import orjson

from parlor.bus import Alone
from parlor.live_room import LiveRoom

EVERYONE = "everyone"

DEED, FRAME = b"d", b"f"
"""What comes after the sender's name."""

me = secrets.token_hex(4).encode()
"""This process, among those that tell."""


class Peers:
    """The other processes, as one may speak to them. `bus`: as of bus.py."""

    def __init__(self):
        self.deeds = {}
        self.lock = Lock()
        self.configure()

    def configure(self, bus=None, find_room=None, pass_on=None, run=None):
        """Start with nobody followed.

        `find_room(id, code)`: the LiveRoom that a deed is about; `pass_on(room, version, frame)`:
        gives a frame to sockets; `run(do, *arguments)`: does what may wait beside everything
        else, in the app's context.
        """
        self.bus = bus or Alone()
        self.find_room, self.pass_on, self.run = find_room, pass_on, run
        self.reasons = {}
        self.met = False
        self.follow(EVERYONE, "always")

    def have_met(self):
        """Whether where processes meet has been reached since the start. Later it may be away."""
        self.met = self.met or self.bus.well_since is not None
        return self.met

    def follow(self, channel, why):
        """Hear a channel, until `unfollow` has taken every reason away."""
        with self.lock:
            reasons = self.reasons.setdefault(channel, set())
            reasons.add(why)
            if len(reasons) == 1:
                self.bus.follow(channel)

    def unfollow(self, channel, why):
        with self.lock:
            reasons = self.reasons.get(channel, set())
            reasons.discard(why)
            if not reasons and self.reasons.pop(channel, None) is not None:
                self.bus.unfollow(channel)

    def tell(self, channel, name, *arguments):
        """Have a deed done in other processes. Waits for nothing."""
        if self.bus.is_shared:
            said = orjson.dumps([name, *map(portable, arguments)])
            self.bus.publish(channel, me + DEED + said)

    def send_frame(self, channel, room, version, frame):
        """Have a frame written out in other processes. `version`: the number it brings."""
        if self.bus.is_shared:
            head = b"%d %s %d\n" % (room.id, room.code.encode(), version)
            self.bus.publish(channel, me + FRAME + head + frame)

    def hear(self, channel, data):
        """Something came on a channel. Raises what it likes: it may be of another version."""
        sender, kind, said = data[: len(me)], data[len(me) : len(me) + 1], data[len(me) + 1 :]
        if sender != me:
            self.take(kind, said)

    def take(self, kind, said):
        if kind == FRAME:
            head, _, frame = said.partition(b"\n")
            id, code, version = head.split(b" ")
            self.pass_on(self.find_room(int(id), code.decode()), int(version), frame)
        elif kind == DEED:
            name, *arguments = orjson.loads(said)
            self.do(name, *map(self.here, arguments))
        else:
            raise ValueError("neither a deed nor a frame")

    def do(self, name, *arguments):
        deed, waits = self.deeds[name]
        if waits:
            self.run(deed, *arguments)
        else:
            deed(*arguments)

    def here(self, argument):
        """What `portable` has made, in this process."""
        is_room = isinstance(argument, dict) and argument.keys() == {"room id", "code"}
        return self.find_room(*argument.values()) if is_room else argument


def portable(argument):
    """An argument as it goes from process to process: a LiveRoom by its id and code."""
    if isinstance(argument, LiveRoom):
        return {"room id": argument.id, "code": argument.code}
    return argument


peers = Peers()
"""This process's. Configured when an app is made."""


def everywhere(channel, waits=False):
    """Make a function a deed. `channel(*arguments)`: whom it concerns; `waits`: whether it may wait
    where it was told. Arguments are LiveRooms, and what JSON has. `deed.here` does it here alone.
    """

    def register(do):
        peers.deeds[do.__name__] = do, waits

        @wraps(do)
        def deed(*arguments):
            result = do(*arguments)
            peers.tell(channel(*arguments), do.__name__, *arguments)
            return result

        deed.here = do
        return deed

    return register


def elsewhere(channel):
    """Make a function a deed that is done in other processes alone."""

    def register(do):
        peers.deeds[do.__name__] = do, False

        @wraps(do)
        def deed(*arguments):
            peers.tell(channel(*arguments), do.__name__, *arguments)

        return deed

    return register


def of_room(room, *_):
    """The channel of the LiveRoom that a deed is about."""
    return f"room:{room.id}"


def of_person(user_id, *_):
    """The channel of the user whom a deed is about."""
    return f"person:{user_id}"


def of_everyone(*_):
    return EVERYONE
