"""The JSON door of a room's people: parse, call one verb, answer."""

from parlor import accounts, chat, hosting, memberships, relay, talks
from parlor.errors import (
    CannotLeave,
    Invalid,
    NameClaimed,
    NameTaken,
    NotAllowed,
    PersonNotFound,
    RoomNotFound,
)
from parlor.openapi import ANYBODY, BAD_CODE, BAD_NAME, IN_A_ROOM, answers, door
from parlor.schemas import PAGE, InRoom
from parlor.schemas_rooms import (
    AMember,
    Coming,
    MemberList,
    Named,
    OnePerson,
    People,
    ReadMark,
)

api_members = door("members", "Who belongs to a room.")


@api_members.post(
    "/chat/rooms/<code>/join",
    responses=answers(200, OnePerson, RoomNotFound, *BAD_CODE, NameTaken, NameClaimed, *BAD_NAME),
    security=ANYBODY,
)
def join(path: InRoom, body: Coming):
    """Become a member of an open room. A guest, who says what name, gets a session cookie."""
    user = accounts.counted()
    user, room = chat.join(user, body.name or "", path.code, accounts.address())
    accounts.stay(user, room.code)
    return {"person": relay.person(memberships.myself(user))}


@api_members.post("/chat/rooms/<code>/leave", responses=answers(204, None, *IN_A_ROOM, CannotLeave))
def leave(path: InRoom):
    """Stop being a member."""
    chat.leave(find_place(path.code))
    return "", 204


@api_members.get(
    "/chat/rooms/<code>/members",
    responses=answers(200, MemberList, *IN_A_ROOM, Invalid),
)
def list_members(path: InRoom, query: People):
    """Everybody who belongs to a room, by their ids."""
    room, limit = find_place(path.code).room, query.limit or PAGE
    found = memberships.members(room.id, query.after or 0, limit + 1)
    people = found[:limit]
    more = len(found) > limit
    return {"members": relay.people(people), "next": people[-1].user_id if more else None}


@api_members.post(
    "/chat/rooms/<code>/members",
    responses=answers(201, OnePerson, *IN_A_ROOM, NotAllowed, PersonNotFound, NameTaken, *BAD_NAME),
)
def add_member(path: InRoom, body: Named):
    """Bring another account into one's own group."""
    user = talks.add_member(find_place(path.code), body.name)
    return {"person": relay.person(memberships.myself(user))}, 201


@api_members.delete(
    "/chat/rooms/<code>/members/<user_id>",
    responses=answers(204, None, *IN_A_ROOM, NotAllowed, PersonNotFound, Invalid),
)
def remove_member(path: AMember):
    """Make somebody go: out of one's own group for good, out of an open room until they come back
    with the code.
    """
    hosting.remove_member(find_place(path.code), path.user_id)
    return "", 204


@api_members.post("/chat/rooms/<code>/read", responses=answers(204, None, *IN_A_ROOM))
def mark_read(path: InRoom, body: ReadMark):
    """Note how far one has read a room, on whichever device."""
    place = find_place(path.code)
    talks.mark_read(place.live, place.me.user_id, body.seq)
    return "", 204


def find_place(code):
    return chat.find_place(code, accounts.claim(), accounts.address())
