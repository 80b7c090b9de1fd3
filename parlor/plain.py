"""RELAY=plain, and `make dev`: Engine.IO's own WebSocket, with what it lacks.

Frames that cannot be read look like the end of the connection, and nothing is deflated: that costs
100 KB a connection, and each frame would be deflated for each receiver.
"""

import logging
import socket
from contextlib import suppress
from functools import cache

from engineio import packet as engine_packet

from parlor.transport import SILENT, UNREADABLE

log = logging.getLogger(__name__)


def install(server, receiver):
    """Let `server`, a socketio.Server, speak WebSocket this way."""
    server.eio._async = {
        **server.eio._async,
        "websocket": guard_websocket(server.eio._async["websocket"]),
    }


def guard_websocket(plain):
    """`plain`: what makes a WSGI app of a handler. Ours reads Frames."""

    def make(handler, eio):
        client = handler.__self__
        app = plain(lambda websocket: handler(Frames(websocket, client)), eio)

        def serve(environ, start_response):
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            return app(environ, start_response)

        return serve

    return make


class Frames:
    """A WebSocket whose unreadable frames look like its end. `client`: the engineio.Socket."""

    def __init__(self, websocket, client):
        self.websocket, self.client = websocket, client
        client.cut = self.cut
        if hasattr(websocket, "Message"):
            websocket.Message = bounded(websocket.Message)
        websocket.log = Discard()  # it would note each connection that both ends close

    def __getattr__(self, name):
        return getattr(self.websocket, name)

    def wait(self):
        try:
            frame = self.websocket.wait()
        except TimeoutError:
            if self.client.upgraded:  # else its long polls go on
                self.client.close(wait=False, abort=True, reason=SILENT)
            return None
        if frame is None or (isinstance(frame, str) and is_frame(frame)):
            return frame
        log.info("unreadable frame, connection closed")
        return None

    def close(self):
        """Wake up whoever waits for a frame, who says goodbye: to close would not wake them."""
        with suppress(OSError):
            raw(self.websocket).shutdown(socket.SHUT_RD)

    def cut(self):
        """End the line of someone who does not read, and so cannot be told."""
        with suppress(OSError):
            raw(self.websocket).shutdown(socket.SHUT_RDWR)


def raw(websocket):
    """The socket below the worker's WebSocket, or below simple_websocket's."""
    return websocket.ws.sock if hasattr(websocket, "ws") else websocket.socket


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
