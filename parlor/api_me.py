"""The JSON door of oneself: parse, call one verb, answer."""

from parlor import accounts, identity, logins, messages, overview, relay, talks, text
from parlor.errors import Invalid, LoginNotFound, NameClaimed, PasswordWrong
from parlor.openapi import BAD_NAME, BAD_PASSWORD, BAD_PROFILE, answers, door
from parlor.schemas import Paged
from parlor.schemas_me import (
    Farewell,
    MyAccount,
    MyChanges,
    MyConversations,
    MyMessages,
    NewPassword,
    OneSession,
    Search,
    Sessions,
)
from parlor.times import iso

api_me = door("me", "Who one is, and what one has.")


@api_me.get("/me", responses=answers(200, MyAccount))
def get_me():
    """Who one is."""
    return account(accounts.known())


@api_me.patch("/me", responses=answers(200, MyAccount, NameClaimed, *BAD_NAME, *BAD_PROFILE))
def change_me(body: MyChanges):
    """Change one's name, or what one says of oneself."""
    return account(identity.update_profile(accounts.signed_in(), **body.model_dump()))


@api_me.delete("/me", responses=answers(204, None, PasswordWrong))
def delete_me(body: Farewell):
    """Give up one's account."""
    identity.delete_account(accounts.signed_in(), body.password, body.keep_messages)
    return "", 204


@api_me.post("/me/password", responses=answers(204, None, PasswordWrong, *BAD_PASSWORD))
def change_password(body: NewPassword):
    """Another password. All other sessions end."""
    identity.change_password(accounts.signed_in(), accounts.claim(), body.old, body.new)
    return "", 204


@api_me.get("/me/rooms", responses=answers(200, MyConversations, Invalid))
def my_rooms(query: Paged):
    """The rooms one is in, with what is unread, the latest word first."""
    found, next = talks.conversations(accounts.known(), query.before, query.limit or overview.PAGE)
    return {"conversations": found, "next": next}


@api_me.get("/me/messages", responses=answers(200, MyMessages, Invalid))
def my_messages(query: Search):
    """What one wrote, newest first, or what of it has the words `q` in it.

    A search looks through 2,000 messages: so an answer may be empty, and still have a `next`.
    """
    user, limit = accounts.known(), query.limit or messages.PAGE
    words = text.clean_query(query.q or "")
    if words:
        found = messages.search(user.id, words, query.before, limit=limit)
    else:
        found = messages.history(user.id, query.before, limit)
    return {
        "messages": [written(one) for one in found.written],
        "next": found.next,
        "back_to": found.back_to and iso(found.back_to),
    }


@api_me.get("/me/sessions", responses=answers(200, Sessions))
def my_sessions():
    """Where one is signed in, the latest seen first."""
    claim = accounts.claim()
    found = identity.logins_of(accounts.signed_in())
    return {"sessions": [session(login, claim) for login in found]}


@api_me.delete("/me/sessions/<id>", responses=answers(204, None, LoginNotFound))
def end_session(path: OneSession):
    """End a session: its tokens are no good any more, its connections are closed."""
    identity.end_login(accounts.signed_in(), path.id)
    return "", 204


def account(user):
    facts = {
        "user_id": user.id,
        "name": user.name,
        "is_account": accounts.is_account(user),
        "created_at": iso(user.created_at),
    }
    said = {field: getattr(user, field) for field in ("email", "full_name", "picture")}
    return {"me": {**facts, **{field: value for field, value in said.items() if value}}}


def written(one):
    place = {"room": one.room_code, "closed": one.room_closed}
    return {**relay.message_payload(one.posted), **place}


def session(login, claim):
    return {
        "id": login.id,
        "device": login.device,
        "program": login.refresh_hash is not None,
        "current": login.id == claim.key,
        "created_at": iso(login.created_at),
        "last_seen_at": iso(logins.last_seen(login)),
    }
