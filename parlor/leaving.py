"""The end of an account: what is given back, handed on, and left behind."""

import secrets

from sqlalchemy import delete as delete_from
from sqlalchemy import select

from models import IS_OPEN, Bot, Participant, Room, User, db, now
from parlor import claimed, logins, memberships, relay, renames
from parlor.presence import dismiss
from parlor.rooms import live
from parlor.transactions import transaction


def leave_for_good(user_id, erases):
    """Delete an account; everybody who looks sees it at once.

    `erases`: what they wrote is to be taken away (parlor/erasure.py does that).
    """
    changes, ended, handed_on = delete(user_id, erases)
    retire_bots(user_id)
    logins.hang_up(user_id, ended)
    renames.tell(changes)
    for room_id, code, *_ in changes:
        dismiss(live.find(room_id, code), user_id)
    for room in handed_on:  # somebody else's now, or no longer kept
        relay.send_facts(live.find(room.id, room.code), room)


@transaction
def delete(user_id, erases):
    """(Changes, the ids of the Logins that ended, the Rooms that were theirs)."""
    claimed.hold(user_id)
    renames.lock(user_id, select(Room.id).where(Room.owner_id == user_id, IS_OPEN))
    user = db.session.get(User, user_id)
    ended = [login.id for login in logins.of(user_id)]
    logins.end(user_id, ended)
    forget(user, erases)
    changes = renames.bear(user, user.name, f" {user_id}")  # no key of a name has a space
    return changes, ended, part(user_id)


@transaction
def retire_bots(user_id):
    """Their bots go with them, but for what they said. The keys are good for nothing already."""
    theirs = select(Bot.user_id).where(Bot.owner_id == user_id)
    for member, _ in renames.hold(Participant.user_id.in_(theirs)):
        member.left_at = now()
    db.session.execute(delete_from(Bot).where(Bot.owner_id == user_id))


def forget(user, erases):
    user.key, user.name = secrets.token_hex(16), claimed.GONE
    user.claimed_key = user.password_hash = None
    user.email = user.full_name = user.picture = None
    user.deleted_at, user.erases = now(), erases
    db.session.flush()


def part(user_id):
    """Leave all rooms. Returns those open Rooms that were theirs: a group goes to who has been in
    it longest, others are not kept any more."""
    owned = db.session.scalars(select(Room).where(Room.owner_id == user_id, IS_OPEN)).all()
    mine = select(Participant, Room).join(Room, Room.id == Participant.room_id)
    here = mine.where(Participant.user_id == user_id, Participant.left_at.is_(None))
    for member, room in db.session.execute(here).all():
        member.left_at = now()
        if room.kind == "group":
            memberships.hand_over(room, user_id)
    for room in owned:
        room.kept = False
    db.session.flush()
    return [room for room in owned if room.closed_at is None]
