"""Giving work, and everything about an assignment that its other actions need: rows, roster, next moment.

Actions take an open session and commit nothing; what they tell people goes through the outbox in the same
transaction. They raise office.refusal.Refused, with nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import compress

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from office import audit, people
from office.assignments import Assignment, AssignmentState, Decision, Extension, Priority, Responsible
from office.clock import ZONE
from office.database import execute
from office.deliveries import Urgency
from office.people import Member, Person
from office.refusal import Refused
from office.rights import Action, demand
from office.standing_in import stand_in_for
from scheduler import audience
from scheduler.calendar import CalendarTooFar, WorkCalendar, computed_warning
from scheduler.ladder import Ladder, next_rung
from scheduler.outbox import Manner, Outbox, Recipient
from scheduler.work_texts import card, words

MAX_DAYS_AHEAD = 3 * 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An assignment to be given. The deadline is a day, or a number of working days from today."""

    title: str
    department_id: int | None = None
    member_ids: tuple[int, ...] = ()
    due_on: date | None = None
    working_days: int | None = None
    document: str = ""
    document_date: date | None = None
    given_by: str = ""
    description: str = ""
    priority: Priority = Priority.ORDINARY
    express_reason: str = ""
    reminder_id: int | None = None
    origin_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The last day of a draft. `warning`: what isn't certain about it, "" for nothing."""

    day: date
    confirmed: bool
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who answers for an assignment: who has said «Đã nhận» and who hasn't; names in order."""

    acknowledged: tuple[Person, ...]
    missing: tuple[Person, ...]

    @property
    def total(self) -> int:
        return len(self.acknowledged) + len(self.missing)


