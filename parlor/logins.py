"""The sessions of accounts: begun, listed and ended; and when each was last heard of.

When that was is kept in memory, and written down now and then (`write_seen`): so it costs no
request a transaction.
"""

from datetime import timedelta

from sqlalchemy import delete, select, update

from models import Login, db, now
from parlor import relay
from parlor.peers import everywhere, of_everyone
from parlor.rooms import live
from parlor.transactions import transaction

AT_ONCE = 500
"""Logins that are written down in one statement."""

KEPT = timedelta(days=30)
"""How long a Login is kept that has ended."""

heard_of = {}


def begin(user_id, device):
    """A new Login. `device`: what its owner knows it by. Not committed."""
    login = Login(user_id=user_id, device=device)
    db.session.add(login)
    db.session.flush()
    return login


def of(user_id):
    """Those of a user's Logins that have not ended, the latest seen first."""
    mine = select(Login).where(Login.user_id == user_id, Login.ended_at.is_(None))
    logins = db.session.scalars(mine).all()
    return sorted(logins, key=last_seen, reverse=True)


def last_seen(login):
    return heard_of.get(login.id, login.last_seen_at)


def end(user_id, ids):
    """From the commit on, these are nobody's. Not committed; `hang_up` belongs to it."""
    mine = update(Login).where(Login.user_id == user_id, Login.id.in_(ids))
    db.session.execute(mine.where(Login.ended_at.is_(None)).values(ended_at=now()))


@everywhere(of_everyone)
def hang_up(user_id, ids):
    """Close the sockets of sessions that have ended, at once."""
    relay.eject(live.end(user_id, ids))


@everywhere(of_everyone)
def replace_key(user_id, old, new):
    """What came with a guest's key stays, under that of their first session."""
    live.rekey(user_id, old, new)


def seen(key):
    """A request or a socket came with a Claim of that key, a Login's id or not."""
    heard_of[key] = now()


def write_seen():
    """Write down who was heard of since."""
    global heard_of
    heard, heard_of = heard_of, {}
    ids = list(heard)
    for first in range(0, len(ids), AT_ONCE):
        note_seen(ids[first : first + AT_ONCE])


@transaction
def note_seen(ids):
    db.session.execute(update(Login).where(Login.id.in_(ids)).values(last_seen_at=now()))


@transaction
def forget_old():
    """Take away what has ended long ago."""
    db.session.execute(delete(Login).where(Login.ended_at < now() - KEPT))
