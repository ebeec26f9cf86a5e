"""A staff router over an office in SQLite, spoken to like a person would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from handlers.library import Library, open_library
from handlers.office_report.figures import OfficeReport
from handlers.staff.papers import Preview
from handlers.staff.router import StaffRouter
from knowledge.answer import OfficeProfile
from office import codes, groups, membership, people
from office.assignments import Assignment
from office.clock import ZONE
from office.database import make_engine, session_factory
from office.deliveries import Delivery, Status
from office.messages import File, Incoming, Line, Reply, SentFile
from office.people import Role
from office.wire import replies_from_json
from scheduler.calendar import WorkCalendar
from scheduler.ladder import Ladder
from scheduler.notices.desk import Notices
from scheduler.notices.report import Report
from scheduler.outbox import Outbox
from scheduler.quiet import QuietHours
from scheduler.statistics import Share, Statistics
from scheduler.work import Draft, Work
from tests.databases import fresh_sqlite

CALENDAR = WorkCalendar.shipped()
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)  # a Monday
PEOPLE = {
    "An": ("Nguyễn Văn An", "qltm", None),
    "Bình": ("Trần Thị Bình", "qltm", None),
    "Trưởng": ("Lê Văn Trưởng", "qltm", Role.HEAD),
    "Cường": ("Phạm Cường", "qlcn", None),
    "Văn": ("Hồ Văn Phòng", None, Role.VAN_PHONG),
    "Lãnh": ("Đỗ Lãnh Đạo", None, Role.LEADER),
}


@cache
def shipped_library() -> Library:
    """The shipped knowledge, read once."""
    library, _ = open_library([], OfficeProfile(name="Sở Công Thương"))
    return library


class PlainPapers:
    """Files that are only names; their making has tests of its own."""

    def assignments(self, session: Session, rows: Iterable[Assignment]) -> bytes:
        return f"{len(list(rows))} rows".encode()

    def statistics(self, found: Statistics) -> bytes:
        return b"workbook"

    def chart(self, shares: Sequence[Share], title: str, since: date, until: date) -> bytes:
        return ", ".join(share.name for share in shares).encode()

    def notice(self, found: Report) -> bytes:
        return found.title.encode()

    def office_report(self, report: OfficeReport) -> tuple[File, ...]:
        return (File(name=f"{report.span.name}.docx", media_type="text/plain", content=b"report"),)

    def template(self) -> bytes:
        return b"template"

    def read(self, content: bytes, name: str, session: Session, today: date) -> Preview:
        return _Preview(content, session)

    def describe(self, preview: Preview) -> tuple[Line, ...]:
        return (Line(f"{len(preview.drafts)} việc"),)

    def feed_address(self, session: Session, department_id: int) -> str:
        return f"https://x.vn/lich/{department_id}.ics"


class _Preview:
    def __init__(self, content: bytes, session: Session) -> None:
        titles = content.decode().split()
        due = date(2026, 12, 15)
        self.drafts = tuple(
            Draft(title=title, department_id=1, due_on=due, origin_key=f"k:{title}") for title in titles
        )


class Office:
    """Six people and their group. `say` returns the text that comes back."""

    def __init__(self, folder: Path) -> None:
        self.engine = make_engine(fresh_sqlite(folder))
        self.sessions: sessionmaker[Session] = session_factory(self.engine)
        quiet = QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=CALENDAR)
        self.work = Work(outbox=Outbox(quiet=quiet), calendar=lambda: CALENDAR, ladder=Ladder())
        self.notices = Notices(
            outbox=self.work.outbox,
            calendar=lambda: CALENDAR,
            office="Sở Công Thương",
            channels={"t": 3500},
            editable={"t": timedelta(hours=48)},
        )
        self.router = StaffRouter(
            work=self.work,
            hash_key=b"k" * 16,
            papers=PlainPapers(),
            notices=self.notices,
            library=shipped_library,
        )
        self.now = NOW
        self.states: dict[str, dict[str, Any]] = {}
        self.replies: tuple[Reply, ...] | None = ()
        self._key = 0
        with self.sessions.begin() as session:
            named = [("qltm", "Phòng Quản lý thương mại"), ("qlcn", "Phòng Quản lý công nghiệp")]
            people.sync_departments(session, named)
            keys = {d.key: d.id for d in people.departments(session)}
            for chat, (name, department, role) in PEOPLE.items():
                who = membership.add_member(
                    session, name, department_id=keys.get(department or ""), actor=None, now=NOW
                )
                if role:
                    membership.give_role(session, who.id, role, actor=None, reason="thử", now=NOW)
                codes.tie(session, who.id, channel="t", account="1", sender=chat, chat=chat, now=NOW)
            group, _ = groups.met(
                session, channel="t", account="1", chat="nhóm", title="QLTM", added_by="", now=NOW
            )
            groups.decide(
                session, group, approve=True, department_id=keys["qltm"], actor=5, reason="", now=NOW
            )

    def hear(
        self, who: str, text: str = "", *, payload: str = "", file: SentFile | None = None, group: str = ""
    ) -> tuple[Reply, ...] | None:
        """One message or tap; each has a moment of its own."""
        self._key += 1
        self.now += timedelta(seconds=1)
        incoming = Incoming(
            channel="t",
            account="1",
            key=str(self._key),
            chat=group or who,
            sender=who,
            at=self.now,
            text=text,
            payload=payload,
            group=bool(group),
            file=file,
        )
        with self.sessions.begin() as session:
            self.replies = self.router.route(
                session,
                incoming,
                self.states.setdefault(f"{group}/{who}", {}),
                payload=payload,
                now=self.now,
                today=self.now.astimezone(ZONE).date(),
            )
        return self.replies

    def say(self, who: str, text: str = "", **more: Any) -> str:
        replies = self.hear(who, text, **more)
        assert replies is not None, f"not the staff's: {text}"
        return "\n".join(reply.text() for reply in replies)

    def tap(self, who: str, label: str) -> str:
        """Tap a button of the last reply."""
        assert self.replies
        [choice] = [c for reply in self.replies for c in reply.choices if label in c.label]
        return self.say(who, payload=choice.payload)

    def told(self, chat: str) -> list[str]:
        """What the outbox has for a chat, taken as sent."""
        with self.sessions.begin() as session:
            rows = session.scalars(
                select(Delivery)
                .where(Delivery.chat == chat, Delivery.status.in_((Status.QUEUED, Status.HELD)))
                .order_by(Delivery.id)
            ).all()
            for row in rows:
                row.status = Status.SENT
            return [replies_from_json(row.body)[0].text() for row in rows]

    def give(self, text: str = "qltm; Báo cáo tháng; 15/12") -> int:
        """Văn phòng gives work; its number."""
        self.say("Văn", f"/giao {text}")
        self.tap("Văn", "Giao việc này")
        with self.sessions() as session:
            number = session.scalar(select(Assignment.id).order_by(Assignment.id.desc()))
        assert number
        for chat in (*PEOPLE, "nhóm"):
            self.told(chat)
        return number

    def row(self, number: int) -> Assignment:
        with self.sessions() as session:
            return session.get_one(Assignment, number)
