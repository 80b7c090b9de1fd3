"""Rooms in a browser: opened, found by their code or link, and kept apart."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.talk import DESKTOP, IPHONE, arrive, enter, messages, say

REFUSED = r"the server responded with a status of 4\d\d"


@pytest.fixture
def code(person, server):
    """A room with a person named Alice in it."""
    return person("Alice", server).enter()


@pytest.fixture
def bob(page_for, server):
    page = page_for("Bob", server)
    page.goto("/")
    return page


def name_field(page):
    return page.get_by_label("Your name")


def code_field(page):
    return page.get_by_label("Room code")


def join(page):
    page.get_by_role("button", name="Join the room").click()


def expect_error(field, text):
    """The field is marked and has the focus, and what describes it stands right below it."""
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(text) + "$"))
    described = field.get_attribute("aria-describedby").split()
    error = field.page.locator(f"#{described[-1]}")
    expect(error).to_be_visible()
    box, below = field.bounding_box(), error.bounding_box()
    assert 0 <= below["y"] - (box["y"] + box["height"]) < 30
    assert abs(below["x"] - box["x"]) < 30


def test_two_people_talk_and_a_third_in_another_room_hears_nothing(page_for, server):
    alice, bob, charlie = (page_for(name, server) for name in ("Alice", "Bob", "Charlie"))
    code = enter(alice, "Alice")
    assert enter(bob, "Bob", code) == code
    assert enter(charlie, "Charlie") != code
    say(alice, "Hello, Bob")
    expect(messages(bob)).to_have_text(["Hello, Bob"])
    say(bob, "Hello, Alice")
    expect(messages(alice)).to_have_text(["Hello, Bob", "Hello, Alice"])
    expect(messages(bob)).to_have_text(["Hello, Bob", "Hello, Alice"])
    say(charlie, "Nobody here?")
    expect(messages(charlie)).to_have_text(["Nobody here?"])
    expect(messages(alice)).to_have_count(2)


def test_an_empty_room_says_how_to_bring_people_in(page_for, server):
    alice = page_for("Alice", server)
    code = enter(alice, "Alice")
    expect(alice).to_have_title(f"{code} · Parlor")
    expect(alice.get_by_role("heading", name="You're the first here.")).to_be_visible()
    say(alice, "Hello?")
    expect(alice.get_by_role("heading", name="You're the first here.")).to_be_hidden()


@pytest.mark.parametrize("shape", ["{0}{1}", " {0} {1} ", "{0}-{1}"])
def test_a_code_may_be_typed_in_lower_case_with_spaces_and_dashes(bob, code, shape):
    name_field(bob).fill("Bob")
    code_field(bob).press_sequentially(shape.format(code[:2], code[2:]).lower())
    expect(code_field(bob)).to_have_value(code)
    code_field(bob).press("Enter")
    assert arrive(bob) == code


def test_a_link_may_be_pasted_where_the_code_goes(bob, code, server):
    name_field(bob).fill("Bob")
    code_field(bob).focus()
    bob.keyboard.insert_text(f"{server.url}/room/{code}")
    expect(code_field(bob)).to_have_value(code)
    join(bob)
    assert arrive(bob) == code


def test_a_link_leads_to_the_form_with_the_code_filled_in(bob, code):
    bob.goto(f"/room/{code.lower()}")
    expect(bob.get_by_role("heading", name=f"Join {code}")).to_be_visible()
    expect(code_field(bob)).to_have_value(code)
    expect(name_field(bob)).to_be_focused()
    bob.keyboard.type("Bob")
    bob.keyboard.press("Enter")
    assert arrive(bob) == code


def test_the_code_and_the_link_are_copied_with_one_click(page_for, server):
    allowed = ["clipboard-read", "clipboard-write"]
    alice = page_for("Alice", server, permissions=allowed, viewport=DESKTOP)
    code = enter(alice, "Alice")
    for label, copied in {"Copy code": code, "Copy link": f"{server.url}/room/{code}"}.items():
        button = alice.get_by_role("banner").get_by_role("button", name=label)
        button.click()
        expect(alice.locator("[data-announce]")).to_have_text("Copied")
        assert alice.evaluate("navigator.clipboard.readText()") == copied


@pytest.mark.parametrize("viewport", [IPHONE, DESKTOP], ids=["phone", "desktop"])
def test_an_error_stands_beside_its_field_and_what_was_typed_stays(page_for, server, viewport):
    page_for.allow(REFUSED)
    bob = page_for("Bob", server, viewport=viewport)
    bob.goto("/")
    code_field(bob).fill("ZZZZ")
    join(bob)
    expect_error(name_field(bob), "What should people call you?")
    expect(code_field(bob)).to_have_value("ZZZZ")
    name_field(bob).fill("Bob")
    join(bob)
    expect_error(code_field(bob), "There is no open room with that code.")
    expect(name_field(bob)).to_have_value("Bob")
    expect(code_field(bob)).to_have_value("ZZZZ")
    code_field(bob).fill("Z")
    join(bob)
    expect_error(code_field(bob), "A room code is 4 letters and digits, like K7QP.")


def test_a_name_that_is_taken_can_be_exchanged_for_a_free_one_with_one_click(page_for, bob, code):
    page_for.allow(REFUSED)
    name_field(bob).fill("Alice")
    code_field(bob).fill(code)
    join(bob)
    expect_error(name_field(bob), "That name is taken in this room. “Alice 2” is free.")
    expect(name_field(bob)).to_have_value("Alice")
    expect(code_field(bob)).to_have_value(code)
    bob.get_by_role("button", name="Join as Alice 2").click()
    assert arrive(bob) == code
    expect(bob.locator(".people-list .person-name")).to_have_text(["Alice", "Alice 2"])


def test_a_name_may_be_mended_by_hand(page_for, bob, code):
    page_for.allow(REFUSED)
    name_field(bob).fill("Alice")
    code_field(bob).fill(code)
    join(bob)
    name_field(bob).fill("Bob")
    name_field(bob).press("Enter")
    assert arrive(bob) == code


def test_a_link_to_a_room_that_is_not_there_says_so(page_for, bob):
    page_for.allow(REFUSED)
    bob.goto("/room/ZZZZ")
    expect_error(code_field(bob), "There is no open room with that code.")


def test_the_home_page_shows_who_is_in_the_rooms_one_was_in(bob, code, person, server):
    enter(bob, "Bob", code)
    charlie = person("Charlie", server)
    charlie.enter(code)
    charlie.send("Still here")
    bob.goto("/")
    room = bob.get_by_role("listitem").filter(has_text=code)
    expect(room).to_contain_text("Alice and Charlie")
    expect(room).to_contain_text("Alice")
    expect(room.locator("time")).to_have_text("just now")
    expect(name_field(bob)).to_have_value("Bob")
    room.get_by_role("link").click()
    assert arrive(bob) == code


def test_too_many_wrong_codes_are_no_riddle_for_whoever_has_the_right_one(
    page_for, person, start_server
):
    server = start_server(LIMITS="on")
    code = person("Alice", server).create()
    for _ in range(10):
        person("Mallory", server).get("/room/ZZZZ")
    page_for.allow("429")
    bob = page_for("Bob", server)
    bob.goto(f"/room/{code}")
    expect(bob.get_by_role("heading", name=f"Join {code}")).to_be_visible()
    expect(bob.get_by_role("alert")).to_contain_text("Too many wrong codes came from your network.")
    expect(bob.get_by_label("Room code")).to_have_value(code)
