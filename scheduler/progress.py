"""What becomes of an assignment: acknowledged, reported done, confirmed or returned, given more time, cancelled.

As in scheduler.work: an open session, nothing committed, Refused with nothing changed. The directive forbids
closing what isn't done: a report needs proof, and somebody else confirms it.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from office import audit
from office.assignments import (
    Assignment,
    AssignmentState,
    Decision,
    Extension,
    ProofKind,
    Report,
    Responsible,
)
from office.clock import ZONE
from office.database import execute
from office.messages import Choice, ChoiceKind, Line, Reply, Style
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler import audience
from scheduler.calendar import weekday_name
from scheduler.work import MAX_DAYS_AHEAD, Work, waiting_extension
from scheduler.work_texts import card, words


def acknowledge(
    session: Session, work: Work, assignment_id: int, who: Person, *, now: datetime
) -> Assignment:
    """«Đã nhận»: said again it changes nothing. For who is away the stand-in says it."""
    demand(who.roles, Action.ACKNOWLEDGE)
    row = work.get_open(session, assignment_id)
    one = work.acts_for(session, row, who, today=_day(now))
    here = update(Responsible).where(
        Responsible.assignment_id == row.id,
        Responsible.member_id == one.member_id,
        Responsible.acknowledged_at.is_(None),
    )
    if execute(session, here.values(acknowledged_at=now)):
        session.refresh(one)
        _audit(session, "assignment.acknowledge", row, who, now)
    return row


def report_done(
    session: Session,
    work: Work,
    assignment_id: int,
    who: Person,
    *,
    kind: ProofKind,
    proof: str,
    now: datetime,
) -> Report:
    """«Hoàn thành» with proof; Văn phòng is asked to confirm. Who reports has also acknowledged."""
    demand(who.roles, Action.REPORT_DONE)
    row = work.get_open(session, assignment_id)
    work.acts_for(session, row, who, today=_day(now))
    if not proof.strip():
        raise Refused(words()("refused.no_proof"), words()("refused.no_proof_mend", id=row.id))
    if row.state is AssignmentState.REPORTED:
        raise Refused(words()("refused.reported_already", id=row.id))
    work.move(session, row, frm=AssignmentState.OPEN, to=AssignmentState.REPORTED, now=now)
    acknowledge(session, work, row.id, who, now=now)
    report = Report(
        assignment_id=row.id,
        member_id=who.id,
        reported_at=now,
        proof_kind=kind,
        proof=proof.strip()[:2000],
        decision=Decision.WAITING,
    )
    session.add(report)
    session.flush()
    _audit(session, "assignment.report", row, who, now, after={"proof": report.proof})
    lines = (
        Line(words()("reported", who=who.name, id=row.id, title=row.title), Style.TITLE),
        Line(words()("proof", proof=report.proof)),
    )
    choices = tuple(_button(label, f"s:{verb}:{row.id}") for label, verb in _CONFIRM)
    _tell_van_phong(session, work, row, Reply(lines=lines, choices=choices), f"work.report.{report.id}", now)
    return report


_CONFIRM = (("confirm", "xacnhan"), ("return", "tralai"), ("show", "xem"))
_DECIDE = (("approve", "duyet"), ("other_day", "ngaykhac"), ("refuse", "tuchoi"))


def confirm(session: Session, work: Work, assignment_id: int, who: Person, *, now: datetime) -> Assignment:
    """Văn phòng confirms: done, at the moment of the report."""
    demand(who.roles, Action.CONFIRM_DONE)
    row, report = _reported(session, work, assignment_id)
    if report.member_id == who.id:
        raise Refused(words()("refused.own_report"))
    work.move(session, row, frm=AssignmentState.REPORTED, to=AssignmentState.DONE, now=now)
    row.finished_at = report.reported_at
    _settle(report, Decision.APPROVED, who, "", now)
    _audit(session, "assignment.confirm", row, who, now)
    text = words()("confirmed", id=row.id, title=row.title)
    _tell_all(session, work, row, [Line(text)], f"work.confirmed.{report.id}", now)
    return row


def return_report(
    session: Session, work: Work, assignment_id: int, who: Person, *, reason: str, now: datetime
) -> Assignment:
    """Văn phòng returns a report with a reason: open again, and the ladder goes on."""
    demand(who.roles, Action.CONFIRM_DONE)
    if not reason.strip():
        raise Refused(words()("refused.no_reason"), words()("refused.no_reason_mend"))
    row, report = _reported(session, work, assignment_id)
    work.move(session, row, frm=AssignmentState.REPORTED, to=AssignmentState.OPEN, now=now)
    _settle(report, Decision.REFUSED, who, reason, now)
    _audit(session, "assignment.return", row, who, now, reason=reason)
    headline = words()("returned", id=row.id, title=row.title)
    reply = card(session, work, row, today=_day(now), headline=headline)
    reason_line = Line(words()("reason", reason=reason), Style.WARNING)
    lines = [reply.lines[0], reason_line, *reply.lines[1:]]
    _tell_all(session, work, row, lines, f"work.returned.{report.id}", now, choices=reply.choices)
    return row


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
    work.acts_for(session, row, who, today=_day(now))
    if row.state is AssignmentState.REPORTED:
        raise Refused(words()("refused.reported_already", id=row.id))
    if not reason.strip():
        raise Refused(words()("refused.no_reason"), words()("refused.no_reason_mend"))
    _check_day(row, until, _day(now))
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
    _audit(
        session, "assignment.ask_extension", row, who, now, after={"due_on": until.isoformat()}, reason=reason
    )
    dates = words()("asked_dates", before=f"{row.due_on:%d/%m/%Y}", asked=f"{until:%d/%m/%Y}")
    lines = (
        Line(words()("asked", who=who.name, id=row.id, title=row.title), Style.TITLE),
        Line(dates),
        Line(words()("reason", reason=request.reason)),
    )
    choices = tuple(_button(label, f"s:{verb}:{request.id}") for label, verb in _DECIDE)
    _tell_van_phong(session, work, row, Reply(lines=lines, choices=choices), f"work.asked.{request.id}", now)
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
        _check_day(row, granted, _day(now))
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
    _audit(session, "assignment.extension", row, who, now, before=before, after=after, reason=reason)
    lines = [Line(_answer(request, row))]
    if reason.strip():
        lines.append(Line(words()("reason", reason=reason)))
    _tell_all(session, work, row, lines, f"work.extension.{request.id}", now)
    return request


def _answer(request: Extension, row: Assignment) -> str:
    if request.decision is Decision.REFUSED:
        return words()("extension_refused", id=row.id, date=f"{row.due_on:%d/%m/%Y}")
    name = "extension_changed" if request.decision is Decision.CHANGED else "extension_approved"
    return words()(name, id=row.id, date=f"{row.due_on:%d/%m/%Y}", asked=f"{request.asked_due:%d/%m/%Y}")


def cancel(
    session: Session, work: Work, assignment_id: int, who: Person, *, reason: str, now: datetime
) -> Assignment:
    """Call an assignment off, with a reason; everyone responsible is told."""
    demand(who.roles, Action.CANCEL_WORK)
    if not reason.strip():
        raise Refused(words()("refused.no_reason"), words()("refused.no_reason_mend"))
    row = work.get_open(session, assignment_id)
    work.move(session, row, frm=row.state, to=AssignmentState.CANCELLED, now=now)
    _audit(session, "assignment.cancel", row, who, now, reason=reason)
    lines = [Line(words()("cancelled", id=row.id, title=row.title)), Line(words()("reason", reason=reason))]
    _tell_all(session, work, row, lines, f"work.cancelled.{row.id}", now)
    return row


def change_title(
    session: Session, work: Work, assignment_id: int, who: Person, *, title: str, now: datetime
) -> Assignment:
    """Put another wording to an assignment."""
    demand(who.roles, Action.CHANGE_WORK)
    row = work.get_open(session, assignment_id)
    if not title.strip():
        raise Refused(words()("refused.no_title"))
    before = {"title": row.title}
    row.title = " ".join(title.split())[:500]
    _audit(session, "assignment.change", row, who, now, before=before, after={"title": row.title})
    return row


# --- small parts


def _reported(session: Session, work: Work, assignment_id: int) -> tuple[Assignment, Report]:
    row = work.get_open(session, assignment_id)
    report = session.scalar(
        select(Report)
        .where(Report.assignment_id == row.id, Report.decision == Decision.WAITING)
        .order_by(Report.id.desc())
        .limit(1)
    )
    if row.state is not AssignmentState.REPORTED or report is None:
        raise Refused(words()("refused.no_report", id=row.id))
    return row, report


def _settle(report: Report, decision: Decision, who: Person, reason: str, now: datetime) -> None:
    report.decision, report.decided_by, report.decided_at = decision, who.id, now
    report.reason = reason


def _check_day(row: Assignment, until: date, today: date) -> None:
    said = f"{until:%d/%m/%Y}"
    if until <= today:
        raise Refused(words()("refused.day_past", date=said))
    if until <= row.due_on:
        raise Refused(words()("refused.day_not_later", date=said, due=f"{row.due_on:%d/%m/%Y}"))
    if (until - today).days > MAX_DAYS_AHEAD:
        raise Refused(words()("refused.too_far"))


def _tell_van_phong(
    session: Session, work: Work, row: Assignment, reply: Reply, what: str, now: datetime
) -> None:
    to = audience.van_phong(session, on=_day(now))
    work.outbox.announce(session, what, row.id, to, reply, now=now, manner=work.manner(row))


def _tell_all(
    session: Session,
    work: Work,
    row: Assignment,
    lines: list[Line],
    what: str,
    now: datetime,
    *,
    choices: tuple[Choice, ...] = (),
) -> None:
    to = work.recipients(session, row, on=_day(now))
    reply = Reply(lines=tuple(lines), choices=choices)
    work.outbox.announce(session, what, row.id, to, reply, now=now, manner=work.manner(row))


def _audit(
    session: Session,
    action: str,
    row: Assignment,
    who: Person,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> None:
    audit.record(
        session,
        action,
        at=now,
        actor=who.id,
        subject="assignment",
        subject_id=row.id,
        before=before,
        after=after,
        reason=reason,
    )


def _button(label: str, payload: str) -> Choice:
    return Choice(kind=ChoiceKind.FACET, label=words()(f"buttons.{label}"), payload=payload)


def _day(now: datetime) -> date:
    return now.astimezone(ZONE).date()


def said_day(day: date) -> str:
    """thứ Hai 30/11/2026."""
    return f"{weekday_name(day)} {day:%d/%m/%Y}"
