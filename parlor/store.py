"""Drafts into numbered messages: what happens inside the writer's transaction.

What has been posted is a `Posted`; what is to be is a `Draft`, and what is to become of one that
was posted, a `Change`: either takes the next number of its room. Everything is read and written for
a whole batch at once, however many rooms it is for.
"""

from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from models import now, utc
from parlor.errors import ChatError, IdReused, Invalid, NotAMember, NotFound, Retry, RoomClosed
from parlor.rooms import LiveRoom
from parlor.store_sql import dialect_of


class Posted(NamedTuple):
    """A stored message, with the name and picture that its author has in the room."""

    seq: int
    version: int
    client_id: str
    user_id: int
    name: str
    content: str
    timestamp: datetime
    reply_to: int | None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    picture: str | None = None


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


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a posted message: the text `content`, or, where it is None, nothing.

    `user_id` and `client_id` are its author's, and it is that of a Draft to who looks it up.
    `by_author`: whether it is them who ask; else they need not be in the room any more.
    """

    room: LiveRoom
    user_id: int
    client_id: str
    content: str | None
    by_author: bool = True

    @property
    def key(self):
        return self.room.id, self.user_id, self.client_id


class Known(NamedTuple):
    """What the tables hold of a draft: its open room's counter, its author, and itself."""

    last_seq: int | None
    name: str | None
    is_member: bool | None
    seq: int | None
    version: int | None
    content: str | None
    timestamp: datetime | str | None
    reply_to: int | None
    edited_at: datetime | str | None
    deleted_at: datetime | str | None
    picture: str | None


class Outcome(NamedTuple):
    """What became of a draft: `posted` (`is_new`, or as before), or the `error` against it."""

    posted: Posted | None = None
    is_new: bool = False
    error: ChatError | None = None


def store(cursor, drafts, wait=True):
    """Number and store `drafts`, Changes among them. Not committed. Returns an Outcome for each.

    `cursor`: the driver's. The rooms are locked first, so what is read afterwards holds until the
    commit: whether the room is open, who is in it, and which drafts are there already. `wait`: for
    rooms and people that another transaction has locked; else what is new there, or of them, is
    refused with Retry.
    """
    sql = dialect_of(cursor)
    held = sql.lock_rooms(cursor, sorted({draft.room.id for draft in drafts}), wait)
    authors = sql.lock_authors(cursor, sorted({draft.user_id for draft in drafts}), wait)
    moment, counters, latest, outcomes = now(), {}, {}, []
    for draft, known in zip(drafts, look_up(sql, cursor, drafts), strict=True):
        key = draft.key
        before = latest.get(key) or posted_before(draft, known)
        number = counters.get(draft.room.id, known.last_seq or 0) + 1
        outcome = become(draft, known, before, number, moment)
        is_held = draft.room.id in held and draft.user_id in authors
        if outcome.is_new and not is_held:
            outcome = Outcome(error=Retry())
        if outcome.is_new:
            counters[draft.room.id], latest[key] = number, outcome.posted
        outcomes.append(outcome)
    write(sql, cursor, latest, counters, moment)
    return outcomes


def write(sql, cursor, latest, counters, moment):
    """`latest`: {key: Posted} of what is new or changed; `counters`: {room id: last_seq}.

    None is both: who asks for a change has read what was committed.
    """
    new = {key: posted for key, posted in latest.items() if posted.version == posted.seq}
    changed = {key: posted for key, posted in latest.items() if key not in new}
    spoken = {room_id for room_id, *_ in new}
    if new:
        sql.insert(cursor, [row(key, posted, moment) for key, posted in new.items()])
    if changed:
        sql.change(cursor, [changed_row(key, posted) for key, posted in changed.items()])
    if counters:
        sql.count(
            cursor, [(last, moment if id in spoken else None, id) for id, last in counters.items()]
        )


def look_up(sql, cursor, drafts):
    """A Known for each draft."""
    sql.look_up(cursor, [draft.key for draft in drafts])
    return [Known(*found[1:]) for found in sorted(cursor, key=itemgetter(0))]


def posted_before(draft, known):
    """The message that this draft became when it came before, or None."""
    if known.seq is None:
        return None
    return Posted(
        known.seq, known.version, draft.client_id, draft.user_id, known.name,
        known.content, utc(known.timestamp), known.reply_to,
        utc(known.edited_at), utc(known.deleted_at), known.picture,
    )  # fmt: skip


def become(draft, known, before, number, moment):
    """What becomes of one draft or change, under that number if it is new."""
    decide = revise if isinstance(draft, Change) else place
    return decide(draft, known, before, number, moment)


def place(draft, known, before, seq, moment):
    if before and before.content != draft.content and before.version == before.seq:
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
        seq, seq, draft.client_id, draft.user_id, known.name, draft.content, moment, draft.reply_to,
        picture=known.picture,
    )  # fmt: skip
    return Outcome(posted, is_new=True)


def revise(change, known, before, version, moment):
    if known.last_seq is None:
        return Outcome(error=RoomClosed())
    if change.by_author and not known.is_member:
        return Outcome(error=NotAMember())
    if before is None or before.deleted_at:
        return Outcome(error=NotFound())
    if change.content == before.content:
        return Outcome(before)
    if change.content is None:
        return Outcome(before._replace(version=version, content="", deleted_at=moment), is_new=True)
    edited = before._replace(version=version, content=change.content, edited_at=moment)
    return Outcome(edited, is_new=True)


def row(key, posted, moment):
    """The values of what `insert` inserts, in its order."""
    return (
        key[0], posted.seq, posted.version, posted.client_id, posted.user_id, posted.content,
        moment, posted.reply_to,
    )  # fmt: skip


def changed_row(key, posted):
    """The values of what `change` changes, in its order."""
    return (
        posted.version, posted.content, posted.edited_at, posted.deleted_at, key[0], posted.seq
    )  # fmt: skip
