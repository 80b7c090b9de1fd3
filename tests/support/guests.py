"""Guests and accounts in this process, for tests of the verbs."""

from sqlalchemy import select

from models import Participant, Room, User, db
from parlor import accounts, chat, identity

HERE = "127.0.0.1"
DEVICE = "Firefox on Linux"
PASSWORD = "a lamp and a chair"


def opens(name, user=None):
    """A guest, or the user, opens a room. Returns (User, its code)."""
    user, room = chat.open_room(user, name)
    return user, room.code


def joins(code, name, user=None):
    """Returns the User."""
    return chat.join(user, name, code, HERE)[0]


def claims(user, name, **more):
    """The guest, or a stranger (None), keeps the name. Returns (User, accounts.Claim)."""
    user, login = identity.register(user, name, PASSWORD, DEVICE, HERE, **more)
    return user, accounts.Claim(user.id, login.id)


def signs_in(name, password=PASSWORD, device="Safari on iPhone"):
    """Returns the accounts.Claim."""
    user, login = identity.sign_in(name, password, device, HERE)
    return accounts.Claim(user.id, login.id)


def says(user, code, text):
    """Post a message in a room the user is in. Returns the Posted."""
    claim = accounts.Claim(user.id, user.key)
    if accounts.is_account(user):
        claim = signs_in(user.name)
    place = chat.find_place(code, claim, HERE)
    return chat.post(place.live, user.id, text)


def names_in(code):
    """{user id: name} of everybody who has been in an open room."""
    members = select(Participant.user_id, Participant.name).join(Room)
    db.session.rollback()
    return dict(db.session.execute(members.where(Room.code == code)).all())


def again(user):
    """The User as the tables have it now."""
    db.session.rollback()
    return db.session.get(User, user.id)
