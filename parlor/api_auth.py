"""The JSON door of tokens: parse, call one verb, answer."""

from parlor import accounts, identity, programs, tokens
from parlor.errors import Invalid, NameClaimed, SignInFailed
from parlor.openapi import ANYBODY, BAD_NAME, BAD_PASSWORD, BAD_PROFILE, answers, door
from parlor.schemas_me import Refresh, Registration, SignIn, Tokens

PROGRAM = "A program"

api_auth = door("auth", "Accounts, and the tokens of programs.")


@api_auth.post(
    "/auth/register",
    responses=answers(201, Tokens, NameClaimed, Invalid, *BAD_NAME, *BAD_PASSWORD, *BAD_PROFILE),
    security=ANYBODY,
)
def register(body: Registration):
    """Make an account, and sign in to it."""
    facts = body.model_dump(include={"email", "full_name", "picture"})
    given = programs.register(
        body.name, body.password, body.device or PROGRAM, accounts.address(), **facts
    )
    return payload(given), 201


@api_auth.post(
    "/auth/login", responses=answers(200, Tokens, SignInFailed, Invalid), security=ANYBODY
)
def sign_in(body: SignIn):
    """Sign in to an account."""
    return payload(
        programs.sign_in(body.name, body.password, body.device or PROGRAM, accounts.address())
    )


@api_auth.post("/auth/refresh", responses=answers(200, Tokens), security=ANYBODY)
def refresh(body: Refresh):
    """Get new tokens for a refresh token, which is good once.

    The same token again gets the same refresh token for half a minute, in case the first answer was
    lost. Later it ends the session: somebody else has had it.
    """
    return payload(programs.refresh(body.refresh_token, accounts.address()))


@api_auth.post("/auth/logout", responses=answers(204, None))
def sign_out():
    """End this session: its tokens are no good any more, its connections are closed."""
    accounts.signed_in()
    identity.sign_out(accounts.claim())
    return "", 204


def payload(given):
    return {
        "user_id": given.user_id,
        "access_token": given.access,
        "refresh_token": given.refresh,
        "token_type": "Bearer",
        "expires_in": int(tokens.LASTS.total_seconds()),
    }
