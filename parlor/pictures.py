"""Pictures of people: addresses elsewhere, which are shown where the setting PICTURES allows it."""

import re
from urllib.parse import urlsplit

from parlor.errors import PictureInvalid

LONGEST = 500
"""In characters (code points)."""

UNFIT = re.compile(r"[\s\\\x00-\x1f\x7f]")

are_allowed = False


def configure(allowed):
    global are_allowed
    are_allowed = allowed


def shown(picture):
    """An address that payloads and pages may carry: `picture`, or None."""
    return picture if are_allowed and picture else None


def clean(typed):
    """An https address, or None for nothing. Raises PictureInvalid."""
    address = typed.strip()
    if not address:
        return None
    if len(address) > LONGEST or UNFIT.search(address) or not is_https(address):
        raise PictureInvalid
    return address


def is_https(address):
    """Whether it leads to a host, by https, and names nobody."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - which raises for what is none
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
