"""The only place that emits to sockets: event names, and who gets them.

What they get is made in payloads.py. What concerns sockets of other processes, too, is a deed
(peers.py); a message goes there as the frame that its own process wrote out.
"""

from parlor import glimpses
from parlor.audiences import (  # noqa: F401 - what else is done with sockets
    channel,
    follow,
    forget,
    hear,
    is_connected,
    is_watched,
    listen,
    listeners,
    listens,
    socketio,
    sockets_of,
    subscribe,
    tabs,
    unfollow,
    unwatch,
    watch,
    watched,
    watchers,
)
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
from parlor.peers import everywhere, of_person, of_room, peers
from parlor.reaper import Reaper
from parlor.rooms import live

reaper = Reaper()


def init_app(app, **options):
    manager = FanOut()
    manager.report(follow, unfollow)
    socketio.init_app(app, client_manager=manager, **options)
    reaper.watch(socketio.server)


def in_background(task):
    """Run `task` beside everything else: in a greenlet, or a thread."""
    socketio.start_background_task(task)


def pause(seconds):
    socketio.sleep(seconds)


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
    payload = message_payload(posted)
    frame = socketio.server.manager.emit_frame("message", payload, channel(room.id))
    peers.send_frame(of_room(room), room, posted.version, frame)
    room.head = max(room.head, posted.version)
    tell_watchers(room, glimpses.of_message, payload)


def pass_on(room, version, frame):
    """A `message` of another process, to everyone on this one."""
    manager = socketio.server.manager
    manager.pass_on(frame, channel(room.id))
    room.head = max(room.head, version)
    if is_watched(room.id):
        tell_watchers(room, glimpses.of_message, manager.read(frame)[1])


def tell_watchers(room, make, *facts):
    """A `conversation`, made of the LiveRoom and the facts, to those who watch; if any do."""
    if is_watched(room.id):
        told = make(room, *facts)
        socketio.server.manager.emit("conversation", told, "/", watchers(room.id))


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


@everywhere(of_person)
def send_conversation(user_id, conversation: Conversation):
    """To a user, on all sockets that have asked for their conversations."""
    show_conversation(user_id, conversation)


def show_conversation(user_id, conversation: Conversation):
    """The same on this process alone."""
    socketio.server.manager.emit("conversation", conversation, "/", tabs(user_id))


def send_read(room, user_id, seq, unread):
    """To a user: how far they have read the live room `room`, and how many messages are left."""
    told = Conversation(room=room.code, last_read_seq=seq, unread=unread)
    send_conversation(user_id, told)


@everywhere(of_person)
def send_gone(user_id, room):
    """To a user: the live room `room` is none of theirs any more."""
    let_go(sockets_of(user_id), room)


@everywhere(of_room)
def shut(room):
    """The live room `room` is over: everybody there has to go, and no list shows it any more."""
    live.close(room)
    let_go(socketio.server.manager.members(watchers(room.id)), room)
    eject(live.sockets(room))


def let_go(sockets, room):
    """Take a room from the lists of conversations of those sockets."""
    for socket in sockets:
        gone = Conversation(room=room.code, gone=True)
        socketio.server.manager.emit("conversation", gone, "/", socket)
        unwatch(socket, {room.id})


def send_facts(room, facts):
    """To everyone in the live room `room`, and who watches it. `facts`: as of `room_facts`."""
    tell_facts(room, room_facts(facts), facts.lasts)


@everywhere(of_room)
def tell_facts(room, facts, lasts):
    room.lasts = lasts
    emit("facts", facts, room)
    if facts["kind"] != "direct":
        tell_watchers(room, glimpses.of_name, facts.get("name"))


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


@everywhere(of_room)
def rename(room, user_id, name, picture, is_account):
    """Someone in the live room `room` has another name, picture, or an account: tell everyone."""
    live.rename(room, user_id, name, picture, is_account)
    emit("renamed", Renamed(**person(Named(user_id, name, picture, is_account))), room)
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
