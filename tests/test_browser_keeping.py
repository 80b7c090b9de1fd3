"""Nothing missing, nothing twice, in order: through bad lines, dead servers and many tabs."""

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.support.sockets import Wire
from tests.support.talk import (
    BACK,
    LOST,
    arrive,
    enter,
    expect_all,
    field,
    let_in,
    messages,
    say,
    status,
    stored,
    texts,
    wait_until_back,
    write,
)


@pytest.fixture
def alice(page_for, server):
    page_for.allow(LOST)
    return page_for("Alice", server)


@pytest.fixture
def code(alice):
    return enter(alice, "Alice")


@pytest.fixture
def bob(code, person, server):
    """Somebody in Alice's room, whose messages come quickly."""
    bob = person("Bob", server)
    bob.enter(code)
    return bob


def test_a_reload_keeps_everything(alice, code, bob):
    say(alice, "one")
    bob.wait_for_text("one")
    bob.send("two")
    expect_all(alice, ["one", "two"])
    alice.reload()
    arrive(alice)
    expect_all(alice, ["one", "two"])
    expect(alice.locator(".message[data-mine]")).to_have_text(re.compile("one"))
    bob.send("three")
    expect_all(alice, ["one", "two", "three"])


def test_what_is_written_while_offline_is_sent_when_back_and_what_was_missed_comes(
    alice, code, bob
):
    bob.send("before")
    expect(messages(alice)).to_have_text(["before"])
    alice.context.set_offline(True)
    expect(status(alice)).to_contain_text("You're offline")
    say(alice, "mine 1")
    say(alice, "mine 2")
    for number in range(60):
        bob.send(f"missed {number}")
    expect(alice.locator('[data-state="pending"]')).to_have_count(2)
    expect(messages(alice)).to_have_text(["before", "mine 1", "mine 2"])
    alice.context.set_offline(False)
    wait_until_back(alice)
    missed = [f"missed {number}" for number in range(60)]
    expect_all(alice, ["before", *missed, "mine 1", "mine 2"])
    assert bob.texts()[-2:] == ["mine 1", "mine 2"]


def test_a_reload_keeps_what_could_not_be_sent_yet(alice):
    wire = Wire(alice)
    enter(alice, "Alice")
    wire.lose("half way")
    say(alice, "half way")
    wire.wait_until_lost()
    expect(alice.locator('[data-state="pending"]')).to_have_count(1)
    alice.reload()
    expect_all(alice, ["half way"])
    alice.reload()
    expect_all(alice, ["half way"])


def test_what_was_stored_long_ago_but_never_acknowledged_comes_at_its_place(alice, person, server):
    wire = Wire(alice)
    code = enter(alice, "Alice")
    bob = person("Bob", server)
    bob.enter(code)
    bob.send("first")
    expect(messages(alice)).to_have_text(["first"])
    wire.lose(r"^43|^42\[\"message\",{\"seq")
    say(alice, "long ago")
    wire.wait_until_lost(2)
    alice.goto("/")
    for number in range(60):
        bob.send(str(number))
    alice.goto(f"/room/{code}")
    arrive(alice)
    expect(alice.locator("[data-state]")).to_have_count(0, timeout=BACK)
    expect(messages(alice)).to_have_text([str(number) for number in range(10, 60)])
    # To come into sight is enough, and then it may be gone before it is pressed.
    alice.get_by_role("link", name="Earlier messages").scroll_into_view_if_needed()
    expect_all(alice, ["first", "long ago", *map(str, range(60))])


def test_a_full_storage_keeps_nothing_from_being_sent(alice, code, bob):
    alice.evaluate("""() => {
      Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") };
    }""")
    alice.context.set_offline(True)
    expect(status(alice)).to_contain_text("You're offline")
    say(alice, "one")
    say(alice, "two")
    expect(alice.locator("[data-state]")).to_have_count(2)
    alice.context.set_offline(False)
    wait_until_back(alice)
    expect_all(alice, ["one", "two"])


