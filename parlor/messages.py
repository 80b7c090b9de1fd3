"""Messages read again from their table: pages, changes, counters, and what someone wrote."""

from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.orm import aliased

from models import IS_OPEN, Message, Participant, Room, db
from parlor.numbers import LARGEST_ID
from parlor.store import Posted

PAGE = 50
"""Messages on a page."""

CATCH_UP = 200
"""Changes in one answer to `sync`."""

SEARCHED = 2000
"""Messages that one search looks through: some milliseconds, in which others wait with SQLite."""


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


class Found(NamedTuple):
    """What someone wrote, newest first.

    `next`: the rest has ids below this one; None where there is none. `back_to`: the moment back to
    which a search has looked, where there is room left on the page, and more to look through.
    """

    written: list[Written]
    next: int | None = None
    back_to: datetime | None = None


BY_SEQ = (Message.room_id, Message.seq)
BY_VERSION = (Message.room_id, Message.version)
BY_AUTHOR = (Message.user_id, Message.id)
"""The indexes by which messages are found: owner and number."""


def page(room_id, before=None, limit=PAGE):
    """The last `limit` messages of a room, or those before `before` (a seq), by seq.

    `through` is the room's counter: a reader who has the last page has everything. `more`: there
    are older ones.
    """
    through = counter(room_id)
    found = sorted(read(stretch(BY_SEQ, room_id, below=before).limit(limit + 1)))
    return Page(found[-limit:], through, len(found) > limit)


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
    by_seq = stretch(BY_SEQ, room_id, above=after, upward=True)
    by_version = stretch(BY_VERSION, room_id, above=after, upward=True)
    found = [  # "<=" is "=" here, which Postgres would take for rare, and so scan and sort
        *read(by_seq.where(Message.version <= Message.seq).limit(limit)),
        *read(by_version.where(Message.version != Message.seq).limit(limit)),
    ]
    return sorted(found, key=attrgetter("version"))[:limit]


def stretch(index, owner, above=0, below=None, upward=False):
    """A query of a room's or an author's messages by number, downward."""
    owners, numbers = index
    below = LARGEST_ID if below is None else below
    within = (owners == owner) & (numbers > above) & (numbers < below)
    if db.engine.dialect.name == "postgresql":
        # As pairs, which only this index has in order. Else, for an author of many messages, all
        # messages might be walked through by id.
        within = tuple_(*index).between(tuple_(owner, above + 1), tuple_(owner, below - 1))
    order = [column if upward else column.desc() for column in index]
    return select(Message).where(within).order_by(*order)


def read(chosen):
    """The Posted of a query that chooses messages, in no order."""
    one = aliased(Message, chosen.subquery())
    return [Posted(*row) for row in db.session.execute(with_author(one))]


def with_author(one, *more):
    """The columns of a Posted, after `more`, of messages that were chosen before.

    Up to a limit: joined at once, Postgres might start with the authors, and read all they wrote.
    """
    columns = (
        one.seq,
        one.version,
        one.client_id,
        one.user_id,
        Participant.name,
        one.content,
        one.timestamp,
        one.reply_to,
    )
    is_author = (Participant.room_id == one.room_id) & (Participant.user_id == one.user_id)
    return select(*more, *columns).join(Participant, is_author)


def counter(room_id):
    return db.session.scalar(select(Room.last_seq).where(Room.id == room_id)) or 0


def counters(room_ids):
    """{room id: last_seq} of those rooms that are open."""
    if not room_ids:
        return {}
    rows = select(Room.id, Room.last_seq).where(Room.id.in_(room_ids), IS_OPEN)
    return dict(db.session.execute(rows).all())


def history(user_id, before=None, limit=PAGE):
    """What a user wrote, in all rooms, or what of it has an id below `before`: a Found."""
    found = read_written(stretch(BY_AUTHOR, user_id, below=before).limit(limit + 1))
    return Found(found[:limit], found[limit - 1].id if len(found) > limit else None)


def search(user_id, query, before=None, kept=(), limit=PAGE):
    """What of it contains `query`, in upper or lower case: a Found.

    Looks through SEARCHED messages. `kept`: the ids of what was found on the way to `before`, which
    stays on the page.
    """
    mine = stretch(BY_AUTHOR, user_id, below=before)
    one = aliased(Message, mine.limit(SEARCHED).subquery())
    matching = select(one).where(one.content.icontains(query, autoescape=True))
    found = read_written(select(Message).where(Message.id.in_(kept), Message.user_id == user_id))
    room = limit - len(found)
    found += read_written(matching.order_by(one.id.desc()).limit(room + 1))
    edge = edge_of(mine)
    if len(found) + bool(edge) > limit:
        return Found(found[:limit], found[limit - 1].id)
    return Found(found, edge.id + 1, edge.timestamp) if edge else Found(found)


def edge_of(mine):
    """The first (id, timestamp) that a search through `mine` does not reach, or None."""
    beyond = mine.with_only_columns(Message.id).offset(SEARCHED).limit(1).scalar_subquery()
    rows = select(Message.id, Message.timestamp).where(Message.id == beyond)
    return db.session.execute(rows).first()


def read_written(chosen):
    """The Written of a query that chooses messages, newest first."""
    one = aliased(Message, chosen.subquery())
    rows = with_author(one, one.id, Room.id, Room.code, Room.closed_at)
    found = [
        Written(id, room_id, code, closed_at is not None, Posted(*rest))
        for id, room_id, code, closed_at, *rest in db.session.execute(
            rows.join(Room, Room.id == one.room_id)
        )
    ]
    return sorted(found, reverse=True)
