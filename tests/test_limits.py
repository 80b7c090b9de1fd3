"""How fast is too fast."""

import pytest

from parlor.errors import TooMany
from parlor.limits import Throttle, address_key


def test_ten_at_once_and_no_more():
    throttle = Throttle()
    for _ in range(10):
        throttle.hit("message", 1)
    with pytest.raises(TooMany) as refused:
        throttle.hit("message", 1)
    assert refused.value.details["retry_after"] in (1, 2)
    throttle.hit("message", 2)
    throttle.hit("form", 1)


def test_a_check_counts_nothing():
    throttle = Throttle()
    for _ in range(20):
        throttle.check("wrong-code", "127.0.0.1")
    for _ in range(10):
        throttle.hit("wrong-code", "127.0.0.1")
    with pytest.raises(TooMany) as refused:
        throttle.check("wrong-code", "127.0.0.1")
    assert 50 < refused.value.details["retry_after"] <= 61


def test_limits_can_be_off():
    throttle = Throttle()
    throttle.configure(enabled=False)
    for _ in range(50):
        throttle.hit("message", 1)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:0db8:0000:0000"),
        ("2001:db8:0:0:ffff::2", "2001:0db8:0000:0000"),
        (None, "127.0.0.1"),
    ],
)
def test_an_ipv6_host_is_one_address(address, key):
    assert address_key(address) == key
