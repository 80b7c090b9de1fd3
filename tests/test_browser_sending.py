"""Writing a message: what sends it, what holds it back, and what becomes of it."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.talk import (
    enter,
    field,
    frozen,
    message,
    messages,
    say,
    stored,
    texts,
    write,
)

CLOCK = re.compile(r"^\d\d:\d\d$")


@pytest.fixture
def alice(page_for, server):
    page = page_for("Alice", server)
    enter(page, "Alice")
    return page


def error(page):
    return page.locator("#message-error")


def counter(page):
    return page.locator("#message-counter")


def press_enter(page, **options):
    """An Enter as the page's scripts see it, with what an input method adds to it."""
    event = {"key": "Enter", "bubbles": True, "cancelable": True, **options}
    field(page).evaluate(
        "(field, event) => field.dispatchEvent(new KeyboardEvent('keydown', event))", event
    )


def test_enter_sends_and_shift_enter_breaks_the_line(alice):
    expect(field(alice)).to_be_focused()
    alice.keyboard.type("one")
    alice.keyboard.press("Shift+Enter")
    alice.keyboard.type("two")
    expect(field(alice)).to_have_value("one\ntwo")
    expect(messages(alice)).to_have_count(0)
    alice.keyboard.press("Enter")
    expect(messages(alice)).to_have_count(1)
    assert texts(alice) == ["one\ntwo"]
    expect(field(alice)).to_have_value("")
    expect(field(alice)).to_be_focused()


@pytest.mark.parametrize("by", [{"isComposing": True}, {"keyCode": 229}], ids=str)
def test_the_enter_of_an_input_method_does_not_send(alice, by):
    write(alice, "にほんご")
    press_enter(alice, **by)
    expect(field(alice)).to_have_value("にほんご")
    expect(messages(alice)).to_have_count(0)
    press_enter(alice)
    expect(messages(alice)).to_have_text(["にほんご"])


def test_choosing_a_candidate_neither_sends_nor_breaks_the_line(alice):
    method = alice.context.new_cdp_session(alice)
    method.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    enter_key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    method.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter_key})
    method.send("Input.insertText", {"text": "日"})
    method.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter_key})
    expect(field(alice)).to_have_value("日")
    expect(messages(alice)).to_have_count(0)


@pytest.mark.parametrize("nothing", ["", "   ", "\n\n"], ids=repr)
def test_nothing_is_not_sent(alice, nothing):
    say(alice, nothing)
    alice.get_by_role("button", name="Send").click()
    say(alice, "something")
    expect(messages(alice)).to_have_text(["something"])


def test_the_button_sends_too_and_the_field_keeps_the_focus(alice):
    write(alice, "by button")
    alice.get_by_role("button", name="Send").click()
    expect(messages(alice)).to_have_text(["by button"])
    expect(field(alice)).to_be_focused()


def test_a_message_is_there_at_once_and_says_that_it_is_on_its_way(alice, server):
    with frozen(server):
        say(alice, "Anyone?")
        say(alice, "Hello?")
        expect(message(alice, "Anyone?").locator("time")).to_have_text("Sending…")
        expect(message(alice, "Hello?").locator("time")).to_have_text("Sending…")
        expect(field(alice)).to_have_value("")
    for text in ("Anyone?", "Hello?"):
        expect(message(alice, text).locator("time")).to_have_text(CLOCK)
    expect(messages(alice)).to_have_text(["Anyone?", "Hello?"])
    expect(alice.locator("[data-state]")).to_have_count(0)


def test_a_refusal_stands_at_the_message_and_holds_nothing_else_back(alice):
    say(alice, "ring \u0007")
    say(alice, "fine")
    refused = alice.locator('[data-state="refused"]')
    expect(refused).to_contain_text("That has characters that cannot be stored.")
    expect(refused.locator("time")).to_have_text("Not sent")
    expect(message(alice, "fine").locator("time")).to_have_text(CLOCK)
    alice.reload()
    expect(refused).to_contain_text("That has characters that cannot be stored.")
    refused.get_by_role("button", name="Try again").click()
    expect(field(alice)).to_be_focused()
    expect(refused.locator("time")).to_have_text("Not sent")
    refused.get_by_role("button", name="Discard").click()
    expect(field(alice)).to_be_focused()
    expect(messages(alice)).to_have_text(["fine"])
    alice.reload()
    expect(messages(alice)).to_have_text(["fine"])


def test_a_refused_message_can_be_copied_where_there_is_no_clipboard(alice):
    """As over plain http."""
    alice.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    text = "ring \u0007\nand wait"
    say(alice, text)
    alice.get_by_role("button", name="Copy", exact=True).click()
    expect(alice.get_by_role("button", name="Copied", exact=True)).to_be_focused()
    write(alice, "")
    field(alice).press("Control+v")
    expect(field(alice)).to_have_value(text)


def test_a_message_that_cannot_be_copied_is_not_put_on_the_button(alice):
    alice.evaluate("""() => {
      Object.defineProperty(navigator, "clipboard", { value: undefined });
      document.execCommand = () => false;
    }""")
    say(alice, "ring \u0007")
    alice.get_by_role("button", name="Copy", exact=True).click()
    expect(alice.get_by_role("button", name="Couldn't copy")).to_be_visible()


def test_what_was_refused_goes_through_once_the_server_takes_it(start_server, page_for):
    page_for.allow(r"ERR_CONNECTION_REFUSED|WebSocket connection to")
    server = start_server()
    alice = page_for("Alice", server)
    code = enter(alice, "Alice")
    server.kill()
    server.settings["MAX_MESSAGE_LENGTH"] = "10"
    server.start()
    say(alice, "longer than ten")
    refused = alice.locator('[data-state="refused"]')
    expect(refused).to_contain_text("That is too long. 10 characters is the most.", timeout=15_000)
    server.kill()
    server.settings["MAX_MESSAGE_LENGTH"] = "1000"
    server.start()
    refused.get_by_role("button", name="Try again").click()
    expect(message(alice, "longer than ten").locator("time")).to_have_text(CLOCK, timeout=15_000)
    expect(refused).to_have_count(0)
    assert stored(alice, code) == ["longer than ten"]


def test_the_counter_comes_near_the_end_and_counts_as_people_do(alice):
    write(alice, "x" * 899)
    expect(counter(alice)).to_be_hidden()
    field(alice).press("x")
    expect(counter(alice)).to_have_text("100 left")
    expect(field(alice)).to_have_accessible_description(re.compile("100 left"))
    write(alice, "😀" * 990)
    expect(counter(alice)).to_have_text("10 left")
    write(alice, "x" * 1003)
    expect(counter(alice)).to_have_text("3 too many")


@pytest.mark.parametrize("letter", ["x", "😀"])
def test_1001_characters_are_not_sent_and_stay_until_they_are_1000(alice, letter):
    say(alice, letter * 1001)
    expect(error(alice)).to_contain_text("That's 1 too many. Shorten it a little.")
    expect(field(alice)).to_have_accessible_description(re.compile("That's 1 too many"))
    expect(field(alice)).to_have_attribute("aria-invalid", "true")
    expect(field(alice)).to_have_value(letter * 1001)
    expect(field(alice)).to_be_focused()
    expect(messages(alice)).to_have_count(0)
    field(alice).press("Backspace")
    expect(error(alice)).to_be_hidden()
    field(alice).press("Enter")
    expect(message(alice, letter * 1000).locator("time")).to_have_text(CLOCK)
