"""Sockets, and the Socket.IO rooms that they are in: who is in a room, who sees it from outside,
who has asked for their conversations.

The first socket of each has this process follow what others tell of it (peers.py), the last one has
it stop.
"""

from flask_socketio import SocketIO

from parlor.peers import peers
from parlor.rooms import live

socketio = SocketIO()


def channel(room_id):
    """The Socket.IO room of a room. By its id: a code may come to stand for another room."""
    return f"room:{room_id}"


def watchers(room_id):
    """The Socket.IO room of those who see a room among their conversations, and are not in it."""
    return f"watch:{room_id}"


def tabs(user_id):
    """The Socket.IO room of a user's sockets that have asked for their conversations."""
    return f"person:{user_id}"


def follow(audience):
    """A Socket.IO room has its first socket: what other processes tell of it is heard from now."""
    peers.follow(audience.replace("watch:", "room:"), audience)


def unfollow(audience):
    peers.unfollow(audience.replace("watch:", "room:"), audience)


def listens(user_id):
    """Whether any of a user's sockets has asked for their conversations, or may elsewhere."""
    return live.others.are_there or tabs(user_id) in socketio.server.manager.audiences


def is_watched(room_id):
    """Whether anybody on this process sees a room among their conversations."""
    return watchers(room_id) in socketio.server.manager.audiences


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


def watched(socket):
    """The ids of the rooms that a socket's user sees among their conversations."""
    names = list(socketio.server.manager.rooms_of.get(socket, ()))
    return [int(name.removeprefix("watch:")) for name in names if name.startswith("watch:")]


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
