"""Rooms, people, messages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROOM_IS_OPEN = sa.text("closed_at IS NULL")


def moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade():
    op.create_table(
        "user",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        moment("created_at"),
        moment("last_seen_at"),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
    )
    op.create_table(
        "room",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(4), nullable=False),
        sa.Column("owner_id", sa.Integer, nullable=True),
        sa.Column("last_seq", sa.Integer, nullable=False),
        moment("last_message_at", nullable=True),
        moment("created_at"),
        moment("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_room"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name="fk_room_owner_id_user"),
    )
    op.create_index(
        "ix_room_open_code",
        "room",
        ["code"],
        unique=True,
        sqlite_where=ROOM_IS_OPEN,
        postgresql_where=ROOM_IS_OPEN,
    )
    op.create_table(
        "participant",
        sa.Column("room_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        moment("joined_at"),
        moment("left_at", nullable=True),
        sa.PrimaryKeyConstraint("room_id", "user_id", name="pk_participant"),
        sa.UniqueConstraint("room_id", "name_key", name="uq_participant_room_id_name_key"),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name="fk_participant_room_id_room"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_participant_user_id_user"),
    )
    op.create_index("ix_participant_user_id", "participant", ["user_id"])
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("room_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        moment("timestamp"),
        sa.Column("reply_to", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name="fk_message_room_id_room"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_message_user_id_user"),
        sa.UniqueConstraint("room_id", "seq", name="uq_message_room_id_seq"),
        sa.UniqueConstraint(
            "room_id", "user_id", "client_id", name="uq_message_room_id_user_id_client_id"
        ),
    )
    op.create_index("ix_message_room_id_version", "message", ["room_id", "version"])
    op.create_index("ix_message_user_id_id", "message", ["user_id", "id"])


def downgrade():
    for table in ("message", "participant", "room", "user"):
        op.drop_table(table)
