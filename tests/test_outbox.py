"""What goes out at the end of a turn: in the order in which it was sent, whatever fails."""

import pytest
import socketio

from parlor.fanout import FanOut
from parlor.outbox import Outbox
from parlor.transport import Json


class Line:
    """A connection that notes what it is written."""

    takes_frames = True
    closed = False

    def __init__(self, written, name="line"):
        self.written, self.name, self.out = written, name, []

    def write(self, data):
        self.written.append((self.name, data))

    def flush(self):
        self.write(b"own")


class Room:
    def __init__(self, written, fails=False):
        self.written, self.fails = written, fails

    def flush(self):
        if self.fails:
            raise RuntimeError
        self.written.append("room")


@pytest.fixture
def turns():
    """What is to be called at the end of this turn."""
    return []


def test_one_call_at_the_end_of_a_turn_serves_all(turns):
    outbox, written = Outbox(turns.append), []
    outbox.add_room(Room(written))
    outbox.add_room(Room(written))
    assert len(turns) == 1
    turns.pop()()
    assert written == ["room", "room"]


def test_what_rooms_were_sent_goes_out_before_a_single_frame(turns):
    outbox, written = Outbox(turns.append), []
    outbox.add_room(Room(written))
    outbox.add_line(Line(written))
    assert written == ["room"]
    turns[-1]()
    assert written == ["room", ("line", b"own")]


def test_one_room_that_fails_silences_no_other(turns, caplog):
    outbox, written = Outbox(turns.append), []
    outbox.add_room(Room(written, fails=True))
    outbox.add_room(Room(written))
    outbox.flush()
    assert written == ["room"]
    assert "not sent" in caplog.text


@pytest.fixture
def fanout(turns):
    server = socketio.Server(async_mode="threading", client_manager=FanOut(), json=Json)
    server.manager.use(Outbox(turns.append))
    return server.manager


def enter(fanout, name, line, room="room"):
    fanout.server.eio.sockets[name] = line
    sid = fanout.connect(fanout.pre_connect(name, "/"), "/")
    fanout.enter_room(sid, "/", room)
    return sid


def test_a_turns_frames_go_out_in_one_write_per_member(fanout, turns):
    written = []
    for name in ("alice", "bob"):
        enter(fanout, name, Line(written, name))
    fanout.emit("message", 1, "/", "room")
    fanout.emit("message", 2, "/", "room")
    assert not written
    turns.pop()()
    assert [name for name, _ in written] == ["alice", "bob"]
    assert all(data.count(b'42["message",') == 2 for _, data in written)


def test_a_newcomer_hears_nothing_that_was_sent_before(fanout, turns):
    written = []
    enter(fanout, "alice", Line(written, "alice"))
    fanout.emit("message", "before", "/", "room")
    enter(fanout, "bob", Line(written, "bob"))
    for turn in turns:
        turn()
    assert [name for name, _ in written] == ["alice"]


def test_one_member_whose_line_fails_is_dropped_and_silences_no_other(fanout, turns, caplog):
    written, broken = [], Broken([])
    enter(fanout, "alice", broken)
    enter(fanout, "bob", Line(written, "bob"))
    fanout.emit("message", "hello", "/", "room")
    turns.pop()()
    assert [name for name, _ in written] == ["bob"]
    assert broken.written == ["dropped"]
    assert "a connection failed" in caplog.text


class Broken(Line):
    def write(self, data):
        raise RuntimeError

    def drop(self, reason):
        self.written.append("dropped")


def test_nothing_is_kept_of_who_is_gone(fanout):
    sid = enter(fanout, "alice", Line([]))
    fanout.disconnect(sid, "/")
    assert (fanout.audiences, fanout.rooms_of, fanout.rooms) == ({}, {}, {})