class Work:
    """What all actions on assignments share."""

    def __init__(self, *, outbox: Outbox, calendar: Callable[[], WorkCalendar], ladder: Ladder) -> None:
        self.outbox = outbox
        self.calendar = calendar
        self.ladder = ladder

    # --- giving

    def deadline(self, draft: Draft, *, today: date) -> Deadline:
        """When a draft is due. Raises Refused when it can't be said."""
        calendar = self.calendar()
        try:
            if draft.working_days is not None:
                due = calendar.due(today, draft.working_days)
                return Deadline(day=due.day, confirmed=due.confirmed, warning=due.warning)
        except CalendarTooFar as exc:
            raise Refused(words()("refused.too_far")) from exc
        if draft.due_on is None:
            raise Refused("Chưa có thời hạn.", "Ví dụ: 30/11 hoặc 10 ngày làm việc.")
        if draft.due_on < today:
            raise Refused(words()("refused.day_past", date=f"{draft.due_on:%d/%m/%Y}"))
        if (draft.due_on - today).days > MAX_DAYS_AHEAD:
            raise Refused(words()("refused.too_far"))
        years = sorted({y for y in (today.year, draft.due_on.year) if not calendar.confirmed(y)})
        warning = computed_warning(years)
        warning = " ".join([*self.off_day_warning(draft.due_on), *([warning] if warning else [])])
        return Deadline(day=draft.due_on, confirmed=not years, warning=warning)

    def off_day_warning(self, day: date) -> tuple[str, ...]:
        """What is to be said of a last day on which nobody works; () for a working day."""
        found = self.calendar().day(day)
        if found.working:
            return ()
        return (words()("due_off", date=f"{day:%d/%m/%Y}", why=found.name or "cuối tuần"),)

    def create(self, session: Session, draft: Draft, *, actor: Person | None, now: datetime) -> Assignment:
        """Give work and tell who is responsible. `actor` None: a rule of the office gives it.

        The roster is the named members, else the department's at this moment. Raises Refused.
        """
        if actor is not None:
            demand(actor.roles, Action.GIVE_WORK)
        self._check(draft, actor)
        today = now.astimezone(ZONE).date()
        deadline = self.deadline(draft, today=today)
        row = Assignment(
            title=" ".join(draft.title.split())[:500],
            description=draft.description,
            document=draft.document[:200],
            document_date=draft.document_date,
            given_by=(draft.given_by or (actor.name if actor else ""))[:200],
            department_id=draft.department_id,
            priority=draft.priority,
            express_reason=draft.express_reason,
            assigned_on=today,
            working_days=draft.working_days,
            due_on=deadline.day,
            first_due_on=deadline.day,
            confirmed_calendar=deadline.confirmed,
            ladder=self.ladder.as_dict(),
            state=AssignmentState.OPEN,
            created_by=actor.id if actor else None,
            created_at=now,
            reminder_id=draft.reminder_id,
            origin_key=draft.origin_key,
        )
        self.schedule(row, now)
        session.add(row)
        session.flush()
        named = draft.member_ids or tuple(
            p.id for p in people.all_people(session, department_id=draft.department_id)
        )
        for member_id in dict.fromkeys(named if draft.member_ids or draft.department_id else ()):
            responsible = Responsible(assignment_id=row.id, member_id=member_id, named=bool(draft.member_ids))
            session.add(responsible)
        session.flush()
        after = {"title": row.title, "due_on": row.due_on.isoformat(), "priority": row.priority}
        audit.record(
            session,
            "assignment.create",
            at=now,
            actor=row.created_by,
            subject="assignment",
            subject_id=row.id,
            after=after,
            reason=draft.express_reason,
        )
        self.tell_responsible(session, row, words()("new"), now=now)
        return row

    def _check(self, draft: Draft, actor: Person | None) -> None:
        if not draft.title.strip():
            raise Refused(words()("refused.no_title"))
        if draft.department_id is None and not draft.member_ids:
            raise Refused(words()("refused.nobody_named"))
        if draft.priority is Priority.EXPRESS:
            if actor is not None:
                demand(actor.roles, Action.SEND_EXPRESS)
            if not draft.express_reason.strip():
                raise Refused(words()("refused.express_reason"), words()("refused.no_reason_mend"))

    # --- what other actions need

    def get(self, session: Session, assignment_id: int) -> Assignment:
        """An assignment as it is now. Raises Refused."""
        row = None
        if 0 < assignment_id < 2**62:
            row = session.get(Assignment, assignment_id, populate_existing=True)
        if row is None:
            raise Refused(words()("refused.unknown", id=assignment_id), words()("refused.unknown_mend"))
        return row

    def get_open(self, session: Session, assignment_id: int) -> Assignment:
        """An assignment that isn't finished. Raises Refused."""
        row = self.get(session, assignment_id)
        if row.state in (AssignmentState.DONE, AssignmentState.CANCELLED):
            raise Refused(words()("refused.finished", id=row.id, state=row.state.label))
        return row

    def acts_for(self, session: Session, row: Assignment, who: Person, *, today: date) -> Responsible:
        """The responsible member that `who` is or stands in for. Raises Refused when there is none.

        The head of the department may act for it, and is added to the roster then.
        """
        roster = session.scalars(
            select(Responsible).where(Responsible.assignment_id == row.id, Responsible.released_at.is_(None))
        ).all()
        for one in roster:
            if one.member_id == who.id:
                return one
        for one in roster:
            stand_in = stand_in_for(session, one.member_id, today)
            if stand_in is not None and stand_in.id == who.id:
                return one
        if who.has(people.Role.HEAD) and who.department_id and who.department_id == row.department_id:
            added = session.get(Responsible, (row.id, who.id))
            if added is None:
                added = Responsible(assignment_id=row.id, member_id=who.id, named=False)
                session.add(added)
            added.released_at = None
            session.flush()
            return added
        raise Refused(words()("refused.not_yours", id=row.id), words()("refused.unknown_mend"))

    def roster(self, session: Session, assignment_id: int) -> Roster:
        """Who has acknowledged and who hasn't."""
        rows = session.execute(
            select(Member, Responsible.acknowledged_at)
            .join(Responsible, Responsible.member_id == Member.id)
            .where(
                Responsible.assignment_id == assignment_id,
                Responsible.released_at.is_(None),
                Member.left_at.is_(None),
            )
            .order_by(Member.id)
        ).all()
        everyone = people.persons(session, (member for member, _ in rows))
        said = [at is not None for _, at in rows]
        return Roster(
            acknowledged=tuple(compress(everyone, said)),
            missing=tuple(who for who, has in zip(everyone, said, strict=True) if not has),
        )

    def schedule(self, row: Assignment, after: datetime) -> None:
        """Set the next moment at which somebody is reminded, from `after` on."""
        row.next_rung, row.next_rung_at = self.next_moment(row, after)

    def next_moment(self, row: Assignment, after: datetime) -> tuple[str | None, datetime | None]:
        """Key and moment of the next reminder: a rung while open; each working day to Văn phòng while a
        report waits; none when finished."""
        ladder, calendar = Ladder.from_dict(row.ladder), self.calendar()
        if row.state is AssignmentState.OPEN:
            found = next_rung(ladder, row.due_on, calendar, after=after)
            return (found.key, found.at) if found else (None, None)
        if row.state is AssignmentState.REPORTED:
            day = calendar.next_working(after.astimezone(ZONE).date())
            at = datetime.combine(day, ladder.at, ZONE).astimezone(UTC)
            return f"r{day:%Y%m%d}", at
        return None, None

    def recipients(self, session: Session, row: Assignment, *, on: date) -> tuple[Recipient, ...]:
        """The department's groups, where the work is a department's, and the members' private chats."""
        found: dict[Recipient, None] = {}
        if row.department_id is not None:
            found |= dict.fromkeys(audience.groups(session, department_id=row.department_id))
        named = session.scalars(
            select(Responsible.member_id).where(
                Responsible.assignment_id == row.id, Responsible.released_at.is_(None)
            )
        )
        return tuple(found | dict.fromkeys(audience.privately(session, named, on=on)))

    def tell_responsible(
        self, session: Session, row: Assignment, headline: str, *, now: datetime, what: str = "work.new"
    ) -> None:
        """Tell everyone responsible at once, with the buttons."""
        today = now.astimezone(ZONE).date()
        reply = card(session, self, row, today=today, headline=headline)
        to = self.recipients(session, row, on=today)
        self.outbox.announce(session, what, row.id, to, reply, now=now, manner=self.manner(row))

    def manner(self, row: Assignment) -> Manner:
        """How messages about an assignment travel: hoả tốc first and through quiet hours."""
        express = row.priority is Priority.EXPRESS
        return Manner(
            urgency=Urgency.URGENT if express else Urgency.ORDINARY,
            passes_quiet=express and bool(row.express_reason),
        )

    def move(
        self, session: Session, row: Assignment, *, frm: AssignmentState, to: AssignmentState, now: datetime
    ) -> None:
        """Change the state, if it still is `frm`; the next moment is set anew. Raises Refused otherwise."""
        here = update(Assignment).where(Assignment.id == row.id, Assignment.state == frm)
        if not execute(session, here.values(state=to)):
            session.refresh(row)
            raise Refused(words()("refused.finished", id=row.id, state=row.state.label))
        session.refresh(row)
        self.schedule(row, now)
        session.flush()


def waiting_extension(session: Session, assignment_id: int) -> Extension | None:
    """The request for more time that has no answer yet."""
    return session.scalar(
        select(Extension).where(
            Extension.assignment_id == assignment_id, Extension.decision == Decision.WAITING
        )
    )
