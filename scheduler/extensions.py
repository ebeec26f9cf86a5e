"""More time for an assignment: asked for in writing with a reason, and answered by Văn phòng."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from office.assignments import Assignment, AssignmentState, Decision, Extension
from office.database import execute
from office.messages import Line, Reply, Style
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.calendar import weekday_name
from scheduler.telling import button, local_day, note, tell_all, tell_van_phong
from scheduler.work import MAX_DAYS_AHEAD, Work, waiting_extension
from scheduler.work_texts import words

_DECIDE = (("approve", "duyet"), ("other_day", "ngaykhac"), ("refuse", "tuchoi"))


def ask_extension(
    session: Session,
    work: Work,
    assignment_id: int,
    who: Person,
    *,
    until: date,
    reason: str,
    now: datetime,
) -> Extension:
    """«Xin gia hạn» with a new day and a reason; Văn phòng is asked to decide."""
    demand(who.roles, Action.ASK_EXTENSION)
    row = work.get_open(session, assignment_id)
    work.acts_for(session, row, who, today=local_day(now))
    if row.state is AssignmentState.REPORTED:
        raise Refused(words()("refused.reported_already", id=row.id))
    if not reason.strip():
        raise Refused(words()("refused.no_reason"), words()("refused.no_reason_mend"))
    _check_day(row, until, local_day(now))
    if waiting_extension(session, row.id) is not None:
        raise Refused(words()("refused.extension_waiting", id=row.id))
    request = Extension(
        assignment_id=row.id,
        member_id=who.id,
        asked_at=now,
        reason=reason.strip()[:2000],
        due_before=row.due_on,
        asked_due=until,
        decision=Decision.WAITING,
    )
    session.add(request)
    session.flush()
    note(
        session, "assignment.ask_extension", row, who, now, after={"due_on": until.isoformat()}, reason=reason
    )
    dates = words()("asked_dates", before=f"{row.due_on:%d/%m/%Y}", asked=f"{until:%d/%m/%Y}")
    lines = (
        Line(words()("asked", who=who.name, id=row.id, title=row.title), Style.TITLE),
        Line(dates),
        Line(words()("reason", reason=request.reason)),
    )
    choices = tuple(button(label, f"s:{verb}:{request.id}") for label, verb in _DECIDE)
    tell_van_phong(session, work, row, Reply(lines=lines, choices=choices), f"work.asked.{request.id}", now)
    return request


def decide_extension(
    session: Session,
    work: Work,
    extension_id: int,
    who: Person,
    *,
    decision: Decision,
    now: datetime,
    until: date | None = None,
    reason: str = "",
) -> Extension:
    """Văn phòng approves, approves another day (`until`) or refuses with a reason; the ladder follows."""
    demand(who.roles, Action.DECIDE_EXTENSION)
    request = session.get(Extension, extension_id, populate_existing=True) if extension_id > 0 else None
    if request is None:
        raise Refused(words()("refused.extension_gone"))
    row = work.get_open(session, request.assignment_id)
    granted = until if decision is Decision.CHANGED else request.asked_due
    if decision is Decision.REFUSED:
        granted = None
        if not reason.strip():
            raise Refused(words()("refused.no_reason"), words()("refused.no_reason_mend"))
    elif granted is None:
        raise Refused("Cần ngày mới.", "Ví dụ: 05/12")
    else:
        _check_day(row, granted, local_day(now))
    values = {
        "decision": decision,
        "granted_due": granted,
        "decided_by": who.id,
        "decided_at": now,
        "answer": reason.strip()[:2000],
    }
    here = update(Extension).where(Extension.id == request.id, Extension.decision == Decision.WAITING)
    if not execute(session, here.values(values)):
        raise Refused(words()("refused.extension_gone"))
    session.refresh(request)
    before = {"due_on": row.due_on.isoformat()}
    if granted is not None:
        row.due_on = granted
        work.schedule(row, now)
        session.flush()
    after = {"due_on": row.due_on.isoformat(), "decision": decision}
    note(session, "assignment.extension", row, who, now, before=before, after=after, reason=reason)
    lines = [Line(_answer(request, row))]
    if reason.strip():
        lines.append(Line(words()("reason", reason=reason)))
    tell_all(session, work, row, lines, f"work.extension.{request.id}", now)
    return request


def change_deadline(
    session: Session,
    work: Work,
    assignment_id: int,
    who: Person,
    *,
    until: date,
    reason: str,
    now: datetime,
) -> Assignment:
    """Văn phòng moves a deadline, also to an earlier day, with a reason; everyone responsible is told.

    A request for more time that waits is to be answered instead: Refused.
    """
    demand(who.roles, Action.CHANGE_WORK)
    row = work.get_open(session, assignment_id)
    if not reason.strip():
        raise Refused(words()("refused.no_reason"), words()("refused.no_reason_mend"))
    if waiting_extension(session, row.id) is not None:
        raise Refused(words()("refused.answer_first", id=row.id))
    _check_ahead(until, local_day(now))
    if until == row.due_on:
        raise Refused(words()("refused.same_day", date=f"{until:%d/%m/%Y}"))
    before = {"due_on": row.due_on.isoformat()}
    row.due_on = until
    work.schedule(row, now)
    session.flush()
    note(
        session,
        "assignment.change",
        row,
        who,
        now,
        before=before,
        after={"due_on": until.isoformat()},
        reason=reason,
    )
    old = date.fromisoformat(before["due_on"])
    said = words()("deadline_changed", id=row.id, before=f"{old:%d/%m/%Y}", date=f"{until:%d/%m/%Y}")
    lines = [Line(said, Style.TITLE), Line(row.title), Line(words()("reason", reason=reason.strip()))]
    tell_all(session, work, row, lines, f"work.deadline.{until:%Y%m%d}", now)
    return row


def _answer(request: Extension, row: Assignment) -> str:
    if request.decision is Decision.REFUSED:
        return words()("extension_refused", id=row.id, date=f"{row.due_on:%d/%m/%Y}")
    name = "extension_changed" if request.decision is Decision.CHANGED else "extension_approved"
    return words()(name, id=row.id, date=f"{row.due_on:%d/%m/%Y}", asked=f"{request.asked_due:%d/%m/%Y}")


def _check_day(row: Assignment, until: date, today: date) -> None:
    _check_ahead(until, today)
    if until <= row.due_on:
        said = f"{until:%d/%m/%Y}"
        raise Refused(words()("refused.day_not_later", date=said, due=f"{row.due_on:%d/%m/%Y}"))


def _check_ahead(until: date, today: date) -> None:
    if until <= today:
        raise Refused(words()("refused.day_past", date=f"{until:%d/%m/%Y}"))
    if (until - today).days > MAX_DAYS_AHEAD:
        raise Refused(words()("refused.too_far"))


def said_day(day: date) -> str:
    """thứ Hai 30/11/2026."""
    return f"{weekday_name(day)} {day:%d/%m/%Y}"
