"""A browser without a line: what was written offline, and outlived a reload, is there once."""

import pytest
from playwright.sync_api import Error, expect

from tests.support.sockets import Wire
from tests.support.talk import LOST, arrive, enter, expect_all, message, messages, say, status

WRITTEN = [f"written in the tunnel {number}" for number in range(1, 6)]


@pytest.fixture(params=["fast", pytest.param("plain", marks=pytest.mark.long)])
def server(start_server, request):
    return start_server(RELAY=request.param)


@pytest.fixture
def alice(page_for, server):
    page_for.allow(LOST)
    return page_for("Alice", server)


@pytest.fixture
def bob(person, server):
    return person("Bob", server)


def expect_once(alice, bob):
    """The page, the server and another member have the same, in the order written."""
    expect_all(alice, ["before", *WRITTEN])
    bob.wait_for_text(WRITTEN[-1])
    assert bob.texts() == ["before", *WRITTEN]
    assert alice.evaluate("Object.keys(localStorage)") == []


def test_send_offline_reload_while_offline_come_back(alice, bob):
    """Without a network the browser shows a page of its own; so the reload is tried once more."""
    code = enter(alice, "Alice")
    bob.enter(code)
    say(alice, "before")
    expect(alice.locator("[data-state]")).to_have_count(0)
    alice.context.set_offline(True)
    expect(status(alice)).to_contain_text("You're offline")
    for text in WRITTEN:
        say(alice, text)
    expect(alice.locator("[data-state]")).to_have_count(len(WRITTEN))
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        alice.reload()
    alice.context.set_offline(False)
    alice.goto(f"/room/{code}")
    arrive(alice)
    expect_once(alice, bob)


def test_send_reload_and_come_back_where_only_the_socket_is_cut_off(alice, bob):
    wire = Wire(alice)
    code = enter(alice, "Alice")
    bob.enter(code)
    say(alice, "before")
    expect(alice.locator("[data-state]")).to_have_count(0)
    wire.go_silent()
    for text in WRITTEN:
        say(alice, text)
    held = hold_sockets(alice)
    alice.reload()
    expect(messages(alice)).to_have_text(["before", *WRITTEN])
    for text in WRITTEN:
        expect(message(alice, text).locator("time")).to_have_text("Waiting…")
    assert held, "no connection was tried"
    let_go(alice)
    alice.reload()
    arrive(alice)
    expect_once(alice, bob)


def hold_sockets(page):
    """From now on nothing of Socket.IO's gets through, while pages do. Returns what was tried."""
    held = []
    page.route_web_socket("**/socket.io/**", lambda socket: held.append(socket))
    page.route("**/socket.io/**", lambda route: held.append(route) or route.abort())
    return held


def let_go(page):
    page.unroute("**/socket.io/**")
    page.route_web_socket("**/socket.io/**", lambda socket: socket.connect_to_server())


def test_a_crash_in_the_middle_of_sending_costs_nothing(alice, bob):
    """Again and again: some are acknowledged, some stored, some only written down."""
    code = enter(alice, "Alice")
    bob.enter(code)
    written = []
    for life in range(4):
        for number in range(8):
            written.append(f"life {life}, word {number}")
            say(alice, written[-1])
        context = alice.context
        alice.close()
        alice = context.new_page()
        alice.goto(f"/room/{code}")
    arrive(alice)
    expect_all(alice, written)
    bob.wait_for_text(written[-1])
    assert bob.texts() == written
