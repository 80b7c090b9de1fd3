"""The plain WebSocket door, for programs without Socket.IO: parse, call one verb, answer.

A connection is a request that lasts: gunicorn counts it among its own, so there are
budget.listeners() of them at most.
"""

import json
import re
from threading import Semaphore

from parlor import (
    accounts,
    admission,
    budget,
    chat,
    dialect,
    entrance,
    frames,
    handshake,
    relay,
    text,
    tokens,
)
from parlor.characters import is_storable
from parlor.errors import ChatError, Invalid, NotAMember, Retry
from parlor.failures import as_server_error, headers
from parlor.limits import throttle
from parlor.listener import Listener
from parlor.numbers import whole
from parlor.transport import Json

PATH = re.compile(r"/ws/chat/([^/]+)")

MISTAKES = 5
"""Frames that cannot be read, after which a program is not listened to any more."""

LONGEST_REF = 64

SOCKETS = ("gunicorn.socket", "werkzeug.socket")
"""Where a request's socket is found."""

at_once = Semaphore(10)
"""Programs that use the database: no more than that has connections."""


def init_app(app):
    app.wsgi_app = Door(app, app.wsgi_app)


class Door:
    """WSGI middleware: takes the requests that are for a room's WebSocket."""

    def __init__(self, flask, app):
        self.flask, self.app = flask, app

    def __call__(self, environ, start_response):
        address = PATH.fullmatch(environ.get("PATH_INFO", ""))
        if address is None:
            return self.app(environ, start_response)
        refused = refusal(environ)
        if refused:
            return refuse(refused, start_response)
        Program(self.flask, environ, address[1]).run()
        raise StopIteration if "gunicorn.socket" in environ else ConnectionError  # not answered


def refusal(environ):
    """Why a request cannot become a WebSocket: (status, ChatError), or None."""
    if not handshake.asks_to_upgrade(environ) or not find_socket(environ):
        return "400 Bad Request", Invalid("This address speaks WebSocket.")
    if status := handshake.refusal(environ):
        return status, Invalid()
    if not admission.has_room() or len(relay.listeners()) >= budget.listeners():
        return "503 Service Unavailable", Retry()
    return None


def refuse(refused, start_response):
    status, error = refused
    told = {"Content-Type": "application/json", "Sec-WebSocket-Version": "13", **headers(error)}
    start_response(status, list(told.items()))
    return [json.dumps(error.answer()).encode()]


def find_socket(environ):
    return next((environ[name] for name in SOCKETS if name in environ), None)


