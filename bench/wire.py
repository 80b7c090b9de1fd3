"""What the generator writes and looks for: client frames, the upgrade, texts that can be counted.

A text is `<counter><talker><MARK><padding>`: a search for MARK counts every message in a buffer
without parsing it, and the numbers stand before it, so that they are there once MARK is.
"""

import struct
from functools import cache

MARK = b"~^|^~|~^|^~~|^|~"
"""Long, and of characters that nothing else holds: so a search for it skips most of the bytes."""

TALKER, COUNTER = 4, 8
"""Digits."""

TAIL = COUNTER + TALKER + len(MARK) - 1
"""Bytes of a text that may stand before a cut, while the text is not counted yet."""

PING, PONG = b"\x81\x012", b"3"
"""Engine.IO's: the frame that comes, and the payload that answers it."""

MASK = b"\x37\xfa\x21\x3d"
TEXT_BYTES = 64


def text(talker, counter, size=TEXT_BYTES):
    """The bytes of message `counter` of a talker."""
    return (b"%08d%04d%s" % (counter, talker, MARK)).ljust(size, b".")


def own_mark(talker):
    """What stands in all messages of a talker, right after the counter."""
    return b"%04d%s" % (talker, MARK)


def frame(payload):
    """A masked text frame, as clients send them."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x81, 0x80 | size)
    else:
        head = struct.pack("!BBH", 0x81, 0x80 | 126, size)
    masked = int.from_bytes(payload, "big") ^ mask_of(size)
    return head + MASK + masked.to_bytes(size, "big")


@cache
def mask_of(size):
    return int.from_bytes((MASK * (size // 4 + 1))[:size], "big")


def upgrade(host, path, headers=()):
    """The request that opens a WebSocket. Offers no extension, so nothing is deflated."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
