"""Rooms and messages straight in the tables, for tests in this process."""

from sqlalchemy import select

from models import Message, Participant, Room, User, db
from parlor import names
from parlor.rooms import LiveRoom
from parlor.store import Draft
from parlor.store import store as store_in
from parlor.transactions import write_transaction


def add(row):
    db.session.add(row)
    db.session.commit()
    return row


def account(name):
    """Somebody with an account, who is known by a guest's key, too."""
    return add(User(name=name, claimed_key=names.key(name), password_hash=""))


def new_room(code, *people):
    """An open room with those Users as members. Returns its LiveRoom."""
    room = add(Room(code=code))
    for user in people:
        key = names.key(user.name)
        add(Participant(room_id=room.id, user_id=user.id, name=user.name, name_key=key))
    return LiveRoom(room.id, code, head=0, empty_since=0)


def draft(room, user, id="a", text="hello", reply_to=None):
    return Draft(room, user.id, id, text, reply_to)


def store(drafts):
    """Store in one transaction, as the writer does. Returns the Outcomes."""
    outcomes = write_transaction(db.engine, store_in, drafts)
    db.session.rollback()  # what was read before is out of date
    return outcomes


def stored():
    """(room id, seq, content) of every message."""
    rows = select(Message.room_id, Message.seq, Message.content).order_by(Message.id)
    return [tuple(row) for row in db.session.execute(rows)]
