"""Programs on a plain WebSocket, as people write them with `websocket-client`."""

import json
import socket
import threading
from contextlib import suppress

import websocket

from tests.support.people import SOON

GONE = (websocket.WebSocketException, OSError)


class Listening(threading.Thread):
    """A WebSocket that listens, and keeps every frame it heard, in order.

    `auth`: what it says of itself; None: nothing. `options`: of `websocket.create_connection`.
    """

    def __init__(self, server, code, auth=None, **options):
        super().__init__(daemon=True)
        self.line = websocket.create_connection(address(server, code), timeout=SOON, **options)
        self.line.settimeout(None)
        self.socket = self.line.sock
        self.frames = []
        self.news = threading.Condition()
        self.code = None  # that it was closed with
        if auth is not None:
            self.say("auth", **auth)
        self.start()

    def run(self):
        try:
            while self.hear(*self.line.recv_data()):
                pass
        except GONE:
            self.keep(None)

    def hear(self, opcode, payload):
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            self.code = int.from_bytes(payload[:2])
            self.keep(None)
            return False
        self.keep(json.loads(payload))
        return True

    def keep(self, frame):
        with self.news:
            self.frames.append(frame)
            self.news.notify_all()

    def say(self, kind, **fields):
        self.line.send(json.dumps({"type": kind, **fields}))

    def heard(self, kind, **fields):
        """All frames of that type so far that have these fields, oldest first."""
        with self.news:
            return [frame for frame in self.frames if fits(frame, kind, fields)]

    def forget(self):
        """Start the record anew."""
        with self.news:
            self.frames.clear()

    def wait_for(self, kind, timeout=SOON, **fields):
        """The first of them, come already or still to come."""
        with self.news:
            self.news.wait_for(lambda: None in self.frames or self.heard(kind, **fields), timeout)
            found = self.heard(kind, **fields)
            assert found, f"no {kind} {fields} among {self.starts()}"
            return found[0]

    def wait_until_closed(self, timeout=SOON):
        """The code that the server closed with."""
        with self.news:
            closed = self.news.wait_for(lambda: None in self.frames, timeout)
            assert closed, f"not closed, and heard {self.starts()}"
        return self.code

    def ask(self, text, ref="a", **fields):
        """Send a message; return what it is answered with."""
        self.say("message", data=text, ref=ref, **fields)
        with self.news:
            assert self.news.wait_for(lambda: self.answers(ref), SOON), self.starts()
            return self.answers(ref)[0]

    def answers(self, ref):
        return self.heard("ack", ref=ref) + self.heard("error", ref=ref)

    def refused(self):
        """What it was refused with, before the server closed."""
        code = self.wait_until_closed()
        assert code == 1008, code
        return self.heard("error")[-1]["error"]

    def texts(self):
        return [frame["message"] for frame in self.heard("message")]

    def numbers(self):
        return [frame["seq"] for frame in self.heard("message")]

    def kinds(self):
        """What came, in order: types, and events of `system`."""
        with self.news:
            return [frame.get("event", frame["type"]) for frame in self.frames if frame]

    def starts(self):
        """What can be shown of what came, the latest first."""
        return [str(frame)[:80] for frame in self.frames[:-20:-1]]

    def close(self):
        """End the line without a word."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.join(SOON)
        self.socket.close()


def fits(frame, kind, fields):
    return (
        frame is not None
        and frame["type"] == kind
        and all(frame.get(name) == value for name, value in fields.items())
    )


def address(server, code):
    return f"{server.url.replace('http', 'ws')}/ws/chat/{code}"
