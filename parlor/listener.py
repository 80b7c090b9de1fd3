"""One program's WebSocket, by the socket of its handshake's request, which lasts as long.

One greenlet (under `make dev` a thread) reads it, another writes. Whoever has something for it puts
that in a bounded line, and waits for nothing.
"""

import logging
import secrets
import socket
import time
from collections import deque
from contextlib import suppress
from threading import Event, RLock, Thread

from parlor import dialect, frames

log = logging.getLogger(__name__)

JOIN_WITHIN = 5
"""Seconds to say who one is, and to be let in."""

PING_EVERY, PING_PATIENCE, LINGER = 20, 15, 2
"""Seconds: between a sign of life and a ping, for the answer to it, for the answer to a close."""

LARGEST = 16 * 1024
"""Bytes in what a program says at once."""

UNREAD, UNSENT = 1000, 1024 * 1024
"""Frames, and bytes in them, kept for a program that does not read."""

READ = 16 * 1024
"""Bytes taken from a socket at once: then it is the others' turn."""

KEPT = ("message", "head", "restart")
"""Events that are kept for a newcomer who is still being told the past."""


class Listener:
    """A program that hears what the others in its room hear.

    `sid`: its name among sockets. `token`: what its welcome brings. `through`: the number up to
    which it has everything, and `lacks` whether there is more, while it is told the past.
    """

    def __init__(self, sock, answer, early=b""):
        """`answer`: to the handshake, in bytes; `early`: what came right behind that."""
        self.sid = f"ws:{secrets.token_hex(8)}"
        self.sock, self.early = sock, early
        self.reader = frames.Reader(LARGEST)
        self.token, self.through, self.lacks = None, 0, False
        self.lock, self.news = RLock(), Event()
        self.line, self.size = deque([answer]), len(answer)
        self.past = []  # (event, data, frame) while it is told the past, then None
        self.is_writing = self.is_pinged = self.is_silent = False
        self.is_closing = self.is_gone = False
        self.deadline = time.monotonic() + JOIN_WITHIN

    # Reading

    def texts(self):
        """Yield what the program says, one text after the other, until the end of the line."""
        writer = Thread(target=self.write, daemon=True)
        writer.start()
        self.news.set()
        try:
            yield from self.read()
        finally:
            self.cut()
            writer.join()

    def read(self):
        data = self.early or self.receive()
        while data:
            if not self.is_closing:
                yield from self.texts_in(data)
            data = self.receive()

    def receive(self):
        """The next bytes, or none where the line ends."""
        time.sleep(0)  # whoever sends without a pause lets others run, too
        try:
            data = self.sock.recv(READ)
        except OSError:
            return b""
        self.note_life()
        return data

    def texts_in(self, data):
        try:
            for opcode, payload in self.reader.read(data):
                if opcode == frames.TEXT:
                    yield payload
                else:
                    self.control(opcode, payload)
                if self.is_closing:
                    return
        except frames.Violation as violation:
            self.close(violation.code)

    def control(self, opcode, payload):
        """Answer what is no text."""
        if opcode == frames.PING:
            self.put(frames.frame(payload, frames.PONG))
        elif opcode == frames.CLOSE:
            self.close(int.from_bytes(payload[:2]) or frames.NORMAL)
        elif opcode == frames.BINARY:
            self.close(frames.UNSUPPORTED)

    # Hearing

    @property
    def is_told_the_past(self):
        return self.past is not None

    def hear(self, event, data, said):
        """Something happened in its room. `said`: the frames of it."""
        with self.lock:
            if not self.is_told_the_past:
                self.put(said)
            elif event in KEPT and self.has_space():
                self.past.append((event, data, said))
                self.size += len(said)

    def welcome(self, room):
        """It is in. `room`: a relay.Room, with as much of the past as comes at once."""
        self.note_past(room)
        self.put(dialect.welcome(room, self.token))

    def tell_past(self, page):
        """`page`: a relay.Sync, of what came next."""
        self.note_past(page)
        self.put(dialect.messages(page))

    def note_past(self, page):
        self.through, self.lacks = page["through"], page["more"]

    def follow(self, users):
        """The past is told. `users`: who is here, in a frame; then what happened meanwhile."""
        with self.lock:
            meanwhile, self.past = self.past, None
            self.put(users)
            for event, data, said in meanwhile:
                self.size -= len(said)
                if event != "message" or data["version"] > self.through:
                    self.put(said)
        self.note_life()

    # Writing

    def put(self, data):
        """Have frames written, or end the line of a program that does not read."""
        with self.lock:
            if self.has_space() and not self.is_closing:
                self.line.append(data)
                self.size += len(data)
                self.news.set()

    def has_space(self):
        """Whether more is kept for it. One that has none left does not read, and is cut off.

        What comes all at once, while nothing is being written, is no sign of that.
        """
        is_behind = self.is_writing or self.is_told_the_past
        waiting = len(self.line) + len(self.past or ())
        if not is_behind or (waiting <= UNREAD and self.size <= UNSENT):
            return True
        if not self.is_gone:
            log.info("a program does not read, connection closed")
            self.cut()
        return False

    def write(self):
        """What is put, until the end. In a greenlet of its own."""
        with suppress(OSError):
            while not self.is_gone:
                self.is_writing = False
                self.news.wait()
                is_last, data = self.take()
                self.sock.sendall(data)
                if is_last:
                    self.sock.shutdown(socket.SHUT_WR)
                    return
        self.cut()

    def take(self):
        """(whether that is all, what is in line)."""
        with self.lock:
            self.news.clear()
            self.is_writing = True
            data = b"".join(self.line)
            self.size -= len(data)
            self.line.clear()
            return self.is_closing, data

    # The end

    def close(self, code, last_word=b""):
        """Say that this is the end. The program has a little time to say so, too."""
        with self.lock:
            if self.is_closing:
                return
            self.is_closing, self.deadline = True, time.monotonic() + LINGER
            self.line.append(last_word + frames.close_frame(code))
            self.size += len(self.line[-1])
            self.news.set()

    def eject(self):
        """Its person is no longer in the room."""
        self.close(frames.POLICY, dialect.closed())

    def cut(self):
        """End the line, which wakes up whoever waits on it."""
        self.is_closing = self.is_gone = True
        self.news.set()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    # Time

    def note_life(self):
        if not self.is_closing and not self.is_told_the_past:
            self.is_pinged, self.deadline = False, time.monotonic() + PING_EVERY

    def look_after(self, now):
        """To be called each second."""
        if now < self.deadline:
            return
        if self.is_closing:
            self.cut()
        elif self.is_told_the_past:
            log.info("a program never joined, and was closed")
            self.close(frames.POLICY)
        elif self.is_pinged:
            self.is_silent = True
            self.cut()
        else:
            self.is_pinged, self.deadline = True, now + PING_PATIENCE
            self.put(frames.frame(b"", frames.PING))
