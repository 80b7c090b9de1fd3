"""Several processes without sticky sessions: whoever is connected is so by WebSocket."""

import json
import re

import pytest
import requests
from playwright.sync_api import expect

from tests.support.across import wait_until
from tests.support.talk import BACK, LOST, add_cookies, enter, expect_all, message, say, status
from tests.support.wire import ENDPOINT

BLOCKED = """
const Real = window.WebSocket;
window.WebSocket = class extends Real {
  constructor(address) {
    super(localStorage.unblocked ? address : address.replace("/socket.io/", "/blocked/"));
  }
};
"""


@pytest.fixture(scope="module")
def several(cluster_of):
    """Four workers on one port."""
    with cluster_of(1, WEB_CONCURRENCY=4) as cluster:
        yield cluster[0]


@pytest.fixture
def asked(page_for, several):
    """`asked("Alice")`: a page, and the transports of the requests it makes to Socket.IO."""

    def open_page(name):
        page, transports = page_for(name, several), []
        page.on("websocket", lambda _: transports.append("websocket"))
        page.on(
            "request",
            lambda request: transports.extend(re.findall(r"transport=(polling)", request.url)),
        )
        return page, transports

    return open_page


def test_a_room_on_four_workers_is_one_room(person, several):
    assert len(several.workers()) == 4
    alice = person("Alice", several)
    code = alice.enter()
    friends = [person(f"Bob {n}", several) for n in range(8)]
    for n, friend in enumerate(friends):
        friend.enter(code)
        friend.send(f"I am {n}")
    for heard in (alice, *friends):
        heard.wait_for_text("I am 7")
    assert alice.texts() == [f"I am {n}" for n in range(8)]


def test_all_workers_stop_within_seconds(start_cluster):
    (server,) = start_cluster(1, WEB_CONCURRENCY=2)
    assert len(server.workers()) == 2
    wait_until(lambda: server.log().count("Parlor is at") == 2)
    assert server.stop() < 8
    assert server.log().count("connections closed") == 2


def test_a_worker_that_was_killed_is_replaced_while_the_others_go_on(person, several):
    alice = person("Alice", several)
    code = alice.enter()
    several.kill_worker(several.workers()[0])
    alice.connect(code).wait_for("room")  # it may have been hers
    bob = person("Bob", several)
    bob.enter(code)
    bob.send("Still here?")
    alice.wait_for_text("Still here?")


def test_long_polling_is_refused_and_told_what_to_do(several):
    answer = requests.get(several.url + ENDPOINT + "polling", timeout=5)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "websocket_only")
    assert 'transports: ["websocket"]' in error["message"]


def test_so_is_what_goes_on_with_a_session_of_before(several):
    for ask in (requests.get, requests.post):
        answer = ask(several.url + ENDPOINT + "polling&sid=before", timeout=5)
        assert json.loads(answer.text)["error"]["code"] == "websocket_only"


def test_with_sticky_sessions_it_is_not(start_cluster, page_for):
    (server,) = start_cluster(1, STICKY="on")
    assert requests.get(server.url + ENDPOINT + "polling", timeout=5).text.startswith("0{")
    page = page_for("Alice", server)
    page.goto("/")
    assert page.locator("body").get_attribute("data-transports") == "websocket polling"


def test_pages_talk_by_websocket_alone(asked):
    alice, by_alice = asked("Alice")
    bob, by_bob = asked("Bob")
    code = enter(alice, "Alice")
    enter(bob, "Bob", code)
    say(alice, "Hi Bob")
    say(bob, "Hi Alice")
    for page in (alice, bob):
        expect(message(page, "Hi Bob")).to_be_visible()
        expect(message(page, "Hi Alice")).to_be_visible()
    assert {*by_alice, *by_bob} == {"websocket"}


def test_so_do_they_when_a_worker_is_gone(asked, page_for, several):
    page_for.allow(LOST)
    page, transports = asked("Alice")
    code = enter(page, "Alice")
    for worker in several.workers():
        several.kill_worker(worker)
    say(page, "Anybody?")
    expect(status(page)).to_have_text("Connected", timeout=BACK)
    expect_all(page, ["Anybody?"])
    assert page.url.endswith(code)
    assert set(transports) == {"websocket"}


def test_where_websockets_are_blocked_the_page_says_so_and_goes_on_trying(
    asked, page_for, person, several
):
    page_for.allow(LOST)
    somebody = person("Alice", several)
    code = somebody.create()
    page, transports = asked("Alice")
    page.add_init_script(BLOCKED)
    add_cookies(page, somebody)
    page.goto(f"/room/{code}")
    expect(status(page)).to_contain_text("WebSocket", timeout=BACK)
    say(page, "Can you hear me?")
    page.evaluate("localStorage.unblocked = 'yes'")
    expect(status(page)).to_have_text("Connected", timeout=BACK)
    expect_all(page, ["Can you hear me?"])
    assert set(transports) == {"websocket"}


def test_it_is_ready_once_redis_was_there_and_stays_so(start_cluster):
    cluster = start_cluster(1)
    (server,) = cluster
    server.stop()
    cluster.redis.stop()
    server.start()
    ready = server.url + "/readyz"
    assert requests.get(ready, timeout=5).status_code == 503
    cluster.redis.start()
    server.wait_until_up("/readyz")
    cluster.redis.stop()
    assert requests.get(ready, timeout=5).status_code == 200
