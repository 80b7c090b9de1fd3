"""Connections that nothing comes of: they end by themselves, on both ways to write."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import inf

import pytest
import requests

from parlor.relay import socketio
from tests.support import on_sqlite
from tests.support.ears import Ear, Poll
from tests.support.people import SOON
from tests.support.server import Server
from tests.support.wire import ENDPOINT, dialed, entering, event, joined

AT_LEAST, AT_MOST = 3.5, 8
"""Seconds that a connection may be in no room: 5, as the server's clock ticks."""


@pytest.fixture(scope="module", params=["fast", "plain"])
def server(request, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("reaper"), RELAY=request.param) as server:
        yield server


def test_whoever_is_in_no_room_is_let_go_and_nobody_else(server, alice, bob, opened):
    """Who never joined, who was refused, who has left; and who stays."""
    bob.join(opened)
    with (
        dialed(server) as never,
        entering(server, alice, "ZZZZ") as refused,
        joined(server, bob, opened) as left,
        joined(server, alice, opened) as stays,
        ThreadPoolExecutor() as pool,
    ):
        bob.post(f"/room/{opened}/leave")
        left.packet("41")
        *ended, lasts = pool.map(lifetime, [never, refused, left, stays])
    assert all(AT_LEAST < seconds < AT_MOST for seconds in ended), ended
    assert lasts == inf


def lifetime(line):
    """Seconds until the line ends by itself; infinite from AT_MOST on."""
    line.settimeout(2 * AT_MOST)
    start = time.monotonic()
    with Ear(line) as ear:
        ear.join(AT_MOST)
        return inf if ear.is_alive() else time.monotonic() - start


def test_a_long_poll_that_never_joins_is_let_go(server):
    url = server.url + ENDPOINT + "polling"
    sid = requests.get(url, timeout=SOON).text.partition('"sid":"')[2].partition('"')[0]
    start = time.monotonic()
    while requests.post(f"{url}&sid={sid}", data="3", timeout=SOON).ok:
        assert time.monotonic() < start + AT_MOST, "it lasts"
        time.sleep(0.1)
    assert time.monotonic() > start + AT_LEAST


@on_sqlite
def test_nothing_is_kept_of_whoever_joins_behind_their_own_end(client):
    """Nobody would be told of their end any more."""
    url = ENDPOINT + "polling"
    sid = client.get(url).text.partition('"sid":"')[2].partition('"')[0]
    assert client.post(f"{url}&sid={sid}", data="1\x1e40").status_code == 200
    assert not socketio.server.manager.pending_connect
    assert not list(socketio.server.manager.get_participants("/", None))


@pytest.mark.parametrize("kind", ["line", "poll"])
def test_whoever_does_not_read_is_let_go_and_may_come_back(server, alice, bob, opened, kind):
    bob.join(opened)
    with joined(server, alice, opened) as talker, joined(server, bob, opened, buffer=4096) as slow:
        if kind == "poll":
            slow = Poll(server, bob, opened)
        with Ear(talker) as ear:
            flood(talker, ear, count=6000)
            assert is_let_go(slow)
            ear.wait_for('42["message"', '"seq":6000,')
    back = bob.connect(opened, after=5990).wait_for("room")
    assert [message["seq"] for message in back["messages"]] == list(range(5991, 6001))


def test_whoever_missed_a_packet_does_not_come_over_without_it(server, alice, bob, opened):
    """Were it the last one, nothing would tell them."""
    bob.join(opened)
    query = f"&sid={Poll(server, bob, opened).sid}"
    with joined(server, alice, opened) as talker, dialed(server, query=query) as line:
        line.send("2probe")
        assert line.packet() == "3probe"
        with Ear(talker) as ear:
            flood(talker, ear, count=1200, size=1)
            with suppress(ConnectionError):
                line.send("5")
            assert is_let_go(line)


def flood(talker, ear, count, size=990):
    """Messages, in bites that the server takes at once."""
    for n in range(count):
        talker.send(event("message", {"data": f"{n} " + "x" * size, "id": f"id-{n}"}, ack=n))
        if n % 100 == 99:
            ear.ack(n)


def is_let_go(slow):
    """Whether what comes is an end, before all that was said."""
    with Ear(slow) as ear:
        ear.join(SOON)
        return not ear.is_alive() and len(ear.events("message")) < 6000
