"""The end of an account: what is given back, handed on, and left behind."""

import secrets

from sqlalchemy import select

from models import IS_OPEN, Participant, Room, User, db, now
from parlor import claimed, logins, relay, renames
from parlor.memberships import hand_over
from parlor.presence import presence
from parlor.rooms import live
from parlor.transactions import transaction


def leave_for_good(user_id, erases):
    """Delete an account; everybody who looks sees it at once.

    `erases`: what they wrote is to be taken away (parlor/erasure.py does that).
    """
    changes, ended = delete(user_id, erases)
    logins.hang_up(user_id, ended)
    for room_id, code, _ in changes:
        room = live.get(code)
        if room and room.id == room_id:
            go(room, user_id)
    renames.tell(changes)


def go(room, user_id):
    """Out of a live room, on all devices."""
    member = live.leave(room, user_id)
    if member:
        relay.eject(member.sockets)
        presence.tell(room, left=[member])


@transaction
def delete(user_id, erases):
    """(Changes, the ids of the Logins that ended)."""
    claimed.hold(user_id)
    user = db.session.get(User, user_id)
    ended = [login.id for login in logins.of(user_id)]
    logins.end(user_id, ended)
    forget(user, erases)
    changes = renames.bear(user, user.name, f" {user_id}")  # no key of a name has a space
    part(user_id)
    return changes, ended


def forget(user, erases):
    user.key, user.name = secrets.token_hex(16), claimed.GONE
    user.claimed_key = user.password_hash = None
    user.email = user.full_name = user.picture = None
    user.deleted_at, user.erases = now(), erases
    db.session.flush()


def part(user_id):
    """Leave all rooms, and what was theirs to decide in them."""
    for member in db.session.scalars(select(Participant).where(Participant.user_id == user_id)):
        member.left_at = member.left_at or now()
    for room in db.session.scalars(select(Room).where(Room.owner_id == user_id, IS_OPEN)):
        room.kept = False
        if room.kind == "group":
            hand_over(room, user_id)
    db.session.flush()
