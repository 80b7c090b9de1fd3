"""What is said to a bot goes to its webhook: each message once it is stored, in their order.

A message is told until its hook has taken it, or RETRIES have gone by. How far each bot was told
stands in its row, so that a restart forgets nothing, and may tell the last one twice. Nothing of it
is done where people post: `tell_bots` looks after the rooms of bots each second.
"""

import hashlib
import hmac
import json
import logging
import socket
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from http.client import HTTPException
from threading import Timer
from typing import NamedTuple

from flask import current_app
from sqlalchemy import or_, select, update
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_match_hostname import CertificateError

from models import IS_OPEN, Bot, Participant, Room, User, db, now
from parlor import addresses, chat, mentions, messages, relay
from parlor.errors import ChatError, WebhookInvalid
from parlor.transactions import transaction

RETRIES = [timedelta(seconds=s) for s in (5, 30, 2 * 60, 10 * 60, 60 * 60)]
"""After how long a message that was not taken is told again; then it is given up."""

PATIENCE = 5
"""Seconds that a call may take in all."""

LARGEST_ANSWER = 64 * 1024
"""Bytes that are read of an answer."""

AT_ONCE = 8
"""Hooks that are called at the same time."""

LOOKED_AT = 100
"""Messages read at once to find those that are said to a bot."""

SETTLED = 500
"""Messages that were said to nobody, after which it is written down that they were looked at."""

log = logging.getLogger(__name__)

mode = "public"
busy = set()
"""The ids of bots whose hooks are being called."""
called = {}
"""{bot id: when it was called last}, in seconds of a monotonic clock."""
looked = {}
"""{bot id: seq} up to which nothing was said to it; further than its row says."""


class Call(NamedTuple):
    """A bot, and what is needed to tell it."""

    id: int
    user_id: int
    name: str
    webhook: str
    secret: str
    told_seq: int
    attempts: int
    room_id: int
    code: str
    last_seq: int


def configure(allowed):
    """`allowed`: "public", "any" or "off", as the setting WEBHOOKS."""
    global mode
    mode = allowed
    busy.clear()
    called.clear()
    looked.clear()


def check(address):
    """Raises WebhookInvalid for an address that will not be called."""
    if mode == "off":
        raise WebhookInvalid("Webhooks are turned off here.")
    addresses.find(address, anywhere=mode == "any")


def tell_bots():
    """To be called each second: begin to tell the bots that something may have been said to."""
    if mode == "off":
        return
    app = current_app._get_current_object()
    for call in sorted(waiting(), key=turn):
        if len(busy) < AT_ONCE and call.id not in busy:
            busy.add(call.id)
            called[call.id] = time.monotonic()
            relay.in_background(partial(run, app, call))


def turn(call):
    """Those that answer come first, and among them who was not called for longest: a few that are
    slow, and always have something to be told, would else be all that are called."""
    return call.attempts > 0, called.get(call.id, 0)


def waiting():
    """A Call for each bot with a hook that something may be told."""
    is_theirs = (Participant.user_id == Bot.user_id) & (Participant.room_id == Bot.room_id)
    found = (
        select(
            *(Bot.id, Bot.user_id, Participant.name, Bot.webhook, Bot.secret, Bot.told_seq),
            *(Bot.attempts, Room.id, Room.code, Room.last_seq),
        )
        .join(Room, Room.id == Bot.room_id)
        .join(Participant, is_theirs)
        .join(User, User.id == Bot.owner_id)
        .where(Bot.webhook.is_not(None), Room.last_seq > Bot.told_seq, IS_OPEN)
        .where(User.deleted_at.is_(None), or_(Bot.due_at.is_(None), Bot.due_at <= now()))
        .order_by(Bot.id)
    )
    calls = [Call(*row) for row in db.session.execute(found)]
    return [call for call in calls if looked.get(call.id, 0) < call.last_seq]


def run(app, call):
    try:
        with app.app_context():
            tell(call)
    except Exception:
        log.exception("a bot was not told bot=%d", call.id)
    finally:
        busy.discard(call.id)


def tell(call):
    """Tell a bot the next message that is said to it; what is before that was not."""
    start = max(call.told_seq, looked.get(call.id, 0))
    found = messages.following(call.room_id, start, LOOKED_AT)
    db.session.rollback()  # nothing is held while others take their time
    said = next((one for one in found if is_for(call, one)), None)
    if said is None:
        full = len(found) == LOOKED_AT
        return pass_over(call, found[-1].seq if full else call.last_seq)
    try:
        answer = post(call, said)
    except NOT_TOLD as error:
        return try_later(call, said, error)
    reply(call, said, answer)
    settle(call, said.seq)


