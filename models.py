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
    false,
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
    """What a driver makes of a UtcDateTime, aware: SQLite's is text. None stays None."""
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return moment and moment.astimezone(UTC)


class User(db.Model):
    """Someone who talks: a guest, an account, or a bot.

    A guest is a browser: its signed session cookie names this row. With its `key`, too, so that a
    cookie from before the database was lost is nobody's. An account has claimed its name
    (`claimed_key`), and is who has one of its Logins instead.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))
    name: Mapped[str] = mapped_column(String(32))
    """An account's name; of a guest the name last used, offered again in the form."""
    claimed_key: Mapped[str | None] = mapped_column(Text)
    """The folded key of an account's name, which nobody else may use; None for guests and bots."""
    password_hash: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(String(254))
    full_name: Mapped[str | None] = mapped_column(String(80))
    picture: Mapped[str | None] = mapped_column(String(500))
    """An https address."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erases: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether what they wrote is still to be taken away."""

    __table_args__ = (
        Index("ix_user_claimed_key", "claimed_key", unique=True),
        Index("ix_user_erases", "id", sqlite_where=text("erases"), postgresql_where=text("erases")),
    )


class Login(db.Model):
    """A session of an account: on a browser, by its cookie, or a program, by its tokens.

    It is kept when it has ended (`ended_at`), for a while.
    """

    id: Mapped[str] = mapped_column(
        String(32), primary_key=True, default=lambda: secrets.token_hex(16)
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    device: Mapped[str] = mapped_column(String(80))
    """What its owner knows it by: "Firefox on Linux"."""
    refresh_hash: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the refresh token; None for a browser."""
    former_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the one before it."""
    refreshed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when `refresh_hash` is the latest."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_login_user_id", "user_id"),)


class Room(db.Model):
    """What messages hang on. Its code is a lease: free for another room once this one is closed.

    A room is open to whoever has its code. Conversations, of two (`direct`) or of a `group`, are
    there for their participants alone; their codes are too long to be guessed.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(8), default="open", server_default="open")
    """"open", "direct" or "group"."""
    name: Mapped[str | None] = mapped_column(String(60))
    name_key: Mapped[str | None] = mapped_column(Text)
    """The folded key of the name: unique among open rooms that are listed."""
    description: Mapped[str | None] = mapped_column(String(300))
    listed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the home page shows it."""
    kept: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it outlives its last visitor. Conversations always do."""
    pair: Mapped[str | None] = mapped_column(String(32))
    """Of a direct conversation: the ids of its two, the lower first, as "5:17"."""
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
        Index(
            "ix_room_listed_name",
            "name_key",
            unique=True,
            sqlite_where=text("listed AND closed_at IS NULL"),
            postgresql_where=text("listed AND closed_at IS NULL"),
        ),
        Index("ix_room_pair", "pair", unique=True),
    )

    @property
    def lasts(self):
        return self.kept or self.kind != "open"


IS_OPEN = Room.closed_at.is_(None)
LASTS = Room.kept | (Room.kind != "open")
"""Whether it stays open when nobody is there, as `Room.lasts`."""


class Participant(db.Model):
    """A membership, under the name that the person bears in this room: an account's, its own.

    It is kept after leaving (`left_at`), so that what was said keeps its author's name, and nobody
    else can take that name and so the words.
    """

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(32))
    name_key: Mapped[str] = mapped_column(Text)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_read_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    """The highest number in the room that they have seen, on whichever device."""
    picture: Mapped[str | None] = mapped_column(String(500))
    """As in User: here too, where the name is, since each message is shown with both."""

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
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """From then on `content` is empty."""

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
        Index(
            "ix_message_user_id_id",
            "user_id",
            "id",
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class Bot(db.Model):
    """A program that talks in one room: a user of its own, with a key instead of a session."""

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), unique=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the key."""
    webhook: Mapped[str | None] = mapped_column(String(500))
    """The address that gets what is said to the bot."""
    secret: Mapped[str] = mapped_column(String(64))
    """Signs what the webhook gets."""
    told_seq: Mapped[int] = mapped_column(default=0)
    """The number up to which the webhook has got what is said to the bot."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often what comes next has failed to be told."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it is tried again."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    __table_args__ = (Index("ix_bot_room_id", "room_id"), Index("ix_bot_owner_id", "owner_id"))


def init_app(app):
    """Bind the tables to `app`, and look after its connections."""
    patience.install()
    db.init_app(app)
    migrate.init_app(app, db)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", prepare_sqlite)
            event.listen(db.engine, "begin", begin_sqlite)
        else:
            for engine in db.engines.values():
                patience.watch(engine)


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
