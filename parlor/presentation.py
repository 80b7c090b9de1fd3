"""Messages as the templates show them: days, clocks, who speaks on, links, initials.

`static/js/` does the same for messages that come live.
"""

from datetime import datetime, timedelta

from flask import request, url_for

from parlor import accounts, faces, glimpses, logins, relay, text
from parlor.times import brief, day_label, iso, zone

TOGETHER = timedelta(minutes=5)
"""Messages of one person that are no further apart stand together."""

DELETED = "Message deleted"
NOT_THERE = "There is no such message"

LONGEST_QUOTE = 120
"""Characters of a message that are quoted above a reply."""

AROUND = 25
"""Places after a quoted message that the page it is on ends."""


def conversation(posted, me_id, zone, answered):
    """A room's messages, in order, for a reader in `zone`: a list of dicts.

    `answered`: {seq: Posted} of what they are replies to.
    """
    shown = {one.seq for one in posted}
    today = datetime.now(zone).date()
    views, previous = [], None
    for one in posted:
        view = message(one, me_id, zone, today)
        view["new_day"] = previous is None or local_day(previous, zone) != local_day(one, zone)
        view["quote"] = one.reply_to and quote(one.reply_to, answered.get(one.reply_to), shown)
        view["follows"] = not view["new_day"] and speaks_on(previous, one)
        views.append(view)
        previous = one
    return views


def quote(seq, posted, shown):
    """What a message answers. `posted`: None where nothing was said under that number.

    It leads to the message, also where that is not among those `shown`.
    """
    on_page = f"#m{seq}"
    view = {"seq": seq, "href": on_page if seq in shown else f"?before={seq + AROUND}{on_page}"}
    if posted is None:
        return {**view, "text": NOT_THERE, "gone": True}
    glimpse, gone = said(posted).split("\n")[0][:LONGEST_QUOTE], bool(posted.deleted_at)
    return {**view, "user_id": posted.user_id, "name": posted.name, "text": glimpse, "gone": gone}


def speaks_on(previous, one):
    near = one.timestamp - previous.timestamp <= TOGETHER
    return previous.user_id == one.user_id and near


def local_day(posted, zone):
    return posted.timestamp.astimezone(zone).date()


def message(posted, me_id, zone, today):
    local = posted.timestamp.astimezone(zone)
    return {
        "reply_to": None,
        **relay.message_payload(posted),
        **avatar(posted),
        "mine": posted.user_id == me_id,
        "parts": [{"text": part, "href": href} for part, href in text.parts(said(posted))],
        "clock": f"{local:%H:%M}",
        "day": f"{local:%Y-%m-%d}",
        "day_label": day_label(local.date(), today),
    }


def said(posted):
    return DELETED if posted.deleted_at else posted.content


def moment(at, zone):
    """A point in time in a sentence."""
    local = at.astimezone(zone)
    return {"timestamp": iso(at), "text": f"{local.day} {local:%B %Y, %H:%M}"}


def avatar(member):
    """What stands for a face. `member`: anything with a name."""
    return face(member.name)


def face(name):
    return {"initials": faces.initials(name), "hue": faces.hue(name)}


def account_of(user):
    """The name of an account; "" for a guest or a stranger."""
    return user.name if accounts.is_account(user) else ""


def profile(user):
    """An account as its owner sees it."""
    shown = relay.with_picture({"name": user.name}, user.picture)
    return {**shown, **avatar(user)}


def login(one, key):
    """A models.Login as its owner sees it. `key`: the id of the one that is looking."""
    return {
        "id": one.id,
        "device": one.device,
        "last_seen_at": iso(logins.last_seen(one)),
        "mine": one.id == key,
    }


def members(here, me_id):
    """Those of `here` who are named: relay.NAMED at most, the reader among them."""
    mine = [member for member in here[relay.NAMED :] if member.user_id == me_id]
    named = here[: relay.NAMED - len(mine)] + mine
    return [{**relay.person(member), **avatar(member)} for member in named]


def reader_zone():
    """The zone that the browser put into a cookie."""
    return zone(request.cookies.get("tz"))


def conversations(found, me_id):
    """Conversations as lists show them to their reader: glimpses.Conversations, and more."""
    here = reader_zone()
    return [{**one, **face(one["title"]), **last_line(one, me_id, here)} for one in found]


def room(facts, me_id, people):
    """A room as its page shows it. `facts`: a memberships.RoomRow; `people`: the members of a
    conversation."""
    other = next((one for one in people if one.user_id != me_id), None)
    is_direct = facts.kind == "direct" and other
    title = other.name if is_direct else facts.name or facts.code
    return relay.with_picture(
        {
            **facts._asdict(),
            **face(title),
            "title": title,
            "created_at": iso(facts.created_at),
            "link": url_for("pages.room", code=facts.code, _external=True),
            "has_settings": has_settings(facts, me_id),
        },
        other.picture if is_direct else None,
    )


def has_settings(room, me_id):
    """Whether there is anything that the member may set."""
    return room.kind == "group" or (room.kind == "open" and room.owner_id == me_id)


def participants(people, here=()):
    """Participants as lists show them; `here`: those who are there now."""
    ids = {member.user_id for member in here}
    return [{**relay.person(one), **avatar(one), "here": one.user_id in ids} for one in people]


def errors(error, beside=None):
    """{field: text} of an error, for forms; `beside`: where what has a field belongs instead."""
    if error is None:
        return {}
    refusal = error.answer()["error"]
    field = beside if beside and "field" in refusal else refusal.get("field", "form")
    return {field: refusal["message"]}


def listed(rooms, me_id, mine):
    """Rooms of the front page as it shows them. `rooms`: hosting.Listed; `mine`: the codes of those
    that the reader is in."""
    return [one_listed(room, here, me_id, room.code in mine) for room, here in rooms]


def one_listed(room, here, me_id, is_mine):
    names, count = glimpses.others(here, me_id)
    return {
        "code": room.code,
        "name": room.name,
        "description": room.description,
        "here": names,
        "count": count,
        "mine": is_mine,
    }


def last_line(one, me_id, zone):
    """Of a conversation: when something was said last, by `who` and which `text`."""
    last = one.get("last")
    if not last:
        return {}
    local = datetime.fromisoformat(last["timestamp"]).astimezone(zone)
    is_mine = last["user_id"] == me_id
    author = None if one["kind"] == "direct" else last["name"]
    return {
        "when": brief(local, datetime.now(zone).date()),
        "who": "You" if is_mine else author,
        "text": "Message deleted" if last.get("deleted") else last["message"],
    }


def history(written, me_id, zone):
    """Someone's messages, newest first, in groups of one room on one day: a list of dicts."""
    today = datetime.now(zone).date()
    groups = {}
    for one in written:
        view = message(one.posted, me_id, zone, today)
        group = groups.setdefault(
            (view["day"], one.room_id),
            {
                "day": view["day"],
                "day_label": view["day_label"],
                "room": {
                    "code": one.room_code,
                    "name": one.room_name,
                    "closed": one.room_closed,
                },
                "messages": [],
            },
        )
        group["messages"].append(view)
    return sorted(groups.values(), key=lambda group: group["day"], reverse=True)
