"""An office in a database: people, groups, work, the parts that plan and tell, on a clock of the test's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office import codes, groups, membership, people
from office.assignments import Assignment
from office.deliveries import Delivery, Occurrence, Status
from office.people import Person, Role
from office.wire import replies_from_json
from scheduler.calendar import WorkCalendar
from scheduler.composers import composers
from scheduler.ladder import Ladder
from scheduler.outbox import Outbox
from scheduler.pings import Pings
from scheduler.planner import Planner
from scheduler.quiet import QuietHours
from scheduler.reminder_files import Rule, read_rules
from scheduler.rules import sync
from scheduler.work import Draft, Work
from tests.integration.scheduler.conftest import Clock

CALENDAR = WorkCalendar.shipped()


class Bureau:
    """Two departments with a group each, a head, two members, Văn phòng, a leader and an admin."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock) -> None:
        self.sessions, self.clock = sessions, clock
        quiet = QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=CALENDAR)
        self.outbox = Outbox(quiet=quiet)
        self.work = Work(outbox=self.outbox, calendar=lambda: CALENDAR, ladder=Ladder())
        self.people: dict[str, Person] = {}
        self.planner = Planner(
            sessions=sessions,
            clock=clock,
            calendar=lambda: CALENDAR,
            outbox=self.outbox,
            composers=composers(self.work),
            rungs=Pings(self.work).plan,
        )
        with sessions.begin() as session:
            people.sync_departments(
                session, [("qltm", "Phòng Quản lý thương mại"), ("qlcn", "Phòng Công nghiệp")]
            )
            qltm, qlcn = (d.id for d in people.departments(session))
            self.qltm, self.qlcn = qltm, qlcn
            for number, (name, department, role) in enumerate(
                [
                    ("An", qltm, None),
                    ("Bình", qltm, None),
                    ("Trưởng", qltm, Role.HEAD),
                    ("Cường", qlcn, None),
                    ("Phòng", None, Role.VAN_PHONG),
                    ("Lãnh", None, Role.LEADER),
                    ("Trị", None, Role.ADMIN),
                ],
                start=1,
            ):
                self._add(session, name, department, role, str(number))
            for chat, department in (("-1", qltm), ("-2", qlcn)):
                group, _ = groups.met(
                    session,
                    channel="telegram",
                    account="42",
                    chat=chat,
                    title="",
                    added_by="",
                    now=clock.now(),
                )
                groups.decide(
                    session,
                    group,
                    approve=True,
                    department_id=department,
                    actor=self.people["Phòng"].id,
                    reason="",
                    now=clock.now(),
                )

    def _add(self, session: Session, name: str, department: int | None, role: Role | None, chat: str) -> None:
        now = self.clock.now()
        who = membership.add_member(session, name, department_id=department, actor=None, now=now)
        if role:
            membership.give_role(session, who.id, role, actor=None, reason="thử", now=now)
        codes.tie(session, who.id, channel="telegram", account="42", sender=chat, chat=chat, now=now)
        found = people.person(session, who.id)
        assert found
        self.people[name] = found

    def give(self, **fields: Any) -> int:
        """Give work to the first department; returns its number."""
        values: dict[str, Any] = {
            "title": "Báo cáo",
            "department_id": self.qltm,
            "due_on": date(2026, 12, 8),
        } | fields
        with self.sessions.begin() as session:
            return self.work.create(
                session, Draft(**values), actor=self.people["Phòng"], now=self.clock.now()
            ).id

    def sync(self, rules: Sequence[Rule] | None = None) -> None:
        with self.sessions.begin() as session:
            chosen = read_rules().rules if rules is None else rules
            sync(session, chosen, digest_at=time(7, 30), calendar=CALENDAR, now=self.clock.now())

    def plan(self) -> int:
        total = 0
        while done := self.planner.plan_due():
            total += done
        return total

    def row(self, number: int) -> Assignment:
        with self.sessions() as session:
            return session.get_one(Assignment, number)

    def messages(self, *, clear: bool = True) -> list[tuple[str, str]]:
        """What waits to be sent, as (chat, text); marked as sent."""
        with self.sessions.begin() as session:
            rows = session.scalars(
                select(Delivery)
                .where(Delivery.status.in_((Status.QUEUED, Status.HELD)))
                .order_by(Delivery.id)
            ).all()
            found = [(row.chat, replies_from_json(row.body)[0].text()) for row in rows]
            for row in rows if clear else ():
                row.status, row.finished_at = Status.SENT, self.clock.now()
            return found

    def occurrences(self) -> list[Occurrence]:
        with self.sessions() as session:
            return list(session.scalars(select(Occurrence).order_by(Occurrence.id)))
