"""The verbs of rooms: what people do there, whichever door they come by.

A `user` is a models.User, or None for a browser that has not been anywhere yet. `asker` is what
wrong codes are counted by: the address.
"""

from typing import NamedTuple

from parlor import (
    accounts,
    admission,
    claimed,
    codes,
    leases,
    memberships,
    messages,
    names,
    overview,
    relay,
    text,
)
from parlor.errors import CannotLeave, ChatError, NotAMember, RoomNotFound
from parlor.limits import throttle
from parlor.presence import dismiss, note_typing, presence
from parlor.rooms import LiveRoom, live
from parlor.store import Draft
from parlor.transactions import transaction
from parlor.writer import writer


class Place(NamedTuple):
    """An open room as its member `me` finds it."""

    room: memberships.RoomRow
    live: LiveRoom
    me: memberships.Me
    claim: accounts.Claim
    as_of: tuple
    """live.moment() when it was looked for."""


def open_room(user, name, prepare=None):
    """A new room with its first member. Returns (User, Room). Raises Name… errors, Retry.

    `prepare(room)`: what is to be done in the same transaction.
    """
    admission.check()
    user, room = create(user and user.id, name_for(user, name), prepare)
    arrive(go_live(room), *memberships.myself(user))
    overview.tell(room.id, user.id)
    return user, room


@transaction
def create(user_id, name, prepare):
    """A room owned by a user, a new guest where `user_id` is None. Returns (User, Room)."""
    claimed.hold(user_id, name)
    user = accounts.named(user_id, name)
    room = leases.take(owner_id=user.id)
    memberships.add(room, user)
    if prepare:
        prepare(room)
    return user, room


def name_for(user, typed):
    """The name that someone who came by a form goes by: an account by its own."""
    return user.name if accounts.is_account(user) else names.clean(typed)


def join(user, name, typed_code, asker):
    """Become a member of an open room, or bear another name in it. Returns (User, Room).

    Into a conversation nobody comes by its code: who is in it comes back. Raises Name… and Code…
    errors, RoomNotFound, NameTaken, NameClaimed, TooMany.
    """
    name = name_for(user, name)
    room = find_room(codes.read(typed_code), user, asker)
    live_room = go_live(room)  # from here on it is not deserted
    if room.kind == "open":
        user = memberships.admit(room.id, user and user.id, name)
    arrive(live_room, *memberships.myself(user))
    overview.tell(room.id, user.id)
    return user, room


def arrive(live_room, user_id, name, picture=None, is_account=False):
    """Someone came by a form: they are here, for now without a socket.

    Whoever comes back under another name has left under the old one.
    """
    known = live.member(live_room, user_id)
    is_renamed = known is not None and known.name != name
    if is_renamed:
        presence.tell(live_room, left=[known])
    newcomer = live.visit(live_room, user_id, name, picture, is_account)
    if newcomer or is_renamed:
        presence.tell(live_room, joined=[newcomer or known])


def find_room(code, user, asker):
    """The open room of that code. Raises RoomNotFound, TooMany.

    Codes that never were, those of closed rooms and those of other people's conversations get the
    same answer. Strangers' wrong codes are counted; that someone comes back to a room that is
    closed by now is no guess.
    """
    room = memberships.reachable(code, user)
    if memberships.find(room, user):
        return room
    if room is None and memberships.was_in(code, user):
        raise RoomNotFound
    throttle.check("wrong-code", asker)
    if room is None:
        throttle.hit("wrong-code", asker)
        raise RoomNotFound
    return room


def find_place(typed_code, claim, asker):
    """An open room as its member finds it. `typed_code`: as it stands in an address, or in `auth`.

    `claim`: an accounts.Claim. Raises RoomNotFound (for what cannot be a code, too), NotAMember,
    TooMany.
    """
    try:
        code = codes.read(typed_code)
    except ChatError:
        raise RoomNotFound from None
    as_of = live.moment()
    found = memberships.place(code, claim)
    if found is None:
        find_room(code, accounts.who(claim), asker)
        raise NotAMember
    room, me = found
    return Place(room, go_live(room), me, claim, as_of)


def go_live(room):
    """The LiveRoom of a models.Room, or memberships.RoomRow."""
    return live.open(room.id, room.code, room.last_seq, room.lasts)


def spoken_in(room):
    """The LiveRoom of a models.Room that a program speaks in: that alone keeps none open."""
    known = live.get(room.code)
    return known if known and known.id == room.id else go_live(room)


def leave(place):
    """Stop being a member: on all tabs, and at once. Raises CannotLeave."""
    if place.room.kind == "direct":
        raise CannotLeave
    part(place, place.me.user_id)


def part(place, user_id):
    """Someone is no member any more. A group goes on as somebody else's, or ends with its last."""
    room = memberships.end(place.room.id, user_id)
    relay.send_gone(user_id, place.live)
    dismiss(place.live, user_id)
    if room.closed_at:
        relay.shut(place.live)
    elif room.owner_id != place.room.owner_id:
        relay.send_facts(place.live, room)


def post(live_room, user_id, typed, client_id=None, reply_to=None):
    """Say something. Returns the Posted, once it is stored and relayed.

    `client_id`: made by the sender, who may repeat the call with it. Raises TooMany, Message…
    errors, Invalid, and what `writer.post` raises.
    """
    return writer.post(draft(live_room, user_id, typed, client_id, reply_to))


def submit(live_room, user_id, typed, client_id, reply_to, done):
    """The same without waiting: `done` is called with the Outcome."""
    writer.submit(draft(live_room, user_id, typed, client_id, reply_to), done)


def draft(live_room, user_id, typed, client_id, reply_to):
    throttle.hit("message", user_id)
    content = text.clean(typed)
    client_id = text.new_id() if client_id is None else text.clean_id(client_id)
    return Draft(live_room, user_id, client_id, content, reply_to)


def sync(seat, after):
    """The changes after the number `after`. Raises TooMany."""
    throttle.hit("sync", seat.member.user_id)
    return messages.changes(seat.room.id, after)


def find_seat(socket):
    """Where a socket is, by the server's own record. Raises NotAMember."""
    seat = live.seat(socket)
    if seat is None:
        raise NotAMember
    return seat


def disconnect(socket, was_silent):
    """A socket is gone; whether its person is, time will tell, or has: silence was long enough."""
    live.exit(socket, at_once=was_silent)


def set_typing(seat, is_typing):
    """Someone types, still types, or has stopped. Raises TooMany."""
    throttle.hit("typing", seat.member.user_id)
    note_typing(seat.room, seat.member.user_id, is_typing)


def who_is_in(room):
    """The rooms.Members who are in `room`, a models.Room, now."""
    return live.people([room])[room.id]
