"""Who is this. The signed session cookie names a user, or a program's token; everything else is in
the tables.

`session` and `request` are those of the request under way, unless given.
"""

from typing import NamedTuple

from flask import request, session

from models import Login, User, db, now
from parlor import claimed, logins, names, tokens
from parlor.errors import NameTaken, SignInNeeded
from parlor.limits import address_key, throttle


class Claim(NamedTuple):
    """Who a session cookie, or a token, says it is: signed by us, but not looked up yet.

    `key`: a guest's User.key; for an account the id of its Login.
    """

    user_id: int
    key: str


def claim(session=session, request=request):
    """The Claim of a request's token, or else of its session; None for a stranger.

    Raises SignInNeeded for a token that is no good, whatever the session says.
    """
    token = bearer(request)
    if token is not None:
        return of_token(token)
    return of_cookie(session) if "user" in session else None


def of_cookie(session):
    found = Claim(session["user"], session.get("key"))
    logins.seen(found.key)
    return found


def bearer(request=request):
    """The token of the header `Authorization: Bearer …`, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def of_guest(token):
    """The Claim of a guest's token. Raises SignInNeeded, also if they have an account by now."""
    found = tokens.read_guest(token)
    if not found or who(Claim(*found)) is None:
        raise SignInNeeded
    return Claim(*found)


def of_token(token):
    """The Claim of an access token. Raises SignInNeeded, also if its Login has ended."""
    found = Claim(*tokens.read(token))
    if who(found) is None:
        raise SignInNeeded
    logins.seen(found.key)
    return found


def who(claim):
    """The User of a Claim, or None."""
    user = db.session.get(User, claim.user_id) if claim else None
    return user if user and (user.key == claim.key or has_login(claim)) else None


def has_login(claim):
    """Whether the Claim's key is a Login of its user's that has not ended."""
    login = db.session.get(Login, claim.key or "")
    return bool(login) and login.user_id == claim.user_id and login.ended_at is None


def is_account(user):
    """Whether a User, or None, is someone who has claimed their name."""
    return user is not None and user.claimed_key is not None


def me():
    """The user of this request, or None."""
    return who(claim())


def known():
    """The user of this request. Raises SignInNeeded for a stranger."""
    user = me()
    if user is None:
        raise SignInNeeded
    return user


def signed_in():
    """The user of this request, an account. Raises SignInNeeded for anybody else."""
    user = me()
    if not is_account(user):
        raise SignInNeeded
    return user


def counted():
    """The user of this request, or None; what is asked for is counted as a form. Raises TooMany."""
    user = me()
    throttle.hit("form", user.id if user else address())
    return user


def address(request=request):
    """What strangers are counted by: the address that a request came from."""
    return address_key(request.remote_addr)


def remember(claim, code=None):
    """Tie this browser to a user, and to the room it was in last, if to another than before."""
    session.permanent = True
    session["user"], session["key"] = claim
    if code:
        session["room"] = code


def stay(user, code):
    """A guest is who has the cookie: tie this browser to the User. Accounts have other ways."""
    if not is_account(user):
        remember(Claim(user.id, user.key), code)


def forget():
    """Make a stranger of this browser."""
    session.clear()


def latest_code(session=session):
    """The code of the room that this browser was in last, or None."""
    return session.get("room")


def named(user_id, name, taken=frozenset()):
    """The user, seen now under that name; a new guest where `user_id` is None. Not committed.

    An account keeps its own name. `taken`: keys of names that are in use where this one is to be.
    After `claimed.hold`. Raises NameClaimed, NameTaken; SignInNeeded for who has just gone.
    """
    user = db.session.get(User, user_id) if user_id else None
    if user and user.deleted_at:
        raise SignInNeeded
    if is_account(user):
        name = user.name
    else:
        claimed.check(name, taken=taken)
    if names.key(name) in taken:
        raise NameTaken(claimed.free(name, taken))
    if user is None:
        user = User()
        db.session.add(user)
    user.name, user.last_seen_at = name, now()
    db.session.flush()
    return user
