"""The rooms that are live in this process: who is here, on which sockets, and who types.

A plain dict, code -> LiveRoom. Nothing here knows Flask, SQL or sockets: sockets are names. People
are counted once, however many tabs they have. Times are seconds of a monotonic clock.

Where several processes serve the same rooms, replica.py holds what this one knows of the others.
"""

import time
from dataclasses import replace
from threading import RLock

from parlor.live_room import LiveRoom, Member, News, Seat, Visitor
from parlor.replica import Nobody, Replica, joined, locked

TYPING_LASTS = 3
"""Seconds after the last sign of typing."""

VISIT_LASTS = 60
"""Seconds that someone without a socket is here after a form was posted."""


LOOKED_AT = 1
"""Seconds in which others are told once that somebody has come to a room."""


class LiveRooms(Replica):
    def __init__(self, room_grace=600, leave_grace=10, clock=time.monotonic):
        self.lock = RLock()
        self.clock = clock
        self.configure(room_grace, leave_grace)

    def configure(self, room_grace, leave_grace, others=None):
        """Start empty. `room_grace`: how long a room may be without people; `leave_grace`: how
        long someone may be without a socket. Both in seconds. `others`: as Nobody."""
        self.room_grace, self.leave_grace = room_grace, leave_grace
        self.others = others or Nobody()
        self.rooms: dict[str, LiveRoom] = {}
        self.seats: dict[str, Seat] = {}
        self.lobby: dict[str, Visitor] = {}  # sockets of people, beside all rooms
        self.departures = 0  # how often anybody has left for good
        self.passing: dict[int, LiveRoom] = {}  # where somebody's time may run out, by id

    def moment(self):
        """Now, for `is_as_of`."""
        return self.departures, self.clock()

    def is_as_of(self, moment, room):
        """Whether since then nobody has left for good, and nothing of the room was missed."""
        return self.has_nobody_left(moment) and not self.others.have_missed(room, moment[1])

    def has_nobody_left(self, moment):
        """Whether since then nobody has left for good, as far as this process knows."""
        return moment[0] == self.departures

    @locked
    def open(self, id, code, head=0, lasts=False):
        """The live room, made if it is not. Either way it counts as looked at just now."""
        room = self.rooms.get(code)
        if room is None or room.id != id:
            room = self.rooms[code] = LiveRoom(id, code, head, 0)
        room.lasts = lasts
        if not any(member.is_mine for member in room.members.values()):
            room.head = max(room.head, head)  # whoever comes gets all that was said elsewhere
        if self.clock() - room.empty_since >= LOOKED_AT:
            self.others.looked_at(room)
        room.empty_since = self.clock()
        return room

    @locked
    def adopt(self, id, code, head):
        """Take on a room that nobody here has looked at, unless it is live already."""
        if code not in self.rooms:
            room = self.rooms[code] = LiveRoom(id, code, head, self.clock())
            self.others.adopted(room)

    def find(self, id, code):
        """The live room; where it is none, one that nobody is in, and that is not kept."""
        room = self.rooms.get(code)
        return room if room and room.id == id else LiveRoom(id, code, 0, self.clock())

    @locked
    def close(self, room):
        self.others.closed(room)
        self._drop(room)

    def _drop(self, room):
        self.departures += 1
        if self.rooms.get(room.code) is room:
            del self.rooms[room.code]

    @locked
    def drop_if_deserted(self, room):
        """Let go of a room, unless somebody has come back to it. Returns whether."""
        if not self.looks_deserted(room):
            return False
        self._drop(room)
        return True

    @locked
    def visit(self, room, user_id, name, picture=None, is_account=False):
        """Someone came by a form. The Member, if they were not here before, else None."""
        member, is_new = self._member(room, user_id, name, picture, is_account)
        member.until = max(member.until, self.clock() + VISIT_LASTS)
        self.passing[room.id] = room
        self._note(room, member)
        return member if is_new else None

    @locked
    def enter(self, room, user_id, name, socket, key=None, picture=None, is_account=False):
        """Someone came on a socket. The Member, if they were not here before, else None."""
        member, is_new = self._member(room, user_id, name, picture, is_account)
        is_first = not member.sockets
        member.sockets.add(socket)
        self.seats[socket] = Seat(room, member, key)
        if is_first:
            self._note(room, member)
        return member if is_new else None

    def _note(self, room, member):
        member.is_mine = True
        self.others.came(room, member)

    @locked
    def enter_lobby(self, socket, user_id, key):
        """Someone came on a socket, to no room."""
        self.lobby[socket] = Visitor(user_id, key)

    def _member(self, room, user_id, name, picture, is_account):
        is_new = user_id not in room.members
        member = room.members.setdefault(user_id, Member(user_id, name))
        member.name, member.picture, member.is_account = name, picture, is_account
        return member, is_new

    def member(self, room, user_id):
        """The Member, or None if they are not here."""
        return room.members.get(user_id)

    @locked
    def sockets(self, room=None):
        """Every socket that has a seat in the room, or all, those in the lobby too."""
        if room is None:
            return [*self.seats, *self.lobby]
        return [socket for socket, seat in self.seats.items() if seat.room is room]

    @locked
    def sockets_of(self, user_id, keys):
        """The sockets of a user that came with one of those keys, in rooms and in the lobby."""
        visitors = [(socket, self.visitor(socket)) for socket in self.sockets()]
        return [s for s, one in visitors if one.user_id == user_id and one.key in keys]

    @locked
    def end(self, user_id, keys):
        """Sessions have ended. The sockets that came with one of those keys, as `sockets_of`.

        Those on their way in find out by `departures`.
        """
        self.departures += 1
        return self.sockets_of(user_id, keys)

    @locked
    def rekey(self, user_id, old, new):
        """What came with the key `old` stays, under another."""
        self.departures += 1
        for socket in self.sockets_of(user_id, [old]):
            known = self.seats if socket in self.seats else self.lobby
            known[socket] = replace(known[socket], key=new)

    @locked
    def rename(self, room, user_id, name, picture, is_account):
        """Someone has another name now, or another picture, or has an account."""
        self.others.renamed(room, (user_id, name, picture, is_account))
        if user_id in room.members:
            member, _ = self._member(room, user_id, name, picture, is_account)
            if member.is_mine:
                self.others.is_called(room, member)

    @locked
    def exit(self, socket, at_once=False):
        """A socket is gone. Its member stays for `leave_grace`, unless they leave `at_once`."""
        seat = self.seats.pop(socket, None)
        self.lobby.pop(socket, None)
        if seat:
            seat.member.sockets.discard(socket)
            seat.member.until = self.clock() + (0 if at_once else self.leave_grace)
            self.passing[seat.room.id] = seat.room

    @locked
    def leave(self, room, user_id):
        """Someone leaves for good. The member, with the sockets they were on, or None."""
        self.departures += 1
        member = room.members.pop(user_id, None)
        if member:
            for socket in member.sockets:
                self.seats.pop(socket, None)
            self._end_visit(room, member)
            self._stamp_if_empty(room)
        return member

    def _end_visit(self, room, member):
        if member.is_mine:
            member.is_mine = False
            self.others.went(room, member)

    def seat(self, socket):
        """Where a socket is, or None."""
        return self.seats.get(socket)

    def visitor(self, socket):
        """Who a socket is, or None."""
        seat = self.seats.get(socket)
        return seat.visitor if seat else self.lobby.get(socket)

    def get(self, code):
        return self.rooms.get(code)

    @locked
    def all(self):
        return list(self.rooms.values())

    @locked
    def here(self, room):
        """Who is here, in the order they came."""
        return list(room.members.values())

    def people(self, rooms):
        """{id: who is there, on any process} of `rooms`: anything with an id and a code."""
        found = {room.id: self.find(room.id, room.code) for room in rooms}
        unknown = [id for id, room in found.items() if not self.others.knows(room)]
        elsewhere = self.others.people(unknown) if unknown else {}
        return {id: joined(self.here(room), elsewhere.get(id, ())) for id, room in found.items()}

    @locked
    def type(self, room, user_id, is_typing):
        """Note that someone who is here types, or has stopped. True if that is a change."""
        member, now = room.members.get(user_id), self.clock()
        if member is None:
            return False
        did = member.types_until > now
        member.types_until = now + TYPING_LASTS if is_typing else 0
        self.passing[room.id] = room
        return did != is_typing

    @locked
    def typing(self, room):
        """Who types now."""
        now = self.clock()
        return [member for member in room.members.values() if member.types_until > now]

    @locked
    def sweep(self):
        """Let time pass: end what has expired, and say what that was."""
        now, news = self.clock(), News()
        for room in list(self.passing.values()):
            self._sweep_members(room, now, news)
            if not any(map(is_passing, room.members.values())):
                del self.passing[room.id]
        return news

    @locked
    def deserted(self):
        """The rooms that look deserted. They stay until they are closed: someone may come back."""
        return [room for room in self.rooms.values() if self.looks_deserted(room)]

    def is_deserted(self, room):
        """Whether nobody has been in the room, or looked at it, for the grace, on any process."""
        return self.looks_deserted(room) and self.others.have_left(room)

    def looks_deserted(self, room):
        """The same of this process alone."""
        return not room.members and self.clock() - room.empty_since >= self.room_grace

    def _sweep_members(self, room, now, news):
        for member in list(room.members.values()):
            if not member.sockets and member.until <= now:
                self._end_visit(room, member)
            has_left = not member.is_mine and not member.elsewhere
            if member.types_until and (has_left or member.types_until <= now):
                member.types_until = 0
                news.stilled.append(room)
            if has_left:
                del room.members[member.user_id]
                self._stamp_if_empty(room)
                news.left.append((room, member))

    def _stamp_if_empty(self, room):
        if not room.members:
            room.empty_since = self.clock()


def is_passing(member):
    """Whether something of a Member's may run out."""
    return member.types_until or (member.is_mine and not member.sockets)


live = LiveRooms()
"""This process's rooms. Configured, and emptied, when an app is made."""
