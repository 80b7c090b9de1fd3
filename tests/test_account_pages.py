"""The pages of accounts, on both databases: forms keep what was typed, errors stand beside their
field, and passwords are never given back."""

import re
from html import unescape

import pytest

from parlor import pictures
from tests.support.guests import PASSWORD
from tests.test_pages import Browser, error_beside

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)


class Account(Browser):
    """A browser, and what its reader does on the pages of accounts."""

    def post(self, path, **form):
        return self.client.post(path, data=form, headers={"User-Agent": FIREFOX})

    def keep_name(self, name=None, password=PASSWORD, **form):
        return self.post("/account", name=name or self.name, password=password, **form)

    def sign_in(self, name=None, password=PASSWORD, **form):
        return self.post("/sign-in", name=name or self.name, password=password, **form)

    def is_signed_in(self):
        return "Sign out" in self.get("/account").text


@pytest.fixture
def browser_of(app):
    return lambda name: Account(app.test_client(), name)


@pytest.fixture
def alice(browser_of):
    """Somebody who has an account."""
    alice = browser_of("Alice")
    assert alice.keep_name().status_code == 303
    return alice


@pytest.fixture
def bob(browser_of):
    return browser_of("Bob")


def test_a_guest_keeps_the_name_and_the_room(browser_of):
    alice = browser_of("Alice")
    code = alice.enter()
    alice.say(code, "Hello")
    assert "Keep your name" in alice.get(f"/room/{code}").text
    assert alice.keep_name().location == "/account?done=kept"
    assert "Alice" in alice.get("/account").text
    assert alice.get("/room").location == f"/room/{code}"
    assert 'href="/room"' in alice.get("/account?done=kept").text
    room = alice.get(f"/room/{code}").text
    assert "Hello" in room
    assert "Keep your name" not in room
    assert "Hello" in alice.get("/history").text


def test_a_stranger_makes_an_account(bob):
    assert "Make an account" in bob.get("/account").text
    assert bob.keep_name().status_code == 303
    assert bob.is_signed_in()


@pytest.mark.parametrize(
    ("form", "status", "field", "text"),
    [
        ({"name": " "}, 400, "name", "What should people call you?"),
        ({"name": "Alice"}, 409, "name", "belongs to somebody"),
        ({"password": ""}, 400, "password", "Type a password"),
        ({"password": "1234567"}, 400, "password", "too short"),
        ({"password": "x" * 257}, 400, "password", "too long"),
        ({"email": "bob"}, 400, "email", "looks like"),
        ({"full_name": "x" * 81}, 400, "full_name", "80 characters"),
        ({"picture": "http://example.org/"}, 400, "picture", "https://"),
    ],
)
def test_an_account_that_cannot_be_made_says_why(alice, bob, form, status, field, text):
    page = bob.keep_name(**form)
    assert page.status_code == status
    assert text in error_beside(page, field)
    assert not bob.is_signed_in()


def test_what_was_typed_stays_but_for_the_password(alice, bob):
    page = bob.keep_name("Alice", "my secret words", email="bob@example.org", full_name="<Bob>")
    assert 'value="Alice"' in page.text
    assert 'value="bob@example.org"' in page.text
    assert "&lt;Bob&gt;" in page.text
    assert "my secret words" not in page.text
    assert 'value="Alice 2"' in page.text


def test_the_free_name_is_taken_with_one_click(alice, bob):
    assert bob.keep_name("Alice", use_name="Alice 2").status_code == 303
    assert "Alice 2" in bob.get("/account").text


@pytest.mark.parametrize("door", ["create", "join"])
def test_a_claimed_name_is_refused_at_the_door_with_a_free_one_and_a_way_to_sign_in(
    alice, browser_of, bob, door
):
    code = bob.enter()
    page = browser_of("ALICE").submit(code=code, **{door: "1"})
    assert page.status_code == 409
    assert "belongs to somebody" in error_beside(page, "name")
    assert 'href="/sign-in?next=' in page.text
    suggested = re.search(r'<form id="suggestion".*?</form>', page.text, re.DOTALL)[0]
    assert f'name="{door}"' in suggested, "one click does what was to be done"


