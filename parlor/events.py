"""The Socket.IO door: parse, call one verb, answer.

Imported where an app is made: handlers registered later would be missing in it.
"""

from flask import request
from flask_socketio import ConnectionRefusedError

from parlor import accounts, chat, codes, relay
from parlor.errors import ChatError, Invalid, NotAMember
from parlor.failures import as_server_error
from parlor.limits import address_key, throttle
from parlor.relay import socketio
from parlor.rooms import live


@socketio.on("connect")
def on_connect(auth=None):
    """`auth`: {"room": code, "after": number}, both optional."""
    auth = auth if isinstance(auth, dict) else {}
    after = number(auth, "after")
    asker = address_key(request.remote_addr)
    user = accounts.me()
    throttle.hit("connect", user.id if user else asker)
    code = text(auth, "room") or accounts.latest_code()
    if not code:
        raise NotAMember
    place = chat.find_place(codes.read(code), user, asker)
    chat.connect(place, request.sid, after)


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
        number(data, "reply_to"),
    )
    return relay.ack(posted)


@socketio.on("sync")
def on_sync(data=None, *extra):
    """`data`: {"after": number}."""
    seat = find_seat()
    after = number(data if isinstance(data, dict) else {}, "after")
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


def number(data, name):
    """A whole number of a payload, or None where it has none. Raises Invalid."""
    given = data.get(name)
    if given is None:
        return None
    if type(given) is not int or not 0 <= given < 2**31:
        raise Invalid(f"{name} is a whole number.", field=name)
    return given


def text(data, name):
    given = data.get(name)
    if given is not None and not isinstance(given, str):
        raise Invalid(f"{name} is text.", field=name)
    return given
