"""The HTML door: parse, call one verb, answer."""

import uuid

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from sqlalchemy import text as sql

from models import db
from parlor import accounts, chat, codes, messages, presentation
from parlor.errors import ChatError, NotAMember, Retry, RoomNotFound
from parlor.failures import headers
from parlor.limits import address_key, throttle
from parlor.times import iso, zone

pages = Blueprint("pages", __name__)


@pages.get("/")
def home():
    return show_home()


@pages.post("/")
def enter():
    """Create a room, or join one."""
    name = request.form.get("use_name") or request.form.get("name", "")
    code = request.form.get("code", "")
    is_new = "create" in request.form
    try:
        throttle.hit("form", asker())
        if is_new:
            user, room = chat.open_room(accounts.me(), name)
        else:
            user, room = chat.join(accounts.me(), name, code, asker())
    except ChatError as error:
        action = "create" if is_new else "join"
        return show_home(name=name, code=code, error=error, action=action)
    accounts.remember(user, room.code)
    return redirect(url_for("pages.room", code=room.code), 303)


@pages.get("/room")
def latest_room():
    code = accounts.latest_code()
    return redirect(url_for("pages.room", code=code) if code else url_for("pages.home"), 303)


@pages.get("/room/<code>")
def room(code):
    """The room for its members; for others the form that joins it."""
    try:
        canonical = codes.read(code)
        if canonical != code:
            return redirect(url_for("pages.room", code=canonical, **request.args), 308)
        place = find_place(code)
    except NotAMember:
        return show_home(code=code, invited=code)
    except ChatError as error:
        return show_home(code=code, error=as_wrong_code(error), action="join")
    accounts.remember(accounts.me(), code)
    return show_room(place, before=request.args.get("before", type=int))


@pages.post("/room/<code>")
def post(code):
    """Send without JavaScript. The form's `id` makes a second click harmless."""
    place = find_place(code)
    typed, client_id = request.form.get("message", ""), request.form.get("id", "")
    try:
        chat.arrive(place.live, place.me.user_id, place.me.name)
        chat.post(place.live, place.me.user_id, typed, client_id or None)
    except ChatError as error:
        return show_room(place, typed=typed, client_id=client_id, error=error)
    return redirect(url_for("pages.room", code=code, _anchor="end"), 303)


@pages.post("/room/<code>/leave")
def leave(code):
    chat.leave(find_place(code))
    return redirect(url_for("pages.home"), 303)


@pages.get("/history")
def history():
    """What this browser's user wrote; nobody else's."""
    user = accounts.me()
    query = request.args.get("q", "").strip()
    before = request.args.get("before", type=int)
    written, more = messages.history(user.id, query, before) if user else ([], False)
    return render_template(
        "history.html",
        groups=presentation.history(written, user and user.id, reader_zone()),
        q=query,
        next=written[-1].id if more else None,
    )


@pages.get("/healthz")
def healthz():
    return {"ok": True}


@pages.get("/readyz")
def readyz():
    """503 with the error shape while the database, or its tables, are not there."""
    try:
        db.session.execute(sql("SELECT 1 FROM room LIMIT 1"))
    except Exception as error:
        current_app.logger.error("not ready", exc_info=error)
        return Retry().answer(), Retry.status
    return {"ok": True}


def show_home(name=None, code="", error=None, action=None, invited=None):
    user = accounts.me()
    remembered = user.name if user else ""
    answer = error.answer()["error"] if error else {}
    page = render_template(
        "home.html",
        form={"name": remembered if name is None else name, "code": code},
        errors={answer.get("field", "form"): answer["message"]} if error else {},
        suggestion=answer.get("suggestion"),
        recent=[recent(one) for one in chat.recent_rooms(user)],
        invited=invited,
        action=action,
    )
    return (page, error.status, headers(error)) if error else page


def recent(one):
    at = one.room.last_message_at
    return {
        "code": one.room.code,
        "name": one.name,
        "here": [member.name for member in one.here],
        "count": len(one.here),
        "last_message_at": at and iso(at),
    }


def show_room(place, before=None, typed="", client_id="", error=None):
    found = messages.page(place.room.id, before)
    page = render_template(
        "room.html",
        room={
            "code": place.room.code,
            "created_at": iso(place.room.created_at),
            "link": url_for("pages.room", code=place.room.code, _external=True),
        },
        me={"user_id": place.me.user_id, "name": place.me.name},
        members=presentation.members(chat.who_is_in(place.room)),
        messages=presentation.conversation(found.messages, place.me.user_id, reader_zone()),
        through=found.through,
        older=found.more,
        before=before,
        draft={
            "text": typed,
            "id": client_id or uuid.uuid4().hex,
            "error": error and error.message,
        },
        max_length=current_app.config["SETTINGS"].max_message_length,
    )
    return (page, error.status, headers(error)) if error else page


def find_place(code):
    return chat.find_place(code, accounts.me(), asker())


def as_wrong_code(error):
    """In an address, a code that cannot be one is one that no room has."""
    return RoomNotFound() if error.field == "code" else error


def asker():
    return address_key(request.remote_addr)


def reader_zone():
    """The zone that the browser put into a cookie."""
    return zone(request.cookies.get("tz"))
