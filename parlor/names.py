"""People's names: which can be used, which are the same, and which is free."""

import json
import unicodedata
from functools import cache
from importlib import resources
from itertools import count

from parlor.characters import is_unseen, is_visible
from parlor.errors import NameInvalid, NameMissing, NameTooLong

LONGEST = 32
"""In characters (code points)."""


def clean(typed, longest=LONGEST):
    """The name as it is kept: composed (NFC), with single spaces, of `longest` characters at most.

    Refuses what cannot be seen: control, bidi-override, zero-width and unassigned characters,
    and names of spaces and marks alone. Raises NameMissing, NameTooLong, NameInvalid.
    """
    name = " ".join(part for part in unicodedata.normalize("NFC", typed).split(" ") if part)
    if not name:
        raise NameMissing
    if len(name) > longest:
        raise NameTooLong(longest)
    if any(is_unseen(char) for char in name) or not is_visible(name):
        raise NameInvalid
    return name


def key(name):
    """What two names have in common that people would take for the same.

    Compatibility forms (NFKC), case and invisible variation are folded, and look-alikes become the
    ASCII character they resemble, after the table of Unicode's UTS #39: before the case is folded,
    since a capital may look like another letter than its small form, and after.
    """
    seen = (char for char in normal(name) if not is_variation(char) and not char.isspace())
    folded = normal("".join(plain(char) for char in seen).casefold())
    skeleton = "".join(plain(char) for char in folded)
    return skeleton.replace("rn", "m").replace("vv", "w")


def normal(text):
    return unicodedata.normalize("NFKC", text)


def plain(char):
    return look_alikes().get(char, char)


def is_variation(char):
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


@cache
def look_alikes():
    """Map of a character to the lower-case ASCII character that it looks like."""
    table = resources.files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8")
    found = {"0": "o", "1": "l", "|": "l", "I": "l", "i": "l"}  # I is l, and I is i
    for char, likes in json.loads(table).items():
        plain = [like["c"] for like in likes if len(like["c"]) == 1 and like["c"].isascii()]
        letters = [like for like in plain if like.isalnum()]
        if not char.isascii() and len(char) == 1 and letters:
            letter = letters[0].lower()
            found[char] = found.get(letter, letter)
    return found


def free(name, taken):
    """`name` with the first number that makes it differ from all keys in `taken`."""
    for number in count(2):
        tail = f" {number}"
        suggestion = name[: LONGEST - len(tail)].rstrip() + tail
        if key(suggestion) not in taken:
            return suggestion
