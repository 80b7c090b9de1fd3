"""Names that have an owner: nobody else can use them, nor what people would take for them."""

from sqlalchemy import func, select

from models import User, db
from parlor import names
from parlor.characters import is_storable
from parlor.errors import NameClaimed

GONE = "Someone who left"
"""The name of whoever has deleted their account, if what they wrote stays. Nobody else's."""

USERS, NAMES = 1, 2
"""What the locks of `hold` are for."""


def hold(user_id, name=None):
    """Let no other transaction name this user, or give this name, until the commit.

    To be called first, before anything is read or locked. `user_id`: None for a guest who is new.
    SQLite has one writer at a time anyway.
    """
    if db.engine.dialect.name != "postgresql":
        return
    if user_id:
        lock(USERS, user_id)
    if name is not None:
        lock(NAMES, func.hashtext(names.key(name)))


def lock(kind, number):
    db.session.execute(select(func.pg_advisory_xact_lock(kind, number)))


def is_claimed(key, but=None):
    """Whether a folded name belongs to somebody other than the user `but`."""
    if key == names.key(GONE):
        return True
    others = User.id != (but or 0)
    return db.session.scalar(select(User.id).where(User.claimed_key == key, others)) is not None


def owner(key):
    """The User who has claimed the name of that folded key, or None."""
    if not is_storable(key):
        return None
    return db.session.scalar(select(User).where(User.claimed_key == key))


def free(name, taken=frozenset()):
    """`name` with the first number under which it is nobody's, and its key not among `taken`."""
    taken = set(taken)
    while True:
        found = names.free(name, taken)
        if not is_claimed(names.key(found)):
            return found
        taken.add(names.key(found))


def check(name, but=None, taken=frozenset()):
    """Raises NameClaimed, which suggests a name whose key is not among `taken`, either."""
    if is_claimed(names.key(name), but):
        raise NameClaimed(free(name, taken))
