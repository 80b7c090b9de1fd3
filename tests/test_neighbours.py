"""What a process knows of the others, whatever Redis answers, and when."""

from threading import Thread

import pytest

from parlor import neighbours as module
from parlor import relay
from parlor.bus import Alone, Away
from parlor.neighbours import Neighbours
from parlor.peers import peers
from parlor.rooms import live

ALICE, BOB = [1, "Alice", None, False], [2, "Bob", None, False]


class Bus(Alone):
    """A bus on which all is followed once it is asked for, unless it is slow."""

    is_slow = False

    def wait_followed(self, channels, seconds):
        return not self.is_slow


class Register:
    """One of which it is said beforehand what it answers."""

    def __init__(self):
        self.there, self.buried, self.is_away, self.written = {}, {}, False, []
        self.dead, self.asked = set(), 0
        self.meanwhile = lambda: None

    def bury(self, process):
        return self.buried.pop(process, [])

    def __getattr__(self, name):
        return lambda *arguments: self.written.append((name, *arguments))

    def people(self, room_ids):
        if self.is_away:
            raise Away
        self.asked += 1
        found = {id: self.there.get(id, []) for id in room_ids}
        self.meanwhile()
        return found

    def beats(self, names):
        return [name not in self.dead for name in names]

    def empty_for(self, room_id):
        return 700, {process for process, _ in self.there.get(room_id, [])}


@pytest.fixture
def register():
    return Register()


@pytest.fixture
def bus():
    return Bus()


@pytest.fixture
def others(bus, register, monkeypatch):
    """The Neighbours of this process; what it does in the background, it does at once."""
    monkeypatch.setattr(relay, "in_background", lambda task: task())
    monkeypatch.setattr(module.presence, "tell", lambda *_, **__: None)
    made = Neighbours(bus, register)
    monkeypatch.setattr(made.heart, "look_after", lambda: None)
    live.configure(room_grace=600, leave_grace=10, others=made)
    yield made
    live.configure(room_grace=600, leave_grace=10)


@pytest.fixture
def room(others):
    return live.open(5, "K7QP")


def names(room):
    return [member.name for member in live.here(room)]


def test_who_else_is_there_is_asked_again_where_redis_was_only_slow(others, register, room):
    register.there[room.id] = [("b0b", BOB)]
    register.is_away = True
    live.enter(room, *ALICE[:2], "tab")
    assert names(room) == ["Alice"]
    register.is_away = False
    others.look_after()
    assert names(room) == ["Alice", "Bob"]
    assert others.knows(room)


def test_nothing_is_known_of_a_room_before_it_is_heard(others, bus, register, room):
    """Who came or went in between would be missed, and who had to go would stay."""
    bus.is_slow = True
    live.enter(room, *ALICE[:2], "tab")
    assert not others.knows(room)
    bus.is_slow = False
    others.look_after()
    assert others.knows(room)


@pytest.mark.parametrize("is_sure", [False, True])
def test_who_came_or_went_while_that_was_asked_is_here_or_not(others, register, room, is_sure):
    """And it is not asked again: a crowd that comes back would have it asked without end."""
    others.heart.is_sure = is_sure
    register.there[room.id] = [("b0b", BOB)]

    def bob_goes_and_charlie_comes():
        peers.do("vanish", room, "b0b", BOB[0])
        peers.do("appear", room, "b0b", [3, "Charlie", None, False], True)

    register.meanwhile = bob_goes_and_charlie_comes
    live.enter(room, *ALICE[:2], "tab")
    assert names(room) == ["Alice", "Charlie"]
    others.look_after()
    assert register.asked == 1


@pytest.mark.parametrize("is_answered_before", [False, True])
def test_who_was_renamed_while_that_was_asked_has_the_new_name(
    others, register, room, monkeypatch, is_answered_before
):
    monkeypatch.setattr(relay, "emit", lambda *_: None)
    monkeypatch.setattr(relay, "send_users", lambda *_: None)
    robert = [BOB[0], "Robert", None, True]
    register.there[room.id] = [("b0b", BOB if is_answered_before else robert)]

    def bob_comes_and_is_renamed():
        peers.do("appear", room, "b0b", BOB, True)
        peers.do("rename", room, *robert)

    register.meanwhile = bob_comes_and_is_renamed
    live.enter(room, *ALICE[:2], "tab")
    assert names(room) == ["Alice", "Robert"]


def test_while_redis_is_away_it_is_not_asked(others, bus, register, room):
    register.is_away = True
    live.enter(room, *ALICE[:2], "tab")
    bus.well_since = None
    register.is_away = False
    others.look_after()
    assert not others.knows(room)
    bus.well_since = 1
    others.look_after()
    assert others.knows(room)


def test_others_look_again_where_somebody_left_while_that_could_not_be_told(
    others, bus, register, room, monkeypatch
):
    told = []
    monkeypatch.setattr(module, "look_again", lambda room: told.append((room.id, room.code)))
    live.enter(room, *ALICE[:2], "tab")
    register.buried[bus.process] = [(5, "K7QP"), (6, "M3XA")]
    others.begin()
    assert set(told) == {(5, "K7QP"), (6, "M3XA")}


def test_who_has_to_go_is_looked_up_when_another_process_was_out_of_touch(others):
    assert not others.is_in_doubt
    peers.do("goes_by", "b0b", "b0b2")
    assert others.is_in_doubt
    others.is_in_doubt = False
    others.lost("b0b2")
    assert others.is_in_doubt, "it may have gone before it told"


def test_nobody_comes_or_goes_between_who_is_here_and_its_being_written(
    others, register, room, monkeypatch
):
    """What is written of them comes after that, and so counts."""
    found = []

    def try_lock():
        found.append(live.lock.acquire(timeout=0.05))

    def enter_all(there):
        thread = Thread(target=try_lock)
        thread.start()
        thread.join()

    monkeypatch.setattr(register, "enter_all", enter_all, raising=False)
    others.begin()
    assert found == [False]


def test_a_room_that_is_let_go_of_and_live_again_is_known_as_it_is_now(others, register, room):
    live.enter(room, *ALICE[:2], "tab")
    live.leave(room, ALICE[0])
    live.room_grace = 0
    assert live.drop_if_deserted(room)
    again = live.open(5, "K7QP")
    register.there[room.id] = [("b0b", BOB)]
    live.enter(again, *ALICE[:2], "tab")
    others.look_after()
    assert names(again) == ["Alice", "Bob"]
    assert others.knows(again)


def test_a_room_is_not_kept_open_by_what_a_dead_process_left(others, register, room):
    register.there[room.id] = [("b0b", BOB)]
    others.heart.is_sure = True
    assert not others.have_left(room)
    register.dead = {"b0b"}
    assert others.have_left(room)


def test_no_room_is_closed_while_it_is_not_sure_who_lives(others, register, room):
    register.there[room.id] = [("b0b", BOB)]
    register.dead = {"b0b"}
    assert not others.have_left(room)
