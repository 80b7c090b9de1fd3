"""Who is meant: `@name` in a message, however the name is written."""

from parlor import names

LONGEST = 2 * names.LONGEST
"""Characters after the @ that may be a name."""


def mentions(text, name):
    """Whether `text` has "@" and that name in it, as words of their own.

    Names are the same as everywhere: by their folded keys, whatever spaces are in them.
    """
    key = names.key(name)
    return any(is_at(text, at + 1, key) for at, char in enumerate(text) if char == "@")


def is_at(text, start, key):
    if start > 1 and is_word(text[start - 2]):
        return False
    if not text[start : start + 1].strip(" @\n"):
        return False
    ends = range(start + 1, min(len(text), start + LONGEST) + 1)
    return any(names.key(text[start:end]) == key for end in ends if is_border(text, end))


def is_border(text, end):
    return end == len(text) or not is_word(text[end])


def is_word(char):
    return char.isalnum() or char == "_"