def test_a_server_that_is_killed_and_comes_back_costs_nothing(start_server, page_for, person):
    page_for.allow(LOST)
    server = start_server()
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    code = enter(alice, "Alice")
    enter(bob, "Bob", code)
    say(alice, "before")
    expect(messages(bob)).to_have_text(["before"])
    server.kill()
    expect(status(alice)).to_contain_text("Reconnecting")
    for number in (1, 2, 3):
        say(alice, f"meanwhile {number}")
    expect(alice.locator('[data-state="pending"]')).to_have_count(3)
    server.start()
    wait_until_back(bob)
    say(bob, "after")
    expect(messages(bob)).to_have_count(5, timeout=BACK)
    expect_all(alice, stored(alice, code))
    expect_all(bob, stored(bob, code))
    assert [text for text in texts(bob) if text != "after"] == [
        "before", "meanwhile 1", "meanwhile 2", "meanwhile 3"
    ]  # fmt: skip
    expect(alice.locator(".people-list .person-name")).to_have_count(2)


def test_a_worker_that_dies_alone_costs_nothing(start_server, page_for):
    page_for.allow(LOST)
    server = start_server()
    alice = page_for("Alice", server)
    enter(alice, "Alice")
    say(alice, "before")
    expect_all(alice, ["before"])
    server.kill_worker()
    say(alice, "after")
    wait_until_back(alice)
    expect_all(alice, ["before", "after"])


def test_a_message_whose_acknowledgement_is_lost_is_there_once(alice, person, server):
    wire = Wire(alice)
    code = enter(alice, "Alice")
    bob = person("Bob", server)
    bob.enter(code)
    wire.lose(r"^43|^42\[\"message\",{\"seq")  # acknowledgements, and the message itself
    say(alice, "once")
    wire.wait_until_lost(2)
    expect(alice.locator('[data-state="pending"]')).to_have_count(1)
    bob.send("twice?")
    wire.cut()
    expect_all(alice, ["once", "twice?"])
    assert len(bob.heard("message")) == 2


def test_ones_own_message_that_comes_before_its_acknowledgement_is_there_once(alice):
    wire = Wire(alice)
    enter(alice, "Alice")
    wire.lose(r"^43")
    say(alice, "once")
    expect(alice.locator("[data-seq='1']")).to_have_count(1)
    assert texts(alice) == ["once"]
    expect(alice.locator("[data-state]")).to_have_count(0, timeout=2_000)  # no second try yet


def test_a_message_that_gets_lost_on_the_way_is_asked_for(alice, person, server):
    wire = Wire(alice)
    code = enter(alice, "Alice")
    bob = person("Bob", server)
    bob.enter(code)
    bob.send("one")
    expect(messages(alice)).to_have_text(["one"])
    wire.lose("lost")
    bob.send("lost")
    wire.wait_until_lost()
    bob.send("three")
    expect_all(alice, ["one", "lost", "three"])


def test_the_last_message_is_asked_for_too_when_it_gets_lost(alice, person, server):
    wire = Wire(alice)
    code = enter(alice, "Alice")
    bob = person("Bob", server)
    bob.enter(code)
    wire.lose("the last word")
    bob.send("the last word")
    wire.wait_until_lost()
    alice.evaluate("window.dispatchEvent(new Event('online'))")
    expect_all(alice, ["the last word"])


def test_a_second_tab_in_the_same_room_shows_the_same(alice, code, bob):
    other = alice.context.new_page()
    other.goto(f"/room/{code}")
    arrive(other)
    say(alice, "from the first tab")
    say(other, "from the second tab")
    bob.send("from Bob")
    expected = ["from the first tab", "from the second tab", "from Bob"]
    for tab in (alice, other):
        expect(messages(tab)).to_have_count(3)
        expect_all(tab, stored(tab, code))
        assert sorted(texts(tab)) == sorted(expected)


