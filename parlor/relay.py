"""The only place that emits to sockets: event names, and who gets them.

What they get is made in payloads.py.
"""

from flask_socketio import SocketIO

from parlor import glimpses
from parlor.fanout import FanOut
from parlor.glimpses import Conversation
from parlor.payloads import (  # noqa: F401 - whoever answers takes them from here
    ANSWERED,
    EMITTED,
    NAMED,
    Ack,
    Conversations,
    Done,
    Gap,
    Head,
    Message,
    Named,
    Person,
    Presence,
    Renamed,
    Restart,
    Room,
    RoomFacts,
    Sync,
    Typing,
    UsersList,
    ack,
    message_payload,
    people,
    person,
    room_facts,
    sync_payload,
    with_picture,
)
from parlor.reaper import Reaper
from parlor.rooms import live

socketio = SocketIO()
reaper = Reaper()


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
        for id in room_ids - {seat and seat.room.id}:
            socketio.server.enter_room(socket, watchers(id))


def unwatch(socket, room_ids):
    for id in room_ids:
        socketio.server.manager.leave_room(socket, "/", watchers(id))


def sockets_of(user_id):
    """A user's sockets that have asked for their conversations."""
    return socketio.server.manager.members(tabs(user_id))


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
    visitors = {s: live.visitor(s) for s in manager.members(watchers(room.id))}
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
    for socket in sockets_of(user_id) if user_id else manager.members(watchers(room.id)):
        manager.emit("conversation", Conversation(room=room.code, gone=True), "/", socket)
        unwatch(socket, {room.id})


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
