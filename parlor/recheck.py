"""Who was made to leave, or signed out, while this process did not hear of it: out they go.

That is so after Redis was away, and while it is.
"""

from sqlalchemy import select

from models import Login, Participant, db
from parlor import logins
from parlor.presence import dismiss
from parlor.rooms import live

AT_ONCE = 500
"""Sockets that are looked up together."""


def recheck():
    seats = live.all_seats()
    for first in range(0, len(seats), AT_ONCE):
        some = seats[first : first + AT_ONCE]
        for room, user_id in left(some):
            dismiss.here(room, user_id)
        for user_id, key in ended(some):
            logins.hang_up.here(user_id, [key])
        db.session.rollback()


def left(seats):
    """(LiveRoom, user id) of those who are members no more."""
    rooms = {(seat.room.id, seat.member.user_id): seat.room for seat in seats}
    gone = select(Participant.room_id, Participant.user_id).where(
        Participant.room_id.in_({room_id for room_id, _ in rooms}),
        Participant.user_id.in_({user_id for _, user_id in rooms}),
        Participant.left_at.is_not(None),
    )
    found = [tuple(one) for one in db.session.execute(gone)]
    return [(rooms[one], one[1]) for one in found if one in rooms]


def ended(seats):
    """(user id, key) of sessions that have ended."""
    keys = {seat.key for seat in seats if seat.key}
    over = select(Login.user_id, Login.id).where(Login.id.in_(keys), Login.ended_at.is_not(None))
    return db.session.execute(over).all()
