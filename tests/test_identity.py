"""A name becomes one's own, and is given back: the verbs, on both databases."""

from threading import Event, Thread

import pytest
from sqlalchemy import select

from models import Bot, Login, Message, Room, db
from parlor import (
    accounts,
    bots,
    chat,
    entrance,
    erasure,
    identity,
    logins,
    memberships,
    passwords,
    relay,
    renames,
)
from parlor.errors import (
    AlreadyClaimed,
    ChatError,
    EmailInvalid,
    FullNameInvalid,
    LoginNotFound,
    NameClaimed,
    NameTaken,
    PasswordMissing,
    PasswordTooLong,
    PasswordTooShort,
    PasswordWrong,
    PictureInvalid,
    Retry,
    SignInFailed,
    SignInNeeded,
    TooMany,
)
from parlor.limits import throttle
from parlor.rooms import live
from tests.support.guests import (
    DEVICE,
    HERE,
    PASSWORD,
    again,
    claims,
    joins,
    names_in,
    opens,
    says,
    signs_in,
)

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def request_context(app):
    with app.test_request_context():
        yield


@pytest.fixture
def told(monkeypatch):
    """What pages are told of names: (code, user id, name)."""
    told = []

    def note(room, user_id, name, *facts):
        live.rename(room, user_id, name, *facts)
        told.append((room.code, user_id, name))

    monkeypatch.setattr(relay, "rename", note)
    return told


def test_a_guest_who_keeps_the_name_stays_who_they_are():
    alice, code = opens("Alice")
    says(alice, code, "Before")
    before = alice.id, alice.key
    account, claim = claims(alice, "Alice")
    assert account.id == before[0]
    assert accounts.who(claim).id == account.id
    assert accounts.who(accounts.Claim(*before)) is None, "the guest's key opens it no more"
    assert names_in(code) == {account.id: "Alice"}
    assert db.session.scalar(select(Message.user_id)) == account.id


def test_a_stranger_makes_an_account_without_having_been_anywhere():
    alice, claim = claims(None, "Alice", email="alice@example.org", full_name="Alice Liddell")
    assert accounts.who(claim).email == "alice@example.org"
    assert again(alice).full_name == "Alice Liddell"


def test_the_name_of_an_account_is_borne_in_all_its_rooms():
    user, first = opens("Al")
    _, second = opens("Alison", user)
    account, _ = claims(user, "Alice")
    assert names_in(first) == names_in(second) == {account.id: "Alice"}


@pytest.mark.parametrize("name", ["Alice", "alice", "ALICE", "Аlice", "Al ice", "AIice"])
def test_nobody_else_uses_a_claimed_name_or_a_look_alike(name):
    claims(None, "Alice")
    _, code = opens("Bob")
    charlie, _ = claims(None, "Charlie")
    for use in (
        lambda: opens(name),
        lambda: joins(code, name),
        lambda: claims(None, name),
        lambda: identity.rename(again(charlie), name),
    ):
        with pytest.raises(NameClaimed) as refused:
            use()
        assert refused.value.details["suggestion"] == f"{name} 2"


def test_a_name_that_is_suggested_is_neither_claimed_nor_taken():
    claims(None, "Sam")
    claims(None, "Sam 2")
    _, code = opens("Sam 3")
    with pytest.raises(NameClaimed) as refused:
        joins(code, "Sam")
    assert refused.value.details["suggestion"] == "Sam 4"
    with pytest.raises(NameTaken) as refused:
        joins(code, "sam 3")
    assert refused.value.details["suggestion"] == "sam 3 2"


def test_guests_who_bore_the_name_get_the_next_free_one_and_pages_are_told(told):
    claims(None, "Sam 2")
    sam, code = opens("SAM")
    joins(code, "Sam 3")
    other, elsewhere = opens("Sam")
    joins(elsewhere, "Bob")
    account, _ = claims(None, "Sam")
    assert names_in(code)[sam.id] == "SAM 4"
    assert names_in(elsewhere)[other.id] == "Sam 3"
    assert sorted(told) == sorted([(code, sam.id, "SAM 4"), (elsewhere, other.id, "Sam 3")])
    assert live.member(live.get(code), sam.id).name == "SAM 4"
    assert joins(code, "", account).name == "Sam"


def test_who_claims_a_name_that_another_bears_beside_them_gets_it():
    sam, code = opens("Sam")
    bob = joins(code, "Bob")
    claims(bob, "Sam")
    assert names_in(code) == {sam.id: "Sam 2", bob.id: "Sam"}


