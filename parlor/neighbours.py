"""Who is on the other processes, where several serve the same rooms.

It is told as it changes, on the rooms' channels, and kept in Redis (register.py) for whoever comes
later, who asks for it (inquiry.py). What becomes of that when a process dies, or Redis, stands in
heartbeat.py.
"""

from contextlib import contextmanager

from parlor import relay
from parlor.bus import Away
from parlor.heartbeat import Heart
from parlor.inquiry import SETTLE, Inquiry, Known
from parlor.live_room import LiveRoom, Member
from parlor.peers import elsewhere, of_room, peers
from parlor.presence import presence
from parlor.replica import Nobody
from parlor.rooms import live

GLIMPSE = 1
"""Seconds for which changes are gathered in a room that is only seen from outside."""


class Neighbours(Nobody):
    """The other processes, as `LiveRooms.others`.

    What it is told, it is told under the rooms' lock, so that waits for nothing; `people`, `settle`
    and `have_left` may.
    """

    are_there = True

    def __init__(self, bus, register):
        self.bus, self.register = bus, register
        self.known: dict[int, Known] = {}  # rooms with people on this process
        self.glimpsed: dict[int, LiveRoom] = {}
        self.heart = Heart(bus, register, self)
        self.inquiry = Inquiry(bus, register, self.heart, self.known)

    @property
    def is_on_duty(self):
        return self.heart.is_on_duty

    # What this process tells

    def came(self, room, member):
        self.register.enter(room, member)
        person = member.user_id, member.name, member.picture, member.is_account
        appear(room, self.bus.process, person, bool(member.sockets))
        known = self.known.get(room.id)
        if known is None or known.room is not room:  # it was let go of, and is live again
            self.known[room.id] = Known(room)
            peers.follow(of_room(room), "people")
            self.inquiry.want(room.id)

    def renamed(self, room, person):
        known = self.known.get(room.id)
        if known:
            known.hear_name(person)

    def is_called(self, room, member):
        self.register.enter(room, member)

    def went(self, room, member):
        self.register.leave(room.id, member.user_id)
        if room.id in self.known:  # else it is closed
            self.looked_at(room)
        vanish(room, self.bus.process, member.user_id)

    def looked_at(self, room):
        if not room.lasts:
            self.register.see(room.id)

    def adopted(self, room):
        self.register.see_first(room.id)

    def closed(self, room):
        self.register.forget(room.id)
        self.forget(room)

    def forget(self, room):
        """Nobody here is in a room any more: who else is there is not known any more."""
        if self.known.pop(room.id, None):
            self.register.empty(room)
            peers.unfollow(of_room(room), "people")

    def let_go(self):
        """Of rooms in which nobody is left on this process."""
        with live.lock:
            for known in list(self.known.values()):
                if not any(member.is_mine for member in known.room.members.values()):
                    known.room.members.clear()
                    self.forget(known.room)

    # What it asks

    def knows(self, room):
        known = self.known.get(room.id)
        return known is not None and known.whole_at is not None

    def have_missed(self, room, at):
        return not self.knows(room) or self.known[room.id].whole_at > at

    def settle(self, room):
        known = self.known.get(room.id)
        if known and known.whole_at is None:
            known.is_settled.wait(SETTLE)
            known.is_late |= known.whole_at is None

    def people(self, room_ids):
        try:
            found = self.inquiry.read(room_ids)
        except Away:
            return {}
        return {id: [Member(*person) for _, person in there] for id, there in found.items()}

    def have_left(self, room):
        try:
            seconds, processes = self.register.empty_for(room.id)
            if self.heart.is_sure:
                processes = self.heart.living(processes)
        except Away:
            return False
        if seconds is None:
            self.register.see_first(room.id)
        seconds = 0 if processes else seconds or 0
        room.empty_since = live.clock() - seconds
        return seconds >= live.room_grace

    # Signs of life

    def begin(self):
        """Redis is there, or there again."""
        self.heart.begin()

    def look_after(self):
        """To be called each second."""
        self.let_go()
        self.inquiry.ask_again()
        self.heart.look_after()

    def mine(self):
        """[(LiveRoom, [Member])] of those on this process."""
        with live.lock:
            there = [(room, mine_in(room)) for room in live.rooms.values()]
        return [(room, members) for room, members in there if members]

    def begun(self, rooms):
        """This process has said who is in these rooms; who else is, has to be found out."""
        for room in rooms:
            look_again(room)
            self.inquiry.want(room.id)
        self.is_in_doubt = True

    def made_sure(self):
        """From now on, who is not in Redis is gone."""
        for id in list(self.known):
            self.inquiry.want(id)

    def lost(self, process):
        """Another process is gone, and with it those who are nowhere else."""
        self.is_in_doubt = True
        for room, left in live.lose(process):
            presence.tell(room, left=left)
            relay.send_typing(room, live.typing(room))

    def buried(self, rooms):
        """Redis has no more who was in these rooms, (id, code) each, on a process that is gone."""
        for id, code in rooms:
            look_again(LiveRoom(id, code))

    # What is only seen from outside

    def glimpse(self, room):
        """Tell soon, to those who see a room among their conversations, who is there."""
        is_first = not self.glimpsed
        self.glimpsed[room.id] = room
        if is_first:
            relay.in_background(self.show)

    def show(self):
        relay.pause(GLIMPSE)
        rooms, self.glimpsed = self.glimpsed, {}
        there = live.people(rooms.values())
        for id, room in rooms.items():
            if relay.is_watched(id):
                seen = LiveRoom(id, room.code)
                seen.members = {member.user_id: member for member in there[id]}
                relay.send_here(seen)


def mine_in(room):
    return [member for member in room.members.values() if member.is_mine]


# What other processes tell


@contextmanager
def change_of(room):
    """Who is in a room on other processes changes. Gives the Known, or None: then whoever sees the
    room from outside is told soon."""
    neighbours = live.others
    with live.lock:
        known = neighbours.known.get(room.id)
        yield known
    if not known and relay.is_watched(room.id):
        neighbours.glimpse(room)


@elsewhere(of_room)
def appear(room, process, person, on_socket):
    """Someone is on another process."""
    left = came = ()
    with change_of(room) as known:
        if known:
            known.hear(process, person[0], person)
            left, came = live.appear(room, process, person, on_socket)
    if left or came:
        presence.tell(room, joined=came, left=left)


@elsewhere(of_room)
def vanish(room, process, user_id):
    """Someone is no longer on another process."""
    member = None
    with change_of(room) as known:
        if known:
            known.hear(process, user_id)
            member = live.vanish(room, process, user_id)
    if member:
        presence.tell(room, left=[member])
        relay.send_typing(room, live.typing(room))


@elsewhere(of_room)
def look_again(room):
    """Who is in a room on another process is to be asked anew."""
    with change_of(room) as known:
        if known:
            live.others.inquiry.want(room.id)
