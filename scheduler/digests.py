"""A department's open work in one message each morning, and the week for the leaders."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from office.assignments import Assignment, AssignmentState, Decision, Extension
from office.messages import Line, Reply, Style
from office.people import Department, departments
from scheduler.calendar import WorkCalendar, weekday_name
from scheduler.wording import plan_texts
from scheduler.work_texts import brief

_LISTED = 15  # assignments written out in one digest


def of_department(
    session: Session, department: Department, today: date, calendar: WorkCalendar
) -> Reply | None:
    """Overdue, due today, this week, later; None when nothing is open."""
    rows = session.scalars(_open().where(Assignment.department_id == department.id)).all()
    if not rows:
        return None
    title = plan_texts(
        "digest.title", department=department.name, day=f"{weekday_name(today)} {today:%d/%m/%Y}"
    )
    soon = calendar.add_working_days(today, 5)
    lines = [Line(title, Style.TITLE)]
    for name, chosen in (
        ("overdue", [r for r in rows if r.due_on < today]),
        ("today", [r for r in rows if r.due_on == today]),
        ("week", [r for r in rows if today < r.due_on <= soon]),
    ):
        if chosen:
            lines.append(Line(plan_texts(f"digest.{name}", count=len(chosen))))
            lines += _listed(session, chosen, today, calendar)
    later = sum(r.due_on > soon for r in rows)
    if later:
        lines.append(Line(plan_texts("digest.later", count=later)))
    lines.append(Line(plan_texts("digest.how"), Style.SOURCE))
    return Reply(lines=tuple(lines))


def for_leaders(session: Session, today: date, calendar: WorkCalendar) -> Reply:
    """Each department in one line, then what is overdue most, and what waits for a decision."""
    title = plan_texts("digest.leaders", day=f"{weekday_name(today)} {today:%d/%m/%Y}")
    lines = [Line(title, Style.TITLE)]
    soon = calendar.add_working_days(today, 5)
    for department in departments(session):
        rows = session.scalars(_open().where(Assignment.department_id == department.id)).all()
        over = sum(r.due_on < today for r in rows)
        week = sum(today <= r.due_on <= soon for r in rows)
        row = plan_texts("digest.line", department=department.name, open=len(rows), over=over, week=week)
        lines.append(Line(row, Style.WARNING if over else Style.ITEM))
    worst = session.scalars(_open().where(Assignment.due_on < today).limit(10)).all()
    if worst:
        lines.append(Line(plan_texts("digest.worst")))
        lines += _listed(session, list(worst), today, calendar)
    reported = _count(session, select(Assignment.id).where(Assignment.state == AssignmentState.REPORTED))
    asked = _count(session, select(Extension.id).where(Extension.decision == Decision.WAITING))
    lines.append(Line(plan_texts("digest.waiting", reported=reported, asked=asked)))
    return Reply(lines=tuple(lines))


def _open() -> Select[Assignment]:
    return (
        select(Assignment)
        .where(Assignment.state == AssignmentState.OPEN)
        .order_by(Assignment.due_on, Assignment.id)
    )


def _listed(session: Session, rows: list[Assignment], today: date, calendar: WorkCalendar) -> list[Line]:
    lines = [Line(brief(session, row, today, calendar), Style.ITEM) for row in rows[:_LISTED]]
    if len(rows) > _LISTED:
        lines.append(Line(plan_texts("digest.more", count=len(rows) - _LISTED), Style.ITEM))
    return lines


def _count(session: Session, query: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
