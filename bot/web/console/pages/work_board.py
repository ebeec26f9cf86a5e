"""The board of open work: each department's, the most urgent first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.web.console.visit import Answer, Shown, Visit
from office import people
from office.assignments import Assignment, AssignmentState, Decision, Extension, Priority
from office.rights import Action, demand
from scheduler.calendar import WorkCalendar

SOON_DAYS = 3  # working days
_SHOWN = 6  # of a department


class Urgency(StrEnum):
    """How near an open assignment is to its last day."""

    LATE = "late"
    WAITING = "waiting"  # Văn phòng has to answer
    SOON = "soon"
    LATER = "later"

    @property
    def label(self) -> str:
        """As people read it."""
        return _LABELS[self]


_LABELS = {
    Urgency.LATE: "quá hạn",
    Urgency.WAITING: "chờ Văn phòng trả lời",
    Urgency.SOON: "sắp đến hạn",
    Urgency.LATER: "còn hạn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An open assignment on the board."""

    id: int
    title: str
    due_on: date
    priority: Priority
    urgency: Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A department's open work (None: nobody's department). `cards`: the first few."""

    department_id: int | None
    name: str
    counts: tuple[tuple[Urgency, int], ...]
    cards: tuple[Card, ...]
    total: int


def show(visit: Visit) -> Answer:
    """Everything that is open."""
    demand(visit.person.roles, Action.LIST_ALL_WORK)
    cards = _cards(visit.session, visit.parts.work.calendar(), visit.today)
    names = {row.id: row.name for row in people.departments(visit.session)}
    lanes = [_lane(department_id, names, some) for department_id, some in cards.items()]
    lanes.sort(key=lambda lane: (-dict(lane.counts)[Urgency.LATE], -lane.total, lane.name))
    totals = [(kind, sum(dict(lane.counts)[kind] for lane in lanes)) for kind in Urgency]
    return Shown("work_board.html", {"lanes": lanes, "totals": totals, "Urgency": Urgency})


def _cards(session: Session, calendar: WorkCalendar, today: date) -> dict[int | None, list[Card]]:
    soon = calendar.add_working_days(today, SOON_DAYS)
    asked = set(
        session.scalars(select(Extension.assignment_id).where(Extension.decision == Decision.WAITING))
    )
    rows = session.execute(
        select(
            Assignment.id,
            Assignment.title,
            Assignment.due_on,
            Assignment.priority,
            Assignment.state,
            Assignment.department_id,
        ).where(Assignment.state.in_((AssignmentState.OPEN, AssignmentState.REPORTED)))
    )
    found: defaultdict[int | None, list[Card]] = defaultdict(list)
    for row in rows:
        waits = row.state is AssignmentState.REPORTED or row.id in asked
        urgency = (
            Urgency.WAITING
            if waits
            else Urgency.LATE
            if row.due_on < today
            else Urgency.SOON
            if row.due_on <= soon
            else Urgency.LATER
        )
        card = Card(id=row.id, title=row.title, due_on=row.due_on, priority=row.priority, urgency=urgency)
        found[row.department_id].append(card)
    return found


def _lane(department_id: int | None, names: dict[int, str], cards: Sequence[Card]) -> Lane:
    order = list(Urgency)
    first = sorted(cards, key=lambda card: (order.index(card.urgency), card.due_on, card.id))
    return Lane(
        department_id=department_id,
        name=names.get(department_id or 0, "Giao riêng từng người"),
        counts=tuple((kind, sum(card.urgency is kind for card in cards)) for kind in Urgency),
        cards=tuple(first[:_SHOWN]),
        total=len(cards),
    )
