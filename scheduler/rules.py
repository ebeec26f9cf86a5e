"""Brings the rules of the files, and the program's own, into the table; rules made in chat are left alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from office.reminders import Origin, Reminder, ReminderKind
from scheduler.planner import first_moment
from scheduler.reminder_files import Rule
from scheduler.schedule import WorkDays

DIGEST, LEADERS, MONTH, SELF_CHECK = "tong-hop-phong", "tong-hop-lanh-dao", "tong-hop-thang", "tu-kiem"


def sync(
    session: Session,
    rules: Iterable[Rule],
    *,
    digest_at: time,
    calendar: WorkDays,
    now: datetime,
) -> None:
    """Make the table agree with the files: new rules begin after `now`, changed ones keep their rotation, and
    what is no longer in a file is switched off."""
    wanted = {rule.key: _of_rule(rule) for rule in rules} | _own(digest_at)
    # Of those made in chat there may be very many.
    ours = select(Reminder).where(or_(Reminder.origin != Origin.CHAT, Reminder.key.in_(wanted)))
    known = {row.key: row for row in session.scalars(ours)}
    for key, values in wanted.items():
        row = known.get(key)
        if row is not None and row.origin is Origin.CHAT:
            continue
        _put(session, row, key, values, calendar, now)
    for key, row in known.items():
        if key not in wanted and row.origin is not Origin.CHAT and row.active:
            row.active, row.next_at, row.changed_at = False, None, now
    session.flush()


def _put(
    session: Session,
    row: Reminder | None,
    key: str,
    values: dict[str, Any],
    calendar: WorkDays,
    now: datetime,
) -> None:
    if row is None:
        row = Reminder(key=key, changed_at=now, **values)
        session.add(row)
        fresh = True
    else:
        fresh = any(getattr(row, n) != values[n] for n in ("schedule", "shift", "active"))
        fresh = fresh or (row.active and row.next_at is None)
        changed = fresh or any(getattr(row, n) != v for n, v in values.items())
        if not changed:
            return
        for name, value in values.items():
            setattr(row, name, value)
        if fresh:
            row.changed_at = now
    if fresh:
        row.problem = ""
        row.next_at = (
            first_moment(row.schedule, row.shift, after=now, calendar=calendar) if row.active else None
        )


def _of_rule(rule: Rule) -> dict[str, Any]:
    template = rule.notice if rule.kind is ReminderKind.NOTICE else rule.assignment
    return {
        "title": rule.title,
        "origin": Origin.FILE,
        "kind": rule.kind,
        "schedule": rule.schedule,
        "shift": str(rule.shift),
        "audience": rule.audience.model_dump(mode="json"),
        "texts": [text.model_dump(mode="json") for text in rule.texts],
        "template": template.model_dump(mode="json") if template else None,
        "rotate": rule.rotate,
        "stale_minutes": rule.stale_minutes,
        "active": rule.active,
    }


def _own(at: time) -> dict[str, dict[str, Any]]:
    """The program's own rules: digests and the self-check."""
    clock = f"{at.hour}:{at:%M}"
    common: dict[str, Any] = {
        "origin": Origin.SYSTEM,
        "audience": {},
        "texts": [],
        "template": None,
        "rotate": False,
        "active": True,
    }
    return {
        DIGEST: common
        | {
            "title": "Tổng hợp việc của từng phòng",
            "kind": ReminderKind.DIGEST,
            "schedule": f"mỗi ngày làm việc {clock}",
            "shift": "skip",
            "stale_minutes": 540,
        },
        LEADERS: common
        | {
            "title": "Tổng hợp tuần cho lãnh đạo",
            "kind": ReminderKind.LEADERS,
            "schedule": f"thứ Hai {clock}",
            "shift": "after",
            "stale_minutes": 540,
        },
        MONTH: common
        | {
            "title": "Báo cáo tháng gửi lãnh đạo",
            "kind": ReminderKind.MONTH,
            "schedule": f"ngày 1 hằng tháng {clock}",
            "shift": "after",
            "stale_minutes": 7 * 1440,
        },
        SELF_CHECK: common
        | {
            "title": "Tự kiểm việc gửi tin",
            "kind": ReminderKind.AUDIT,
            "schedule": f"mỗi ngày {clock}",
            "shift": "keep",
            "stale_minutes": 1380,
        },
    }
