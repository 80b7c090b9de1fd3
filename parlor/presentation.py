"""Messages as the templates show them: days, clocks, who speaks on, links, initials.

`static/js/` does the same for messages that come live.
"""

from datetime import datetime, timedelta

from parlor import faces, logins, relay, text
from parlor.times import day_label, iso

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
    return {"initials": faces.initials(member.name), "hue": faces.hue(member.name)}


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
                "room": {"code": one.room_code, "closed": one.room_closed},
                "messages": [],
            },
        )
        group["messages"].append(view)
    return sorted(groups.values(), key=lambda group: group["day"], reverse=True)
