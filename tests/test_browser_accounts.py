"""Accounts in the browser: a name that is kept, on two devices, seen by others as it happens."""

import re

import pytest
from playwright.sync_api import expect

from tests.support import ROOT
from tests.support.browsers import QUIET, SOON, Pages, find_chromium
from tests.support.talk import arrive, enter, message, messages, say

PASSWORD = "a lamp and a chair"
LAMP = ROOT / "static" / "favicon.svg"
LATER = 15_000
"""Milliseconds within which what goes with an account is gone."""


@pytest.fixture
def named(request):
    """A name of this test's own: the server is shared, and names are claimed for good."""
    return f"Sam {abs(hash(request.node.name)) % 10**6}"


@pytest.fixture
def sam(page_for, server, named):
    """A guest's page."""
    page_for.allow(r"status of 4\d\d")
    return page_for(named, server)


def keep_name(page, name=None):
    page.goto("/account")
    if name:
        page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator(".door .primary").click()
    expect(page.get_by_text("The name is yours now")).to_be_visible()


def sign_in(page, name, password=PASSWORD):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def delete(page, choice):
    page.goto("/account")
    page.get_by_label(choice).check()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete the account").click()
    expect(page.get_by_text("Your account is deleted")).to_be_visible()


def test_a_name_is_kept_from_the_room_and_is_there_on_another_device(sam, named, page_for, server):
    code = enter(sam, named)
    say(sam, "Before I had an account")
    expect(messages(sam)).to_have_text(["Before I had an account"])
    sam.get_by_role("link", name="Keep your name").click()
    expect(sam.get_by_label("Your name")).to_have_value(named)
    sam.get_by_label("Password").fill("short")
    sam.get_by_role("button", name="Keep your name").click()
    expect(sam.get_by_text("too short")).to_be_visible()
    expect(sam.get_by_label("Password")).to_be_focused()
    sam.get_by_label("Password").fill(PASSWORD)
    sam.keyboard.press("Enter")
    expect(sam.get_by_role("heading", name=named)).to_be_visible()

    there = page_for("there", server)
    there.goto("/")
    there.get_by_role("link", name="Sign in").click()
    sign_in(there, named, "not the password")
    expect(there.get_by_text("don't belong together")).to_be_visible()
    expect(there.get_by_label("Name")).to_have_value(named)
    sign_in(there, named)
    expect(there.get_by_text(f"as {named}")).to_be_visible()
    there.goto(f"/room/{code}")
    arrive(there)
    expect(message(there, "Before I had an account")).to_have_attribute("data-mine", "")
    expect(there.get_by_role("link", name="Keep your name")).to_have_count(0)


def test_nobody_else_comes_in_under_a_kept_name(sam, named, page_for, server):
    keep_name(sam, named)
    guest = page_for("guest", server)
    guest.goto("/")
    guest.get_by_label("Your name").fill(named.upper())
    guest.get_by_role("button", name="Open a new room").click()
    expect(guest.get_by_text("belongs to somebody")).to_be_visible()
    expect(guest.locator("main").get_by_role("link", name="Sign in")).to_be_visible()
    guest.get_by_role("button", name=f"Open it as {named.upper()} 2").click()
    arrive(guest)


def test_a_session_ends_from_another_device_and_its_page_says_so(sam, named, page_for, server):
    code = enter(sam, named)
    keep_name(sam)
    there = page_for("there", server)
    there.goto("/sign-in")
    sign_in(there, named)
    there.goto(f"/room/{code}")
    arrive(there)
    beside = there.context.new_page()
    beside.goto("/conversations")
    expect(beside.locator(".conversation-title")).to_have_text([code])
    sam.goto("/account")
    sam.get_by_role("button", name="Sign out Chrome on Linux").click()
    expect(sam.get_by_text("That session has ended.")).to_be_visible()
    expect(beside.get_by_text("It's quiet here.")).to_be_visible(timeout=2_000)
    expect(there.get_by_role("link", name="To the front door")).to_be_visible(timeout=2_000)
    there.get_by_role("link", name="To the front door").click()
    expect(there.get_by_role("link", name="Sign in")).to_be_visible()


def test_others_see_another_name_as_it_happens(sam, named, page_for, server):
    code = enter(sam, named)
    say(sam, "Hello")
    bob = page_for("Bob", server)
    enter(bob, "Bob", code)
    keep_name(sam)
    sam.goto(f"/room/{code}")
    arrive(sam)
    other = sam.context.new_page()
    other.goto("/account")
    other.get_by_label("Your name").fill("نور 🪔 Lamplighter")
    other.get_by_role("button", name="Change the name").click()
    expect(other.get_by_text("You have another name now")).to_be_visible()
    expect(message(bob, "Hello").locator(".message-name")).to_have_text("نور 🪔 Lamplighter")
    expect(bob.locator(".person-name", has_text="Lamplighter")).to_be_visible()
    expect(bob.locator(".person-name", has_text=named)).to_have_count(0)
    expect(message(bob, "Hello").locator(".avatar")).to_have_text("نL")
    me = sam.locator(".person:has(.person-me:not([hidden])) bdi")
    expect(me).to_have_text("نور 🪔 Lamplighter")
    say(sam, "Still me")
    expect(message(bob, "Still me").locator(".message-name")).to_have_text("نور 🪔 Lamplighter")