def test_an_account_comes_under_its_own_name_whatever_is_typed():
    alice, _ = claims(None, "Alice")
    _, code = opens("Bob")
    assert joins(code, "Somebody", alice).name == "Alice"
    assert opens("Somebody", again(alice))[0].name == "Alice"
    assert names_in(code)[alice.id] == "Alice"


def test_a_name_is_not_claimed_behind_the_back_of_whoever_comes_in_with_it(app, monkeypatch):
    """The guest has been let in, but for the commit, when somebody else claims the name."""
    _, code = opens("Bob")
    is_halfway, add = Event(), memberships.add

    def add_slowly(*args):
        added = add(*args)
        is_halfway.set()
        Event().wait(1)
        return added

    def come_in():
        with app.test_request_context():
            joins(code, "Sam")

    monkeypatch.setattr(memberships, "add", add_slowly)
    guest = Thread(target=come_in)
    guest.start()
    assert is_halfway.wait(5)
    sam, _ = claims(None, "Sam")
    guest.join(5)
    assert sorted(names_in(code).values()) == ["Bob", "Sam 2"]
    assert again(sam).name == "Sam"


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (lambda alice: identity.rename(alice, "Alicia"), "stored"),
        (lambda alice: identity.delete_account(alice, PASSWORD, True), "not_a_member"),
    ],
    ids=["renamed", "deleted"],
)
def test_what_is_said_while_a_name_changes_waits_for_it(app, monkeypatch, change, answer):
    """The name has changed, but for the rooms; and a message of theirs is just being written."""
    alice, code = opens("Alice")
    alice, claim = claims(alice, "Alice")
    bear, answers = renames.bear, []

    def say():
        with app.app_context():
            place = chat.find_place(code, claim, HERE)
            try:
                chat.post(place.live, place.me.user_id, "Hello")
                answers.append("stored")
            except ChatError as error:
                answers.append(error.code)

    def bear_slowly(*args):
        answering.start()
        Event().wait(0.5)
        return bear(*args)

    answering = Thread(target=say)
    monkeypatch.setattr(renames, "bear", bear_slowly)
    change(again(alice))
    answering.join(10)
    assert answers == [answer]


def test_an_account_cannot_claim_again():
    alice, _ = claims(None, "Alice")
    with pytest.raises(AlreadyClaimed):
        claims(alice, "Alicia")


@pytest.mark.parametrize(
    ("password", "error"),
    [("", PasswordMissing), ("1234567", PasswordTooShort), ("x" * 257, PasswordTooLong)],
)
def test_a_password_has_8_to_256_characters(password, error):
    with pytest.raises(error) as refused:
        identity.register(None, "Alice", password, DEVICE, HERE)
    assert refused.value.details["field"] == "password"


@pytest.mark.parametrize("password", ["12345678", "x" * 256, "пароль 🪔 \ud800 lamp"])
def test_what_was_set_as_a_password_opens_the_account(password):
    identity.register(None, "Alice", password, DEVICE, HERE)
    assert accounts.who(signs_in("alice", password))
    for wrong in (password + "x", password.upper() + "!", ""):
        with pytest.raises(SignInFailed):
            signs_in("Alice", wrong)


def test_a_password_is_not_kept_but_what_argon2_makes_of_it():
    alice, _ = claims(None, "Alice")
    assert again(alice).password_hash.startswith("$argon2id$")
    assert PASSWORD not in again(alice).password_hash


def test_a_wrong_name_and_a_wrong_password_are_the_same_and_take_the_same(monkeypatch):
    claims(None, "Alice")
    asked = []
    matches = passwords.matches

    def noted(kept, password):
        asked.append(kept.split("$")[:4])  # how hard it is
        return matches(kept, password)

    monkeypatch.setattr(passwords, "matches", noted)
    answers = []
    for name in ("Alice", "Nobody", "", "\x00", "x" * 5000):
        with pytest.raises(SignInFailed) as refused:
            signs_in(name, "not the password")
        answers.append(refused.value.answer())
    assert asked == asked[:1] * 5
    assert answers == answers[:1] * 5


def test_whoever_would_wait_long_for_a_password_to_be_looked_at_is_asked_to_try_again(monkeypatch):
    claims(None, "Alice")
    monkeypatch.setattr(passwords, "PATIENCE", 0.1)
    with passwords.turn(), passwords.turn(), pytest.raises(Retry):
        signs_in("Alice")
    assert accounts.who(signs_in("Alice"))


