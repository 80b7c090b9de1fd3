"""The bus while Redis is there; see test_bus_away.py for when it is not."""

import threading
import time

import pytest

from parlor.bus import Alone, Away, Bus
from tests.support import free_port
from tests.support.buses import SOON, Ears, until
from tests.support.redis import Redis, with_tls

ALICES = "room:1"
MAY = ["~parlor:*", "&parlor:*", "+@all"]
"""What a user of Redis has to be allowed: keys, channels, commands."""


@pytest.fixture
def ears(redis):
    """`ears()`: somebody who listens on a bus of their own, which works."""
    made = []

    def make(url=redis.url):
        made.append(Ears(url))
        made[-1].wait_until_back()
        return made[-1]

    yield make
    for one in made:
        one.bus.stop()


def test_what_is_published_is_heard_by_whoever_follows_in_order(ears):
    alice, bob = ears(), ears()
    bob.follow(ALICES)
    texts = [f"message {number}".encode() for number in range(3000)]
    for text in texts:
        alice.bus.publish(ALICES, text)
    assert bob.wait_for(3000) == [(ALICES, text) for text in texts]
    assert not alice.messages


def test_one_hears_oneself_too(ears):
    alice = ears()
    alice.follow(ALICES)
    alice.bus.publish(ALICES, b"Hi")
    assert alice.wait_for(1) == [(ALICES, b"Hi")]


def test_a_message_is_heard_as_it_was_whatever_its_bytes(ears):
    alice = ears()
    alice.follow("room:é☕")
    data = bytes(range(256)) * 1000 + b"\r\n$-1\r\n"
    alice.bus.publish("room:é☕", data)
    assert alice.wait_for(1) == [("room:é☕", data)]


def test_channels_by_the_thousand(ears):
    alice, bob = ears(), ears()
    channels = [f"room:{number}" for number in range(3000)]
    bob.follow(*channels)
    for channel in channels:
        alice.bus.publish(channel, channel.encode())
    assert bob.wait_for(3000) == [(channel, channel.encode()) for channel in channels]


def test_what_is_followed_no_more_is_not_heard(ears):
    alice, bob = ears(), ears()
    bob.follow(ALICES, "room:2")
    bob.bus.unfollow(ALICES)
    bob.bus.unfollow(ALICES)  # twice is once
    bob.follow("room:3")  # confirmed after what was asked before
    for channel in (ALICES, "room:2", "room:3"):
        alice.bus.publish(channel, b"Hi")
    assert bob.wait_for(2) == [("room:2", b"Hi"), ("room:3", b"Hi")]


def test_who_comes_and_goes_is_followed_in_the_end(ears):
    alice, bob = ears(), ears()
    for _ in range(300):
        bob.bus.follow(ALICES)
        bob.bus.unfollow(ALICES)
    bob.follow(ALICES)
    alice.bus.publish(ALICES, b"Hi")
    assert bob.wait_for(1) == [(ALICES, b"Hi")]


