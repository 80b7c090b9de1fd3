"""The verbs, where the order of things matters."""

import pytest

from parlor import chat, messages, relay
from parlor.rooms import live


@pytest.fixture
def place(app):
    """A room as its first member finds it."""
    with app.test_request_context():
        user, room = chat.open_room(None, "Alice")
        yield chat.find_place(room.code, user, "127.0.0.1")


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

    note(relay, "subscribe", answer=True)
    note(relay, "send_room", answer=True)
    note(relay, "send_presence", answer=True)
    note(messages, "page")
    note(messages, "changes")
    return calls


@pytest.mark.parametrize(("after", "read"), [(None, "page"), (0, "changes")])
def test_a_socket_is_in_the_room_before_its_backlog_is_read(place, calls, after, read):
    """The other way round, what is said in between would be missed."""
    chat.connect(place, "tab", after)
    assert calls == ["subscribe", read, "send_room"]


def test_a_room_that_is_being_joined_is_not_deserted(app, place, monkeypatch):
    """From the moment it is found: the clock must not close it under the one who comes in."""
    seen = []
    admit = chat.admit

    def admit_late(*args):
        seen.append(live.is_deserted(place.live))
        return admit(*args)

    monkeypatch.setattr(chat, "admit", admit_late)
    live.leave(place.live, place.me.user_id)
    place.live.empty_since -= 10_000
    assert live.is_deserted(place.live)
    chat.join(None, "Bob", place.room.code, "127.0.0.1")
    assert seen == [False]
