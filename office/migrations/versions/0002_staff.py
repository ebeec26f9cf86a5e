"""People, groups, audit, reminders, assignments, occurrences and deliveries.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("status IN ('queued', 'held', 'sending', 'retry')")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "departments",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("feed", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("feed", name=op.f("uq_departments_feed")),
        sa.UniqueConstraint("key", name=op.f("uq_departments_key")),
    )
    op.create_table(
        "lanes",
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("token", NUMBER, nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("pace", sa.JSON()),
        sa.PrimaryKeyConstraint("channel", "account", name=op.f("pk_lanes")),
    )
    op.create_table(
        "occurrences",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("source_id", NUMBER, nullable=False),
        sa.Column("rung", sa.String(64), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("planned_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrences")),
        sa.UniqueConstraint(
            "source", "source_id", "rung", "due_at", name=op.f("uq_occurrences_source_source_id_rung_due_at")
        ),
    )
    op.create_index(op.f("ix_occurrences_due_at"), "occurrences", ["due_at"])

    op.create_table(
        "members",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("department_id", NUMBER),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("left_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_members_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    op.create_index(op.f("ix_members_department_id"), "members", ["department_id"])

    op.create_table(
        "absences",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("stand_in_id", NUMBER),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by", NUMBER),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("cancelled_at", MOMENT),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_absences_member_id_members")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["members.id"], name=op.f("fk_absences_recorded_by_members")
        ),
        sa.ForeignKeyConstraint(
            ["stand_in_id"], ["members.id"], name=op.f("fk_absences_stand_in_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_member_id_until"), "absences", ["member_id", "until"])

    op.create_table(
        "audit",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", NUMBER),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("subject_id", NUMBER),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["members.id"], name=op.f("fk_audit_actor_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_index(op.f("ix_audit_subject_subject_id"), "audit", ["subject", "subject_id"])

    op.create_table(
        "chat_accounts",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("sender", sa.String(128), nullable=False),
        sa.Column("chat", sa.String(128), nullable=False),
        sa.Column("tied_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.Column("disabled_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_chat_accounts_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_accounts")),
        sa.UniqueConstraint(
            "channel", "account", "sender", name=op.f("uq_chat_accounts_channel_account_sender")
        ),
    )
    op.create_index(op.f("ix_chat_accounts_member_id"), "chat_accounts", ["member_id"])

    op.create_table(
        "codes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("member_id", NUMBER),
        sa.Column("created_by", NUMBER),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_codes_created_by_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_codes_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codes")),
        sa.UniqueConstraint("hash", name=op.f("uq_codes_hash")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("occurrence_id", NUMBER, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("chat", sa.String(128), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("doubt", sa.String(16), nullable=False),
        sa.Column("passes_quiet", sa.Boolean(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("ready_at", MOMENT, nullable=False),
        sa.Column("stale_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", NUMBER),
        sa.Column("claimed_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("message_id", sa.String(128)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_into", NUMBER),
        sa.Column("member_id", NUMBER),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_deliveries_member_id_members")),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["deliveries.id"], name=op.f("fk_deliveries_merged_into_deliveries")
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrences.id"], name=op.f("fk_deliveries_occurrence_id_occurrences")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "occurrence_id",
            "channel",
            "account",
            "chat",
            "topic",
            "part",
            "repeat",
            name=op.f("uq_deliveries_occurrence_id_channel_account_chat_topic_part_repeat"),
        ),
    )
    op.create_index(op.f("ix_deliveries_channel_account_chat"), "deliveries", ["channel", "account", "chat"])
    op.create_index(op.f("ix_deliveries_member_id"), "deliveries", ["member_id"])
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["channel", "account", "ready_at"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(op.f("ix_deliveries_status_finished_at"), "deliveries", ["status", "finished_at"])

    op.create_table(
        "groups",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("chat", sa.String(128), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("department_id", NUMBER),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("decided_by", NUMBER),
        sa.Column("decided_at", MOMENT),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_groups_decided_by_members")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_groups_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("channel", "account", "chat", name=op.f("uq_groups_channel_account_chat")),
    )
    op.create_index(op.f("ix_groups_department_id"), "groups", ["department_id"])

    op.create_table(
        "member_roles",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("given_by", NUMBER),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["given_by"], ["members.id"], name=op.f("fk_member_roles_given_by_members")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_member_roles_member_id_members")
        ),
        sa.PrimaryKeyConstraint("member_id", "role", name=op.f("pk_member_roles")),
    )
    op.create_table(
        "reminders",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("schedule", sa.String(300), nullable=False),
        sa.Column("shift", sa.String(16), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("template", sa.JSON()),
        sa.Column("rotate", sa.Boolean(), nullable=False),
        sa.Column("rotation", sa.JSON()),
        sa.Column("stale_minutes", sa.Integer()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("next_at", MOMENT),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_by", NUMBER),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["members.id"], name=op.f("fk_reminders_created_by_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("key", name=op.f("uq_reminders_key")),
    )
    op.create_index("ix_reminders_due", "reminders", ["active", "next_at"])

    op.create_table(
        "assignments",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("document_date", sa.Date()),
        sa.Column("given_by", sa.String(200), nullable=False),
        sa.Column("department_id", NUMBER),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("express_reason", sa.Text(), nullable=False),
        sa.Column("assigned_on", sa.Date(), nullable=False),
        sa.Column("working_days", sa.Integer()),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("confirmed_calendar", sa.Boolean(), nullable=False),
        sa.Column("ladder", sa.JSON(), nullable=False),
        sa.Column("next_rung", sa.String(32)),
        sa.Column("next_rung_at", MOMENT),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_by", NUMBER),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("reminder_id", NUMBER),
        sa.Column("origin_key", sa.String(200)),
        sa.ForeignKeyConstraint(
            ["created_by"], ["members.id"], name=op.f("fk_assignments_created_by_members")
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_assignments_department_id_departments")
        ),
        sa.ForeignKeyConstraint(
            ["reminder_id"], ["reminders.id"], name=op.f("fk_assignments_reminder_id_reminders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sa.UniqueConstraint("origin_key", name=op.f("uq_assignments_origin_key")),
    )
    op.create_index(op.f("ix_assignments_department_id"), "assignments", ["department_id"])
    op.create_index("ix_assignments_next_rung_at", "assignments", ["next_rung_at"])
    op.create_index(op.f("ix_assignments_state_due_on"), "assignments", ["state", "due_on"])

    op.create_table(
        "extensions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("assignment_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_before", sa.Date(), nullable=False),
        sa.Column("asked_due", sa.Date(), nullable=False),
        sa.Column("granted_due", sa.Date()),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("decided_by", NUMBER),
        sa.Column("decided_at", MOMENT),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_extensions_assignment_id_assignments")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["members.id"], name=op.f("fk_extensions_decided_by_members")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_extensions_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extensions")),
    )
    op.create_index(op.f("ix_extensions_assignment_id"), "extensions", ["assignment_id"])

    op.create_table(
        "reports",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("assignment_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("reported_at", MOMENT, nullable=False),
        sa.Column("proof_kind", sa.String(16), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("decided_by", NUMBER),
        sa.Column("decided_at", MOMENT),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_reports_assignment_id_assignments")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["members.id"], name=op.f("fk_reports_decided_by_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_reports_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_assignment_id"), "reports", ["assignment_id"])

    op.create_table(
        "responsible",
        sa.Column("assignment_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("released_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_responsible_assignment_id_assignments")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_responsible_member_id_members")),
        sa.PrimaryKeyConstraint("assignment_id", "member_id", name=op.f("pk_responsible")),
    )
    op.create_index(op.f("ix_responsible_member_id"), "responsible", ["member_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "responsible",
        "reports",
        "extensions",
        "assignments",
        "reminders",
        "member_roles",
        "groups",
        "deliveries",
        "codes",
        "chat_accounts",
        "audit",
        "absences",
        "members",
        "occurrences",
        "lanes",
        "departments",
    ):
        op.drop_table(table)
