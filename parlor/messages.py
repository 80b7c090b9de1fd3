"""Messages read again from their table: pages, changes, counters, and what someone wrote."""

import json
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, or_, select, text, true, tuple_
from sqlalchemy.orm import aliased

from models import IS_OPEN, Message, Participant, Room, db, utc
from parlor.numbers import LARGEST_ID
from parlor.standby import of_old
from parlor.store import Posted
from parlor.transactions import execute, rows

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
    """A message in its author's history.

    Of a conversation that the author is no longer in there is no more to know than that it was: it
    counts as closed, and has no name. One of two bears the other's.
    """

    id: int
    room_id: int
    room_code: str
    room_name: str | None
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


class Stretch(NamedTuple):
    """How messages are found: those of an owner, in the order of a number, by the index of both."""

    owner: Any
    number: Any
    upward: bool = False
    only: Any = true()


BY_SEQ = Stretch(Message.room_id, Message.seq)
BY_AUTHOR = Stretch(Message.user_id, Message.id, only=Message.deleted_at.is_(None))
FOLLOWING = Stretch(Message.room_id, Message.seq, True)
CHANGED = Stretch(Message.room_id, Message.version, True, Message.version != Message.seq)
# "<=" is "=" here; but that Postgres would take for rare, and so scan and sort.
UNCHANGED = Stretch(Message.room_id, Message.seq, True, Message.version <= Message.seq)


def page(room_id, before=None, limit=PAGE):
    """The last `limit` messages of a room, or those before `before` (a seq), by seq.

    `through` is the room's counter: a reader who has the last page has everything. `more`: there
    are older ones.
    """
    through = counter(room_id)
    is_old = before is not None and before <= through
    choose = read_old if is_old else read
    found = sorted(choose(BY_SEQ, owner=room_id, below=before, most=limit + 1))
    return Page(found[-limit:], through, len(found) > limit)


def changes(room_id, after, limit=CATCH_UP, through=None):
    """What has a `version` above `after`, oldest change first. `more`: ask again, after `through`.

    `through`: the room's counter, if it is known. It is read first: what it counts is committed, so
    nothing up to it is missed.
    """
    through = counter(room_id) if through is None else through
    if after >= through:
        return Page([], through, more=False)
    found = newer(room_id, after, limit + 1)
    shown, more = found[:limit], len(found) > limit
    last = shown[-1].version if shown else after
    return Page(shown, last if more else max(last, through), more)


def one(room_id, seq):
    """The Posted of that seq in a room, or None."""
    found = read(BY_SEQ, owner=room_id, above=seq - 1, below=seq + 1, most=1)
    return found[0] if found else None


def following(room_id, seq, limit):
    """The first `limit` messages after a place in a room, by seq."""
    found = read(FOLLOWING, owner=room_id, above=seq, most=limit)
    return sorted(found, key=attrgetter("seq"))


def answered(room_id, some):
    """{seq: Posted} of what `some` of a room's messages, Posted, are replies to."""
    known = {one.seq: one for one in some}
    asked = {one.reply_to for one in some} - {None}
    missing = sorted(asked - known.keys())
    if missing:
        known |= {row.seq: Posted(*row) for row in run(by_seqs, owner=room_id, seqs=missing)}
    return {seq: known[seq] for seq in asked & known.keys()}


def newer(room_id, after, limit):
    """The first `limit` changes after a number: posts that are as they were, and changed ones."""
    unchanged = read(UNCHANGED, owner=room_id, above=after, most=limit)
    changed = read(CHANGED, owner=room_id, above=after, most=limit)
    return sorted([*unchanged, *changed], key=attrgetter("version"))[:limit]


def read(stretch, **given):
    """The Posted of a stretch, in no order. `given`: as `run` takes it."""
    statement = posts(db.engine.dialect.name, stretch)
    found = rows(statement, **values(given))
    return [posted(*row) for row in found]


read_old = of_old(read)


def posted(*row):
    """The Posted of a row as the driver makes it."""
    return Posted(*row[:6], utc(row[6]), row[7], utc(row[8]), utc(row[9]), row[10])


def run(query, *which, **given):
    """The rows of a query, which is made once: the `most` of an `owner`, `above` and `below`."""
    return execute(query(db.engine.dialect.name, *which), values(given))


def values(given):
    given = {name: value for name, value in given.items() if value is not None}
    return {"above": 0, "below": LARGEST_ID, **given}


@cache
def posts(dialect, stretch):
    return with_author(chosen(dialect, stretch).subquery().c)


