"""The statements that store a batch of messages, for each database: few, whatever its size.

They go to the driver as they are: at a thousand messages a second, SQLAlchemy's way of a row to the
driver costs more than the row itself.
"""

import orjson

from models import as_sqlite

KNOWN = """
    SELECT draft.n, room.last_seq, participant.name, participant.left_at IS NULL,
        message.seq, message.version, message.content, message.timestamp, message.reply_to,
        message.edited_at, message.deleted_at, participant.picture
    FROM ({drafts}) AS draft
    LEFT JOIN room ON room.id = draft.room_id AND room.closed_at IS NULL
    LEFT JOIN participant
        ON participant.room_id = draft.room_id AND participant.user_id = draft.user_id
    LEFT JOIN message
        ON message.room_id = draft.room_id AND message.user_id = draft.user_id
        AND message.client_id = draft.client_id"""
"""What is known of each draft. The drafts come as lists of their keys, so the statement is the same
for any number."""

INSERT = """
    INSERT INTO message
        (room_id, seq, version, client_id, user_id, content, timestamp, reply_to)
    VALUES """


CHANGE = """
    UPDATE message SET version = {0}, content = {0}, edited_at = {0}, deleted_at = {0}
    WHERE room_id = {0} AND seq = {0}"""

AUTHORS = 'SELECT id FROM "user" WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE SKIP LOCKED'

COUNT = """
    UPDATE room SET last_seq = batch.last,
        last_message_at = coalesce(CAST(batch.moment AS timestamptz), last_message_at)
    FROM (VALUES {}) AS batch(last, moment, id) WHERE room.id = batch.id"""

OPEN = "SELECT id FROM room WHERE id = ANY(%s) AND closed_at IS NULL"


class Sqlite:
    known = KNOWN.format(  # by one parameter: it is prepared once
        drafts="""
        SELECT key AS n, json_extract(value, '$[0]') AS room_id,
            json_extract(value, '$[1]') AS user_id, json_extract(value, '$[2]') AS client_id
        FROM json_each(?)"""
    )

    @classmethod
    def look_up(cls, cursor, keys):
        cursor.execute(cls.known, (orjson.dumps(keys).decode(),))

    @staticmethod
    def lock_rooms(cursor, ids, wait):
        """The whole file is locked when the transaction begins."""
        return ids

    @staticmethod
    def lock_authors(cursor, ids, wait):
        return ids

    @staticmethod
    def insert(cursor, rows):
        at = as_sqlite(rows[0][6])
        cursor.executemany(
            INSERT + "(?, ?, ?, ?, ?, ?, ?, ?)", [(*row[:6], at, row[7]) for row in rows]
        )

    @staticmethod
    def change(cursor, rows):
        cursor.executemany(
            CHANGE.format("?"),
            [(*row[:2], moment(row[2]), moment(row[3]), *row[4:]) for row in rows],
        )

    @staticmethod
    def count(cursor, rows):
        """`rows`: (last_seq, the moment of the last message or None, room id)."""
        cursor.executemany(
            "UPDATE room SET last_seq = ?, last_message_at = coalesce(?, last_message_at)"
            " WHERE id = ?",
            [(last, moment(at), id) for last, at, id in rows],
        )


class Postgres:
    known = KNOWN.format(  # of arrays the planner knows the length, and takes indexes for a few
        drafts="""
        SELECT n, room_id, user_id, client_id
        FROM unnest(CAST(%s AS integer[]), CAST(%s AS integer[]), CAST(%s AS text[]))
            WITH ORDINALITY AS listed(room_id, user_id, client_id, n)"""
    )

    @classmethod
    def look_up(cls, cursor, keys):
        cursor.execute(cls.known, [list(column) for column in zip(*keys, strict=True)])

    @staticmethod
    def lock_rooms(cursor, ids, wait):
        """In one order, against deadlocks. Those that are closed are found to be by `look_up`."""
        lock = f"{OPEN} ORDER BY id FOR UPDATE"
        if wait:
            cursor.put_off(lock, (ids,))
            return ids
        cursor.execute(f"{lock} SKIP LOCKED", (ids,))
        return {id for (id,) in cursor}

    @staticmethod
    def lock_authors(cursor, ids, wait):
        """As each INSERT does by itself, but for those whom it would have to wait for."""
        if wait:
            return ids
        cursor.execute(AUTHORS, (ids,))
        return {id for (id,) in cursor}

    @staticmethod
    def insert(cursor, rows):
        cursor.put_off(INSERT + listed(rows), flat(rows))

    @staticmethod
    def change(cursor, rows):
        for row in rows:
            cursor.put_off(CHANGE.format("%s"), row)

    @staticmethod
    def count(cursor, rows):
        cursor.put_off(COUNT.format(listed(rows)), flat(rows))


def listed(rows):
    """The places of rows of values, for VALUES."""
    one = f"({', '.join(['%s'] * len(rows[0]))})"
    return ", ".join([one] * len(rows))


def flat(rows):
    return [value for row in rows for value in row]


def moment(at):
    return at and as_sqlite(at)


def dialect_of(cursor):
    return Sqlite if type(cursor).__module__ == "sqlite3" else Postgres