@pytest.mark.parametrize(("what", "most"), [("password", 10), ("sign-in", 100)])
def test_tries_are_limited_by_name_and_by_address(what, most):
    claims(None, "Alice")
    throttle.configure(enabled=True)
    names = ["Alice"] * most if what == "password" else [f"Guest {n}" for n in range(most)]
    for name in names:
        with pytest.raises(SignInFailed):
            identity.sign_in(name, "wrong", DEVICE, HERE)
    with pytest.raises(TooMany):
        identity.sign_in("ALICE", PASSWORD, DEVICE, HERE)
    elsewhere = "elsewhere"
    if what == "password":
        with pytest.raises(TooMany):
            identity.sign_in("Alice", PASSWORD, DEVICE, elsewhere)
    else:
        assert identity.sign_in("Alice", PASSWORD, DEVICE, elsewhere)


def test_ones_sessions_are_listed_and_can_be_ended():
    alice, here = claims(None, "Alice")
    there = signs_in("Alice")
    assert {one.device for one in identity.logins_of(alice)} == {DEVICE, "Safari on iPhone"}
    identity.end_login(alice, there.key)
    assert accounts.who(there) is None
    assert accounts.who(here)
    assert [one.id for one in identity.logins_of(alice)] == [here.key]
    _, bobs = claims(None, "Bob")
    for not_mine in (there.key, bobs.key, "nothing"):
        with pytest.raises(LoginNotFound):
            identity.end_login(alice, not_mine)


def test_whoever_signs_out_is_nobody_there():
    alice, here = claims(None, "Alice")
    there = signs_in("Alice")
    identity.sign_out(here)
    assert accounts.who(here) is None
    assert accounts.who(there).id == alice.id


def test_another_password_ends_the_other_sessions():
    alice, here = claims(None, "Alice")
    there = signs_in("Alice")
    with pytest.raises(PasswordWrong) as refused:
        identity.change_password(alice, here, "not it at all", "a new password")
    assert refused.value.details["field"] == "old"
    with pytest.raises(PasswordTooShort) as refused:
        identity.change_password(alice, here, PASSWORD, "short")
    assert refused.value.details["field"] == "new"
    assert accounts.who(there)
    identity.change_password(alice, here, PASSWORD, "a new password")
    assert accounts.who(here)
    assert accounts.who(there) is None
    with pytest.raises(SignInFailed):
        signs_in("Alice")
    assert signs_in("Alice", "a new password")


def test_another_name_is_there_on_old_messages_and_the_old_one_is_free(told):
    guest, code = opens("Alice")
    says(guest, code, "Hello")
    alice, _ = claims(guest, "Alice")
    told.clear()
    assert identity.rename(alice, "Alicia").name == "Alicia"
    assert names_in(code) == {alice.id: "Alicia"}
    assert told == [(code, alice.id, "Alicia")]
    assert signs_in("alicia")
    assert joins(code, "Alice").name == "Alice"


def test_the_same_name_in_other_letters_is_ones_own_still():
    alice, _ = claims(None, "Alice")
    assert identity.rename(alice, "ALICE").name == "ALICE"


def test_a_profile_keeps_what_is_given_and_leaves_the_rest():
    alice, _ = claims(None, "Alice", email="a@example.org", picture="https://example.org/a.png")
    identity.update_profile(alice, full_name="  Alice   Liddell ")
    identity.update_profile(alice, email="")
    alice = again(alice)
    assert (alice.full_name, alice.email) == ("Alice Liddell", None)
    assert alice.picture == "https://example.org/a.png"


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"email": "alice"}, EmailInvalid),
        ({"email": "a b@example.org"}, EmailInvalid),
        ({"email": f"{'x' * 250}@example.org"}, EmailInvalid),
        ({"full_name": "x" * 81}, FullNameInvalid),
        ({"full_name": "A\u202elice"}, FullNameInvalid),
        ({"picture": "http://example.org/a.png"}, PictureInvalid),
        ({"picture": "https://"}, PictureInvalid),
        ({"picture": "https:///a.png"}, PictureInvalid),
        ({"picture": "https://me:secret@example.org/a.png"}, PictureInvalid),
        ({"picture": "https://example.org:port/a.png"}, PictureInvalid),
        ({"picture": "https://exa mple.org/a.png"}, PictureInvalid),
        ({"picture": "https://a\\@example.org/a.png"}, PictureInvalid),
        ({"picture": "javascript:alert(1)"}, PictureInvalid),
        ({"picture": "data:image/png;base64,AAAA"}, PictureInvalid),
        ({"picture": f"https://example.org/{'x' * 500}"}, PictureInvalid),
    ],
)
def test_what_cannot_be_in_a_profile_is_refused(facts, error):
    with pytest.raises(error):
        claims(None, "Alice", **facts)
    alice, _ = claims(None, "Alice")
    with pytest.raises(error):
        identity.update_profile(alice, **facts)


