"""The bus while Redis is away, frozen, full or slow, and after."""

import random
import subprocess
import sys
import threading
import time

import pytest

from parlor import bus_sender
from parlor.bus import Away
from tests.support import ROOT
from tests.support.buses import SOON, Ears, until
from tests.support.redis import Redis

TYPICAL = ["-q", "-p", "no:cacheprovider", "-W", "ignore", "tests/test_bus.py", __file__]
TYPICAL += ["-k", "order or thousand or many or tls or end or frozen or restart and not each"]
ROOM, BOBS = "room:1", "room:2"


@pytest.fixture
def server(redis):
    """A Redis that a test may stop, freeze or fill."""
    with Redis() as server:
        yield server


@pytest.fixture
def ears(server):
    made = []

    def make(url=server.url):
        made.append(Ears(url))
        return made[-1]

    yield make
    for one in made:
        one.bus.stop()


@pytest.fixture
def alice(ears):
    return ready(ears())


@pytest.fixture
def bob(ears):
    return ready(ears())


def ready(one):
    one.wait_until_back()
    one.follow(ROOM)
    return one


def milliseconds(do, *arguments):
    began = time.perf_counter()
    try:
        do(*arguments)
    except Away:
        return (time.perf_counter() - began) * 1000
    return (time.perf_counter() - began) * 1000


def outage_lines(caplog):
    return [record.message.partition(":")[0].partition(",")[0] for record in caplog.records]


def test_after_a_restart_all_is_followed_again(server, alice, bob, caplog):
    channels = [f"room:{number}" for number in range(1500)]
    bob.follow(*channels)
    bob.bus.follower.pauses = 100  # it will be later than the other connection
    server.stop()
    until(lambda: alice.bus.well_since is bob.bus.well_since is None)
    bob.bus.follow("room:new")  # meanwhile
    bob.bus.unfollow("room:7")
    alice.bus.publish(ROOM, b"lost")
    server.start()
    for one in (alice, bob):
        one.wait_until_back(2)
    assert bob.bus.wait_followed([*channels[:7], "room:new"], 0)
    for channel in ("room:7", "room:1499", "room:new"):
        alice.bus.publish(channel, b"Hi")
    assert bob.wait_for(2) == [("room:1499", b"Hi"), ("room:new", b"Hi")]
    assert alice.backs == bob.backs == 2
    assert outage_lines(caplog) == ["Redis is away"] * 2 + ["Redis is back"] * 2


def test_who_starts_without_redis_is_back_once_it_is_there(server, ears, caplog):
    server.stop()
    alice = ears()
    until(lambda: caplog.records)
    assert alice.bus.well_since is None
    assert not alice.bus.wait_followed([ROOM], SOON)  # at once
    assert milliseconds(alice.bus.read, ("GET", "a")) < 50
    server.start()
    ready(alice)
    alice.bus.publish(ROOM, b"Hi")
    alice.hears(ROOM, b"Hi")
    assert outage_lines(caplog) == ["Redis is away", "Redis is back"]
    assert str(server.port) not in caplog.text


def test_a_frozen_redis_holds_nobody_up(server, alice, bob):
    with server.frozen():
        assert 400 < milliseconds(alice.bus.read, ("GET", "a")) < 600
        assert milliseconds(alice.bus.read, ("GET", "a")) < 50
        began = time.monotonic()
        publishing, reading = [], []
        while time.monotonic() < began + 7:
            publishing.append(milliseconds(alice.bus.publish, ROOM, b"Hi" * 1000))
            publishing.append(milliseconds(alice.bus.follow, f"room:{len(publishing)}"))
            reading.append(milliseconds(alice.bus.read, ("GET", "a")))
            time.sleep(0.005)
        assert percentile(publishing, 99) < 5
        assert max(reading) < 600
        assert percentile(reading, 90) < 50
        assert alice.bus.well_since is bob.bus.well_since is None
    alice.wait_until_back(2)
    bob.wait_until_back(2)
    alice.bus.publish(ROOM, b"there again")
    bob.hears(ROOM, b"there again")
    assert alice.bus.read(("GET", "a")) == [None]


