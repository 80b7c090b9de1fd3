"""How a program's WebSocket ends: by what it sends, by not reading, by leaving, by a deploy."""

import json
import os
import socket
import time
from contextlib import contextmanager

import pytest
import websocket

from parlor.frames import BINARY, CONTINUATION, PING, PONG, TEXT
from tests.support.listening import address
from tests.support.wire import Line, client_frame, cookies

WITHIN = 8
"""Seconds in which the process is gone."""

LARGEST = 16 * 1024


@pytest.fixture
def server(server_of_each_way):
    return server_of_each_way


@pytest.fixture
def line(server, opened):
    """A WebSocket by hand, in the room."""
    with dialed(server, opened) as line:
        line.packet('{"type":"users_list"')
        yield line


@contextmanager
def dialed(server, code, buffer=None):
    """The same without waiting. `buffer`: bytes it takes unread."""
    with socket.socket() as plain:
        plain.settimeout(10)
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.connect(("127.0.0.1", server.port))
        line = websocket.create_connection(address(server, code), socket=plain, class_=Line)
        line.send(json.dumps({"type": "auth", "username": f"By hand {plain.fileno()}"}))
        yield line


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([client_frame(b"{}", BINARY)], 1003),
        ([client_frame("{}", mask=None)], 1002),
        ([client_frame("x" * (LARGEST + 1))], 1009),
        ([client_frame("x" * 9000, final=False), client_frame("x" * 9000, CONTINUATION)], 1009),
        ([client_frame(b"\xff")], 1007),
        ([client_frame("{}", CONTINUATION)], 1002),
        ([client_frame("", TEXT, final=False)] + 20000 * [client_frame("", 0, final=False)], 1009),
    ],
)
def test_a_frame_that_is_none_ends_it(frames, code, line):
    line.push(*frames)
    assert line.closed_with() == code


def test_a_text_in_fragments_is_one(line):
    text = json.dumps({"type": "message", "data": "Hi", "ref": 1})
    line.push(client_frame(text[:9], final=False), client_frame(b"?", PING))
    line.push(client_frame(text[9:], CONTINUATION))
    assert line.control() == (PONG, b"?")
    line.packet('{"type":"ack"')


def test_the_largest_text_is_answered(line):
    text = json.dumps({"type": "message", "data": "x" * LARGEST})[:LARGEST]
    line.send(text)
    assert json.loads(line.packet('{"type":"error"'))["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "1", "null", '"auth"', "{}", '{"type":"nonsense"}', '{"type":{}}',
     '{"type":"sync","ref":[]}', '{"type":"sync","ref":1e400}', "[" * 10000,
     '{"type":"sync","ref":"\\ud800"}', '{"type":"sync","ref":123456789012345678901234567890}'],
)  # fmt: skip
def test_what_cannot_be_read_gets_an_error_and_the_fifth_time_ends_it(text, line):
    for _ in range(5):
        line.send(text)
    for _ in range(5):
        error = json.loads(line.packet('{"type":"error"'))["error"]
        assert error["code"] == "invalid"
    assert line.closed_with() == 1008


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": "message"}, "invalid"),
        ({"type": "message", "data": " "}, "message_missing"),
        ({"type": "message", "data": "x" * 1001}, "message_too_long"),
        ({"type": "message", "data": "\x00"}, "message_invalid"),
        ({"type": "message", "data": {"a": 1}}, "invalid"),
        ({"type": "message", "data": "Hi", "id": "?"}, "invalid"),
        ({"type": "message", "data": "Hi", "reply_to": "1"}, "invalid"),
        ({"type": "typing"}, "invalid"),
        ({"type": "typing", "is_typing": 1}, "invalid"),
        ({"type": "sync", "after": -1}, "invalid"),
        ({"type": "sync", "after": True}, "invalid"),
    ],
)
def test_what_cannot_be_done_is_refused_and_the_rest_goes_on(said, code, enters, opened):
    ada = enters(opened, "Ada")
    for _ in range(6):
        ada.say(**{"kind": said["type"], **said, "ref": "it"})
    assert ada.wait_for("error", ref="it")["error"]["code"] == code
    assert ada.ask("Hi", "then")["type"] == "ack"


def test_whoever_never_says_who_they_are_is_closed(program, opened, server):
    began = time.monotonic()
    assert program(server, opened).wait_until_closed(10) == 1008
    assert 4 < time.monotonic() - began < 8


def test_whoever_does_not_read_is_closed_and_nobody_waits(enters, opened, server):
    with dialed(server, opened, buffer=4096) as slow:
        slow.packet('{"type":"users_list"')
        ada = enters(opened, "Ada")
        for n in range(1, 1401):
            ada.say("message", data=f"{n} {'😀' * 900}")
            if not n % 50:
                ada.wait_for("message", seq=n)
        assert ada.numbers() == list(range(1, 1401)), "who reads hears everything"
        assert "does not read" in server.log()
        assert slow.receive(), "what the line held by then"
        while slow.receive():
            pass


def test_whoever_leaves_is_told_and_closed(program, alice, opened, server):
    mine = program(server, opened, {}, cookie=cookies(alice))
    mine.wait_for("users_list")
    alice.post(f"/room/{opened}/leave")
    assert mine.wait_until_closed() == 1008
    assert mine.kinds()[-1] == "closed"


def test_a_close_is_answered_and_frees_the_seat(enters, alice, server):
    ada = enters(alice.enter(), "Ada")
    ada.line.send_close(1000)
    assert ada.wait_until_closed() == 1000
    alice.wait_for("presence", lambda data: [one["name"] for one in data["left"]] == ["Ada"])


@pytest.mark.parametrize("relay", ["fast", "plain"])
def test_a_deploy_tells_programs_and_does_not_wait_for_them(relay, start_server, person, program):
    server = start_server(RELAY=relay, name="deployed")
    code = person("Alice", server).create()
    programs = [program(server, code, {"username": f"Ada {n}"}) for n in range(20)]
    for one in programs:
        one.wait_for("users_list")
    programs[0].ask("Hi")
    with dialed(server, code):  # which says nothing, and does not answer the close
        assert server.stop() < WITHIN
    for one in programs:
        assert one.wait_until_closed() == 1001
        assert one.heard("system", event="restart")[0]["within"] > 0
    server.start()
    token = programs[0].heard("system", event="welcome")[0]["token"]
    back = program(server, code, {"token": token, "after": 0})
    back.wait_for("users_list")
    assert back.texts() == ["Hi"]


def test_a_hundred_programs_hear_the_same(enters, alice, opened, server):
    programs = [enters(opened, f"Ada {n}") for n in range(100)]
    alice.connect(opened).wait_for("room")
    for n in range(20):
        programs[n].say("message", data=f"{n}")
    for n in range(20):
        alice.send(f"Alice {n}")
    for one in programs:
        one.wait_for("message", timeout=20, seq=40)
        assert one.numbers() == list(range(1, 41))
    assert len({tuple(one.texts()) for one in programs}) == 1
    told = programs[0].wait_for("users_list", count=101)
    assert "users" not in told, "a crowd is a number"


def test_programs_are_no_files_left_behind(server, enters, opened):
    [worker] = server.workers()

    def files():
        return len(os.listdir(f"/proc/{worker}/fd"))

    enters(opened, "First").close()
    before = files()
    for n in range(10):
        enters(opened, f"Ada {n}").close()
    deadline = time.monotonic() + 5
    while files() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert files() <= before
