"""The lowest layer of the relay: what Engine.IO and Socket.IO do with what clients send.

They raise out of their read loops, with a traceback, when a packet cannot be read; and they take
an event named `connect` for the real thing. Here such a packet, and any binary one, closes the
connection, or gets an error when it came by long-polling: nobody who follows the protocol sends
one.
"""

import io
import json
import logging
from functools import cache

from engineio import packet as engine_packet
from engineio.payload import Payload
from socketio import packet

from parlor.errors import Invalid, TooLarge

log = logging.getLogger(__name__)

KINDS = (packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK)
"""What a client may send: no binary packets."""

POLLED = (engine_packet.CLOSE, engine_packet.PONG, engine_packet.MESSAGE, engine_packet.UPGRADE)
"""Frames that a client may post."""

RESERVED = ("connect", "disconnect", "connect_error")
"""Events that Socket.IO makes itself."""

UNREADABLE = (ValueError, TypeError, IndexError, KeyError, AttributeError)


class Json:
    """JSON for both packet layers: what is nested too deep is as unreadable as bad syntax."""

    dumps = staticmethod(json.dumps)

    @staticmethod
    def loads(text):
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("nested too deep") from None


def harden(server):
    """Make `server`, a socketio.Server, close connections on packets that cannot be read."""
    server.eio.on("message", guard_messages(server))
    server.eio.handle_request = guard_polling(server.eio)
    server.eio._async = {
        **server.eio._async,
        "websocket": guard_websocket(server.eio._async["websocket"]),
    }


def guard_messages(server):
    handle = server._handle_eio_message

    def on_message(eio_sid, data):
        if is_readable(data):
            handle(eio_sid, data)
        else:
            log.info("unreadable packet, connection closed")
            server.eio.sockets[eio_sid].close(wait=False, abort=True)

    return on_message


def is_readable(data):
    """Whether `data` is a Socket.IO packet that a client may send, of the right shape."""
    if not isinstance(data, str):
        return False
    try:
        read = packet.Packet(encoded_packet=data)
    except UNREADABLE:
        return False
    if read.packet_type == packet.EVENT:
        return is_event(read.data)
    return read.packet_type in KINDS


def is_event(data):
    named = isinstance(data, list) and bool(data) and isinstance(data[0], str)
    return named and data[0] not in RESERVED


def guard_polling(eio):
    handle = eio.handle_request

    def handle_request(environ, start_response):
        error = environ["REQUEST_METHOD"] == "POST" and refusal(environ, eio.max_http_buffer_size)
        if error:
            start_response(f"{error.status} Refused", [("Content-Type", "application/json")])
            return [json.dumps(error.answer()).encode()]
        return handle(environ, start_response)

    return handle_request


def refusal(environ, longest):
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


def guard_websocket(plain):
    """`plain`: what makes a WSGI app of a handler. Ours reads Frames, and deflates nothing.

    Deflating costs 100 KB a connection, and each frame is deflated for each receiver.
    """

    def make(handler, eio):
        app = plain(lambda socket: handler(Frames(socket)), eio)

        def serve(environ, start_response):
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            return app(environ, start_response)

        return serve

    return make


class Frames:
    """A WebSocket whose unreadable frames look like its end."""

    def __init__(self, socket):
        self.socket = socket
        if hasattr(socket, "Message"):
            socket.Message = bounded(socket.Message)
        socket.log = Discard()  # it would note each connection that both ends close

    def __getattr__(self, name):
        return getattr(self.socket, name)

    def wait(self):
        frame = self.socket.wait()
        if frame is None or (isinstance(frame, str) and is_frame(frame)):
            return frame
        log.info("unreadable frame, connection closed")
        return None


@cache
def bounded(message):
    """The class of the worker's WebSocket messages, whose limit holds for one fragment only."""

    class Bounded(message):
        size = 0

        def push(self, data, final=False):
            self.size += len(data) or 1
            if self.size > self.max_frame_length:
                raise ValueError("too long, in fragments")
            super().push(data, final)

    return Bounded


class Discard:
    def write(self, text):
        """Drop it."""


def is_frame(frame):
    try:
        engine_packet.Packet(encoded_packet=frame)
    except UNREADABLE:
        return False
    return True