def test_an_account_goes_in_without_typing_its_name(alice, bob):
    page = alice.get("/").text
    assert 'id="name"' not in page
    assert re.search(r"as <bdi>Alice</bdi>", page)
    code = bob.enter()
    assert alice.submit(code=code, join="1", name="").status_code == 303
    assert "Alice" in alice.get(f"/room/{code}").text
    assert alice.is_signed_in(), "the room does not make a guest of an account"


def test_on_another_device_one_is_the_same(alice, browser_of):
    code = alice.enter()
    alice.say(code, "From here")
    there = browser_of("alice")
    assert there.sign_in().location == "/"
    assert "From here" in there.get(f"/room/{code}").text
    assert "From here" in there.get("/history").text


@pytest.mark.parametrize(("name", "password"), [("Alice", "wrong one"), ("Nobody", PASSWORD)])
def test_whoever_is_not_let_in_is_not_told_why(alice, bob, name, password):
    page = bob.sign_in(name, password)
    assert page.status_code == 401
    assert "don't belong together" in error_beside(page, "password")
    assert f'value="{name}"' in page.text
    assert password not in page.text


@pytest.mark.parametrize(
    ("next", "goal"),
    [
        ("/room/K7QP", "/room/K7QP"),
        ("/history?q=tea", "/history?q=tea"),
        ("", "/"),
        ("https://example.org/", "/"),
        ("//example.org/", "/"),
        ("/\\example.org/", "/"),
        ("/\t/example.org/", "/"),
        ("/a\\b", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_signing_in_leads_on_within_this_site_alone(alice, browser_of, next, goal):
    assert browser_of("Alice").sign_in(next=next).location == goal


def test_who_was_a_guest_here_is_told_what_becomes_of_their_words(alice, bob):
    bob.enter()
    page = bob.get("/sign-in").text
    assert re.search(r"What you wrote here as <bdi>Bob</bdi> stays with that guest", page)
    bob.sign_in("Alice")
    assert "Alice" in bob.get("/account").text


def test_signing_out_makes_a_stranger_of_the_browser(alice):
    alice.enter()
    assert alice.post("/sign-out").location == "/"
    assert not alice.is_signed_in()
    page = alice.get("/").text
    assert "Sign in" in page
    assert "Lately you were in" not in page


def test_a_guest_cannot_lose_everything_by_signing_out(bob):
    code = bob.enter()
    bob.post("/sign-out")
    assert bob.get(f"/room/{code}").status_code == 200
    assert "Leave" in bob.get(f"/room/{code}").text


def test_a_cookie_that_was_kept_is_worth_nothing_after_signing_out(alice, browser_of):
    thief = browser_of("Thief")
    thief.client.set_cookie("session", alice.client.get_cookie("session").value)
    assert thief.is_signed_in()
    alice.post("/sign-out")
    assert not thief.is_signed_in()


def test_other_sessions_are_listed_and_ended(alice, app):
    there = Account(app.test_client(), "Alice")
    there.client.post(
        "/sign-in", data={"name": "Alice", "password": PASSWORD}, headers={"User-Agent": IPHONE}
    )
    page = alice.get("/account").text
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    [end] = re.findall(r'action="(/account/sessions/\w+/end)"', page)
    assert alice.post(end).location == "/account?done=session"
    assert not there.is_signed_in()
    assert alice.post(end).status_code == 404


def test_the_name_is_changed(alice):
    code = alice.enter()
    alice.say(code, "Hello")
    assert alice.post("/account/name", name="Alicia").status_code == 303
    assert "Alicia" in alice.get(f"/room/{code}").text
    page = alice.post("/account/name", name="x" * 33)
    assert page.status_code == 400
    assert "too long" in error_beside(page, "name")


def test_the_profile_is_changed(alice):
    facts = {"full_name": "Alice Liddell", "email": "a@example.org", "picture": ""}
    assert alice.post("/account/profile", **facts).status_code == 303
    assert 'value="Alice Liddell"' in alice.get("/account").text
    page = alice.post("/account/profile", **{**facts, "email": "nonsense"})
    assert page.status_code == 400
    assert "looks like" in error_beside(page, "email")
    assert 'value="nonsense"' in page.text


def test_the_password_is_changed(alice, browser_of):
    there = browser_of("Alice")
    there.sign_in()
    page = alice.post("/account/password", old="wrong one", new="another password")
    assert page.status_code == 403
    assert "not your password" in error_beside(page, "old")
    page = alice.post("/account/password", old=PASSWORD, new="short")
    assert "too short" in error_beside(page, "new")
    answer = alice.post("/account/password", old=PASSWORD, new="another password")
    assert answer.location == "/account?done=password"
    assert alice.is_signed_in()
    assert not there.is_signed_in()
    assert there.sign_in(password="another password").status_code == 303


@pytest.mark.parametrize("messages", ["stay", "go"])
def test_the_account_is_deleted(alice, bob, messages):
    page = alice.post("/account/delete", password="wrong one", messages=messages)
    assert page.status_code == 403
    assert "not your password" in error_beside(page, "password")
    code = alice.enter()
    alice.say(code, "Hello")
    bob.join(code)
    answer = alice.post("/account/delete", password=PASSWORD, messages=messages)
    assert answer.location == "/account?done=deleted"
    assert "Your account is deleted" in unescape(alice.get(answer.location).text)
    assert not alice.is_signed_in()
    assert "Someone who left" in bob.get(f"/room/{code}").text


@pytest.mark.parametrize("what", ["name", "profile", "password", "delete", "sessions/x/end"])
def test_whoever_is_not_signed_in_is_asked_to(bob, what):
    assert bob.post(f"/account/{what}").location == "/sign-in?next=/account"
    bob.enter()
    assert bob.post(f"/account/{what}").location == "/sign-in?next=/account"


@pytest.mark.parametrize("path", ["/account", "/sign-in"])
def test_no_cache_keeps_a_page_of_an_account(alice, bob, path):
    for somebody in (alice, bob):
        assert somebody.get(path).headers["Cache-Control"] == "no-store"


def test_whoever_sat_at_a_browser_takes_their_pages_along(alice):
    assert alice.sign_in("Alice").headers["Clear-Site-Data"] == '"cache"'
    assert alice.post("/sign-out").headers["Clear-Site-Data"] == '"cache"'
    assert "Clear-Site-Data" not in alice.get("/sign-in").headers


@pytest.mark.parametrize(("allowed", "sources"), [(False, "data:;"), (True, "data: https:;")])
def test_pictures_are_shown_where_they_are_allowed(alice, monkeypatch, allowed, sources):
    monkeypatch.setattr(pictures, "are_allowed", allowed)
    alice.post("/account/profile", picture="https://example.org/a.png?b&c")
    code = alice.enter()
    for path in ("/", "/account", f"/room/{code}"):
        page = alice.get(path)
        assert f"img-src 'self' {sources}" in page.headers["Content-Security-Policy"]
        image = '<img src="https://example.org/a.png?b&amp;c" alt="" referrerpolicy="no-referrer"'
        assert (image in page.text) == allowed


def test_nothing_of_an_account_is_logged(alice, bob, caplog):
    with caplog.at_level("DEBUG"):
        bob.sign_in("Alice", "wrong password")
        bob.keep_name("Bob", "very secret words", email="bob@example.org")
    for secret in ("Alice", "Bob", "wrong password", "very secret words", "bob@example.org"):
        assert secret not in caplog.text
