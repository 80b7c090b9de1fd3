"""Whether `message` should be partitioned: the same messages in one table, and in 16 and 64 parts.

python -m bench.partitions                      300,000 messages, two minutes
python -m bench.partitions --messages 5000000   about 4 GB in the temporary directory, for a while

A scratch Postgres; Parlor's own statements, each run in turn on every form, so that whatever else
the machine does befalls all of them. A message in five is in one of 20 busy rooms.
"""

import argparse
import random
import statistics
import time
from contextlib import closing, contextmanager

import psycopg2
from psycopg2.extras import execute_values
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import psycopg2 as driver

from models import now
from parlor import messages
from parlor.store_sql import INSERT
from tests.support.postgres import Postgres, find_binaries

FORMS = {"plain": 0, "hash 16": 16, "hash 64": 64}
"""How many parts, by room_id; none: one table."""

BUSY = 20
"""Rooms that have a fifth of all messages."""

ROOMS, USERS = 20_000, 50_000

COLUMNS = """
    id bigint NOT NULL DEFAULT nextval('message_id_seq'), room_id integer NOT NULL,
    user_id integer NOT NULL, seq integer NOT NULL, version integer NOT NULL,
    client_id varchar(64) NOT NULL, content text NOT NULL, timestamp timestamptz NOT NULL,
    reply_to integer, edited_at timestamptz, deleted_at timestamptz"""

INDEXES = {
    "UNIQUE (room_id, seq)": "CREATE UNIQUE INDEX ON message (room_id, seq)",
    "UNIQUE (room_id, user_id, client_id)": (
        "CREATE UNIQUE INDEX ON message (room_id, user_id, client_id)"
    ),
    "changed": "CREATE INDEX ON message (room_id, version) WHERE version <> seq",
    "by author": "CREATE INDEX ON message (user_id, id) WHERE deleted_at IS NULL",
}

FILL = """
    INSERT INTO message (room_id, user_id, seq, version, client_id, content, timestamp)
    SELECT CASE WHEN is_busy THEN rank %% {busy} ELSE {busy} + rank %% {rooms} END,
        hashint8(n) & 65535, CASE WHEN is_busy THEN rank / {busy} ELSE rank / {rooms} END + 1,
        CASE WHEN is_busy THEN rank / {busy} ELSE rank / {rooms} END + 1,
        md5(n::text), 'number ' || n || ', and as many words as people write at a time',
        timestamptz '2026-01-01' + n * interval '1 second'
    FROM (
        SELECT n, n %% 5 = 0 AS is_busy,
            CASE WHEN n %% 5 = 0 THEN n / 5 - 1 ELSE n - n / 5 - 1 END AS rank
        FROM generate_series(%s, %s) AS n
    ) AS numbered"""

CHUNK = 500_000
"""Messages in one INSERT, in each form in turn."""

TOTALS = """
    SELECT sum(pg_table_size(relid))::float, sum(pg_indexes_size(relid))::float
    FROM (SELECT relid FROM pg_partition_tree('message') UNION SELECT 'message'::regclass) AS one"""


def main():
    options = argparse.ArgumentParser("python -m bench.partitions")
    options.add_argument("--messages", type=int, default=300_000)
    options.add_argument("--times", type=int, default=100, help="that each statement is run")
    options = options.parse_args()
    with Postgres(find_binaries(), options="-c shared_buffers=256MB -c max_wal_size=2GB") as server:
        report(measure(server, options.messages, options.times))


def measure(server, count, times):
    """{what: {form: figure}}."""
    figures = {}
    url = f"postgresql://parlor@127.0.0.1:{server.port}/postgres"
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SET enable_incremental_sort = off")  # as parlor/patience.py does
        cursor.execute("CREATE SEQUENCE message_id_seq")
        for form in FORMS:
            make(cursor, form)
        for begin in range(1, count + 1, CHUNK):
            for form in FORMS:
                fill(cursor, form, begin, min(begin + CHUNK - 1, count))
        for form in FORMS:
            note(figures, form, finish(cursor, form))
        for name, work in works(count).items():
            compare(figures, cursor, name, work, times)
        for form in FORMS:
            note(figures, form, keep_house(cursor, form))
    return figures


def make(cursor, form):
    schema = schema_of(form)
    by = "PARTITION BY HASH (room_id)" if FORMS[form] else ""
    cursor.execute(f"CREATE SCHEMA {schema}")
    choose(cursor, form)
    cursor.execute(f"CREATE TABLE message ({COLUMNS}) {by}")
    for part in range(FORMS[form]):
        cursor.execute(
            f"CREATE TABLE message_{part} PARTITION OF message"
            f" FOR VALUES WITH (MODULUS {FORMS[form]}, REMAINDER {part})"
        )


