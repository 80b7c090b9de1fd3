"""Tables are brought up to date while people talk, and by one process at a time."""

import ast
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing
from itertools import pairwise

import psycopg2
import pytest

from tests.faults.world import World
from tests.support import ROOT
from tests.support.server import Server

OLD = ("0001", "0002", "0003")
"""Which came before anybody had anything to lose."""

IN_THE_WAY = {
    "alter_column", "batch_alter_table", "bulk_insert", "create_check_constraint",
    "create_exclude_constraint", "create_foreign_key", "create_index", "create_primary_key",
    "create_unique_constraint", "drop_index", "rename_table",
}  # fmt: skip
"""What reads or writes all of a table while it keeps others from writing, or renames it."""

HOW = "CONTRIBUTING.md says how, under Migrations"

RULE = """
revision, down_revision = "{revision}", "{before}"
branch_labels = depends_on = None
import sqlalchemy as sa
from alembic import op
from migrations import online
def upgrade():
    {step}
"""

ADD_COLUMN = 'op.add_column("message", sa.Column("mood", sa.Text, nullable=True))'
ADD_INDEX = 'online.create_index("ix_long", "message", [sa.text("md5(repeat(content, 300))")])'


# What migrations may say


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("migrations/versions/*.py")), ids=lambda p: p.stem
)
def test_no_migration_keeps_others_from_writing(path):
    if not path.stem.startswith(OLD):
        assert not faults(path.read_text()), HOW


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ('op.create_index("ix", "message", ["seq"])', "create_index"),
        ('op.drop_index("ix", "message")', "drop_index"),
        ('op.alter_column("room", "code", type_=sa.Text)', "alter_column"),
        ('op.add_column("room", sa.Column("a", sa.Text, nullable=False))', "add_column"),
        ('op.add_column("room", sa.Column("a", server_default=sa.func.now()))', "add_column"),
        ('op.execute("UPDATE message SET version = seq")', "execute"),
        ('online.create_index("ix", "a", ["b"]); op.drop_table("c")', "create_index"),
    ],
)
def test_what_would_is_noticed(step, fault):
    assert fault in faults(RULE.format(revision="0004", before="0003", step=step))


@pytest.mark.parametrize(
    "step",
    [
        ADD_COLUMN,
        ADD_INDEX,
        'op.add_column("room", sa.Column("a", nullable=False, server_default="0"))',
        'op.create_table("new", sa.Column("id")); op.create_index("ix", "new", ["id"])',
    ],
)
def test_what_would_not_is_let_pass(step):
    assert not faults(RULE.format(revision="0004", before="0003", step=step))


def faults(source):
    """The names of what `upgrade` calls and should not."""
    tree = ast.parse(source)
    upgrade = next(one for one in tree.body if getattr(one, "name", "") == "upgrade")
    calls = [node for node in ast.walk(upgrade) if isinstance(node, ast.Call)]
    steps = [call for call in calls if module_of(call) in ("op", "online")]
    new = {text_of(one.args[0]) for one in steps if one.func.attr == "create_table"}
    wrong = [one.func.attr for one in steps if module_of(one) == "op" and is_wrong(one, new)]
    beside = [one.func.attr for one in steps if module_of(one) == "online" and len(steps) > 1]
    return wrong + beside


def module_of(call):
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", None)


def text_of(node):
    return getattr(node, "value", None)


def is_wrong(call, new):
    tables = {text_of(one) for one in call.args}
    if call.func.attr == "execute":
        return "UPDATE" in ast.unparse(call).upper() or "DELETE" in ast.unparse(call).upper()
    if call.func.attr == "add_column":
        return not new & tables and fills_rows(call.args[1])
    return call.func.attr in IN_THE_WAY and not new & tables


def fills_rows(column):
    """Whether a new column has each row written: with a default that is no constant, or none."""
    given = {one.arg: one.value for one in column.keywords}
    default = given.get("server_default")
    if default is None:
        return text_of(given.get("nullable")) is False
    return not isinstance(default, ast.Constant) and "sa.false()" not in ast.unparse(default)


# What they do


@pytest.fixture
def migrations(tmp_path):
    """A copy of the migrations, with more of them: `migrations(ADD_COLUMN, ADD_INDEX)`."""
    copy = shutil.copytree(ROOT / "migrations", tmp_path / "migrations")

    def more(*steps):
        newest = int(max(path.stem[:4] for path in copy.glob("versions/*.py")))
        for number, step in enumerate(steps, newest + 1):
            before = f"{number - 1:04}"
            text = RULE.format(revision=f"{number:04}", before=before, step=step)
            (copy / "versions" / f"{number:04}_more.py").write_text(text)
        return copy

    return more


@pytest.fixture
def server(start_server, postgres):
    return start_server(DATABASE_URL=postgres.fresh_database())


def upgrade(server, directory):
    server.flask("db", "upgrade", "--directory", str(directory))


def ask(url, statement):
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


FILL = """
    INSERT INTO message (room_id, user_id, seq, version, client_id, content, timestamp)
    SELECT room_id, user_id, 1000000 + n, 1000000 + n, n::text, 'Hello ' || n, now()
    FROM (SELECT room_id, user_id FROM participant LIMIT 1) AS a, generate_series(1, 200000) AS n"""


@pytest.mark.timeout(120)
def test_people_talk_on_while_an_index_is_made(server, migrations, person):
    person("Alice", server).create()
    ask(server.database_url, FILL)
    directory = migrations(ADD_COLUMN, ADD_INDEX)
    with World(server) as world:
        world.talk(1)
        began = time.monotonic()
        upgrade(server, directory)
        ended = time.monotonic()
        world.talk(1)
        world.finish()
    moments = sorted(ack.at for ack in world.acks(since=began, until=ended))
    assert max(b - a for a, b in pairwise(moments)) < 1
    assert not any(sender.put_off for sender in world.senders)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_long'::regclass"
    assert ask(server.database_url, valid) == (True,)


def test_a_table_that_somebody_reads_for_long_is_waited_for_without_a_line_behind(
    server, migrations, person
):
    directory = migrations(ADD_COLUMN)
    alice = person("Alice", server)
    code = alice.create()
    with closing(psycopg2.connect(server.database_url)) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM message")
        migrating = threading.Thread(target=upgrade, args=(server, directory))
        migrating.start()
        give_up = time.monotonic() + 3
        while time.monotonic() < give_up:
            posted = alice.post(f"/api/chat/rooms/{code}/messages", json={"data": "Hi"})
            assert posted.status_code == 201
        assert migrating.is_alive()
        reader.rollback()
    migrating.join(20)
    assert ask(server.database_url, "SELECT count(mood) FROM message") == (0,)


def test_two_deploys_that_migrate_at_once_do_not_trip_over_each_other(
    postgres, migrations, tmp_path
):
    directory = migrations(ADD_COLUMN, ADD_INDEX)
    url = postgres.create("empty", "template1")
    server = Server(tmp_path / "never-started", DATABASE_URL=url)
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    both = [
        subprocess.Popen(
            [*command, "--directory", str(directory)],
            cwd=ROOT,
            env=server.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(2)
    ]
    for one in both:
        said = one.communicate(timeout=60)[0]
        assert one.returncode == 0, said
    assert ask(url, "SELECT count(*) FROM alembic_version") == (1,)
