"""The way from SQLite to Postgres: everything is copied, or nothing."""

from contextlib import contextmanager

from sqlalchemy import NullPool, create_engine, select, text

from models import db
from parlor.transactions import patiently

AT_ONCE = 2000
"""Rows."""


class NotEmpty(Exception):
    """There is something in the other database already."""


@contextmanager
def held(engine):
    """A connection to SQLite that has its lock: meanwhile all can read, and nobody can store.

    Raises Retry where somebody else holds it.
    """
    with engine.connect().execution_options(writes=True) as connection:
        patiently(connection.begin)
        yield connection


def copy(source, url):
    """Copy all rows from `source`, a connection, to the Postgres at `url`, whose tables are empty.

    Yields (table, rows copied of it so far), after at most AT_ONCE more. Whatever ends it before
    its end, nothing has been copied. Raises NotEmpty; SQLAlchemyError.
    """
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.begin() as target:
        refuse_if_full(target)
        for table in db.metadata.sorted_tables:
            yield from copy_table(table, source, target)
            count_on(table, target)


def refuse_if_full(target):
    for table in db.metadata.sorted_tables:
        if target.scalar(select(select(table).exists())):
            raise NotEmpty(table.name)


def copy_table(table, source, target):
    copied = 0
    order = list(table.primary_key)
    for rows in source.execute(select(table).order_by(*order)).mappings().partitions(AT_ONCE):
        target.execute(table.insert(), [dict(row) for row in rows])
        copied += len(rows)
        yield table.name, copied


def count_on(table, target):
    """Let the next row get the number after the highest: the rows came with theirs."""
    if "id" not in table.columns or table.columns["id"].type.python_type is not int:
        return
    name = target.dialect.identifier_preparer.quote(table.name)
    highest = f"coalesce((SELECT max(id) FROM {name}), 0)"  # noqa: S608 - a table of ours
    sequence = {"table": name}
    target.execute(
        text(f"SELECT setval(pg_get_serial_sequence(:table, 'id'), {highest} + 1, false)"), sequence
    )
