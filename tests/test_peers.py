"""What processes tell each other: deeds, and frames."""

from threading import Thread

import pytest

from parlor import peers as module
from parlor.bus import Alone
from parlor.live_room import LiveRoom
from parlor.peers import EVERYONE, Peers, portable


class Wire(Alone):
    """A bus that keeps what is said on it."""

    is_shared = True

    def __init__(self):
        super().__init__()
        self.said, self.followed = [], []

    def publish(self, channel, data):
        self.said.append((channel, data))

    def follow(self, channel):
        self.followed.append(channel)

    def unfollow(self, channel):
        self.followed.remove(channel)


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def passed_on():
    return []


@pytest.fixture
def peers(wire, passed_on):
    made = Peers()
    found = {(5, "K7QP"): LiveRoom(5, "K7QP", head=7)}
    made.configure(
        wire,
        find_room=lambda id, code: found[id, code],
        pass_on=lambda *frame: passed_on.append(frame),
        run=lambda do, *arguments: passed_on.append((do, *arguments)),
    )
    return made


@pytest.fixture
def another(monkeypatch):
    """From now on what is heard is another process's."""
    return lambda: monkeypatch.setattr(module, "me", b"somebody")


def hear(peers, wire):
    for channel, data in wire.said:
        peers.hear(channel, data)


def test_a_deed_is_done_in_another_process_with_the_room_it_has(peers, wire, another):
    done = []
    peers.deeds["shut"] = lambda *arguments: done.append(arguments), False
    peers.tell("room:5", "shut", LiveRoom(5, "K7QP"), 3, {"a": None})
    another()
    hear(peers, wire)
    assert [channel for channel, _ in wire.said] == ["room:5"]
    assert done == [(peers.find_room(5, "K7QP"), 3, {"a": None})]
    assert done[0][0].head == 7


def test_nobody_hears_what_they_said_themselves(peers, wire):
    peers.deeds["shut"] = pytest.fail, False
    peers.tell(EVERYONE, "shut", 1)
    hear(peers, wire)


def test_a_deed_that_may_wait_is_done_beside_everything_else(peers, wire, another, passed_on):
    deed = object()
    peers.deeds["add"] = deed, True
    peers.tell("person:1", "add", 1, 2)
    another()
    hear(peers, wire)
    assert passed_on == [(deed, 1, 2)]


def test_a_frame_comes_through_as_it_is(peers, wire, another, passed_on):
    frame = bytes(range(256)) + b"\n"
    peers.send_frame("room:5", LiveRoom(5, "K7QP"), 41, frame)
    another()
    hear(peers, wire)
    assert passed_on == [(peers.find_room(5, "K7QP"), 41, frame)]


@pytest.mark.parametrize(
    "data", [b"", b"d", b"somebodyd", b'somebodyd["x"]', b"somebodyf\n", b"somebodyx", b"otherd{"]
)
def test_what_cannot_be_read_is_done_by_nobody(peers, data):
    """The bus goes on with what comes next."""
    with pytest.raises((ValueError, LookupError)):
        peers.hear("room:5", data)


def test_a_channel_is_followed_until_nobody_has_a_reason(peers, wire):
    peers.follow("room:5", "room:5")
    peers.follow("room:5", "watch:5")
    peers.follow("room:5", "watch:5")
    assert wire.followed == [EVERYONE, "room:5"]
    peers.unfollow("room:5", "watch:5")
    peers.unfollow("room:5", "never")
    assert wire.followed == [EVERYONE, "room:5"]
    peers.unfollow("room:5", "room:5")
    peers.unfollow("room:5", "room:5")
    assert wire.followed == [EVERYONE]


def test_who_comes_as_the_last_goes_is_followed(peers, wire, monkeypatch):
    """Where there are threads, both may be at it."""
    peers.follow("room:5", "room:5")
    comes = Thread(target=peers.follow, args=("room:5", "watch:5"))

    def unfollow(channel):
        comes.start()
        comes.join(0.1)
        wire.followed = [one for one in wire.followed if one != channel]

    monkeypatch.setattr(wire, "unfollow", unfollow)
    peers.unfollow("room:5", "room:5")
    comes.join()
    assert wire.followed == [EVERYONE, "room:5"]


def test_one_process_alone_makes_nothing_to_be_told():
    alone = Peers()
    alone.tell("room:5", "shut", object())  # which no JSON has
    alone.send_frame("room:5", None, 1, b"")


def test_a_room_is_told_by_its_id_and_code():
    assert portable(LiveRoom(5, "K7QP")) == {"room id": 5, "code": "K7QP"}
    assert portable("K7QP") == "K7QP"
