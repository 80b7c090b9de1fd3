"""The JSON door of rooms: parse, call one verb, answer."""

from parlor import accounts, chat, hosting, overview, relay, talks
from parlor.errors import Invalid, NameClaimed, NotAllowed, PersonNotFound
from parlor.openapi import ANYBODY, BAD_FACTS, BAD_NAME, IN_A_ROOM, answers, door
from parlor.schemas import InRoom, Paged
from parlor.schemas_rooms import (
    Named,
    NewGroup,
    NewRoom,
    OneRoom,
    RoomChanges,
    RoomList,
    RoomNow,
)
from parlor.times import iso

api_rooms = door("rooms", "Rooms, open and private.")


@api_rooms.get("/chat/rooms", responses=answers(200, RoomList, Invalid), security=ANYBODY)
def list_rooms(query: Paged):
    """The rooms that are listed, the latest word first; and at their head those one is in."""
    user = accounts.me()
    found, next = hosting.listed_rooms(query.before, query.limit or overview.PAGE)
    is_first = user and query.before is None
    mine = talks.conversations(user)[0] if is_first else []
    return {"rooms": [listed(one) for one in found], "mine": mine, "next": next}


def listed(one):
    at = one.room.last_message_at
    return {
        **relay.room_facts(one.room),
        "here": relay.people(one.here[: relay.NAMED]),
        "count": len(one.here),
        **({"last_message_at": iso(at)} if at else {}),
    }


@api_rooms.post(
    "/chat/rooms", responses=answers(201, OneRoom, NameClaimed, *BAD_FACTS), security=ANYBODY
)
def open_room(body: NewRoom):
    """Open a room. A guest, who says `as` what name, gets a session cookie."""
    user, room = hosting.open_room(accounts.counted(), body.guest or "", **body.facts())
    accounts.stay(user, room.code)
    return {"room": relay.room_facts(room)}, 201


@api_rooms.get("/chat/rooms/<code>", responses=answers(200, RoomNow, *IN_A_ROOM))
def get_room(path: InRoom):
    """A room, and who is there now."""
    return room_now(find_place(path.code))


def room_now(place):
    here = chat.who_is_in(place.room)
    return {
        "room": {**relay.room_facts(place.room), "last_seq": place.room.last_seq},
        "members": relay.people(here[: relay.NAMED]),
        "count": len(here),
    }


@api_rooms.patch(
    "/chat/rooms/<code>",
    responses=answers(200, OneRoom, *IN_A_ROOM, NotAllowed, *BAD_FACTS),
)
def change_room(path: InRoom, body: RoomChanges):
    """Change what is said of one's own room."""
    room = hosting.configure(find_place(path.code), **body.facts())
    return {"room": relay.room_facts(room)}


@api_rooms.delete("/chat/rooms/<code>", responses=answers(204, None, *IN_A_ROOM, NotAllowed))
def close_room(path: InRoom):
    """Close one's own room."""
    hosting.close(find_place(path.code))
    return "", 204


@api_rooms.post(
    "/chat/directs", responses=answers(200, OneRoom, PersonNotFound, Invalid, *BAD_NAME)
)
def open_direct(body: Named):
    """The conversation with another account: the one that there is, or a new one."""
    room = talks.open_direct(accounts.counted(), body.name)
    return {"room": relay.room_facts(room)}


@api_rooms.post("/chat/groups", responses=answers(201, OneRoom, PersonNotFound, *BAD_NAME))
def open_group(body: NewGroup):
    """A group with other accounts, that one owns."""
    room = talks.open_group(accounts.counted(), body.name, body.members)
    return {"room": relay.room_facts(room)}, 201


def find_place(code):
    return chat.find_place(code, accounts.claim(), accounts.address())
