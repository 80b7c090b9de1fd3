"""The HTML door: parse, call one verb, answer."""

import uuid

from flask import Blueprint, current_app, redirect, render_template, request, url_for

import models
from parlor import (
    accounts,
    admission,
    chat,
    codes,
    hosting,
    memberships,
    messages,
    numbers,
    presentation,
    relay,
    revisions,
    talks,
    text,
)
from parlor.errors import ChatError, IdReused, NameClaimed, NotAMember, Retry, TooMany
from parlor.failures import answer, headers
from parlor.peers import peers
from parlor.presentation import reader_zone

RECENT = 6
"""Rooms that the home page offers again."""

pages = Blueprint("pages", __name__)


@pages.get("/")
def home():
    return show_home()


@pages.post("/")
def enter():
    """Create a room, or join one."""
    name = request.form.get("use_name") or request.form.get("name", "")
    code = request.form.get("room") or request.form.get("code", "")
    try:
        me = accounts.counted()
        if "create" in request.form:
            user, room = chat.open_room(me, name)
        else:
            user, room = chat.join(me, name, code, accounts.address())
    except ChatError as error:
        return show_home(name=name, code=code, error=error)
    claim = accounts.claim() if me else accounts.Claim(user.id, user.key)
    accounts.remember(claim, room.code)
    return redirect(url_for("pages.room", code=room.code), 303)


@pages.get("/room")
def latest_room():
    code = accounts.latest_code()
    return redirect(url_for("pages.room", code=code) if code else url_for("pages.home"), 303)


@pages.get("/room/<code>")
def room(code):
    """The room for its members; for others the form that joins it."""
    before = numbers.read(request.args.get("before"), "before")
    try:
        place = find_place(code)
    except NotAMember:
        return show_home(code=codes.read(code), invited=codes.read(code))
    except TooMany as error:
        return show_home(code=codes.read(code), invited=codes.read(code), error=error)
    except ChatError as error:
        return show_home(code=code, error=error)
    if place.room.code != code:
        return redirect(url_for("pages.room", code=place.room.code, before=before), 308)
    accounts.remember(accounts.claim(), code)
    return show_room(place, before)


@pages.post("/room/<code>")
def post(code):
    """Send without JavaScript. The form's `id` makes a second click harmless."""
    typed, client_id = request.form.get("message", ""), request.form.get("id") or None
    try:
        place = find_place(code)
    except ChatError as error:
        return answer(error, typed)
    try:
        chat.arrive(place.live, place.me.user_id, place.me.name, place.me.picture)
        chat.post(place.live, place.me.user_id, typed, client_id)
    except IdReused as error:  # the page came out of the browser's memory, with an old id
        return show_room(place, typed=typed, error=error)
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
    query = text.clean_query(request.args.get("q", ""))
    before = read_id("before", request.args.get("before"))
    kept = [read_id("kept", one) for one in request.args.getlist("kept")[: messages.PAGE]]
    found = messages.Found([])
    if user and query:
        found = messages.search(user.id, query, before, kept)
    elif user:
        found = messages.history(user.id, before)
    return render_template(
        "history.html",
        account=presentation.account_of(user),
        groups=presentation.history(found.written, user and user.id, reader_zone()),
        q=query,
        before=before,
        next=found.next,
        back_to=found.back_to and presentation.moment(found.back_to, reader_zone()),
        kept=[one.id for one in found.written],
    )


def read_id(name, typed):
    return numbers.read(typed, name, most=numbers.LARGEST_ID)


@pages.get("/healthz")
def healthz():
    return {"ok": True}


@pages.get("/readyz")
def readyz():
    """503 with the error shape while the database or its tables are not there, until Redis was
    reached for the first time, and at the end."""
    if admission.is_closed or not peers.have_met() or not models.is_ready():
        return Retry().answer(), Retry.status, headers(Retry())
    return {"ok": True}


def show_home(name=None, code="", error=None, invited=None):
    """The home page, filled with what was typed; `error` stands beside its field.

    `invited`: the code of a room whose link was followed.
    """
    user = accounts.me()
    remembered = user.name if user else ""
    before = request.args.get("rooms")
    rooms, more_rooms = hosting.listed_rooms(before) if before else hosting.front.rooms()
    mine = talks.conversations(user)[0] if user else []
    refusal = error.answer()["error"] if error else {}
    account = presentation.account_of(user)
    page = render_template(
        "home.html",
        form={"name": remembered if name is None else name, "code": code},
        errors={refusal.get("field", "form"): refusal["message"]} if error else {},
        suggestion=refusal.get("suggestion"),
        creates="create" in request.form,
        claimed=isinstance(error, NameClaimed),
        account=account,
        face=account and presentation.profile(user),
        here=url_for("pages.room", code=invited) if invited else url_for("pages.home"),
        listed=presentation.listed(rooms, user and user.id, {one["room"] for one in mine}),
        more_listed=more_rooms,
        recent=presentation.conversations(mine[:RECENT], user and user.id),
        invited=invited,
    )
    return (page, error.status, headers(error)) if error else page


def show_room(place, before=None, typed="", client_id=None, error=None):
    """The room with its last messages, or those before the seq `before`.

    `typed` and `client_id`: what is in the form, again, when there was an `error`.
    """
    me, user = place.me, accounts.me()
    found = messages.page(place.room.id, before)
    here = chat.who_is_in(place.room)
    people = memberships.members(place.room.id) if place.room.kind != "open" else []
    rows, _ = talks.conversations(user)
    page = render_template(
        "room.html",
        room=presentation.room(place.room, me.user_id, people),
        me={
            **relay.person(me),
            "is_account": me.is_account,
            "owns": revisions.is_owner(place),
        },
        members=presentation.members(here, me.user_id),
        participants=presentation.participants(people, here),
        count=len(here),
        conversations=presentation.conversations(rows, me.user_id),
        unread_elsewhere=sum(one["unread"] for one in rows if one["room"] != place.room.code),
        is_account=me.is_account,
        messages=presentation.conversation(
            found.messages,
            me.user_id,
            reader_zone(),
            messages.answered(place.room.id, found.messages),
        ),
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
    return chat.find_place(code, accounts.claim(), accounts.address())
