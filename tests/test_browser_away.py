"""Back after a while: how many messages came, and where reading stopped."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.sockets import Wire
from tests.support.talk import (
    BACK,
    IPHONE,
    LOST,
    arrive,
    away,
    let_in,
    message,
    messages,
    say,
    wait_until,
)

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""As when another tab comes to the front; Chromium without a screen shows all of them."""


WATCH_BAR = """() => {
  window.told = [];
  const words = document.querySelector(".away [role=status]");
  new MutationObserver(() => window.told.push(words.textContent))
    .observe(words, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture
def page(page_for, alice, code, server):
    page_for.allow(LOST)
    page = page_for("Alice", server, viewport=IPHONE, reduced_motion="reduce")
    let_in(page, alice, code)
    return page


@pytest.fixture
def wire(page):
    """Between the page, loaded once more, and its socket."""
    wire = Wire(page)
    page.reload()
    arrive(page)
    return wire


def speak(person, count, text="{}"):
    for number in range(1, count + 1):
        assert person.send(text.format(number))["ok"]


def read(page, person, count):
    """Somebody says so many things, and the page shows them."""
    speak(person, count, "read {}")
    expect(messages(page)).to_have_count(count)


def bar(page):
    return page.get_by_role("status").filter(has_text="while you were away")


def line(page):
    return page.locator(".since")


def show(page):
    return page.get_by_role("button", name="Show", exact=True)


def text_after_line(page):
    """What the first message after the line says."""
    return page.locator(".since + .message .message-text").text_content()


def test_whoever_comes_back_is_told_how_many_came_and_led_to_the_first(page, bob):
    read(page, bob, 20)
    with away(page):
        speak(bob, 53, "missed {}")
    expect(bar(page)).to_have_text("You're up to date: 53 messages while you were away")
    expect(message(page, "missed 53")).to_be_in_viewport()
    expect(line(page)).to_have_text("New since you left")
    assert text_after_line(page) == "missed 1"
    expect(line(page)).not_to_be_in_viewport()
    show(page).click()
    expect(line(page)).to_be_in_viewport()
    expect(message(page, "missed 1")).to_be_in_viewport()
    expect(page.get_by_role("log")).to_be_focused()
    expect(show(page)).to_be_hidden()
    expect(bar(page)).to_have_count(0, timeout=8_000)
    expect(line(page)).to_have_count(1)


def test_where_all_that_came_is_in_sight_nothing_has_to_be_shown(page, bob):
    read(page, bob, 1)
    with away(page):
        speak(bob, 1, "missed")
    expect(bar(page)).to_have_text("You're up to date: 1 message while you were away")
    expect(line(page)).to_be_in_viewport()
    expect(show(page)).to_be_hidden()
    expect(bar(page)).to_have_count(0, timeout=8_000)


def test_whoever_missed_nothing_is_told_nothing(page, bob):
    read(page, bob, 1)
    with away(page):
        say(page, "mine")
    expect(message(page, "mine").locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    speak(bob, 1, "live")
    expect(message(page, "live")).to_be_visible()
    expect(bar(page)).to_have_count(0)
    expect(line(page)).to_have_count(0)


def test_one_s_own_messages_from_elsewhere_do_not_count(page, alice, bob):
    with away(page):
        alice.send("from my phone")
        speak(bob, 2, "missed {}")
    expect(bar(page)).to_contain_text("2 messages")
    assert text_after_line(page) == "missed 1"


def test_more_than_comes_with_the_join_is_counted_once_it_is_all_there(page, bob):
    read(page, bob, 1)
    with away(page):
        speak(bob, 230, "missed {}")
    expect(bar(page)).to_contain_text("230 messages", timeout=10_000)
    expect(messages(page)).to_have_count(231)
    assert text_after_line(page) == "missed 1"


def test_the_line_moves_when_one_is_away_again(page, bob):
    with away(page):
        speak(bob, 1, "first absence")
    expect(line(page)).to_be_in_viewport()
    expect(show(page)).to_be_hidden()
    speak(bob, 1, "live")
    with away(page):
        speak(bob, 2, "second absence {}")
    expect(bar(page)).to_contain_text("2 messages")
    expect(line(page)).to_have_count(1)
    assert text_after_line(page) == "second absence 1"
    faces = [one.locator(".avatar").is_visible() for one in page.locator(".message").all()]
    assert faces == [True, False, True, False]  # whoever goes on after the line is named anew


def test_whoever_has_not_looked_yet_was_away_all_the_time(page, bob):
    read(page, bob, 1)
    with away(page):
        speak(bob, 30, "first {}")
    expect(show(page)).to_be_visible()
    with away(page):
        speak(bob, 5, "second {}")
    expect(bar(page)).to_have_text("You're up to date: 35 messages while you were away")
    expect(line(page)).to_have_count(1)
    assert text_after_line(page) == "first 1"


def test_a_page_out_of_sight_is_away_too(page, bob):
    read(page, bob, 1)
    page.evaluate(HIDE, True)
    speak(bob, 3, "unseen {}")
    expect(messages(page)).to_have_count(4)
    expect(bar(page)).to_have_count(0)
    page.evaluate(HIDE, False)
    expect(bar(page)).to_contain_text("3 messages")
    assert text_after_line(page) == "unseen 1"


def test_what_has_not_been_seen_stays_while_the_page_is_out_of_sight(page, bob):
    page.clock.install()
    read(page, bob, 1)
    with away(page):
        speak(bob, 30, "missed {}")
    expect(show(page)).to_be_visible()
    page.evaluate(HIDE, True)
    page.clock.run_for(60_000)
    page.evaluate(HIDE, False)
    page.clock.run_for(1_000)
    expect(bar(page)).to_have_text("You're up to date: 30 messages while you were away")
    expect(show(page)).to_be_visible()
    for _ in range(20):  # it counts from when it has heard that the line is alive
        page.clock.run_for(21_000)
        page.wait_for_timeout(100)
        if not bar(page).count():
            break
    expect(bar(page)).to_have_count(0)


def test_what_came_over_a_line_that_was_dead_is_told_once_it_is_all_there(page, wire, bob):
    page.evaluate(HIDE, True)
    speak(bob, 2, "heard {}")
    expect(messages(page)).to_have_count(2)
    wire.go_silent()
    speak(bob, 3, "missed {}")
    page.evaluate(WATCH_BAR)
    page.evaluate(HIDE, False)
    expect(messages(page)).to_have_count(5, timeout=BACK)
    expect(bar(page)).to_be_visible()
    assert page.evaluate("window.told") == ["You're up to date: 5 messages while you were away"]
    assert text_after_line(page) == "heard 1"


def test_a_page_that_never_was_out_of_sight_tells_of_a_dead_line_too(page, wire, bob):
    wire.go_silent()
    speak(bob, 3, "missed {}")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(messages(page)).to_have_count(3, timeout=BACK)
    expect(bar(page)).to_have_text("You're up to date: 3 messages while you were away")


def test_up_to_date_is_not_said_where_nobody_knows(page, wire, bob):
    page.evaluate(HIDE, True)
    wire.lose("lost|sync")
    speak(bob, 1, "lost {}")
    speak(bob, 2, "heard {}")
    expect(messages(page)).to_have_count(2)
    page.evaluate(HIDE, False)
    expect(bar(page)).to_have_text("2 messages while you were away", timeout=BACK)


def test_what_came_meanwhile_is_not_read_out_but_counted_aloud_once(page, bob):
    page.evaluate("""() => {
      window.aloud = 0;
      const log = document.querySelector(".log");
      new MutationObserver(() => { window.aloud += log.ariaLive !== "off" })
        .observe(log.querySelector(".messages"), { childList: true });
    }""")
    page.evaluate(WATCH_BAR)
    with away(page):
        speak(bob, 5)
    expect(bar(page)).to_be_visible()
    assert page.evaluate("[window.aloud, window.told]") == [
        0, ["You're up to date: 5 messages while you were away"]
    ]  # fmt: skip
    wait_until(page, "document.querySelector('.log').ariaLive === 'polite'")
    speak(bob, 1, "live")
    expect(message(page, "live")).to_be_visible()
    assert page.evaluate("window.aloud") == 1
