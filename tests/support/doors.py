"""Parlor with one more door: a route for each verb that tests want to see at work.

gunicorn serves this in place of wsgi.py: `Server(..., serves="tests.support.doors:app")`.
"""

from wsgi import app  # isort: skip - it patches what the others import

from flask import Blueprint, request

from parlor import accounts, chat, hosting, identity, talks

doors = Blueprint("doors", __name__)


@doors.post("/verbs/<name>")
def verb(name):
    return VERBS[name](**request.get_json()) or {}


def register(name):
    user, login = identity.register(
        accounts.me(), name, "a long password", "a test", accounts.address()
    )
    accounts.remember(accounts.Claim(user.id, login.id))
    return {"user_id": user.id}


def sign_in(name):
    user, login = identity.sign_in(name, "a long password", "another test", accounts.address())
    accounts.remember(accounts.Claim(user.id, login.id))
    return {"user_id": user.id}


def sign_out():
    identity.sign_out(accounts.claim())


def direct(name):
    return {"code": talks.open_direct(accounts.me(), name).code}


def group(name, members):
    return {"code": talks.open_group(accounts.me(), name, members).code}


def bring(code, name):
    talks.add_member(place(code), name)


def remove(code, user_id):
    hosting.remove_member(place(code), user_id)


def configure(code, **changes):
    hosting.configure(place(code), **changes)


def close(code):
    hosting.close(place(code))


def leave(code):
    chat.leave(place(code))


def conversations():
    return {"conversations": talks.conversations(accounts.me())[0]}


def place(code):
    return chat.find_place(code, accounts.claim(), accounts.address())


VERBS = {
    one.__name__: one
    for one in (
        register, sign_in, sign_out, direct, group, bring, remove, configure, close, leave,
        conversations,
    )
}  # fmt: skip

app.register_blueprint(doors)