def test_what_two_tabs_write_offline_is_sent_once(alice, code, bob):
    other = alice.context.new_page()
    other.goto(f"/room/{code}")
    arrive(other)
    alice.context.set_offline(True)
    expect(status(other)).to_contain_text("You're offline")
    say(alice, "one")
    say(other, "two")
    for tab in (alice, other):
        expect(tab.locator('[data-state="pending"]')).to_have_count(2)
    alice.context.set_offline(False)
    for tab in (alice, other):
        wait_until_back(tab)
        expect_all(tab, ["one", "two"])
    bob.wait_for_text("two")
    assert bob.texts() == ["one", "two"]


def test_two_tabs_in_two_rooms_keep_to_themselves(alice, code, person, server):
    there = person("Charlie", server).enter()
    other = alice.context.new_page()
    assert enter(other, "Alice", there) == there
    say(alice, "here")
    say(other, "there")
    expect_all(alice, ["here"])
    expect_all(other, ["there"])
    for tab in (alice, other):
        tab.reload()
        arrive(tab)
    expect_all(alice, ["here"])
    expect_all(other, ["there"])


def test_whoever_left_in_another_tab_is_told_and_keeps_their_draft(alice, code):
    other = alice.context.new_page()
    other.goto(f"/room/{code}")
    arrive(other)
    write(alice, "Half a thought")
    other.get_by_role("button", name="Leave").click()
    notice = alice.get_by_role("alert").filter(has_text="You're not in this room any more.")
    expect(notice).to_be_visible()
    expect(status(alice)).to_have_text("Not connected")
    expect(field(alice)).to_have_value("Half a thought")
    expect(field(alice)).not_to_be_editable()
    notice.get_by_role("link", name="Join again").click()
    expect(alice.get_by_label("Room code")).to_have_value(code)


def test_whoever_comes_back_to_a_closed_room_is_told(start_server, page_for):
    page_for.allow(LOST)
    alice = page_for("Alice", start_server(ROOM_GRACE=0.5, LEAVE_GRACE=0))
    code = enter(alice, "Alice")
    alice.context.set_offline(True)
    say(alice, "Wait for me")
    # Somebody without cookies gets 404 for a code that no open room has, and else the form.
    outside = alice.context.browser.new_context(base_url=alice.url.partition("/room")[0])
    while outside.request.get(f"/room/{code}").status != 404:
        alice.wait_for_timeout(100)
    outside.close()
    alice.context.set_offline(False)
    notice = alice.get_by_role("alert").filter(has_text="This room is closed.")
    expect(notice).to_be_visible(timeout=BACK)
    expect(notice.get_by_role("link", name="Join again")).to_be_hidden()
    refused = alice.locator('[data-state="refused"]')
    expect(refused).to_contain_text("There is no open room with that code.")
    expect(refused.locator("time")).to_have_text("Not sent")
    refused.get_by_role("button", name="Try again").click()
    expect(refused.locator("time")).to_have_text("Not sent")
    refused.get_by_role("button", name="Discard").click()
    expect(messages(alice)).to_have_count(0)


def test_what_was_written_for_a_closed_room_is_not_said_in_the_next_one_with_its_code(
    start_server, page_for, person
):
    page_for.allow(LOST)
    server = start_server()
    alice, bob = person("Alice", server), person("Bob", server)
    code, other, page = alice.create(), bob.create(), page_for("Alice", server)
    alice.join(other)
    let_in(page, alice, code)
    page.context.set_offline(True)
    say(page, "for the old room alone")
    server.stop()
    give_out_again(server, code, other)
    server.start()
    bob.connect(code).wait_for("room")
    bob.send("in the new one")
    page.context.set_offline(False)
    expect(messages(page)).to_have_text(["in the new one"], timeout=BACK)
    wait_until_back(page)
    expect_all(page, ["in the new one"])


def give_out_again(server, code, other):
    """Close a room, and let another one have its code."""
    with closing(sqlite3.connect(server.directory / "parlor.db")) as database:
        database.execute(
            "UPDATE room SET code = '0000', closed_at = '2026-11-21 09:30:00' WHERE code = ?",
            (code,),
        )
        database.execute("UPDATE room SET code = ? WHERE code = ?", (code, other))
        database.commit()
