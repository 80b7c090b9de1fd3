"""The HTML door to conversations: the list of them, new ones, and the settings of rooms."""

from flask import Blueprint, redirect, render_template, request, url_for

from parlor import accounts, chat, hosting, memberships, presentation, talks
from parlor.errors import ChatError, NotAllowed
from parlor.failures import headers

conversation_pages = Blueprint("conversation_pages", __name__)


@conversation_pages.get("/conversations")
def conversations():
    """All that somebody is in; a friendly word for whoever is in nothing."""
    user = accounts.me()
    before = request.args.get("before")
    found, following = talks.conversations(user, before) if user else ([], None)
    return render_template(
        "conversations.html",
        conversations=presentation.conversations(found, user and user.id),
        me_id=user and user.id,
        account=presentation.account_of(user),
        before=before,
        next=following,
    )


@conversation_pages.get("/conversations/new")
def new():
    if not accounts.is_account(accounts.me()):
        return redirect(url_for("account_pages.sign_in", next=url_for(".new")), 303)
    return show_new()


@conversation_pages.post("/conversations")
def open_conversation():
    """With one person by name; with several, or under a title, a group.

    `with`: the name of one, as a button has it; `people`: names as they are typed.
    """
    one, title = request.form.get("with"), request.form.get("title", "")
    people = [one] if one else typed_names()
    is_group = bool(title.strip()) or len(people) > 1
    try:
        user = accounts.counted()
        if is_group:
            room = talks.open_group(user, title, people)
        else:
            room = talks.open_direct(user, "".join(people))
    except ChatError as error:
        beside = "title" if is_group and error.code.startswith("name_") else "people"
        return show_new(error, beside)
    return redirect(url_for("pages.room", code=room.code), 303)


@conversation_pages.get("/room/<code>/settings")
def settings(code):
    return show_settings(find_place(code))


@conversation_pages.post("/room/<code>/settings")
def configure(code):
    place = find_place(code)
    given = {name: request.form.get(name, "") for name in ("name", "description")}
    if place.room.kind == "open":
        given |= {name: name in request.form for name in ("listed", "kept")}
    try:
        accounts.counted()
        hosting.configure(place, **given)
    except ChatError as error:
        return show_settings(place, given, error)
    return back_to_settings(code, saved=1)


@conversation_pages.post("/room/<code>/people")
def add(code):
    """Bring people into a group: those before one who cannot be found are in."""
    place, people = find_place(code), typed_names()
    try:
        accounts.counted()
        for name in people or [""]:
            talks.add_member(place, name)
            people = people[1:]
    except ChatError as error:
        return show_settings(place, {"people": ", ".join(people)}, error, beside="people")
    return back_to_settings(code)


@conversation_pages.post("/room/<code>/people/<int:user_id>/remove")
def remove(code, user_id):
    place = find_place(code)
    try:
        hosting.remove_member(place, user_id)
    except ChatError as error:
        return show_settings(place, error=error)
    return back_to_settings(code)


@conversation_pages.post("/room/<code>/close")
def close(code):
    hosting.close(find_place(code))
    return redirect(url_for("pages.home"), 303)


def show_new(error=None, beside=None):
    given = request.form
    page = render_template(
        "new_conversation.html",
        account=presentation.account_of(accounts.me()),
        form={"people": given.get("with") or given.get("people"), "title": given.get("title")},
        errors=presentation.errors(error, beside),
    )
    return (page, error.status, headers(error)) if error else page


def show_settings(place, typed=None, error=None, beside=None):
    """The settings of a room or group, with what was `typed` where it was refused.

    Raises NotAllowed for whom there is nothing to set.
    """
    room, is_owner = place.room, place.room.owner_id == place.me.user_id
    if not presentation.has_settings(room, place.me.user_id):
        raise NotAllowed
    people = memberships.members(room.id) if room.kind == "group" else []
    page = render_template(
        "settings.html",
        room={**room._asdict(), "title": room.name or room.code},
        form={**room._asdict(), **(typed or {})},
        errors=presentation.errors(error, beside),
        participants=presentation.participants(people),
        me=place.me,
        is_owner=is_owner,
        is_account=place.me.is_account,
        saved="saved" in request.args,
    )
    return (page, error.status, headers(error)) if error else page


def back_to_settings(code, **more):
    return redirect(url_for("conversation_pages.settings", code=code, **more), 303)


def typed_names():
    """The names in the field `people`: with commas, or one in each of several fields."""
    typed = ",".join(request.form.getlist("people"))
    return [name.strip() for name in typed.replace("،", ",").split(",") if name.strip()]


def find_place(code):
    return chat.find_place(code, accounts.claim(), accounts.address())
