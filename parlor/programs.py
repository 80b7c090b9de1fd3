"""The verbs of programs: tokens for a session of an account, and again tokens, while it lasts.

A refresh token is good once. The one before the latest is good for a moment more, since an answer
may have been lost; whoever comes with an older one has it from somewhere else, and the
session ends.
"""

import hmac
from datetime import timedelta
from typing import NamedTuple

from models import Login, db, now
from parlor import identity, logins, tokens
from parlor.errors import SignInNeeded
from parlor.limits import throttle
from parlor.transactions import transaction

REPEATABLE = timedelta(seconds=30)
"""How long the refresh token before the latest gets the latest again."""

IDLE = timedelta(days=90)
"""How long a session lasts in which nothing is refreshed."""


class Tokens(NamedTuple):
    """What a program is given. `access` is good for `tokens.LASTS`."""

    user_id: int
    access: str
    refresh: str


def register(name, password, device, asker, **facts):
    """A new account with its first session. Returns Tokens. Raises as identity.register."""
    user, login = identity.register(None, name, password, device, asker, **facts)
    return begin(user.id, login.id)


def sign_in(name, password, device, asker):
    """A session of an account. Returns Tokens. Raises as identity.sign_in."""
    user, login = identity.sign_in(name, password, device, asker)
    return begin(user.id, login.id)


@transaction
def begin(user_id, login_id):
    first = tokens.refresh(login_id)
    renew(held(login_id), first)
    return given(user_id, login_id, first)


def refresh(token, asker):
    """The Tokens that follow a refresh token. Raises SignInNeeded, TooMany."""
    throttle.hit("refresh", asker)
    login = turn(token) if tokens.is_ours(token) else None
    if login is None:
        raise SignInNeeded
    if login.ended_at:
        logins.hang_up(login.user_id, [login.id])
        raise SignInNeeded
    return given(login.user_id, login.id, tokens.following(token))


@transaction
def turn(token):
    """The Login of a refresh token of ours, which has ended with it if it was stolen; None where
    the session does not last any more.
    """
    login = held(tokens.login_of(token))
    if login is None or login.ended_at or is_idle(login):
        return None
    if is_hash(login.refresh_hash, token):
        renew(login, tokens.following(token), former=login.refresh_hash)
    elif not is_repeated(login, token):
        login.ended_at = now()
    return login


def is_idle(login):
    return login.refreshed_at is None or now() - login.refreshed_at > IDLE


def is_repeated(login, token):
    """Whether the answer that the token got may have been lost."""
    return is_hash(login.former_hash, token) and now() - login.refreshed_at <= REPEATABLE


def held(login_id):
    """The Login, as it is until the commit, or None."""
    return db.session.get(Login, login_id, with_for_update=True, populate_existing=True)


def is_hash(kept, token):
    return kept is not None and hmac.compare_digest(kept, tokens.digest(token))


def renew(login, token, former=None):
    login.refresh_hash, login.former_hash = tokens.digest(token), former
    login.refreshed_at = login.last_seen_at = now()


def given(user_id, login_id, refresh):
    return Tokens(user_id, tokens.access(user_id, login_id), refresh)
