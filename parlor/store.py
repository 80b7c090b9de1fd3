"""Drafts into numbered messages: what happens inside the writer's transaction.

What has been posted is a `Posted`; what is to be is a `Draft`. Everything is read and written for
all drafts of a batch at once, however many rooms they are for.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Boolean, bindparam, insert, select, text, update

from models import IS_OPEN, Message, Room, UtcDateTime, now
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
        FROM json_each(:keys)""",
    "postgresql": """
        SELECT n, CAST(key ->> 0 AS integer) AS room_id,
            CAST(key ->> 1 AS integer) AS user_id, key ->> 2 AS client_id
        FROM jsonb_array_elements(CAST(:keys AS jsonb)) WITH ORDINALITY AS listed(key, n)""",
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


def known_statement(dialect):
    columns = {"is_member": Boolean, "timestamp": UtcDateTime}
    return text(KNOWN.format(keys=KEYS[dialect])).columns(**columns)


KNOWN_STATEMENTS = {dialect: known_statement(dialect) for dialect in KEYS}

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
        before = stored.get(draft.key) or posted_before(draft, known)
        seq = counters.get(draft.room.id, known.last_seq or 0) + 1
        outcome = place(draft, known, before, seq, moment)
        if outcome.is_new:
            counters[draft.room.id], stored[draft.key] = seq, outcome.posted
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
    found = connection.execute(KNOWN_STATEMENTS[connection.dialect.name], {"keys": keys})
    return sorted(found, key=itemgetter(0))


def posted_before(draft, known):
    """The message that this draft became when it came before, or None."""
    if known.seq is None:
        return None
    return Posted(
        known.seq, known.version, draft.client_id, draft.user_id, known.name,
        known.content, known.timestamp, known.reply_to,
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
    connection.execute(insert(Message), [row(key, posted) for key, posted in stored.items()])
    counted = [{"room": id, "last": last, "moment": moment} for id, last in counters.items()]
    connection.execute(COUNT, counted)


def row(key, posted):
    columns = {**posted._asdict(), "room_id": key[0]}
    del columns["name"]
    return columns
