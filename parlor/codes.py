"""Room codes: how they are drawn, and how what people type is read."""

import re
import secrets

from parlor.errors import CodeMalformed, CodeMissing

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 (www.crockford.com/base32.html): no I, L, O or U."""

LENGTH = 4

UNGUESSABLE = 12
"""The length of a conversation's code: nobody types it, it stands in addresses alone."""

LOOKS_LIKE = str.maketrans("OIL", "011")
IN_A_LINK = re.compile(r"/room/([^/?#\s]*)")
BETWEEN = re.compile(r"[\s\-‐‑‒–—_.]+")


def draw(length=LENGTH):
    """A code out of 32**4, about a million, that cannot be guessed from others; or a longer one."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def read(typed):
    """The code that someone typed or pasted, as it was drawn.

    Takes lower case, spaces, dashes, O for 0, I or L for 1, and a room's link.
    Raises CodeMissing, CodeMalformed.
    """
    link = IN_A_LINK.search(typed)
    code = BETWEEN.sub("", link[1] if link else typed).upper().translate(LOOKS_LIKE)
    if not code:
        raise CodeMissing
    if len(code) not in (LENGTH, UNGUESSABLE) or not set(code) <= set(ALPHABET):
        raise CodeMalformed
    return code
