"""Passwords: which can be used, and how they are kept: as Argon2id makes them.

Making one takes some hundredths of a second and 19 MB, on purpose: so it happens where the hosting
worker has it done (`configure`), and two at a time.
"""

import unicodedata
from contextlib import contextmanager
from functools import cache
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from parlor.errors import PasswordMissing, PasswordTooLong, PasswordTooShort, Retry

SHORTEST, LONGEST = 8, 256
"""In characters (code points)."""

AT_ONCE = 2

PATIENCE = 5
"""Seconds that anybody waits for their turn."""

hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""As OWASP's Password Storage Cheat Sheet has it."""

turns = Semaphore(AT_ONCE)


@contextmanager
def turn():
    """One of those AT_ONCE. Raises Retry where too many wait for it."""
    if not turns.acquire(timeout=PATIENCE):
        raise Retry
    try:
        yield
    finally:
        turns.release()


def here(function, *args):
    return function(*args)


elsewhere = here


def configure(run):
    """`run(function, *args)`: calls it where it holds up nobody, and returns what it returns."""
    global elsewhere
    elsewhere = run


def check(password, field="password"):
    """Raises PasswordMissing, PasswordTooShort, PasswordTooLong, for the form's `field`."""
    if not password:
        raise PasswordMissing(field=field)
    if len(password) < SHORTEST:
        raise PasswordTooShort(SHORTEST, field)
    if len(password) > LONGEST:
        raise PasswordTooLong(LONGEST, field)


def make(password):
    """What is kept of a password. Raises Retry."""
    with turn():
        return elsewhere(hasher.hash, prepared(password))


def verify(kept, password):
    """Whether this is the password of which `kept` was kept.

    It takes as long where nothing was (None), and is False. Raises Retry.
    """
    with turn():
        return elsewhere(matches, kept or nobodys(), prepared(password)) and kept is not None


def matches(kept, password):
    try:
        return hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def nobodys():
    """Of a password that nobody has: to take as long for a name that is not there."""
    return hasher.hash(b"")


def prepared(password):
    """The same bytes, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
