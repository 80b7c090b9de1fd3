"""A socket comes into a room, and gets what it lacks.

A `place` is a chat.Place.
"""

from parlor import admission, memberships, messages, relay
from parlor.errors import NotAMember
from parlor.presence import presence
from parlor.rooms import live

LONG_ABSENCE = 1000
"""Changes missed beyond which a reader gets the latest page, and asks for the gap if need be."""


def connect(place, socket, after=None):
    """A socket enters a room, and gets what it lacks: in this order, so that nothing is missed.

    Raises NotAMember for whoever has left, or is gone, before that was read; Retry.
    """
    admission.check()
    me = place.me
    newcomer = live.enter(
        place.live, me.user_id, me.name, socket, place.claim.key, me.picture, me.is_account
    )
    if newcomer:
        presence.tell(place.live, joined=[newcomer])
    try:
        relay.subscribe(socket, place.room.id)
        live.others.settle(place.live)
        place = as_it_is(place, socket)
        past = backlog(place, after)
        place = as_it_is(place, socket)
        relay.send_room(socket, relay.Room(**past, **present(place)))
    except BaseException:
        live.exit(socket)  # a connection that is refused is never heard to end
        raise


def as_it_is(place, socket):
    """The Place of a socket, read anew if anybody has left since it was, or while it was read.

    Raises NotAMember, if that was who has.
    """
    is_current = live.is_as_of(place.as_of, place.live)
    while live.seat(socket) and relay.is_connected(socket):
        if is_current:
            return place
        place = found_again(place)
        is_current = live.has_nobody_left(place.as_of)
    raise NotAMember


def found_again(place):
    """The same, looked for in the database. Raises NotAMember."""
    as_of = live.moment()
    room, me = memberships.place(place.room.code, place.claim) or (None, None)
    if room and room.id == place.room.id:
        if me != place.me:
            relay.rename(place.live, *me)  # while nothing was heard of the room
        return place._replace(room=room, me=me, as_of=as_of)
    if not memberships.is_in(place.room.id, place.me.user_id):
        member = live.leave(place.live, place.me.user_id)
        if member:
            presence.tell(place.live, left=[member])
    raise NotAMember  # or their session has ended, and on others they may well be here


def backlog(place, after):
    """What `room` tells of the past: the last page, or the changes above the number `after`.

    After a long absence the last page, too, and the gap before it.
    """
    is_long = after is not None and place.room.last_seq - after > LONG_ABSENCE
    jumps = after is None or is_long
    found = messages.page(place.room.id) if jumps else changes(place, after)
    past = {
        "messages": [relay.message_payload(posted) for posted in found.messages],
        "through": found.through,
        "more": found.more and not jumps,  # older pages are asked for by the reader
    }
    if is_long:
        past["gap"] = relay.Gap(after=after, through=found.through)
    return past


def present(place):
    """What `room` tells of the present. Whoever comes from now on is told of afterwards: so nothing
    may be waited for in between."""
    here = live.here(place.live)
    return {
        "room": relay.room_facts(place.room),
        "me": relay.person(place.me),
        "members": relay.people(here[: relay.NAMED]),
        "count": len(here),
    }


def changes(place, after):
    """The changes since, for a socket that is in the room.

    What the room counted when it was found is all there is, unless more was relayed since.
    """
    last = place.room.last_seq
    is_all = place.live.head <= last and live.is_as_of(place.as_of, place.live)
    return messages.changes(place.room.id, after, through=last if is_all else None)
