"""What is stored, read without any of Parlor's code."""

import sqlite3
from contextlib import closing
from typing import NamedTuple

import psycopg2

LATEST = "SELECT id, last_seq FROM room WHERE code = '{code}' ORDER BY id DESC LIMIT 1"
ROWS = """
    SELECT seq, version, client_id, user_id, content FROM message
    WHERE room_id = {room} ORDER BY seq, id"""


class Row(NamedTuple):
    seq: int
    version: int
    id: str
    user_id: int
    text: str


def stored(database_url, code):
    """(the Rows of the latest room of that code, by number; the room's counter)."""
    with closing(connect(database_url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(LATEST.format(code=code))
        room, last_seq = cursor.fetchone()
        cursor.execute(ROWS.format(room=room))
        return [Row(*row) for row in cursor.fetchall()], last_seq


def connect(database_url):
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite:///")
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    return psycopg2.connect(database_url, connect_timeout=10)
