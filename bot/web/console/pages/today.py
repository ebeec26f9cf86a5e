"""Hôm nay: what went out, what failed, what is due, what wasn't answered, and how the channels are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.web.console import charts, deeds
from bot.web.console.charts import Chart
from bot.web.console.entries import Section, get, post
from bot.web.console.pages import channels
from bot.web.console.tables import start_of
from bot.web.console.texts import texts
from bot.web.console.visit import Answer, Done, Shown, Visit
from handlers.office_report.counting import stubs
from handlers.office_report.unanswered import in_vain
from office import groups, people, switches
from office.assignments import Assignment, AssignmentState
from office.deliveries import Delivery, Status
from office.improvements import GroupState, QuestionGroup
from office.notices import Notice, NoticeState
from office.questions import Question
from office.rights import Action
from office.wire import replies_from_json
from scheduler import settling

DAYS = 14
_SHOWN = 10
_BAD_DAYS = 7  # how long a message in doubt is shown here
_IN_DOUBT = (Status.UNCERTAIN, Status.FAILED)
_OPEN = (AssignmentState.OPEN, AssignmentState.REPORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number at the top. `path`: the page that shows what it counts; `alarm`: somebody should look."""

    name: str
    value: int
    path: str = ""
    alarm: bool = False

    @property
    def label(self) -> str:
        """As people read it."""
        return texts()(f"today.{self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A message that somebody has to decide about."""

    row: Delivery
    to: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """How a channel is."""

    name: str
    up: bool
    detail: str


def show(visit: Visit) -> Answer:
    """The day at a glance."""
    sent = _sent_today(visit)
    values = {
        "stopped": [deeds.switch_label(key) for key in sorted(switches.stopped(visit.session))],
        "figures": _figures(visit, sent),
        "doubtful": _doubtful(visit) if visit.may(Action.DELIVERIES) else [],
        "due": _due(visit.session, visit) if visit.may(Action.LIST_ALL_WORK) else [],
        "departments": {d.id: d.name for d in people.departments(visit.session)},
        "channels": _channels(visit.parts.health()[1]),
        "incidents": channels.notes(visit),
        "hours": _by_hour(visit),
        "days": _by_day(visit),
        "sent": [(status.label, sent[status]) for status in Status if status in sent],
    }
    return Shown("today.html", values)


def settle(visit: Visit) -> Answer:
    """A message has arrived, or goes out again: the same deed as in chat."""
    number, arrived = visit.number("id"), visit.form.text("toi") == "1"
    settling.settle(
        visit.session, visit.parts.work.outbox, number, arrived=arrived, actor=visit.person, now=visit.now
    )
    return Done("", texts()(f"today.{'arrived' if arrived else 'again'}", number=number))


def _sent_today(visit: Visit) -> Mapping[Status, int]:
    """How many of today's messages stand where."""
    made_today = Delivery.created_at >= start_of(visit.today)
    query = select(Delivery.status, func.count()).where(made_today).group_by(Delivery.status)
    return {row.status: row[1] for row in visit.session.execute(query)}


def _figures(visit: Visit, sent: Mapping[Status, int]) -> list[Figure]:
    session, start = visit.session, start_of(visit.today)
    asked = Question.asked_at >= start
    unanswered = asked & in_vain(stubs(visit.parts.library()))
    groups_open = (QuestionGroup.state == GroupState.OPEN) & (QuestionGroup.count > 0)
    late = Assignment.state.in_(_OPEN) & (Assignment.due_on < visit.today)
    due = Assignment.state.in_(_OPEN) & (Assignment.due_on == visit.today)
    doubt, overdue = _count(session, Delivery, _is_doubtful(visit)), _count(session, Assignment, late)
    waiting = _count(session, Notice, Notice.state == NoticeState.WAITING)
    open_groups = _count(session, QuestionGroup, groups_open)
    return [
        Figure(name="asked", value=_count(session, Question, asked)),
        Figure(name="unanswered", value=_count(session, Question, unanswered), path="/hoi-dap"),
        Figure(name="groups", value=open_groups, path="/hoi-dap", alarm=open_groups > 0),
        Figure(name="sent", value=sent.get(Status.SENT, 0)),
        Figure(name="doubtful", value=doubt, alarm=doubt > 0),
        Figure(name="waiting", value=waiting, path="/thong-bao", alarm=waiting > 0),
        Figure(name="due", value=_count(session, Assignment, due), path="/nhiem-vu"),
        Figure(name="overdue", value=overdue, path="/nhiem-vu", alarm=overdue > 0),
    ]


def _count(session: Session, table: type[Any], condition: Any) -> int:
    return session.scalar(select(func.count()).select_from(table).where(condition)) or 0


def _is_doubtful(visit: Visit) -> Any:
    since = visit.now - timedelta(days=_BAD_DAYS)
    return Delivery.status.in_(_IN_DOUBT) & (Delivery.finished_at > since)


def _doubtful(visit: Visit) -> list[Doubtful]:
    query = select(Delivery).where(_is_doubtful(visit)).order_by(Delivery.finished_at.desc()).limit(_SHOWN)
    return [_described(visit.session, row) for row in visit.session.scalars(query)]


def _described(session: Session, row: Delivery) -> Doubtful:
    group = groups.at(session, row.channel, row.account, row.chat) if row.group else None
    to = groups.title_of(group) if group else people.name_of(session, row.member_id) or row.chat
    lines = replies_from_json(row.body)[0].text().splitlines() if row.body else []
    return Doubtful(row=row, to=to, text=next(iter(lines), "")[:120])


def _due(session: Session, visit: Visit) -> Sequence[Assignment]:
    """What is overdue or due today, the most overdue first."""
    late = Assignment.state.in_(_OPEN) & (Assignment.due_on <= visit.today)
    query = select(Assignment).where(late).order_by(Assignment.due_on, Assignment.id).limit(_SHOWN)
    return session.scalars(query).all()


def _channels(report: Mapping[str, Any]) -> list[ChannelHealth]:
    return [
        ChannelHealth(name=deeds.channel_label(name), up=facts["up"], detail=facts["detail"] or "")
        for name, facts in report.get("channels", {}).items()
    ]


def _by_hour(visit: Visit) -> Chart:
    start = start_of(visit.today)
    hours = [start + timedelta(hours=at) for at in range(25)]
    counts = _asked_between(visit.session, hours)
    return charts.bars([(f"{at} giờ", count) for at, count in enumerate(counts)], every=6)


def _by_day(visit: Visit) -> Chart:
    days = [visit.today - timedelta(days=at) for at in range(DAYS - 1, -2, -1)]
    counts = _asked_between(visit.session, [start_of(day) for day in days])
    return charts.bars(
        [(f"{day.day}/{day.month}", count) for day, count in zip(days, counts, strict=False)], every=3
    )


def _asked_between(session: Session, moments: Sequence[datetime]) -> list[int]:
    """How many questions between each moment and the next: index ranges, on any database."""
    ranges = [
        select(func.count())
        .select_from(Question)
        .where(Question.asked_at >= since, Question.asked_at < until)
        .scalar_subquery()
        for since, until in pairwise(moments)
    ]
    return list(session.execute(select(*ranges)).one())


SECTION = Section(
    key="hom-nay",
    label="Hôm nay",
    path="",
    action=Action.CONSOLE,
    entries=(
        get("", show),
        post("/tin/{id:int}/xong", settle, action=Action.SETTLE_DELIVERIES),
        *channels.ENTRIES,
    ),
)
