"""WebSocket frames (RFC 6455, section 5): bytes from a client into messages, messages into bytes.

No input or output happens here. Nothing is deflated: that costs 100 KB a connection, and each frame
would be deflated for each receiver.
"""

import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
"""Opcodes."""

NORMAL, GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, NOT_TEXT, POLICY, TOO_BIG = (
    1000, 1001, 1002, 1003, 1007, 1008, 1009,
)  # fmt: skip
"""Codes that say why a connection is closed (section 7.4.1)."""

FINAL, RESERVED, OPCODE, MASKED, LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
"""Bits of a frame's first two bytes."""

LONGEST_CONTROL = 125
"""Bytes in a close, ping or pong."""


class Violation(Exception):
    """What a client must not send. `code`: what the connection is closed with."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Reader:
    """Cuts what one client sends into messages and control frames.

    `largest`: bytes in a message, all its fragments together.
    """

    __slots__ = ("fragments", "kind", "largest", "rest", "size")

    def __init__(self, largest):
        self.largest = largest
        self.rest = b""
        self.kind = None  # the opcode of the message that is coming in fragments
        self.fragments = None
        self.size = 0

    def read(self, data):
        """Take the next bytes, cut anywhere. Yields (opcode, payload): str for TEXT, else bytes.

        Raises Violation, after what came before it; then nothing more may be read.
        """
        if self.rest:
            data = self.rest + data
        at, end = 0, len(data)
        while end - at >= 2:
            body, length = self.header(data, at)
            if end < body + length:
                break
            first, payload = data[at], unmask(data[body - 4 : body], data[body : body + length])
            at = body + length
            if first == FINAL | TEXT and self.kind is None:
                yield TEXT, decoded(payload)
            elif first & 8:
                yield first & OPCODE, control(first & OPCODE, payload)
            elif (message := self.assemble(first, payload)) is not None:
                yield message
        self.rest = data[at:]

    def header(self, data, at):
        """(where the payload of the frame at `at` begins, its length).

        What has not come yet counts as beyond the end.
        """
        first, second = data[at], data[at + 1]
        length, body = second & LENGTH, at + 6
        if not second & MASKED:
            raise Violation(PROTOCOL_ERROR)
        if first != FINAL | TEXT:
            self.check(first, length)
        if length > LONGEST_CONTROL:
            size = 2 if length == 126 else 8
            body += size
            if len(data) < at + 2 + size:
                return body, 0
            least, length = length, int.from_bytes(data[at + 2 : at + 2 + size])
            if length < (126 if least == 126 else 0x10000) or length >> 63:
                raise Violation(PROTOCOL_ERROR)  # the shortest form, and never its topmost bit
        if self.size + length > self.largest and not first & 8:
            raise Violation(TOO_BIG)
        return body, length

    def check(self, first, length):
        """Refuse what no frame may begin with. Raises Violation."""
        opcode = first & OPCODE
        is_known = opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
        is_whole = first & FINAL and length <= LONGEST_CONTROL
        if first & RESERVED or not is_known or (opcode & 8 and not is_whole):
            raise Violation(PROTOCOL_ERROR)

    def assemble(self, first, payload):
        """The message that a data frame completes, or None if it goes on."""
        opcode, is_final = first & OPCODE, first & FINAL
        if (opcode == CONTINUATION) != (self.kind is not None):
            raise Violation(PROTOCOL_ERROR)
        if self.kind is None:
            self.kind, self.fragments = opcode, []
        self.fragments.append(payload)
        self.size += len(payload) or 1  # so that empty fragments come to an end, too
        if not is_final:
            return None
        kind, whole = self.kind, b"".join(self.fragments)
        self.kind, self.fragments, self.size = None, None, 0
        return kind, decoded(whole) if kind == TEXT else whole


def unmask(mask, payload):
    """`payload` XOR the four bytes of `mask`, over and over: as one large number, which is fast."""
    length = len(payload)
    key = (mask * (length // 4 + 1))[:length]
    mixed = int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")
    return mixed.to_bytes(length, "little")


def decoded(payload):
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Violation(NOT_TEXT) from None


def control(opcode, payload):
    """A control frame's payload. Raises Violation for a close that gives no proper reason."""
    if opcode == CLOSE and payload:
        code = int.from_bytes(payload[:2])
        if len(payload) == 1 or not is_close_code(code):
            raise Violation(PROTOCOL_ERROR)
        decoded(payload[2:])
    return payload


def is_close_code(code):
    """Whether a client may send it: those of the standard, its registry, and private ones."""
    is_standard = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    return is_standard or 3000 <= code <= 4999


def frame(payload, opcode=TEXT):
    """One whole frame, as a server sends it: unmasked. `payload`: bytes."""
    length = len(payload)
    if length <= LONGEST_CONTROL:
        return bytes((FINAL | opcode, length)) + payload
    if length < 0x10000:
        return struct.pack("!BBH", FINAL | opcode, 126, length) + payload
    return struct.pack("!BBQ", FINAL | opcode, 127, length) + payload


def text_of(made):
    """What is in a frame that `frame` has made, in bytes."""
    return made[{126: 4, 127: 10}.get(made[1], 2) :]


def close_frame(code):
    return frame(code.to_bytes(2), CLOSE)
