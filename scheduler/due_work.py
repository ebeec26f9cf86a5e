"""What fell due in a period, read from the database: the cases that scheduler.statistics counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from office.assignments import Assignment, AssignmentState, Decision, Extension, Report, Responsible
from office.clock import ZONE
from office.people import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One assignment that counts. `done_on`: the day (Việt Nam) it was last reported, None while open.

    `departments` holds None when it belongs to none.
    """

    id: int
    due_on: date
    done_on: date | None
    extended: bool = False
    departments: frozenset[int | None] = frozenset()
    members: frozenset[int] = frozenset()


def cases_of(session: Session, since: date, until: date, *, today: date) -> list[Case]:
    """The cases of a period.

    An assignment of no department counts for those of its responsible members.
    """
    counts = _counts(since, until, today)
    columns = (
        Assignment.id,
        Assignment.department_id,
        Assignment.due_on,
        Assignment.state,
        Assignment.finished_at,
    )
    reports = _reports(session, counts)
    roster: defaultdict[int, dict[int, int | None]] = defaultdict(dict)
    responsible = (
        select(Responsible.assignment_id, Responsible.member_id, Member.department_id)
        .join(Member, Member.id == Responsible.member_id)
        .join(Assignment, Assignment.id == Responsible.assignment_id)
        .where(counts, Responsible.released_at.is_(None))
    )
    for assignment_id, member_id, department_id in session.execute(responsible):
        roster[assignment_id][member_id] = department_id
    granted = set(
        session.scalars(
            select(Extension.assignment_id)
            .join(Assignment, Assignment.id == Extension.assignment_id)
            .where(counts, Extension.decision.in_((Decision.APPROVED, Decision.CHANGED)))
        )
    )
    cases = []
    for row_id, department_id, due_on, state, finished_at in session.execute(select(*columns).where(counts)):
        done_at = _done_at(state, finished_at, reports.get(row_id, {}))
        if done_at is None and state is not AssignmentState.OPEN:
            continue  # nobody knows when, so nobody is blamed
        members = roster.get(row_id, {})
        case = Case(
            id=row_id,
            due_on=due_on,
            done_on=done_at.astimezone(ZONE).date() if done_at else None,
            extended=row_id in granted,
            departments=frozenset(
                {department_id} if department_id else set(members.values()) - {None} or {None}
            ),
            members=frozenset(members),
        )
        cases.append(case)
    return cases


def _counts(since: date, until: date, today: date) -> ColumnElement[bool]:
    return and_(
        Assignment.due_on.between(since, until),
        or_(
            Assignment.state.in_((AssignmentState.DONE, AssignmentState.REPORTED)),
            and_(Assignment.state == AssignmentState.OPEN, Assignment.due_on < today),
        ),
    )


def _reports(session: Session, counts: ColumnElement[bool]) -> dict[int, dict[Decision, datetime]]:
    """The last report of each assignment, by what was decided on it."""
    found: defaultdict[int, dict[Decision, datetime]] = defaultdict(dict)
    query = (
        select(Report.assignment_id, Report.decision, func.max(Report.reported_at))
        .join(Assignment, Assignment.id == Report.assignment_id)
        .where(counts)
        .group_by(Report.assignment_id, Report.decision)
    )
    for assignment_id, decision, at in session.execute(query):
        found[assignment_id][decision] = at
    return found


def _done_at(
    state: AssignmentState, finished_at: datetime | None, reports: Mapping[Decision, datetime]
) -> datetime | None:
    """When the work was last reported done; None while it is open."""
    if state is AssignmentState.OPEN:
        return None
    if state is AssignmentState.DONE and finished_at is not None:
        return finished_at
    decision = Decision.APPROVED if state is AssignmentState.DONE else Decision.WAITING
    return reports.get(decision) or max(reports.values(), default=None)


def members(session: Session) -> tuple[dict[int | None, str], dict[int | None, int | None]]:
    """Names and department ids by member id of all members, also of those who have left."""
    names: dict[int | None, str] = {}
    home: dict[int | None, int | None] = {}
    for key, name, department_id in session.execute(select(Member.id, Member.name, Member.department_id)):
        names[key], home[key] = name, department_id
    return names, home
