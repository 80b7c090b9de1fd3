"""The verbs, where the order of things matters."""

from threading import Event
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from models import Room, User, db, now
from parlor import accounts, chat, entrance, housekeeping, memberships, messages, relay
from parlor.errors import NotAMember
from parlor.presence import presence
from parlor.rooms import live
from tests.support import on_sqlite


@pytest.fixture
def place(app):
    """A room as its first member finds it."""
    with app.test_request_context():
        user, room = chat.open_room(None, "Alice")
        yield chat.find_place(room.code, accounts.Claim(user.id, user.key), "127.0.0.1")


@pytest.fixture
def calls(monkeypatch):
    """What is called, in order; nothing is sent."""
    calls = []

    def note(module, name, answer=None):
        real = getattr(module, name)

        def noted(*args, **kwargs):
            calls.append(name)
            return real(*args, **kwargs) if answer is None else answer

        monkeypatch.setattr(module, name, noted)

    monkeypatch.setattr(relay, "is_connected", lambda socket: True)
    note(relay, "subscribe", answer=True)
    note(relay, "send_room", answer=True)
    note(relay, "send_presence", answer=True)
    note(messages, "page")
    note(messages, "changes")
    return calls


@pytest.mark.parametrize(("after", "read"), [(None, "page"), (0, "changes")])
def test_a_socket_is_in_the_room_before_its_backlog_is_read(place, calls, after, read):
    """The other way round, what is said in between would be missed."""
    place.live.head = 1  # something was said since the place was found
    entrance.connect(place, "tab", after)
    assert [call for call in calls if call != "send_presence"] == ["subscribe", read, "send_room"]


def test_whoever_has_everything_costs_no_query(place, calls, monkeypatch):
    monkeypatch.setattr(messages, "rows", None)
    entrance.connect(place, "tab", after=0)
    assert calls == ["subscribe", "changes", "send_room"]


@pytest.mark.parametrize(("missed", "read", "gap"), [(3, "changes", False), (4, "page", True)])
def test_whoever_was_long_away_gets_the_last_page_and_is_told_of_the_gap(
    place, calls, monkeypatch, missed, read, gap
):
    monkeypatch.setattr(entrance, "LONG_ABSENCE", 3)
    for number in range(missed):
        chat.post(place.live, place.me.user_id, f"number {number}")
    later = place._replace(room=place.room._replace(last_seq=missed))
    payload = entrance.backlog(later, after=0)
    assert [call for call in calls if call in ("page", "changes")] == [read]
    assert payload["through"] == missed
    assert payload.get("gap") == ({"after": 0, "through": missed} if gap else None)


def test_whoever_comes_while_the_backlog_is_read_is_among_those_who_are_here(
    place, calls, monkeypatch
):
    """They are told of to this socket too, but before `room`: which may not take them back."""
    page, sent = messages.page, []

    def somebody_comes_meanwhile(*args):
        chat.arrive(place.live, 77, "Bob")
        return page(*args)

    monkeypatch.setattr(messages, "page", somebody_comes_meanwhile)
    monkeypatch.setattr(relay, "send_room", lambda socket, payload: sent.append(payload))
    entrance.connect(place, "tab")
    [room] = sent
    assert [one["name"] for one in room["members"]] == ["Alice", "Bob"]
    assert room["count"] == 2


def test_a_connection_that_fails_leaves_nobody_behind(place, calls, monkeypatch):
    def broken(*_):
        raise RuntimeError

    live.leave(place.live, place.me.user_id)
    monkeypatch.setattr(messages, "page", broken)
    with pytest.raises(RuntimeError):
        entrance.connect(place, "tab")
    assert not live.sockets()
    assert not place.live.members[place.me.user_id].sockets


