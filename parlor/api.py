"""The JSON door: parse, call one verb, answer."""

from flask import Blueprint, request

from parlor import accounts, chat, messages, numbers, relay
from parlor.errors import Invalid

LONGEST_PAGE = 100

api = Blueprint("api", __name__, url_prefix="/api")


@api.get("/chat/rooms/<code>")
def room(code):
    place = find_place(code)
    here = chat.who_is_in(place.room)
    return {
        "room": {**relay.room_facts(place.room), "last_seq": place.room.last_seq},
        "members": relay.people(here[: relay.NAMED]),
        "count": len(here),
    }


@api.get("/chat/rooms/<code>/messages")
def room_messages(code):
    place = find_place(code)
    before, after = number("before"), number("after")
    limit = number("limit", least=1, most=LONGEST_PAGE) or messages.PAGE
    if before is not None and after is not None:
        raise Invalid("Either before or after, not both.", field="before")
    if after is not None:
        return relay.sync_payload(messages.changes(place.room.id, after, limit))
    return relay.sync_payload(messages.page(place.room.id, before, limit))


@api.post("/chat/rooms/<code>/messages")
def post_message(code):
    """`data`, `id` and `reply_to`, as the event `message` has them."""
    place = find_place(code)
    given = body()
    if not isinstance(given, dict):
        raise Invalid
    reply_to = numbers.whole(given.get("reply_to"), "reply_to")
    posted = chat.post(
        place.live, place.me.user_id, given.get("data"), given.get("id"), reply_to
    )  # fmt: skip
    return relay.ack(posted), 201


def body():
    """What the request holds as JSON, or None: also for what is nested too deep to be read."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def find_place(code):
    return chat.find_place(code, accounts.claim(), accounts.address())


def number(name, **limits):
    """A whole number from the query, or None. Raises Invalid."""
    return numbers.read(request.args.get(name), name, **limits)
