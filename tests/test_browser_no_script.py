"""Everything that can be done without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.talk import field, message, messages

CLOCK = re.compile(r"^\d\d:\d\d$")


@pytest.fixture
def alice(page_for, server):
    return page_for("Alice", server, java_script_enabled=False)


@pytest.fixture
def bob(page_for, server):
    return page_for("Bob", server, java_script_enabled=False)


def submit(page, name, button, code=""):
    page.goto("/")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Room code").fill(code)
    page.get_by_role("button", name=button).click()
    expect(field(page)).to_be_visible()
    return page.url.rpartition("/")[2]


def post(page, text):
    field(page).fill(text)
    page.get_by_role("button", name="Send").click()


def refresh(page):
    page.get_by_role("link", name="refresh").click()


@pytest.fixture
def code(alice):
    return submit(alice, "Alice", "Open a new room")


def test_two_people_talk(alice, bob, code, server):
    assert submit(bob, "Bob", "Join the room", f"{server.url}/room/{code.lower()}") == code
    post(alice, "Hello\n<b>Bob</b>")
    expect(alice).to_have_url(re.compile("#end$"))
    refresh(bob)
    assert messages(bob).all_text_contents() == ["Hello\n<b>Bob</b>"]
    expect(message(bob, "Hello <b>Bob</b>").locator("time")).to_have_text(CLOCK)
    post(bob, "Hello, Alice")
    expect(messages(bob)).to_have_text(["Hello <b>Bob</b>", "Hello, Alice"])
    refresh(alice)
    expect(messages(alice)).to_have_text(["Hello <b>Bob</b>", "Hello, Alice"])
    expect(alice.locator(".people-list .person-name")).to_have_text(["Alice", "Bob"])


def test_people_with_and_without_script_talk(alice, code, page_for, person, server):
    bob = person("Bob", server)
    bob.enter(code)
    post(alice, "from a form")
    bob.wait_for_text("from a form")
    bob.send("from a socket")
    refresh(alice)
    expect(messages(alice)).to_have_text(["from a form", "from a socket"])
    bob.send("and again")
    refresh(alice)
    expect(messages(alice)).to_have_text(["from a form", "from a socket", "and again"])


def test_nothing_is_offered_that_needs_script(alice, code):
    for needy in alice.locator(".needs-script").all():
        expect(needy).to_be_hidden()
    expect(alice.get_by_role("button", name="Copy code")).to_have_count(0)
    alice.goto("/")
    expect(alice.get_by_label("Your name")).to_have_value("Alice")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 1001, "That is too long. 1,000 characters is the most."),
        ("ring \u0007", "That has characters that cannot be stored."),
        ("", "There is nothing to send."),
    ],
    ids=["too long", "unstorable", "empty"],
)
def test_what_was_refused_stays_with_the_reason(alice, code, page_for, text, reason):
    page_for.allow("status of 400")
    post(alice, text)
    expect(field(alice)).to_have_value(text)
    expect(field(alice)).to_have_accessible_description(re.compile(re.escape(reason)))
    expect(field(alice)).to_be_focused()
    expect(alice.get_by_text(reason)).to_be_visible()
    post(alice, "mended")
    expect(messages(alice)).to_have_text(["mended"])
    expect(field(alice)).to_have_value("")


def test_errors_in_the_form_keep_what_was_typed(alice, page_for):
    page_for.allow("status of 4")
    alice.goto("/")
    alice.get_by_label("Your name").fill("Alice")
    alice.get_by_label("Room code").fill("ZZZZ")
    alice.get_by_role("button", name="Join the room").click()
    expect(alice.get_by_text("There is no open room with that code.")).to_be_visible()
    expect(alice.get_by_label("Your name")).to_have_value("Alice")
    expect(alice.get_by_label("Room code")).to_have_value("ZZZZ")


def test_the_page_starts_at_the_end_and_leads_to_earlier_messages(alice, code, person, server):
    bob = person("Bob", server)
    bob.enter(code)
    for number in range(1, 61):
        bob.send(f"{number}.")
    refresh(alice)
    expect(message(alice, "60.")).to_be_in_viewport()
    expect(messages(alice)).to_have_count(50)
    alice.get_by_role("link", name="Earlier messages").click()
    expect(messages(alice)).to_have_text([f"{number}." for number in range(1, 11)])
    expect(alice.get_by_role("link", name="Earlier messages")).to_be_hidden()
    alice.get_by_role("link", name="Back to now").click()
    expect(message(alice, "60.")).to_be_in_viewport()


def test_who_is_here_can_be_shown_on_a_phone(alice, code):
    alice.set_viewport_size({"width": 390, "height": 844})
    alice.get_by_role("button", name="here, show who").click()
    expect(alice.get_by_role("complementary").get_by_text("Alice")).to_be_visible()
    alice.get_by_role("button", name="Close").click()
    expect(alice.get_by_role("complementary")).to_be_hidden()


def test_leaving_and_the_history(alice, code, server):
    post(alice, "my words")
    alice.get_by_role("button", name="Leave").click()
    expect(alice).to_have_url(f"{server.url}/")
    alice.get_by_role("link", name="What you wrote").click()
    expect(messages(alice)).to_have_text(["my words"])
    expect(alice.locator(".group time")).to_have_text(CLOCK)
    alice.get_by_label("Search what you wrote").fill("nothing like it")
    alice.get_by_role("button", name="Search").click()
    expect(messages(alice)).to_have_count(0)
    alice.get_by_role("link", name="Show everything").click()
    expect(messages(alice)).to_have_count(1)
