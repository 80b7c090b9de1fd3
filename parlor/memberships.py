"""Who belongs to which room, and under which name."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, or_, select

from models import IS_OPEN, Bot, Login, Participant, Room, User, db, now, utc
from parlor import accounts, claimed, leases, names
from parlor.transactions import rows, transaction


class RoomRow(NamedTuple):
    """An open room, as models.Room has it."""

    id: int
    code: str
    last_seq: int
    created_at: datetime
    kind: str
    name: str | None
    description: str | None
    listed: bool
    kept: bool
    owner_id: int | None

    @property
    def lasts(self):
        return self.kept or self.kind != "open"


class Me(NamedTuple):
    """A member, with the name and picture that they have in the room."""

    user_id: int
    name: str
    picture: str | None = None
    is_account: bool = False


room_, member_, user_ = Room.__table__.c, Participant.__table__.c, User.__table__.c
login_ = Login.__table__.c

HAS_LOGIN = exists().where(
    login_.id == bindparam("key"), login_.user_id == user_.id, login_.ended_at.is_(None)
)
PLACE = (
    select(
        *(room_[field] for field in RoomRow._fields),
        *(member_.user_id, member_.name, member_.picture, user_.claimed_key.is_not(None)),
    )
    .where(room_.code == bindparam("code"), room_.closed_at.is_(None))
    .where(member_.room_id == room_.id, member_.user_id == user_.id, member_.left_at.is_(None))
    .where(user_.id == bindparam("user"), or_(user_.key == bindparam("key"), HAS_LOGIN))
)
"""Of tables, and made once: it is asked for each page and each socket."""


def place(code, claim):
    """(RoomRow, Me) of the open room of that code, for a member; None for anyone else.

    `claim`: an accounts.Claim, or None.
    """
    if claim is None:
        return None
    found = rows(PLACE, code=code, user=claim.user_id, key=claim.key)
    if not found:
        return None
    *facts, user_id, name, picture, is_account = found[0]
    room = RoomRow(*facts)
    return tidy(room), Me(user_id, name, picture, bool(is_account))


def tidy(room):
    """A RoomRow as it should be, of one as the driver makes it: to SQLite times are texts."""
    listed, kept = bool(room.listed), bool(room.kept)
    return room._replace(created_at=utc(room.created_at), listed=listed, kept=kept)


def add(room, user):
    """Make a user a member under their name, or again, or under another. Not committed.

    What was said in the Room before they came is not unread. The room's row is held, or new.
    """
    member = db.session.get(Participant, (room.id, user.id))
    if member is None:
        member = Participant(room_id=room.id, user_id=user.id, left_at=now())
        db.session.add(member)
    if member.left_at:
        member.joined_at, member.left_at, member.last_read_seq = now(), None, room.last_seq
    member.name, member.name_key, member.picture = user.name, names.key(user.name), user.picture
    return member


@transaction
def admit(room_id, user_id, name):
    """Let a user, a new guest where `user_id` is None, into an open room. Returns the User.

    Names of those who have left are taken too: what they said bears them. An account comes under
    its own name. Raises RoomNotFound, NameTaken, NameClaimed.
    """
    claimed.hold(user_id, name)
    room = leases.hold(room_id)
    user = accounts.named(user_id, name, taken=names_in(room_id, but=user_id))
    add(room, user)
    return user


def names_in(room_id, but):
    """The keys of all names that are borne in a room, but for those of the user `but`."""
    others = Participant.user_id != (but or 0)
    return set(
        db.session.scalars(
            select(Participant.name_key).where(Participant.room_id == room_id, others)
        )
    )


@transaction
def end(room_id, user_id):
    """From the commit on, nothing of the member's is stored any more. Returns the Room."""
    room = leases.lock(room_id)
    db.session.get(Participant, (room_id, user_id)).left_at = now()
    if room.kind == "group":
        retire_bots(room, user_id)
        hand_over(room, user_id)
    return room


def retire_bots(room, owner_id):
    """Who is no longer in a group hears and says nothing there by a bot, either. Not committed."""
    theirs = db.session.scalars(select(Bot).where(Bot.room_id == room.id, Bot.owner_id == owner_id))
    for bot in theirs.all():
        db.session.get(Participant, (room.id, bot.user_id)).left_at = now()
        db.session.delete(bot)


def hand_over(room, user_id):
    """A member has left a group: whose it is if it was theirs; it ends with the last. Not
    committed."""
    rest = (
        select(Participant.user_id)
        .join(User, User.id == Participant.user_id)
        .where(Participant.room_id == room.id, Participant.left_at.is_(None))
        .where(User.claimed_key.is_not(None))  # a bot owns nothing
    )
    longest = rest.order_by(Participant.joined_at, Participant.user_id)
    heir = db.session.scalar(longest.limit(1))
    if heir is None:
        leases.close(room)
    elif room.owner_id == user_id:
        room.owner_id = heir


def reachable(code, user):
    """The open Room of that code, if the user may know of it: None may know of open rooms alone.

    Conversations are there for their participants only. This and `place` are where that is decided.
    """
    is_mine = exists().where(
        Participant.room_id == Room.id,
        Participant.user_id == (user.id if user else 0),
        Participant.left_at.is_(None),
    )
    may_know = or_(Room.kind == "open", is_mine)
    return db.session.scalar(select(Room).where(Room.code == code, IS_OPEN, may_know))


def find(room, user):
    """The user's Participant in the room, or None for no member. Either may be None."""
    member = room and user and db.session.get(Participant, (room.id, user.id))
    return member if member and member.left_at is None else None


def is_in(room_id, user_id):
    """Whether the user is a member of the room, open or not."""
    member = select(Participant.user_id).where(
        Participant.room_id == room_id,
        Participant.user_id == user_id,
        Participant.left_at.is_(None),
    )
    return db.session.scalar(member) is not None


def members(room_id, after=0, limit=None):
    """Who belongs to a room, each as a Me, by their ids: those above `after`, so many at most."""
    rows = (
        select(member_.user_id, member_.name, member_.picture, user_.claimed_key.is_not(None))
        .where(member_.room_id == room_id, member_.user_id == user_.id, member_.left_at.is_(None))
        .where(member_.user_id > after)
        .order_by(member_.user_id)
    )
    return [Me(*found) for found in db.session.execute(rows.limit(limit))]


def was_in(code, user):
    """Whether the user has ever been in an open room of that code, or to its end in a conversation.

    Who was made to leave a conversation knows of no such code.
    """
    if user is None:
        return False
    rooms = select(Participant.room_id).join(Room, Room.id == Participant.room_id)
    may_know = or_(Room.kind == "open", Participant.left_at.is_(None))
    mine = rooms.where(Participant.user_id == user.id, Room.code == code, may_know)
    return db.session.scalar(mine.limit(1)) is not None


def myself(user):
    """The Me of a User in a room that they have just come into."""
    return Me(user.id, user.name, user.picture, accounts.is_account(user))