def test_whoever_leaves_while_joining_is_not_let_in(place, calls, monkeypatch):
    """On another tab, while this one's backlog is read."""
    page = messages.page

    def leaves_meanwhile(*args):
        chat.leave(place)
        return page(*args)

    monkeypatch.setattr(messages, "page", leaves_meanwhile)
    with pytest.raises(NotAMember):
        entrance.connect(place, "tab")
    assert not live.sockets()
    assert "send_room" not in calls


def test_whoever_left_before_the_room_was_entered_is_not_let_in(place, calls):
    chat.leave(place)
    with pytest.raises(NotAMember):
        entrance.connect(place, "tab")
    assert not live.sockets()
    assert not place.live.members
    change = presence.changes[place.live.id]
    assert (place.me.user_id, place.me.name) in change.left, "who was told of must be taken back"
    assert not change.joined


def test_a_socket_that_ends_while_joining_is_not_let_in(place, calls, monkeypatch):
    monkeypatch.setattr(relay, "is_connected", lambda socket: False)
    with pytest.raises(NotAMember):
        entrance.connect(place, "tab")
    assert not live.sockets()


def test_a_socket_that_nobody_saw_end_is_dropped(place, calls, monkeypatch):
    entrance.connect(place, "tab")
    monkeypatch.setattr(relay, "is_connected", lambda socket: False)
    housekeeping.drop_ghosts()
    assert not live.sockets()


def test_whoever_takes_another_name_is_told_of(place, calls, monkeypatch):
    told = []
    monkeypatch.setattr(relay, "pause", lambda seconds: None)
    monkeypatch.setattr(relay, "in_background", lambda task: told.append(task))
    monkeypatch.setattr(relay, "send_presence", lambda room, *news: told.extend(map(list, news)))
    me = place.me.user_id
    presence.tell_now()
    chat.join(db.session.get(User, me), "Alicia", place.room.code, "127.0.0.1")
    presence.tell_now()
    assert told[-2:] == [[(me, "Alicia")], [(me, "Alice")]]


def test_a_room_closed_by_another_process_ends_here(place, calls, monkeypatch):
    ejected = []
    monkeypatch.setattr(relay, "eject", ejected.extend)
    entrance.connect(place, "tab")
    db.session.get(Room, place.room.id).closed_at = now()
    db.session.commit()
    housekeeping.tell_heads()
    assert ejected == ["tab"]
    assert live.get(place.room.code) is None


def test_a_job_that_fails_stops_no_other(app, caplog):
    def broken():
        raise RuntimeError

    housekeeping.attempt(app, broken)
    assert "broken failed" in caplog.text


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_nor_does_one_whose_database_goes_at_its_very_end(app):
    """It has what it asked for; only that its transaction is over cannot be said any more."""

    def unlucky():
        mine = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text(f"SELECT pg_terminate_backend({mine}, 5000)"))

    housekeeping.attempt(app, unlucky)


@on_sqlite
def test_a_job_that_hangs_holds_up_no_other(app, monkeypatch):
    """As one does that waits for the database. Here each loop's first pause is its last."""
    is_over, is_done, ended = Event(), Event(), []

    def hang():
        ended.append(is_over.wait(3))

    monkeypatch.setattr(housekeeping, "JOBS", [(1, hang), (1, is_done.set)])
    monkeypatch.setattr(housekeeping, "time", SimpleNamespace(sleep=lambda _: Event().wait()))
    housekeeping.start(app)
    assert is_done.wait(5)
    assert not ended
    is_over.set()


def test_a_room_that_is_being_joined_is_not_deserted(app, place, monkeypatch):
    """From the moment it is found: the clock must not close it under the one who comes in."""
    seen = []
    admit = memberships.admit

    def admit_late(*args):
        seen.append(live.is_deserted(place.live))
        return admit(*args)

    monkeypatch.setattr(memberships, "admit", admit_late)
    live.leave(place.live, place.me.user_id)
    place.live.empty_since -= 10_000
    assert live.is_deserted(place.live)
    chat.join(None, "Bob", place.room.code, "127.0.0.1")
    assert seen == [False]