class Program:
    """What one program says, until it is gone."""

    def __init__(self, flask, environ, code):
        self.flask, self.code = flask, code
        self.request = flask.request_class(environ)
        answer = handshake.switching_protocols(environ["HTTP_SEC_WEBSOCKET_KEY"])
        early = handshake.read_ahead(environ)
        self.listener = Listener(find_socket(environ), answer, early)
        self.mistakes = 0

    def run(self):
        relay.listen(self.listener)
        try:
            for text in self.listener.texts():
                self.take(text)
        finally:
            relay.forget(self.listener.sid)
            chat.disconnect(self.listener.sid, was_silent=self.listener.is_silent)

    def take(self, text):
        """Do what a text says. Whatever is wrong with it, the program gets an answer."""
        try:
            said = read(text)
        except Invalid as error:
            self.refuse(error)
            self.count_mistake()
            return
        try:
            if self.listener.is_told_the_past:
                self.enter(said)
            else:
                self.hear(said)
        except Exception as error:  # noqa: BLE001 - see above
            self.refuse(error, said.get("ref"))
            if self.listener.is_told_the_past:
                self.listener.close(frames.POLICY)

    def hear(self, said):
        if said["type"] == "auth":
            raise Invalid("You are in already.", field="type")
        heard[said["type"]](self, chat.find_seat(self.listener.sid), said)

    def count_mistake(self):
        self.mistakes += 1
        if self.mistakes >= MISTAKES:
            self.listener.close(frames.POLICY)

    def refuse(self, error, ref=None):
        refused = error if isinstance(error, ChatError) else as_server_error(error)
        self.answer("error", ref, **refused.answer())

    def answer(self, kind, ref, **facts):
        self.listener.put(dialect.frame(kind, **facts, **dialect.marked(ref)))

    def within(self):
        return self.flask.app_context()

    # Coming in

    def enter(self, said):
        """Find out who it is; have it in the room, and only then told what it lacks."""
        if said["type"] != "auth":
            raise Invalid("First comes auth.", field="type")
        after = whole(said.get("after"), "after")
        with at_once, self.within():
            entrance.connect(self.find_place(said), self.listener.sid, after)
            seat = chat.find_seat(self.listener.sid)
            while self.listener.lacks:
                page = chat.sync(seat, self.listener.through)
                self.listener.tell_past(relay.sync_payload(page))
            self.listener.follow(dialect.frame("users_list", **relay.users_list(seat.room)))

    def find_place(self, said):
        """The chat.Place of a program that says who it is.

        A name or a token makes it a member of an open room; the cookie of a browser does not.
        """
        name, token = (text.given(said.get(one), one) for one in ("username", "token"))
        claim, address = self.claim(token, name), accounts.address(self.request)
        throttle.hit("connect", claim.user_id if claim else address)
        if name is not None:
            return self.join(claim, name, address)
        try:
            return chat.find_place(self.code, claim, address)
        except NotAMember:
            if token is None:
                raise
            return self.join(claim, accounts.who(claim).name, address)

    def claim(self, token, name):
        """Who a token, or the cookie, says it is; a name alone is a new guest's."""
        if token is None:
            session = self.flask.session_interface.open_session(self.flask, self.request)
            return accounts.claim(session, self.request) if name is None else None
        if tokens.read_guest(token):
            self.listener.token = token
            return accounts.of_guest(token)
        return accounts.of_token(token)

    def join(self, claim, name, address):
        user, _ = chat.join(accounts.who(claim), name, self.code, address)
        if claim is None:
            claim = accounts.Claim(user.id, user.key)
            self.listener.token = tokens.guest(*claim)
        return chat.find_place(self.code, claim, address)


def read(text):
    """The object that a text holds, which has a type that there is. Raises Invalid."""
    try:
        said = Json.loads(text)
    except ValueError:
        raise Invalid("A frame is one JSON object.") from None
    if not isinstance(said, dict):
        raise Invalid("A frame is one JSON object.")
    if said.get("type") not in ("auth", *heard):
        raise Invalid(f"type is one of auth, {', '.join(heard)}.", field="type")
    check_ref(said.get("ref"))
    return said


def check_ref(ref):
    """Refuse what cannot come back as it is. Raises Invalid."""
    if not isinstance(ref, str):
        whole(ref, "ref")
    elif len(ref) > LONGEST_REF or not is_storable(ref):
        text = f"ref is a number, or a text of {LONGEST_REF} characters at most."
        raise Invalid(text, field="ref")


def on_message(program, seat, said):
    """{"data" or "message": text, "id": client id, "reply_to": seq}"""
    ref, reply_to = said.get("ref"), whole(said.get("reply_to"), "reply_to")
    content = said["data"] if "data" in said else said.get("message")

    def done(outcome):
        if outcome.error:
            program.refuse(outcome.error, ref)
        else:
            ack = relay.ack(outcome.posted)
            program.answer("ack", ref, seq=ack["seq"], id=ack["id"], timestamp=ack["timestamp"])

    chat.submit(seat.room, seat.member.user_id, content, said.get("id"), reply_to, done)


def on_typing(program, seat, said):
    """{"is_typing": bool}"""
    is_typing = said.get("is_typing")
    if not isinstance(is_typing, bool):
        raise Invalid("is_typing is true or false.", field="is_typing")
    chat.set_typing(seat, is_typing)


def on_sync(program, seat, said):
    """{"after": number}"""
    after = whole(said.get("after"), "after")
    with at_once, program.within():
        page = relay.sync_payload(chat.sync(seat, after or 0))
    program.listener.put(dialect.synced(page, said.get("ref")))


heard = {"message": on_message, "typing": on_typing, "sync": on_sync}
"""What answers each type that programs send, once they are in."""