def test_a_picture_goes_along_with_the_name(monkeypatch):
    alice, code = opens("Alice")
    claims(alice, "Alice", picture="https://example.org/a.png")
    member = live.member(live.get(code), alice.id)
    assert member.picture == "https://example.org/a.png"
    assert "picture" not in relay.person(member), "unless PICTURES allows it"
    monkeypatch.setattr("parlor.pictures.are_allowed", True)
    assert relay.person(member)["picture"] == "https://example.org/a.png"
    posted = says(again(alice), code, "Look at me")
    assert relay.message_payload(posted)["picture"] == "https://example.org/a.png"


def test_what_someone_wrote_stays_under_no_name():
    alice, code = opens("Alice")
    says(alice, code, "Still here")
    alice, claim = claims(alice, "Alice")
    there = signs_in("Alice")
    identity.delete_account(alice, PASSWORD, keep_messages=True)
    assert names_in(code) == {alice.id: "Someone who left"}
    assert accounts.who(claim) is accounts.who(there) is None
    erasure.erase_some()
    assert db.session.scalar(select(Message.content)) == "Still here"
    with pytest.raises(SignInFailed):
        signs_in("Alice")
    gone = again(alice)
    assert (gone.email, gone.password_hash, gone.claimed_key) == (None, None, None)
    assert joins(code, "Alice").id != alice.id


def test_who_has_just_gone_comes_into_no_room_under_the_old_name(monkeypatch):
    """The account is deleted by another device while it is on its way in."""
    _, code = opens("Bob")
    alice, _ = claims(None, "Alice")
    go_live = chat.go_live

    def slowly(room):
        identity.delete_account(again(alice), PASSWORD, keep_messages=True)
        return go_live(room)

    monkeypatch.setattr(chat, "go_live", slowly)
    with pytest.raises(SignInNeeded):
        joins(code, "", alice)
    assert list(names_in(code).values()) == ["Bob"]


def test_nobody_is_called_as_those_who_left():
    with pytest.raises(NameClaimed):
        opens("someone who left")


def test_two_who_left_one_room_do_not_get_into_each_others_way():
    alice, code = opens("Alice")
    bob = joins(code, "Bob")
    for guest, name in ((alice, "Alice"), (bob, "Bob")):
        user, _ = claims(guest, name)
        identity.delete_account(user, PASSWORD, keep_messages=True)
    assert set(names_in(code).values()) == {"Someone who left"}


def test_an_account_is_deleted_by_who_knows_its_password():
    alice, claim = claims(None, "Alice")
    with pytest.raises(PasswordWrong):
        identity.delete_account(alice, "not it at all", keep_messages=False)
    assert accounts.who(claim)


def test_the_bots_of_an_account_go_with_it_and_what_they_said_stays():
    alice, claim = claims(None, "Alice")
    _, code = opens("", alice)
    made = bots.make(chat.find_place(code, claim, HERE), "Clock")
    speaker = bots.speaker(made.key, code)
    chat.post(speaker.room, speaker.user_id, "It is noon")
    identity.delete_account(again(alice), PASSWORD, keep_messages=True)
    with pytest.raises(SignInNeeded):
        bots.speaker(made.key, code)
    assert db.session.scalar(select(Bot.id)) is None
    assert sorted(names_in(code).values()) == ["Clock", "Someone who left"]
    assert not memberships.is_in(speaker.room.id, speaker.user_id)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda alice, claim: identity.change_password(alice, claim, PASSWORD, "another lamp"),
        lambda alice, claim: identity.delete_account(alice, PASSWORD, keep_messages=True),
    ],
    ids=["changed", "deleted"],
)
def test_a_password_that_changes_while_it_is_looked_at_opens_nothing(monkeypatch, meanwhile):
    alice, claim = claims(None, "Alice")
    matches = passwords.matches

    def slowly(*args):
        with monkeypatch.context() as quick:
            quick.setattr(passwords, "matches", matches)
            meanwhile(again(alice), claim)
        return matches(*args)

    monkeypatch.setattr(passwords, "matches", slowly)
    with pytest.raises(SignInFailed):
        signs_in("Alice")
    assert set(db.session.scalars(select(Login.id).where(Login.ended_at.is_(None)))) <= {claim.key}


