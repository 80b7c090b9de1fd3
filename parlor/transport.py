"""What comes in, on its way to the doors: packets are read once, and events find their handlers.

Engine.IO and Socket.IO raise out of their read loops, with a traceback, when a packet cannot be
read; and they take an event named `connect` for the real thing. Here such a packet, and any binary
one, closes the connection, or gets an error when it came by long-polling: nobody who follows the
protocol sends one.
"""

import io
import json
import logging
import re
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qs

import orjson
from engineio import packet as engine_packet
from engineio.payload import Payload
from socketio import packet

from parlor import admission
from parlor.errors import Invalid, Retry, TooLarge, WebSocketOnly
from parlor.handshake import asks_to_upgrade

log = logging.getLogger(__name__)

KINDS = (packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK)
"""What a client may send: no binary packets."""

POLLED = (engine_packet.CLOSE, engine_packet.PONG, engine_packet.MESSAGE, engine_packet.UPGRADE)
"""Frames that a client may post."""

RESERVED = ("connect", "disconnect", "connect_error")
"""Events that Socket.IO makes itself."""

UNREADABLE = (ValueError, TypeError, IndexError, KeyError, AttributeError)

CLIENT_GONE, SERVER_LEFT, SILENT = "transport close", "server disconnect", "ping timeout"
"""Reasons for a connection's end, in Engine.IO's words."""

CLOSE = engine_packet.Packet(engine_packet.CLOSE)
NOOP = engine_packet.Packet(engine_packet.NOOP)
PING = engine_packet.Packet(engine_packet.PING)


class Json:
    """JSON for both packet layers, by orjson: several times as fast as the standard library's.

    What orjson does not read, such as half an emoji, the standard library may; what is nested too
    deep for both is as unreadable as bad syntax.
    """

    @staticmethod
    def encode(data):
        return orjson.dumps(data)

    @staticmethod
    def dumps(data, **options):
        return orjson.dumps(data).decode()

    @staticmethod
    def loads(text):
        try:
            return orjson.loads(text)
        except ValueError:
            return loads_slowly(text)


def loads_slowly(text):
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


class Event(NamedTuple):
    """What a socketio.packet.Packet holds of an event."""

    packet_type: int
    namespace: str | None
    id: int | None
    data: object


class Handler(NamedTuple):
    """`call(sid, answer, *payload)`; `waits`: it may wait, say for the database."""

    call: callable
    waits: bool


handlers: dict[str, Handler] = {}
"""What answers each event that clients send, by its name."""


class Receiver:
    """Takes what Engine.IO's sockets receive.

    `within`: makes the context manager that what may wait runs in.
    """

    def __init__(self, server, within):
        self.server = server
        self.within = within

    def receive(self, eio_sid, data):
        """Handle a Socket.IO packet. Returns what is left to do that may wait, or None."""
        if eio_sid not in self.server.environ:
            return None  # gone: whoever joined now would never be heard to end
        read = read_packet(data)
        if read is None:
            log.info("unreadable packet, connection closed")
            return self.close(eio_sid)
        if read.packet_type == packet.EVENT:
            return self.dispatch(eio_sid, read)
        return partial(self.server._handle_eio_message, eio_sid, data)

    def receive_at_once(self, eio_sid, data):
        """The same for sockets that have a greenlet or thread of their own, which may wait."""
        waiting = self.receive(eio_sid, data)
        if waiting:
            waiting()

    def close(self, eio_sid):
        client = self.server.eio.sockets.get(eio_sid)
        if client:
            client.close(wait=False, abort=True)

    def dispatch(self, eio_sid, event):
        """Have an event handled, if its sender has joined and there is such an event."""
        sid = self.server.manager.sid_from_eio_sid(eio_sid, event.namespace or "/")
        handler = handlers.get(event.data[0])
        if handler is None or not self.server.manager.is_connected(sid, "/"):
            return None
        answer = ignore if event.id is None else partial(self.answer, eio_sid, event.id)
        call = partial(handler.call, sid, answer, *event.data[1:])
        return partial(self.wait, call) if handler.waits else call()

    def wait(self, call):
        with self.within():
            call()

    def answer(self, eio_sid, id, payload):
        """Acknowledge the event that came with `id`."""
        ack = packet.Packet(packet.ACK, data=[payload], id=id, binary=False)
        self.server.eio.send(eio_sid, ack.encode())


def ignore(payload):
    """The answer to an event whose sender wants none."""


def install(app, server):
    """Give the packets that `server`, a socketio.Server, gets to a Receiver. Returns it."""
    receiver = Receiver(server, app.app_context)
    server.eio.on("message", receiver.receive_at_once)
    server.eio.handle_request = guard_requests(server.eio, app.config["SETTINGS"].websocket_only)
    return receiver


def read_packet(data):
    """The Socket.IO packet, if it is one that a client may send, of the right shape, else None."""
    if not isinstance(data, str):
        return None
    try:
        read = read_event(data) or packet.Packet(encoded_packet=data)
    except UNREADABLE:
        return None
    if read.packet_type == packet.EVENT:
        return read if is_event(read.data) else None
    return read if read.packet_type in KINDS else None


EVENT = re.compile(r"2([0-9]{0,15})(\[)")


def read_event(data):
    """An event of the default namespace, which most packets are, read in one go; or None."""
    head = EVENT.match(data)
    if head is None:
        return None
    id = int(head[1]) if head[1] else None
    return Event(packet.EVENT, None, id, Json.loads(data[head.start(2) :]))


def is_event(data):
    named = isinstance(data, list) and bool(data) and isinstance(data[0], str)
    return named and data[0] not in RESERVED


def guard_requests(eio, websocket_only):
    handle = eio.handle_request

    def handle_request(environ, start_response):
        query = parse_qs(environ.get("QUERY_STRING", ""))
        forget_closed(eio, query.get("sid", [None])[0])
        error = refusal(environ, query, eio.max_http_buffer_size)
        if websocket_only and not is_upgrade(environ, query):
            error = WebSocketOnly()
        if error:
            start_response(f"{error.status} Refused", [("Content-Type", "application/json")])
            return [json.dumps(error.answer()).encode()]
        return handle(environ, start_response)

    return handle_request


def forget_closed(eio, sid):
    """Engine.IO fails at a request for a client that has just been closed; of others it knows."""
    client = eio.sockets.get(sid)
    if client and client.closed:
        eio.sockets.pop(sid, None)


def refusal(environ, query, longest):
    """What is wrong with a request, or None. `query`: that of its address, parsed."""
    if "sid" not in query and not admission.has_room():
        return Retry()
    if environ["REQUEST_METHOD"] == "POST":
        return refusal_of_body(environ, longest)
    return Invalid() if environ.get("HTTP_UPGRADE") and not is_upgrade(environ, query) else None


def is_upgrade(environ, query):
    """Whether a request says at all three places that it wants to."""
    return asks_to_upgrade(environ) and query.get("transport") == ["websocket"]


def refusal_of_body(environ, longest):
    """What is wrong with a request's body, or None; it is read, and laid back.

    It must say its length, as browsers do: a body in chunks might never end.
    """
    try:
        length = int(environ["CONTENT_LENGTH"])
        if length > longest:
            return TooLarge()
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        kinds = {frame.packet_type for frame in Payload(encoded_payload=body.decode()).packets}
    except UNREADABLE:
        return Invalid()
    return None if kinds <= set(POLLED) else Invalid()
