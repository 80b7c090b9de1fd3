"""A program's WebSocket by itself: what it is told when, and how its line ends."""

import json
import socket
import threading
import time

import pytest

from parlor import listener as module
from parlor.dialect import frame
from parlor.frames import CLOSE, PING, POLICY, TEXT
from parlor.listener import JOIN_WITHIN, LINGER, PING_EVERY, PING_PATIENCE, UNREAD, Listener
from tests.support.wire import client_frame

CODE, ME = {"code": "K7QP", "created_at": "…"}, {"user_id": 1, "name": "Ada"}
USERS = frame("users_list", users=[ME], count=1)


@pytest.fixture
def ends():
    """(the server's end, the program's end)."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def listener(ends):
    """One that is read and written; `listener.said` keeps what its program says."""
    made = Listener(ends[0], answer=b"")
    made.said = []
    reader = threading.Thread(target=lambda: made.said.extend(made.texts()))
    reader.start()
    yield made
    made.cut()
    reader.join(5)


@pytest.fixture
def hear(ends):
    """`hear()`: the next frame, as (opcode, payload)."""
    file = ends[1].makefile("rb")
    with file:

        def hear():
            first, length = file.read(2)
            if length == 126:
                length = int.from_bytes(file.read(2))
            return first & 15, file.read(length)

        yield hear


def page(*versions, through, more=False):
    messages = [{"seq": version, "version": version} for version in versions]
    return {"messages": messages, "through": through, "more": more}


def message(version):
    data = {"seq": version, "version": version}
    return "message", data, frame("message", **data)


def heard(hear, count):
    """What the next frames are: versions, events or types."""
    texts = [json.loads(hear()[1]) for _ in range(count)]
    return [one.get("version") or one.get("event") or one["type"] for one in texts]


def test_what_happens_meanwhile_comes_after_the_past_and_once(listener, hear):
    listener.hear(*message(2))
    listener.hear(*message(4))
    listener.hear("typing", {"users": []}, frame("typing", users=[]))
    listener.welcome({"room": CODE, "me": ME, **page(1, 2, through=2, more=True)})
    assert listener.lacks
    listener.hear(*message(5))
    listener.tell_past(page(3, 4, through=4))
    assert not listener.lacks
    listener.follow(USERS)
    listener.hear(*message(6))
    assert heard(hear, 8) == ["welcome", 1, 2, 3, 4, "users_list", 5, 6]


def test_what_happens_meanwhile_is_bounded(listener):
    for version in range(UNREAD + 2):
        listener.hear(*message(version))
    assert listener.is_closing
    assert len(listener.past) <= UNREAD + 1


def test_silence_is_asked_and_then_believed(listener, hear, ends):
    listener.follow(USERS)
    assert hear()[0] == TEXT
    now = time.monotonic()
    listener.look_after(now + PING_EVERY - 1)
    listener.look_after(now + PING_EVERY + 1)
    assert hear() == (PING, b"")
    listener.look_after(now + PING_EVERY + PING_PATIENCE)
    assert not listener.is_silent
    listener.look_after(now + PING_EVERY + PING_PATIENCE + 2)
    assert listener.is_silent
    assert not ends[1].recv(1), "cut"


def test_whoever_answers_stays(listener, hear, ends):
    listener.follow(USERS)
    now = time.monotonic()
    listener.look_after(now + PING_EVERY + 1)
    ends[1].sendall(client_frame(b"", module.frames.PONG) + client_frame("x"))
    wait_until(lambda: listener.said)
    assert not listener.is_pinged
    assert listener.deadline < now + PING_EVERY + 5


def test_whoever_never_joins_is_closed(listener, hear):
    listener.look_after(time.monotonic() + JOIN_WITHIN - 1)
    assert not listener.is_closing
    listener.look_after(time.monotonic() + JOIN_WITHIN + 1)
    assert hear() == (CLOSE, POLICY.to_bytes(2))


def test_whoever_does_not_answer_a_close_is_cut_off(listener, hear, ends):
    listener.close(POLICY)
    assert hear()[0] == CLOSE
    listener.look_after(time.monotonic())
    assert not listener.is_gone
    listener.look_after(time.monotonic() + LINGER + 1)
    assert listener.is_gone
    assert not ends[1].recv(1)


def test_nothing_is_heard_of_behind_a_close(listener, ends):
    ends[1].sendall(client_frame("a") + client_frame(b"", CLOSE) + client_frame("b"))
    wait_until(lambda: listener.is_closing)
    assert listener.said == ["a"]


def wait_until(is_so):
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
