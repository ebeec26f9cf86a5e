"""The staff's side of a running office: calendar, rules, planning, lanes and the staff's conversations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from bot.carriers import EDITABLE, PARTS, carriers
from bot.files import feed
from bot.files.papers import OfficePapers
from handlers.improving.desk import Improver
from handlers.improving.errands import Errands
from handlers.library import Library
from handlers.office_report.monthly import MonthlyReport
from handlers.staff.request import ConsoleAddress
from handlers.staff.router import StaffRouter
from office import codes, people
from office.clock import Clock
from office.settings import Assignments, Delivery, Settings
from scheduler import pings, planner
from scheduler.calendar import WorkCalendar
from scheduler.clock import Waker
from scheduler.composers import Report, composers
from scheduler.courier import Courier
from scheduler.delivery import Policy
from scheduler.ladder import Ladder
from scheduler.lanes import Lanes
from scheduler.notices import planning
from scheduler.notices.desk import Notices
from scheduler.notices.planning import NoticePlanner
from scheduler.notices.templates import sync_templates
from scheduler.outbox import Outbox
from scheduler.pacer import Limits
from scheduler.pings import Pings
from scheduler.planner import Planner
from scheduler.quiet import QuietHours
from scheduler.reminder_files import Found, read_rules
from scheduler.rules import sync
from scheduler.trouble import ChatTrouble
from scheduler.work import Work

log = structlog.get_logger(__name__)


class Staff:
    """Builds and joins the staff's parts. Raises BadYaml for a calendar that can't be used."""

    def __init__(
        self,
        settings: Settings,
        *,
        sessions: sessionmaker[Session],
        readers: sessionmaker[Session],
        clock: Clock,
        hash_key: bytes,
        library: Callable[[], Library],
        improver: Improver | None = None,
        booked: Callable[[str, str], None] = lambda channel, outcome: None,
        console_address: Callable[[], ConsoleAddress | None] = lambda: None,
    ) -> None:
        """`library` gives the current version of the knowledge; `booked` is told of each outcome."""
        self._settings = settings
        self._sessions = sessions
        self._readers = readers
        self._clock = clock
        self._hash_key = hash_key
        self.calendar = WorkCalendar.shipped(*settings.calendar.folders)
        self.rules: Found = read_rules(*settings.reminders.folders)
        self._carried = {carrier.name: carrier.limits for carrier in carriers(settings)}
        self._quiet = quiet_hours(settings.delivery, self.calendar)
        self.outbox = Outbox(quiet=self._quiet, limits=PARTS, channels=self._carried, wake=self._wake)
        self.work = Work(
            outbox=self.outbox, calendar=lambda: self.calendar, ladder=ladder_of(settings.assignments)
        )
        self.notices = self._notices()
        self.lanes = self._lanes(booked)
        papers = OfficePapers(settings.web.public_url or "")
        report = MonthlyReport(library=library, calendar=lambda: self.calendar, papers=papers.office_report)
        self.planner = make_planner(
            self.work, self.notices, sessions=sessions, readers=readers, clock=clock, report=report
        )
        self.waker = Waker(clock=clock, plan=self.planner.plan_due, next_due=self._next_due)
        self.errands = Errands(improver, self.outbox) if improver is not None else None
        self.router = StaffRouter(
            work=self.work,
            hash_key=hash_key,
            papers=papers,
            notices=self.notices,
            library=library,
            changed=self.waker.wake,
            console_address=console_address,
            errands=self.errands,
        )

    def _notices(self) -> Notices:
        settings = self._settings
        return Notices(
            outbox=self.outbox,
            calendar=lambda: self.calendar,
            settings=settings.notices,
            office=settings.office.name,
            channels={channel: PARTS[channel] for channel in sorted(self._carried)},
            editable=EDITABLE,
            hash_key=self._hash_key,
            zalo_bot=settings.zalo_bot,
            zalo_oa=settings.zalo_oa,
            wake=lambda: self.waker.wake(),
        )

    def _lanes(self, booked: Callable[[str, str], None]) -> Lanes:
        delivery = self._settings.delivery
        return Lanes(
            sessions=self._sessions,
            readers=self._readers,
            clock=self._clock,
            policy=Policy(quiet=self._quiet, late=timedelta(minutes=delivery.late_minutes)),
            limits=limits_of(delivery),
            limits_of=self._carried,
            trouble=ChatTrouble(self.outbox),
            booked=booked,
        )

    def prepare(self) -> str | None:
        """Bring departments and rules of the files into the database; the code for the first admin, if there
        is none yet."""
        for problem in self.rules.problems:
            log.warning("reminders.problem", problem=str(problem))
        now = self._clock.now()
        with self._sessions.begin() as session:
            named = [(d.key, d.name) for d in self._settings.office.departments]
            people.sync_departments(session, named)
            sync(
                session,
                self.rules.rules,
                digest_at=self._settings.reminders.digest_at,
                calendar=self.calendar,
                now=now,
            )
            sync_templates(session, now=now)
            return codes.claim_code(session, now=now, hash_key=self._hash_key)

    async def run(self, couriers: Sequence[Courier]) -> None:
        """Plan and carry until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.waker.run(), name="planner")
            group.create_task(self.lanes.run(couriers), name="lanes")

    def feed(self, token: str) -> bytes | None:
        """A department's calendar by its secret; None for an unknown one."""
        with self._readers() as session:
            department = feed.department_by_token(session, token)
            if department is None:
                return None
            return feed.department_feed(session, department, self.calendar, self._clock.now())

    def look_again(self) -> None:
        """Something was changed that planning or sending has to see soon; from any thread."""
        self.waker.wake()
        self.lanes.wake_all()

    def _next_due(self) -> datetime | None:
        with self._readers() as session:
            found = [planner.next_due(session), pings.next_due(session), planning.next_due(session)]
        return min((moment for moment in found if moment is not None), default=None)

    def _wake(self, channel: str, account: str) -> None:
        """Made after the outbox, which asks for it at each commit."""
        self.lanes.wake(channel, account)


def make_planner(
    work: Work,
    notices: Notices,
    *,
    sessions: sessionmaker[Session],
    readers: sessionmaker[Session] | None = None,
    clock: Clock,
    report: Report | None = None,
) -> Planner:
    """A planner of all kinds of rules, of the rungs and of notices. `report`: writes the monthly report."""
    return Planner(
        sessions=sessions,
        clock=clock,
        calendar=work.calendar,
        outbox=work.outbox,
        composers=composers(work, notices, report),
        rungs=Pings(work).plan,
        notices=NoticePlanner(notices, sessions=sessions, readers=readers, clock=clock).plan,
    )


def quiet_hours(delivery: Delivery, calendar: WorkCalendar) -> QuietHours:
    """The quiet hours of the settings."""
    quiet = delivery.quiet
    return QuietHours(since=quiet.since, until=quiet.until, days_off=quiet.days_off, calendar=calendar)


def limits_of(delivery: Delivery) -> Limits:
    """The pace of the settings."""
    return Limits(
        per_second=delivery.per_second,
        per_chat_second=delivery.per_chat_second,
        per_group_minute=delivery.per_group_minute,
    )


def ladder_of(assignments: Assignments) -> Ladder:
    """The ladder of the settings."""
    return Ladder(
        before=assignments.before,
        on_the_day=assignments.on_the_day,
        at=assignments.at,
        overdue_every=assignments.overdue_every,
        head_from=assignments.head_from,
        leader_from=assignments.leader_from,
        overdue_limit=assignments.overdue_limit,
    )
