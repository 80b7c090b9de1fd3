"""A line that can be cut, silenced and slowed: a small TCP proxy in front of a server."""

import socket
import struct
import threading
import time
from contextlib import suppress

CHUNK = 16 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: what closes the socket throws its data away, and says RST."""

UP, DOWN = "up", "down"


class Proxy:
    """`with Proxy(server) as proxy: ... proxy.port`; what it does holds until `heal()`."""

    host = "127.0.0.1"

    def __init__(self, server):
        self.server = server
        self.lines = []
        self.heal()

    def __enter__(self):
        self.listener = socket.create_server((self.host, 0))
        self.port = self.listener.getsockname()[1]
        start(self.accept)
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()

    # What a test does to its lines

    def heal(self):
        """New connections pass. What was silenced stays silent for good, as bytes are lost."""
        self.is_cut, self.silent, self.rate = False, (), None

    def drop(self):
        """Reset the lines there are."""
        lines, self.lines = self.lines, []
        for line in lines:
            line.reset()

    def cut(self):
        """Reset the lines there are, and each new one."""
        self.is_cut = True
        self.drop()

    def hang(self, up=True, down=True):
        """Swallow what comes, both ways or one, on the lines there are and on new ones."""
        self.silent = (UP,) * up + (DOWN,) * down
        for line in self.lines:
            line.silent = self.silent

    def slow(self, rate):
        """Pass so many bytes a second, each way of each line. None: all."""
        self.rate = rate

    # How it works

    def accept(self):
        with suppress(OSError):  # closed
            while True:
                near, _ = self.listener.accept()
                line = Line(self, near)
                if self.is_cut:
                    line.reset()
                    near.close()
                else:
                    self.lines.append(line)
                    line.silent = self.silent
                    start(line.open)


class Line:
    """One connection: `near` is the client's, `far` the server's."""

    def __init__(self, proxy, near):
        self.proxy, self.near, self.far = proxy, near, None
        self.silent = ()
        self.is_reset = False

    def open(self):
        try:
            self.far = socket.create_connection(("127.0.0.1", self.proxy.server.port), 10)
        except OSError:
            self.reset()
            self.near.close()
            return
        self.far.settimeout(None)
        if self.is_reset:
            self.reset()
        for end in (self.near, self.far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        down = start(self.pump, self.far, self.near, DOWN)
        self.pump(self.near, self.far, UP)
        down.join()
        self.near.close()
        self.far.close()

    def pump(self, source, sink, way):
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if way not in self.silent:
                    self.wait(len(data))
                    sink.sendall(data)
        if way not in self.silent:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

    def wait(self, size):
        if self.proxy.rate:
            time.sleep(size / self.proxy.rate)

    def reset(self):
        """Let both ends hear RST: whoever waits for them wakes up, and closes them."""
        self.is_reset, self.silent = True, (UP, DOWN)
        for end in filter(None, (self.near, self.far)):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RD)


def start(run, *arguments):
    thread = threading.Thread(target=run, args=arguments, daemon=True)
    thread.start()
    return thread
