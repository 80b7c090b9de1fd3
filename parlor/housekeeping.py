"""What happens by itself as time passes: people fade, typing stops, rooms close, lost numbers heal.

`start` runs each of the JOBS in a loop of its own, beside whatever the worker is: so one that waits
for the database holds up no other.
"""

import logging
import time
from datetime import timedelta
from functools import partial, update_wrapper, wraps
from threading import Thread

from flask import current_app

from models import now
from parlor import chat, erasure, leases, logins, messages, recheck, relay, webhooks
from parlor.limits import throttle
from parlor.peers import peers
from parlor.presence import presence
from parlor.readmarks import marks
from parlor.rooms import live

CLOSED_AT_ONCE = 50
"""Rooms closed in one second: each costs a commit, and everybody waits for it."""

ON_THE_WAY = 0.2
"""Seconds that a message of another process takes at most, mostly."""

log = logging.getLogger(__name__)


def start(app):
    peers.bus.start()
    for seconds, job in JOBS:
        Thread(target=repeat, args=(app, seconds, job), name=job.__name__, daemon=True).start()


def repeat(app, seconds, job):
    """Do it for ever, each so many seconds. What fails is logged, and tried again."""
    while True:
        attempt(app, job)
        time.sleep(seconds)


def attempt(app, job):
    try:
        with app.app_context():  # its end, too, may need the database
            job()
    except Exception:
        log.exception("%s failed", job.__name__)


def beside(app, do, *arguments):
    """Do it in the background, in the app's context, as a job is done."""
    job = update_wrapper(partial(do, *arguments), do)
    relay.in_background(partial(attempt, app, job))


def adopt():
    """Take on open rooms that are not live here: from before a restart, or made by a command.

    They close like any other when nobody comes. Those that last wait for whoever comes first.
    """
    for id, code, last_seq in leases.passing():
        live.adopt(id, code, last_seq)


def sweep():
    """Tell what has expired."""
    news = live.sweep()
    for room in {id(room): room for room, _ in news.left}.values():
        presence.tell(room, left=[member for its, member in news.left if its is room])
    for room in news.stilled:
        relay.send_typing(room, live.typing(room))


def close_deserted():
    """Close some of the rooms that nobody comes back to; others are only let go of: those that
    last, and all of them on a process that is not on duty."""
    closed = 0
    for room in live.deserted():
        if room.lasts or not live.others.is_on_duty:
            live.drop_if_deserted(room)
        elif closed < CLOSED_AT_ONCE and live.is_deserted(room):
            close(room)
            closed += 1


def close(room):
    if leases.end(room.id, partial(live.is_deserted, room)):
        relay.shut(room)
    else:
        live.drop_if_deserted(room)  # it lasts since another process has said so


def close_idle():
    """Close rooms that are kept, in which nobody has said a word for KEEP_DAYS, or is now."""
    since = now() - timedelta(days=current_app.config["SETTINGS"].keep_days)
    for room in leases.idle(since):
        if not chat.who_is_in(room) and leases.end_idle(room.id, since):
            relay.shut(live.find(room.id, room.code))


def tell_heads():
    """Tell rooms with people of numbers that this process has not relayed.

    A room that somebody else has closed has no people any more: their pages find that out.
    """
    rooms = {room.id: room for room in live.all() if room.members}
    counters = messages.counters(rooms)
    behind = []
    for id, room in rooms.items():
        if id not in counters:
            relay.shut.here(room)
        elif counters[id] > room.head:
            behind.append(room)
    if behind and live.others.are_there:
        relay.pause(ON_THE_WAY)
    for room in behind:
        if counters[room.id] > room.head:
            relay.send_head(room, counters[room.id])


def drop_ghosts():
    """Take away sockets that ended while they were being connected: nobody was told."""
    for socket in live.sockets():
        if not relay.is_connected(socket):
            relay.forget(socket)
            live.exit(socket)


def look_after_others():
    """Where there are other processes: show a sign of life, and look for theirs."""
    if live.others.are_there:
        live.others.look_after()


def recheck_alone():
    """While Redis is away: find out what others would have told."""
    if live.others.are_there and live.others.bus.well_since is None:
        recheck.recheck()


def recheck_in_doubt():
    """Find out what others have decided, and may not have been able to tell."""
    others = live.others
    if others.is_in_doubt:
        others.is_in_doubt = False
        try:
            recheck.recheck()
        except BaseException:
            others.is_in_doubt = True
            raise


def once(job):
    """Of several processes one does it."""

    @wraps(job)
    def run():
        if live.others.is_on_duty:
            job()

    return run


JOBS = [
    (1, look_after_others),
    (1, sweep),
    (1, relay.reap),
    (1, close_deserted),
    (1, marks.flush),
    (1, once(webhooks.tell_bots)),
    (1, recheck_in_doubt),
    (2, tell_heads),
    (5, drop_ghosts),
    (5, recheck_alone),
    (5, once(erasure.erase_some)),
    (15, once(adopt)),
    (30, throttle.prune),
    (60, logins.write_seen),
    (3600, once(close_idle)),
    (3600, once(logins.forget_old)),
]
"""(every so many seconds, what)"""
