"""Accounts, their sessions and bots; rooms with names; conversations; changed messages."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROOM_IS_OPEN = sa.text("closed_at IS NULL")
MESSAGE_IS_THERE = sa.text("deleted_at IS NULL")
ROOM_IS_LISTED = sa.text("listed AND closed_at IS NULL")


def moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def flag(name):
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def text(name, length=None):
    return sa.Column(name, sa.String(length) if length else sa.Text, nullable=True)


def number(name):
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


ADDED = {
    "user": [
        text("claimed_key"),
        text("password_hash"),
        text("email", 254),
        text("full_name", 80),
        text("picture", 500),
        moment("deleted_at", nullable=True),
        flag("erases"),
    ],
    "room": [
        sa.Column("kind", sa.String(8), nullable=False, server_default="open"),
        text("name", 60),
        text("name_key"),
        text("description", 300),
        flag("listed"),
        flag("kept"),
        text("pair", 32),
    ],
    "participant": [number("last_read_seq"), text("picture", 500)],
    "message": [moment("edited_at", nullable=True), moment("deleted_at", nullable=True)],
}


def upgrade():
    resize_code(12)
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, column)
    op.drop_index("ix_message_user_id_id", "message")
    op.create_index(
        "ix_message_user_id_id",
        "message",
        ["user_id", "id"],
        sqlite_where=MESSAGE_IS_THERE,
        postgresql_where=MESSAGE_IS_THERE,
    )
    op.create_index("ix_user_claimed_key", "user", ["claimed_key"], unique=True)
    op.create_index(
        "ix_user_erases",
        "user",
        ["id"],
        sqlite_where=sa.text("erases"),
        postgresql_where=sa.text("erases"),
    )
    op.create_index("ix_room_pair", "room", ["pair"], unique=True)
    op.create_index(
        "ix_room_listed_name",
        "room",
        ["name_key"],
        unique=True,
        sqlite_where=ROOM_IS_LISTED,
        postgresql_where=ROOM_IS_LISTED,
    )
    op.create_table(
        "login",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("device", sa.String(80), nullable=False),
        sa.Column("refresh_hash", sa.String(64), nullable=True),
        sa.Column("former_hash", sa.String(64), nullable=True),
        moment("refreshed_at", nullable=True),
        moment("created_at"),
        moment("last_seen_at"),
        moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_login"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_login_user_id_user"),
    )
    op.create_index("ix_login_user_id", "login", ["user_id"])
    op.create_table(
        "bot",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("room_id", sa.Integer, nullable=False),
        sa.Column("owner_id", sa.Integer, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("webhook", sa.String(500), nullable=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("told_seq", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        moment("due_at", nullable=True),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_bot"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_bot_user_id_user"),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name="fk_bot_room_id_room"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name="fk_bot_owner_id_user"),
        sa.UniqueConstraint("user_id", name="uq_bot_user_id"),
        sa.UniqueConstraint("key_hash", name="uq_bot_key_hash"),
    )
    op.create_index("ix_bot_room_id", "bot", ["room_id"])
    op.create_index("ix_bot_owner_id", "bot", ["owner_id"])


def downgrade():
    """What has no place in the tables as they were goes: conversations keep only what was said."""
    op.execute("UPDATE room SET closed_at = CURRENT_TIMESTAMP WHERE kind <> 'open'")
    op.execute("UPDATE room SET code = substr(code, 1, 4)")
    op.drop_table("bot")
    op.drop_table("login")
    for index, table in (
        ("ix_room_listed_name", "room"),
        ("ix_room_pair", "room"),
        ("ix_user_claimed_key", "user"),
        ("ix_user_erases", "user"),
        ("ix_message_user_id_id", "message"),
    ):
        op.drop_index(index, table)
    for table, columns in ADDED.items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
    op.create_index("ix_message_user_id_id", "message", ["user_id", "id"])
    resize_code(4)


def resize_code(length):
    """SQLite knows no other length of a column than that of a new one."""
    if op.get_context().dialect.name != "sqlite":
        op.alter_column("room", "code", type_=sa.String(length), existing_nullable=False)
        return
    op.drop_index("ix_room_open_code", "room")
    op.add_column(
        "room", sa.Column("resized", sa.String(length), nullable=False, server_default="")
    )
    op.execute("UPDATE room SET resized = code")
    op.drop_column("room", "code")
    op.execute("ALTER TABLE room RENAME COLUMN resized TO code")
    op.create_index("ix_room_open_code", "room", ["code"], unique=True, sqlite_where=ROOM_IS_OPEN)
