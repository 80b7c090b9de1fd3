"""What stands for a face where there is no picture: initials, on one of a few hues.

`static/js/draw.js` has the same rules; `tests/faces.json` holds the two together.
"""

HUES = 12
MIXED = 65_521
"""The largest prime below 2**16."""


def initials(name):
    """The first letters of the first and the last word of a name, in upper case."""
    words = name.split(" ")
    ends = words if len(words) == 1 else (words[0], words[-1])
    return "".join(word[:1] for word in ends).upper()


def hue(name):
    """A number below HUES: the same for the same name, everywhere."""
    mix = 0
    for char in name:
        mix = (mix * 31 + ord(char)) % MIXED
    return mix % HUES
