"""A name that becomes somebody's everywhere, and those who have to make way.

Nothing here is committed. `claimed.hold` comes first; rooms are locked in one order, as the writer
locks them, before any member's row is touched.
"""

from typing import NamedTuple

from sqlalchemy import or_, select, union

from models import IS_OPEN, Participant, Room, db
from parlor import accounts, claimed, names, overview, relay
from parlor.memberships import names_in
from parlor.rooms import live


class Change(NamedTuple):
    """Someone's name and picture in an open room, as they are now."""

    room_id: int
    code: str
    kind: str
    member: relay.Named


def lock(user_id, *others):
    """Lock all rooms of a user, and those of `others`, selects of their ids.

    Before the user's row is changed: whoever writes in a room holds that, and looks at the row.
    """
    lock_all(union(rooms_of(user_id), *others))


def bearing(name):
    """The ids of open rooms in which somebody bears the name."""
    is_borne = Participant.name_key == names.key(name), IS_OPEN
    return select(Participant.room_id).join(Room, Room.id == Participant.room_id).where(*is_borne)


def take(user, name):
    """The user bears that name in all rooms, and has their picture there; guests who bore it get
    the next free one. Returns the Changes."""
    key = names.key(name)
    bearers = Participant.name_key == key
    in_mine = Participant.room_id.in_(rooms_of(user.id))
    rivals = hold(bearers, Participant.user_id != user.id, or_(IS_OPEN, in_mine))
    for rival, _ in rivals:
        taken = names_in(rival.room_id, but=rival.user_id) | {key}
        rival.name = claimed.free(rival.name, taken)
        rival.name_key = names.key(rival.name)
    db.session.flush()  # before the name is taken: no two in a room have one
    return changes(rivals) + bear(user, name, key)


def bear(user, name, key):
    """The user has that name, its key and their picture in all rooms. Returns the Changes."""
    mine = hold(Participant.user_id == user.id)
    for member, _ in mine:
        member.name, member.name_key, member.picture = name, key, user.picture
    db.session.flush()
    return changes(mine, accounts.is_account(user))


def hold(*which):
    """(Participant, Room) of those that are so, with their rooms locked."""
    found = select(Room.id).join(Participant, Participant.room_id == Room.id).where(*which)
    lock_all(found)
    both = select(Participant, Room).join(Room, Room.id == Participant.room_id).where(*which)
    return db.session.execute(both.order_by(Room.id)).all()


def lock_all(ids):
    chosen = select(Room.id).where(Room.id.in_(ids))
    db.session.execute(chosen.order_by(Room.id).with_for_update())


def rooms_of(user_id):
    return select(Participant.room_id).where(Participant.user_id == user_id)


def changes(found, is_account=False):
    return [
        Change(room.id, room.code, room.kind, as_named(member, is_account))
        for member, room in found
        if room.closed_at is None
    ]


def as_named(member, is_account):
    return relay.Named(member.user_id, member.name, member.picture, is_account)


def tell(changes):
    """To the pages that are open: once it is committed."""
    for room_id, code, kind, member in changes:
        relay.rename(live.find(room_id, code), *member)
        if kind != "open":  # conversations are listed under their people's names
            overview.tell(room_id, *members_of(room_id))


def members_of(room_id):
    is_member = Participant.room_id == room_id, Participant.left_at.is_(None)
    return db.session.scalars(select(Participant.user_id).where(*is_member)).all()
