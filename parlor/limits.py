"""How fast is too fast. Counted in memory by the `limits` library, for HTTP and sockets alike."""

import math
import time
from ipaddress import ip_address

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from parlor.errors import TooMany

PER_SECOND_5_BURST_10 = parse("10/2 second")

LIMITS = {
    "wrong-code": parse("10/minute"),
    "form": PER_SECOND_5_BURST_10,
    "message": PER_SECOND_5_BURST_10,
    "typing": PER_SECOND_5_BURST_10,
    "sync": PER_SECOND_5_BURST_10,
    "connect": PER_SECOND_5_BURST_10,
}


class Throttle:
    def __init__(self):
        self.configure(enabled=True)

    def configure(self, enabled):
        """Start with nothing counted."""
        self.enabled = enabled
        self.window = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, what, who):
        """Count one more `what` by `who`. Raises TooMany, which says when to try again."""
        if self.enabled and not self.window.hit(LIMITS[what], what, str(who)):
            raise TooMany(self.wait(what, who))

    def check(self, what, who):
        """Raise TooMany if `who` has no `what` left; count nothing."""
        if self.enabled and not self.window.test(LIMITS[what], what, str(who)):
            raise TooMany(self.wait(what, who))

    def wait(self, what, who):
        reset = self.window.get_window_stats(LIMITS[what], what, str(who)).reset_time
        return max(1, math.ceil(reset - time.time()))


def address_key(address):
    """What counts as one address: an IPv6 host owns its whole /64."""
    ip = ip_address(address or "127.0.0.1")
    return str(ip) if ip.version == 4 else ip.exploded[:19]


throttle = Throttle()
