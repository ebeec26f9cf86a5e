"""Contacts, quotas, Zalo's tokens, links to files; which of a member's accounts comes first.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; accounts keep the order in which they were tied."""
    op.create_table(
        "contacts",
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("wrote_at", MOMENT),
        sa.Column("follows", sa.Boolean()),
        sa.Column("follow_at", MOMENT),
        sa.Column("human_until", MOMENT),
        sa.Column("told_spent", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", "person", name=op.f("pk_contacts")),
    )
    op.create_table(
        "quota_usage",
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("month", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("exhausted_at", MOMENT),
        sa.PrimaryKeyConstraint("channel", "account", "month", "kind", name=op.f("pk_quota_usage")),
    )
    op.create_table(
        "zalo_tokens",
        sa.Column("oa_id", sa.String(64), nullable=False),
        sa.Column("app_id", sa.String(64), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("refresh_token", sa.Text(), nullable=False),
        sa.Column("obtained_at", MOMENT, nullable=False),
        sa.Column("access_expires_at", MOMENT, nullable=False),
        sa.Column("refresh_expires_at", MOMENT, nullable=False),
        sa.Column("former_access_token", sa.Text(), nullable=False),
        sa.Column("former_refresh_token", sa.Text(), nullable=False),
        sa.Column("refreshing_by", sa.String(64), nullable=False),
        sa.Column("refreshing_until", MOMENT),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("version", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("oa_id", name=op.f("pk_zalo_tokens")),
    )
    op.create_table(
        "file_links",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("file_id", NUMBER, nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("media_type", sa.String(200), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_file_links_file_id_stored_files")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_file_links")),
    )
    op.create_index(op.f("ix_file_links_file_id"), "file_links", ["file_id"])
    op.create_index(op.f("ix_file_links_expires_at"), "file_links", ["expires_at"])
    op.add_column("chat_accounts", sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop them again."""
    op.drop_column("chat_accounts", "rank")
    for table in ("file_links", "zalo_tokens", "quota_usage", "contacts"):
        op.drop_table(table)
