"""The only place that emits to sockets: event names, payloads, and who gets them.

`docs/protocol.md` describes these to the makers of clients; a test holds the two together.
"""

from typing import NamedTuple, NotRequired  # those that pydantic reads, too

from flask_socketio import SocketIO
from typing_extensions import TypedDict

from parlor import glimpses, pictures
from parlor.fanout import FanOut
from parlor.glimpses import Conversation
from parlor.reaper import Reaper
from parlor.rooms import live
from parlor.times import iso

socketio = SocketIO()
reaper = Reaper()


class Person(TypedDict):
    """`picture`: an https address, where pictures are allowed and the person has one."""

    user_id: int
    name: str
    picture: NotRequired[str]


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


def init_app(app, **options):
    socketio.init_app(app, client_manager=FanOut(), **options)
    reaper.watch(socketio.server)


def in_background(task):
    """Run `task` beside everything else: in a greenlet, or a thread."""
    socketio.start_background_task(task)


def pause(seconds):
    socketio.sleep(seconds)


def channel(room_id):
    """The Socket.IO room of a room. By its id: a code may come to stand for another room."""
    return f"room:{room_id}"


def watchers(room_id):
    """The Socket.IO room of those who see a room among their conversations, and are not in it."""
    return f"watch:{room_id}"


def tabs(user_id):
    """The Socket.IO room of a user's sockets that have asked for their conversations."""
    return f"person:{user_id}"


def listens(user_id):
    """Whether any of a user's sockets has asked for their conversations."""
    return tabs(user_id) in socketio.server.manager.audiences


def hear(socket, user_id):
    """From now on a socket gets what is for its user."""
    if is_connected(socket):
        socketio.server.enter_room(socket, tabs(user_id))


def watch(socket, room_ids):
    """From now on a socket gets what changes of those rooms, but for the one it is in."""
    seat = live.seat(socket)
    if is_connected(socket):
        for id in set(room_ids) - {seat and seat.room.id}:
            socketio.server.enter_room(socket, watchers(id))


def watch_all(user_id, room_id):
    for socket in socketio.server.manager.members(tabs(user_id)):
        watch(socket, [room_id])


def subscribe(socket, room_id):
    socketio.server.enter_room(socket, channel(room_id))


def listeners():
    """The listener.Listeners of this process, by their names among sockets."""
    return socketio.server.manager.listeners


def listen(listener):
    """From now on its name is that of a socket."""
    listeners()[listener.sid] = listener


def is_connected(socket):
    """False once the socket is gone, also if nobody was told; true while it is being connected."""
    if socket in listeners():
        return not listeners()[socket].is_closing
    server = socketio.server
    return server.manager.eio_sid_from_sid(socket, "/") in server.eio.sockets


def forget(socket):
    """Take away what is held of a socket that is gone."""
    if socket in listeners():
        socketio.server.manager.dismiss(socket)
    elif socketio.server.manager.eio_sid_from_sid(socket, "/"):
        socketio.server.manager.disconnect(socket, "/")


def eject(sockets):
    """Disconnect sockets whose people are no longer in the room."""
    for socket in sockets:
        if socket in listeners():
            listeners()[socket].eject()
        else:
            socketio.server.disconnect(socket)


def emit(event, payload, room):
    """To all sockets in the live room `room`."""
    socketio.server.manager.emit(event, payload, "/", channel(room.id))


def send_message(room, posted):
    """To everyone in the live room `room`, the sender too. Called in the order of `version`."""
    emit("message", message_payload(posted), room)
    room.head = max(room.head, posted.version)
    tell_watchers(room, glimpses.of_message, posted)


def tell_watchers(room, make, *facts):
    """A `conversation`, made of the LiveRoom and the facts, to those who watch; if any do."""
    manager, audience = socketio.server.manager, watchers(room.id)
    if audience in manager.audiences:
        manager.emit("conversation", make(room, *facts), "/", audience)


