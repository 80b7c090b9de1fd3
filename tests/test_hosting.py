"""What the owner of a room decides: its name, whether it is listed and kept, its end."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy.exc import OperationalError

from models import Room, User, db, now
from parlor import accounts, chat, hosting, housekeeping, leases, relay, talks
from parlor.errors import (
    DescriptionInvalid,
    DescriptionTooLong,
    Invalid,
    NameInvalid,
    NameMissing,
    NameTooLong,
    NotAllowed,
    NotAMember,
    PersonNotFound,
    RoomNameTaken,
    RoomNotFound,
    SignInNeeded,
)
from parlor.rooms import live
from tests.support.rows import account

HERE = "127.0.0.1"


@pytest.fixture
def alice(context):
    return account("Alice")


@pytest.fixture
def bob(context):
    return account("Bob")


@pytest.fixture
def mine(alice):
    """A room as Alice finds it, who owns it."""
    _, room = chat.open_room(alice, "Alice")
    return place(room, alice)


@pytest.fixture
def told(monkeypatch):
    """The facts that went to rooms."""
    told = []
    monkeypatch.setattr(
        relay, "send_facts", lambda room, facts: told.append(relay.room_facts(facts))
    )
    return told


def place(room, user):
    return chat.find_place(room.code, accounts.Claim(user.id, user.key), HERE)


def another(user):
    _, room = chat.open_room(user, user.name)
    return place(room, user)


def listed():
    return [one.room.name for one in hosting.listed_rooms()[0]]


def room_of(there):
    db.session.rollback()
    return db.session.get(Room, there.room.id)


# Name, description


def test_a_room_has_a_name_and_a_description(mine, told):
    room = hosting.configure(mine, name="  The  attic ", description=" Old\nthings \r\n here ")
    assert (room.name, room.description) == ("The attic", "Old things here")
    [facts] = told
    assert facts["name"] == "The attic"
    assert facts["owner_id"] == mine.me.user_id
    assert "description" not in relay.room_facts(hosting.configure(mine, description=" "))
    assert room_of(mine).name == "The attic", "what is not given stays"


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"name": "x" * 61}, NameTooLong),
        ({"name": "a\u200bb"}, NameInvalid),
        ({"name": "\u202eevil"}, NameInvalid),
        ({"description": "x" * 301}, DescriptionTooLong),
        ({"description": "a\x07b"}, DescriptionInvalid),
        ({"listed": True}, NameMissing),
        ({"listed": True, "name": "  "}, NameMissing),
    ],
)
def test_what_cannot_be_is_refused(mine, told, changes, refused):
    with pytest.raises(refused):
        hosting.configure(mine, **changes)
    room = room_of(mine)
    assert (room.name, room.description, room.listed) == (None, None, False)
    assert not told


def test_the_longest_fit(mine):
    room = hosting.configure(mine, name="x" * 60, description="ä" * 300)
    assert (len(room.name), len(room.description)) == (60, 300)


def test_only_the_owner_decides(mine, bob):
    chat.join(bob, "Bob", mine.room.code, HERE)
    his = place(mine.room, bob)
    for attempt in (
        lambda: hosting.configure(his, name="Bob's"),
        lambda: hosting.close(his),
        lambda: hosting.remove_member(his, mine.me.user_id),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert room_of(mine).closed_at is None


def test_nor_who_owned_it_when_they_looked(mine, bob):
    room_of(mine).owner_id = bob.id
    db.session.commit()
    with pytest.raises(NotAllowed):
        hosting.configure(mine, name="Mine")


# Listed


def test_a_listed_room_stands_on_the_home_page_until_it_is_closed(mine):
    assert listed() == []
    hosting.configure(mine, name="The attic", listed=True)
    [found] = hosting.listed_rooms()[0]
    assert found.room.name == "The attic"
    assert [member.name for member in found.here] == ["Alice"]
    hosting.configure(mine, listed=False)
    assert listed() == []
    hosting.configure(mine, listed=True)
    hosting.close(mine)
    assert listed() == []


def test_two_listed_rooms_never_have_the_same_name(mine, bob):
    hosting.configure(mine, name="The attic", listed=True)
    his = another(bob)
    hosting.configure(his, name="the  Attic")  # not listed: a name like any other
    with pytest.raises(RoomNameTaken) as refused:
        hosting.configure(his, listed=True)
    assert refused.value.status == 409
    with pytest.raises(RoomNameTaken):
        hosting.configure(his, name="thе attic", listed=True)  # that "е" is Cyrillic
    hosting.close(mine)
    hosting.configure(his, listed=True)
    assert listed() == ["the Attic"]


def test_of_two_at_once_one_gets_the_name(app, alice, bob):
    """Each on a connection of its own, as two processes are."""
    places, outcomes, both = [another(alice), another(bob)], [], Barrier(2, timeout=10)

    def configure(there):
        with app.app_context():
            both.wait()
            try:
                outcomes.append(hosting.configure(there, name="The attic", listed=True).name)
            except RoomNameTaken:
                outcomes.append(None)

    threads = [Thread(target=configure, args=[there]) for there in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(map(str, outcomes)) == ["None", "The attic"]


def test_the_list_has_pages_the_latest_word_first(alice):
    for n in range(5):
        there = another(alice)
        hosting.configure(there, name=f"Room {n}", listed=True)
    chat.post(place(room_named("Room 1"), alice).live, alice.id, "hello")
    found, next = hosting.listed_rooms(limit=2)
    names = [one.room.name for one in found]
    while next:
        found, next = hosting.listed_rooms(before=next, limit=2)
        names += [one.room.name for one in found]
    assert names == ["Room 1", "Room 4", "Room 3", "Room 2", "Room 0"]
    with pytest.raises(Invalid):
        hosting.listed_rooms(before="nonsense")


def room_named(name):
    return db.session.scalar(db.select(Room).where(Room.name == name))


def test_a_conversation_is_neither_listed_nor_kept(alice, bob):
    there = place(talks.open_group(alice, "Friends", ["Bob"]), alice)
    for field in ("listed", "kept"):
        with pytest.raises(NotAllowed):
            hosting.configure(there, **{field: True})


# Kept


def test_a_guest_names_and_lists_but_keeps_nothing(context):
    guest, room = chat.open_room(None, "Sam")
    there = place(room, guest)
    hosting.configure(there, name="Sam's", listed=True)
    with pytest.raises(SignInNeeded) as refused:
        hosting.configure(there, kept=True)
    assert refused.value.answer()["error"]["field"] == "kept"


def desert(there):
    live.leave(there.live, there.me.user_id)
    there.live.empty_since -= 10_000


def test_a_kept_room_outlives_its_last_visitor(mine, alice):
    hosting.configure(mine, kept=True)
    desert(mine)
    housekeeping.close_deserted()
    assert live.get(mine.room.code) is None
    assert room_of(mine).closed_at is None
    housekeeping.adopt()
    assert live.get(mine.room.code) is None, "who comes first takes it on"
    assert place(mine.room, alice).live.lasts


def test_so_does_one_that_another_process_has_kept(mine):
    room_of(mine).kept = True
    db.session.commit()
    desert(mine)
    housekeeping.close_deserted()
    assert live.get(mine.room.code) is None
    assert room_of(mine).closed_at is None


def test_a_room_that_is_kept_no_more_closes_as_any(mine):
    hosting.configure(mine, kept=True)
    hosting.configure(mine, kept=False)
    desert(mine)
    housekeeping.close_deserted()
    assert room_of(mine).closed_at


def test_a_conversation_outlives_everybody_who_looks(alice, bob):
    there = place(talks.open_direct(alice, "Bob"), alice)
    desert(there)
    housekeeping.close_deserted()
    assert live.get(there.room.code) is None
    assert room_of(there).closed_at is None


def test_somebody_who_comes_back_keeps_a_room_live(mine):
    hosting.configure(mine, kept=True)
    desert(mine)
    live.visit(mine.live, mine.me.user_id, "Alice")
    assert not live.drop_if_deserted(mine.live)
    assert live.get(mine.room.code) is mine.live


@pytest.mark.parametrize(("days", "closes"), [(89, False), (91, True)])
def test_a_kept_room_without_a_word_for_keep_days_closes(mine, days, closes):
    hosting.configure(mine, kept=True)
    room_of(mine).created_at = now() - timedelta(days=days)
    db.session.commit()
    live.leave(mine.live, mine.me.user_id)
    housekeeping.close_idle()
    assert (room_of(mine).closed_at is not None) == closes


def test_but_not_while_somebody_is_there(mine):
    hosting.configure(mine, kept=True)
    room_of(mine).created_at = now() - timedelta(days=1000)
    db.session.commit()
    housekeeping.close_idle()
    assert room_of(mine).closed_at is None


def test_nor_one_with_a_word_of_the_last_moment(mine):
    hosting.configure(mine, kept=True)
    room_of(mine).created_at = now() - timedelta(days=1000)
    db.session.commit()
    chat.post(mine.live, mine.me.user_id, "hello")
    assert not leases.end_idle(mine.room.id, now() - timedelta(days=90))


# Ends


def test_the_owner_closes_a_room_for_everybody(mine, bob, monkeypatch):
    ejected = []
    monkeypatch.setattr(relay, "eject", ejected.extend)
    chat.join(bob, "Bob", mine.room.code, HERE)
    live.enter(mine.live, bob.id, "Bob", "tab")
    hosting.close(mine)
    assert ejected == ["tab"]
    with pytest.raises(RoomNotFound):
        place(mine.room, bob)


def test_who_is_made_to_leave_an_open_room_may_come_back_with_the_code(mine, bob):
    chat.join(bob, "Bob", mine.room.code, HERE)
    hosting.remove_member(mine, bob.id)
    with pytest.raises(NotAMember):
        place(mine.room, bob)
    chat.join(bob, "Bob", mine.room.code, HERE)
    assert place(mine.room, bob)


def test_who_is_not_there_cannot_be_made_to_leave(mine, bob):
    with pytest.raises(PersonNotFound) as refused:
        hosting.remove_member(mine, bob.id)
    assert refused.value.answer()["error"]["field"] == "user_id"
    assert db.session.get(User, bob.id)


def test_the_front_page_keeps_its_list_while_the_database_is_away(mine, monkeypatch):
    def away():
        raise OperationalError("SELECT", {}, Exception("away"))

    hosting.configure(mine, name="Tea", listed=True)
    monkeypatch.setattr(hosting, "FRESH", 0)
    monkeypatch.setattr(hosting.relay, "in_background", lambda look: look())
    for _ in range(2):
        assert [one.room.name for one in hosting.front.rooms()[0]] == ["Tea"]
        monkeypatch.setattr(hosting, "listed_rooms", away)
    hosting.front.forget()
    with pytest.raises(OperationalError):
        hosting.front.rooms()


def test_what_was_read_before_a_change_is_not_kept(mine, monkeypatch):
    def overtaken():
        hosting.configure(mine, name="Tea", listed=True)
        return [], None

    with monkeypatch.context() as late:
        late.setattr(hosting, "listed_rooms", overtaken)
        assert hosting.front.rooms() == ([], None)
    assert [one.room.name for one in hosting.front.rooms()[0]] == ["Tea"]
