"""Questions, conversations and the inbox.

Revision 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "questions",
        sa.Column("id", number, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(200)),
        sa.Column("facet", sa.String(32)),
        sa.Column("choices", sa.JSON()),
        sa.Column("score", sa.Double()),
        sa.Column("knowledge_version", sa.String(64), nullable=False),
        sa.Column("vote", sa.SmallInteger()),
        sa.Column("voted_at", moment),
        sa.CheckConstraint("vote IN (-1, 0, 1)", name=op.f("ck_questions_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_questions_asked_at"), "questions", ["asked_at"])
    op.create_table(
        "conversations",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_conversations")),
    )
    op.create_index(op.f("ix_conversations_updated_at"), "conversations", ["updated_at"])
    op.create_table(
        "inbox",
        sa.Column("id", number, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("raw", sa.JSON()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("replies", sa.JSON()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("channel", "account", "key", name=op.f("uq_inbox_channel_account_key")),
    )
    op.create_index(op.f("ix_inbox_channel_account_state"), "inbox", ["channel", "account", "state"])
    op.create_index(op.f("ix_inbox_received_at"), "inbox", ["received_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("inbox", "conversations", "questions"):
        op.drop_table(table)