@pytest.mark.parametrize(
    ("choice", "left"), [("stays, under", ["Hello"]), ("goes, everywhere", [])]
)
def test_an_account_goes_with_or_without_what_it_wrote(sam, named, page_for, server, choice, left):
    code = enter(sam, named)
    say(sam, "Hello")
    bob = page_for("Bob", server)
    enter(bob, "Bob", code)
    expect(message(bob, "Hello")).to_be_visible()
    keep_name(sam)
    delete(sam, choice)
    expect(bob.locator(".message-name")).to_have_text(["Someone who left"])
    expect(bob.locator(".person-name")).to_have_text(["Bob"])
    expect(bob.locator(".message-text", has_text="Hello")).to_have_count(len(left), timeout=LATER)
    bob.reload()
    arrive(bob)
    expect(bob.locator(".message-text", has_text="Hello")).to_have_count(len(left))


def test_no_page_asks_anybody_for_a_picture(sam, named):
    """Which the fixture would notice: the setting is off unless it is set."""
    code = enter(sam, named)
    keep_name(sam)
    sam.get_by_label("Address of a picture").fill("https://pictures.invalid/a.png")
    sam.get_by_role("button", name="Save").click()
    expect(sam.get_by_text("Saved.")).to_be_visible()
    sam.goto(f"/room/{code}")
    arrive(sam)
    expect(sam.locator("img")).to_have_count(0)


def test_a_picture_that_is_allowed_covers_the_initials_if_it_comes(start_server, page_for):
    page_for.allow(r"pictures\.example|ERR_FAILED|ERR_NAME")
    server = start_server(PICTURES="on")
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    for page in (alice, bob):
        page.context.route("**/there.svg", lambda route: route.fulfill(path=LAMP))
        page.context.route("**/gone.svg", lambda route: route.abort())
    code = enter(alice, "Alice")
    say(alice, "Look at me")
    enter(bob, "Bob", code)
    keep_name(alice)
    image = message(bob, "Look at me").locator(".avatar img")
    for picture, comes in (("there", True), ("gone", False)):
        alice.goto("/account")
        address = f"https://pictures.example/{picture}.svg"
        alice.get_by_label("Address of a picture").fill(address)
        alice.get_by_role("button", name="Save").click()
        expect(image).to_have_attribute("src", address)
        expect(image).to_have_attribute("referrerpolicy", "no-referrer")
        expect(image).to_have_js_property("complete", True, timeout=SOON)
        assert image.evaluate("image => image.naturalWidth > 0") == comes
        expect(message(bob, "Look at me").locator(".avatar")).to_have_text("A")


def test_an_account_is_made_and_used_by_keyboard_alone(sam, named):
    sam.goto("/account")
    expect(sam.get_by_label("Your name")).to_be_focused()
    sam.keyboard.type(named)
    sam.keyboard.press("Tab")
    sam.keyboard.type(PASSWORD)
    sam.keyboard.press("Tab")
    sam.keyboard.press("Enter")  # More about you
    sam.keyboard.press("Tab")
    sam.keyboard.type("Samuel")
    for _ in range(3):
        sam.keyboard.press("Tab")
    expect(sam.locator(".door .primary")).to_be_focused()
    sam.keyboard.press("Enter")
    expect(sam.get_by_text("The name is yours now")).to_be_visible()
    expect(sam.get_by_label("Full name")).to_have_value("Samuel")
    for _ in range(3):
        sam.keyboard.press("Tab")
    expect(sam.get_by_role("button", name="Sign out")).to_be_focused()
    sam.keyboard.press("Enter")
    expect(sam.get_by_role("link", name="Sign in")).to_be_visible()


@pytest.fixture
def remembering_page_for(browser):
    """As `page_for`, in a browser that keeps whole pages for its Back button, as people's do."""
    keeping = browser.browser_type.launch(
        executable_path=find_chromium(),
        args=QUIET,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    pages = Pages(keeping)
    yield pages
    pages.close()
    keeping.close()
    assert not pages.unexpected()


def test_back_leads_to_nothing_private_once_one_has_signed_out(remembering_page_for, server, named):
    page = remembering_page_for(named, server)
    enter(page, named)
    say(page, "For us alone")
    keep_name(page)
    page.goto("/history")
    page.goto("/account")
    go_back(page)
    expect(page.get_by_text("For us alone")).to_be_visible()
    page.goto("/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    go_back(page)
    expect(page).to_have_url(re.compile("/account$"))
    go_back(page)
    expect(page.get_by_text("You haven't written anything yet")).to_be_visible()
    expect(page.get_by_text("For us alone")).to_have_count(0)


def go_back(page):
    """Without waiting for it to load: a page that was kept does not."""
    page.evaluate("history.back()")