def test_channels_are_followed_from_many_threads_at_once(ears):
    alice, bob = ears(), ears()
    channels = [[f"room:{one}-{two}" for two in range(100)] for one in range(8)]
    threads = [threading.Thread(target=bob.follow, args=some) for some in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    for some in channels:
        assert bob.bus.wait_followed(some, 0)
        alice.bus.publish(some[-1], b"Hi")
    bob.wait_for(8)


def test_nobody_waits_for_a_channel_that_is_not_followed(ears):
    alice = ears()
    assert not alice.bus.wait_followed([ALICES], 0.01)


def test_what_is_written_can_be_read_at_once(ears, redis):
    alice, bob = ears(), ears()
    alice.bus.write("HSET", "here:1", "alice", "at the window")
    replies = alice.bus.read(("HGETALL", "here:1"), ("EXISTS", "here:1", "here:2"))
    assert replies == [[b"alice", b"at the window"], 1]
    assert bob.bus.read(("HLEN", "here:1")) == [1]
    with redis.client() as client:
        assert client.keys() == [b"parlor:here:1"]


def test_many_read_at_once_and_get_their_own(ears):
    alice = ears()
    got = {}

    def read(number):
        got[number] = alice.bus.read(("ECHO", f"{number}"), ("STRLEN", "nothing"))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert got == {number: [f"parlor:{number}".encode(), 0] for number in range(50)}


def test_a_script_finds_its_keys(ears, redis):
    alice = ears()
    script = "return redis.call('SET', KEYS[1], ARGV[1])"
    assert alice.bus.read(("EVAL", script, 1, "duty", "mine")) == [b"OK"]
    with redis.client() as client:
        assert client.get("parlor:duty") == b"mine"


def test_all_keys_of_a_command_are_ours(ears, redis):
    alice = ears()
    alice.bus.write("SET", "a", 1)
    alice.bus.write("SET", "b", 2)
    alice.bus.write("DEL", "a", "b")
    alice.bus.read(("ECHO", "now"))
    with redis.client() as client:
        assert not client.keys()


def test_a_mistake_in_a_command_is_refused_and_hurts_no_other(ears, caplog):
    alice = ears()
    alice.bus.write("SET", "a", "secret")
    alice.bus.write("HSET", "a", "secret", "secret")
    with pytest.raises(Away):
        alice.bus.read(("LPOP", "a"))
    assert alice.bus.read(("GET", "a")) == [b"secret"]
    assert [record.message for record in caplog.records] == [
        "Redis refuses what it is told: WRONGTYPE"
    ]


def test_databases_of_one_redis_are_parlors_of_their_own(ears, redis):
    alice, charlie = ears(), ears(redis.url.replace("/0", "/1"))
    for one in (alice, charlie):
        one.follow(ALICES)
    charlie.bus.publish(ALICES, b"for Charlie")
    alice.bus.publish(ALICES, b"for Alice")
    assert alice.wait_for(1) == [(ALICES, b"for Alice")]
    assert charlie.wait_for(1) == [(ALICES, b"for Charlie")]
    alice.bus.write("SET", "a", 1)
    assert charlie.bus.read(("GET", "a")) == [None]


@pytest.mark.parametrize(
    ("options", "user"),
    [
        (["--requirepass", "a secret"], ""),
        (["--user", "parlor", "on", ">a secret", *MAY], "parlor"),
    ],
)
def test_a_redis_that_wants_a_password_gets_it(ears, redis, options, user, caplog):
    with Redis(*options) as guarded:
        alice = ears(guarded.url.replace("//", f"//{user}:a%20secret@"))
        alice.follow(ALICES)
        alice.bus.publish(ALICES, b"Hi")
        assert alice.wait_for(1) == [(ALICES, b"Hi")]
        alice.bus.write("SET", "a", 1)
        assert alice.bus.read(("GET", "a")) == [b"1"]
        alice.bus.stop()
    assert not caplog.records


def test_a_wrong_password_is_logged_by_its_kind_alone(redis, caplog):
    with Redis("--requirepass", "a secret") as guarded:
        alice = Ears(guarded.url.replace("//", "//:another@"))
        until(lambda: caplog.records)
        alice.bus.stop()
    assert [record.message for record in caplog.records] == ["Redis is away: AuthenticationError"]


def test_over_tls(ears, redis, tmp_path):
    port = free_port()
    options, trusted = with_tls(tmp_path, port)
    with Redis(*options):
        url = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={trusted}"
        alice, bob = ears(url), ears(url)
        bob.follow(ALICES)
        for number in range(500):
            alice.bus.publish(ALICES, b"%d" % number * 1000)
            bob.bus.follow(f"room:{number}")
        bob.wait_for(500)
        alice.bus.stop()
        bob.bus.stop()


def test_a_certificate_that_nobody_trusts_is_not_trusted(redis, tmp_path, caplog):
    port = free_port()
    options, _ = with_tls(tmp_path, port)
    with Redis(*options):
        alice = Ears(f"rediss://127.0.0.1:{port}/0")
        until(lambda: caplog.records)
        alice.bus.stop()
    assert not alice.backs


def test_a_message_that_cannot_be_handled_does_not_end_the_hearing(ears, caplog):
    alice = ears()
    alice.follow(ALICES)
    hear = alice.bus.hear

    def stumble(channel, data):
        hear(channel, data)
        if data == b"garbled":
            raise ValueError("a secret")

    alice.bus.hear = stumble
    for data in [b"garbled"] * 50 + [b"Hi"]:
        alice.bus.publish(ALICES, data)
    alice.hears(ALICES, b"Hi")
    assert len(caplog.records) == 1  # and not fifty


def test_what_was_told_last_goes_out_before_the_end(ears):
    alice, bob = ears(), ears()
    bob.follow(ALICES)
    for number in range(2000):
        alice.bus.publish(ALICES, b"%d" % number)
    alice.bus.stop()
    bob.wait_for(2000)
    assert alice.bus.well_since is None
    with pytest.raises(Away):
        alice.bus.read(("GET", "a"))


def test_a_bus_that_is_stopped_leaves_no_thread_and_no_connection(redis, caplog):
    before = threading.active_count()
    alice = Ears(redis.url)
    alice.wait_until_back()
    alice.bus.stop()
    deadline = time.monotonic() + SOON
    while threading.active_count() > before:
        assert time.monotonic() < deadline, threading.enumerate()
        time.sleep(0.01)
    assert not caplog.records


def test_a_process_has_a_name_and_can_take_another(redis):
    bus = Bus(redis.url, None, None)
    first = bus.process
    bus.rename()
    assert len(first) == len(bus.process) == 8
    assert first != bus.process


@pytest.mark.parametrize("url", ["http://127.0.0.1", "redis://127.0.0.1:port"])
def test_what_is_no_address_of_redis_is_refused(url):
    with pytest.raises(ValueError):  # noqa: PT011 - the library's words
        Bus(url, None, None)


def test_without_redis_one_is_alone():
    bus = Alone()
    bus.start()
    bus.follow(ALICES)
    bus.publish(ALICES, b"Hi")
    bus.write("SET", "a", 1)
    assert bus.wait_followed([ALICES], 0)
    with pytest.raises(Away):
        bus.read(("GET", "a"))
    bus.unfollow(ALICES)
    bus.stop()
    assert bus.well_since
    assert len(bus.process) == 8
