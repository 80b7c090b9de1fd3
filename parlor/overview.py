"""The rooms that someone is in, with their last line and what is unread: read, and told.

A page of them costs two queries, however many rooms there are and whatever was said in them.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select, text

from models import IS_OPEN, Participant, Room, db, utc
from parlor import glimpses, pictures, relay
from parlor.errors import Invalid
from parlor.numbers import LARGEST_ID
from parlor.peers import everywhere, of_person
from parlor.readmarks import marks
from parlor.rooms import live
from parlor.times import iso

PAGE = 50
"""Conversations on a page."""

MOST_UNREAD = 100
"""Messages that are looked at to count those unread: 100 means that many, or more."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

LATEST = func.coalesce(Room.last_message_at, Participant.joined_at)

UNREAD = """
    SELECT count(*) FROM (
        SELECT seq, deleted_at,
            max(CASE WHEN user_id = me.user_id THEN seq ELSE 0 END) OVER () AS mine
        FROM (
            SELECT message.seq, message.user_id, message.deleted_at FROM message
            WHERE message.room_id = me.room_id AND message.seq > {above}
            ORDER BY message.room_id DESC, message.seq DESC LIMIT :most
        ) AS newest
    ) AS latest
    WHERE seq > mine AND deleted_at IS NULL"""
"""How many of the newest messages are unread: those of others, after what `me` has read or said."""

FACTS = text(f"""
    SELECT room.id, room.code, room.kind, room.name, room.last_seq, room.last_message_at,
        me.last_read_seq, other.user_id AS other_id, other.name AS other_name, other.picture,
        message.seq, message.user_id, author.name AS author, substr(message.content, 1, 240),
        message.timestamp, message.deleted_at, ({UNREAD.format(above="me.last_read_seq")})
    FROM participant AS me JOIN room ON room.id = me.room_id
    LEFT JOIN participant AS other
        ON room.kind = 'direct' AND other.room_id = room.id AND other.user_id <> me.user_id
    LEFT JOIN message ON message.room_id = room.id
        AND message.seq = (SELECT max(seq) FROM message WHERE message.room_id = room.id)
    LEFT JOIN participant AS author
        ON author.room_id = message.room_id AND author.user_id = message.user_id
    WHERE me.user_id = :user AND me.room_id IN :rooms
        AND me.left_at IS NULL AND room.closed_at IS NULL""").bindparams(  # noqa: S608 - of constants
    bindparam("rooms", expanding=True)
)

READ = "CASE WHEN me.last_read_seq > :seq THEN me.last_read_seq ELSE :seq END"
COUNT = text(f"""
    SELECT {READ}, ({UNREAD.format(above=READ)})
    FROM participant AS me WHERE me.room_id = :room AND me.user_id = :user""")  # noqa: S608 - of constants


class Row(NamedTuple):
    """What FACTS finds."""

    id: int
    code: str
    kind: str
    name: str | None
    last_seq: int
    last_message_at: datetime | None
    last_read_seq: int
    other_id: int | None
    other_name: str | None
    picture: str | None
    seq: int | None
    user_id: int | None
    author: str | None
    content: str | None
    timestamp: datetime | None
    deleted_at: datetime | None
    unread: int


def page(user_id, before=None, limit=PAGE):
    """What somebody is in, the latest talk first: (glimpses.Conversations, next).

    `next` is the `before` of the next page, None after the last. Raises Invalid for a `before` that
    never was a `next`.
    """
    ids, next = latest(user_id, before, limit)
    return list(some(user_id, ids).values()), next


def watch(socket, user_id, before=None, limit=PAGE):
    """The same for a socket, which from now on hears what changes of them.

    It does so before they are read, so that nothing is missed; and no more of those that its user
    is no longer in by then.
    """
    ids, next = latest(user_id, before, limit)
    relay.watch(socket, ids)
    found = some_now(user_id, ids)
    relay.unwatch(socket, ids - found.keys())
    return list(found.values()), next


