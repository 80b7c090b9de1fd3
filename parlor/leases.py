"""Rooms in their table: a code is a lease on one, from opening to closing."""

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from models import IS_OPEN, LASTS, Participant, Room, db, now
from parlor import codes
from parlor.errors import Retry, RoomNotFound
from parlor.transactions import transaction

DRAWS = 20
"""Codes drawn for one room before giving up: with half of all codes taken, one in a million."""


LONGEST_NAME = 60
"""Characters (code points) in the name of a room or a group."""


def take(owner_id=None, length=codes.LENGTH, **facts):
    """A new room under a code that no open room has; the index decides, in any process.

    `length`: of the code; `facts`: whatever else models.Room has. Not committed. Raises Retry when
    DRAWS codes in a row are taken.
    """
    for _ in range(DRAWS):
        room = Room(code=codes.draw(length), owner_id=owner_id, **facts)
        try:
            with db.session.begin_nested():
                db.session.add(room)
            return room
        except IntegrityError:
            continue
    raise Retry


@transaction
def take_without_people():
    """An open room that nobody is in, for a command. Returns the Room."""
    return take()


def find(code):
    """The open Room of that code, or None."""
    return db.session.scalar(select(Room).where(Room.code == code, IS_OPEN))


def find_pair(pair):
    """The Room of that pair, or None."""
    return db.session.scalar(select(Room).where(Room.pair == pair))


def hold(room_id):
    """Keep the room as it is until the commit. Returns the Room. Raises RoomNotFound if it is
    closed."""
    room = lock(room_id)
    if room is None or room.closed_at:
        raise RoomNotFound
    return room


def lock(room_id):
    """Keep the room as it is until the commit, open or not. Returns the Room."""
    return db.session.get(Room, room_id, with_for_update=True, populate_existing=True)


@transaction
def end(room_id, may_end):
    """Close a room if `may_end()` while its row is held, which keeps joins out. Returns whether.

    True also for a room that is closed already; False for one that is to last.
    """
    room = lock(room_id)
    if room.lasts or not may_end():
        return False
    close(room)
    return True


@transaction
def end_now(room_id):
    """Close a room, whoever is there."""
    close(lock(room_id))


def close(room):
    """Close a Room whose row is held: its code is free. Not committed."""
    if room.closed_at is None:
        room.closed_at = now()


@transaction
def end_idle(room_id, since):
    """Close a room that is kept, if there has been no word since that moment. Returns whether."""
    room = lock(room_id)
    is_idle = room.kept and (room.last_message_at or room.created_at) < since
    if is_idle:
        close(room)
    return is_idle


def idle(since):
    """The open Rooms that are kept and without a word since that moment."""
    latest = func.coalesce(Room.last_message_at, Room.created_at)
    return db.session.scalars(select(Room).where(IS_OPEN, Room.kept, latest < since)).all()


def open_rooms():
    """Every open Room with the number of its members, the oldest first."""
    is_member = (Participant.room_id == Room.id) & Participant.left_at.is_(None)
    rows = select(Room, func.count(Participant.user_id)).outerjoin(Participant, is_member)
    return db.session.execute(rows.where(IS_OPEN).group_by(Room.id).order_by(Room.id)).all()


def passing():
    """(id, code, last_seq) of every open room that closes when nobody is there."""
    rows = select(Room.id, Room.code, Room.last_seq).where(IS_OPEN, ~LASTS)
    return db.session.execute(rows).all()
