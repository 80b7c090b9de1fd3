"""What is taken away when an account goes: in the background, and though the server may crash.

`User.erases` says that there is something left. A message that goes is a change as any other: it
takes the room's next number, so that whoever reads the room sees it go.
"""

from sqlalchemy import and_, select

from models import Message, Participant, User, db, now
from parlor import leases, relay
from parlor.rooms import live
from parlor.store import Posted
from parlor.transactions import transaction

IS_AUTHOR = and_(Participant.room_id == Message.room_id, Participant.user_id == Message.user_id)

AT_ONCE = 200
"""Messages that are emptied in one transaction: while it is under way, nobody else writes."""


def erase_some():
    """Take away some of what somebody wrote who wants that, and tell the rooms."""
    if next_to_erase() is None:
        return  # nearly always: without keeping others from writing
    room, erased = erase()
    for posted in erased:
        relay.send_message(live.find(room.id, room.code), posted)


def next_to_erase():
    """A User of whom there is something left to take away, or None."""
    return db.session.scalar(select(User).where(User.erases).order_by(User.id).limit(1))


@transaction
def erase():
    """(Room, [Posted]): where something was taken away, and what is left of it. (None, []) at the
    end of it."""
    user = next_to_erase()
    if user is None:
        return None, []
    mine = Message.user_id == user.id
    room_id = db.session.scalar(
        select(Message.room_id).where(mine, Message.deleted_at.is_(None)).limit(1)
    )
    if room_id is None:
        user.erases = False
        return None, []
    room = leases.lock(room_id)
    return room, [empty(room, *found) for found in some_of(user.id, room.id)]


def some_of(user_id, room_id):
    """The first AT_ONCE of (Message, Participant) that are left in a room."""
    left = select(Message, Participant).join(Participant, IS_AUTHOR)
    mine = Message.user_id == user_id, Message.room_id == room_id, Message.deleted_at.is_(None)
    return db.session.execute(left.where(*mine).order_by(Message.seq).limit(AT_ONCE)).all()


def empty(room, message, author):
    """Take away what a message says, under the room's next number. Returns it as a Posted."""
    room.last_seq += 1
    message.content, message.deleted_at, message.version = "", now(), room.last_seq
    return Posted(
        message.seq, message.version, message.client_id, author.user_id, author.name, "",
        message.timestamp, message.reply_to, message.edited_at, message.deleted_at, author.picture,
    )  # fmt: skip
