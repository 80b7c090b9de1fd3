"""A dead line is noticed at once when it matters, and a restart is told in time."""

import time

import pytest
from playwright.sync_api import expect

from tests.support.sockets import Wire
from tests.support.talk import (
    BACK,
    LOST,
    enter,
    expect_all,
    message,
    messages,
    say,
    status,
    wait_until_back,
)

PROBE = 3
"""Seconds within which a line that is tested must answer."""

AWAKE = {
    "the tab comes to the front": "document.dispatchEvent(new Event('visibilitychange'))",
    "the page thaws": "document.dispatchEvent(new Event('resume'))",
    "the page comes out of the cache": """window.dispatchEvent(
        new PageTransitionEvent("pageshow", { persisted: true }))""",
    "the network is there": "window.dispatchEvent(new Event('online'))",
    "the network is another one": """{
        Object.defineProperty(navigator.connection, "type", { value: "cellular" });
        navigator.connection.dispatchEvent(new Event("change"));
    }""",
    "the clock has jumped": "{ const { now } = Date; Date.now = () => now.call(Date) + 20_000; }",
}


@pytest.fixture
def alice(page_for, server):
    page_for.allow(LOST)
    return page_for("Alice", server)


@pytest.fixture
def wire(alice):
    return Wire(alice)


@pytest.fixture
def code(alice, wire):
    return enter(alice, "Alice")


@pytest.fixture
def bob(code, person, server):
    bob = person("Bob", server)
    bob.enter(code)
    return bob


@pytest.mark.parametrize("what", AWAKE)
def test_a_dead_line_is_noticed_as_soon_as(what, alice, wire, bob):
    wire.go_silent()
    bob.send("Are you there?")
    started = time.monotonic()
    alice.evaluate(AWAKE[what])
    expect(messages(alice)).to_have_text(["Are you there?"], timeout=9_000)
    assert time.monotonic() - started < PROBE + 4  # two for the clock to be looked at, two spare
    assert len(wire.sockets) == 2


def test_a_line_that_answers_is_kept(alice, wire, code):
    before = wire.asked("sync")
    for what in ("the tab comes to the front", "the page thaws", "the network is there"):
        alice.evaluate(AWAKE[what])
    alice.wait_for_timeout(1_000)
    assert wire.asked("sync") - before == 1  # one test for all of them
    assert len(wire.sockets) == 1


def test_a_slow_line_over_which_others_are_heard_is_kept(alice, wire, bob):
    wire.lose(r"^43")
    alice.evaluate(AWAKE["the tab comes to the front"])
    alice.wait_for_timeout(1_500)
    bob.send("Good morning")
    expect(messages(alice)).to_have_text(["Good morning"])
    alice.wait_for_timeout(PROBE * 1_000)
    assert len(wire.sockets) == 1


def test_what_lay_there_while_the_page_slept_shows_no_life(alice, wire, bob):
    wire.lose(r"^43")
    alice.evaluate(AWAKE["the tab comes to the front"])
    wire.tell("typing", {"users": []})
    alice.wait_for_timeout(PROBE * 1_000 + 1_500)
    assert len(wire.sockets) == 2


def test_one_test_at_a_time(alice, wire, code):
    wire.go_silent()
    before = wire.asked("sync")
    for _ in range(4):
        alice.evaluate(AWAKE["the tab comes to the front"])
        alice.wait_for_timeout(300)
    assert wire.asked("sync") - before == 1
    expect(status(alice)).to_have_text("Connected", timeout=BACK)


def test_several_reasons_at_once_are_one_attempt_to_connect(alice, wire, code):
    stalled = []
    alice.route_web_socket("**/socket.io/**", lambda socket: stalled.append(socket))
    wire.cut()
    while not stalled:
        alice.wait_for_timeout(50)
    alice.evaluate(";".join(list(AWAKE.values())[:4]))
    alice.wait_for_timeout(500)
    assert len(stalled) == 2


def test_a_refusal_shows_that_the_line_is_alive(page_for, start_server):
    alice = page_for("Alice", start_server(LIMITS="on"))
    wire = Wire(alice)
    enter(alice, "Alice")
    for _ in range(40):
        alice.evaluate(AWAKE["the tab comes to the front"])
        alice.wait_for_timeout(60)
    assert wire.asked("typing") > 20
    alice.wait_for_timeout(500)
    assert len(wire.sockets) == 1


def test_a_dead_line_is_noticed_when_a_message_gets_no_answer(alice, wire, code):
    wire.go_silent()
    say(alice, "Anyone?")
    expect(message(alice, "Anyone?").locator("time")).to_have_text("Sending…")
    expect(alice.locator("[data-state]")).to_have_count(0, timeout=5_000 + PROBE * 1_000 + 4_000)
    assert len(wire.sockets) == 2


def test_a_database_that_does_not_answer_costs_no_connection(alice, wire, code):
    """What needs none does."""
    wire.lose(r'"sync"|"message"')
    alice.evaluate(AWAKE["the tab comes to the front"])
    say(alice, "Anyone?")
    alice.wait_for_timeout(PROBE * 1_000 + 1_000)
    assert len(wire.sockets) == 1
    wire.wait_until_lost(3)  # the message a second time
    expect(alice.locator("[data-state]")).to_have_count(0, timeout=BACK)
    assert len(wire.sockets) == 1


def test_who_is_told_of_a_restart_goes_and_comes_back_by_itself(alice, wire, bob):
    wire.tell("restart", {"within": 2})
    expect(status(alice)).to_contain_text("Reconnecting")
    say(alice, "typed meanwhile")
    expect(message(alice, "typed meanwhile").locator("time")).to_have_text("Waiting…")
    bob.send("said meanwhile")
    wait_until_back(alice)
    expect_all(alice, ["said meanwhile", "typed meanwhile"])
    assert len(wire.sockets) == 2


def test_the_comeback_is_at_a_random_moment_of_the_time_given(alice, wire, code):
    alice.evaluate("Math.random = () => 0.5")
    wire.tell("restart", {"within": 4})
    started = time.monotonic()
    expect(status(alice)).to_contain_text("Reconnecting")
    alice.evaluate(AWAKE["the tab comes to the front"])  # no reason to push in
    expect(status(alice)).to_have_text("Connected", timeout=BACK)
    assert 1.9 < time.monotonic() - started < 3.5


def test_a_real_restart_costs_nothing(page_for, start_server):
    page_for.allow(LOST)
    server = start_server()
    alice, bob = page_for("Alice", server), page_for("Bob", server)
    code = enter(alice, "Alice")
    enter(bob, "Bob", code)
    say(alice, "before")
    expect(messages(bob)).to_have_text(["before"])
    server.stop()
    for page in (alice, bob):
        expect(status(page)).to_contain_text("Reconnecting")
    say(alice, "meanwhile 1")
    say(alice, "meanwhile 2")
    expect(message(alice, "meanwhile 2").locator("time")).to_have_text("Waiting…")
    server.start()
    for page in (alice, bob):
        wait_until_back(page)
        expect_all(page, ["before", "meanwhile 1", "meanwhile 2"])


def test_whoever_was_thrown_out_does_not_try_again_by_waking(alice, wire, code):
    alice.request.post(f"/room/{code}/leave")
    expect(alice.get_by_role("alert").filter(has_text="not in this room")).to_be_visible()
    before = len(wire.sockets)
    alice.evaluate(AWAKE["the tab comes to the front"])
    alice.wait_for_timeout(500)
    assert len(wire.sockets) == before