def test_what_goes_with_an_account_takes_numbers_so_that_pages_see_it(monkeypatch):
    sent = []
    monkeypatch.setattr(relay, "send_message", lambda room, posted: sent.append(posted))
    alice, code = opens("Alice")
    bob = joins(code, "Bob")
    for text in ("one", "two", "three"):
        says(alice, code, text)
    says(bob, code, "between")
    alice, _ = claims(alice, "Alice")
    identity.delete_account(alice, PASSWORD, keep_messages=False)
    sent.clear()
    monkeypatch.setattr(erasure, "AT_ONCE", 2)
    erase_all(alice)
    assert [(one.seq, one.version, one.content) for one in sent] == [
        (1, 5, ""), (2, 6, ""), (3, 7, "")
    ]  # fmt: skip
    assert db.session.scalar(select(Room.last_seq)) == 7
    left = select(Message.content).order_by(Message.seq)
    assert db.session.scalars(left).all() == ["", "", "", "between"]


def test_what_was_to_go_goes_after_a_crash(monkeypatch):
    alice, code = opens("Alice")
    _, other = opens("Alice", alice)
    for room in (code, other):
        says(alice, room, "one")
    alice, _ = claims(alice, "Alice")
    identity.delete_account(alice, PASSWORD, keep_messages=False)
    with monkeypatch.context() as crash:
        crash.setattr(erasure, "empty", broken)
        with pytest.raises(RuntimeError):
            erasure.erase_some()
    erase_all(alice)
    assert db.session.scalars(select(Message.content)).all() == ["", ""]


def broken(*_):
    raise RuntimeError


def erase_all(user):
    for _ in range(10):
        if not again(user).erases:
            return
        erasure.erase_some()
    raise AssertionError("it never ends")


def test_when_a_session_was_last_seen_is_written_down_now_and_then(monkeypatch):
    alice, claim = claims(None, "Alice")
    before = db.session.get(Login, claim.key).last_seen_at
    logins.seen(claim.key)
    [login] = identity.logins_of(alice)
    assert logins.last_seen(login) > before
    logins.write_seen()
    db.session.rollback()
    assert db.session.get(Login, claim.key).last_seen_at > before
    assert not logins.heard_of


def test_ended_sessions_are_forgotten_after_a_while(monkeypatch):
    _, claim = claims(None, "Alice")
    identity.sign_out(claim)
    logins.forget_old()
    assert db.session.get(Login, claim.key)
    monkeypatch.setattr(logins, "KEPT", logins.KEPT * 0)
    logins.forget_old()
    db.session.rollback()
    assert db.session.get(Login, claim.key) is None


def on_two_devices(monkeypatch):
    """Alice, her room's code, and what each device shows; sockets are names, and get nothing."""
    guest, code = opens("Alice")
    alice, here = claims(guest, "Alice")
    there = signs_in("Alice")
    monkeypatch.setattr(relay, "is_connected", lambda socket: True)
    for name in ("subscribe", "send_room", "eject"):
        monkeypatch.setattr(relay, name, lambda *_: None)
    return alice, code, here, there


def test_a_socket_on_its_way_in_does_not_outlive_its_session(monkeypatch):
    """The session ends while the socket's backlog is read."""
    alice, code, here, there = on_two_devices(monkeypatch)
    entrance.connect(chat.find_place(code, here, HERE), "here")
    backlog = entrance.backlog

    def ends_meanwhile(*args):
        identity.end_login(again(alice), there.key)
        return backlog(*args)

    monkeypatch.setattr(entrance, "backlog", ends_meanwhile)
    with pytest.raises(Exception, match="not in that room"):
        entrance.connect(chat.find_place(code, there, HERE), "there")
    assert live.sockets() == ["here"], "what is on other devices stays"


@pytest.mark.parametrize("how", ["signed out", "made to leave"])
def test_nor_when_that_happens_while_it_is_looked_up_again(monkeypatch, how):
    """Somebody else leaves while the backlog is read, so the place is read anew; meanwhile …"""
    alice, code, _, there = on_two_devices(monkeypatch)
    found = chat.find_place(code, there, HERE)
    backlog, place = entrance.backlog, memberships.place

    def somebody_leaves_meanwhile(*args):
        live.departures += 1
        return backlog(*args)

    def alice_goes_meanwhile(*args):
        answer = place(*args)
        monkeypatch.setattr(memberships, "place", place)
        if how == "signed out":
            identity.end_login(again(alice), there.key)
        else:
            chat.leave(found)
        return answer

    monkeypatch.setattr(entrance, "backlog", somebody_leaves_meanwhile)
    monkeypatch.setattr(memberships, "place", alice_goes_meanwhile)
    with pytest.raises(Exception, match="not in that room"):
        entrance.connect(found, "there")
    assert live.sockets() == []
