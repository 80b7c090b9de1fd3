"""More people than a page names, and many who come or go in the same moment."""

import json

import pytest
from playwright.sync_api import expect

from tests.support.talk import arrive, enter, let_in, notes


@pytest.fixture
def alice(page_for, server):
    return page_for("Alice", server, locale="en")


@pytest.fixture
def wires(alice):
    """Alice's connections, the latest last."""
    wires = []

    def listen(wire):
        wire.connect_to_server()
        wires.append(wire)

    alice.route_web_socket("**/socket.io/**", listen)
    return wires


@pytest.fixture
def tell(wires):
    """`tell(joined, left, count)`: what Alice's page hears of her room next, names by user id."""

    def members(names):
        return [{"user_id": user_id, "name": name} for user_id, name in names.items()]

    def tell(joined, left, count):
        told = {"joined": members(joined), "left": members(left), "count": count}
        wires[-1].send("42" + json.dumps(["presence", told]))

    return tell


@pytest.fixture
def code(alice, tell):
    """A room that Alice has open in her browser."""
    return enter(alice, "Alice")


@pytest.fixture
def crowd(code, person, server):
    """79 `Person`s in Alice's room, in the order they came."""
    people = [person(f"Guest {number}", server) for number in range(1, 80)]
    for one in people:
        one.join(code)
    return people


def named(page):
    return page.locator(".people-list .person-name")


def expect_people(page, count, names, more):
    """That many are here, that many of them named, and a line counts the others."""
    for shown in page.locator("[data-count]").all():
        expect(shown).to_have_text(count)
    expect(named(page)).to_have_count(names)
    line = page.locator(".people-more")
    expect(line).to_have_text(more) if more else expect(line).to_be_hidden()


def guests(first, last):
    """Names by ids that nobody has."""
    return {10**6 + number: f"Guest {number}" for number in range(first, last + 1)}


def test_sixty_are_named_and_the_list_is_whole_again_when_no_more_are_left(alice, crowd):
    expect(alice.locator(".people-count")).to_have_text("80")
    alice.reload()
    arrive(alice)
    expect_people(alice, "80", 60, "and 20 more")
    crowd[0].post(f"/room/{arrive(alice)}/leave")
    expect_people(alice, "79", 59, "and 20 more")
    expect(notes(alice)).to_have_text(["Guest 1 left"])
    for one in crowd[1:20]:
        one.post(f"/room/{arrive(alice)}/leave")
    expect_people(alice, "60", 60, None)
    stayed = {"Alice", *(one.name for one in crowd[20:])}
    assert set(named(alice).all_text_contents()) == stayed
    assert not notes(alice).filter(has_text="joined").count()


def test_whoever_came_last_is_named_too(code, crowd, page_for, server):
    page = page_for("Guest 79", server)
    let_in(page, crowd[-1], code)
    expect_people(page, "80", 60, "and 20 more")
    me = page.locator(".person").filter(has=page.locator(".person-me:not([hidden])"))
    expect(me.locator(".person-name")).to_have_text(["Guest 79"])


def test_all_are_counted_in_the_reader_s_numbers(alice, code, tell):
    tell({}, {}, 2000)
    expect_people(alice, "2,000", 1, "and 1,999 more")


def test_up_to_three_at_once_are_told_one_by_one(alice, code, tell):
    tell(guests(1, 3), {}, 4)
    joined = [f"Guest {number} joined" for number in (1, 2, 3)]
    expect(notes(alice)).to_have_text(joined)
    expect_people(alice, "4", 4, None)


def test_more_at_once_are_told_in_one_line(alice, code, tell):
    tell(guests(1, 14), {}, 15)
    expect(notes(alice)).to_have_text(["Guest 1, Guest 2 and 12 others joined"])
    expect_people(alice, "15", 15, None)
    tell(guests(20, 20), guests(1, 4), 12)
    expect(notes(alice).nth(1)).to_have_text("Guest 1, Guest 2 and 2 others left")
    expect(notes(alice).nth(2)).to_have_text("Guest 20 joined")


def test_the_one_line_says_what_happened_however_long_the_names(alice, code, tell):
    alice.set_viewport_size({"width": 320, "height": 640})
    tell(dict.fromkeys(guests(1, 60), "W" * 32), {}, 61)
    note = notes(alice)
    expect(note).to_contain_text("and 58 others joined")
    assert note.evaluate("line => line.scrollWidth <= line.clientWidth")


def test_news_of_strangers_who_left_and_of_those_who_are_here_is_none(alice, code, tell):
    tell(guests(1, 2), {}, 3)
    tell(guests(2, 2), guests(7, 9), 3)
    tell(guests(3, 3), {}, 4)
    expect(notes(alice)).to_have_text(["Guest 1 joined", "Guest 2 joined", "Guest 3 joined"])
    expect_people(alice, "4", 4, None)


def test_a_crowd_that_comes_back_after_a_break_is_no_news(alice, code, tell, wires):
    tell(guests(1, 2), {}, 80)
    expect_people(alice, "80", 3, "and 77 more")
    wires[-1].close()
    expect_people(alice, "1", 1, None)
    tell(guests(1, 20), {}, 21)
    expect_people(alice, "21", 21, None)
    expect(notes(alice)).to_have_text(["Guest 1 joined", "Guest 2 joined"])


def test_another_name_in_one_event_with_the_old_one(alice, code, tell):
    tell(guests(1, 2), {}, 3)
    tell({10**6 + 1: "Robert"}, guests(1, 1), 3)
    told = ["Guest 1 joined", "Guest 2 joined", "Guest 1 left", "Robert joined"]
    expect(notes(alice)).to_have_text(told)
    expect_people(alice, "3", 3, None)
    assert set(named(alice).all_text_contents()) == {"Alice", "Guest 2", "Robert"}


def test_who_leaves_while_names_are_on_their_way_has_left(alice, code, tell, person, server):
    for name in ("Bob", "Charlie"):
        person(name, server).join(code)
    expect_people(alice, "3", 3, None)
    bob, charlie = ({id_of(alice, name): name} for name in ("Bob", "Charlie"))
    held = []
    alice.route(f"**/api/chat/rooms/{code}", lambda route: held.append(route))
    tell({}, bob | charlie, 3)  # now the page knows too few, and asks
    while not held:
        alice.wait_for_timeout(20)
    answer = held[0].fetch()
    tell({}, bob, 2)
    expect_people(alice, "2", 1, "and 1 more")
    held[0].fulfill(response=answer)
    expect(named(alice)).to_have_text(["Alice", "Charlie"])
    expect_people(alice, "2", 2, None)


def id_of(page, name):
    return int(page.locator(".person").filter(has_text=name).get_attribute("data-user-id"))