def send_here(room):
    """To everyone who watches the live room `room`: who is there, besides themselves."""
    manager, here = socketio.server.manager, live.here(room)
    sockets = manager.members(watchers(room.id))
    visitors = {socket: live.visitor(socket) for socket in sockets}
    there = [s for s, one in visitors.items() if one and one.user_id in room.members]
    if not there:
        tell_watchers(room, glimpses.of_people, here)
        return
    for socket, visitor in visitors.items():
        told = glimpses.of_people(room, here, visitor and visitor.user_id)
        manager.emit("conversation", told, "/", socket)


def send_conversation(user_id, conversation: Conversation):
    """To a user, on all sockets that have asked for their conversations."""
    socketio.server.manager.emit("conversation", conversation, "/", tabs(user_id))


def send_read(room, user_id, seq, unread):
    """To a user: how far they have read the live room `room`, and how many messages are left."""
    told = Conversation(room=room.code, last_read_seq=seq, unread=unread)
    send_conversation(user_id, told)


def send_gone(room, user_id=None):
    """The live room `room` is over: for a user, or for everybody who watches it."""
    manager = socketio.server.manager
    for socket in manager.members(tabs(user_id) if user_id else watchers(room.id)):
        manager.emit("conversation", Conversation(room=room.code, gone=True), "/", socket)
        manager.leave_room(socket, "/", watchers(room.id))


def send_facts(room, facts):
    """To everyone in the live room `room`, and who watches it. `facts`: as of `room_facts`."""
    emit("facts", room_facts(facts), room)
    if facts.kind != "direct":
        tell_watchers(room, glimpses.of_name, facts.name)


def send_room(socket, payload: Room):
    if socket in listeners():
        listeners()[socket].welcome(payload)
        return
    socketio.server.manager.emit("room", payload, "/", socket)


def send_presence(room, joined, left):
    """To everyone in the live room `room`: who came, who went. Both of (user id, name).

    Where more than NAMED are here, only their count is told of those who came, but for new names.
    """
    count = len(room.members)
    renamed = {user_id for user_id, _ in left}
    named = [pair for pair in joined if count <= NAMED or pair[0] in renamed]
    came = [person(room.members.get(pair[0]) or Named(*pair)) for pair in named]
    went = [person(Named(*pair)) for pair in left]
    emit("presence", Presence(joined=came, left=went, count=count), room)
    send_users(room)


def send_renamed(room, member):
    """To everyone in the live room `room`. `member`: as `person` takes it."""
    emit("renamed", Renamed(**person(member)), room)
    send_users(room)


def send_users(room):
    """To the programs in the live room `room`: who is here now."""
    if listeners():
        socketio.server.manager.tell("users_list", users_list(room), channel(room.id))


def users_list(room) -> UsersList:
    members = list(room.members.values())
    if len(members) > NAMED:
        return UsersList(count=len(members))
    return UsersList(users=people(members), count=len(members))


def send_typing(room, members):
    """To everyone in the live room `room`: who types now."""
    emit("typing", Typing(users=people(members)), room)


def send_head(room, seq):
    """To everyone in the live room `room`: there is more than they were told."""
    emit("head", Head(seq=seq), room)
    room.head = max(room.head, seq)


def send_restart(within):
    """To everyone on this process: it stops; come back within so many seconds."""
    socketio.server.manager.emit("restart", Restart(within=within), "/")


def reap():
    """To be called each second: end the connections that nothing comes of."""
    reaper.look_after_all()


def hang_up():
    """Close all connections so that their clients come back. Returns how many there were."""
    return reaper.hang_up()


class Named(NamedTuple):
    """Someone who is, or was, in a room."""

    user_id: int
    name: str
    picture: str | None = None


def person(member) -> Person:
    """`member`: anything with a user_id, a name and a picture."""
    found = Person(user_id=member.user_id, name=member.name)
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
