"""The tokens of programs: what is in them, and which are ours.

An access token is a JWT of some minutes, which says what an accounts.Claim says. A refresh token is
the id of a Login and a secret, of which the Login keeps the hash alone. Nothing here looks into the
tables.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import jwt
from itsdangerous import BadData, URLSafeSerializer

from parlor.errors import SignInNeeded

LASTS = timedelta(minutes=15)
"""How long an access token is good for."""

ALGORITHM = "HS256"
ISSUER, AUDIENCE = "parlor", "parlor-api"
REQUIRED = ["exp", "iat", "jti", "aud", "iss", "sub", "sid"]

HALF = 16
"""Bytes in each half of a refresh token's secret."""

key = b""


class Access(NamedTuple):
    """Who an access token says its bearer is: signed by us, but not looked up yet."""

    user_id: int
    login_id: str


def configure(secret):
    """Sign with a key of our own, which follows from `secret`."""
    global key
    key = hmac.digest(secret.encode(), b"parlor: tokens", "sha256")


def access(user_id, login_id):
    """A new access token."""
    issued = datetime.now(UTC)
    facts = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": login_id,
        "jti": secrets.token_hex(16),
        "iat": issued,
        "exp": issued + LASTS,
    }
    return jwt.encode(facts, key, ALGORITHM)


def read(token):
    """The Access of a token. Raises SignInNeeded for what is none of ours, or has expired."""
    try:
        facts = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": REQUIRED, "verify_iat": False},  # servers' clocks differ
        )
        return Access(int(facts["sub"]), str(facts["sid"]))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise SignInNeeded from error


def guest(user_id, user_key):
    """What brings a guest back who has no cookie: for as long as the User has that key."""
    return guests().dumps([user_id, user_key])


def read_guest(token):
    """(user id, key) of a guest's token, or None for what is none of ours."""
    try:
        user_id, user_key = guests().loads(token)
    except (BadData, ValueError):
        return None
    return user_id, user_key


def guests():
    return URLSafeSerializer(key, salt="parlor: guests")


def refresh(login_id):
    """The first refresh token of a Login."""
    return sealed(login_id, secrets.token_bytes(HALF))


def following(token):
    """The refresh token that follows one: always the same, so that a lost answer can be repeated.

    It cannot be told without our key.
    """
    return sealed(login_of(token), mac("next", token))


def sealed(login_id, chosen):
    """A refresh token. The second half of its secret says that we have made the first."""
    secret = chosen + mac("seal", login_id, chosen.hex())
    return f"{login_id}.{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def is_ours(token):
    """Whether we have made a refresh token, be it long ago."""
    login_id, _, secret = token.partition(".")
    try:
        chosen = base64.urlsafe_b64decode(secret + "=")[:HALF]
        return hmac.compare_digest(sealed(login_id, chosen).encode(), token.encode())
    except ValueError:
        return False


def mac(*words):
    return hmac.digest(key, "\n".join(words).encode(), "sha256")[:HALF]


def login_of(token):
    """The id of the Login that a refresh token names."""
    return token.partition(".")[0]


def digest(token):
    """What is kept of a refresh token."""
    return hashlib.sha256(token.encode()).hexdigest()
