"""Clients that vanish, do not read, or ask much at once: nobody else notices."""

import os
import socket
import sqlite3
import struct
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from parlor.frames import CLOSE, PING, PONG, TEXT
from tests.support.wire import client_frame, dialed, entering, event, joined

AT_ONCE = 50
SMALL_BUFFER, KEPT, SIZE = 64 * 1024, 1024 * 1024, 15_000
"""Bytes: what Bob's kernel takes unread, what the server keeps then, and what is said at once."""

MOST = 1000
OWN = 3
"""Sockets that the server has open for itself: it listens, and talks to its threads."""
SOON = 0.8
"""Seconds within which nothing that waits for nobody takes longer, on a busy machine."""


def message(text, ack=""):
    return client_frame(event("message", text, ack=ack))


def typing(ack):
    return client_frame(event("typing", {"is_typing": False}, ack=ack))


def wait_until(is_so, seconds=10):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def open_sockets(server):
    [worker] = server.workers()
    names = []
    for fd in os.listdir(f"/proc/{worker}/fd"):
        try:
            names.append(os.readlink(f"/proc/{worker}/fd/{fd}"))
        except FileNotFoundError:  # closed meanwhile
            continue
    return sum(name.startswith("socket:") for name in names)


def half_close(line):
    line.sock.shutdown(socket.SHUT_WR)


def reset(line):
    line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.sock.close()


def end(line):
    line.push(client_frame(b"\x03\xe8", CLOSE))


def misbehave(line):
    line.push(b"\xff\xff\xff\xff")


def break_off(line):
    """In the middle of a frame."""
    line.push(client_frame("x" * 1000)[:500])
    reset(line)


ENDS = [half_close, reset, end, misbehave, break_off]


@pytest.mark.parametrize("leave", ENDS)
def test_however_a_line_ends_the_others_are_told(line, bob, opened, leave):
    bob.enter(opened)
    leave(line)
    bob.wait_for("presence", lambda news: [one["name"] for one in news["left"]] == ["Alice"])


@pytest.mark.parametrize("leave", [half_close, end])
def test_last_words_are_heard(line, bob, opened, leave):
    bob.enter(opened)
    line.push(message("goodbye"))
    leave(line)
    bob.wait_for_text("goodbye")


def test_whoever_half_closes_is_gone(line):
    half_close(line)
    while line.sock.recv(65_536):
        pass


@pytest.fixture
def quiet(start_server, person):
    """A server that nobody is connected to, somebody with a room on it, and the room's code."""
    server = start_server()
    alice = person("Alice", server)
    code = alice.enter()
    alice.send("hello")  # the first message opens what stays open
    alice.close()
    wait_until(lambda: open_sockets(server) <= OWN)
    return server, alice, code


def test_no_line_leaves_anything_open(quiet):
    """Neither one that ends by itself, nor one that is refused or cut off, whatever it was at."""
    server, alice, code = quiet
    before = open_sockets(server)
    for leave in ENDS * 6:
        with joined(server, alice, code) as line:
            line.push(message("hello"))
            leave(line)
    for _ in range(10):
        with entering(server, alice, code) as line:
            reset(line)
        with entering(server, alice, "ZZZZ") as line:
            line.packet("44")
        with dialed(server) as line:
            line.packet("0")
    wait_until(lambda: open_sockets(server) == before)


def test_the_other_end_may_leave_the_server_alone_with_the_close(quiet):
    """It neither answers the close nor ends the line: that is cut after a while."""
    server, alice, code = quiet
    before = open_sockets(server)
    with joined(server, alice, code) as line:
        misbehave(line)
        line.ending()
        assert open_sockets(server) == before + 1
        wait_until(lambda: open_sockets(server) == before)


def test_many_at_once_are_answered_in_order(line, bob, opened):
    bob.enter(opened)
    line.push(*(message(f"number {n}", ack=n) for n in range(AT_ONCE)))
    packets = [line.packet("43") for _ in range(AT_ONCE)]
    assert [packet.split("[")[0] for packet in packets] == [f"43{n}" for n in range(AT_ONCE)]
    bob.wait_for_text(f"number {AT_ONCE - 1}")
    assert [one["message"] for one in bob.heard("message")] == [
        f"number {n}" for n in range(AT_ONCE)
    ]


