"""Who was made to leave, or signed out, while this process did not hear of it: out they go.

That is so after Redis was away for this process or for another, and while it is.
"""

from sqlalchemy import select

from models import Login, Participant, Room, db
from parlor import logins, relay
from parlor.presence import dismiss
from parlor.rooms import live

AT_ONCE = 500
"""Sockets that are looked up together."""


def recheck():
    sockets = live.sockets()
    for first in range(0, len(sockets), AT_ONCE):
        some = {socket: live.visitor(socket) for socket in sockets[first : first + AT_ONCE]}
        look_at({socket: visitor for socket, visitor in some.items() if visitor})
        db.session.rollback()


def look_at(visitors):
    """`visitors`: {socket: Visitor}."""
    for user_id, key in ended(visitors.values()):
        logins.hang_up.here(user_id, [key])
    gone = left({visitor.user_id for visitor in visitors.values()})
    for socket, visitor in visitors.items():
        seat = live.seat(socket)
        if seat and (seat.room.id, visitor.user_id) in gone:
            dismiss.here(seat.room, visitor.user_id)
        for room_id in relay.watched(socket):
            if (room_id, visitor.user_id) in gone:
                relay.let_go([socket], gone[room_id, visitor.user_id])


def left(user_ids):
    """{(room id, user id): LiveRoom} of all rooms that those users are members of no more."""
    theirs = Participant.user_id.in_(user_ids), Participant.left_at.is_not(None)
    rooms = select(Participant.room_id, Participant.user_id, Room.code)
    found = db.session.execute(rooms.join(Room, Room.id == Participant.room_id).where(*theirs))
    return {(id, user_id): live.find(id, code) for id, user_id, code in found}


def ended(visitors):
    """(user id, key) of sessions that have ended."""
    keys = {visitor.key for visitor in visitors if visitor.key}
    over = select(Login.user_id, Login.id).where(Login.id.in_(keys), Login.ended_at.is_not(None))
    return db.session.execute(over).all()
