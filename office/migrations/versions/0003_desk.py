"""Notices, console sessions, switches, groups of questions, changes of the knowledge; the audit's chain.

Revision 0003, after 0002.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("status IN ('queued', 'held', 'sending', 'retry')")


def upgrade() -> None:
    """Make the tables, and chain what the audit has so far."""
    _tables()
    _columns()
    _troubles()
    _chain()


def _tables() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("serial", NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "stored_files",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
        sa.UniqueConstraint("sha256", name=op.f("uq_stored_files_sha256")),
    )
    op.create_table(
        "file_handles",
        sa.Column("file_id", NUMBER, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("handle", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_file_handles_file_id_stored_files")
        ),
        sa.PrimaryKeyConstraint("file_id", "channel", "account", name=op.f("pk_file_handles")),
    )
    op.create_table(
        "console_sessions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("browser", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_console_sessions_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_sessions")),
        sa.UniqueConstraint("hash", name=op.f("uq_console_sessions_hash")),
    )
    op.create_index(op.f("ix_console_sessions_expires_at"), "console_sessions", ["expires_at"])
    op.create_index(op.f("ix_console_sessions_member_id"), "console_sessions", ["member_id"])

    op.create_table(
        "login_links",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_login_links_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_links")),
        sa.UniqueConstraint("hash", name=op.f("uq_login_links_hash")),
    )
    op.create_index(op.f("ix_login_links_created_at"), "login_links", ["created_at"])

    op.create_table(
        "notice_templates",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_by", NUMBER),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["members.id"], name=op.f("fk_notice_templates_changed_by_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_templates")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_templates_key")),
    )
    op.create_table(
        "question_groups",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.String(200)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("disliked", sa.Integer(), nullable=False),
        sa.Column("mismatched", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("decided_by", NUMBER),
        sa.Column("decided_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["members.id"], name=op.f("fk_question_groups_decided_by_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_groups")),
    )
    op.create_index("ix_question_groups_state", "question_groups", ["state", "count"])

    op.create_table(
        "recipient_lists",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("changed_by", NUMBER),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["members.id"], name=op.f("fk_recipient_lists_changed_by_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_lists")),
        sa.UniqueConstraint("name", name=op.f("uq_recipient_lists_name")),
    )
    op.create_table(
        "switches",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", NUMBER),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["members.id"], name=op.f("fk_switches_changed_by_members")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_switches")),
    )
    op.create_table(
        "knowledge_changes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_by", NUMBER, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("decided_by", NUMBER),
        sa.Column("decided_at", MOMENT),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON()),
        sa.Column("undo", sa.JSON()),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["members.id"], name=op.f("fk_knowledge_changes_decided_by_members")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["question_groups.id"], name=op.f("fk_knowledge_changes_group_id_question_groups")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["members.id"], name=op.f("fk_knowledge_changes_proposed_by_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_changes")),
    )
    op.create_index(op.f("ix_knowledge_changes_group_id"), "knowledge_changes", ["group_id"])
    op.create_index(
        op.f("ix_knowledge_changes_state_proposed_at"), "knowledge_changes", ["state", "proposed_at"]
    )

    op.create_table(
        "notices",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("document_date", sa.Date()),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("express_reason", sa.Text(), nullable=False),
        sa.Column("confirm", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("send_at", MOMENT),
        sa.Column("template_id", NUMBER),
        sa.Column("reminder_id", NUMBER),
        sa.Column("origin_key", sa.String(200)),
        sa.Column("created_by", NUMBER),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("submitted_by", NUMBER),
        sa.Column("submitted_at", MOMENT),
        sa.Column("approved_by", NUMBER),
        sa.Column("approved_at", MOMENT),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("queued_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("nudges", sa.Integer(), nullable=False),
        sa.Column("unreached", sa.JSON()),
        sa.ForeignKeyConstraint(["approved_by"], ["members.id"], name=op.f("fk_notices_approved_by_members")),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_notices_created_by_members")),
        sa.ForeignKeyConstraint(
            ["reminder_id"], ["reminders.id"], name=op.f("fk_notices_reminder_id_reminders")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["members.id"], name=op.f("fk_notices_submitted_by_members")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["notice_templates.id"], name=op.f("fk_notices_template_id_notice_templates")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("origin_key", name=op.f("uq_notices_origin_key")),
    )
    op.create_index(op.f("ix_notices_created_at"), "notices", ["created_at"])
    op.create_index("ix_notices_due", "notices", ["state", "send_at"])

    op.create_table(
        "notice_confirmations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("notice_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("chat", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_notice_confirmations_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_confirmations_notice_id_notices")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_confirmations")),
        sa.UniqueConstraint(
            "notice_id", "member_id", name=op.f("uq_notice_confirmations_notice_id_member_id")
        ),
    )
    op.create_table(
        "notice_files",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("notice_id", NUMBER, nullable=False),
        sa.Column("file_id", NUMBER, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(128), nullable=False),
        sa.Column("picture", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_notice_files_file_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_notice_files_notice_id_notices")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_files")),
    )
    op.create_index(op.f("ix_notice_files_notice_id"), "notice_files", ["notice_id"])


def _columns() -> None:
    op.add_column("deliveries", sa.Column("act", sa.String(16), nullable=False, server_default="send"))
    op.add_column("deliveries", sa.Column("target", sa.String(128)))
    op.create_index(op.f("ix_deliveries_created_at"), "deliveries", ["created_at"])
    op.create_index(
        "ix_deliveries_next",
        "deliveries",
        [
            *("channel", "account", "urgency", "due_at", "occurrence_id", "part", "id"),
            *("ready_at", "status", "chat"),
        ],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.add_column("questions", sa.Column("trouble", sa.String(16)))
    op.add_column("questions", sa.Column("group_id", NUMBER))
    op.create_index(op.f("ix_questions_group_id"), "questions", ["group_id"])
    op.create_index(op.f("ix_questions_trouble_group_id"), "questions", ["trouble", "group_id"])
    op.add_column("audit", sa.Column("serial", NUMBER))
    op.add_column("audit", sa.Column("hash", sa.String(64)))


def _troubles() -> None:
    """Mark the questions from before that were plainly not answered, or disliked."""
    unknown = "UPDATE questions SET trouble = 'unanswered' WHERE outcome = 'out' AND entry_id IS NULL"
    op.execute(unknown)
    op.execute("UPDATE questions SET trouble = 'disliked' WHERE vote = -1")


def _chain() -> None:
    """As office.audit does it, for the rows from before; migrations stand apart from our code."""
    connection = op.get_bind()
    audit = sa.table(
        "audit",
        *(sa.column(name) for name in ("id", "actor_id", "action", "subject", "subject_id", "reason")),
        sa.column("at", MOMENT),
        sa.column("before", sa.JSON()),
        sa.column("after", sa.JSON()),
        sa.column("serial"),
        sa.column("hash"),
    )
    previous, serial = "0" * 64, 0
    # Written out as SQL there are no rows to read: it holds for a new database only.
    query = sa.select(audit).order_by(audit.c.id)
    for row in [] if context.is_offline_mode() else connection.execute(query).all():
        serial += 1
        previous = _digest(previous, serial, row)
        connection.execute(sa.update(audit).where(audit.c.id == row.id).values(serial=serial, hash=previous))
    if serial:
        head = sa.table("audit_head", sa.column("id"), sa.column("serial"), sa.column("hash"))
        connection.execute(sa.insert(head).values(id=1, serial=serial, hash=previous))
    with op.batch_alter_table("audit") as batch:
        batch.create_unique_constraint(op.f("uq_audit_serial"), ["serial"])


def _digest(previous: str, serial: int, row: Any) -> str:
    at: datetime = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    values = [
        serial,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.actor_id,
        row.action,
        row.subject,
        row.subject_id,
        row.before,
        row.after,
        row.reason,
    ]
    written = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}{written}".encode()).hexdigest()


def downgrade() -> None:
    """Drop them again."""
    with op.batch_alter_table("audit") as batch:
        batch.drop_constraint(op.f("uq_audit_serial"), type_="unique")
        batch.drop_column("serial")
        batch.drop_column("hash")
    for table, index in (
        ("deliveries", "ix_deliveries_created_at"),
        ("deliveries", "ix_deliveries_next"),
        ("questions", "ix_questions_group_id"),
        ("questions", "ix_questions_trouble_group_id"),
    ):
        op.drop_index(op.f(index), table)
    for table, column in (
        ("deliveries", "act"),
        ("deliveries", "target"),
        ("questions", "trouble"),
        ("questions", "group_id"),
    ):
        op.drop_column(table, column)
    for table in (
        "notice_files",
        "notice_confirmations",
        "notices",
        "knowledge_changes",
        "switches",
        "recipient_lists",
        "question_groups",
        "notice_templates",
        "login_links",
        "console_sessions",
        "file_handles",
        "stored_files",
        "audit_head",
    ):
        op.drop_table(table)
