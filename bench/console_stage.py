"""A full office for measuring the console: a year of questions, deliveries, work, notices and deeds."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from bench.delivery_stage import FIRST_GROUP, FIRST_PRIVATE, TOKEN, Service
from knowledge import loader
from knowledge.vietnamese import fold
from office import audit, console_access, membership
from office.assignments import Assignment, AssignmentState, Priority, Responsible
from office.bot_tokens import account_of
from office.database import make_engine, session_factory, upgrade
from office.deliveries import Act, Delivery, Doubt, Occurrence, OccurrenceState, Source, Status, Urgency
from office.groups import Group, GroupState
from office.improvements import GroupState as QuestionState
from office.improvements import QuestionGroup, Trouble
from office.messages import Line, Reply
from office.notices import Notice, NoticeConfirmation, NoticeState
from office.people import ChatAccount, Department, Member, Role, person
from office.questions import Question
from office.wire import replies_to_json
from scheduler.ladder import Ladder

DEPARTMENTS, MEMBERS, GROUPS = 12, 200, 400
QUESTIONS, QUESTION_GROUPS = 100_000, 2_000
DELIVERIES, ASSIGNMENTS, DEEDS = 20_000, 2_000, 20_000
DAYS = 365
_CHUNK = 5_000
_WORDS = (
    "giấy phép",
    "bán lẻ",
    "rượu",
    "thuốc lá",
    "xăng dầu",
    "hồ sơ",
    "nộp",
    "phí",
    "thời hạn",
    "cấp lại",
    "ở đâu",
)
_TELEGRAM = {"channel": "telegram", "account": account_of(TOKEN)}
_CHANNELS = ("telegram", "web", "web", "web")


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who looks at the pages: the secret of their session."""

    secret: str


