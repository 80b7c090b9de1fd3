"""The verbs of conversations: with one other, in a group, and how far one has read.

Only accounts start them and are in them. Who is not a participant never learns that they exist:
`memberships.reachable` and `memberships.place` are where that is decided.
"""

from models import User, db
from parlor import accounts, admission, claimed, codes, leases, memberships, names, overview, relay
from parlor.errors import Invalid, NameMissing, NotAllowed, PersonNotFound, SignInNeeded
from parlor.limits import throttle
from parlor.readmarks import marks
from parlor.rooms import live
from parlor.transactions import transaction

LARGEST_GROUP = 100
"""People whom a group can be opened with."""


def conversations(user, before=None, limit=overview.PAGE):
    """What somebody is in: (glimpses.Conversations, next), the latest talk first.

    `next` is the `before` of the next page, or None. Raises SignInNeeded, Invalid.
    """
    if user is None:
        raise SignInNeeded
    return overview.page(user.id, before, limit)


def watch(socket, visitor, before=None, limit=overview.PAGE):
    """The same for a socket, which from now on hears what changes of them. Raises TooMany, too."""
    throttle.hit("conversations", visitor.user_id)
    relay.hear(socket, visitor.user_id)
    return overview.watch(socket, visitor.user_id, before, limit)


def enter_lobby(socket, claim):
    """A socket of somebody who is in no room on it. Raises SignInNeeded for nobody."""
    admission.check()
    if claim is None:
        raise SignInNeeded
    live.enter_lobby(socket, *claim)  # first, so that a login that ends now finds it
    db.session.rollback()  # what was read before may be out of date
    if accounts.who(claim) is None or not relay.is_connected(socket):
        live.exit(socket)
        raise SignInNeeded


def open_direct(user, name):
    """The conversation with the account of that name: the one that there is. Returns the Room.

    Raises SignInNeeded, Name… errors, PersonNotFound, TooMany, Invalid for oneself.
    """
    require_account(user)
    other = found(name)
    if other.id == user.id:
        raise Invalid("That is your own name.", field="name")
    throttle.hit("invite", user.id)
    room, is_new = pair_up(*sorted([user.id, other.id]))
    if is_new:
        overview.tell(room.id, user.id, other.id)
    return room


@transaction
def pair_up(low, high):
    """The conversation of two users. Returns (Room, whether it is new)."""
    for id in (low, high):
        claimed.hold(id)  # who comes at the same time gets the same
    room = leases.find_pair(f"{low}:{high}")
    if room:
        return room, False
    room = leases.take(length=codes.UNGUESSABLE, kind="direct", pair=f"{low}:{high}")
    for id in (low, high):
        enrol(room, id)
    return room, True


def open_group(user, name, member_names):
    """A group with a name and people, accounts all. Returns the Room, which the user owns.

    Raises SignInNeeded, Name… errors, PersonNotFound, TooMany, Invalid for more than LARGEST_GROUP
    people.
    """
    require_account(user)
    title = names.clean(name, leases.LONGEST_NAME)
    if len(member_names) > LARGEST_GROUP:
        raise Invalid(f"{LARGEST_GROUP} people is the most to begin with.", field="members")
    people = {found(one).id for one in member_names} - {user.id}
    for _ in people:
        throttle.hit("invite", user.id)
    room = gather(user.id, title, people)
    overview.tell(room.id, user.id, *people)
    return room


@transaction
def gather(owner_id, name, user_ids):
    for id in sorted([owner_id, *user_ids]):
        claimed.hold(id)
    room = leases.take(
        owner_id,
        codes.UNGUESSABLE,
        kind="group",
        name=name,
        name_key=names.key(name),
    )
    for id in (owner_id, *user_ids):
        enrol(room, id)
    return room


def enrol(room, user_id):
    """Make an account a member, after `claimed.hold`. Raises PersonNotFound if it has ended."""
    user = db.session.get(User, user_id)
    if not accounts.is_account(user):
        raise PersonNotFound
    memberships.add(room, user)


def add_member(place, name):
    """Bring an account into a group that one owns. Returns the User.

    Raises NotAllowed, Name… errors, PersonNotFound, TooMany.
    """
    other = found(name)
    throttle.hit("invite", place.me.user_id)
    bring_in(place.room.id, place.me.user_id, other.id)
    overview.tell(place.room.id, other.id)
    return other


@transaction
def bring_in(room_id, owner_id, user_id):
    claimed.hold(user_id)
    room = leases.hold(room_id)
    if room.kind != "group" or room.owner_id != owner_id:
        raise NotAllowed
    enrol(room, user_id)


def mark_read(live_room, user_id, seq):
    """Someone has read a room up to `seq`, or further before. Their sockets hear how much is left.

    Raises TooMany.
    """
    throttle.hit("read", user_id)
    seq = marks.note(live_room.id, user_id, min(seq, live_room.head))
    if relay.listens(user_id):
        unread = 0
        if seq < live_room.head:
            seq, unread = overview.unread(live_room.id, user_id, seq)
        relay.send_read(live_room, user_id, seq, unread)


def require_account(user):
    if not accounts.is_account(user):
        raise SignInNeeded


def found(name):
    """The account of that name, however it is written. Raises NameMissing, PersonNotFound."""
    if not name.strip():
        raise NameMissing("Whose name?")
    user = claimed.owner(names.key(name))
    if user is None or user.deleted_at:
        quoted = f"There is no account of the name “{name.strip()}”."
        raise PersonNotFound(quoted if len(name) <= names.LONGEST else None)
    return user
