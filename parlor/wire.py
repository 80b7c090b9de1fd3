"""WebSockets without a greenlet each: the lowest layer of the relay, under a worker with a loop.

The request of the handshake ends at once; its socket is kept, and from then on the worker's event
loop itself (loop_*.py) watches it. What can be read is cut into packets, which one greenlet handles
in their order. What must wait (a join, a read of the database) goes on in one of a few others, one
thing at a time for each connection, so nobody waits for anybody else. What is written goes out at
the end of the loop's turn, in one `send`; what the kernel does not take waits in a bounded buffer.

Clients on long-polling, and the start of every connection, stay with Engine.IO. What it is made to
do otherwise stands in `install`; tests/test_wire_seams.py names all that is relied on inside it,
Socket.IO and the loops. The setting RELAY=plain does without this file.
"""

import logging
import time
from collections import deque
from functools import partial

from parlor import budget, transport
from parlor.connection import Connection
from parlor.handshake import read_ahead, refusal, switching_protocols
from parlor.outbox import Outbox

log = logging.getLogger(__name__)

WAITING_AT_ONCE = 10
"""Greenlets for what must wait: no more than the database has connections."""

KEPT = (
    "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT",
    "SERVER_PROTOCOL", "wsgi.url_scheme", "REMOTE_ADDR", "HTTP_HOST", "HTTP_COOKIE",
)  # fmt: skip
"""What is kept of a client's first request: the rest holds its socket and its buffers."""

FULL = "503 Service Unavailable"


def install(loop, server, receiver):
    """Let `server`, a socketio.Server, speak WebSocket this way.

    `loop`: the module of the worker's; `receiver`: of transport.py.
    """
    wire = Wire(loop, server, receiver.receive)
    eio = server.eio
    eio._async = {**eio._async, "websocket": lambda handler, _: partial(shake_hands, wire, handler)}
    connected = eio.handlers["connect"]

    def on_connect(sid, environ):
        if environ.get("HTTP_UPGRADE"):
            eio.sockets[sid].last_ping = None  # or a greenlet would be started that pings it
        return connected(sid, {name: environ[name] for name in KEPT if name in environ})

    eio.on("connect", on_connect)
    server.manager.use(wire.outbox)
    wire.start()


def shake_hands(wire, handler, environ, start_response):
    """The handshake's WSGI app. `handler`: a method of the engineio.Socket that asks for it.

    Raises StopIteration where it is answered: the worker lets go of the request.
    """
    former = handler.__self__
    status, sock = wire.refusal(environ), None
    if not status:
        try:
            sock = wire.take(environ["gunicorn.socket"])
        except OSError:
            status = FULL
    if status:
        if not former.connected:
            former.close(wait=False, abort=True)
        start_response(status, [("Sec-WebSocket-Version", "13"), ("Content-Length", "0")])
        return []
    sock.setblocking(False)
    answer = switching_protocols(environ["HTTP_SEC_WEBSOCKET_KEY"])
    wire.connect(sock, former, answer, read_ahead(environ))
    raise StopIteration


class Wire:
    """All WebSockets of this process."""

    def __init__(self, loop, server, receive):
        eio = self.eio = server.eio
        self.manager = server.manager
        self.receive = receive
        self.largest = eio.max_http_buffer_size
        self.ping_interval, self.ping_timeout = eio.ping_interval, eio.ping_timeout
        self.most = budget.websockets()
        self.take = loop.take
        self.loop = loop.Loop()
        self.soon = self.loop.soon
        self.outbox = Outbox(self.soon)
        self.connections, self.writing = {}, {}  # by file descriptor
        self.packets, self.is_awake = deque(), False
        self.waiting = self.loop.Queue()
        self.on_readable = partial(self.attempt, Connection.readable)
        self.on_writable = partial(self.attempt, Connection.writable)

    def start(self):
        self.worker = self.loop.spawn(self.work)
        for _ in range(WAITING_AT_ONCE):
            self.loop.spawn(self.wait)
        self.loop.spawn(self.tick)

    # Coming and going

    def refusal(self, environ):
        """The status to refuse a handshake with, or None."""
        return refusal(environ) or (FULL if len(self.connections) >= self.most else None)

    def connect(self, sock, former, answer, data):
        """Take over a WebSocket: a new client's, or that of one who comes from long-polling.

        `answer`: to the handshake, which goes out with what is sent first. `data`: what came
        behind it.
        """
        connection = Connection(self, sock, former.sid, former if former.connected else None)
        connection.put(answer)
        if not former.connected:
            self.replace(former, connection)
        if data:
            connection.read(data)

    def move(self, former, connection):
        """A client comes over from long-polling."""
        self.outbox.flush_rooms()
        former.upgrading, former.closed, connection.former = False, True, None
        self.replace(former, connection)
        former.queue.put(transport.NOOP)  # ends a poll that is still under way
        self.manager.moved(connection.sid)

    def replace(self, former, connection):
        """Put a connection in the place of an engineio.Socket, with what that had to send."""
        while not former.queue.empty():
            packet = former.queue.get(block=False)
            if packet not in (None, transport.NOOP):
                connection.send(packet)
        self.eio.sockets[connection.sid] = connection

    def gone(self, sid, reason):
        self.eio.handlers["disconnect"](sid, reason)
        self.eio.sockets.pop(sid, None)

    # Packets

    def put(self, connection, packet):
        """Have a packet handled in its turn."""
        self.packets.append((connection, packet))
        if not self.is_awake:
            self.is_awake = True
            self.soon(self.worker.switch)

    def work(self):
        while True:
            while self.packets:
                connection, packet = self.packets.popleft()
                self.guard(connection, connection.take, packet)
            self.is_awake = False
            self.loop.pause()

    def wait(self):
        while True:
            connection, waiting = self.waiting.get()
            connection.wait(waiting)

    def guard(self, connection, do, *arguments):
        """Do it; a fault of ours ends one connection, and no more."""
        try:
            return do(*arguments)
        except Exception:
            log.exception("a connection failed")
            return connection.drop(transport.CLIENT_GONE)

    # What the loop calls

    def attempt(self, what, fd):
        connection = self.connections.get(fd)
        if connection:
            self.guard(connection, what, connection)

    def watch_reading(self, connection):
        fd = connection.sock.fileno()
        self.connections[fd] = connection
        return self.loop.watch("read", fd, self.on_readable)

    def unwatch(self, listener):
        self.loop.unwatch(listener)

    def watch_writing(self, connection):
        fd = connection.sock.fileno()
        self.writing[fd] = self.loop.watch("write", fd, self.on_writable)

    def unwatch_writing(self, connection):
        listener = self.writing.pop(connection.sock.fileno(), None)
        if listener:
            self.unwatch(listener)

    def forget(self, connection):
        self.unwatch_writing(connection)
        del self.connections[connection.sock.fileno()]

    # Time

    def tick(self):
        """Every second: pings, and the ends of those who do not answer."""
        while True:
            self.loop.sleep(1)
            self.look_after_all(time.monotonic())

    def look_after_all(self, now):
        for connection in list(self.connections.values()):
            if connection.deadline < now:
                self.guard(connection, connection.overdue, now)