def some_now(user_id, room_ids):
    """`some`, as it is now, whatever this transaction has read before."""
    db.session.rollback()
    return some(user_id, room_ids)


def some(user_id, room_ids):
    """{room id: Conversation} of those rooms that a user is in, in that order."""
    marks.flush(user_id)
    given = {"user": user_id, "rooms": list(room_ids), "most": MOST_UNREAD}
    rows = [Row(*row) for row in db.session.execute(FACTS, given)]
    here = live.people(rows)
    found = {row.id: conversation(user_id, row, here[row.id]) for row in rows}
    return {id: found[id] for id in room_ids if id in found}


def latest(user_id, before, limit):
    """(the ids of what a user is in after the cursor `before`, as a dict's keys; the next one)."""
    rows = (
        select(Room.id, LATEST)
        .join(Participant, Participant.room_id == Room.id)
        .where(Participant.user_id == user_id, Participant.left_at.is_(None), IS_OPEN)
        .where(earlier(LATEST, before))
        .order_by(LATEST.desc(), Room.id.desc())
    )
    found = db.session.execute(rows.limit(limit + 1)).all()
    next = cursor(*found[limit - 1]) if len(found) > limit else None
    return dict.fromkeys(id for id, _ in found[:limit]).keys(), next


def earlier(moment, before):
    """What comes after the cursor `before`, for whom it is there, by `moment` and id."""
    if before is None:
        return True
    at, id = read_cursor(before)
    return or_(moment < at, and_(moment == at, Room.id < id))


def cursor(room_id, moment):
    """Where a page has ended, as text."""
    return f"{(moment - EPOCH) // MICROSECOND}-{room_id}"


def read_cursor(typed):
    at, _, id = typed.partition("-") if isinstance(typed, str) else ("", "", "")
    if not all(one.isascii() and one.isdigit() and len(one) <= 17 for one in (at, id)):
        raise Invalid("before is the next of the page before.", field="before")
    if int(id) > LARGEST_ID or int(at) > 10**17 // 2:
        raise Invalid("before is the next of the page before.", field="before")
    return EPOCH + int(at) * MICROSECOND, int(id)


def conversation(user_id, row, here) -> glimpses.Conversation:
    found = glimpses.Conversation(
        room=row.code,
        kind=row.kind,
        title=row.name or row.other_name or row.code,
        name=row.name,
        seq=row.last_seq,
        unread=row.unread,
        last_read_seq=row.last_read_seq,
        **people(user_id, row, here),
    )
    if row.seq is not None:
        moments = utc(row.timestamp), utc(row.deleted_at)
        found["last"] = glimpses.last(row.seq, row.user_id, row.author, row.content, *moments)
    if row.last_message_at:
        found["last_message_at"] = iso(utc(row.last_message_at))
    return found


def people(user_id, row, here):
    """Who is there, and in a direct conversation who the other is."""
    found = glimpses.of_people(row, here, user_id)
    del found["room"]
    if row.other_id:
        found["user_id"] = row.other_id
    if pictures.shown(row.picture):
        found["picture"] = row.picture
    return found


def unread(room_id, user_id, seq):
    """(last_read_seq, unread) of a member who has read up to `seq`, or has read more before."""
    given = {"room": room_id, "user": user_id, "seq": seq, "most": MOST_UNREAD}
    found = db.session.execute(COUNT, given).first()
    return tuple(found) if found else (seq, 0)


def tell(room_id, *user_ids):
    """Those users are in a room, and were not before: their sockets hear of it, and of its news."""
    for user_id in user_ids:
        add(user_id, room_id)


@everywhere(of_person, waits=True)
def add(user_id, room_id):
    """A room is among a user's conversations from now on, on all sockets that asked for them."""
    sockets = relay.sockets_of(user_id)
    if not sockets:
        return
    for socket in sockets:
        relay.watch(socket, {room_id})
    found = some_now(user_id, {room_id})
    for socket in sockets:
        relay.unwatch(socket, {room_id} - found.keys())
    for one in found.values():
        relay.show_conversation(user_id, one)
