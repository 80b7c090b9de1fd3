"""The tables, and how a database is set up for them.

Numbers: a room's `last_seq` is its counter. Whatever changes what its members see takes the next
number in the transaction that stores the change; the row's lock keeps the numbers without a hole.
A message keeps the number it was posted under (`seq`) and that of its latest change (`version`).
"""

import logging
import secrets
from datetime import UTC, datetime

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from parlor import patience

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 1000
"""Milliseconds that SQLite may wait by itself when its file is opened: after a crash another
process may be just about to mend it. From then on it waits for nothing, as all the server's users
would wait with it: no reader has to, and writers are tried again (parlor/transactions.py)."""

CHECKPOINT = 8000
"""Pages of 4 KB in SQLite's log after which they are copied into its file. What is written again
and again, as the ends of indexes are, is copied once."""

CACHE = 16 * 1024
"""KB of SQLite's file that a connection keeps at most: a batch for hundreds of rooms must fit."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate(render_as_batch=True)


def now():
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator):
    """A point in time: aware and UTC in Python; SQLite keeps it without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


def as_sqlite(moment):
    """What UtcDateTime keeps in SQLite."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def utc(moment):
    """What a driver makes of a UtcDateTime, aware: SQLite's is text."""
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return moment.astimezone(UTC)


class User(db.Model):
    """Someone who talks. A guest is a browser: its signed session cookie names this row.

    With its `key`, too, so that a cookie from before the database was lost is nobody's.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))
    name: Mapped[str] = mapped_column(String(32))
    """The name last used, offered again in the form."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Room(db.Model):
    """What messages hang on. Its code is a lease: free for another room once this one is closed."""

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(4))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    last_seq: Mapped[int] = mapped_column(default=0)
    last_message_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "ix_room_open_code",
            "code",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )


IS_OPEN = Room.closed_at.is_(None)


class Participant(db.Model):
    """A membership, under the name that the person bears in this room.

    It is kept after leaving (`left_at`), so that what was said keeps its author's name, and nobody
    else can take that name and so the words.
    """

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(32))
    name_key: Mapped[str] = mapped_column(Text)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_participant_user_id", "user_id"),
        UniqueConstraint("room_id", "name_key"),
    )


class Message(db.Model):
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    seq: Mapped[int]
    version: Mapped[int]
    client_id: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime)
    reply_to: Mapped[int | None]
    """The `seq` of the message that this one answers."""

    __table_args__ = (
        UniqueConstraint("room_id", "seq"),
        UniqueConstraint("room_id", "user_id", "client_id"),
        Index(
            "ix_message_changed",
            "room_id",
            "version",
            sqlite_where=text("version <> seq"),
            postgresql_where=text("version <> seq"),
        ),
        Index("ix_message_user_id_id", "user_id", "id"),
    )


def init_app(app):
    """Bind the tables to `app`, and set up each of its connections to SQLite."""
    patience.install()
    db.init_app(app)
    migrate.init_app(app, db)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", prepare_sqlite)
            event.listen(db.engine, "begin", begin_sqlite)


def prepare_sqlite(connection, record):
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {CONNECT_TIMEOUT}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA busy_timeout = 0")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function("lower", 1, fold, deterministic=True)  # SQLite's knows ASCII only


def fold(text):
    return text.casefold() if isinstance(text, str) else text


def begin_sqlite(connection):
    """Take the lock at once when writing: a reader that turns writer cannot be tried again."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def is_ready():
    """Whether the database answers, and has its tables."""
    try:
        db.session.execute(text("SELECT 1 FROM room LIMIT 1"))
    except SQLAlchemyError as error:
        log.error("not ready", exc_info=error)
        return False
    return True
