"""How fast is too fast."""

import sys
from threading import Thread

import pytest

from parlor.errors import TooMany
from parlor.limits import Throttle, address_key


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def throttle(clock):
    return Throttle(clock)


def hits(throttle, what, who):
    """How many in a row are let through."""
    for count in range(100):
        try:
            throttle.hit(what, who)
        except TooMany:
            return count
    return None


def test_ten_at_once_and_five_a_second(throttle, clock):
    assert hits(throttle, "message", 1) == 10
    clock.now += 1.9
    assert hits(throttle, "message", 1) == 0
    clock.now += 0.1
    assert hits(throttle, "message", 1) == 10


def test_the_window_moves(throttle, clock):
    for _ in range(40):
        throttle.hit("message", 1)
        clock.now += 0.2
    assert hits(throttle, "message", 1) == 1


def test_everyone_and_everything_is_counted_apart(throttle):
    assert hits(throttle, "message", 1) == 10
    assert hits(throttle, "message", 2) == 10
    assert hits(throttle, "form", 1) == 10


@pytest.mark.parametrize(("waited", "retry_after"), [(0, 60), (20.5, 40), (59.9, 1)])
def test_the_refusal_says_when_to_try_again(throttle, clock, waited, retry_after):
    assert hits(throttle, "wrong-code", "127.0.0.1") == 10
    clock.now += waited
    with pytest.raises(TooMany) as refused:
        throttle.check("wrong-code", "127.0.0.1")
    assert refused.value.details["retry_after"] == retry_after
    clock.now += retry_after
    throttle.check("wrong-code", "127.0.0.1")


def test_a_check_counts_nothing(throttle):
    for _ in range(20):
        throttle.check("wrong-code", "127.0.0.1")
    assert hits(throttle, "wrong-code", "127.0.0.1") == 10


def test_what_protects_is_counted_with_what_others_have_counted(clock):
    alices, bobs = Throttle(clock), Throttle(clock)
    alices.tell, bobs.tell = bobs.note, alices.note
    for throttle in [alices, bobs] * 5:
        throttle.hit("password", "alice")
    assert hits(alices, "password", "alice") == hits(bobs, "password", "alice") == 0
    clock.now += 300
    assert hits(bobs, "password", "alice") == 10
    assert hits(alices, "message", 1) == hits(bobs, "message", 1) == 10


def test_what_others_have_counted_beyond_a_limit_lasts_no_longer(throttle, clock):
    for _ in range(1000):
        throttle.note("wrong-code", "127.0.0.1")
    assert len(throttle.hits["wrong-code", "127.0.0.1"]) == 10
    clock.now += 60
    assert hits(throttle, "wrong-code", "127.0.0.1") == 10


def test_limits_can_be_off(throttle):
    throttle.configure(enabled=False)
    assert hits(throttle, "message", 1) is None
    throttle.note("wrong-code", "127.0.0.1")
    assert not throttle.hits


def test_nobody_is_remembered_for_longer_than_it_counts(throttle, clock):
    for who in range(1000):
        throttle.hit("message", who)
    throttle.hit("wrong-code", "127.0.0.1")
    throttle.prune()
    assert len(throttle.hits) == 1001
    clock.now += 2
    throttle.prune()
    assert list(throttle.hits) == [("wrong-code", "127.0.0.1")]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:0db8:0000:0000"),
        ("2001:db8:0:0:ffff::2", "2001:0db8:0000:0000"),
        (None, "127.0.0.1"),
        ("unknown", "unknown"),
        ("203.0.113.7:555", "203.0.113.7:555"),
    ],
)
def test_an_ipv6_host_is_one_address(address, key):
    assert address_key(address) == key


def test_threads_that_come_at_once_get_no_more_than_there_is():
    throttle, let_in = Throttle(), []

    def hit():
        for _ in range(50):
            try:
                throttle.hit("invite", "Alice")
                let_in.append(1)
            except TooMany:
                pass

    threads = [Thread(target=hit) for _ in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(let_in) == 200
