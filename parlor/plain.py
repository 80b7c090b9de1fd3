"""RELAY=plain, and wherever there are threads: Engine.IO's own WebSocket, with what it lacks.

Frames that cannot be read look like the end of the connection, and nothing is deflated: that costs
100 KB a connection, and each frame would be deflated for each receiver. That of simple_websocket,
used where the worker brings none, is also held to whole frames of a bounded size, and to an end
that its reading thread notices.
"""

import logging
import socket
from contextlib import suppress
from functools import cache
from threading import Lock

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

        def run(websocket):
            frames = Frames(websocket, client)
            try:
                return handler(frames)
            finally:
                frames.let_go()

        app = plain(run, eio)
        if hasattr(app, "server_args"):
            app.server_args["max_message_size"] = eio.max_http_buffer_size

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
        if hasattr(websocket, "ws"):
            websocket.ws.sock = Whole(websocket.ws.sock)
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
        self.shut(socket.SHUT_RD)

    def let_go(self):
        """At the end: simple_websocket's thread still reads, which would keep the line open."""
        if hasattr(self.websocket, "ws"):
            self.cut()

    def cut(self):
        """End the line of someone who does not read, and so cannot be told."""
        self.shut(socket.SHUT_RDWR)

    def shut(self, how):
        with suppress(OSError):
            raw(self.websocket).shutdown(how)
        if hasattr(self.websocket, "ws") and raw(self.websocket).fileno() < 0:
            self.websocket.ws.event.set()  # its reading thread has ended, maybe without that


def raw(websocket):
    """The socket below the worker's WebSocket, or below simple_websocket's."""
    return websocket.ws.sock if hasattr(websocket, "ws") else websocket.socket


class Whole:
    """A socket that sends all or nothing, for one thread after the other."""

    def __init__(self, sock):
        self.sock, self.lock = sock, Lock()

    def __getattr__(self, name):
        return getattr(self.sock, name)

    def send(self, data):
        with self.lock:
            self.sock.sendall(data)
        return len(data)


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
