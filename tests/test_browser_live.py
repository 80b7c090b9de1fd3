"""Who is here and who types, as a room shows it while it happens."""

import time

import pytest
from playwright.sync_api import expect

from tests.support.talk import (
    BACK,
    LOST,
    arrive,
    enter,
    field,
    message,
    messages,
    notes,
    say,
    status,
    write,
)


@pytest.fixture
def alice(page_for, server):
    return page_for("Alice", server)


@pytest.fixture
def code(alice):
    """A room that Alice has open in her browser."""
    return enter(alice, "Alice")


def expect_people(page, *names, in_order=True):
    """Those are in the list, and counted."""
    people = page.locator(".people-list .person-name")
    if in_order:
        expect(people).to_have_text(list(names))
    else:
        expect(people).to_have_count(len(names))
        assert sorted(people.all_inner_texts()) == sorted(names)
    for count in page.locator("[data-count]").all():
        expect(count).to_have_text(str(len(names)))


def typing(page):
    return page.locator(".typing")


def test_everybody_is_listed_counted_and_announced(alice, code, page_for, person, server):
    expect_people(alice, "Alice")
    expect(alice.locator(".person", has_text="Alice")).to_contain_text("you")
    bob = page_for("Bob", server)
    enter(bob, "Bob", code)
    expect_people(alice, "Alice", "Bob")
    expect(notes(alice)).to_have_text(["Bob joined"])
    person("Charlie", server).enter(code)
    expect_people(alice, "Alice", "Bob", "Charlie")
    expect_people(bob, "Alice", "Bob", "Charlie")
    expect(notes(alice)).to_have_text(["Bob joined", "Charlie joined"])
    expect(notes(bob)).to_have_text(["Charlie joined"])


def test_tabs_and_reloads_are_no_news_people_are(alice, code, page_for, person, server):
    bob = page_for("Bob", server)
    enter(bob, "Bob", code)
    second_tab = bob.context.new_page()
    second_tab.goto(f"/room/{code}")
    arrive(second_tab)
    expect_people(alice, "Alice", "Bob")
    second_tab.close()
    bob.reload()
    arrive(bob)
    # Charlie goes after Bob's second tab: were that one missed, Alice would be told first.
    charlie = person("Charlie", server)
    charlie.enter(code)
    charlie.close()
    expect(notes(alice)).to_have_text(["Bob joined", "Charlie joined", "Charlie left"])
    expect_people(alice, "Alice", "Bob")
    bob.close()
    expect(notes(alice).last).to_have_text("Bob left")
    expect_people(alice, "Alice")


def test_leaving_takes_effect_at_once(start_server, page_for):
    server = start_server(LEAVE_GRACE=60)
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    code = enter(alice, "Alice")
    enter(bob, "Bob", code)
    bob.get_by_role("button", name="Leave").click()
    expect(bob).to_have_url(f"{server.url}/")
    expect(notes(alice)).to_have_text(["Bob joined", "Bob left"])
    expect_people(alice, "Alice")
    expect(bob.get_by_text(code)).to_have_count(0)
    bob.goto(f"/room/{code}")
    expect(bob.get_by_role("heading", name=f"Join {code}")).to_be_visible()


def test_the_typing_line_names_one_or_two_and_no_more(alice, code, person, server):
    bob, charlie, dora = (person(name, server) for name in ("Bob", "Charlie", "Dora"))
    for one in (bob, charlie, dora):
        one.enter(code)
    bob.tab.emit("typing", {"is_typing": True})
    expect(typing(alice)).to_have_text("Bob is typing")
    charlie.tab.emit("typing", {"is_typing": True})
    expect(typing(alice)).to_have_text("Bob and Charlie are typing")
    dora.tab.emit("typing", {"is_typing": True})
    expect(typing(alice)).to_have_text("Several people are typing")
    for one in (bob, charlie, dora):
        one.tab.emit("typing", {"is_typing": False})
    expect(typing(alice)).to_be_empty()


