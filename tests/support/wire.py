"""WebSocket by hand: every byte that goes out, every frame that comes in."""

import json
import socket
from contextlib import contextmanager

import websocket

from parlor.frames import CLOSE, CONTINUATION, FINAL, TEXT

MASK = b"\x37\xfa\x21\x3d"
MASKED = 0x80
ENDPOINT = "/socket.io/?EIO=4&transport="
AT_ONCE = 1.5
"""Seconds; a server that waits for the other end to hang up first takes longer."""

GONE = (websocket.WebSocketConnectionClosedException, ConnectionError)


def client_frame(payload=b"", opcode=TEXT, final=True, reserved=0, mask=MASK, form=None):
    """A frame as a client sends it. `payload`: bytes or str; no `mask`: None.

    `form`: in how many bytes the length is written (0, 2 or 8), where not in the fewest.
    """
    payload = payload.encode() if isinstance(payload, str) else payload
    length = len(payload)
    if form is None:
        form = 0 if length < 126 else 2 if length < 0x10000 else 8
    first = bytes([(FINAL if final else 0) | reserved << 4 | opcode])
    second = length if form == 0 else 126 if form == 2 else 127
    second = bytes([second | (MASKED if mask else 0)])
    length = length.to_bytes(form) if form else b""
    return first + second + length + (mask + mixed(mask, payload) if mask else payload)


def mixed(mask, payload):
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def fragments(payload, *cuts):
    """A text's frames, cut at these places."""
    payload = payload.encode() if isinstance(payload, str) else payload
    pieces = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
    kinds = [TEXT] + [CONTINUATION] * len(cuts)
    finals = [False] * len(cuts) + [True]
    return [client_frame(*frame) for frame in zip(pieces, kinds, finals, strict=True)]


class Line(websocket.WebSocket):
    """A WebSocket with `websocket-client`'s reading; what it writes need not be right."""

    def push(self, *frames):
        """Send bytes as they are, at once."""
        self.sock.sendall(b"".join(frames))

    def send_all(self, packets):
        """Send packets right behind each other, in one segment."""
        self.push(*(client_frame(packet) for packet in packets))

    def chop(self, *frames):
        """Send them byte by byte."""
        for byte in b"".join(frames):
            self.sock.sendall(bytes([byte]))

    def receive(self):
        """The next packet, in a list; none once the line is gone."""
        try:
            return [self.packet()]
        except (*GONE, AssertionError):
            return []

    def packet(self, start=""):
        """The next packet that starts so; what comes before is passed over."""
        while True:
            frame = self.recv_frame()
            assert frame.opcode == TEXT, f"waited for {start!r}, and got {frame}"
            if (packet := frame.data.decode()).startswith(start):
                return packet

    def ack(self, number):
        """The payload of an acknowledgement."""
        packet = self.packet(f"43{number}[")
        return json.loads(packet.removeprefix(f"43{number}"))[0]

    def hang_up(self):
        """End the line without a word; whoever waits for something on it stops waiting."""
        self.sock.shutdown(socket.SHUT_RDWR)

    def control(self):
        """The next frame that is no text: (opcode, payload)."""
        while (frame := self.recv_frame()).opcode == TEXT:
            pass
        return frame.opcode, frame.data

    def ending(self):
        """The payload of the close frame, once nothing but the end of the line came behind it."""
        while (frame := self.recv_frame()).opcode != CLOSE:
            pass
        self.settimeout(AT_ONCE)
        assert not self.sock.recv(1), "something after the close frame"
        return frame.data

    def closed_with(self):
        """The code of the close frame, as `ending`."""
        return int.from_bytes(self.ending()[:2])


def event(name, *arguments, ack=""):
    """The packet of an event. `ack`: the number to acknowledge it under."""
    return f"42{ack}" + json.dumps([name, *arguments], separators=(",", ":"), ensure_ascii=False)


def padded(size, ack=""):
    """The packet of a `typing` that is `size` bytes long: what nobody reads fills it up."""
    bare = event("typing", {"is_typing": False, "": ""}, ack=ack)
    assert size >= len(bare)
    return event("typing", {"is_typing": False, "": "x" * (size - len(bare))}, ack=ack)


def cookies(person):
    return "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())


@contextmanager
def dialed(server, query="", buffer=None, **options):
    """A WebSocket to the server. `query`: more than the usual; `buffer`: bytes it takes unread."""
    url = server.url.replace("http", "ws") + ENDPOINT + "websocket" + query
    with socket.socket() as plain:
        plain.settimeout(5)
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.connect(("127.0.0.1", server.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield websocket.create_connection(url, socket=plain, class_=Line, **options)


@contextmanager
def entering(server, person, code, **options):
    """A WebSocket of a person's that has asked to join a room."""
    with dialed(server, cookie=cookies(person), **options) as line:
        line.packet("0")
        line.send("40" + json.dumps({"room": code}))
        yield line


@contextmanager
def joined(*place, **options):
    """A WebSocket that has joined a room: `entering`, and everything up to that has been read."""
    with entering(*place, **options) as line:
        line.packet("40")
        yield line
