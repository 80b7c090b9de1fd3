"""How fast is too fast: at most so many in any span of time, for HTTP and sockets alike.

A moving window: the times of the last hits are kept, and nothing else, and forgotten when they no
longer count (`prune`). docs/decisions/0006-limits.md tells why this is no library.

Each process counts for itself, but tells the others of what protects somebody: they count it, too,
from the moment when they hear of it.
"""

import math
import time
from collections import deque
from ipaddress import ip_address
from threading import RLock
from typing import NamedTuple

from parlor.errors import TooMany
from parlor.peers import elsewhere, of_everyone


class Limit(NamedTuple):
    """At most `most` in any `seconds`; beyond that people are told the `reason`."""

    most: int
    seconds: float
    reason: str = "That was too fast."


FIVE_A_SECOND = Limit(10, 2)
"""And ten at once."""

LIMITS = {
    "wrong-code": Limit(10, 60, "Too many wrong codes came from your network."),
    "sign-in": Limit(100, 600, "Too many tries came from your network."),
    "password": Limit(10, 300, "Too many tries for that name."),
    "register": Limit(100, 3600, "Too many accounts came from your network."),
    "invite": Limit(200, 3600, "You have brought many people together."),
    "form": FIVE_A_SECOND,
    "refresh": FIVE_A_SECOND,
    "message": FIVE_A_SECOND,
    "typing": FIVE_A_SECOND,
    "sync": FIVE_A_SECOND,
    "read": FIVE_A_SECOND,
    "conversations": FIVE_A_SECOND,
    "connect": FIVE_A_SECOND,
}


TOGETHER = {"wrong-code", "sign-in", "password", "register", "invite"}
"""Counted by all processes together."""


class Throttle:
    """`tell(what, who)`: has other processes `note` a hit."""

    def __init__(self, clock=time.monotonic, tell=lambda what, who: None):
        self.clock, self.tell = clock, tell
        self.lock = RLock()
        self.configure(enabled=True)

    def configure(self, enabled):
        """Start with nothing counted."""
        self.enabled = enabled
        self.hits: dict[tuple[str, str], deque[float]] = {}

    def hit(self, what, who):
        """Count one more `what` by `who`. Raises TooMany, which says when to try again."""
        if self.enabled:
            with self.lock:
                self.check(what, who)
                self.note(what, who)
            if what in TOGETHER:
                self.tell(what, who)

    def note(self, what, who):
        """Count one more, however many there were. The latest are all that matters."""
        if self.enabled:
            with self.lock:
                latest = deque(maxlen=LIMITS[what].most)
                self.hits.setdefault((what, who), latest).append(self.clock())

    def check(self, what, who):
        """Raise TooMany if `who` has no `what` left; count nothing."""
        most, seconds, reason = LIMITS[what]
        since = self.clock() - seconds
        with self.lock:
            times = self.hits.get((what, who), ())
            while times and times[0] <= since:
                times.popleft()
            if len(times) >= most:
                raise TooMany(math.ceil(times[0] - since), reason)

    def prune(self):
        """Forget who has not hit anything for as long as it counts."""
        now = self.clock()
        with self.lock:
            for (what, who), times in list(self.hits.items()):
                if not times or times[-1] <= now - LIMITS[what].seconds:
                    del self.hits[what, who]


def address_key(address):
    """What counts as one address. An IPv6 host owns its whole /64; what is no address is itself."""
    try:
        ip = ip_address(address or "127.0.0.1")
    except ValueError:
        return address
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip) if ip.version == 4 else ip.exploded[:19]


@elsewhere(of_everyone)
def count_hit(what, who):
    """One that another process has counted."""
    throttle.note(what, who)


throttle = Throttle(tell=count_hit)
