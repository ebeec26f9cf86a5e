"""An assignment in words: its card with buttons, its lines, how much time is left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.phrases import Phrases
from office import people
from office.assignments import Assignment, AssignmentState, Priority, Responsible, Tap, tap
from office.messages import Choice, ChoiceKind, Line, Reply, Style
from office.people import Department, Person
from scheduler.calendar import WorkCalendar, weekday_name

if TYPE_CHECKING:
    from scheduler.work import Roster, Work

_NAMES = 12  # names written out in one line
_LATER = 7  # days after the deadline, or today once it is over: the example of a request for more time


@cache
def words() -> Phrases:
    """The texts about assignments, read once."""
    return Phrases.read(Path(__file__).with_name("texts_work.yaml"))


def names(persons: Iterable[Person]) -> str:
    """Names in one line; many are counted."""
    every = [p.name for p in persons]
    more = len(every) - _NAMES
    return ", ".join(every[:_NAMES]) + (f" và {more} người nữa" if more > 0 else "")


def left(row: Assignment, today: date, calendar: WorkCalendar) -> str:
    """How much time is left: «còn 3 ngày làm việc», «quá hạn 2 ngày làm việc»."""
    if row.due_on == today:
        return words()("left_today")
    count = calendar.working_days_between(today, row.due_on)
    if row.due_on > today:
        return words()("left_days", count=count) if count else words()("left_off")
    return words()("left_over", count=-count) if count else words()("left_off")


def buttons(row: Assignment, *, show: bool = True, taken: bool = False) -> tuple[Choice, ...]:
    """What can be done about an assignment, as long as it is open; `taken`: note of it has been taken."""
    pairs = [(Tap.SHOW, "show")] if show else []
    if row.state is AssignmentState.OPEN:
        pairs = [(Tap.DONE, "done"), (Tap.EXTEND, "extend"), *pairs]
        pairs = pairs if taken else [(Tap.ACKNOWLEDGE, "acknowledge"), *pairs]
    return tuple(
        Choice(kind=ChoiceKind.FACET, label=words()(f"buttons.{name}"), payload=tap(action, row.id))
        for action, name in pairs
    )


def card(
    session: Session,
    work: Work,
    row: Assignment,
    *,
    today: date,
    headline: str = "",
    full: bool = False,
    taken: bool = False,
    roster: Roster | None = None,
) -> Reply:
    """An assignment as people see it, with its buttons. `full`: with all there is to say; `taken`: for
    somebody who has taken note of it already; `roster`: where it has been read before."""
    lines = [Line(headline, Style.TITLE)] if headline else []
    lines += [
        Line(words()("title", id=row.id, title=row.title), Style.TEXT if headline else Style.TITLE),
        *details(session, row, today, work.calendar(), full=full),
    ]
    lines += roster_lines(roster or work.roster(session, row.id))
    if row.state is AssignmentState.OPEN:
        later = f"{max(row.due_on, today) + timedelta(days=_LATER):%d/%m}"
        more = words()("how_more", id=row.id, later=later)
        lines.append(Line(words()("how_taken" if taken else "how_words", id=row.id, more=more), Style.HINT))
    return Reply(lines=tuple(lines), choices=buttons(row, show=not full, taken=taken))


def details(
    session: Session, row: Assignment, today: date, calendar: WorkCalendar, *, full: bool
) -> list[Line]:
    """Deadline, document, who gives it and who does it."""
    due = words()(
        "due",
        weekday=weekday_name(row.due_on),
        date=f"{row.due_on:%d/%m/%Y}",
        left=left(row, today, calendar) if row.state is AssignmentState.OPEN else row.state.label,
    )
    lines = [Line(due)]
    if row.due_on != row.first_due_on:
        lines.append(Line(words()("extended", date=f"{row.first_due_on:%d/%m/%Y}")))
    if row.priority is Priority.EXPRESS and row.express_reason:
        lines.append(Line(words()("express", reason=row.express_reason), Style.WARNING))
    elif row.priority is not Priority.ORDINARY:
        lines.append(Line(words()("priority", priority=row.priority.label), Style.WARNING))
    if row.document:
        dated = row.document_date is not None
        lines.append(
            Line(
                words()("document_dated", document=row.document, date=f"{row.document_date:%d/%m/%Y}")
                if dated
                else words()("document", document=row.document)
            )
        )
    department = session.get(Department, row.department_id) if row.department_id else None
    if department is not None:
        lines.append(Line(words()("responsible", who=department.name)))
    if row.given_by:
        lines.append(Line(words()("given_by", who=row.given_by)))
    if full and row.description:
        lines.append(Line(row.description))
    return lines


def roster_lines(roster: Roster) -> list[Line]:
    """Who has acknowledged and who hasn't."""
    if not roster.total:
        return [Line(words()("nobody"), Style.WARNING)]
    said = names(roster.acknowledged)
    lines = [
        Line(
            words()("roster", count=len(roster.acknowledged), total=roster.total, who=said)
            if said
            else words()("roster_none", total=roster.total)
        )
    ]
    if roster.missing:
        lines.append(Line(words()("roster_missing", who=names(roster.missing))))
    return lines


def brief(
    session: Session, row: Assignment, today: date, calendar: WorkCalendar, *, with_who: bool = False
) -> str:
    """One line for a list: «Số 12: Báo cáo tháng – hạn 30/11 (còn 3 ngày làm việc)»."""
    state = left(row, today, calendar) if row.state is AssignmentState.OPEN else row.state.label
    mark = "" if row.priority is Priority.ORDINARY else f"[{row.priority.label}] "
    who = f" – {who_answers(session, row)}" if with_who else ""
    return f"Số {row.id}: {mark}{row.title}{who} – hạn {row.due_on:%d/%m} ({state})"


def who_answers(session: Session, row: Assignment) -> str:
    """The department, or the members' names, for a list."""
    department = session.get(Department, row.department_id) if row.department_id else None
    if department is not None:
        return department.name
    responsible = select(Responsible.member_id).where(
        Responsible.assignment_id == row.id, Responsible.released_at.is_(None)
    )
    return ", ".join(people.name_of(session, member_id) for member_id in session.scalars(responsible))