def is_for(call, posted):
    """Whether a message is said to the bot: by a person, and still there."""
    if posted.deleted_at or posted.user_id in bots_of(call.room_id):
        return False
    return mentions.mentions(posted.content, call.name)


def bots_of(room_id):
    return set(db.session.scalars(select(Bot.user_id).where(Bot.room_id == room_id)))


def pass_over(call, seq):
    looked[call.id] = seq
    if seq - call.told_seq > SETTLED:
        note(call.id, told_seq=seq)


def settle(call, seq):
    """That message is done with, and all before it."""
    note(call.id, told_seq=seq, attempts=0, due_at=None)


def try_later(call, said, error):
    reason = type(error).__name__
    if call.attempts >= len(RETRIES):
        log.warning("given up bot=%d seq=%d reason=%s", call.id, said.seq, reason)
        return settle(call, said.seq)
    log.info("not taken bot=%d seq=%d reason=%s", call.id, said.seq, reason)
    due_at = now() + RETRIES[call.attempts]
    note(call.id, told_seq=said.seq - 1, attempts=call.attempts + 1, due_at=due_at)


@transaction
def note(bot_id, **facts):
    db.session.execute(update(Bot).where(Bot.id == bot_id).values(**facts))


def reply(call, said, answer):
    """Say what the hook answered, if that is a text: once, however often it was told."""
    if answer is None:
        return
    try:
        room = chat.spoken_in(db.session.get(Room, call.room_id))
        chat.post(room, call.user_id, answer, f"hook-{said.seq}", said.seq)
    except ChatError as error:
        log.info("no reply bot=%d seq=%d reason=%s", call.id, said.seq, error.code)


class Refused(Exception):
    """The hook answered, but not that it has taken the message."""


NOT_TOLD = (WebhookInvalid, Refused, HTTPError, HTTPException, CertificateError, OSError)


def post(call, said):
    """Call the hook. The text that it answers, or None. Raises one of NOT_TOLD."""
    target = addresses.find(call.webhook, anywhere=mode == "any")
    body = payload(call, said)
    end = time.monotonic() + PATIENCE
    with called_off(connect(target), end) as connection:
        connection.request(
            "POST",
            target.path,
            body=body,
            headers=headers(call, target, body),
            preload_content=False,
            decode_content=False,
        )
        return read(connection.getresponse(), end)


@contextmanager
def called_off(connection, end):
    """Whatever is done with a connection ends at that time, however slowly the other side goes on:
    from the first word on, TLS's included."""
    deadline = Timer(max(0, end - time.monotonic()), connection.hang_up)
    deadline.start()
    try:
        yield connection
    finally:
        deadline.cancel()
        connection.let_go()


class Line:
    """A urllib3 connection that can be hung up from elsewhere, also while TLS begins, which takes
    the socket for itself: a second handle on it does that."""

    handle = None

    def _new_conn(self):
        sock = super()._new_conn()
        self.handle = sock.dup()
        return sock

    def hang_up(self):
        if self.handle:
            with suppress(OSError):
                self.handle.shutdown(socket.SHUT_RDWR)

    def let_go(self):
        self.close()
        if self.handle:
            self.handle.close()


class PlainLine(Line, HTTPConnection):
    pass


class SecureLine(Line, HTTPSConnection):
    pass


def connect(target):
    """A connection to the very IP address that was looked at, whatever the name says by now."""
    if target.scheme == "http":
        return PlainLine(target.ip, target.port, timeout=PATIENCE)
    return SecureLine(
        target.ip,
        target.port,
        timeout=PATIENCE,
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def payload(call, said):
    bot = {"user_id": call.user_id, "name": call.name}
    told = {"room": call.code, "message": relay.message_payload(said), "bot": bot}
    return json.dumps(told, ensure_ascii=False).encode()


def headers(call, target, body):
    timestamp = str(int(time.time()))
    host = f"[{target.host}]" if ":" in target.host else target.host
    standard = target.port == addresses.DEFAULT_PORTS[target.scheme]
    return {
        "Host": host if standard else f"{host}:{target.port}",
        "Content-Type": "application/json",
        "User-Agent": "Parlor",
        "Parlor-Timestamp": timestamp,
        "Parlor-Signature": f"v1={signature(call.secret, timestamp, body)}",
    }


def signature(secret, timestamp, body):
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def read(response, end):
    """The text of an answer, or None where it is none. Raises Refused unless it is a 2xx, and there
    in time."""
    if not 200 <= response.status < 300:
        raise Refused
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    content = response.read(LARGEST_ANSWER)
    if time.monotonic() >= end:
        raise Refused
    if response.status != 200 or kind != "text/plain":
        return None
    return content.decode("utf-8", "replace").strip() or None
