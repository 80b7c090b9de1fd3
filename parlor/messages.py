"""Messages in their table: numbered and stored, and read again by number.

What a reader needs is a `Posted`; what a writer brings is a `Draft`. `writer.py` decides when
drafts are stored; nothing else stores any.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from models import IS_OPEN, Message, Participant, Room, db, now, transaction
from parlor.errors import ChatError, IdReused, Invalid, NotAMember, RoomClosed
from parlor.rooms import LiveRoom

PAGE = 50
"""Messages on a page."""

CATCH_UP = 200
"""Changes in one answer to `sync`."""


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


@dataclass(frozen=True)
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


@transaction
def store(drafts):
    """Number and store `drafts` in one transaction. Returns their Outcomes, in their order.

    The rooms' rows are locked first, so what is read afterwards holds until the commit: whether
    the room is open, who is in it, and which drafts are there already.
    """
    last_seq = lock_rooms({draft.room.id for draft in drafts})
    names = names_in_rooms(drafts)
    known = stored_before(drafts)
    moment, outcomes = now(), []
    for draft in drafts:
        outcome = place(draft, last_seq, names, known, moment)
        if outcome.is_new:
            last_seq[draft.room.id] += 1
            known[draft.key] = outcome.posted
        outcomes.append(outcome)
    insert_new(drafts, outcomes, last_seq, moment)
    return outcomes


def lock_rooms(ids):
    """{room id: last_seq} of those rooms that are open; in one order, against deadlocks."""
    rows = (
        select(Room.id, Room.last_seq)
        .where(Room.id.in_(ids), IS_OPEN)
        .order_by(Room.id)
        .with_for_update()
    )
    return dict(db.session.execute(rows).all())


def names_in_rooms(drafts):
    """{(room id, user id): name} of the authors who are members."""
    rows = select(Participant.room_id, Participant.user_id, Participant.name).where(
        Participant.room_id.in_({draft.room.id for draft in drafts}),
        Participant.user_id.in_({draft.user_id for draft in drafts}),
        Participant.left_at.is_(None),
    )
    return {(room, user): name for room, user, name in db.session.execute(rows)}


def stored_before(drafts):
    """{draft key: Posted} of the drafts that came before."""
    rows = (
        select(Message.room_id, *POSTED)
        .join(Participant, AUTHOR)
        .where(
            Message.room_id.in_({draft.room.id for draft in drafts}),
            Message.user_id.in_({draft.user_id for draft in drafts}),
            Message.client_id.in_({draft.client_id for draft in drafts}),
        )
    )
    found = [(room_id, Posted(*rest)) for room_id, *rest in db.session.execute(rows)]
    return {(room_id, posted.user_id, posted.client_id): posted for room_id, posted in found}


def place(draft, last_seq, names, known, moment):
    """What becomes of one draft, with the next number of its room if it is new."""
    before = known.get(draft.key)
    if before and before.content != draft.content:
        return Outcome(error=IdReused())
    if before:
        return Outcome(before)
    if draft.room.id not in last_seq:
        return Outcome(error=RoomClosed())
    name = names.get((draft.room.id, draft.user_id))
    if name is None:
        return Outcome(error=NotAMember())
    seq = last_seq[draft.room.id] + 1
    if draft.reply_to is not None and not 0 < draft.reply_to < seq:
        return Outcome(error=Invalid("There is no such message to reply to.", field="reply_to"))
    return Outcome(number(draft, seq, name, moment), is_new=True)


def number(draft, seq, name, moment):
    """The message that a draft becomes under the number `seq`."""
    return Posted(
        seq=seq,
        version=seq,
        client_id=draft.client_id,
        user_id=draft.user_id,
        name=name,
        content=draft.content,
        timestamp=moment,
        reply_to=draft.reply_to,
    )


def insert_new(drafts, outcomes, last_seq, moment):
    """Write the new ones of `outcomes`, and their rooms' counters from `last_seq`."""
    new = [
        (draft.room.id, one.posted)
        for draft, one in zip(drafts, outcomes, strict=True)
        if one.is_new
    ]
    if not new:
        return
    rows = [{**posted._asdict(), "room_id": room_id} for room_id, posted in new]
    for row in rows:
        del row["name"]
    db.session.execute(insert(Message), rows)
    counters = update(Room).where(Room.id == bindparam("room"))
    counters = counters.values(last_seq=bindparam("last"), last_message_at=moment)
    touched = {room_id for room_id, _ in new}
    db.session.connection().execute(
        counters, [{"room": room_id, "last": last_seq[room_id]} for room_id in touched]
    )


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
    after = min(after, through)
    newer = in_room(room_id).where(Message.version > after).order_by(Message.version)
    found = [Posted(*row) for row in db.session.execute(newer.limit(limit + 1))]
    shown, more = found[:limit], len(found) > limit
    last = shown[-1].version if shown else after
    return Page(shown, last if more else max(last, through), more)


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
