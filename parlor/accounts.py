"""Who is this. The signed session cookie names a user; everything else is in the tables."""

from flask import session

from models import User, db, now


def me():
    """The user of this request or socket, or None."""
    user_id = session.get("user")
    return db.session.get(User, user_id) if isinstance(user_id, int) else None


def remember(user, code):
    """Tie this browser to `user`, and to the room it was in last."""
    session.permanent = True
    session["user"] = user.id
    session["room"] = code


def latest_code():
    """The code of the room that this browser was in last, or None."""
    return session.get("room")


def named(user_id, name):
    """The user, seen now under that name; a new guest where `user_id` is None. Not committed."""
    user = db.session.get(User, user_id) if user_id else None
    if user is None:
        user = User()
        db.session.add(user)
    user.name, user.last_seen_at = name, now()
    db.session.flush()
    return user
