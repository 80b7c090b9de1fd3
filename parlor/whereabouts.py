"""Where a database is: the addresses of its name, looked up without holding anybody up.

libpq would look them up itself, in C, and every connection waits while it does.
"""

import socket
import time
from ipaddress import ip_address
from threading import Event, Thread

from psycopg2 import OperationalError
from psycopg2.extensions import make_dsn, parse_dsn

PATIENCE = 1
"""Seconds for a look-up."""

FRESH = 5
"""Seconds for which its answer is taken for granted."""


class NotFound(OperationalError):
    """The database's name has no address, or the resolver gave no answer."""


class Name:
    """A host's name, and what is known of its addresses."""

    def __init__(self, host):
        self.host = host
        self.addresses, self.at = [], 0
        self.is_asked = False

    def look_up(self):
        """Its addresses. Those of before, when the resolver gives no answer. Raises NotFound."""
        if not self.addresses or time.monotonic() - self.at > FRESH:
            self.ask()
        if not self.addresses:
            raise NotFound("the database's name was not found")
        return self.addresses

    def ask(self):
        """Ask the resolver, unless that is under way; wait for it PATIENCE seconds at most."""
        if self.is_asked:
            return
        self.is_asked, answered = True, Event()
        Thread(target=self.resolve, args=(answered,), daemon=True).start()
        answered.wait(PATIENCE)

    def resolve(self, answered):
        try:
            found = socket.getaddrinfo(self.host, None, type=socket.SOCK_STREAM)
            self.addresses, self.at = list(dict.fromkeys(one[4][0] for one in found)), now()
        except OSError:
            self.at = now() if self.addresses else 0  # it is asked again by and by
        finally:
            self.is_asked = False
            answered.set()


names = {}
"""{host: Name}"""


def now():
    return time.monotonic()


def with_addresses(dsn):
    """`dsn` with the addresses of its host, if that is a name. Raises NotFound."""
    facts = parse_dsn(dsn)
    host = facts.get("host", "")
    if "hostaddr" in facts or not is_name(host):
        return dsn
    found = names.setdefault(host, Name(host)).look_up()
    return make_dsn(dsn, host=",".join([host] * len(found)), hostaddr=",".join(found))


def is_name(host):
    """Whether it is one, and neither an address, a list, a socket's directory, nor nothing."""
    if not host or host.startswith(("/", "@")) or "," in host:
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return False
