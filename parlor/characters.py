"""Characters that show nothing, and those that no table can hold."""

import re
import unicodedata

UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and symbols that show nothing; control and format characters are besides."""


def is_unseen(char):
    category = unicodedata.category(char)
    return category[0] == "C" or category in ("Zl", "Zp") or char in UNSEEN


VISIBLE_ASCII = re.compile("[!-~]")


def is_visible(text):
    """Whether there is anything to see in it."""
    return VISIBLE_ASCII.search(text) is not None or any(is_seen(char) for char in text)


def is_seen(char):
    return not is_unseen(char) and unicodedata.category(char)[0] in "LNPS"


UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but for line breaks and tabs, and lone surrogates."""


def is_storable(text):
    return UNSTORABLE.search(text) is None
