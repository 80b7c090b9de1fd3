"""Drafts into numbered messages: what happens inside the writer's transaction.

What has been posted is a `Posted`; what is to be is a `Draft`. Everything is read and written for
all drafts of a batch at once, however many rooms they are for.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from models import IS_OPEN, Message, Room, as_sqlite, now, utc
from parlor.errors import ChatError, IdReused, Invalid, NotAMember, RoomClosed
from parlor.rooms import LiveRoom


class Posted(NamedTuple):
    """A stored message, with the name that its author bears in the room."""

    seq: int
    version: int
    client_id: str
    user_id: int
    name: str
    content: str
    timestamp: datetime
    reply_to: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message on its way in: its text is checked, `client_id` was made by its sender."""

    room: LiveRoom
    user_id: int
    client_id: str
    content: str
    reply_to: int | None = None

    @property
    def key(self):
        return self.room.id, self.user_id, self.client_id


class Outcome(NamedTuple):
    """What became of a draft: `posted` (`is_new`, or stored before), or the `error` against it."""

    posted: Posted | None = None
    is_new: bool = False
    error: ChatError | None = None


KEYS = {
    "sqlite": """
        SELECT key AS n, json_extract(value, '$[0]') AS room_id,
            json_extract(value, '$[1]') AS user_id, json_extract(value, '$[2]') AS client_id
        FROM json_each(?)""",
    "postgresql": """
        SELECT n, CAST(key ->> 0 AS integer) AS room_id,
            CAST(key ->> 1 AS integer) AS user_id, key ->> 2 AS client_id
        FROM jsonb_array_elements(CAST(%s AS jsonb)) WITH ORDINALITY AS listed(key, n)""",
}
"""The drafts' keys as a table, from one parameter: a list in JSON. So the statement stays the same
for any number of drafts, and is prepared once."""

KNOWN = """
    SELECT draft.n, room.last_seq, participant.name, participant.left_at IS NULL AS is_member,
        message.seq, message.version, message.content, message.timestamp, message.reply_to
    FROM ({keys}) AS draft
    LEFT JOIN room ON room.id = draft.room_id AND room.closed_at IS NULL
    LEFT JOIN participant
        ON participant.room_id = draft.room_id AND participant.user_id = draft.user_id
    LEFT JOIN message
        ON message.room_id = draft.room_id AND message.user_id = draft.user_id
        AND message.client_id = draft.client_id"""

COLUMNS = (
    "room_id", "seq", "version", "client_id", "user_id", "content", "timestamp", "reply_to",
)  # fmt: skip

INSERT_SQLITE = """
    INSERT INTO message
        (room_id, seq, version, client_id, user_id, content, timestamp, reply_to)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
COUNT_SQLITE = "UPDATE room SET last_seq = ?, last_message_at = ? WHERE id = ?"
"""As Core would write them: but its way of a row to the driver costs more than the row itself."""

COUNT = (
    update(Room)
    .where(Room.id == bindparam("room"))
    .values(last_seq=bindparam("last"), last_message_at=bindparam("moment"))
)


def store(connection, drafts):
    """Number and store `drafts`. Not committed. Returns their Outcomes, in their order.

    The rooms are locked first, so what is read afterwards holds until the commit: whether the room
    is open, who is in it, and which drafts are there already.
    """
    lock_rooms(connection, drafts)
    moment, counters, stored, outcomes = now(), {}, {}, []
    for draft, known in zip(drafts, look_up(connection, drafts), strict=True):
        key = draft.key
        before = stored.get(key) or posted_before(draft, known)
        seq = counters.get(draft.room.id, known.last_seq or 0) + 1
        outcome = place(draft, known, before, seq, moment)
        if outcome.is_new:
            counters[draft.room.id], stored[key] = seq, outcome.posted
        outcomes.append(outcome)
    if stored:
        write(connection, stored, counters, moment)
    return outcomes


def lock_rooms(connection, drafts):
    """In one order, against deadlocks. SQLite locks its file when the transaction begins."""
    if connection.dialect.name != "sqlite":
        ids = sorted({draft.room.id for draft in drafts})
        rows = select(Room.id).where(Room.id.in_(ids), IS_OPEN).order_by(Room.id)
        connection.execute(rows.with_for_update())


def look_up(connection, drafts):
    """A row for each draft: its room's counter, its author's name, and itself, if it is known."""
    keys = json.dumps([draft.key for draft in drafts])
    statement = KNOWN.format(keys=KEYS[connection.dialect.name])
    return sorted(connection.exec_driver_sql(statement, (keys,)), key=itemgetter(0))


def posted_before(draft, known):
    """The message that this draft became when it came before, or None."""
    if known.seq is None:
        return None
    return Posted(
        known.seq, known.version, draft.client_id, draft.user_id, known.name,
        known.content, utc(known.timestamp), known.reply_to,
    )  # fmt: skip


def place(draft, known, before, seq, moment):
    """What becomes of one draft, under the number `seq` if it is new."""
    if before and before.content != draft.content:
        return Outcome(error=IdReused())
    if before:
        return Outcome(before)
    if known.last_seq is None:
        return Outcome(error=RoomClosed())
    if known.name is None or not known.is_member:
        return Outcome(error=NotAMember())
    if draft.reply_to is not None and not 0 < draft.reply_to < seq:
        return Outcome(error=Invalid("There is no such message to reply to.", field="reply_to"))
    posted = Posted(
        seq, seq, draft.client_id, draft.user_id, known.name, draft.content, moment, draft.reply_to
    )
    return Outcome(posted, is_new=True)


def write(connection, stored, counters, moment):
    """Insert what is new, {draft key: Posted}, and set the rooms' counters, {room id: last seq}."""
    if connection.dialect.name == "sqlite":
        moment = as_sqlite(moment)
        connection.exec_driver_sql(
            INSERT_SQLITE, [row(key, posted, moment) for key, posted in stored.items()]
        )
        counted = [(last, moment, id) for id, last in counters.items()]
        connection.exec_driver_sql(COUNT_SQLITE, counted)
    else:
        rows = [row(key, posted, moment) for key, posted in stored.items()]
        connection.execute(insert(Message), [dict(zip(COLUMNS, one, strict=True)) for one in rows])
        counted = [{"room": id, "last": last, "moment": moment} for id, last in counters.items()]
        connection.execute(COUNT, counted)


def row(key, posted, moment):
    """The values of COLUMNS."""
    return (
        key[0], posted.seq, posted.version, posted.client_id, posted.user_id, posted.content,
        moment, posted.reply_to,
    )  # fmt: skip
