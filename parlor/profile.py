"""What an account says of its owner, besides the name: for its owner alone."""

import re

from parlor.characters import is_unseen
from parlor.errors import EmailInvalid, FullNameInvalid

LONGEST_EMAIL, LONGEST_FULL_NAME = 254, 80
"""In characters (code points)."""

EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)*")


def clean_email(typed):
    """An address as it is kept, or None for nothing. Nobody writes to it. Raises EmailInvalid."""
    email = typed.strip()
    if not email:
        return None
    is_long = len(email) > LONGEST_EMAIL
    if is_long or any(map(is_unseen, email)) or not EMAIL.fullmatch(email):
        raise EmailInvalid
    return email


def clean_full_name(typed):
    """A full name with single spaces, or None for nothing. Raises FullNameInvalid."""
    name = " ".join(typed.split())
    if len(name) > LONGEST_FULL_NAME or any(map(is_unseen, name)):
        raise FullNameInvalid
    return name or None
