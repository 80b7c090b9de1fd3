"""Whole numbers that clients send: in JSON, or written out in an address."""

from parlor.errors import Invalid

LARGEST = 2**31 - 1
"""The largest number that a room's counter holds."""

LARGEST_ID = 2**63 - 1


def whole(given, name, least=0, most=LARGEST):
    """`given`, or None for None. Raises Invalid, with `name`, for what is no number in range."""
    if given is None:
        return None
    if type(given) is not int or not least <= given <= most:
        raise Invalid(f"{name} is a whole number from {least} to {most}.", field=name)
    return given


def as_whole(given):
    """What JSON's number is as an int, if it is one: JSON knows no difference between 5 and 5.0."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


def read(typed, name, least=0, most=LARGEST):
    """The number that stands in an address, or None for None. Raises Invalid."""
    is_number = typed and len(typed) <= 20 and typed.isascii() and typed.isdigit()
    return whole(int(typed) if is_number else typed, name, least, most)
