"""How far people have read: noted at once, written together.

Whoever reads along in a crowd says so every second; each of these would be a commit. What a crash
takes away, a second's worth, is read again.
"""

from threading import Lock

from sqlalchemy import text

from models import db
from parlor.transactions import transaction

RAISE = text("""
    UPDATE participant SET last_read_seq =
        (SELECT CASE WHEN last_seq < :seq THEN last_seq ELSE :seq END FROM room WHERE id = :room)
    WHERE room_id = :room AND user_id = :user AND last_read_seq < :seq""")


class ReadMarks:
    def __init__(self):
        self.lock = Lock()
        self.pending: dict[int, dict[int, int]] = {}
        """{user id: {room id: the highest number read}}."""

    def note(self, room_id, user_id, seq):
        """Someone has read up to `seq`. Returns how far they have, where more is known."""
        with self.lock:
            mine = self.pending.setdefault(user_id, {})
            mine[room_id] = max(seq, mine.get(room_id, 0))
            return mine[room_id]

    def flush(self, user_id=None):
        """Write down what was noted, of one user or of all."""
        taken = self.take(user_id)
        try:
            if taken:
                write(taken)
        except BaseException:
            for one in taken:
                self.note(one["room"], one["user"], one["seq"])
            raise

    def take(self, user_id):
        with self.lock:
            if user_id is None:
                taken, self.pending = self.pending, {}
            else:
                taken = {user_id: self.pending.pop(user_id, {})}
        rows = [
            {"room": room, "user": user, "seq": seq}
            for user, mine in taken.items()
            for room, seq in mine.items()
        ]
        return sorted(rows, key=lambda row: (row["room"], row["user"]))  # against deadlocks


@transaction
def write(rows):
    db.session.execute(RAISE, rows)


marks = ReadMarks()
"""This process's."""
