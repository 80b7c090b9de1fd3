"""RFC 6455 on the wire: the cases of the Autobahn test suite, by its sections, for a server that
speaks text only and answers packets instead of echoing them."""

import pytest

from parlor.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    UNSUPPORTED,
)  # fmt: skip
from tests.support.wire import client_frame, event, fragments, padded

LARGEST = 16 * 1024
CONTROL = [CLOSE, PING, PONG]


def answers(line, number=99):
    """True if packets are still answered."""
    line.push(client_frame(event("typing", {"is_typing": False}, ack=number)))
    return line.ack(number) == {"ok": True}


# 1: framing


@pytest.mark.parametrize("size", [125, 126, 127, 128, 255, 4095, 16_383, 16_384])
def test_a_packet_of_any_length_is_answered(line, size):
    line.push(client_frame(padded(size, ack=7)))
    assert line.ack(7) == {"ok": True}


@pytest.mark.parametrize("size", [125, 126, 4095])
def test_a_packet_may_come_byte_by_byte(line, size):
    line.chop(client_frame(padded(size, ack=7)))
    assert line.ack(7) == {"ok": True}


def test_a_packet_of_one_byte_is_read(line):
    line.push(client_frame("3"))
    assert answers(line)


def test_an_empty_packet_closes_the_line(line):
    line.push(client_frame(""))
    assert line.ending()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535])
def test_bytes_close_the_line(line, size):
    line.push(client_frame(b"4" * size, BINARY))
    assert line.closed_with() == (UNSUPPORTED if size <= LARGEST else TOO_BIG)


# 2: pings and pongs


@pytest.mark.parametrize("payload", [b"", b"hello", b"\x00\xff\xfe\xfd", b"\xfe" * 125])
def test_a_ping_is_answered_with_its_payload(line, payload):
    line.push(client_frame(payload, PING))
    assert line.control() == (PONG, payload)
    line.chop(client_frame(payload, PING))
    assert line.control() == (PONG, payload)


def test_a_ping_of_126_bytes_is_refused(line):
    line.push(client_frame(b"x" * 126, PING))
    assert line.closed_with() == PROTOCOL_ERROR


def test_a_pong_that_nobody_asked_for_is_nothing(line):
    line.push(client_frame(b"", PONG), client_frame(b"x" * 125, PONG), client_frame(b"?", PING))
    assert line.control() == (PONG, b"?")
    assert answers(line)


def test_ten_pings_at_once_are_answered_in_order(line):
    line.push(*(client_frame(str(n), PING) for n in range(10)))
    assert [line.control() for _ in range(10)] == [(PONG, str(n).encode()) for n in range(10)]


# 3 and 4: reserved bits, unknown opcodes


@pytest.mark.parametrize("opcode", [TEXT, *CONTROL])
@pytest.mark.parametrize("reserved", [1, 2, 3, 4, 5, 6, 7])
def test_reserved_bits_close_the_line(line, opcode, reserved):
    payload = b"\x03\xe8" if opcode == CLOSE else b"3"
    line.push(client_frame(b"ok", PING), client_frame(payload, opcode, reserved=reserved))
    assert line.control() == (PONG, b"ok")
    assert line.closed_with() == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", [b"", b"some"])
def test_an_unknown_opcode_closes_the_line(line, opcode, payload):
    line.push(client_frame(payload, opcode))
    assert line.closed_with() == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [TEXT, *CONTROL])
def test_what_is_not_masked_closes_the_line(line, opcode):
    line.push(client_frame(b"", opcode, mask=None))
    assert line.closed_with() == PROTOCOL_ERROR


# 5: fragments


@pytest.mark.parametrize("cuts", [[1], [60], [0, 60], [20, 20, 20], range(1, 100)])
def test_a_packet_may_come_in_fragments(line, cuts):
    line.push(*fragments(padded(100, ack=7), *cuts))
    assert line.ack(7) == {"ok": True}
    line.chop(*fragments(padded(100, ack=8), *cuts))
    assert line.ack(8) == {"ok": True}


def test_a_ping_between_fragments_is_answered_first(line):
    first, *rest = fragments(padded(100, ack=7), 30, 60)
    line.push(first, client_frame(b"1", PING))
    assert line.recv_frame().data == b"1", "although the packet is not complete"
    line.push(rest[0], client_frame(b"", PONG), client_frame(b"2", PING), rest[1])
    assert line.control() == (PONG, b"2")
    assert line.ack(7) == {"ok": True}


@pytest.mark.parametrize("opcode", CONTROL)
def test_a_control_frame_in_fragments_closes_the_line(line, opcode):
    line.push(client_frame(b"", opcode, final=False), client_frame(b"", CONTINUATION))
    assert line.closed_with() == PROTOCOL_ERROR


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("before", ["", "3"])
def test_a_continuation_of_nothing_closes_the_line(line, final, before):
    line.push(*([client_frame(before)] if before else []), client_frame("3", CONTINUATION, final))
    assert line.closed_with() == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_within_another_closes_the_line(line, opcode):
    line.push(client_frame("4", final=False), client_frame("3", opcode))
    assert line.closed_with() == PROTOCOL_ERROR


# 9: limits


@pytest.mark.parametrize("size", [LARGEST + 1, 65_535, 65_536, 1_000_000])
def test_what_is_too_large_closes_the_line(line, size):
    line.push(client_frame("4" + "x" * (size - 1)))
    assert line.closed_with() == TOO_BIG


@pytest.mark.parametrize("announced", [b"\xfe\x40\x01", b"\xff" + (1 << 62).to_bytes(8)])
def test_what_is_too_large_need_not_come_first(line, announced):
    line.push(b"\x81" + announced)
    assert line.closed_with() == TOO_BIG


@pytest.mark.parametrize("piece", [1300, 4000, 16_384])
def test_fragments_may_be_as_large_as_a_packet(line, piece):
    packet = padded(LARGEST, ack=7)
    line.push(*fragments(packet, *range(piece, LARGEST, piece)))
    assert line.ack(7) == {"ok": True}


@pytest.mark.parametrize("piece", [0, 1300, 4000])
def test_fragments_without_end_close_the_line(line, piece):
    many = LARGEST // (piece or 1) + 2
    line.push(client_frame("4", final=False))
    line.push(*[client_frame("x" * piece, CONTINUATION, final=False)] * many)
    assert line.closed_with() == TOO_BIG


def test_many_packets_in_many_fragments_are_all_answered(line):
    """10: what a sender cuts by itself."""
    for number in range(50):
        line.push(*fragments(padded(2000, ack=number), *range(130, 2000, 130)))
    assert [line.ack(number)["ok"] for number in range(50)] == [True] * 50


def test_each_way_of_closing_is_the_end_for_everyone(line, bob, opened):
    """Bob sees Alice go, and no line of hers is left."""
    bob.enter(opened)
    line.push(client_frame(b"", 15))
    line.ending()
    bob.wait_for("presence", lambda news: [one["name"] for one in news["left"]] == ["Alice"])


@pytest.mark.parametrize("fault", [client_frame(b"x", BINARY), client_frame(b"\xff", TEXT)])
def test_what_came_before_a_fault_is_heard_and_what_came_behind_it_is_not(line, bob, opened, fault):
    bob.enter(opened)
    line.push(client_frame(said("before")), fault, client_frame(said("behind")))
    line.ending()
    bob.wait_for_text("before")
    bob.send("the last word")
    bob.wait_for_text("the last word")
    assert bob.texts() == ["before", "the last word"]


def said(text):
    return event("message", {"data": text})
