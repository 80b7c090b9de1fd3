"""Conversations as they are seen from outside: the last line, and who is there."""

from itertools import islice
from typing import NotRequired

from typing_extensions import TypedDict

from parlor.times import iso

LONGEST = 120
"""Characters of a message."""

NAMED = 2
"""People whom a glimpse of a room names."""


class Last(TypedDict):
    """The latest message, in one line; where it is `deleted` without a text."""

    seq: int
    user_id: int
    name: str
    message: str
    timestamp: str
    deleted: NotRequired[bool]


class Conversation(TypedDict, total=False):
    """A room among those that somebody is in; told again, what has changed of it.

    `room`, its code, is always there. `user_id` and `picture`: of the other, in a direct one.
    `here` and `count`: others who are there now, and how many.
    """

    room: str
    kind: str
    title: str
    name: str | None
    user_id: int
    picture: str
    seq: int
    unread: int
    last_read_seq: int
    last: Last
    last_message_at: str
    here: list[str]
    count: int
    gone: bool


def last(seq, user_id, name, content, timestamp, deleted_at) -> Last:
    line = Last(
        seq=seq, user_id=user_id, name=name, message=glimpse(content), timestamp=iso(timestamp)
    )
    return Last(**line, deleted=True) if deleted_at else line


def glimpse(content):
    """The start of a text, in one line."""
    line = " ".join(content[: 2 * LONGEST].split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def of_message(room, message) -> Conversation:
    """What a message changes, new or changed itself. `room`: a LiveRoom; `message`: its payload."""
    line = Last(**{field: message[field] for field in ("seq", "user_id", "name", "timestamp")})
    line["message"] = glimpse(message["message"])
    if "deleted_at" in message:
        line["deleted"] = True
    told = Conversation(room=room.code, seq=message["version"], last=line)
    if message["version"] == message["seq"]:
        told["last_message_at"] = line["timestamp"]
    return told


def of_name(room, name) -> Conversation:
    return Conversation(room=room.code, name=name, title=name or room.code)


def of_people(room, here, user_id=None) -> Conversation:
    """Who is there, for the user `user_id`; for somebody else where it is None."""
    names, count = others(here, user_id)
    return Conversation(room=room.code, here=names, count=count)


def others(here, user_id):
    """Who else is in a room: the names of the first, and how many they are."""
    names = (member.name for member in here if member.user_id != user_id)
    is_here = any(member.user_id == user_id for member in here)
    return list(islice(names, NAMED)), len(here) - is_here