def percentile(values, hundredth):
    return sorted(values)[len(values) * hundredth // 100]


def test_a_redis_that_hangs_for_a_moment_is_no_outage(server, alice, bob, caplog):
    with server.frozen():
        alice.bus.publish(ROOM, b"during")
        time.sleep(2)
    bob.hears(ROOM, b"during")
    assert alice.backs == bob.backs == 1
    assert not caplog.records


def test_who_reads_when_redis_goes_knows_at_once(server, alice):
    server.process.send_signal(19)  # SIGSTOP: the question is under way when it goes
    took = []
    reader = threading.Thread(
        target=lambda: took.append(milliseconds(alice.bus.read, ("GET", "a")))
    )
    reader.start()
    time.sleep(0.1)
    server.stop()
    reader.join(SOON)
    assert took[0] < 400


def test_the_line_is_bounded_and_what_did_not_fit_is_made_up_for(
    server, alice, caplog, monkeypatch
):
    monkeypatch.setattr(bus_sender, "MOST_WAITING", 100)
    with server.frozen():
        alice.bus.publish(ROOM, b"under way")
        until(lambda: not alice.bus.sender.line)
        for _ in range(150):
            alice.bus.publish(ROOM, b"Hi")
        assert len(alice.bus.sender.line) == 100
    alice.wait_for(101)
    alice.wait_until_back(2)
    assert len(alice.messages) == 101
    assert caplog.records[-1].message == "Redis takes what it is told again; lost=50"


def test_the_line_is_bounded_in_bytes(server, alice, monkeypatch):
    monkeypatch.setattr(bus_sender, "MOST_BYTES", 10_000)
    with server.frozen():
        alice.bus.publish(ROOM, b"under way")
        until(lambda: not alice.bus.sender.line)
        for _ in range(20):
            alice.bus.publish(ROOM, b"x" * 1000)
        assert 8000 < alice.bus.sender.size <= 10_000
    alice.wait_until_back(2)
    assert alice.bus.sender.size == 0


def test_who_listens_too_slowly_is_cut_off_by_redis_and_comes_back(server, alice, bob):
    bob.follow(BOBS)
    with server.client() as client:
        client.config_set("client-output-buffer-limit", "pubsub 1mb 1mb 1")
    hear, is_slow = bob.bus.hear, threading.Event()

    def hear_slowly(channel, data):
        while not is_slow.is_set():
            is_slow.wait(SOON)
        hear(channel, data)

    bob.bus.hear = hear_slowly
    for _ in range(250):
        alice.bus.publish(BOBS, b"x" * 50_000)
    with server.client() as client:
        until(lambda: len(client.client_list("pubsub")) == 1)
    is_slow.set()
    bob.wait_until_back(2)
    alice.bus.publish(BOBS, b"Hi")
    bob.hears(BOBS, b"Hi")
    assert alice.backs == 1


def test_connections_killed_again_and_again(server, alice, bob):
    with server.client() as client:
        for _ in range(20):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            time.sleep(random.uniform(0.01, 0.3))
        until(lambda: len(client.client_list()) == 5)  # two of each, and this one
    until(lambda: alice.bus.well_since and bob.bus.well_since)
    until(lambda: not alice.bus.is_back_due and not bob.bus.is_back_due)
    alice.bus.publish(ROOM, b"Hi")
    bob.hears(ROOM, b"Hi")


def test_a_connection_that_is_cut_is_made_up_for(server, alice):
    for kind in ("normal", "pubsub"):
        backs = alice.backs
        with server.client() as client:
            client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        alice.wait_until_back(backs + 1)
        alice.bus.publish(ROOM, kind.encode())
        alice.hears(ROOM, kind.encode())


def test_a_full_redis_relays_and_is_made_up_for_when_there_is_space(server, alice, caplog):
    with server.client() as client:
        client.config_set("maxmemory", 1)
        alice.bus.write("SET", "a", 1)
        alice.bus.publish(ROOM, b"Hi")
        alice.hears(ROOM, b"Hi")
        with pytest.raises(Away):
            alice.bus.read(("SET", "a", 1))
        time.sleep(2.5)
        assert alice.backs == 1
        client.config_set("maxmemory", 0)
    alice.wait_until_back(2)
    assert alice.bus.read(("SET", "a", 1)) == [b"OK"]
    assert [record.message for record in caplog.records] == [
        "Redis refuses what it is told: OutOfMemoryError",
        "Redis takes what it is told again; lost=2",
    ]


def test_a_redis_that_only_reads_is_away(server, alice):
    with server.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        alice.bus.write("SET", "a", 1)
        until(lambda: alice.bus.well_since is None)
        client.execute_command("REPLICAOF", "NO", "ONE")
        alice.wait_until_back(2)
        assert alice.bus.read(("SET", "a", 1)) == [b"OK"]


def test_back_is_called_by_one_thread_at_a_time(server, alice):
    inside, most = [], []

    def back():
        inside.append(1)
        most.append(len(inside))
        time.sleep(1)
        inside.pop()
        alice.back()

    alice.bus.back = back
    for _ in range(3):
        alice.bus.call_back()
    time.sleep(0.1)
    alice.bus.call_back()
    alice.wait_until_back(3)
    assert most == [1, 1]


def test_whoever_stops_does_not_wait_for_a_frozen_redis(server, alice):
    with server.frozen():
        alice.bus.publish(ROOM, b"Hi")
        assert milliseconds(alice.bus.stop) < 4000


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "patch", ["eventlet; eventlet.monkey_patch()", "gevent.monkey; gevent.monkey.patch_all()"]
)
def test_under_each_worker_it_is_the_same(patch):
    """These tests, run in a process that is patched as the worker's are."""
    run = f"import {patch}; import pytest; raise SystemExit(pytest.main({TYPICAL}))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", run], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
