"""The HTML door to accounts: parse, call one verb, answer."""

import re

from flask import Blueprint, make_response, redirect, render_template, request, url_for

from parlor import accounts, devices, identity, pictures, presentation
from parlor.errors import ChatError
from parlor.failures import headers
from parlor.limits import throttle

account_pages = Blueprint("account_pages", __name__)

LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""An address of this site: no browser takes it for another host's."""

PROFILE = ("full_name", "email", "picture")


@account_pages.after_request
def keep_out_of_caches(response):
    response.headers["Cache-Control"] = "no-store"
    return response


@account_pages.get("/account")
def account():
    return show(accounts.me())


@account_pages.post("/account")
def register():
    """A guest keeps the name; a stranger gets an account."""
    me = accounts.me()
    if accounts.is_account(me):
        return done()
    name = request.form.get("use_name") or typed("name")
    more = {field: typed(field) for field in PROFILE}
    try:
        throttle.hit("form", accounts.address())
        user, login = identity.register(
            me, name, typed("password"), device(), accounts.address(), **more
        )
    except ChatError as error:
        return show(accounts.me(), error)
    accounts.remember(accounts.Claim(user.id, login.id))
    return done("kept")


@account_pages.get("/sign-in")
def sign_in():
    me = accounts.me()
    return redirect(goal(), 303) if accounts.is_account(me) else show_sign_in(me)


@account_pages.post("/sign-in")
def enter():
    me, before = accounts.me(), accounts.claim()
    try:
        user, login = identity.sign_in(
            typed("name"), typed("password"), device(), accounts.address()
        )
    except ChatError as error:
        return show_sign_in(accounts.me(), error)
    if accounts.is_account(me):
        identity.sign_out(before)
    accounts.forget()
    accounts.remember(accounts.Claim(user.id, login.id))
    return anew(redirect(goal(), 303))


@account_pages.post("/sign-out")
def sign_out():
    if accounts.is_account(accounts.me()):
        identity.sign_out(accounts.claim())
        accounts.forget()
    return anew(redirect(url_for("pages.home"), 303))


@account_pages.post("/account/name")
def rename():
    name = request.form.get("use_name") or typed("name")
    return change("name", lambda me: identity.rename(me, name))


@account_pages.post("/account/profile")
def update_profile():
    facts = {field: typed(field) for field in PROFILE}
    return change("profile", lambda me: identity.update_profile(me, **facts))


@account_pages.post("/account/password")
def change_password():
    old, new = typed("old"), typed("new")
    return change("password", lambda me: identity.change_password(me, accounts.claim(), old, new))


@account_pages.post("/account/sessions/<id>/end")
def end_login(id):
    return change("session", lambda me: identity.end_login(me, id))


@account_pages.post("/account/delete")
def delete_account():
    keep = typed("messages") != "go"
    gone = change("deleted", lambda me: identity.delete_account(me, typed("password"), keep))
    return anew(make_response(gone))


def change(what, verb):
    """Call a verb for the account of this request; then the page again, which tells of it."""
    me = accounts.me()
    if not accounts.is_account(me):
        return redirect(url_for(".sign_in", next=url_for(".account")), 303)
    try:
        throttle.hit("form", me.id)
        verb(me)
    except ChatError as error:
        return show(accounts.me(), error)
    return done(what)


def anew(response):
    """Somebody else sits at the browser now: its Back leads to no page of whoever sat there."""
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def done(what=None):
    return redirect(url_for(".account", done=what), 303)


def show(me, error=None):
    """The account, or the form that makes one; an error stands beside its field."""
    page = show_account if accounts.is_account(me) else show_claim
    return answer(page(me, error), error)


def show_account(me, error):
    claim = accounts.claim()
    return render_template(
        "account.html",
        me=presentation.profile(me),
        form=filled({field: getattr(me, field) for field in ("name", *PROFILE)}, error),
        logins=[presentation.login(one, claim.key) for one in identity.logins_of(me)],
        done=request.args.get("done"),
        shows_pictures=pictures.are_allowed,
        **refused(error),
    )


def show_claim(me, error):
    return render_template(
        "claim.html",
        guest=me and me.name,
        form=filled({"name": me.name if me else ""}, error),
        done=request.args.get("done"),
        shows_pictures=pictures.are_allowed,
        **refused(error),
    )


def show_sign_in(me, error=None):
    page = render_template(
        "sign_in.html",
        guest=me and me.name,
        form=filled({}, error),
        next=request.values.get("next"),
        **refused(error),
    )
    return answer(page, error)


def refused(error):
    """What templates show of an error: {field: text}, and a name that is free."""
    refusal = error.answer()["error"] if error else {}
    field = refusal.get("field", "form")
    return {
        "errors": {field: refusal["message"]} if error else {},
        "suggestion": refusal.get("suggestion"),
    }


def filled(kept, error):
    """What is in a form's fields: what is kept, or was typed when there was an error.

    But for passwords.
    """
    given = {field: typed(field) for field in ("name", *PROFILE) if field in request.form}
    return {**kept, **given} if error else kept


def answer(page, error):
    return (page, error.status, headers(error)) if error else page


def typed(field):
    return request.form.get(field, "")


def device():
    return devices.named(request.headers.get("User-Agent", ""))


def goal():
    """Where whoever signs in wants to go: an address of this site."""
    address = request.values.get("next", "")
    return address if LOCAL.fullmatch(address) else url_for("pages.home")
