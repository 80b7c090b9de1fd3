"""Which addresses on the web the server calls for others: those that anybody could call.

Not those of the machines around it: a name that leads to one of these, among others, is refused.
"""

import re
import socket
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from parlor.errors import WebhookInvalid

LONGEST = 500
FIT = re.compile(r"[!-~]+")
"""What may stand in an address: what can be seen of ASCII."""

PORTS = {80, 443, *range(8000, 9000)}
DEFAULT_PORTS = {"http": 80, "https": 443}

NAT64 = ip_network("64:ff9b::/96")
SPECIAL = [
    ip_network(net) for net in ("192.0.0.0/24", "::/96", "64:ff9b:1::/48", "2001::/32", "fec0::/10")
]
"""Where there is, or was, a way into networks that are not public."""


class Target(NamedTuple):
    """An address taken apart. `path`: with the query. `ip` is the one to connect to, once known."""

    scheme: str
    host: str
    port: int
    path: str
    ip: str | None = None


def read(address):
    """The Target of an http or https address. Raises WebhookInvalid."""
    if len(address) > LONGEST or not FIT.fullmatch(address):
        raise WebhookInvalid
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise WebhookInvalid from error
    is_web = parts.scheme in DEFAULT_PORTS and parts.hostname and "@" not in parts.netloc
    if not is_web or port == 0:
        raise WebhookInvalid
    port = port or DEFAULT_PORTS[parts.scheme]
    path = parts.path or "/"
    return Target(parts.scheme, parts.hostname, port, f"{path}?{parts.query}".removesuffix("?"))


def find(address, anywhere=False):
    """The Target, with an IP address that was looked at: connect to that one, and to no other.

    `anywhere`: not to public ones alone. Raises WebhookInvalid, also for what cannot be found.
    """
    target = read(address)
    found = look_up(target)
    if not anywhere and not (target.port in PORTS and all(is_public(ip) for ip in found)):
        raise WebhookInvalid
    return target._replace(ip=found[0])


def look_up(target):
    """The IP addresses of its host, one at least."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WebhookInvalid from error
    ips = [sockaddr[0] for *_, sockaddr in found]
    if not ips:
        raise WebhookInvalid
    return ips


def is_public(ip):
    """Whether an IP address, as text, is one that anybody can reach. What it stands for counts."""
    ip = ip_address(ip)
    inner = ip.version == 6 and (ip.ipv4_mapped or ip.sixtofour or translated(ip))
    if inner:
        return is_public(str(inner))
    is_special = ip.is_multicast or ip.is_reserved or any(ip in net for net in SPECIAL)
    return ip.is_global and not is_special


def translated(ip):
    """The IPv4 address that NAT64 makes of an IPv6 one, or None."""
    return ip_address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
