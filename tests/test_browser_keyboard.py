"""The keyboard alone, what a screen reader is told, and people whom motion makes ill."""

import pytest
from playwright.sync_api import expect

from tests.support.talk import (
    DESKTOP,
    IPHONE,
    LOST,
    arrive,
    away,
    enter,
    messages,
    say,
    status,
    wait_until,
    write_down,
)

MOVING = """() => {
  const parts = [null, "::before", "::after"];
  const seconds = (text) => Math.max(...text.split(",").map(parseFloat));
  return [...document.querySelectorAll("*")].filter((element) => parts.some((part) => {
    const style = getComputedStyle(element, part);
    return seconds(style.transitionDuration) > 0.001
      || (style.animationName !== "none" && seconds(style.animationDuration) > 0.001);
  })).map((element) => element.outerHTML.slice(0, 80));
}"""
"""Which elements would move, or have parts that would."""


def tab_to(page, element, key="Tab"):
    """Press Tab until the element has the focus; each one on the way must show that it has it."""
    for _ in range(30):
        if element.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press(key)
        focused = page.locator("body :focus")
        outline = focused.evaluate("e => getComputedStyle(e).outlineStyle")
        assert outline != "none", focused.evaluate("e => e.outerHTML")
    raise AssertionError("the element cannot be reached")


@pytest.mark.parametrize("viewport", [IPHONE, DESKTOP], ids=["phone", "desktop"])
def test_everything_can_be_done_with_the_keyboard(page_for, server, viewport):
    page = page_for("Alice", server, viewport=viewport)
    page.goto("/")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Alice")
    tab_to(page, page.get_by_role("button", name="Open a new room"))
    page.keyboard.press("Enter")
    arrive(page)
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    expect(messages(page)).to_have_text(["Hello"])
    tab_to(page, page.get_by_role("log"), "Shift+Tab")
    tab_to(page, page.get_by_role("button", name="Copy link"), "Shift+Tab")
    if viewport is IPHONE:
        people = page.get_by_role("button", name="here, show who")
        tab_to(page, people)
        page.keyboard.press("Enter")
        drawer = page.get_by_role("complementary", name="Here now")
        expect(drawer).to_be_visible()
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()
        expect(people).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Leave"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/")


def test_a_refused_message_can_be_dealt_with_by_keyboard(page_for, server):
    page = page_for("Alice", server)
    enter(page, "Alice")
    say(page, "ring \u0007")
    discard = page.get_by_role("button", name="Discard")
    expect(discard).to_be_visible()
    tab_to(page, discard, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(messages(page)).to_have_count(0)
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_a_refused_message_can_be_copied_by_keyboard_and_the_button_says_so(page_for, server):
    page = page_for("Alice", server, permissions=["clipboard-read", "clipboard-write"])
    enter(page, "Alice")
    say(page, "ring \u0007")
    copy = page.get_by_role("button", name="Copy", exact=True)
    expect(copy).to_be_visible()
    tab_to(page, copy, "Shift+Tab")
    page.keyboard.press("Enter")
    copied = page.get_by_role("button", name="Copied", exact=True)
    expect(copied).to_be_focused()
    expect(page.locator("[data-announce]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "ring \u0007"
    expect(messages(page)).to_have_count(1)


def test_what_came_meanwhile_can_be_read_by_keyboard(page_for, person, server):
    page_for.allow(LOST)
    page = page_for("Alice", server)
    bob = person("Bob", server)
    code = bob.enter()
    enter(page, "Alice", code)
    with away(page):
        write_down(server, code, [f"missed {number}" for number in range(1, 1151)])
    show = page.get_by_role("button", name="Show", exact=True)
    expect(show).to_be_visible()
    tab_to(page, show, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_be_focused()
    more = page.get_by_role("button", name="Show the next 100")
    tab_to(page, more)
    page.keyboard.press("Enter")
    expect(messages(page)).to_have_count(150)
    expect(more).to_be_focused()


def test_the_log_is_a_polite_log_and_the_state_of_the_line_a_status(page_for, person, server):
    page = page_for("Alice", server)
    code = enter(page, "Alice")
    log = page.get_by_role("log", name="Messages")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log).to_have_attribute("aria-relevant", "additions")
    expect(status(page)).to_have_role("status")
    bob = person("Bob", server)
    bob.enter(code)
    expect(log).to_contain_text("Bob joined")  # told a moment after; a message is told at once
    bob.send("Hello")
    expect(log).to_match_aria_snapshot("""
      - log "Messages":
        - list:
          - listitem: Bob joined
          - listitem:
            - paragraph: Today
            - paragraph: Bob
            - paragraph: Hello
            - time
    """)


def test_earlier_messages_are_not_read_out(page_for, person, server):
    bob = person("Bob", server)
    code = bob.enter()
    for number in range(70):
        bob.send(str(number))
    page = page_for("Alice", server)
    enter(page, "Alice", code)
    log = page.get_by_role("log")
    log.evaluate("""log => {
      window.aloud = 0;
      const watch = () => { window.aloud += log.ariaLive !== "off" };
      new MutationObserver(watch).observe(log.querySelector(".messages"), {childList: true});
    }""")
    log.evaluate("log => log.scrollTop = 0")
    expect(messages(page)).to_have_count(70)
    expect(log).to_have_attribute("aria-live", "polite")
    assert page.evaluate("window.aloud") == 0


def test_nothing_moves_for_those_who_ask_for_that(page_for, server):
    page = page_for("Alice", server, reduced_motion="reduce", viewport=IPHONE)
    page.goto("/")
    assert page.evaluate(MOVING) == []
    enter(page, "Alice")
    say(page, "Hello")
    page.get_by_role("button", name="here, show who").click()
    assert page.evaluate(MOVING) == []
    wait_until(page, "!document.getAnimations().some(one => one.playState === 'running')")


def test_for_others_the_people_slide_in(page_for, server):
    page = page_for("Alice", server, viewport=IPHONE)
    enter(page, "Alice")
    page.get_by_role("button", name="here, show who").click()
    assert any("people" in element for element in page.evaluate(MOVING))
