"""One client's WebSocket, without a greenlet: read, handled and written when its time comes.

Nothing here waits. `wire.py` calls: `readable` and `writable` when the kernel says so, `take` for
each packet in its turn, `overdue` when a deadline has passed.
"""

import logging
import socket
import time
from collections import deque

from parlor import frames, transport
from parlor.transport import CLIENT_GONE, SERVER_LEFT, SILENT

log = logging.getLogger(__name__)

READ = 16 * 1024
"""Bytes taken from a socket at once: then it is the others' turn."""

UNSENT = 1024 * 1024
"""Bytes kept for a client who does not read: beyond that it is closed, and may catch up later."""

UNHANDLED = 64
"""Packets kept of a client whose last one still waits for something; then reading pauses."""

COME_OVER = 5
"""Seconds for a client on long-polling to say that it has come over."""

LINGER = 2
"""Seconds for the other end to answer a close, before the line is cut."""


class Connection:
    """A client's WebSocket. To Engine.IO it is that client's socket.

    `former`: the socket of a client on long-polling that is about to come over.
    """

    __slots__ = (
        "closed", "closing", "deadline", "former", "is_deaf", "is_pinged", "listener", "out",
        "reader", "reason", "session", "sid", "sock", "unhandled", "unsent", "wire",
    )  # fmt: skip

    takes_frames = connected = upgraded = True
    upgrading = False

    def __init__(self, wire, sock, sid, former=None):
        self.wire = wire
        self.sock = sock
        self.sid = sid
        self.former = former
        self.reader = frames.Reader(wire.largest)
        self.session = {}
        self.out = []  # frames for the end of this turn
        self.unsent = None  # bytes that the kernel did not take
        self.unhandled = None  # packets that wait for the one before them
        self.closing = self.closed = False
        self.is_deaf = False  # to what is still in line
        self.is_pinged = False
        self.reason = None
        self.deadline = time.monotonic() + (COME_OVER if former else wire.ping_interval)
        self.listener = wire.watch_reading(self)

    # Reading

    def readable(self):
        """Take what is there. Called by the hub, so nothing here may wait."""
        try:
            data = self.sock.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(CLIENT_GONE)
        elif not self.closing:
            self.read(data)

    def read(self, data):
        try:
            for opcode, payload in self.reader.read(data):
                if opcode == frames.TEXT:
                    self.wire.put(self, payload)
                else:
                    self.control(opcode, payload)
                if self.closing:
                    break
        except frames.Violation as violation:
            self.refuse(violation.code)

    def control(self, opcode, payload):
        """Answer what is no text."""
        if opcode == frames.PING:
            self.write(frames.frame(payload, frames.PONG))
        elif opcode == frames.CLOSE:
            self.hang_up(frames.frame(payload[:2], frames.CLOSE), CLIENT_GONE)
        elif opcode == frames.BINARY:
            self.refuse(frames.UNSUPPORTED)

    # Handling

    def take(self, packet):
        """Handle a packet, or keep it behind one that waits. None: this was the last."""
        if packet == "3":
            self.answer_ping()
        elif self.unhandled is None:
            self.begin(self.handle(packet))
        else:
            self.unhandled.append(packet)
            if len(self.unhandled) > UNHANDLED:
                self.pause()

    def answer_ping(self):
        if not self.closing and not self.former:
            self.is_pinged, self.deadline = False, time.monotonic() + self.wire.ping_interval

    def handle(self, packet):
        """Handle an Engine.IO packet. Returns what is left to do that may wait, or None."""
        if packet is None:
            return self.finish()
        if self.is_deaf:
            return None
        if self.former:
            return self.come_over(packet)
        if packet[:1] == "4":
            return self.wire.receive(self.sid, packet[1:])
        if packet == "1":
            return self.close(abort=True, reason=CLIENT_GONE)
        return self.fail(frames.PROTOCOL_ERROR)

    def begin(self, waiting):
        if waiting:
            self.unhandled = deque()
            self.wire.waiting.put((self, waiting))

    def wait(self, waiting):
        """Do what may wait, then what came meanwhile. In a greenlet for that."""
        while waiting:
            self.wire.guard(self, waiting)
            waiting = None
            while self.unhandled and not waiting:
                waiting = self.wire.guard(self, self.handle, self.unhandled.popleft())
        self.unhandled = None
        if not self.listener and not self.closed:
            self.listener = self.wire.watch_reading(self)

    def pause(self):
        if self.listener:
            self.wire.unwatch(self.listener)
            self.listener = None

    def come_over(self, packet):
        """Upgrade from long-polling: `2probe` is answered, `5` moves everything over."""
        if packet == "2probe" and not self.former.upgrading:
            self.former.upgrading = self
            self.write(frames.frame(b"3probe"))
            self.former.queue.put(transport.NOOP)  # ends the poll that is under way
        elif packet == "5" and self.may_come_over():
            self.wire.move(self.former, self)
        else:
            self.fail(frames.PROTOCOL_ERROR)

    def may_come_over(self):
        """Whoever missed a packet may not: nothing would tell them, were it the last."""
        former = self.former
        return former.upgrading is self and not former.closed and not former.queue.is_over

    # Writing

    def send(self, packet):
        """Send an Engine.IO packet, behind what its rooms were sent before."""
        self.put(frames.frame(packet.encode().encode()))

    def put(self, data):
        self.wire.outbox.add_line(self)
        self.out.append(data)

    def flush(self):
        if self.out:
            self.wire.guard(self, self.write, b"")

    def write(self, data):
        """Write frames now, behind those of `send`; what the kernel does not take, later."""
        if self.out:
            data = b"".join([*self.out, data])
            self.out = []
        if self.closing:
            return
        if self.unsent is not None:
            self.keep(data)
            return
        sent = self.push(data)
        if sent is not None and sent < len(data):
            self.unsent = bytearray(data[sent:])
            self.wire.watch_writing(self)

    def push(self, data):
        """How many bytes the kernel took, or None if the line is dead."""
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return self.drop(CLIENT_GONE)

    def keep(self, data):
        if len(self.unsent) + len(data) > UNSENT:
            log.info("a client does not read, connection closed")
            self.drop(CLIENT_GONE)
        else:
            self.unsent += data

    def writable(self):
        """Write what was left. Called by the hub."""
        if self.unsent is None:
            return  # meant for whoever had this file before
        sent = self.push(self.unsent)
        if sent is None:
            return
        del self.unsent[:sent]
        if not self.unsent:
            self.unsent = None
            self.wire.unwatch_writing(self)
            if self.closing:
                self.say_no_more()

    # The end. `close` and `fail` are the server's wish, and hang up. `hang_up` gives the other end
    # a moment to say goodbye, `drop` does not. Either way comes round to `finish`, in its turn.

    def overdue(self, now):
        """The deadline has passed: of the pause before a ping, or of what should have come."""
        if self.closing or self.former or self.is_pinged:
            self.drop(SILENT)
        else:
            self.is_pinged, self.deadline = True, now + self.wire.ping_timeout
            self.send(transport.PING)

    def close(self, wait=True, abort=False, reason=None):
        """As Engine.IO closes its sockets; `abort` spares the packet that says so."""
        self.is_deaf = True
        if not abort:
            self.send(transport.CLOSE)
        self.hang_up(frames.close_frame(frames.NORMAL), reason or SERVER_LEFT)

    def fail(self, code):
        """Close for a packet that the client sent; what came behind it is not heard."""
        self.is_deaf = True
        self.refuse(code)

    def refuse(self, code):
        """Close for what cannot be read; what came before it is heard."""
        log.info("unreadable, connection closed")
        self.hang_up(frames.close_frame(code), CLIENT_GONE)

    def hang_up(self, close_frame, reason):
        """Say that this is the end; the other end has a little time to say so, too."""
        self.write(close_frame)
        if self.closing:
            return
        self.deadline = time.monotonic() + LINGER
        self.end(reason)
        if self.unsent is None:
            self.say_no_more()

    def say_no_more(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop(CLIENT_GONE)

    def drop(self, reason):
        """The line is dead, or has to be."""
        if not self.closing:
            self.end(reason)
        if not self.closed:
            self.closed = True
            self.pause()
            self.wire.forget(self)
            self.sock.close()
            self.out, self.unsent = [], None

    def end(self, reason):
        self.closing, self.reason = True, reason
        self.wire.put(self, None)

    def finish(self):
        """Tell those above, after all that came before."""
        if self.former is None:
            self.wire.gone(self.sid, self.reason)
        elif self.former.upgrading is self:
            self.former.upgrading = False

    def check_ping_timeout(self):
        """What Engine.IO asks its sockets: the deadline does it here."""
        return True
