"""The verbs that change what was said: edit, delete.

A change takes its room's next number, in the writer's line with what is said meanwhile, and is then
relayed as the message itself was.
"""

from parlor import messages, text
from parlor.errors import NotAllowed, NotFound
from parlor.limits import throttle
from parlor.store import Change
from parlor.writer import writer


def edit(place, seq, typed):
    """Give one's own message another text. `place`: a chat.Place. Returns the Posted.

    The same text again changes nothing. Raises TooMany, Message… errors, NotFound (never said, or
    deleted), NotAllowed, and what `writer.post` raises.
    """
    throttle.hit("message", place.me.user_id)
    content = text.clean(typed)
    posted = find(place, seq)
    if not is_mine(place, posted):
        raise NotAllowed
    return change(place, posted, content)


def delete(place, seq):
    """Take away the text of one's own message; the room's owner may do so with any.

    Returns the Posted, which keeps its place. Raises as `edit` does.
    """
    throttle.hit("message", place.me.user_id)
    posted = find(place, seq)
    if not (is_mine(place, posted) or is_owner(place)):
        raise NotAllowed
    return change(place, posted, None)


def find(place, seq):
    posted = messages.one(place.room.id, seq)
    if posted is None or posted.deleted_at:
        raise NotFound
    return posted


def change(place, posted, content):
    by_author = is_mine(place, posted)
    return writer.post(Change(place.live, posted.user_id, posted.client_id, content, by_author))


def is_mine(place, posted):
    return posted.user_id == place.me.user_id


def is_owner(place):
    """Whether one may delete what others said: of two who talk nobody may."""
    return place.room.kind != "direct" and place.room.owner_id == place.me.user_id
