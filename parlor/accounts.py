"""Who is this. The signed session cookie names a user; everything else is in the tables.

`session` and `request` are those of the request under way, unless given.
"""

from typing import NamedTuple

from flask import request, session

from models import Login, User, db, now
from parlor.limits import address_key


class Claim(NamedTuple):
    """Who a session cookie says it is: signed by us, but not looked up yet.

    `key`: a guest's User.key; for an account the id of its Login.
    """

    user_id: int
    key: str


def claim(session=session):
    """The Claim of a session, or None."""
    return Claim(session["user"], session.get("key")) if "user" in session else None


def who(claim):
    """The User of a Claim, or None."""
    user = db.session.get(User, claim.user_id) if claim else None
    return user if user and (user.key == claim.key or has_login(claim)) else None


def has_login(claim):
    """Whether the Claim's key is a Login of its user's that has not ended."""
    login = db.session.get(Login, claim.key or "")
    return bool(login) and login.user_id == claim.user_id and login.ended_at is None


def me():
    """The user of this request, or None."""
    return who(claim())


def address(request=request):
    """What strangers are counted by: the address that a request came from."""
    return address_key(request.remote_addr)


def remember(claim, code):
    """Tie this browser to a user, and to the room it was in last."""
    session.permanent = True
    session["user"], session["key"] = claim
    session["room"] = code


def latest_code(session=session):
    """The code of the room that this browser was in last, or None."""
    return session.get("room")


def named(user_id, name):
    """The user, seen now under that name; a new guest where `user_id` is None. Not committed."""
    user = db.session.get(User, user_id) if user_id else None
    if user is None:
        user = User()
        db.session.add(user)
    user.name, user.last_seen_at = name, now()
    db.session.flush()
    return user
