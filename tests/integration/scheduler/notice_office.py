"""The office of these tests with its desk of notices: written by Phòng, approved by Lãnh."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from office.database import Base
from office.deliveries import Delivery, Status
from office.messages import Reply
from office.notices import Notice
from office.people import Person
from office.settings import Notices as NoticeSettings
from office.wire import replies_from_json
from scheduler.composers import composers
from scheduler.delivery import Policy
from scheduler.lane import LaneWorker
from scheduler.notices import approval, drafts
from scheduler.notices.audience import Audience
from scheduler.notices.desk import Notices
from scheduler.notices.drafts import Draft
from scheduler.notices.moments import occurrence_of
from scheduler.notices.planning import NoticePlanner
from scheduler.outbox import Outbox
from scheduler.pacer import Limits, Pacer
from scheduler.pings import Pings
from scheduler.planner import Planner
from scheduler.quiet import QuietHours
from scheduler.waiting import WAITING
from tests.fakes.courier import FakeCourier
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.office import CALENDAR, Bureau

LIMIT = 1900
FAST = Limits(per_second=1000, per_chat_second=1000, per_group_minute=100_000)
PDF = b"%PDF-1.7\n%%EOF\n"


class NoticeOffice(Bureau):
    """A bureau that sends notices; two groups, and seven people with a chat each."""

    def __init__(
        self, sessions: sessionmaker[Session], clock: Clock, quiet: QuietHours, **settings: Any
    ) -> None:
        super().__init__(sessions, clock)
        self.outbox = Outbox(quiet=quiet, limits={"telegram": LIMIT})
        self.policy = Policy(quiet=quiet)
        self.notices = Notices(
            outbox=self.outbox,
            calendar=lambda: CALENDAR,
            settings=NoticeSettings(**settings),
            office="Sở Công Thương",
            channels={"telegram": LIMIT},
        )
        self.steps = NoticePlanner(self.notices, sessions=sessions, clock=clock, breath=0)
        self.planner = Planner(
            sessions=sessions,
            clock=clock,
            calendar=lambda: CALENDAR,
            outbox=self.outbox,
            composers=composers(self.work, self.notices),
            rungs=Pings(self.work).plan,
            notices=self.steps.plan,
        )
        self.courier = FakeCourier()
        self.lane = LaneWorker(
            self.courier,
            sessions=sessions,
            clock=clock,
            policy=self.policy,
            pacer=Pacer(FAST),
            owner="a",
        )

    @property
    def clerk(self) -> Person:
        return self.people["Phòng"]

    @property
    def leader(self) -> Person:
        return self.people["Lãnh"]

    def write(self, *, actor: str = "Phòng", **fields: Any) -> int:
        """A draft; returns its number."""
        values: dict[str, Any] = {
            "title": "Họp giao ban",
            "body": "Mời các anh, chị dự họp.\n- Thời gian: 8:00",
            "audience": Audience(all_groups=True),
        } | fields
        with self.sessions.begin() as session:
            who, now = self.people[actor], self.clock.now()
            return drafts.create(session, self.notices, Draft(**values), actor=who, now=now).id

    def approve(self, number: int) -> None:
        """Hand a draft in and have it approved."""
        self.call(approval.submit, number, actor=self.clerk)
        self.call(approval.approve, number, actor=self.leader)

    def out(self, **fields: Any) -> int:
        """A notice that is approved; the questions to its approvers are forgotten."""
        number = self.write(**fields)
        self.approve(number)
        self.messages()
        return number

    def call(self, action: Any, number: int, **fields: Any) -> Any:
        """Do something with a notice in a transaction of its own."""
        with self.sessions.begin() as session:
            return action(session, self.notices, number, now=self.clock.now(), **fields)

    def row(self, number: int) -> Any:
        with self.sessions() as session:
            return session.get_one(Notice, number)

    def carry(self) -> None:
        """Plan and send until nothing may go."""
        while self.plan() or self._waits():
            asyncio.run(asyncio.wait_for(self.lane.drain(), 30))

    def _waits(self) -> bool:
        ready = Delivery.status.in_(WAITING) & (Delivery.ready_at <= self.clock.now())
        with self.sessions() as session:
            return session.scalar(select(Delivery.id).where(ready).limit(1)) is not None

    def deliveries(self, number: int, rung: str | None = None) -> list[Delivery]:
        with self.sessions() as session:
            moment = occurrence_of(session, number, rung)
            mine = Delivery.occurrence_id == (moment.id if moment else 0)
            return list(session.scalars(select(Delivery).where(mine).order_by(Delivery.id)))

    def statuses(self, number: int, rung: str | None = None) -> Mapping[str, Status]:
        return {row.chat: row.status for row in self.deliveries(number, rung)}

    def texts(self, number: int, rung: str | None = None) -> dict[str, str]:
        return {row.chat: body(row).text() for row in self.deliveries(number, rung)}

    def deliveries_of_all(self) -> list[Delivery]:
        with self.sessions() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def bodies(self, rows: Iterable[Delivery]) -> list[Reply]:
        return [body(row) for row in rows]

    def count(self, table: type[Base]) -> int:
        with self.sessions() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def later(self, **by: float) -> None:
        self.clock.at += timedelta(**by)


def body(row: Delivery) -> Reply:
    [reply] = replies_from_json(row.body)
    return reply