@pytest.fixture
def bob(alice, code, page_for, server):
    """Bob in his browser, beside Alice."""
    page = page_for("Bob", server)
    enter(page, "Bob", code)
    return page


def test_the_typing_line_goes_a_second_after_the_last_key(alice, bob):
    write(bob, "Well")
    expect(typing(alice)).to_have_text("Bob is typing")
    expect(typing(bob)).to_be_empty()
    last_key = time.monotonic()
    field(bob).press("!")
    expect(typing(alice)).to_be_empty(timeout=2_500)
    assert 0.5 < time.monotonic() - last_key < 2.5
    expect(field(bob)).to_have_value("Well!")


def test_the_typing_line_stays_as_long_as_somebody_types(alice, bob):
    field(bob).press_sequentially("a")
    expect(typing(alice)).to_have_text("Bob is typing")
    alice.evaluate(
        "new MutationObserver(() => (window.gaps = (window.gaps ?? 0) +"
        " !document.querySelector('.typing').textContent))"
        ".observe(document.querySelector('.typing'), {childList: true})"
    )
    field(bob).press_sequentially("good idea", delay=400)
    assert not alice.evaluate("window.gaps")


def test_sending_ends_the_typing_line(alice, bob):
    write(bob, "Done")
    expect(typing(alice)).to_have_text("Bob is typing")
    field(bob).press("Enter")
    expect(typing(alice)).to_be_empty(timeout=900)
    expect(messages(alice)).to_have_text(["Done"])


def test_the_typing_line_outlives_no_tab(alice, bob):
    write(bob, "I was just about to")
    expect(typing(alice)).to_have_text("Bob is typing")
    bob.close()
    expect(typing(alice)).to_be_empty()


def test_the_typing_line_outlives_no_connection(start_server, page_for):
    page_for.allow(r"ERR_CONNECTION_REFUSED|WebSocket connection to")
    server = start_server()
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    enter(bob, "Bob", enter(alice, "Alice"))
    write(bob, "I was just about to")
    expect(typing(alice)).to_have_text("Bob is typing")
    server.kill()
    expect(typing(alice)).to_be_empty()
    expect(status(alice)).to_contain_text("Reconnecting")


def test_people_come_in_while_one_reads_and_writes(alice, code, page_for, server):
    say(alice, "First")
    write(alice, "Half a thou")
    bob = page_for("Bob", server)
    enter(bob, "Bob", code)
    say(bob, "Hello")
    expect(messages(alice)).to_have_text(["First", "Hello"])
    expect(field(alice)).to_have_value("Half a thou")
    expect(field(alice)).to_be_focused()


def test_a_restart_of_the_server_is_no_news(page_for, start_server):
    """Nobody left: whoever comes back a moment later than the others has not joined."""
    server = start_server()
    page_for.allow(LOST)
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    code = enter(alice, "Alice")
    enter(bob, "Bob", code)
    expect(notes(alice)).to_have_text(["Bob joined"])
    server.restart()
    for page in (alice, bob):
        expect(status(page)).to_have_text("Connected", timeout=BACK)
        expect_people(page, "Alice", "Bob", in_order=False)
    expect(notes(alice)).to_have_text(["Bob joined"])
    expect(notes(bob)).to_have_count(0)


def test_another_name_is_everywhere_at_once(alice, code, page_for, server):
    bob = page_for("Bob", server)
    enter(bob, "Bob", code)
    say(bob, "said as Bob")
    expect(messages(alice)).to_have_text(["said as Bob"])
    second_tab = bob.context.new_page()
    enter(second_tab, "Robert", code)
    expect(notes(alice)).to_have_text(["Bob joined", "Bob left", "Robert joined"])
    for page in (alice, bob, second_tab):
        expect_people(page, "Alice", "Robert", in_order=False)
        expect(message(page, "said as Bob").locator("bdi")).to_have_text("Robert")
    expect(bob.locator(".person", has_text="Robert")).to_contain_text("you")
