"""What a process knows of the people on others."""

import pytest

from parlor.replica import Nobody
from parlor.rooms import LiveRooms

ALICE, BOB = (1, "Alice", None, False), (2, "Bob", None, True)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Noted(Nobody):
    """Notes what it is told."""

    def __init__(self):
        self.told = []

    def came(self, room, member):
        self.told.append(("came", member.name, bool(member.sockets)))

    def went(self, room, member):
        self.told.append(("went", member.name))

    def is_called(self, room, member):
        self.told.append(("renamed", member.name))


@pytest.fixture
def others():
    return Noted()


@pytest.fixture
def live(others):
    rooms = LiveRooms(clock=Clock())
    rooms.configure(600, 10, others)
    return rooms


@pytest.fixture
def room(live):
    return live.open(1, "K7QP")


def names(members):
    return [member.name for member in members]


def test_others_are_told_when_somebody_comes_and_goes_not_of_each_tab(live, room, others):
    live.visit(room, *ALICE)
    for tab in ("one", "two"):
        live.enter(room, 1, "Alice", tab)
    for tab in ("one", "two"):
        live.exit(tab)
    live.sweep()
    assert others.told == [("came", "Alice", False), ("came", "Alice", True)]
    live.clock.now += 10
    live.sweep()
    assert others.told[2:] == [("went", "Alice")]


def test_who_leaves_for_good_goes_once(live, room, others):
    live.enter(room, 1, "Alice", "tab")
    live.leave(room, 1)
    live.sweep()
    assert others.told[1:] == [("went", "Alice")]


def test_another_name_is_told_by_who_has_the_person(live, room, others):
    live.enter(room, 1, "Alice", "tab")
    live.appear(room, "elsewhere", BOB, on_socket=True)
    live.rename(room, 1, "Alicia", None, True)
    live.rename(room, 2, "Bobby", None, True)
    assert others.told[1:] == [("renamed", "Alicia")]
    assert names(live.here(room)) == ["Alicia", "Bobby"]


def test_somebody_on_three_processes_is_one_and_leaves_with_the_last(live, room):
    assert names(live.appear(room, "a", ALICE, on_socket=True)[1]) == ["Alice"]
    assert live.appear(room, "b", ALICE, on_socket=True) == ([], [])
    assert live.enter(room, 1, "Alice", "tab") is None
    assert names(live.here(room)) == ["Alice"]
    assert live.vanish(room, "a", 1) is None
    live.exit("tab", at_once=True)
    assert not live.sweep().left
    assert live.vanish(room, "b", 1).name == "Alice"
    assert not live.here(room)


def test_who_appears_under_another_name_has_left_under_the_old_one(live, room):
    live.enter(room, 1, "Alice", "tab")
    left, came = live.appear(room, "a", (1, "Alicia", None, False), on_socket=False)
    assert (names(left), names(came)) == (["Alice"], ["Alicia"])


def test_a_visit_ends_where_somebody_has_a_socket_elsewhere(live, room, others):
    """So that closing that one tab is all it takes to be gone."""
    live.visit(room, *ALICE)
    live.appear(room, "a", ALICE, on_socket=False)
    live.sweep()
    assert ("went", "Alice") not in others.told
    live.appear(room, "a", ALICE, on_socket=True)
    live.sweep()
    assert ("went", "Alice") in others.told
    assert names(live.here(room)) == ["Alice"]


def test_a_process_that_is_lost_takes_those_with_it_who_are_nowhere_else(live, room):
    live.enter(room, 1, "Alice", "tab")
    for person in (ALICE, BOB):
        live.appear(room, "a", person, on_socket=True)
    assert [(where, names(left)) for where, left in live.lose("a")] == [(room, ["Bob"])]
    assert names(live.here(room)) == ["Alice"]
    assert not live.lose("a")


def test_a_process_that_has_another_name_is_lost_by_that(live, room):
    live.appear(room, "a", BOB, on_socket=True)
    live.call("a", "b")
    assert not live.lose("a")
    assert live.lose("b")


def test_what_is_all_makes_those_leave_who_are_not_in_it(live, room):
    live.enter(room, 1, "Alice", "tab")
    live.appear(room, "a", BOB, on_socket=True)
    found = [("b", (3, "Charlie", None, False))]
    came, left = live.learn(room, found, is_all=False)
    assert (names(came), names(left)) == (["Charlie"], [])
    came, left = live.learn(room, found, is_all=True)
    assert (names(came), names(left)) == ([], ["Bob"])
    assert names(live.here(room)) == ["Alice", "Charlie"]


def test_people_of_rooms_that_nobody_here_is_in_are_asked_for(live, room, others):
    live.enter(room, 1, "Alice", "tab")
    elsewhere = live.find(2, "M3XA")
    others.knows = lambda one: one is room
    others.people = lambda ids: {id: live.here(room) for id in ids}
    there = live.people([room, elsewhere])
    assert names(there[1]) == names(there[2]) == ["Alice"]


def test_a_room_with_people_elsewhere_is_not_deserted(live, room, others):
    live.clock.now += 600
    others.have_left = lambda one: False
    assert live.looks_deserted(room)
    assert not live.is_deserted(room)
