"""What goes out at the end of a turn of the event loop."""

import logging

log = logging.getLogger(__name__)


class Outbox:
    """What goes out at the end of this turn of the loop: rooms' frames, and single ones.

    What was sent to a room before a single frame goes out before it.
    """

    def __init__(self, next_turn):
        self.next_turn = next_turn
        self.rooms, self.lines = [], []

    def add_room(self, room):
        """`room`: has `flush`, which writes to its members, and is added once a turn."""
        if not self.rooms and not self.lines:
            self.next_turn(self.flush)
        self.rooms.append(room)

    def add_line(self, connection):
        self.flush_rooms()
        if not self.lines:
            self.next_turn(self.flush)
        if not connection.out:
            self.lines.append(connection)

    def flush(self):
        self.flush_rooms()
        lines, self.lines = self.lines, []
        for connection in lines:
            attempt(connection.flush)

    def flush_rooms(self):
        rooms, self.rooms = self.rooms, []
        for room in rooms:
            attempt(room.flush)


def attempt(flush):
    """What fails for one fails for no other."""
    try:
        flush()
    except Exception:
        log.exception("not sent")
