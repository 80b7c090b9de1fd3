"""An index of the messages that were changed, instead of one of all messages by version."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WAS_CHANGED = sa.text("version <> seq")


def upgrade():
    op.drop_index("ix_message_room_id_version", "message")
    op.create_index(
        "ix_message_changed",
        "message",
        ["room_id", "version"],
        sqlite_where=WAS_CHANGED,
        postgresql_where=WAS_CHANGED,
    )


def downgrade():
    op.drop_index("ix_message_changed", "message")
    op.create_index("ix_message_room_id_version", "message", ["room_id", "version"])
