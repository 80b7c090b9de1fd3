"""Live rooms: people are counted once, fade after a grace, and rooms close when deserted."""

import pytest

from parlor.rooms import LiveRooms


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now

    def forward(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def live(clock):
    return LiveRooms(room_grace=600, leave_grace=10, clock=clock)


@pytest.fixture
def room(live):
    return live.open(1, "K7QP")


def names(members):
    return [member.name for member in members]


def test_a_second_tab_is_not_a_second_person(live, room):
    assert live.enter(room, 1, "Alice", "tab 1").name == "Alice"
    assert not live.enter(room, 1, "Alice", "tab 2")
    assert names(live.here(room)) == ["Alice"]


def test_closing_one_of_two_tabs_is_no_news(live, room, clock):
    live.enter(room, 1, "Alice", "tab 1")
    live.enter(room, 1, "Alice", "tab 2")
    live.exit("tab 1")
    clock.forward(60)
    assert not live.sweep().left
    assert names(live.here(room)) == ["Alice"]


def test_a_reload_within_the_grace_is_no_news(live, room, clock):
    live.enter(room, 1, "Alice", "before")
    live.exit("before")
    clock.forward(9)
    assert not live.sweep().left
    assert not live.enter(room, 1, "Alice", "after")
    clock.forward(60)
    assert not live.sweep().left


def test_whoever_stays_away_has_left_once(live, room, clock):
    live.enter(room, 1, "Alice", "tab")
    live.exit("tab")
    clock.forward(10)
    [(where, member)] = live.sweep().left
    assert (where, member.name) == (room, "Alice")
    assert not live.sweep().left
    assert not live.here(room)


def test_whoever_was_silent_long_enough_has_no_further_grace(live, room):
    live.enter(room, 1, "Alice", "silent")
    live.enter(room, 1, "Alice", "heard")
    live.exit("silent", at_once=True)
    assert not live.sweep().left, "the other tab is still there"
    live.exit("heard", at_once=True)
    assert live.sweep().left


def test_leaving_takes_all_tabs_along(live, room):
    live.enter(room, 1, "Alice", "tab 1")
    live.enter(room, 1, "Alice", "tab 2")
    assert live.leave(room, 1).sockets == {"tab 1", "tab 2"}
    assert live.seat("tab 1") is None
    assert live.leave(room, 1) is None


def test_an_unknown_socket_may_go(live):
    live.exit("nobody's")


def test_a_visit_without_a_socket_lasts_a_minute(live, room, clock):
    assert live.visit(room, 1, "Alice")
    clock.forward(59)
    assert not live.sweep().left
    clock.forward(1)
    assert live.sweep().left


def test_typing_is_news_when_it_begins_and_ends(live, room):
    live.enter(room, 1, "Alice", "tab")
    seat = live.seat("tab")
    assert live.type(seat.room, seat.member.user_id, True)
    assert not live.type(seat.room, seat.member.user_id, True)
    assert names(live.typing(room)) == ["Alice"]
    assert live.type(seat.room, seat.member.user_id, False)
    assert not live.typing(room)


def test_typing_ends_by_itself(live, room, clock):
    live.enter(room, 1, "Alice", "tab")
    live.type(live.seat("tab").room, 1, True)
    clock.forward(3)
    assert live.sweep().stilled == [room]
    assert not live.typing(room)
    assert not live.sweep().stilled


def test_what_was_said_elsewhere_while_nobody_was_here_counts_for_who_comes(live, room):
    """How far somebody has read is held against it."""
    room.head = 10
    assert live.open(1, "K7QP", head=20).head == 20


def test_what_was_said_elsewhere_is_still_to_be_told_to_who_is_here(live, room):
    live.enter(room, 1, "Alice", "tab")
    room.head = 10
    assert live.open(1, "K7QP", head=20).head == 10


def test_whoever_leaves_types_no_more(live, clock):
    live.leave_grace = 1
    room = live.open(1, "K7QP")
    live.enter(room, 1, "Alice", "tab")
    live.type(live.seat("tab").room, 1, True)
    live.exit("tab")
    clock.forward(1)
    news = live.sweep()
    assert news.left
    assert news.stilled == [room]


def test_time_looks_only_where_somebodys_may_run_out(live, room, clock):
    live.enter(room, 1, "Alice", "a tab")
    live.visit(live.open(2, "BBBB"), 2, "Bob")
    live.sweep()
    assert [one.code for one in live.passing.values()] == ["BBBB"]
    clock.now += 61
    assert names(member for _, member in live.sweep().left) == ["Bob"]
    assert not live.passing


def test_a_room_without_people_is_deserted_after_the_grace(live, room, clock):
    clock.forward(599)
    assert not live.deserted()
    clock.forward(1)
    assert live.deserted() == [room]


def test_the_grace_begins_when_the_last_one_has_left(live, room, clock):
    live.enter(room, 1, "Alice", "tab")
    clock.forward(5000)
    assert not live.deserted()
    live.exit("tab")
    clock.forward(10)
    live.sweep()
    clock.forward(599)
    assert not live.deserted()
    clock.forward(1)
    assert live.deserted() == [room]


def test_a_look_at_the_room_begins_the_grace_anew(live, room, clock):
    clock.forward(599)
    live.open(1, "K7QP")
    clock.forward(599)
    assert not live.deserted()


def test_a_code_that_is_given_out_again_is_another_room(live, room):
    live.enter(room, 1, "Alice", "tab")
    again = live.open(2, "K7QP")
    assert again.id == 2
    assert not live.here(again)
    live.close(room)
    assert live.get("K7QP") is again
    live.close(again)
    assert live.get("K7QP") is None


def test_a_socket_in_the_lobby_is_somebodys_and_in_no_room(live, room):
    live.enter(room, 1, "Alice", "tab", "key")
    live.enter_lobby("page", 1, "key")
    live.enter_lobby("phone", 1, "another key")
    assert set(live.sockets()) == {"tab", "page", "phone"}
    assert live.sockets(room) == ["tab"]
    assert set(live.sockets_of(1, ["key"])) == {"tab", "page"}
    assert live.seat("page") is None
    assert live.visitor("page") == live.visitor("tab")
    live.rekey(1, "key", "login")
    assert set(live.sockets_of(1, ["login"])) == {"tab", "page"}
    live.exit("page")
    assert live.visitor("page") is None


def test_a_room_that_is_let_go_of_is_closed_to_nobody(live, clock):
    room = live.open(1, "K7QP", lasts=True)
    clock.forward(600)
    assert live.deserted() == [room]
    assert live.drop_if_deserted(room)
    assert live.get("K7QP") is None
    assert live.open(1, "K7QP", head=7, lasts=True).head == 7