def chosen(dialect, stretch):
    """The messages of a stretch.

    On Postgres as pairs of owner and number, which only the index of both has in order: else it may
    walk through everybody's messages, where it believes that most are this owner's.
    """
    index = stretch.owner, stretch.number
    owner, above, below = (bindparam(name) for name in ("owner", "above", "below"))
    within = (stretch.owner == owner) & (stretch.number > above) & (stretch.number < below)
    if dialect == "postgresql":
        within = (tuple_(*index) > tuple_(owner, above)) & (tuple_(*index) < tuple_(owner, below))
    order = [column if stretch.upward else column.desc() for column in index]
    return select(Message).where(within, stretch.only).order_by(*order).limit(bindparam("most"))


def with_author(one, *more):
    """The columns of a Posted, after `more`, of messages that were chosen up to a limit.

    Not before: Postgres might start with the authors then, and read all they ever wrote.
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
        one.edited_at,
        one.deleted_at,
        Participant.picture,
    )
    is_author = (Participant.room_id == one.room_id) & (Participant.user_id == one.user_id)
    return select(*more, *columns).join(Participant, is_author)


COUNTER = select(Room.last_seq).where(Room.id == bindparam("room"))


@cache
def by_seqs(dialect):
    seqs = Message.seq.in_(bindparam("seqs", expanding=True))
    chosen = select(Message).where(Message.room_id == bindparam("owner"), seqs)
    return with_author(chosen.subquery().c)


def counter(room_id):
    found = rows(COUNTER, room=room_id)
    return found[0][0] if found else 0


COUNTERS = {
    "sqlite": text("""
        SELECT id, last_seq FROM room
        WHERE closed_at IS NULL AND id IN (SELECT value FROM json_each(:ids))"""),
    "postgresql": text("SELECT id, last_seq FROM room WHERE closed_at IS NULL AND id = ANY(:ids)"),
}
"""One parameter, whatever their number: it is asked of thousands, every other second."""


def counters(room_ids):
    """{room id: last_seq} of those rooms that are open."""
    ids, dialect = list(room_ids), db.engine.dialect.name
    return dict(rows(COUNTERS[dialect], ids=json.dumps(ids) if dialect == "sqlite" else ids))


@of_old
def history(user_id, before=None, limit=PAGE):
    """What a user wrote, in all rooms, or what of it has an id below `before`: a Found."""
    found = read_written(everything, owner=user_id, below=before, most=limit + 1)
    return Found(found[:limit], found[limit - 1].id if len(found) > limit else None)


@of_old
def search(user_id, query, before=None, kept=(), limit=PAGE):
    """What of it contains `query`, in upper or lower case: a Found.

    Looks through SEARCHED messages. `kept`: the ids of what was found on the way to `before`, which
    stays on the page.
    """
    mine = {"owner": user_id, "below": before, "most": SEARCHED}
    found = read_written(these, owner=user_id, ids=list(kept))
    space = limit + 1 - len(found)
    found += read_written(matching, **mine, words=escape(query), space=space)
    edge = next(iter(run(beyond, **mine)), None)
    if len(found) + bool(edge) > limit:
        return Found(found[:limit], found[limit - 1].id)
    return Found(found, edge.id + 1, edge.timestamp) if edge else Found(found)


def escape(words):
    return words.replace("/", "//").replace("%", "/%").replace("_", "/_")


def read_written(query, **given):
    """The Written that a query chooses, newest first."""
    rows = run(writings, query, **given)
    found = [
        Written(id, room_id, code, name, not is_open, Posted(*rest))
        for id, room_id, code, name, is_open, *rest in rows
    ]
    return sorted(found, reverse=True)


@cache
def writings(dialect, query):
    one = query(dialect).subquery().c
    may_know = or_(Room.kind == "open", Participant.left_at.is_(None))
    other = aliased(Participant)
    with_whom = select(other.name).where(other.room_id == Room.id, other.user_id != one.user_id)
    direct = Room.kind == "direct", with_whom.scalar_subquery()
    name = case(direct, (may_know, Room.name))
    rows = with_author(one, one.id, Room.id, Room.code, name, and_(IS_OPEN, may_know))
    return rows.join(Room, Room.id == one.room_id)


def everything(dialect):
    return chosen(dialect, BY_AUTHOR)


def matching(dialect):
    """Of the `most` newest those that contain the `words`, as many as there is `space` for."""
    one = everything(dialect).subquery().c
    contains = one.content.icontains(bindparam("words"), escape="/")
    return select(*one).where(contains).order_by(one.id.desc()).limit(bindparam("space"))


def these(dialect):
    ids = bindparam("ids", expanding=True)
    mine = (Message.user_id == bindparam("owner")) & Message.deleted_at.is_(None)
    return select(Message).where(Message.id.in_(ids), mine)


@cache
def beyond(dialect):
    """The first (id, timestamp) after the `most` newest."""
    ids = everything(dialect).with_only_columns(Message.id)
    first = ids.limit(1).offset(bindparam("most")).scalar_subquery()
    return select(Message.id, Message.timestamp).where(Message.id == first)
