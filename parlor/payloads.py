"""What goes out to sockets and over JSON: each payload, and how it is made.

`docs/protocol.md` describes these to the makers of clients; a test holds the two together.
"""

from typing import NamedTuple, NotRequired

from typing_extensions import TypedDict  # those that pydantic reads, too

from parlor import pictures
from parlor.glimpses import Conversation
from parlor.times import iso


class Person(TypedDict):
    """`picture`: an https address, where pictures are allowed and the person has one. `account`:
    true for whoever has one, so that they can be written to."""

    user_id: int
    name: str
    picture: NotRequired[str]
    account: NotRequired[bool]


class Message(TypedDict):
    """`message`, to the room."""

    seq: int
    version: int
    id: str
    user_id: int
    name: str
    message: str
    timestamp: str
    reply_to: NotRequired[int]
    edited_at: NotRequired[str]
    deleted_at: NotRequired[str]
    picture: NotRequired[str]


class RoomFacts(TypedDict):
    """`facts`, to the room, when they have changed. `kind`: "open", "direct" or "group"."""

    code: str
    created_at: str
    kind: str
    listed: bool
    kept: bool
    name: NotRequired[str]
    description: NotRequired[str]
    owner_id: NotRequired[int]


class Gap(TypedDict):
    """Changes that were passed over: those above `after`, up to `through`."""

    after: int
    through: int


class Room(TypedDict):
    """`room`, to the one who connects. `members`: NAMED at most of the `count` who are here."""

    room: RoomFacts
    me: Person
    members: list[Person]
    count: int
    messages: list[Message]
    through: int
    more: bool
    gap: NotRequired[Gap]


class Presence(TypedDict):
    """`presence`, to the room."""

    joined: list[Person]
    left: list[Person]
    count: int


class Renamed(TypedDict):
    """`renamed`, to the room: someone's name or picture is another now, on old messages, too."""

    user_id: int
    name: str
    picture: NotRequired[str]
    account: NotRequired[bool]


class Typing(TypedDict):
    """`typing`, to the room."""

    users: list[Person]


class UsersList(TypedDict):
    """`users_list`, to programs in the room. `users`: only where there are NAMED at most."""

    users: NotRequired[list[Person]]
    count: int


class Head(TypedDict):
    """`head`, to the room."""

    seq: int


class Restart(TypedDict):
    """`restart`, to everyone. `within`: seconds."""

    within: float


class Ack(TypedDict):
    """The answer to `message`, to the server."""

    ok: bool
    seq: int
    id: str
    timestamp: str


class Conversations(TypedDict):
    """The answer to `conversations`."""

    conversations: list[Conversation]
    next: str | None


class Done(TypedDict):
    """The answer to `read`."""

    ok: bool


class Sync(TypedDict):
    """The answer to `sync`."""

    messages: list[Message]
    through: int
    more: bool


NAMED = 60
"""People who are named: where there are more, the others are a number."""

EMITTED = {
    "message": Message,
    "room": Room,
    "presence": Presence,
    "renamed": Renamed,
    "typing": Typing,
    "head": Head,
    "restart": Restart,
    "facts": RoomFacts,
    "conversation": Conversation,
}
ANSWERED = {"message": Ack, "sync": Sync, "conversations": Conversations, "read": Done}


class Named(NamedTuple):
    """Someone who is, or was, in a room."""

    user_id: int
    name: str
    picture: str | None = None
    is_account: bool = False


def person(member) -> Person:
    """`member`: anything with a user_id, a name, a picture, and is_account."""
    found = Person(user_id=member.user_id, name=member.name)
    if member.is_account:
        found["account"] = True
    return with_picture(found, member.picture)


def with_picture(payload, picture):
    if pictures.shown(picture):
        payload["picture"] = picture
    return payload


def people(members):
    return [person(member) for member in members]


def room_facts(room) -> RoomFacts:
    """`room`: a models.Room, or memberships.RoomRow."""
    facts = RoomFacts(
        code=room.code,
        created_at=iso(room.created_at),
        kind=room.kind,
        listed=room.listed,
        kept=room.kept,
    )
    told = {field: getattr(room, field) for field in ("name", "description", "owner_id")}
    return {**facts, **{field: value for field, value in told.items() if value is not None}}


def message_payload(posted) -> Message:
    """What a message looks like on every wire. `posted`: a `store.Posted`."""
    payload = Message(
        seq=posted.seq,
        version=posted.version,
        id=posted.client_id,
        user_id=posted.user_id,
        name=posted.name,
        message=posted.content,
        timestamp=iso(posted.timestamp),
    )
    if posted.reply_to is not None:
        payload["reply_to"] = posted.reply_to
    if posted.edited_at:
        payload["edited_at"] = iso(posted.edited_at)
    if posted.deleted_at:
        payload["deleted_at"] = iso(posted.deleted_at)
    return with_picture(payload, posted.picture)


def sync_payload(page) -> Sync:
    """`page`: a `messages.Page`."""
    payloads = [message_payload(posted) for posted in page.messages]
    return Sync(messages=payloads, through=page.through, more=page.more)


def ack(posted) -> Ack:
    return Ack(ok=True, seq=posted.seq, id=posted.client_id, timestamp=iso(posted.timestamp))
