"""Who else is in the rooms into which somebody has come on this process: asked of Redis, for many
rooms at a time, and asked again where it did not say.

What is heard between question and answer may be older than the answer, or newer. Either way the
latest that is heard of somebody is how it is in the end: so it is put over the answer.
"""

import logging
from threading import Event

from parlor import relay
from parlor.bus import Away
from parlor.peers import of_room
from parlor.presence import presence
from parlor.rooms import live

log = logging.getLogger(__name__)

SETTLE = 1
"""Seconds that somebody who comes waits for word of who else is there."""

AT_ONCE = 200
"""Rooms that are asked for together."""


class Known:
    """A room with people on this process. `whole_at`: since when all who are elsewhere are known,
    and what is told of it is heard; `is_settled`: set once that was found out, or could not be;
    `is_late`: whether somebody was let in before that, without word of the others. `heard`: while
    it is asked, {(process, user id): the person who came, or None for who went}; `named`: likewise
    {user id: the person under another name}."""

    def __init__(self, room):
        self.room = room
        self.is_settled = Event()
        self.is_late = False
        self.whole_at = None
        self.is_asked = False
        self.heard, self.named = {}, {}

    def hear(self, process, user_id, person=None):
        """Somebody came on another process, or went."""
        if self.is_asked:
            self.heard[process, user_id] = person

    def hear_name(self, person):
        """Somebody has another name."""
        if self.is_asked:
            self.named[person[0]] = person

    def listen(self, is_asked):
        """From now on it is asked who else is there, or no more."""
        self.is_asked, self.heard, self.named = is_asked, {}, {}

    def put_together(self, found):
        """The answer, and what was heard meanwhile: [(process, person)]."""
        there = {(process, person[0]): person for process, person in found} | self.heard
        named = self.named
        return [(process, named.get(id, one)) for (process, id), one in there.items() if one]


class Inquiry:
    """`bus`, `register`, `heart`: as of their modules; `known`: {room id: Known}."""

    def __init__(self, bus, register, heart, known):
        self.bus, self.register, self.heart, self.known = bus, register, heart, known
        self.wanted: dict[int, Known] = {}
        self.unanswered: set[int] = set()  # rooms that were asked for in vain
        self.is_loading = False

    def want(self, room_id):
        """Find out soon who else is in a room."""
        with live.lock:
            if room_id not in self.known:
                return
            self.wanted[room_id] = self.known[room_id]
            is_first, self.is_loading = not self.is_loading, True
        if is_first:
            relay.in_background(self.load)

    def load(self):
        while some := self.take():
            found = self.ask(some)
            for id, known in some.items():
                if id in found:
                    self.learn(known, found[id])
                else:
                    self.unanswered.add(id)
                with live.lock:
                    known.listen(is_asked=False)
                known.is_settled.set()

    def take(self):
        with live.lock:
            some = dict(list(self.wanted.items())[:AT_ONCE])
            for id in some:
                del self.wanted[id]
                some[id].listen(is_asked=True)
            self.is_loading = bool(some)
            return some

    def ask(self, some):
        """As `read`; nothing where there is no answer, or what is told next may not be heard."""
        try:
            if self.bus.wait_followed([of_room(known.room) for known in some.values()], SETTLE):
                return self.read(list(some))
            log.info("Redis does not confirm what is followed")
        except Away:
            log.info("Redis does not say who else is there")
        except Exception:
            log.exception("who else is there cannot be read")
        return {}

    def ask_again(self):
        """What was asked in vain, where Redis was only slow."""
        if self.bus.well_since is not None:
            ids, self.unanswered = self.unanswered, set()
            for id in ids:
                self.want(id)

    def learn(self, known, found):
        """All who are elsewhere in a room."""
        with live.lock:
            if self.known.get(known.room.id) is not known:
                return
            there = known.put_together(found)
            came, left = live.learn(known.room, there, is_all=self.heart.is_sure)
            is_news = known.whole_at is not None or known.is_late
            known.whole_at, known.is_late = live.clock(), False
        if is_news and (came or left):
            presence.tell(known.room, joined=came, left=left)

    def read(self, room_ids):
        """{room id: [(process, person)]} of those on other processes that live. Raises Away."""
        found = self.register.people(room_ids)
        processes = {process for there in found.values() for process, _ in there}
        living = self.heart.living(processes)
        return {id: [one for one in there if one[0] in living] for id, there in found.items()}
