"""The JSON door of rooms: parse, call one verb, answer."""

from parlor import accounts, chat, relay
from parlor.errors import NotAMember, RoomNotFound
from parlor.openapi import answers, door
from parlor.schemas import InRoom
from parlor.schemas_rooms import RoomNow

api_rooms = door("rooms", "Rooms, and who is in them.")


@api_rooms.get("/chat/rooms/<code>", responses=answers(200, RoomNow, RoomNotFound, NotAMember))
def get_room(path: InRoom):
    """A room, and who is in it."""
    place = find_place(path.code)
    here = chat.who_is_in(place.room)
    return {
        "room": {**relay.room_facts(place.room), "last_seq": place.room.last_seq},
        "members": relay.people(here[: relay.NAMED]),
        "count": len(here),
    }


def find_place(code):
    return chat.find_place(code, accounts.claim(), accounts.address())
