"""The verbs of those who own a room: its name and description, whether it is listed and kept, its
end, and who has to go. And what the home page lists.
"""

import logging
import time
import unicodedata
from functools import partial
from typing import NamedTuple

from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from models import Room, User, db
from parlor import accounts, chat, leases, memberships, names, overview, relay
from parlor.characters import is_storable
from parlor.errors import (
    DescriptionInvalid,
    DescriptionTooLong,
    NameMissing,
    NotAllowed,
    PersonNotFound,
    RoomNameTaken,
    SignInNeeded,
)
from parlor.rooms import live
from parlor.transactions import transaction

log = logging.getLogger(__name__)

LONGEST_DESCRIPTION = 300
"""In characters (code points)."""

IS_LISTED = text("room.listed AND room.closed_at IS NULL")
"""In the words of the index ix_room_listed_name, which is read then."""

FRESH = 2
"""Seconds for which the home page's list is as it was."""

LATEST = func.coalesce(Room.last_message_at, Room.created_at)


class Listed(NamedTuple):
    """A room that the home page lists, and the rooms.Members who are there now."""

    room: Room
    here: list


def open_room(user, called, **facts):
    """A new room, of which is said what `configure` takes. Returns (User, Room).

    `called`: what a guest is to be called.

    Raises as chat.open_room and `configure`.
    """
    facts = cleaned(facts)
    opened = chat.open_room(user, called, prepare=lambda room: describe(room, facts))
    front.forget()
    return opened


def configure(place, **changes):
    """Change what is said of a room: `name`, `description` (texts, empty for none), `listed`,
    `kept` (bools); what is not given stays. Returns the Room. Everybody there hears `facts`.

    Raises NotAllowed for all but the owner, Name… and Description… errors, NameMissing where a
    listed room or a group has none, RoomNameTaken, SignInNeeded where a guest would keep a room.
    """
    require_owner(place.room, place.me.user_id)
    room = change(place.room.id, place.me.user_id, cleaned(changes))
    front.forget()
    relay.send_facts(place.live, room)
    return room


@transaction
def change(room_id, user_id, changes):
    room = leases.hold(room_id)
    require_owner(room, user_id)
    return describe(room, changes)


def describe(room, changes):
    """Say so of a Room whose row is held, or new. Not committed."""
    for field, value in changes.items():
        setattr(room, field, value)
    room.name_key = names.key(room.name) if room.name else None
    check(room)
    try:
        db.session.flush()
    except IntegrityError:  # the index decides, in any process
        raise RoomNameTaken from None
    return room


def check(room):
    """Raise what speaks against a Room being as it is now."""
    if room.kind != "open" and (room.listed or room.kept):
        raise NotAllowed
    if not room.name and (room.listed or room.kind == "group"):
        what = "room that is listed" if room.listed else "group"
        raise NameMissing(f"A {what} needs a name.")
    if room.kept and not accounts.is_account(db.session.get(User, room.owner_id)):
        raise SignInNeeded("Only people with an account can keep a room.", field="kept")


def cleaned(facts):
    clean = {"name": clean_name, "description": clean_description, "listed": bool, "kept": bool}
    return {field: clean[field](given) for field, given in facts.items()}


def clean_name(typed):
    """A room's name as it is kept, None for none. Raises NameTooLong, NameInvalid."""
    return names.clean(typed, leases.LONGEST_NAME) if typed.strip() else None


def clean_description(typed):
    """A room's description as it is kept: one line, None for none. Raises Description… errors."""
    line = " ".join(unicodedata.normalize("NFC", typed).split())
    if len(line) > LONGEST_DESCRIPTION:
        raise DescriptionTooLong(LONGEST_DESCRIPTION)
    if not is_storable(line):
        raise DescriptionInvalid
    return line or None


def close(place):
    """End a room: everybody has to go, and its code is free. Raises NotAllowed for others than
    the owner."""
    require_owner(place.room, place.me.user_id)
    leases.end_now(place.room.id)
    front.forget()
    relay.shut(place.live)


def remove_member(place, user_id):
    """Make somebody go: out of a group for good, out of an open room until they come back with the
    code. Raises NotAllowed for all but the owner, and for oneself; PersonNotFound."""
    require_owner(place.room, place.me.user_id)
    if user_id == place.me.user_id:
        raise NotAllowed
    if not memberships.is_in(place.room.id, user_id):
        raise PersonNotFound("There is no such member.", field="user_id")
    chat.part(place, user_id)


def require_owner(room, user_id):
    if room.owner_id != user_id:
        raise NotAllowed


def listed_rooms(before=None, limit=20):
    """The rooms that the home page lists, the latest word first: (list of Listed, next).

    `next` is the `before` of the next page, None after the last. Raises Invalid.
    """
    rows = select(Room, LATEST).where(IS_LISTED, overview.earlier(LATEST, before))
    rows = rows.order_by(LATEST.desc(), Room.id.desc()).limit(limit + 1)
    found = db.session.execute(rows).all()
    listed = with_people([room for room, _ in found[:limit]])
    if len(found) <= limit:
        return listed, None
    room, moment = found[limit - 1]
    return listed, overview.cursor(room.id, moment)


def with_people(rooms):
    here = live.people(rooms)
    return [Listed(room, here[room.id]) for room in rooms]


class Front:
    """The first page of `listed_rooms`, as the home page shows it: kept, so that strangers find the
    page while the database does not answer. What is older than FRESH is read anew, behind the page.
    """

    def __init__(self):
        self.changes, self.at, self.is_looking = 0, 0, False
        self.forget()

    def forget(self):
        """What is listed has changed: also what is just being read."""
        self.page, self.changes = None, self.changes + 1

    def rooms(self):
        """As `listed_rooms()`; who is there is who is there now."""
        page = self.page or self.look()
        if self.page and time.monotonic() - self.at > FRESH and not self.is_looking:
            self.is_looking = True
            relay.in_background(partial(self.look_again, current_app._get_current_object()))
        listed, next = page
        return with_people([room for room, _ in listed]), next

    def look(self):
        changes, page = self.changes, listed_rooms()
        for room, _ in page[0]:
            db.session.expunge(room)  # it stays as it is
        if changes == self.changes:
            self.page, self.at = page, time.monotonic()
        return page

    def look_again(self, app):
        try:
            with app.app_context():
                self.look()
        except SQLAlchemyError as error:
            log.info("the list of rooms stays as it was", exc_info=error)
        finally:
            self.is_looking = False


front = Front()
"""This process's. Emptied when an app is made."""
