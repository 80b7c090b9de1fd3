"""One WebSocket to Parlor, packet by packet, with one read for all that has come."""

import select
import socket
import time

from bench.wire import frame, upgrade
from parlor.frames import CLOSE, TEXT

READ = 256 * 1024
PATIENCE = 10


class Lost(Exception):
    """The line has ended, or never was."""


class Link:
    """`Link(port, cookie)`: connected, with its handshake done. Raises Lost, OSError.

    `patience`: seconds for either; `buffer`: bytes that the kernel takes unread; `host`: where.
    """

    def __init__(self, port, cookie, patience=PATIENCE, buffer=None, host="127.0.0.1"):
        self.host = host
        self.unread, self.is_over = b"", False
        self.sock = socket.socket()
        try:
            self.open(port, cookie, patience, buffer)
        except BaseException:
            self.close()
            raise

    def open(self, port, cookie, patience, buffer):
        self.sock.settimeout(patience)
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.connect((self.host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        path = "/socket.io/?EIO=4&transport=websocket"
        self.sock.sendall(upgrade(f"{self.host}:{port}", path, [f"Cookie: {cookie}"]))
        self.shake_hands(time.monotonic() + patience)

    def shake_hands(self, deadline):
        while b"\r\n\r\n" not in self.unread:
            if not self.read(deadline - time.monotonic()):
                raise Lost("no handshake")
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise Lost(head[:60])

    def read(self, seconds):
        """Wait for more, so long at most. Returns whether there is. Raises Lost, OSError."""
        ready = select.poll()
        ready.register(self.sock, select.POLLIN)
        if not ready.poll(max(seconds, 0) * 1000):
            return False
        data = self.sock.recv(READ)
        if not data:
            raise Lost("the other end has closed")
        self.unread += data
        return True

    def receive(self, seconds):
        """The packets that have come; waits so long for the first. Raises Lost, OSError."""
        if self.is_over:
            raise Lost("closed by the server")
        if not self.unread:
            self.read(seconds)
        packets, at = [], 0
        while found := frame_at(self.unread, at):
            opcode, payload, at = found
            if opcode == CLOSE:
                self.is_over = True
            elif opcode == TEXT:
                packets.append(payload.decode())
        self.unread = self.unread[at:]
        if self.unread and not packets:
            self.read(seconds)
        return packets

    def send(self, packet):
        self.sock.sendall(frame(packet.encode()))

    def close(self):
        self.sock.close()


def frame_at(data, at):
    """(opcode, payload, where the next one starts) of a server's frame, or None if it is cut."""
    if len(data) < at + 2:
        return None
    opcode, size, start = data[at] & 15, data[at + 1], at + 2
    if size > 125:
        form = 2 if size == 126 else 8
        size, start = int.from_bytes(data[start : start + form]), start + form
    if len(data) < start + size:
        return None
    return opcode, data[start : start + size], start + size
