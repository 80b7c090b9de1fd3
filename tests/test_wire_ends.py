"""RFC 6455 on the wire, continued: what is no text, and how a line ends. See test_wire.py."""

import json
import time

import pytest

from parlor.frames import CLOSE, NORMAL, NOT_TEXT, PING, PROTOCOL_ERROR
from tests.support.ears import Poll
from tests.support.wire import client_frame, dialed, event, fragments

# 6: UTF-8

TEXTS = ["κόσμε", "😀", "\u00a0\u07ff\u0800\uffff\U00010000\U0010ffff", "\ufeff", "ﷺ" * 30]
NO_TEXTS = [
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited",
    b"\x80", b"\xbf", b"\xfe", b"\xff", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xed\xbf\xbf",
    b"\xed\xa0\xbd\xed\xb8\x80", b"\xce", b"\xe1\xbd", b"\xf0\x9f\x98", b"a\xe1\x80a",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_text_arrives_however_it_is_cut(line, text):
    packet = event("message", {"data": f"<{text}>", "": text}, ack=7).encode()
    line.push(*fragments(packet, *range(1, len(packet))))
    assert f"<{text}>" in as_heard(line)
    line.chop(client_frame(packet))
    assert f"<{text}>" in as_heard(line)


def as_heard(line):
    return json.loads(line.packet('42["message"')[2:])[1]["message"]


@pytest.mark.parametrize("payload", NO_TEXTS)
def test_what_is_no_utf_8_closes_the_line(line, payload):
    line.push(client_frame(event("typing").encode() + payload))
    assert line.closed_with() == NOT_TEXT


@pytest.mark.parametrize("payload", NO_TEXTS)
def test_nor_is_it_in_fragments(line, payload):
    line.push(*fragments(b"42" + payload, 2, 1 + len(payload)))
    assert line.closed_with() == NOT_TEXT


# 7: closing


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011])
def test_a_close_is_answered_with_its_code(line, code):
    line.push(client_frame(code.to_bytes(2) + b"because", CLOSE))
    assert line.closed_with() == code


@pytest.mark.parametrize("code", [1012, 1013, 1014, 3000, 3999, 4000, 4999])
def test_so_is_one_with_a_code_that_came_later_or_is_private(line, code):
    line.push(client_frame(code.to_bytes(2), CLOSE))
    assert line.closed_with() == code


@pytest.mark.parametrize(
    "code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]
)
def test_a_code_that_means_nothing_is_an_error(line, code):
    line.push(client_frame(code.to_bytes(2), CLOSE))
    assert line.closed_with() == PROTOCOL_ERROR


def test_a_close_without_a_code_is_answered_without_one(line):
    line.push(client_frame(b"", CLOSE))
    assert line.ending() in (b"", NORMAL.to_bytes(2))


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\x03", PROTOCOL_ERROR),
        (b"\x03\xe8" + b"x" * 123, NORMAL),
        (b"\x03\xe8" + b"x" * 124, PROTOCOL_ERROR),
        (b"\x03\xe8\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", NORMAL),
        (b"\x03\xe8\xce\xba\xed\xa0\x80", NOT_TEXT),
    ],
)
def test_a_reason_is_text_of_some_length(line, payload, code):
    line.push(client_frame(payload, CLOSE))
    assert line.closed_with() == code


def test_what_comes_after_a_close_is_not_read(line, bob, opened):
    bob.enter(opened)
    late = [client_frame(event("message", "too late")), client_frame(b"", PING)]
    line.push(client_frame(b"\x03\xe8", CLOSE), *late, client_frame(b"\x0b\xb8", CLOSE))
    assert line.closed_with() == NORMAL
    bob.send("in time")
    bob.wait_for_text("in time")
    assert "too late" not in bob.texts()


def test_a_packet_before_a_close_is_handled(line, bob, opened):
    bob.enter(opened)
    line.push(client_frame(event("message", "my last words")), client_frame(b"", CLOSE))
    bob.wait_for_text("my last words")
    line.ending()


def test_engine_ios_own_close_ends_the_line(line):
    line.push(client_frame("1"))
    assert line.closed_with() == NORMAL


def test_a_line_that_fails_between_fragments_says_why(line):
    line.push(client_frame("42", final=False), client_frame(b"\x03\xe8", CLOSE))
    assert line.closed_with() == NORMAL


def test_an_upgrade_that_is_never_sealed_ends_by_itself(server, alice, opened):
    poll = Poll(server, alice, opened)
    with dialed(server, query=f"&sid={poll.sid}") as line:
        start = time.monotonic()
        line.send("2probe")
        line.settimeout(10)
        while line.receive():
            pass
        assert 4 < time.monotonic() - start < 8
    poll.hang_up()
