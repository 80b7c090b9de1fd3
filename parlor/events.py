"""The Socket.IO door: parse, call one verb, answer.

They come often: so each has the app's context at most, where Flask-SocketIO's own decorators would
make a whole request of it.
"""

from functools import partial

from flask_socketio import ConnectionRefusedError

from parlor import accounts, chat, entrance, relay, talks, text, transport
from parlor.errors import ChatError, Invalid, NotAMember, SignInNeeded
from parlor.failures import as_server_error
from parlor.limits import throttle
from parlor.numbers import whole
from parlor.relay import socketio
from parlor.rooms import live
from parlor.transport import Handler, handlers


def init_app(app, install):
    """Listen. `install`: of the module that speaks WebSocket."""
    server = socketio.server
    server.on("connect", partial(on_connect, app))
    server.on("disconnect", on_disconnect)
    install(server, transport.install(app, server))


def on_connect(app, sid, environ, auth=None):
    """`auth`: {"room": code, "after": number, "token": access token}, all optional;
    {"lobby": true} for no room.

    The session comes with `environ`.
    """
    with app.app_context():
        try:
            connect(app, sid, app.request_class(environ), auth if isinstance(auth, dict) else {})
        except Exception as error:
            refused = as_chat_error(error)
            raise ConnectionRefusedError(refused.message, refused.answer()) from error


def connect(app, sid, request, auth):
    session = app.session_interface.open_session(app, request)
    token = text.given(auth.get("token"), "token")
    code = text.given(auth.get("room"), "room") or accounts.latest_code(session)
    after = whole(auth.get("after"), "after")
    claim = accounts.claim(session, request) if token is None else accounts.of_token(token)
    address = accounts.address(request)
    throttle.hit("connect", claim.user_id if claim else address)
    if auth.get("lobby") is True:
        talks.enter_lobby(sid, claim)
        return
    if not code:
        raise NotAMember
    entrance.connect(chat.find_place(code, claim, address), sid, after)


def on_disconnect(sid, reason=None):
    chat.disconnect(sid, was_silent=reason == transport.SILENT)


def event(name, waits=False, find=chat.find_seat):
    """Register what answers an event: it is called with what `find` makes of its sender's socket,
    by default the Seat, the payload and
    `answer`, which acknowledges. It runs without Flask's contexts unless it `waits`, in the
    app's."""

    def register(handler):
        def handle(sid, answer, data=None, *extra):
            try:
                handler(find(sid), data, answer)
            except Exception as error:  # noqa: BLE001 - whatever it is, the sender gets an answer
                answer(refusal(as_chat_error(error)))

        handlers[name] = Handler(handle, waits)
        return handler

    return register


@event("message")
def on_message(seat, data, answer):
    """`data`: {"data": text, "id": client id, "reply_to": seq}, or the text alone."""
    data = data if isinstance(data, dict) else {"data": data}
    reply_to = whole(data.get("reply_to"), "reply_to")

    def done(outcome):
        answer(refusal(outcome.error) if outcome.error else relay.ack(outcome.posted))

    chat.submit(
        seat.room, seat.member.user_id, data.get("data"), data.get("id"), reply_to, done
    )  # fmt: skip


@event("sync", waits=True)
def on_sync(seat, data, answer):
    """`data`: {"after": number}."""
    after = whole(data.get("after") if isinstance(data, dict) else None, "after")
    answer(relay.sync_payload(chat.sync(seat, after or 0)))


@event("typing")
def on_typing(seat, data, answer):
    """`data`: {"is_typing": bool}."""
    is_typing = data.get("is_typing") if isinstance(data, dict) else None
    if not isinstance(is_typing, bool):
        raise Invalid("is_typing is true or false.", field="is_typing")
    chat.set_typing(seat, is_typing)
    answer({"ok": True})


@event("conversations", waits=True, find=str)
def on_conversations(sid, data, answer):
    """`data`: {"before": the `next` of the answer before}, or nothing."""
    before = data.get("before") if isinstance(data, dict) else None
    found, next = talks.watch(sid, find_visitor(sid), before)
    answer(relay.Conversations(conversations=found, next=next))


@event("read", waits=True)
def on_read(seat, data, answer):
    """`data`: {"seq": number}."""
    seq = whole(data.get("seq") if isinstance(data, dict) else None, "seq")
    if seq is None:
        raise Invalid("seq is a number.", field="seq")
    talks.mark_read(seat.room, seat.member.user_id, seq)
    answer({"ok": True})


def refusal(error):
    return {"ok": False, **error.answer()}


def as_chat_error(error):
    return error if isinstance(error, ChatError) else as_server_error(error)


def find_visitor(sid):
    """Who this socket is, in a room or the lobby. Raises SignInNeeded."""
    visitor = live.visitor(sid)
    if visitor is None:
        raise SignInNeeded
    return visitor
