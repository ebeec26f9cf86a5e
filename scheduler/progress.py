"""What becomes of an assignment: acknowledged, reported done, confirmed or returned, cancelled.

As in scheduler.work: an open session, nothing committed, Refused with nothing changed. The directive forbids
closing what isn't done: a report needs proof, and somebody else confirms it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from office.assignments import Assignment, AssignmentState, Decision, ProofKind, Report, Responsible
from office.database import execute
from office.messages import Line, Reply, Style
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.telling import button, local_day, note, tell_all, tell_van_phong
from scheduler.work import Work
from scheduler.work_texts import card, words


def acknowledge(
    session: Session, work: Work, assignment_id: int, who: Person, *, now: datetime
) -> Assignment:
    """«Đã nhận»: said again it changes nothing. For who is away the stand-in says it."""
    demand(who.roles, Action.ACKNOWLEDGE)
    row = work.get_open(session, assignment_id)
    one = work.acts_for(session, row, who, today=local_day(now))
    here = update(Responsible).where(
        Responsible.assignment_id == row.id,
        Responsible.member_id == one.member_id,
        Responsible.acknowledged_at.is_(None),
    )
    if execute(session, here.values(acknowledged_at=now)):
        session.refresh(one)
        note(session, "assignment.acknowledge", row, who, now)
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
    work.acts_for(session, row, who, today=local_day(now))
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
    note(session, "assignment.report", row, who, now, after={"proof": report.proof})
    lines = (
        Line(words()("reported", who=who.name, id=row.id, title=row.title), Style.TITLE),
        Line(words()("proof", proof=report.proof)),
    )
    choices = tuple(button(label, f"s:{verb}:{row.id}") for label, verb in _CONFIRM)
    tell_van_phong(session, work, row, Reply(lines=lines, choices=choices), f"work.report.{report.id}", now)
    return report


_CONFIRM = (("confirm", "xacnhan"), ("return", "tralai"), ("show", "xem"))


def confirm(session: Session, work: Work, assignment_id: int, who: Person, *, now: datetime) -> Assignment:
    """Văn phòng confirms: done, at the moment of the report."""
    demand(who.roles, Action.CONFIRM_DONE)
    row, report = _reported(session, work, assignment_id)
    if report.member_id == who.id:
        raise Refused(words()("refused.own_report"))
    work.move(session, row, frm=AssignmentState.REPORTED, to=AssignmentState.DONE, now=now)
    row.finished_at = report.reported_at
    _settle(report, Decision.APPROVED, who, "", now)
    note(session, "assignment.confirm", row, who, now)
    text = words()("confirmed", id=row.id, title=row.title)
    tell_all(session, work, row, [Line(text)], f"work.confirmed.{report.id}", now)
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
    note(session, "assignment.return", row, who, now, reason=reason)
    headline = words()("returned", id=row.id, title=row.title)
    reply = card(session, work, row, today=local_day(now), headline=headline)
    reason_line = Line(words()("reason", reason=reason), Style.WARNING)
    lines = [reply.lines[0], reason_line, *reply.lines[1:]]
    tell_all(session, work, row, lines, f"work.returned.{report.id}", now, choices=reply.choices)
    return row


def cancel(
    session: Session, work: Work, assignment_id: int, who: Person, *, reason: str, now: datetime
) -> Assignment:
    """Call an assignment off, with a reason; everyone responsible is told."""
    demand(who.roles, Action.CANCEL_WORK)
    if not reason.strip():
        raise Refused(words()("refused.no_reason"), words()("refused.no_reason_mend"))
    row = work.get_open(session, assignment_id)
    work.move(session, row, frm=row.state, to=AssignmentState.CANCELLED, now=now)
    note(session, "assignment.cancel", row, who, now, reason=reason)
    lines = [Line(words()("cancelled", id=row.id, title=row.title)), Line(words()("reason", reason=reason))]
    tell_all(session, work, row, lines, f"work.cancelled.{row.id}", now)
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
    note(session, "assignment.change", row, who, now, before=before, after={"title": row.title})
    return row


def proof_of(session: Session, row: Assignment) -> str:
    """The proof in the latest report of an assignment; "" where there is none."""
    reports = select(Report.proof).where(Report.assignment_id == row.id)
    return session.scalar(reports.order_by(Report.id.desc()).limit(1)) or ""


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
