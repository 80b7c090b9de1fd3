"""After a very long absence: the latest page, and a gap that is shown when it is wanted."""

import pytest
from playwright.sync_api import expect

from tests.support.sockets import Wire
from tests.support.talk import (
    BACK,
    LOST,
    add_cookies,
    arrive,
    away,
    let_in,
    message,
    messages,
    say,
    texts,
    wait_until_back,
    write_down,
)


@pytest.fixture
def page(page_for, server):
    page_for.allow(LOST)
    return page_for("Alice", server, reduced_motion="reduce")


@pytest.fixture
def code(page, person, server):
    """Bob's room, in which he has said 1, 2 and 3; Alice has it open."""
    alice, bob = person("Alice", server), person("Bob", server)
    code = bob.create()
    write_down(server, code, numbers(1, 3))
    alice.join(code)
    let_in(page, alice, code)
    return code


def numbers(first, last):
    return [str(number) for number in range(first, last + 1)]


def gap(page):
    return page.locator(".gap")


def next_ones(page, index=0):
    return gap(page).nth(index).get_by_role("button")


def test_a_long_absence_leads_to_the_latest_page_with_a_line_for_what_is_not_shown(
    page, code, server
):
    with away(page):
        write_down(server, code, numbers(4, 1287))
    expect(gap(page)).to_have_text("1,234 messages not shown Show the next 100")
    expect(messages(page)).to_have_text(numbers(1, 3) + numbers(1238, 1287))
    expect(message(page, "1287")).to_be_in_viewport()
    expect(page.get_by_role("status").filter(has_text="away")).to_have_text(
        "1,284 messages while you were away"
    )
    expect(page.locator(".since + .gap")).to_have_count(1)
    expect(page.locator(".message:has(+ .since) .message-text")).to_have_text("3")


def test_the_gap_is_shown_from_its_beginning_and_the_reader_s_place_is_kept(page, code, server):
    with away(page):
        write_down(server, code, numbers(4, 1100))
    page.get_by_role("button", name="Show", exact=True).click()
    place = message(page, "3").bounding_box()
    next_ones(page).click()
    expect(messages(page)).to_have_count(153)
    expect(message(page, "4")).to_be_in_viewport()
    assert message(page, "3").bounding_box() == place
    assert texts(page) == numbers(1, 103) + numbers(1051, 1100)
    expect(gap(page)).to_contain_text("947 messages not shown")
    shown = page.locator(".message:has(+ .gap) .message-text")
    expect(shown).to_have_text("103")


def test_whoever_has_gone_on_reading_below_the_gap_meanwhile_stays_there(page, code, server):
    with away(page):
        write_down(server, code, numbers(4, 1100))
    held = []
    page.route("**/messages?after=*", lambda route: held.append(route))
    with page.expect_request("**/messages?after=*"):
        next_ones(page).click()
    page.get_by_role("log").evaluate("(log) => log.scrollTo(0, log.scrollHeight)")
    expect(message(page, "1100")).to_be_in_viewport()
    place = message(page, "1100").bounding_box()
    held[0].continue_()
    expect(gap(page)).to_contain_text("947 messages not shown")
    assert abs(message(page, "1100").bounding_box()["y"] - place["y"]) < 1


def test_the_line_is_gone_when_the_gap_is_closed(page, code, server):
    with away(page):
        write_down(server, code, numbers(4, 1010))
    for left in (857, 757, 657, 557, 457, 357, 257, 157, 57):
        next_ones(page).press("Enter")
        expect(gap(page)).to_contain_text(f"{left} message")
    expect(next_ones(page)).to_have_text("Show the next 57")
    next_ones(page).press("Enter")
    expect(gap(page)).to_have_count(0)
    expect(page.get_by_role("log")).to_be_focused()
    assert texts(page) == numbers(1, 1010)


def test_a_second_long_absence_leaves_a_second_gap(page, code, server):
    with away(page):
        write_down(server, code, numbers(4, 1100))
    expect(gap(page)).to_have_count(1)
    with away(page):
        write_down(server, code, numbers(1101, 2300))
    expect(gap(page)).to_have_count(2)
    expect(messages(page)).to_have_text(numbers(1, 3) + numbers(1051, 1100) + numbers(2251, 2300))
    next_ones(page, 1).click()
    expect(messages(page)).to_have_count(203)
    next_ones(page, 0).click()
    expect(messages(page)).to_have_count(303)
    assert texts(page) == (numbers(1, 103) + numbers(1051, 1200) + numbers(2251, 2300))
    expect(gap(page)).to_contain_text(["947 messages not shown", "1,050 messages not shown"])


def test_what_is_said_live_comes_after_the_gap(page, code, server):
    with away(page):
        write_down(server, code, numbers(4, 1100))
    say(page, "Here I am")
    expect(page.locator("[data-state]")).to_have_count(0)
    next_ones(page).click()
    expect(messages(page)).to_have_count(154)
    assert texts(page) == numbers(1, 103) + numbers(1051, 1100) + ["Here I am"]


def test_earlier_messages_go_on_above_a_gap(page, person, server):
    alice, bob = person("Alice", server), person("Bob", server)
    code = bob.create()
    write_down(server, code, numbers(1, 80))
    alice.join(code)
    let_in(page, alice, code)
    expect(messages(page)).to_have_count(50)
    with away(page):
        write_down(server, code, numbers(81, 1200))
    expect(gap(page)).to_have_count(1)
    page.get_by_role("log").evaluate("(log) => log.scrollTo(0, 0)")
    expect(messages(page)).to_have_count(130)
    assert texts(page) == numbers(1, 80) + numbers(1151, 1200)


def test_a_gap_that_does_not_come_says_so_and_can_be_asked_for_again(page, page_for, code, server):
    page_for.allow("ERR_FAILED")
    with away(page):
        write_down(server, code, numbers(4, 1100))
    page.route("**/messages?after=*", lambda route: route.abort())
    next_ones(page).click()
    expect(gap(page)).to_have_text("These messages didn't come Try again")
    page.unroute("**/messages?after=*")
    next_ones(page).click()
    expect(messages(page)).to_have_count(153)
    expect(gap(page)).to_contain_text("947 messages not shown")


def test_one_s_own_message_in_the_gap_is_there_once_and_at_its_place(page, person, server):
    """Stored, but neither its acknowledgement nor the message itself came through."""
    wire = Wire(page)
    alice, bob = person("Alice", server), person("Bob", server)
    code = bob.create()
    write_down(server, code, numbers(1, 3))
    alice.join(code)
    add_cookies(page, alice)
    page.goto(f"/room/{code}")
    arrive(page)
    wire.lose(r"^43|^42\[\"message\",{\"seq")
    say(page, "in between")
    wire.wait_until_lost(2)
    page.context.set_offline(True)
    write_down(server, code, numbers(5, 1100))
    wire.cut()
    page.context.set_offline(False)
    wait_until_back(page)
    expect(page.locator("[data-state]")).to_have_count(0, timeout=BACK)
    expect(messages(page)).to_have_text([*numbers(1, 3), "in between", *numbers(1051, 1100)])
    next_ones(page).click()
    expect(messages(page)).to_have_count(153)
    assert texts(page) == [*numbers(1, 3), "in between", *numbers(5, 103), *numbers(1051, 1100)]
    shown = page.locator(".message:has(+ .gap) .message-text")
    expect(shown).to_have_text("103")