def schema_of(form):
    return form.replace(" ", "_")


def choose(cursor, form):
    cursor.execute(f"SET search_path = {schema_of(form)}, public")


def fill(cursor, form, begin, end):
    choose(cursor, form)
    cursor.execute(FILL.format(busy=BUSY, rooms=ROOMS), (begin, end))


def finish(cursor, form):
    """Make the indexes, which takes the longest; returns how long each, and how large all are."""
    choose(cursor, form)
    figures = {}
    # A table in parts has no key of `id` alone: it would have to hold what tells the parts.
    key = "CREATE UNIQUE INDEX ON message (id)" if not FORMS[form] else ""
    with timed(figures, "index by id, s"):
        cursor.execute(key or "SELECT 1")
    for name, statement in INDEXES.items():
        with timed(figures, f"index {name}, s"):
            cursor.execute(statement)
    cursor.execute("VACUUM ANALYZE message")
    cursor.execute(TOTALS)
    heap, indexes = cursor.fetchone()
    return {**figures, "rows, MB": heap / 1e6, "indexes, MB": indexes / 1e6}


@contextmanager
def timed(figures, name):
    begin = time.perf_counter()
    yield
    figures[name] = time.perf_counter() - begin


def keep_house(cursor, form):
    """Change one message of fifty, and clean up."""
    choose(cursor, form)
    figures = {}
    with timed(figures, "UPDATE of one in 50, s"):
        cursor.execute("UPDATE message SET content = upper(content) WHERE id % 50 = 0")
    with timed(figures, "VACUUM after it, s"):
        cursor.execute("VACUUM ANALYZE message")
    return figures


def works(count):
    """{name: what is run, with a cursor, a random generator, and how many parts}."""
    last = count // 5 // BUSY

    def stretch(how, most, owners, above=0, below=2**31 - 1):
        chosen = messages.chosen("postgresql", how)
        # Pairs are how Postgres finds a stretch of the index; it finds the part by the room alone.
        of_its_part = chosen.where(how.owner == bindparam("owner"))
        made = [one.compile(dialect=driver.dialect()) for one in (chosen, of_its_part)]

        def read(cursor, dice, parts):
            statement = made[bool(parts)]
            given = {"owner": dice.randrange(owners), "most": most, "above": above, "below": below}
            cursor.execute(str(statement), statement.construct_params(given))
            cursor.fetchall()

        return read

    def search(cursor, dice, parts):
        made = messages.matching("postgresql").compile(dialect=driver.dialect())
        given = {"owner": dice.randrange(USERS), "above": 0, "below": 2**60, "most": 2000}
        cursor.execute(str(made), made.construct_params({**given, "words": "999", "space": 51}))
        cursor.fetchall()

    return {
        "insert of 100 in 100 rooms": insert,
        "last page": stretch(messages.BY_SEQ, 51, ROOMS),
        "last page of a busy room": stretch(messages.BY_SEQ, 51, BUSY),
        "an old page of it": stretch(messages.BY_SEQ, 51, BUSY, below=max(52, last // 2)),
        "catch-up of 20": stretch(messages.UNCHANGED, 201, BUSY, above=last - 20),
        "catch-up, changed ones": stretch(messages.CHANGED, 201, BUSY, above=last - 20),
        "history of somebody": stretch(messages.BY_AUTHOR, 51, USERS, below=2**60),
        "search": search,
    }


def insert(cursor, dice, parts):
    rows = [
        (BUSY + room, seq, seq, f"{seq}", dice.randrange(USERS), "Hello, this is new", now(), None)
        for room in dice.sample(range(ROOMS), 100)
        for seq in (dice.randrange(10**8, 2 * 10**9),)
    ]
    execute_values(cursor, INSERT + "%s", rows, page_size=len(rows))


def compare(figures, cursor, name, work, times):
    """Run it on each form in turn; the median of each, in ms, of the same draws."""
    took = {form: [] for form in FORMS}
    for turn in range(times):
        for form in FORMS:
            choose(cursor, form)
            dice = random.Random(turn)  # the same for each form
            begin = time.perf_counter()
            work(cursor, dice, FORMS[form])
            took[form].append(time.perf_counter() - begin)
    for form, all_of_them in took.items():
        note(figures, form, {f"{name}, ms": statistics.median(all_of_them) * 1000})


def note(figures, form, found):
    for name, figure in found.items():
        figures.setdefault(name, {})[form] = figure


def report(figures):
    print(f"| | {' | '.join(FORMS)} |\n|---|{'---|' * len(FORMS)}")
    for name, found in figures.items():
        print(f"| {name} | {' | '.join(f'{found[form]:.3g}' for form in FORMS)} |")


if __name__ == "__main__":
    main()
