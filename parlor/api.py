"""The JSON door: parse, call one verb, answer."""

from flask import Blueprint, request

from parlor import accounts, chat, codes, messages, relay
from parlor.errors import ChatError, Invalid, RoomNotFound
from parlor.limits import address_key

LONGEST_PAGE = 100
LARGEST = 2**31 - 1
"""The largest number that a column of the tables holds."""

api = Blueprint("api", __name__, url_prefix="/api")


@api.get("/chat/rooms/<code>")
def room(code):
    place = find_place(code)
    here = chat.who_is_in(place.room)
    return {
        "room": {**relay.room_facts(place.room), "last_seq": place.room.last_seq},
        "members": relay.people(here),
        "count": len(here),
    }


@api.get("/chat/rooms/<code>/messages")
def room_messages(code):
    place = find_place(code)
    before, after = number("before"), number("after")
    limit = number("limit", least=1, most=LONGEST_PAGE, default=messages.PAGE)
    if before is not None and after is not None:
        raise Invalid("Either before or after, not both.", field="before")
    if after is not None:
        return relay.sync_payload(messages.changes(place.room.id, after, limit))
    return relay.sync_payload(messages.page(place.room.id, before, limit))


def find_place(code):
    try:
        code = codes.read(code)
    except ChatError:
        raise RoomNotFound from None
    return chat.find_place(code, accounts.me(), address_key(request.remote_addr))


def number(name, least=0, most=LARGEST, default=None):
    """A whole number from the query. Raises Invalid, with its name, for anything else."""
    given = request.args.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or not least <= int(given[:20]) <= most:
        raise Invalid(f"{name} is a whole number from {least} to {most}.", field=name)
    return int(given)
