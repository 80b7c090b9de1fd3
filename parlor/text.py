"""What people say: what can be a message, and where the links in it are."""

import re
import secrets
from itertools import count

from parlor.characters import UNSTORABLE, is_storable, is_visible
from parlor.errors import Invalid, MessageInvalid, MessageMissing, MessageTooLong

CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LONGEST_QUERY = 200

LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
TRAILING = ".,;:!?'\"*_~"
BRACKETS = {")": "(", "]": "[", "}": "{"}


longest = 1000
"""Characters (code points) in a message."""


def configure(max_message_length):
    global longest
    longest = max_message_length


def clean(typed):
    """The message as it is kept: lines end in \\n, no white space around it.

    `longest` characters at most. Refuses what cannot be stored or shown: control
    characters and lone surrogates. Raises MessageMissing, MessageTooLong, MessageInvalid, Invalid.
    """
    if not isinstance(typed, str):
        raise Invalid("A message is text.", field="message")
    text = typed.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise MessageMissing
    if len(text) > longest:
        raise MessageTooLong(longest)
    if not is_storable(text):
        raise MessageInvalid
    if not is_visible(text):
        raise MessageMissing
    return text


def given(value, name):
    """What came in a payload under that name, if it is a text or nothing. Raises Invalid."""
    if value is not None and not isinstance(value, str):
        raise Invalid(f"{name} is a text.", field=name)
    return value


def clean_query(typed):
    """What someone searches for, without what can be in no message; LONGEST_QUERY at most."""
    return UNSTORABLE.sub("", typed).strip()[:LONGEST_QUERY]


def clean_id(given):
    """A client id, as it is. Raises Invalid."""
    if not isinstance(given, str) or not CLIENT_ID.fullmatch(given):
        raise Invalid("An id is 1 to 64 of A-Z, a-z, 0-9, _ and -.", field="id")
    return given


THIS_PROCESS, numbers = secrets.token_hex(12), count()


def new_id():
    """A client id for who brought none: of this process, and the next."""
    return f"{THIS_PROCESS}-{next(numbers)}"


def parts(text):
    """`text` cut at its links: a list of (text, address or None). `static/js/links.js` is its twin.

    A link starts with http:// or https:// and ends before white space, quotes or angle brackets;
    punctuation and unmatched brackets at its end do not belong to it.
    """
    found, at = [], 0
    for match in LINK.finditer(text):
        address = trim(match[0])
        if address.endswith("://"):
            continue
        if match.start() > at:
            found.append((text[at : match.start()], None))
        found.append((address, address))
        at = match.start() + len(address)
    if at < len(text):
        found.append((text[at:], None))
    return found


def trim(address):
    while address.rpartition("://")[2]:
        last = address[-1]
        opener = BRACKETS.get(last)
        unmatched = opener and address.count(last) > address.count(opener)
        if last not in TRAILING and not unmatched:
            break
        address = address[:-1]
    return address
