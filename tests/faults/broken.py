"""Parlor, broken on purpose in one way (`BREAK` says which), for the harness to notice.

gunicorn serves this in place of wsgi.py: `Server(..., serves="tests.faults.broken:app")`.
"""

import os

from alembic.migration import MigrationContext
from alembic.operations import Operations

from models import Message, db
from parlor import relay, store
from parlor.transactions import write_transaction
from parlor.writer import Writer
from wsgi import app

MEANWHILE = 1.5
"""Seconds between the reading of a backlog and the entering of the room."""

UNCOMMITTED = 0.2
"""Seconds between an acknowledgement and its commit."""


def acknowledged_before_commit():
    """Numbers are drawn and told; a moment later the batch is stored."""

    def rehearse(cursor, drafts):
        outcomes = store.store(cursor, drafts)
        cursor.connection.rollback()
        return outcomes

    def write(self, batch):
        drafts = [ticket.draft for ticket in batch]
        self.tell(batch, write_transaction(self.engine, rehearse, drafts))
        relay.pause(UNCOMMITTED)
        self.store(drafts)

    replace(Writer, "write", write)


def id_ignored():
    """Nobody looks whether an id came before, and the table takes it twice."""

    def look_up(sql, cursor, drafts):
        return [plain(sql, cursor, [draft])[0]._replace(seq=None) for draft in drafts]

    plain = store.look_up
    replace(store, "look_up", look_up)
    with app.app_context(), db.engine.begin() as connection:
        allow_ids_twice(Operations(MigrationContext.configure(connection)))


def allow_ids_twice(operations):
    with operations.batch_alter_table("message", copy_from=Message.__table__) as table:
        table.drop_constraint("uq_message_room_id_user_id_client_id", type_="unique")


def backlog_before_entering():
    """The backlog is read first; a while later the socket enters the room."""
    enter, tell, places = relay.subscribe, relay.send_room, {}

    def send_room(socket, payload):
        relay.pause(MEANWHILE)
        enter(socket, places.pop(socket))
        tell(socket, payload)

    replace(relay, "subscribe", places.__setitem__)
    replace(relay, "send_room", send_room)


def no_head():
    """Nobody is told of numbers that this process has not relayed."""
    replace(relay, "send_head", lambda room, seq: None)


def replace(where, name, by):
    """Only what is there can be broken."""
    assert hasattr(where, name)
    setattr(where, name, by)


BREAKAGES = {
    breakage.__name__: breakage
    for breakage in (acknowledged_before_commit, id_ignored, backlog_before_entering, no_head)
}

BREAKAGES[os.environ["BREAK"]]()
