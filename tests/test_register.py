"""What Redis holds of several processes."""

import time
from contextlib import ExitStack

import pytest

from parlor.bus import Away, Bus
from parlor.live_room import LiveRoom, Member
from parlor.register import BURIED_WITHIN, LASTS, Register

ROOM, ELSEWHERE = LiveRoom(5, "K7QP"), LiveRoom(6, "M3XA")
ALICE = [1, "Alice", None, False]


@pytest.fixture
def start(redis):
    """`start()`: the Register of another process."""
    redis.flush()
    with ExitStack() as running:

        def start():
            bus = Bus(redis.url, hear=lambda *_: None, back=lambda: None)
            running.callback(bus.stop)
            bus.start()
            deadline = time.monotonic() + 10
            while bus.well_since is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            register = Register(bus)
            register.begin()
            return register

        yield start


@pytest.fixture
def one(start):
    return start()


@pytest.fixture
def other(start):
    return start()


def there(register):
    return register.people([ROOM.id, ELSEWHERE.id])


def test_who_is_on_one_process_is_known_to_the_other(one, other):
    one.enter(ROOM, Member(*ALICE))
    other.enter(ROOM, Member(2, "Bob", "https://a.example/b.png", True))
    one.bus.read(("TIME",))  # what was written before is done
    found = there(other)
    assert found[ELSEWHERE.id] == []
    assert sorted(found[ROOM.id]) == sorted(
        [
            (one.bus.process, ALICE),
            (other.bus.process, [2, "Bob", "https://a.example/b.png", True]),
        ]
    )
    one.leave(ROOM.id, 1)
    one.bus.read(("TIME",))
    assert [person[1] for _, person in there(other)[ROOM.id]] == ["Bob"]


def test_what_another_version_wrote_of_somebody_hides_nobody_else(one, other, redis):
    one.enter(ROOM, Member(*ALICE))
    one.bus.read(("TIME",))
    strange = ["{", "7", "[]", '["b0b", 2]', '["b0b", [], "Bob", null, false]', '{"a": 1}']
    with redis.client() as client:
        for number, value in enumerate([*strange, '["b0b", 2, "Bob", null, false, "new"]']):
            client.hset(f"parlor:here:{ROOM.id}", f"b0b:{number}", value)
    assert there(other)[ROOM.id] == [(one.bus.process, ALICE)]


def test_a_process_that_begins_brings_all_its_people(one, other):
    many = [(LiveRoom(n, f"R{n:03}"), [Member(*ALICE)]) for n in range(1, 452)]
    one.enter_all(many)
    one.begin()
    found = other.people([room.id for room, _ in many])
    assert all(found[room.id] == [(one.bus.process, ALICE)] for room, _ in many)


def test_a_process_lives_while_it_beats(one, other, redis):
    name = one.bus.process
    assert other.processes() == {name: True, other.bus.process: True}
    with redis.client() as client:
        assert 0 < client.pttl(f"parlor:beat:{name}") <= LASTS * 1000
        client.delete(f"parlor:beat:{name}")
    assert other.processes()[name] is False
    assert one.beat()[0] is False, "its last sign of life was good no more"


def test_a_dead_process_is_buried_once_with_all_its_people(start, one, other):
    third = start()
    one.enter(ROOM, Member(*ALICE))
    one.enter(ELSEWHERE, Member(*ALICE))
    other.enter(ROOM, Member(*ALICE))
    one.bus.read(("TIME",))
    other.bus.read(("TIME",))
    assert sorted(other.bury(one.bus.process)) == [(5, "K7QP"), (6, "M3XA")]
    assert third.bury(one.bus.process) == []
    assert there(third) == {5: [(other.bus.process, ALICE)], 6: []}
    assert one.bus.process not in third.processes()
    assert third.empty_for(ELSEWHERE.id)[0] < 5, "they have only just gone"


def test_who_dies_while_they_bury_leaves_it_to_others(start, one, other, redis, monkeypatch):
    third = start()
    one.enter(ROOM, Member(*ALICE))
    one.bus.read(("TIME",))

    def die(*_):
        raise Away

    monkeypatch.setattr(other, "take_away", die)
    with pytest.raises(Away):
        other.bury(one.bus.process)
    assert third.bury(one.bus.process) == [], "somebody is at it"
    assert one.bus.process in third.processes()
    with redis.client() as client:
        assert 0 < client.pttl(f"parlor:grave:{one.bus.process}") <= BURIED_WITHIN * 1000
        client.delete(f"parlor:grave:{one.bus.process}")
    assert third.bury(one.bus.process) == [(5, "K7QP")]
    assert there(third)[ROOM.id] == []
    assert one.bus.process not in third.processes()


def test_what_was_written_under_a_name_after_its_burial_is_taken_away_too(one, other):
    other.bury(one.bus.process)
    one.enter(ROOM, Member(*ALICE))
    assert one.bury(one.bus.process) == [(5, "K7QP")]
    assert there(other)[ROOM.id] == []


def test_a_process_has_the_rooms_alone_in_which_somebody_is(one, redis):
    for room in (ROOM, ELSEWHERE):
        one.enter(room, Member(*ALICE))
    one.leave(ROOM.id, 1)
    one.empty(ROOM)
    one.bus.read(("TIME",))
    with redis.client() as client:
        assert client.smembers(f"parlor:rooms:{one.bus.process}") == {b"6 M3XA"}


def test_rooms_of_a_dead_process_that_cannot_be_read_hide_no_others(one, other, redis):
    one.enter(ROOM, Member(*ALICE))
    one.bus.read(("TIME",))
    with redis.client() as client:
        client.sadd(f"parlor:rooms:{one.bus.process}", b"\xff", "x", "1 2 3")
    assert other.bury(one.bus.process) == [(5, "K7QP")]


def test_one_process_has_duty_until_it_is_silent(one, other, redis):
    assert [one.beat()[1], other.beat()[1], one.beat()[1]] == [True, False, True]
    with redis.client() as client:
        assert 0 < client.pttl("parlor:duty") <= LASTS * 1000
        client.delete("parlor:duty")
    assert [other.beat()[1], one.beat()[1]] == [True, False]


def test_since_when_a_room_is_empty_is_told_by_the_clock_of_redis(one, other, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1.0)
    assert one.empty_for(ROOM.id) == (None, set())
    one.see(ROOM.id)
    one.bus.read(("TIME",))
    assert abs(other.empty_for(ROOM.id)[0]) < 5
    one.see_first(ROOM.id)
    one.enter(ROOM, Member(*ALICE))
    one.bus.read(("TIME",))
    assert other.empty_for(ROOM.id)[1] == {one.bus.process}, "somebody is there"
    one.forget(ROOM.id)
    one.bus.read(("TIME",))
    assert other.empty_for(ROOM.id) == (None, set())
