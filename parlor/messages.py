"""Messages read again from their table: pages, changes, counters, and what someone wrote."""

from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import select

from models import IS_OPEN, Message, Participant, Room, db
from parlor.store import Posted

PAGE = 50
"""Messages on a page."""

CATCH_UP = 200
"""Changes in one answer to `sync`."""


class Page(NamedTuple):
    """Messages, the number up to which their reader has everything, and if there are more."""

    messages: list[Posted]
    through: int
    more: bool


class Written(NamedTuple):
    """A message in its author's history."""

    id: int
    room_id: int
    room_code: str
    room_closed: bool
    posted: Posted


POSTED = (
    Message.seq,
    Message.version,
    Message.client_id,
    Message.user_id,
    Participant.name,
    Message.content,
    Message.timestamp,
    Message.reply_to,
)
"""The columns of a Posted, in its order."""

AUTHOR = (Participant.room_id == Message.room_id) & (Participant.user_id == Message.user_id)


def page(room_id, before=None, limit=PAGE):
    """The last `limit` messages of a room, or those before `before` (a seq), by seq.

    `through` is the room's counter: a reader who has the last page has everything. `more`: there
    are older ones.
    """
    through = counter(room_id)
    rows = in_room(room_id).order_by(Message.seq.desc()).limit(limit + 1)
    if before is not None:
        rows = rows.where(Message.seq < before)
    found = [Posted(*row) for row in db.session.execute(rows)]
    return Page(found[:limit][::-1], through, len(found) > limit)


def changes(room_id, after, limit=CATCH_UP):
    """What has a `version` above `after`, oldest change first. `more`: ask again, after `through`.

    The counter is read first: what it counts is committed, so nothing up to it is missed.
    """
    through = counter(room_id)
    if after >= through:
        return Page([], through, more=False)
    found = newer(room_id, after, limit + 1)
    shown, more = found[:limit], len(found) > limit
    last = shown[-1].version if shown else after
    return Page(shown, last if more else max(last, through), more)


def newer(room_id, after, limit):
    """The first `limit` changes after a number: posts that are as they were, and changed ones."""
    unchanged = in_room(room_id).where(Message.seq > after, Message.version == Message.seq)
    changed = in_room(room_id).where(Message.version > after, Message.version != Message.seq)
    found = [
        *db.session.execute(unchanged.order_by(Message.seq).limit(limit)),
        *db.session.execute(changed.order_by(Message.version).limit(limit)),
    ]
    return sorted((Posted(*row) for row in found), key=attrgetter("version"))[:limit]


def in_room(room_id):
    return select(*POSTED).join(Participant, AUTHOR).where(Message.room_id == room_id)


def counter(room_id):
    return db.session.scalar(select(Room.last_seq).where(Room.id == room_id)) or 0


def counters(room_ids):
    """{room id: last_seq} of those rooms that are open."""
    if not room_ids:
        return {}
    rows = select(Room.id, Room.last_seq).where(Room.id.in_(room_ids), IS_OPEN)
    return dict(db.session.execute(rows).all())


def history(user_id, query="", before=None, limit=PAGE):
    """What a user wrote, in all rooms, newest first: (list of Written, whether there is more).

    `query`: only messages that contain it, upper or lower case. `before`: only those with a
    lower id.
    """
    rows = (
        select(Message.id, Room.id, Room.code, Room.closed_at, *POSTED)
        .join(Participant, AUTHOR)
        .join(Room, Room.id == Message.room_id)
        .where(Message.user_id == user_id)
        .order_by(Message.id.desc())
        .limit(limit + 1)
    )
    if query:
        rows = rows.where(Message.content.icontains(query, autoescape=True))
    if before is not None:
        rows = rows.where(Message.id < before)
    found = [
        Written(id, room_id, code, closed_at is not None, Posted(*rest))
        for id, room_id, code, closed_at, *rest in db.session.execute(rows)
    ]
    return found[:limit], len(found) > limit
