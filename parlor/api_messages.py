"""The JSON door of messages: parse, call one verb, answer."""

from parlor import accounts, bots, chat, messages, numbers, relay, revisions
from parlor.errors import IdReused, Invalid, NotAllowed, RoomClosed
from parlor.openapi import BAD_TEXT, IN_A_ROOM, answers, door
from parlor.schemas import InRoom
from parlor.schemas_rooms import (
    AMessage,
    Messages,
    NewMessage,
    OneMessage,
    Posted,
    Text,
    Window,
)

CANNOT_BE_CHANGED = (*IN_A_ROOM, RoomClosed, NotAllowed)

api_messages = door("messages", "What is said in a room.")


@api_messages.get(
    "/chat/rooms/<code>/messages",
    responses=answers(200, Messages, *IN_A_ROOM, Invalid),
)
def list_messages(path: InRoom, query: Window):
    """The last messages of a room, those before a place, or what changed after a number."""
    room, limit = find_place(path.code).room, query.limit or messages.PAGE
    if query.after is not None:
        return relay.sync_payload(messages.changes(room.id, query.after, limit))
    return relay.sync_payload(messages.page(room.id, query.before, limit))


@api_messages.post(
    "/chat/rooms/<code>/messages",
    responses=answers(201, Posted, *IN_A_ROOM, RoomClosed, IdReused, *BAD_TEXT),
)
def post_message(path: InRoom, body: NewMessage):
    """Say something, as JSON or as plain text. The answer comes once it is stored.

    A bot sends its key instead of an access token. With plain text, the header `Idempotency-Key` is
    the message's `id`.
    """
    room, user_id = speaker(path.code)
    reply_to = numbers.whole(body.reply_to, "reply_to")
    return relay.ack(chat.post(room, user_id, body.data, body.id, reply_to)), 201


def speaker(code):
    """Where something is to be said, and by whom: a member, or a bot with its key."""
    token = accounts.bearer()
    if bots.is_key(token):
        return bots.speaker(token, code)
    place = find_place(code)
    return place.live, place.me.user_id


@api_messages.patch(
    "/chat/rooms/<code>/messages/<seq>",
    responses=answers(200, OneMessage, *CANNOT_BE_CHANGED, *BAD_TEXT),
)
def edit_message(path: AMessage, body: Text):
    """Give a message of one's own another text."""
    return relay.message_payload(revisions.edit(find_place(path.code), path.seq, body.data))


@api_messages.delete(
    "/chat/rooms/<code>/messages/<seq>",
    responses=answers(200, OneMessage, Invalid, *CANNOT_BE_CHANGED),
)
def delete_message(path: AMessage):
    """Take away the text of a message of one's own; the room's owner may do so with any."""
    return relay.message_payload(revisions.delete(find_place(path.code), path.seq))


def find_place(code):
    return chat.find_place(code, accounts.claim(), accounts.address())
