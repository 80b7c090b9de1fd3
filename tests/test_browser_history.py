"""The page with what one wrote."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.support.talk import (
    add_cookies,
    arrive,
    date_back,
    enter,
    let_in,
    messages,
    write_down,
)


@pytest.fixture
def page(page_for, server):
    return page_for("Alice", server)


@pytest.fixture
def code(alice):
    return alice.enter()


def headings(page):
    """The groups' headings: day and room."""
    return [
        " ".join(text.split()).replace(" in room", "")
        for text in page.locator(".group h2").all_inner_texts()
    ]


def search(page, words):
    page.get_by_label("Search what you wrote").fill(words)
    page.get_by_label("Search what you wrote").press("Enter")


def test_it_shows_mine_only(alice, code, page, person, server):
    bob = person("Bob", server)
    bob.enter(code)
    alice.send("mine")
    bob.send("his")
    let_in(page, alice, code)
    page.goto("/")
    page.get_by_role("link", name="What you wrote").click()
    expect(messages(page)).to_have_text(["mine"])


def test_whoever_wrote_nothing_is_told_so(page):
    page.goto("/history")
    expect(page.get_by_text("You haven't written anything yet.")).to_be_visible()
    page.get_by_role("link", name="Find a room").click()
    expect(page.get_by_label("Your name")).to_be_visible()


def test_it_is_grouped_by_day_and_room_in_the_readers_zone(alice, code, server, page_for):
    zone = ZoneInfo("Pacific/Auckland")
    noon = datetime.now(zone).replace(hour=0, minute=0, second=5)
    alice.send("the day before")
    alice.send("just after midnight")
    date_back(server, code, [noon - timedelta(seconds=10), noon])
    other = alice.enter()
    alice.send("elsewhere")
    date_back(server, other, [noon])
    page = page_for("Alice", server, timezone_id=str(zone))
    let_in(page, alice, code)
    page.goto("/history")
    expect(messages(page)).to_have_text(["elsewhere", "just after midnight", "the day before"])
    assert headings(page) == [f"Today {other}", f"Today {code}", f"Yesterday {code}"]
    expect(page.locator(".group time").last).to_have_text("23:59")
    page.get_by_role("link", name=f"in room {other}").click()
    assert arrive(page) == other


def test_a_search_finds_parts_of_words_in_either_case(alice, code, page):
    for text in ("Tea at five?", "100% cotton", "100 per cent", "ΚΑΛΗΜΕΡΑ"):
        alice.send(text)
    let_in(page, alice, code)
    page.goto("/history")
    for words, found in {
        "TEA": ["Tea at five?"],
        "100%": ["100% cotton"],
        "cent": ["100 per cent"],
        " per ": ["100 per cent"],
    }.items():
        search(page, words)
        expect(messages(page)).to_have_text(found)
    search(page, "<b>gone</b>")
    expect(page.get_by_text("Nothing you wrote has <b>gone</b> in it.")).to_be_visible()
    expect(page.get_by_label("Search what you wrote")).to_have_value("<b>gone</b>")
    page.get_by_role("link", name="Show everything").click()
    expect(messages(page)).to_have_count(4)


def test_it_comes_in_pages_and_a_search_too(alice, code, page):
    for number in range(1, 121):
        alice.send(f"number {number}" if number % 2 else f"{number}")
    let_in(page, alice, code)
    page.goto("/history")
    seen = messages(page).all_text_contents()
    for _ in range(2):
        page.get_by_role("link", name="Older messages").click()
        seen += messages(page).all_text_contents()
    expect(page.get_by_role("link", name="Older messages")).to_have_count(0)
    assert [int(text.split()[-1]) for text in seen] == list(range(120, 0, -1))
    search(page, "number")
    expect(messages(page)).to_have_count(50)
    page.get_by_role("link", name="Older messages").click()
    expect(messages(page)).to_have_text([f"number {n}" for n in range(19, 0, -2)])
    expect(page.get_by_label("Search what you wrote")).to_have_value("number")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_search_says_how_far_it_looked_and_goes_on(alice, server, page_for, script):
    code = alice.create()
    texts = ["a pear long ago", *["apple"] * 2500, "a pear"]
    write_down(server, code, texts)
    page = page_for("Alice", server, java_script_enabled=script)
    add_cookies(page, alice)
    page.goto("/history?q=pear")
    expect(messages(page)).to_have_text(["a pear"])
    expect(page.get_by_text("Looked back to 3 May 2026, 14:05.")).to_be_visible()
    page.get_by_role("link", name="Look further back").click()
    expect(messages(page)).to_have_text(["a pear", "a pear long ago"])
    expect(page.get_by_text("That was everything you wrote.")).to_be_in_viewport()
    expect(page.get_by_label("Search what you wrote")).to_have_value("pear")


def test_a_closed_room_is_marked_and_no_longer_a_link(start_server, page_for):
    alice = page_for("Alice", start_server(ROOM_GRACE=0.2, LEAVE_GRACE=0))
    code = enter(alice, "Alice")
    alice.get_by_label("Message", exact=True).fill("last words")
    alice.keyboard.press("Enter")
    expect(alice.locator("[data-mine]:not([data-state])")).to_have_count(1)
    alice.goto("/history")
    expect(messages(alice)).to_have_text(["last words"])
    while "closed" not in alice.locator(".group h2").inner_text():
        alice.wait_for_timeout(100)
        alice.reload()
    expect(alice.locator(".group h2")).to_contain_text(code)
    expect(alice.locator(".group").get_by_role("link")).to_have_count(0)
    expect(messages(alice)).to_have_text(["last words"])


def test_it_is_nobody_elses(alice, code, page_for, server):
    alice.send("a secret")
    stranger = page_for("Bob", server)
    stranger.goto("/history?q=secret")
    expect(messages(stranger)).to_have_count(0)
    enter(stranger, "Bob", code)
    stranger.goto("/history")
    expect(messages(stranger)).to_have_count(0)


def test_the_day_is_that_of_the_reader_even_for_old_messages(alice, code, server, page):
    alice.send("long ago")
    date_back(server, code, [datetime(2024, 2, 29, 12, 0, tzinfo=UTC)])
    let_in(page, alice, code)
    page.goto("/history")
    assert headings(page) == [f"Thursday, 29 February 2024 {code}"]
