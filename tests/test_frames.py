"""RFC 6455, section 5: one test a rule. Against another implementation: test_frames_fuzzed.py."""

import pytest

from parlor.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    NOT_TEXT,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    Reader,
    Violation,
    close_frame,
    frame,
    is_close_code,
    unmask,
)
from tests.support.wire import client_frame, mixed

CONTROL = [CLOSE, PING, PONG]
DATA = [CONTINUATION, TEXT, BINARY]
UNKNOWN = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]
LARGEST = 1000


def read(*chunks, largest=LARGEST):
    reader = Reader(largest)
    return [message for chunk in chunks for message in reader.read(chunk)]


def refused(*frames, largest=LARGEST):
    """The code that these frames are refused with."""
    with pytest.raises(Violation) as violation:
        read(b"".join(frames), largest=largest)
    return violation.value.code


def part(payload, opcode=CONTINUATION, final=False):
    return client_frame(payload, opcode, final)


def last(payload):
    return part(payload, final=True)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 128, 255, 4095, 65_535, 65_536])
def test_a_text_of_any_length_is_read(length):
    text = "x" * length
    assert read(client_frame(text), largest=length) == [(TEXT, text)]


@pytest.mark.parametrize("text", ["", "κόσμε", "😀", "\x00", "\ufffe", "\U0010ffff", "\ufeffx"])
def test_a_text_is_read_as_it_was_written(text):
    assert read(client_frame(text)) == [(TEXT, text)]


def test_bytes_stay_bytes():
    assert read(client_frame(b"\xff\x00", BINARY)) == [(BINARY, b"\xff\x00")]


@pytest.mark.parametrize("mask", [bytes(4), b"\xff" * 4, b"\x00\x01\x02\x03", b"\x80\x00\x00\x00"])
def test_any_mask_is_taken_off(mask):
    for length in range(9):
        text = "abcdefgh"[:length]
        assert read(client_frame(text, mask=mask)) == [(TEXT, text)]


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 1000])
def test_unmasking_is_xor_over_and_over(length):
    payload = bytes(n % 251 for n in range(length))
    assert unmask(b"\x01\x80\xff\x00", payload) == mixed(b"\x01\x80\xff\x00", payload)


def test_frames_right_behind_each_other_are_read_in_order():
    frames = b"".join(client_frame(str(n)) for n in range(50))
    assert read(frames) == [(TEXT, str(n)) for n in range(50)]


def test_a_frame_is_read_once_its_last_byte_is_there():
    whole = client_frame("hello") + client_frame("x" * 300)
    reader = Reader(LARGEST)
    came = [list(reader.read(bytes([byte]))) for byte in whole]
    assert came[10] == [(TEXT, "hello")]
    assert came[-1] == [(TEXT, "x" * 300)]
    assert sum(map(len, came)) == 2


def test_fragments_become_one_message():
    assert read(part("a", TEXT), part("b"), part(""), last("c")) == [(TEXT, "abc")]
    assert read(part(b"\xff", BINARY), last(b"\xfe")) == [(BINARY, b"\xff\xfe")]


def test_a_control_frame_between_fragments_is_read_at_once():
    frames = [part("a", TEXT), client_frame("1", PING), part("b"), client_frame("", PONG)]
    assert read(*frames) == [(PING, b"1"), (PONG, b"")]
    assert read(*frames, last("c"))[2:] == [(TEXT, "abc")]


def test_a_code_point_may_be_split_over_fragments():
    whole = "a😀b".encode()
    for at in range(len(whole)):
        assert read(part(whole[:at], TEXT), last(whole[at:])) == [(TEXT, "a😀b")]


def test_one_message_in_fragments_follows_another():
    assert read(part("a", TEXT), last("b"), client_frame("c"), part("d", TEXT), last("e")) == [
        (TEXT, "ab"), (TEXT, "c"), (TEXT, "de"),
    ]  # fmt: skip


@pytest.mark.parametrize("opcode", UNKNOWN)
@pytest.mark.parametrize("final", [True, False])
def test_an_unknown_opcode_is_refused(opcode, final):
    assert refused(client_frame("", opcode, final)) == PROTOCOL_ERROR
    assert refused(part("a", TEXT), client_frame("", opcode, final)) == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", DATA + CONTROL)
@pytest.mark.parametrize("reserved", range(1, 8))
def test_reserved_bits_are_refused(opcode, reserved):
    assert refused(client_frame("", opcode, reserved=reserved)) == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", DATA + CONTROL)
def test_what_is_not_masked_is_refused(opcode):
    assert refused(client_frame("hello", opcode, mask=None)) == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", CONTROL)