def test_what_waits_and_what_does_not_are_answered_in_order(line):
    """Each `sync` reads the database."""
    asked = ["sync" if n % 3 == 0 else "typing" for n in range(4 * AT_ONCE)]
    payloads = {"sync": {"after": 0}, "typing": {"is_typing": False}}
    frames = [client_frame(event(name, payloads[name], ack=n)) for n, name in enumerate(asked)]
    line.push(*frames)
    packets = [line.packet("43") for _ in asked]
    assert [packet.split("[")[0] for packet in packets] == [f"43{n}" for n in range(len(asked))]
    assert_prompt(line)


@contextmanager
def locked(server):
    """Another process writes, and takes its time."""
    path = server.directory / "parlor.db"
    with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            database.execute("ROLLBACK")


def assert_prompt(line, number=1):
    """Typing, reading and a ping are answered at once."""
    asked = time.monotonic()
    line.push(typing(number), client_frame(event("sync", {"after": 0}, ack=number + 1)))
    line.push(client_frame(b"?", PING))
    answers = [line.recv_frame() for _ in range(3)]
    assert sorted(answer.opcode for answer in answers) == [TEXT, TEXT, PONG], answers
    assert time.monotonic() - asked < SOON


def test_whoever_waits_for_the_database_holds_up_nobody(server, line, bob, opened):
    bob.join(opened)
    with joined(server, bob, opened) as other:
        with locked(server):
            line.push(message("in line", ack=1))
            for number in (10, 20, 30):
                assert_prompt(other, number)
                assert_prompt(line, number)
        assert line.ack(1)["ok"]
        other.packet('42["message"')


def test_many_who_wait_hold_up_nobody(server, alice, bob, opened):
    """More of them than the server has greenlets for what waits."""
    bob.join(opened)
    with ExitStack() as lines:
        waiting = [lines.enter_context(joined(server, alice, opened)) for _ in range(15)]
        other = lines.enter_context(joined(server, bob, opened))
        with locked(server):
            for line in waiting:
                line.push(message("in line", ack=1))
            assert_prompt(other)
        assert all(line.ack(1)["ok"] for line in waiting)


def test_a_join_that_waits_holds_up_nobody(server, line, bob, opened):
    joining = threading.Thread(target=bob.join, args=[opened])
    with locked(server):
        joining.start()
        for number in (10, 20, 30):
            assert_prompt(line, number)
    joining.join(10)
    line.packet('42["presence",{"joined":[{')


@pytest.mark.parametrize("leave", [half_close, reset])
def test_whoever_leaves_while_waiting_is_still_heard(server, line, bob, opened, leave):
    bob.enter(opened)
    with locked(server):
        line.push(message("sent, and gone", ack=1), client_frame(b"sent", PING))
        assert line.control() == (PONG, b"sent")
        leave(line)
        bob.wait_for("presence", lambda news: news["left"])
    bob.wait_for_text("sent, and gone")


@pytest.fixture
def talking(start_server, person):
    """`tell(number)` has Alice say something of SIZE; `deaf()` is a line of Bob's, not read."""
    server = start_server(MAX_MESSAGE_LENGTH=4000)
    alice, bob = person("Alice", server), person("Bob", server)
    code = alice.enter()
    bob.join(code)
    with joined(server, alice, code) as talker:

        def tell(number):
            talker.push(message("😀" * (SIZE // 4) + f"{number:08}", ack=number))
            assert talker.ack(number)["ok"]

        yield server, tell, lambda: joined(server, bob, code, buffer=SMALL_BUFFER)
    assert alice.send("still here")["ok"]


def test_who_does_not_read_is_closed_but_not_too_soon(talking):
    """The kernel keeps some megabytes, and the server one. Nobody else notices."""
    server, tell, deaf = talking
    with deaf() as line:
        told = 0
        while "does not read" not in server.log():
            told += 1
            tell(told)
            assert told < MOST
        kept = told * SIZE - len(rest(line))
        assert 0.9 * KEPT < kept < 1.1 * KEPT
    with deaf() as line:
        told -= 20  # so that the server keeps about half of what it may
        for number in range(told):
            tell(number)
        for number in range(told):
            assert f"{number:08}" in line.packet('42["message"')
        assert_prompt(line)


def rest(line):
    """What is still on its way, up to the end of the line."""
    pieces = []
    with suppress(ConnectionError):
        while piece := line.sock.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)
