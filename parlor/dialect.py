"""What programs on a plain WebSocket hear: events in frames of their own, one JSON object each.

`docs/protocol.md` describes them to the makers of programs; a test holds the two together.
"""

from parlor import frames
from parlor.transport import Json

SAME = ("message", "users_list", "typing", "head")
"""Events whose payload is the frame."""

TYPES = (*SAME, "system", "ack", "error")
"""What a frame can be."""

SYSTEM = {
    "welcome": ("room", "me", "through", "gap", "token"),
    "joined": ("users", "count"),
    "left": ("users", "count"),
    "renamed": ("users",),
    "facts": ("room",),
    "synced": ("through", "more"),
    "restart": ("within",),
    "closed": (),
}
"""What `event` can be in a `system` frame, and what comes with it besides `text`."""

NAMED = 3
"""People whose names a text holds."""


def frame(kind, /, **fields):
    """One frame, in bytes. `kind`: of TYPES."""
    return frames.frame(Json.encode({"type": kind, **fields}))


def system(event, text, **details):
    """A frame about what happens. `event`: of SYSTEM; `text`: the same for people."""
    return frame("system", event=event, text=text, **details)


def spoken(event, data):
    """The frames, in bytes, for an event that a room's people hear; none for what is not for
    programs."""
    if event in SAME:
        return frame(event, **data)
    return SPEAK[event](data) if event in SPEAK else b""


def presence(data):
    heard = [("left", data["left"]), ("joined", data["joined"])]
    return b"".join(
        system(event, f"{named(users)} {event}.", users=users, count=data["count"])
        for event, users in heard
        if users
    )


def restart(data):
    text = f"The server restarts. Come back within {data['within']} seconds."
    return system("restart", text, within=data["within"])


def renamed(data):
    return system("renamed", f"Somebody is now called {data['name']}.", users=[data])


def facts(data):
    name = data.get("name")
    text = f"The room is called {name}." if name else "The room has no name."
    return system("facts", text, room=data)


SPEAK = {"presence": presence, "restart": restart, "renamed": renamed, "facts": facts}


def welcome(data, token=None):
    """The first frames to whoever has come in: who and where they are, and what they lack.

    `data`: a relay.Room; `token`: what brings a guest back.
    """
    told = {key: data[key] for key in ("room", "me", "through", "gap") if key in data}
    if token:
        told["token"] = token
    text = f"You are {data['me']['name']} in room {data['room']['code']}."
    return system("welcome", text, **told) + messages(data)


def synced(data, ref=None):
    """The answer to `sync`. `data`: a relay.Sync; `ref`: what the question was marked with."""
    text = f"That was all up to {data['through']}."
    state = {"through": data["through"], "more": data["more"], **marked(ref)}
    return messages(data) + system("synced", text, **state)


def marked(ref):
    """What an answer has for the `ref` of what it answers, which may be None."""
    return {} if ref is None else {"ref": ref}


def messages(data):
    return b"".join(frame("message", **message) for message in data["messages"])


def closed():
    """The last frame to whoever is no longer in the room."""
    return system("closed", "You are no longer in this room.")


def named(users):
    """Some names, and how many others."""
    names = [user["name"] for user in users[:NAMED]]
    others = len(users) - len(names)
    if others:
        names.append("1 other" if others == 1 else f"{others} others")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
