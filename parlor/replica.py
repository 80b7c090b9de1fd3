"""What a process knows of the people on others, where several serve the same rooms.

`LiveRooms.others` is told who is here, and says who is in rooms that nobody here is in:
neighbours.py does that over Redis, and `Nobody` is what one process alone has for it.
"""

from dataclasses import replace
from functools import wraps


class Nobody:
    """What one process knows of others where there are none."""

    are_there = False
    is_on_duty = True
    """Whether this process does what is to be done once, however many there are."""
    is_in_doubt = False
    """Whether another one may have decided who has to go, and could not tell."""

    def came(self, room, member):
        """Someone is here, on their first socket or by a form, maybe under another name."""

    def renamed(self, room, person):
        """Someone, who may be here, has another name: (user id, name, picture, is account)."""

    def is_called(self, room, member):
        """Someone who is here has another name, which others are told of in another way."""

    def went(self, room, member):
        """Someone is no longer here; on others they may be."""

    def looked_at(self, room):
        """Somebody has come to a room, or opened it."""

    def adopted(self, room):
        """A room of which nobody is known to be in it."""

    def closed(self, room):
        """A room is over."""

    def settle(self, room):
        """Return when it is known who else is in a room, or cannot be."""

    def have_missed(self, room, at):
        """Whether something may have been told of a room since `at` that was not heard here."""
        return False

    def knows(self, room):
        """Whether `room.members` are all who are there, on whichever process."""
        return True

    def people(self, room_ids):
        """{room id: [Member]} of those on other processes, for rooms that are not `known`."""
        return {}

    def have_left(self, room):
        """Whether nobody has been in a room, on any process, for its grace."""
        return True


def locked(method):
    @wraps(method)
    def run(self, *args, **kwargs):
        with self.lock:
            return method(self, *args, **kwargs)

    return run


class Replica:
    """The part of rooms.LiveRooms that other processes change."""

    @locked
    def appear(self, room, process, person, on_socket):
        """Someone is on another process. Returns those who have left by that, and who have come, as
        Members: whoever has another name now is both.

        `person`: (user_id, name, picture, is_account). Where they have come by a form alone, or
        lost their last socket, they are no longer on this one once they are `on_socket` there.
        """
        former = room.members.get(person[0])
        former = former and replace(former)
        member, is_new = self._member(room, *person)
        member.elsewhere |= {process}
        if on_socket and not member.sockets:
            member.until = 0
        is_renamed = former is not None and former.name != member.name
        return [former] * is_renamed, [member] * (is_new or is_renamed)

    @locked
    def vanish(self, room, process, user_id):
        """Someone is no longer on another process. The Member, if they have left, else None."""
        member = room.members.get(user_id)
        if member is None:
            return None
        member.elsewhere -= {process}
        return self._remove_if_gone(room, member)

    def _remove_if_gone(self, room, member):
        if member.is_mine or member.elsewhere:
            return None
        del room.members[member.user_id]
        self._stamp_if_empty(room)
        return member

    @locked
    def lose(self, process):
        """Another process is gone. [(LiveRoom, [Member])] of those who have left by that."""
        lost = []
        for room in self.rooms.values():
            theirs = [one for one in room.members.values() if process in one.elsewhere]
            left = [self.vanish(room, process, one.user_id) for one in theirs]
            if any(left):
                lost.append((room, list(filter(None, left))))
        return lost

    @locked
    def call(self, former, name):
        """Another process goes by another name."""
        for room in self.rooms.values():
            for member in room.members.values():
                if former in member.elsewhere:
                    member.elsewhere = member.elsewhere - {former} | {name}

    @locked
    def learn(self, room, found, is_all):
        """Who is on other processes: (process, person) each. `is_all`: whether nobody else is.

        Returns those who have come, and those who have left, as Members.
        """
        before = dict(room.members)
        if is_all:
            for member in before.values():
                member.elsewhere = frozenset()
        for process, person in found:
            self._member(room, *person)[0].elsewhere |= {process}
        left = [one for one in before.values() if self._remove_if_gone(room, one)]
        return [one for id, one in room.members.items() if id not in before], left


def joined(here, elsewhere):
    """Members here, and those elsewhere who are not, each once."""
    there = {member.user_id: member for member in elsewhere}
    return [*here, *(there[id] for id in there.keys() - {member.user_id for member in here})]
