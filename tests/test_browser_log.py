"""The list of messages: days, groups, times, links, and where the reader stands in it."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.support.talk import (
    IPHONE,
    arrive,
    date_back,
    let_in,
    message,
    messages,
    say,
    texts,
    wait_until,
)

ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

AT_END = """() => {
  const log = document.querySelector(".log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 2;
}"""


def speak(person, count, text="{}"):
    for number in range(1, count + 1):
        assert person.send(text.format(number))["ok"]


def days(page):
    return page.locator(".message-day:visible").all_text_contents()


def in_words(day, today):
    words = f"{day:%A}, {day.day} {day:%B}"
    return words if day.year == today.year else f"{words} {day.year}"


def wait_for_end(page):
    wait_until(page, AT_END)


def scroll_to(page, top):
    page.locator(".log").evaluate("(log, top) => log.scrollTop = top", top)


def test_every_day_begins_with_a_line_in_the_readers_zone(alice, code, server, page_for):
    zone = ZoneInfo("Pacific/Auckland")
    today = datetime.now(zone).replace(hour=0, minute=0, second=5)
    moments = [today - timedelta(days=back) for back in (400, 40, 1)]
    moments += [today - timedelta(seconds=10), today]
    speak(alice, len(moments))
    date_back(server, code, moments)
    page = page_for("Alice", server, timezone_id=str(zone))
    let_in(page, alice, code)
    expected = [in_words(day, today) for day in moments[:2]] + ["Yesterday", "Today"]
    assert days(page) == expected
    alice.send("live")
    expect(messages(page)).to_have_count(len(moments) + 1)
    assert days(page) == expected
    page.reload()
    assert days(page) == expected


def test_each_reader_sees_the_time_of_their_own_zone(alice, bob, code, server, page_for):
    alice.send("at one moment")
    moment = datetime(2026, 1, 5, 15, 30, tzinfo=UTC)
    date_back(server, code, [moment])
    for person, zone in {alice: "Asia/Tokyo", bob: "America/New_York"}.items():
        page = page_for(person.name, server, timezone_id=zone)
        let_in(page, person, code)
        local = moment.astimezone(ZoneInfo(zone))
        stamp = message(page, "at one moment").locator("time")
        expect(stamp).to_have_text(f"{local:%H:%M}")
        expect(stamp).to_have_attribute("datetime", "2026-01-05T15:30:00.000Z")
        page.goto(f"/room/{code}?before=2")
        expect(stamp).to_have_text(f"{local:%H:%M}")
        assert days(page) == [in_words(local, datetime.now(ZoneInfo(zone)))]


def test_a_live_message_has_its_time_in_the_readers_zone(alice, bob, code, server, page_for):
    zone = ZoneInfo("Asia/Kathmandu")
    page = page_for("Alice", server, timezone_id=str(zone))
    let_in(page, alice, code)
    sent = datetime.fromisoformat(bob.send("now")["timestamp"])
    stamp = message(page, "now").locator("time")
    expect(stamp).to_have_attribute("datetime", ISO)
    expect(stamp).to_have_text(f"{sent.astimezone(zone):%H:%M}")


def test_messages_of_one_person_within_five_minutes_stand_together(
    alice, bob, code, server, page_for
):
    start = datetime.now(UTC) - timedelta(hours=1)
    speak(bob, 3)
    alice.send("4")
    speak(bob, 1, "5")
    after = [timedelta(0), timedelta(minutes=5), timedelta(minutes=10, seconds=1)]
    date_back(server, code, [start + later for later in [*after, after[-1], after[-1]]])
    page = page_for("Alice", server)
    let_in(page, alice, code)

    def faces():
        return [line.locator(".avatar").is_visible() for line in page.locator(".message").all()]

    assert faces() == [True, False, True, False, True]  # the fourth is Alice's own
    speak(bob, 2, "live {}")
    expect(messages(page)).to_have_count(7)
    assert faces() == [True, False, True, False, True, True, False]
    page.reload()
    arrive(page)
    assert faces() == [True, False, True, False, True, True, False]


def test_links_are_links_and_nothing_else_is(alice, bob, code, server, page_for):
    page = page_for("Alice", server)
    let_in(page, alice, code)
    text = "(see https://example.org/a?b=1&c=2#d). javascript:alert(1) HTTP://x.test/ä!"
    bob.send(text)
    expect(messages(page)).to_have_text([text])
    for _ in ("live", "from the page"):
        links = messages(page).get_by_role("link")
        expect(links).to_have_text(["https://example.org/a?b=1&c=2#d", "HTTP://x.test/ä"])
        for link in links.all():
            expect(link).to_have_attribute("href", link.text_content())
            expect(link).to_have_attribute("target", "_blank")
            expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
        page.reload()


def test_whoever_reads_at_the_end_stays_there(alice, bob, code, server, page_for):
    speak(bob, 30)
    page = page_for("Alice", server, viewport=IPHONE)
    let_in(page, alice, code)
    assert page.evaluate(AT_END)
    speak(bob, 5, "news\n{}")
    expect(messages(page)).to_have_count(35)
    wait_for_end(page)
    expect(page.locator(".jump")).to_be_hidden()


def test_whoever_reads_above_is_told_how_many_came(alice, bob, code, server, page_for):
    speak(bob, 30)
    page = page_for("Alice", server, viewport=IPHONE)
    let_in(page, alice, code)
    scroll_to(page, 300)
    place = message(page, "10").bounding_box()
    jump = page.locator(".jump")
    speak(bob, 1, "one more")
    expect(jump).to_have_text("1 new message")
    speak(bob, 2, "and {}")
    expect(jump).to_have_text("3 new messages")
    assert message(page, "10").bounding_box() == place
    jump.click()
    wait_for_end(page)
    expect(jump).to_be_hidden()
    expect(page.get_by_role("log")).to_be_focused()
    speak(bob, 1, "seen")
    expect(messages(page)).to_have_count(34)
    wait_for_end(page)


def test_whoever_scrolls_away_the_moment_a_message_comes_is_not_pulled_back(
    alice, bob, code, server, page_for
):
    """As when a busy page hears of the message before it hears of the scrolling."""
    speak(bob, 30)
    page = page_for("Alice", server, viewport=IPHONE)
    let_in(page, alice, code)
    page.evaluate(
        """window.addEventListener("scroll", (event) => event.stopImmediatePropagation(),
          { capture: true, once: true })"""
    )
    scroll_to(page, 300)
    speak(bob, 1, "unseen")
    expect(page.locator(".jump")).to_be_visible()


def test_ones_own_message_leads_to_the_end(alice, bob, code, server, page_for):
    speak(bob, 30)
    page = page_for("Alice", server, viewport=IPHONE)
    let_in(page, alice, code)
    scroll_to(page, 300)
    speak(bob, 1, "unseen")
    expect(page.locator(".jump")).to_be_visible()
    say(page, "Here I am")
    wait_for_end(page)
    expect(page.locator(".jump")).to_be_hidden()


def test_older_messages_come_as_one_scrolls_up_and_the_place_is_kept(
    alice, bob, code, server, page_for
):
    speak(bob, 120)
    page = page_for("Alice", server, viewport=IPHONE)
    let_in(page, alice, code)
    expect(messages(page)).to_have_count(50)
    scroll_to(page, 390)
    place = message(page, "80").bounding_box()
    expect(messages(page)).to_have_count(100)
    assert message(page, "80").bounding_box() == pytest.approx(place, abs=2)
    page.get_by_role("link", name="Earlier messages").click()
    expect(messages(page)).to_have_count(120)
    expect(page.get_by_role("link", name="Earlier messages")).to_be_hidden()
    assert texts(page) == [str(number) for number in range(1, 121)]
