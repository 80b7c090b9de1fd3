"""The Socket.IO door: parse, call one verb, answer.

Imported where an app is made: handlers registered later would be missing in it.
"""

from flask import request
from flask_socketio import ConnectionRefusedError

from parlor import accounts, chat, relay
from parlor.errors import ChatError, Invalid, NotAMember
from parlor.failures import as_server_error
from parlor.limits import throttle
from parlor.numbers import whole
from parlor.relay import socketio
from parlor.rooms import live


@socketio.on("connect")
def on_connect(auth=None):
    """`auth`: {"room": code, "after": number}, both optional."""
    auth = auth if isinstance(auth, dict) else {}
    code, after = room_code(auth), whole(auth.get("after"), "after")
    user, address = accounts.me(), accounts.address()
    throttle.hit("connect", user.id if user else address)
    if not code:
        raise NotAMember
    chat.connect(chat.find_place(code, user, address), request.sid, after)


@socketio.on("disconnect")
def on_disconnect(reason=None):
    chat.disconnect(request.sid)


@socketio.on("message")
def on_message(data=None, *extra):
    """`data`: {"data": text, "id": client id, "reply_to": seq}, or the text alone."""
    seat = find_seat()
    data = data if isinstance(data, dict) else {"data": data}
    posted = chat.post(
        seat.room,
        seat.member.user_id,
        data.get("data"),
        data.get("id"),
        whole(data.get("reply_to"), "reply_to"),
    )
    return relay.ack(posted)


@socketio.on("sync")
def on_sync(data=None, *extra):
    """`data`: {"after": number}."""
    seat = find_seat()
    after = whole(data.get("after") if isinstance(data, dict) else None, "after")
    return relay.sync_payload(chat.sync(seat, after or 0))


@socketio.on("typing")
def on_typing(data=None, *extra):
    """`data`: {"is_typing": bool}."""
    seat = find_seat()
    is_typing = data.get("is_typing") if isinstance(data, dict) else None
    if not isinstance(is_typing, bool):
        raise Invalid("is_typing is true or false.", field="is_typing")
    chat.set_typing(seat, is_typing)
    return {"ok": True}


@socketio.on_error_default
def on_error(error):
    """The answer to whatever a handler raised: an ack, or the refusal of a connection."""
    refusal = error if isinstance(error, ChatError) else as_server_error(error)
    if request.event["message"] == "connect":
        raise ConnectionRefusedError(refusal.message, refusal.answer())
    return {"ok": False, **refusal.answer()}


def find_seat():
    """Where this socket is, by the server's own record. Raises NotAMember."""
    seat = live.seat(request.sid)
    if seat is None:
        raise NotAMember
    return seat


def room_code(auth):
    """The code that a connection names, or that of the session's latest room. Raises Invalid."""
    given = auth.get("room")
    if given is not None and not isinstance(given, str):
        raise Invalid("room is a code.", field="room")
    return given or accounts.latest_code()
