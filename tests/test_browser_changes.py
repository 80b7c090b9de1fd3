"""Replies, edits and deletions on the page: how they are made, and what others see of them."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.talk import (
    IPHONE,
    LOST,
    away,
    enter,
    field,
    frozen,
    let_in,
    message,
    messages,
    say,
    stored,
    write,
    write_down,
)


@pytest.fixture
def alice(page_for, server):
    page = page_for("Alice", server)
    enter(page, "Alice")
    return page


@pytest.fixture
def code(alice):
    return alice.locator("body").get_attribute("data-room")


@pytest.fixture
def bob(code, person, server):
    bob = person("Bob", server)
    bob.enter(code)
    return bob


def line(page, seq):
    return page.locator(f"#m{seq}")


def open_menu(page, seq):
    line(page, seq).locator(".message-text").hover()
    page.get_by_role("button", name="What to do with").click()


def choose(page, seq, what):
    open_menu(page, seq)
    page.get_by_role("menuitem", name=what).click()


def delete(page, seq):
    choose(page, seq, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()


def quote(page, seq):
    return line(page, seq).locator(".quote")


def turn(page):
    return page.locator(".turn")


def revise(person, code, seq, text):
    path = f"{person.url}/api/chat/rooms/{code}/messages/{seq}"
    answer = person.http.patch(path, json={"data": text}) if text else person.http.delete(path)
    assert answer.ok, answer.text


def test_a_reply_shows_what_it_answers_to_everybody(alice, bob, code):
    bob.send("Where is\nthe ladder?")
    choose(alice, 1, "Reply")
    expect(field(alice)).to_be_focused()
    expect(field(alice)).to_have_accessible_description(re.compile("Replying to Bob Where is"))
    alice.keyboard.type("Behind the shed")
    alice.keyboard.press("Enter")
    expect(turn(alice)).to_be_hidden()
    assert bob.wait_for_text("Behind the shed")["reply_to"] == 1
    expect(quote(alice, 2)).to_have_text("Bob Where is")
    alice.reload()
    expect(quote(alice, 2)).to_have_text("Bob Where is")
    say(alice, "not a reply")
    expect(quote(alice, 3)).to_have_count(0)


def test_a_reply_that_waits_keeps_what_it_answers(alice, bob, code, page_for):
    page_for.allow(LOST)
    bob.send("Where?")
    line(alice, 1).locator(".message-text").hover()
    expect(alice.get_by_role("button", name="What to do with")).to_be_visible()
    with away(alice):
        choose(alice, 1, "Reply")
        say(alice, "Here")
        expect(alice.locator("[data-state] .quote")).to_have_text("Bob Where?")
    assert bob.wait_for_text("Here")["reply_to"] == 1
    expect(quote(alice, 2)).to_have_text("Bob Where?")


@pytest.mark.parametrize("how", ["Escape", "Cancel"])
def test_a_reply_can_be_let_be(alice, bob, how):
    bob.send("Where?")
    choose(alice, 1, "Reply")
    write(alice, "I don't know")
    if how == "Escape":
        field(alice).press("Escape")
    else:
        alice.get_by_role("button", name="Cancel").click()
    expect(turn(alice)).to_be_hidden()
    expect(field(alice)).to_be_focused()
    field(alice).press("Enter")
    assert "reply_to" not in bob.wait_for_text("I don't know")


def test_a_quote_leads_to_what_it_quotes(alice, bob):
    bob.send("The first")
    for number in range(40):
        bob.send(f"{number}.")
    bob.send("The last", reply_to=1)
    expect(line(alice, 1)).not_to_be_in_viewport()
    quote(alice, 42).click()
    expect(line(alice, 1)).to_be_in_viewport()
    expect(line(alice, 1)).to_have_attribute("data-found", "")


def test_what_is_quoted_from_another_page_is_known_and_found(alice, bob, code, server):
    bob.send("Long ago")
    write_down(server, code, [f"{number}." for number in range(100)])
    bob.send("Do you remember?", reply_to=1)
    expect(quote(alice, 102)).to_have_text("Bob Long ago")
    alice.reload()
    expect(quote(alice, 102)).to_have_text("Bob Long ago")
    revise(bob, code, 1, "Very long ago")
    expect(quote(alice, 102)).to_have_text("Bob Very long ago")
    quote(alice, 102).click()
    expect(alice).to_have_url(re.compile(r"before=26#m1$"))
    expect(line(alice, 1)).to_be_in_viewport()


def test_quotes_follow_what_they_quote(alice, bob, code):
    bob.send("Helo")
    bob.send("Hm", reply_to=1)
    expect(quote(alice, 2)).to_have_text("Bob Helo")
    revise(bob, code, 1, "Hello")
    expect(quote(alice, 2)).to_have_text("Bob Hello")
    revise(bob, code, 1, None)
    expect(quote(alice, 2)).to_have_text("Bob Message deleted")
    alice.reload()
    expect(quote(alice, 2)).to_have_text("Bob Message deleted")


def test_what_is_quoted_is_never_html(alice, bob):
    bob.send("<img src=x onerror=alert(1)>")
    bob.send("look", reply_to=1)
    expect(quote(alice, 2).locator(".quote-text")).to_have_text("<img src=x onerror=alert(1)>")
    expect(alice.locator(".log img")).to_have_count(0)


def test_one_edits_ones_own_message_in_the_composer(alice, bob, code):
    say(alice, "Helo")
    bob.wait_for_text("Helo")
    write(alice, "half a thought")
    choose(alice, 1, "Edit")
    expect(turn(alice)).to_contain_text("Editing")
    expect(field(alice)).to_have_value("Helo")
    say(alice, "Hello")
    expect(line(alice, 1).locator(".message-text")).to_have_text("Hello")
    expect(line(alice, 1).get_by_text("edited")).to_be_visible()
    expect(field(alice)).to_have_value("half a thought")
    expect(turn(alice)).to_be_hidden()
    assert bob.wait_for_text("Hello")["seq"] == 1
    assert stored(alice, code) == ["Hello"]
    alice.reload()
    expect(line(alice, 1).get_by_text("edited")).to_be_visible()
    expect(field(alice)).to_have_value("half a thought")


def test_an_edit_is_not_a_new_message(alice, bob, code):
    bob.send("Helo")
    expect(line(alice, 1)).to_be_visible()
    revise(bob, code, 1, "Hello")
    expect(messages(alice)).to_have_text(["Hello"])
    expect(alice.locator(".jump")).to_be_hidden()


def test_up_in_an_empty_field_edits_the_last_message(alice, bob, code):
    say(alice, "one")
    say(alice, "two")
    expect(line(alice, 2)).to_be_visible()
    bob.send("three")
    expect(line(alice, 3)).to_be_visible()
    field(alice).press("ArrowUp")
    expect(field(alice)).to_have_value("two")
    field(alice).press("Escape")
    expect(field(alice)).to_have_value("")
    write(alice, "something")
    field(alice).press("ArrowUp")
    expect(field(alice)).to_have_value("something")
    expect(turn(alice)).to_be_hidden()


def test_a_message_is_not_edited_to_nothing(alice):
    say(alice, "one")
    choose(alice, 1, "Edit")
    say(alice, " ")
    expect(alice.locator("#message-error")).to_contain_text("Nothing is left of it.")
    expect(turn(alice)).to_be_visible()
    field(alice).press("Escape")
    expect(alice.locator("#message-error")).to_be_hidden()
    expect(messages(alice)).to_have_text(["one"])


def test_an_edit_that_was_refused_can_be_sent_again(alice, page_for, code):
    page_for.allow("status of 400")
    say(alice, "one")
    choose(alice, 1, "Edit")
    say(alice, "ring \u0007")
    expect(alice.locator("#message-error")).to_contain_text("cannot be stored")
    say(alice, "two")
    expect(messages(alice)).to_have_text(["two"])
    assert stored(alice, code) == ["two"]


def test_an_edit_without_a_line_says_so_and_keeps_the_text(alice, page_for):
    page_for.allow(LOST)
    say(alice, "one")
    choose(alice, 1, "Edit")
    with away(alice):
        say(alice, "two")
        expect(alice.locator("#message-error")).to_contain_text("That didn't get through.")
        expect(field(alice)).to_have_value("two")
    field(alice).press("Enter")
    expect(messages(alice)).to_have_text(["two"])


def test_one_deletes_ones_own_message_and_is_asked_first(alice, bob, code):
    say(alice, "oops")
    bob.wait_for_text("oops")
    choose(alice, 1, "Delete")
    dialog = alice.get_by_role("dialog", name="Delete this message?")
    expect(dialog).to_contain_text("oops")
    dialog.get_by_role("button", name="Keep it").click()
    expect(messages(alice)).to_have_text(["oops"])
    delete(alice, 1)
    expect(messages(alice)).to_have_text(["Message deleted"])
    bob.wait_for("message", lambda one: "deleted_at" in one)
    assert stored(alice, code) == [""]
    line(alice, 1).hover()
    expect(alice.get_by_role("button", name="What to do with")).to_have_count(0)
    alice.reload()
    expect(messages(alice)).to_have_text(["Message deleted"])


def test_escape_in_the_question_deletes_nothing(alice):
    say(alice, "kept")
    choose(alice, 1, "Delete")
    alice.keyboard.press("Escape")
    expect(alice.get_by_role("dialog")).to_be_hidden()
    expect(messages(alice)).to_have_text(["kept"])


def test_what_is_offered_is_what_may_be_done(alice, bob, code, page_for, server):
    bob.send("Bob's")
    say(alice, "Alice's")
    page = page_for("Bob", server)
    let_in(page, bob, code)
    for reader, seq, offered in (
        (alice, 1, ["Reply", "Copy", "Delete"]),
        (alice, 2, ["Reply", "Edit", "Copy", "Delete"]),
        (page, 1, ["Reply", "Edit", "Copy", "Delete"]),
        (page, 2, ["Reply", "Copy"]),
    ):
        open_menu(reader, seq)
        expect(reader.get_by_role("menuitem")).to_have_text(offered)
        reader.keyboard.press("Escape")
        expect(reader.get_by_role("menu")).to_be_hidden()


def test_the_owner_deletes_what_somebody_else_said(alice, bob):
    bob.send("rude")
    delete(alice, 1)
    expect(messages(alice)).to_have_text(["Message deleted"])


def test_a_message_is_copied_as_it_was_written(alice, bob):
    text = "two lines,\nhttps://example.org"
    bob.send(text)
    alice.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    choose(alice, 1, "Copy")
    expect(alice.get_by_role("menuitem", name="Copied")).to_be_visible()
    alice.keyboard.press("Escape")
    field(alice).press("Control+v")
    expect(field(alice)).to_have_value(text)


def test_everything_is_within_reach_of_the_keyboard(alice, bob):
    """All messages are one stop for Tab; the arrows go from one to the next."""
    for text in ("one", "two", "three"):
        bob.send(text)
    expect(line(alice, 3)).to_be_visible()
    field(alice).press("Shift+Tab")
    expect(alice.locator(".log")).to_be_focused()
    button = alice.locator(".more")
    expect(button).to_have_count(1)
    alice.keyboard.press("Tab")
    expect(button).to_be_focused()
    expect(button).to_have_accessible_name("What to do with: Bob, three")
    alice.keyboard.press("ArrowUp")
    expect(button).to_have_accessible_name("What to do with: Bob, two")
    expect(button).to_be_focused()
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("menuitem", name="Reply")).to_be_focused()
    alice.keyboard.press("ArrowDown")
    expect(alice.get_by_role("menuitem", name="Copy")).to_be_focused()
    alice.keyboard.press("Escape")
    expect(button).to_be_focused()
    alice.keyboard.press("Tab")
    expect(field(alice)).to_be_focused()
    alice.keyboard.press("Shift+Tab")
    alice.keyboard.press("Enter")
    alice.keyboard.press("Enter")
    expect(turn(alice)).to_have_text(re.compile(r"Replying to\s+Bob\s+two"))


def test_a_tap_opens_the_menu_on_a_phone(page_for, person, server):
    alice = person("Alice", server)
    code = alice.enter()
    alice.send("one")
    page = page_for("Alice", server, viewport=IPHONE, has_touch=True, is_mobile=True)
    let_in(page, alice, code)
    message(page, "one").locator(".bubble").tap()
    expect(page.get_by_role("menuitem", name="Reply")).to_be_in_viewport()
    page.get_by_role("menuitem", name="Edit").tap()
    expect(field(page)).to_have_value("one")


def test_without_script_all_of_it_is_shown(page_for, person, server):
    alice = person("Alice", server)
    code = alice.enter()
    for text, answers in (("one", None), ("two", 1), ("three", 2)):
        alice.send(text, reply_to=answers)
    revise(alice, code, 2, "zwei")
    revise(alice, code, 3, None)
    page = page_for("Alice", server, java_script_enabled=False)
    for cookie in alice.http.cookies:
        page.context.add_cookies([{"name": cookie.name, "value": cookie.value, "url": server.url}])
    page.goto(f"/room/{code}")
    expect(messages(page)).to_have_text(["one", "zwei", "Message deleted"])
    expect(quote(page, 2)).to_have_text("Alice one")
    expect(quote(page, 3)).to_have_text("Alice zwei")
    expect(page.get_by_text("edited")).to_have_count(3)
    expect(page.get_by_text("edited").locator("visible=true")).to_have_count(1)
    expect(page.get_by_role("button", name="What to do with")).to_have_count(0)


def test_a_menu_that_could_not_be_fetched_comes_later(alice, bob, page_for):
    page_for.allow(LOST)
    bob.send("one")
    expect(line(alice, 1)).to_be_visible()
    with away(alice):
        line(alice, 1).locator(".message-text").hover()
        alice.wait_for_timeout(100)
        expect(alice.locator(".more")).to_have_count(0)
    alice.mouse.move(0, 0)
    choose(alice, 1, "Reply")
    expect(turn(alice)).to_be_visible()


def test_the_button_follows_the_pointer_after_the_keyboard_too(alice, bob):
    for text in ("one", "two"):
        bob.send(text)
    open_menu(alice, 1)
    alice.keyboard.press("Escape")
    line(alice, 2).locator(".message-text").hover()
    expect(line(alice, 2).locator(".more")).to_be_visible()


def test_whoever_is_renamed_is_renamed_in_quotes(alice, bob, code, server):
    bob.send("one")
    bob.send("two", reply_to=1)
    expect(quote(alice, 2)).to_have_text("Bob one")
    bob.submit({"name": "Robert", "code": code, "join": "1"})
    expect(quote(alice, 2)).to_have_text("Robert one")


def test_a_sent_reply_is_drawn_before_its_answer_has_come(alice, bob, server):
    bob.send("one")
    choose(alice, 1, "Reply")
    with frozen(server):
        say(alice, "two")
        expect(alice.locator("[data-state] .quote")).to_have_text("Bob one")
    expect(quote(alice, 2)).to_have_text("Bob one")
