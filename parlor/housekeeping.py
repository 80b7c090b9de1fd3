"""What happens by itself as time passes: people fade, typing stops, rooms close, lost numbers heal.

`start` runs `tick` every second, beside whatever the worker is.
"""

import logging
import time
from threading import Thread

from sqlalchemy import select

from models import Room, db, now, transaction
from parlor import messages, relay
from parlor.rooms import live

HEADS_EVERY = 2
ADOPT_EVERY = 15
"""Seconds."""

log = logging.getLogger(__name__)


def start(app):
    Thread(target=run, args=(app,), name="housekeeping", daemon=True).start()


def run(app):
    """Tick for ever; what fails in one tick is logged and tried again in the next."""
    second = 0
    while True:
        with app.app_context():
            try:
                tick(second)
            except Exception:
                log.exception("housekeeping failed")
        second += 1
        time.sleep(1)


def tick(second):
    if second % ADOPT_EVERY == 0:
        adopt()
    sweep()
    if second % HEADS_EVERY == 0:
        tell_heads()


def adopt():
    """Take on open rooms that are not live here: from before a restart, or made by a command.

    They close like any other when nobody comes.
    """
    rows = select(Room.id, Room.code, Room.last_seq).where(Room.closed_at.is_(None))
    for id, code, last_seq in db.session.execute(rows):
        if not live.get(code):
            live.open(id, code, last_seq)


def sweep():
    news = live.sweep()
    for room in {id(room): room for room, _ in news.left}.values():
        relay.send_presence(room, left=[member for its, member in news.left if its is room])
    for room in news.stilled:
        relay.send_typing(room, live.typing(room))
    for room in news.deserted:
        if close_deserted(room):
            live.close(room)


@transaction
def close_deserted(room):
    """Close a room unless someone came meanwhile; the row's lock keeps joins out while we look."""
    row = db.session.scalar(select(Room).where(Room.id == room.id).with_for_update())
    if not live.is_deserted(room):
        return False
    if row and row.closed_at is None:
        row.closed_at = now()
    return True


def tell_heads():
    """Tell rooms with people of numbers that this process has not relayed."""
    rooms = {room.id: room for room in live.all() if room.members}
    for id, last_seq in messages.counters(rooms).items():
        if last_seq > rooms[id].head:
            relay.send_head(rooms[id], last_seq)