class FullOffice:
    """Fills a service's database; the same each time."""

    def __init__(self, service: Service, *, hash_key: bytes, seed: int = 1) -> None:
        self._engine = make_engine(service.database)
        upgrade(self._engine)
        self._sessions: sessionmaker[Session] = session_factory(self._engine)
        self._hash_key = hash_key
        self._chance = random.Random(seed)
        self._now = datetime.now(UTC)
        self._entries = [e.id for e in loader.load().knowledge.entries.values() if e.kind.name == "PROCEDURE"]

    def close(self) -> None:
        self._engine.dispose()

    def clerk(self) -> Clerk:
        """Somebody of Văn phòng who is logged in."""
        with self._sessions.begin() as session:
            who = membership.add_member(
                session, "Hoàng Thị Vân", department_id=None, actor=None, now=self._now
            )
            for role in (Role.ADMIN, Role.VAN_PHONG):
                membership.give_role(session, who.id, role, actor=None, reason="đo", now=self._now)
            found = person(session, who.id)
            assert found is not None
            secret = console_access.seat(
                session, found, now=self._now, hash_key=self._hash_key, hours=12, browser="đo"
            )
        return Clerk(secret)

    def fill(self) -> None:
        """People and groups, then what a year brings."""
        self._people()
        self._questions()
        self._work()
        self._notices()
        self._deeds()

    def private_chats(self, count: int) -> None:
        """Members who are reached privately, for a notice to very many chats."""
        first = MEMBERS + 1_000
        numbers = range(first, first + count)
        self._add(Member, ({"id": n, "name": f"Người {n}", "joined_at": self._now} for n in numbers))
        self._add(
            ChatAccount,
            (
                {
                    **_TELEGRAM,
                    "member_id": n,
                    "sender": str(FIRST_PRIVATE + n),
                    "chat": str(FIRST_PRIVATE + n),
                    "tied_at": self._now,
                }
                for n in numbers
            ),
        )

    def notice_to_everyone(self, send_at: datetime) -> int:
        """An approved notice to every member privately; its number."""
        with self._sessions.begin() as session:
            row = Notice(
                title="Thông báo tới mọi người",
                body="Mời công chức, viên chức thực hiện theo văn bản kèm theo.",
                priority=Priority.URGENT,
                confirm=True,
                audience={"roles": [Role.MEMBER]},
                state=NoticeState.SCHEDULED,
                send_at=send_at,
                created_at=self._now,
                changed_at=self._now,
            )
            session.add(row)
            session.flush()
            return row.id

    def queued(self, notice_id: int) -> tuple[datetime | None, datetime | None, int]:
        """When its queueing began and ended, and how many messages there are."""
        with self._sessions() as session:
            row = session.get_one(Notice, notice_id)
            ours = select(Occurrence.id).where(
                Occurrence.source == Source.NOTICE, Occurrence.source_id == notice_id
            )
            count = len(session.scalars(select(Delivery.id).where(Delivery.occurrence_id.in_(ours))).all())
            return row.started_at, row.queued_at, count

    def call_off(self) -> None:
        """Nothing waits any more."""
        with self._sessions.begin() as session:
            waiting = Delivery.status.in_((Status.QUEUED, Status.RETRY, Status.HELD))
            session.execute(update(Delivery).where(waiting).values(status=Status.CANCELLED))

    # --- what there is

    def _people(self) -> None:
        now = self._now
        named = ({"id": n, "key": f"phong-{n}", "name": f"Phòng số {n}"} for n in range(1, DEPARTMENTS + 1))
        self._add(Department, named)
        members = range(100, 100 + MEMBERS)
        self._add(
            Member,
            (
                {
                    "id": n,
                    "name": f"Nguyễn Văn {n}",
                    "joined_at": now,
                    "department_id": 1 + n % DEPARTMENTS,
                }
                for n in members
            ),
        )
        self._add(
            Group,
            (
                {
                    **_TELEGRAM,
                    "id": n,
                    "chat": str(FIRST_GROUP - n),
                    "title": f"Nhóm {n}",
                    "state": GroupState.APPROVED,
                    "department_id": 1 + n % DEPARTMENTS,
                    "added_at": now,
                }
                for n in range(1, GROUPS + 1)
            ),
        )

    def _questions(self) -> None:
        chance, now = self._chance, self._now
        words = _WORDS

        def text() -> str:
            return " ".join(chance.choice(words) for _ in range(chance.randint(4, 9)))

        groups = []
        for n in range(1, QUESTION_GROUPS + 1):
            said = text()
            groups.append(
                {
                    "id": n,
                    "text": said,
                    "key": fold(said),
                    "state": QuestionState.OPEN if n % 4 else QuestionState.IGNORED,
                    "count": 1 + n % 40,
                    "unanswered": 1 + n % 40,
                    "first_at": now - timedelta(days=chance.randint(1, DAYS)),
                    "last_at": now - timedelta(hours=chance.randint(1, 500)),
                }
            )
        self._add(QuestionGroup, groups)

        def rows() -> Iterator[dict[str, Any]]:
            for n in range(QUESTIONS):
                answered = chance.random() < 0.75
                wrong = chance.random() < 0.25
                yield {
                    "asked_at": now - timedelta(minutes=chance.randint(1, DAYS * 24 * 60)),
                    "channel": chance.choice(_CHANNELS),
                    "person": f"{n % 20_000:032x}",
                    "text": text(),
                    "outcome": "answer" if answered else chance.choice(("choose", "out")),
                    "entry_id": chance.choice(self._entries) if answered else None,
                    "facet": chance.choice(("documents", "fee", "time", "online", "postal", None)),
                    "score": chance.random(),
                    "knowledge_version": "đo",
                    "vote": chance.choice((None, None, None, 1, -1)) if answered else None,
                    "trouble": Trouble.UNANSWERED if wrong else None,
                    "group_id": chance.randint(1, QUESTION_GROUPS) if wrong else None,
                }

        self._add(Question, rows())

    def _work(self) -> None:
        chance, now = self._chance, self._now
        ladder, today = Ladder().as_dict(), now.date()
        works, responsible = [], []
        for n in range(1, ASSIGNMENTS + 1):
            due = today + timedelta(days=chance.randint(-200, 40))
            done = chance.random() < 0.8
            works.append(
                {
                    "id": n,
                    "title": f"Báo cáo số {n}",
                    "priority": Priority.ORDINARY,
                    "assigned_on": due - timedelta(days=20),
                    "due_on": due,
                    "first_due_on": due,
                    "department_id": 1 + n % DEPARTMENTS,
                    "ladder": ladder,
                    "state": AssignmentState.DONE if done else AssignmentState.OPEN,
                    "finished_at": min(now, now + (due - today)) if done else None,
                    "created_at": now - timedelta(days=200),
                }
            )
            responsible.append({"assignment_id": n, "member_id": 100 + n % MEMBERS, "named": True})
        self._add(Assignment, works)
        self._add(Responsible, responsible)

    def _notices(self) -> None:
        chance, now = self._chance, self._now
        body = replies_to_json([Reply(lines=(Line("Thông báo về việc chấp hành giờ giấc làm việc."),))])
        each = GROUPS
        for n in range(1, DELIVERIES // each + 1):
            at = now - timedelta(days=n * 5, hours=3)
            common = {
                "created_at": at,
                "changed_at": at,
                "started_at": at,
                "queued_at": at,
                "finished_at": at,
            }
            with self._sessions.begin() as session:
                session.execute(
                    insert(Notice),
                    [
                        {
                            **common,
                            "id": n,
                            "title": f"Thông báo số {n}",
                            "body": "Nội dung.",
                            "priority": Priority.ORDINARY,
                            "confirm": True,
                            "audience": {"all_groups": True},
                            "state": NoticeState.SENT,
                        }
                    ],
                )
                occurrence = Occurrence(
                    source=Source.NOTICE,
                    source_id=n,
                    rung="gui",
                    due_at=at,
                    planned_at=at,
                    state=OccurrenceState.PLANNED,
                )
                session.add(occurrence)
                session.flush()
                number = occurrence.id
            self._add(Delivery, (self._delivery(number, g, at, body) for g in range(1, each + 1)))
            readers = chance.sample(range(100, 100 + MEMBERS), MEMBERS // 3)
            self._add(
                NoticeConfirmation,
                (
                    {**_TELEGRAM, "notice_id": n, "member_id": m, "at": at, "chat": str(FIRST_GROUP - 1)}
                    for m in readers
                ),
            )

    def _delivery(self, occurrence: int, group: int, at: datetime, body: Any) -> dict[str, Any]:
        failed = self._chance.random() < 0.02
        return {
            **_TELEGRAM,
            "occurrence_id": occurrence,
            "chat": str(FIRST_GROUP - group),
            "topic": "",
            "group": True,
            "part": 1,
            "parts": 1,
            "act": Act.SEND,
            "repeat": 0,
            "status": Status.FAILED if failed else Status.SENT,
            "urgency": Urgency.BULK,
            "doubt": Doubt.ASK,
            "passes_quiet": False,
            "body": body,
            "due_at": at,
            "ready_at": at,
            "created_at": at,
            "attempts": 1,
            "finished_at": at,
            "message_id": str(occurrence * 1000 + group),
            "reason": "Bot đã bị đưa ra khỏi nhóm." if failed else "",
        }

    def _deeds(self) -> None:
        for _ in range(DEEDS // 1_000):
            with self._sessions.begin() as session:
                for _ in range(1_000):
                    audit.record(
                        session,
                        "assignment.acknowledge",
                        at=self._now - timedelta(minutes=self._chance.randint(1, 100_000)),
                        actor=100 + self._chance.randrange(MEMBERS),
                        subject="assignment",
                        subject_id=self._chance.randint(1, ASSIGNMENTS),
                    )

    def _add(self, table: type[Any], rows: Iterable[dict[str, Any]]) -> None:
        every = list(rows)
        with self._sessions.begin() as session:
            for at in range(0, len(every), _CHUNK):
                session.execute(insert(table), every[at : at + _CHUNK])
