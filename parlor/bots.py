"""The verbs of bots: programs that talk in one room, each under a name and with a key of its own.

A bot is a user like any guest, but nobody's browser. Its key posts in its room, and does nothing
else.
"""

import hashlib
import secrets
from typing import NamedTuple

from sqlalchemy import select

from models import IS_OPEN, Bot, Participant, Room, User, db, now
from parlor import accounts, chat, claimed, leases, memberships, names, revisions, webhooks
from parlor.errors import BotNotFound, NotAllowed, RoomNotFound, SignInNeeded
from parlor.limits import throttle
from parlor.rooms import LiveRoom
from parlor.transactions import transaction

PREFIX = "parlor_bot_"

MOST = 20
"""Bots in one room."""


class Made(NamedTuple):
    """A new bot. Its key and the secret that signs what its webhook gets are told this once."""

    bot: Bot
    name: str
    key: str
    secret: str


class Speaker(NamedTuple):
    """The room that a bot talks in, and who it is there."""

    room: LiveRoom
    user_id: int


def make(place, name, webhook=None):
    """A bot in one's own room, a chat.Place. Returns Made.

    `webhook`: the address that gets what is said to it. Raises Name… errors, NameTaken,
    NameClaimed, WebhookInvalid, SignInNeeded, NotAllowed, TooMany.
    """
    check_owner(place)
    throttle.hit("form", place.me.user_id)
    name = names.clean(name)
    if webhook:
        webhooks.check(webhook)
    key, secret = PREFIX + secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    return Made(create(place, name, webhook or None, key, secret), name, key, secret)


@transaction
def create(place, name, webhook, key, secret):
    claimed.hold(None, name)
    room = leases.hold(place.room.id)
    if len(of_room(room.id)) >= MOST:
        raise NotAllowed(f"A room has {MOST} bots at most.")
    user = accounts.named(None, name, taken=memberships.names_in(room.id, but=None))
    memberships.add(room, user)
    bot = Bot(
        user_id=user.id,
        room_id=room.id,
        owner_id=place.me.user_id,
        key_hash=digest(key),
        webhook=webhook,
        secret=secret,
        told_seq=room.last_seq,
    )
    db.session.add(bot)
    db.session.flush()
    return bot


def of(place):
    """The (Bot, name) of each bot in one's own room, the oldest first."""
    check_owner(place)
    return of_room(place.room.id)


def of_room(room_id):
    is_theirs = (Participant.user_id == Bot.user_id) & (Participant.room_id == Bot.room_id)
    found = select(Bot, Participant.name).join(Participant, is_theirs)
    return db.session.execute(found.where(Bot.room_id == room_id).order_by(Bot.id)).all()


def remove(place, bot_id):
    """Its key is good for nothing from now on; what it said stays, under its name.

    Raises BotNotFound, SignInNeeded, NotAllowed.
    """
    check_owner(place)
    take_away(place.room.id, bot_id)


@transaction
def take_away(room_id, bot_id):
    leases.lock(room_id)
    bot = db.session.get(Bot, bot_id)
    if bot is None or bot.room_id != room_id:
        raise BotNotFound
    db.session.get(Participant, (room_id, bot.user_id)).left_at = now()
    db.session.delete(bot)


def check_owner(place):
    """Raises NotAllowed for who does not own the room, SignInNeeded for an owner who is a guest."""
    if not revisions.is_owner(place):
        raise NotAllowed
    if not place.me.is_account:
        raise SignInNeeded


def is_key(token):
    """Whether a bearer's token, or None, is to be a bot's key."""
    return token is not None and token.startswith(PREFIX)


def speaker(key, code):
    """The Speaker with that key, in the room of that code. Raises SignInNeeded, RoomNotFound."""
    found = by_key(key)
    if found is None:
        raise SignInNeeded
    bot, room = found
    if room.code != code.upper():
        raise RoomNotFound
    return Speaker(chat.spoken_in(room), bot.user_id)


def by_key(key):
    """(Bot, Room) of a key, where the room is open and the bot's owner has not gone; or None."""
    found = select(Bot, Room).join(Room, Room.id == Bot.room_id).join(User, User.id == Bot.owner_id)
    is_good = (Bot.key_hash == digest(key)) & IS_OPEN & User.deleted_at.is_(None)
    return db.session.execute(found.where(is_good)).one_or_none()


def digest(key):
    return hashlib.sha256(key.encode()).hexdigest()
