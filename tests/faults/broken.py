"""Parlor, broken on purpose in one way (`BREAK` says which), for the harness to notice.

gunicorn serves this in place of wsgi.py: `Server(..., serves="tests.faults.broken:app")`.
"""

import os

from alembic.migration import MigrationContext
from alembic.operations import Operations

from models import Message, db
from parlor import relay, store
from parlor.heartbeat import Heart
from parlor.peers import of_room, peers
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


def told_before_commit():
    """Other processes get what is about to be stored; a moment later it is."""

    def rehearse(cursor, drafts):
        outcomes = store.store(cursor, drafts)
        cursor.connection.rollback()
        return outcomes

    def write(self, batch):
        drafts = [ticket.draft for ticket in batch]
        outcomes = write_transaction(self.engine, rehearse, drafts)
        for draft, outcome in zip(drafts, outcomes, strict=True):
            if outcome.is_new:
                publish(draft.room, outcome.posted)
        relay.pause(UNCOMMITTED)
        write_as_ever(self, batch)

    def publish(room, posted):
        frame = relay.socketio.server.manager.emit_frame(
            "message", relay.message_payload(posted), "nobody"
        )
        peers.send_frame(of_room(room), room, posted.version, frame)

    write_as_ever = Writer.write
    replace(Writer, "write", write)


def the_dead_stay():
    """Nobody looks which processes are gone."""
    replace(Heart, "judge", lambda self: None)


def nothing_said_anew():
    """After an outage of Redis a process neither says who is with it, nor asks who else is."""

    def begin(self):
        if not self.sure_from:
            begin_as_ever(self)

    begin_as_ever = Heart.begin
    replace(Heart, "begin", begin)


def replace(where, name, by):
    """Only what is there can be broken."""
    assert hasattr(where, name)
    setattr(where, name, by)


BREAKAGES = {
    breakage.__name__: breakage
    for breakage in (
        acknowledged_before_commit,
        id_ignored,
        backlog_before_entering,
        no_head,
        told_before_commit,
        the_dead_stay,
        nothing_said_anew,
    )
}

BREAKAGES[os.environ["BREAK"]]()