def test_a_control_frame_is_short_and_whole(opcode):
    longest = b"\x03\xe8" + b"x" * 123
    assert read(client_frame(longest, opcode)) == [(opcode, longest)]
    assert refused(client_frame(longest + b"x", opcode)) == PROTOCOL_ERROR
    assert refused(client_frame(b"", opcode, form=2)) == PROTOCOL_ERROR
    assert refused(client_frame(b"", opcode, final=False)) == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING])
@pytest.mark.parametrize(("length", "form"), [(0, 2), (125, 2), (0, 8), (126, 8), (65_535, 8)])
def test_a_length_is_written_as_short_as_it_can_be(opcode, length, form):
    frames = client_frame(b"x" * length, opcode, form=form)
    assert refused(frames, largest=70_000) == PROTOCOL_ERROR


def test_a_length_has_no_more_than_63_bits():
    for length in (1 << 63, (1 << 64) - 1):
        head = b"\x81\xff" + length.to_bytes(8)
        assert refused(head) == PROTOCOL_ERROR


@pytest.mark.parametrize("final", [True, False])
def test_nothing_is_continued_that_has_not_begun(final):
    assert refused(part("a", CONTINUATION, final)) == PROTOCOL_ERROR
    assert refused(client_frame("a"), part("a", CONTINUATION, final)) == PROTOCOL_ERROR
    assert refused(part("a", TEXT), last("b"), part("c", final=final)) == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("final", [True, False])
def test_no_message_begins_within_another(opcode, final):
    for first in (TEXT, BINARY):
        assert refused(part("a", first), part("b", opcode, final)) == PROTOCOL_ERROR


NO_TEXTS = [
    b"\x80", b"\xff", b"\xfe", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xce", b"\xf0\x9f\x98",
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"a\xe1\xbd",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
]  # fmt: skip


@pytest.mark.parametrize("payload", NO_TEXTS)
def test_what_is_no_utf_8_is_refused(payload):
    assert refused(client_frame(payload)) == NOT_TEXT
    assert refused(part("a", TEXT), part(payload), last(b"")) == NOT_TEXT
    assert refused(client_frame(b"\x03\xe8" + payload, CLOSE)) == NOT_TEXT
    assert read(client_frame(payload, BINARY), client_frame(payload, PING))


def test_a_close_may_say_why():
    for payload in (b"", b"\x03\xe8", b"\x03\xe8bye", b"\x13\x87" + "ψ".encode()):
        assert read(client_frame(payload, CLOSE)) == [(CLOSE, payload)]
    assert refused(client_frame(b"\x03", CLOSE)) == PROTOCOL_ERROR


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535])
def test_a_close_code_that_means_nothing_is_refused(code):
    assert refused(client_frame(code.to_bytes(2), CLOSE)) == PROTOCOL_ERROR
    assert not is_close_code(code)


def test_a_message_is_as_large_as_allowed_and_no_larger():
    assert read(client_frame("x" * LARGEST)) == [(TEXT, "x" * LARGEST)]
    for opcode in (TEXT, BINARY):
        assert refused(client_frame("x" * (LARGEST + 1), opcode)) == TOO_BIG


def test_fragments_are_as_large_together_as_a_message():
    pieces = [part("x" * 400, TEXT), part("x" * 400)]
    assert read(*pieces, last("x" * 200)) == [(TEXT, "x" * LARGEST)]
    assert refused(*pieces, part("x" * 201)) == TOO_BIG
    assert read(*pieces, last("x" * 200), client_frame("x" * LARGEST))


def test_what_is_too_large_is_refused_before_it_comes():
    for length in (1001, 65_535):
        assert refused(b"\x81\xfe" + length.to_bytes(2)) == TOO_BIG
    assert refused(b"\x82\xff" + (1 << 62).to_bytes(8)) == TOO_BIG


def test_a_control_frame_does_not_count():
    ping = client_frame("x" * 125, PING)
    assert read(part("x" * LARGEST, TEXT), ping, last("")) == [
        (PING, b"x" * 125), (TEXT, "x" * LARGEST),
    ]  # fmt: skip


def test_empty_fragments_come_to_an_end():
    empty = part("", TEXT) + part("") * LARGEST
    assert read(empty) == []
    assert refused(empty, part("")) == TOO_BIG


def test_what_came_before_a_violation_is_read():
    came = []
    with pytest.raises(Violation):
        came.extend(Reader(LARGEST).read(client_frame("a") + client_frame("b") + b"\x00\x00"))
    assert came == [(TEXT, "a"), (TEXT, "b")]


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_of_the_server_has_the_shortest_head_and_no_mask(length):
    payload = b"x" * length
    assert frame(payload, PING) == client_frame(payload, PING, mask=None)


def test_a_close_frame_holds_its_code():
    assert close_frame(1002) == b"\x88\x02\x03\xea"
