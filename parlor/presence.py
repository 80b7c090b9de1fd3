"""Who came, who went, who types.

Who came and went is told together: a thousand who come back at once are not a million frames. The
first change of a room waits for a moment, so that others may go with it. Of those who came and went
meanwhile, or went and came, the latest is told.
"""

from dataclasses import dataclass, field
from threading import Lock

from parlor import relay
from parlor.peers import everywhere, of_room
from parlor.rooms import LiveRoom, live

TOGETHER = 0.1
"""Seconds."""


@dataclass
class Change:
    """What the people in a room have not been told; of each (user id, name), as an ordered set."""

    room: LiveRoom
    joined: dict[tuple[int, str], None] = field(default_factory=dict)
    left: dict[tuple[int, str], None] = field(default_factory=dict)


class Presence:
    def __init__(self):
        self.lock = Lock()
        self.changes: dict[int, Change] = {}

    def tell(self, room, joined=(), left=()):
        """Soon, to everyone in the live room `room`: who came, who went. Both of rooms.Members."""
        with self.lock:
            is_first = not self.changes
            change = self.changes.setdefault(room.id, Change(room))
            move(left, change.joined, change.left)
            move(joined, change.left, change.joined)
        if is_first:
            relay.in_background(self.tell_now)

    def tell_now(self):
        relay.pause(TOGETHER)
        with self.lock:
            changes, self.changes = self.changes, {}
        for change in changes.values():
            relay.send_presence(change.room, change.joined, change.left)
            relay.send_here(change.room)


def move(members, origin, target):
    for member in members:
        origin.pop((member.user_id, member.name), None)
        target[member.user_id, member.name] = None


presence = Presence()


@everywhere(of_room)
def dismiss(room, user_id):
    """Someone is no longer in the live room `room`, on any device, whoever decided that."""
    member = live.leave(room, user_id)
    if member:
        relay.eject(member.sockets)
        presence.tell(room, left=[member])
        relay.send_typing(room, live.typing(room))


@everywhere(of_room)
def note_typing(room, user_id, is_typing):
    """Someone in the live room `room` types, still types, or has stopped."""
    if live.type(room, user_id, is_typing) or is_typing:
        relay.send_typing(room, live.typing(room))
