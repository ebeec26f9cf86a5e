"""A small department as it stands on one afternoon, for pictures and for trying the guides: people, groups,
work, questions, and notices in each step of their life. The clock stands, so that it is the same each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from handlers.improving import changes
from handlers.improving.content import AliasContent
from office import codes, groups, membership, people, questions
from office.assignments import Priority, ProofKind
from office.deliveries import Delivery, Status
from office.improvements import ChangeKind, QuestionGroup, Trouble
from office.people import Person, Role
from scheduler import extensions, progress
from scheduler.courier import Failed, Outcome, Parcel, Uncertain
from scheduler.delivery import Policy
from scheduler.lane import LaneWorker
from scheduler.notices import approval, drafts, reading, templates
from scheduler.notices.audience import Audience
from scheduler.notices.moments import occurrence_of
from scheduler.pacer import Limits, Pacer
from scheduler.trouble import ChatTrouble
from scheduler.work import Draft as Work
from tests.console_office import ADMIN, CLERK, LEADER, MEMBER, ConsoleOffice
from tests.fakes.courier import FakeCourier

TODAY = date(2026, 11, 25)  # a Wednesday; the day before is a day off
AFTERNOON = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)  # 15:30 in Việt Nam
DEPARTMENTS = (
    "Văn phòng Sở",
    "Thanh tra Sở",
    "Phòng Quản lý Thương mại",
    "Phòng Quản lý Công nghiệp",
    "Phòng Quản lý Năng lượng",
    "Phòng Kỹ thuật an toàn và môi trường",
    "Trung tâm Khuyến công",
)
_STAFF = (
    ("Đặng Thị Hoa", 2, "Chánh Thanh tra", Role.HEAD),
    ("Võ Minh Khang", 2, "Thanh tra viên", None),
    ("Huỳnh Văn Lộc", 3, "Trưởng phòng", Role.HEAD),
    ("Ngô Thị Mai", 3, "chuyên viên", None),
    ("Bùi Quốc Nam", 3, "chuyên viên", None),
    ("Đỗ Thị Oanh", 4, "Trưởng phòng", Role.HEAD),
    ("Phan Văn Phúc", 4, "chuyên viên", None),
    ("Trương Thanh Quang", 5, "Trưởng phòng", Role.HEAD),
    ("Lý Thị Sương", 5, "chuyên viên", None),
    ("Mai Văn Tài", 6, "Trưởng phòng", Role.HEAD),
    ("Cao Thị Uyên", 7, "Giám đốc Trung tâm", Role.HEAD),
)
_GROUPS = (
    ("Sở Công Thương: thông báo chung", None),
    ("Văn phòng Sở", 1),
    ("Thanh tra Sở", 2),
    ("QLTM: công việc", 3),
    ("QLCN: công việc", 4),
    ("QLNL: công việc", 5),
    ("KTAT-MT", 6),
    ("Khuyến công Kiên Giang", 7),
)
_ASKED = (
    ("thủ tục cấp giấy phép bán lẻ rượu", "ruou_ban_le_cap_huyen", "documents", 21),
    ("nộp hồ sơ bán buôn rượu qua mạng", "ruou_ban_buon_cap", "online", 15),
    ("gửi hồ sơ qua bưu điện được không", "xang_dau_cua_hang_cap", "postal", 9),
    ("phí cấp giấy cửa hàng xăng dầu", "xang_dau_cua_hang_cap", "fee", 12),
    ("đăng ký khuyến mại quay số", "xttm_khuyen_mai_may_rui_dang_ky", "time", 7),
)
_IN_VAIN = (
    ("mở quán cồn nhỏ bán ban đêm cần giấy gì", 6),
    ("xe bồn chở gas đi tỉnh khác xin giấy ở đâu", 2),
    ("xin giấy cho xe bồn chở gas đi tỉnh khác", 1),
    ("xe bồn chở gas qua tỉnh khác thì xin giấy ở đâu ạ", 1),
    ("thứ bảy có nhận hồ sơ không em", 3),
    ("hỗ trợ tiền thuê gian hàng hội chợ ở Lào", 2),
)
_ACCOUNT = "42"  # of the bot
_T = TypeVar("_T")


class StandingClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


class _Chats(FakeCourier):
    """A platform on which some chats can't be reached."""

    def __init__(self) -> None:
        super().__init__(account=_ACCOUNT)
        self.trouble: dict[str, Outcome] = {}

    async def deliver(self, parcel: Parcel) -> Outcome:
        found = await super().deliver(parcel)
        return self.trouble.get(parcel.to.chat, found)


class Lifelike:
    """The office while it is filled. `shown`: numbers of notices, questions and changes, by what they are."""

    def __init__(self, office: ConsoleOffice, clock: StandingClock) -> None:
        self.office = office
        self.clock = clock
        self.shown: dict[str, int] = {}
        self.numbers: dict[str, int] = dict(office.ids)
        self._staff = office.office.staff
        self._courier = _Chats()
        self._lane = LaneWorker(
            self._courier,
            sessions=office.sessions,
            clock=clock,
            policy=Policy(quiet=self._staff.outbox.quiet),
            pacer=Pacer(Limits(per_second=1000, per_chat_second=1000, per_group_minute=100_000)),
            owner="lifelike",
            trouble=ChatTrouble(self._staff.outbox),
        )

    def fill(self) -> None:
        """All of it, in the order in which it happened."""
        [telegram] = self.office.office.platforms
        telegram.state.up = True  # nobody runs it
        self._people()
        self._groups()
        self._list()
        self._work()
        self._sent()
        self._waiting()
        self._draft()
        self._questions()
        self._sending()
        self.clock.at = AFTERNOON

    def do(self, act: Callable[[Session], _T], *, day: int = 25, hour: int = 2, minute: int = 0) -> _T:
        """Something that was done on a day of November, at an hour of UTC, in a transaction of its own."""
        self.clock.at = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
        with self.office.sessions.begin() as session:
            return act(session)

    def who(self, session: Session, name: str) -> Person:
        found = people.person(session, self.numbers[name])
        assert found
        return found

    def carry(self) -> None:
        """Plan and send until nothing may go."""
        while self._staff.planner.plan_due():
            asyncio.run(asyncio.wait_for(self._lane.drain(), 30))
        asyncio.run(asyncio.wait_for(self._lane.drain(), 30))

    # --- people and groups

    def _people(self) -> None:
        def add(session: Session) -> None:
            now, actor = self.clock.now(), self.numbers[ADMIN]
            for name, department, title, role in _STAFF:
                who = membership.add_member(
                    session, name, department_id=department, title=title, actor=actor, now=now
                )
                self.numbers[name] = who.id
                if role:
                    membership.give_role(
                        session, who.id, role, actor=actor, reason="theo quyết định bổ nhiệm", now=now
                    )
            for name, number in self.numbers.items():
                if name != "Lý Thị Sương":  # hasn't used her code yet
                    chat = str(1000 + number)
                    codes.tie(
                        session, number, channel="telegram", account=_ACCOUNT, sender=chat, chat=chat, now=now
                    )
            membership.record_absence(
                session,
                self.numbers["Bùi Quốc Nam"],
                since=TODAY,
                until=TODAY + timedelta(days=3),
                stand_in_id=self.numbers["Ngô Thị Mai"],
                reason="đi công tác",
                actor=self.numbers[CLERK],
                now=now,
            )

        self.do(add, day=2)

    def _groups(self) -> None:
        def add(session: Session) -> None:
            for number, (title, department) in enumerate(_GROUPS, 1):
                row, _ = groups.met(
                    session,
                    channel="telegram",
                    account=_ACCOUNT,
                    chat=str(-number),
                    title=title,
                    added_by=CLERK,
                    now=self.clock.now(),
                )
                if title != "KTAT-MT":  # waits for Văn phòng
                    groups.decide(
                        session,
                        row,
                        approve=True,
                        department_id=department,
                        actor=self.numbers[CLERK],
                        reason="",
                        now=self.clock.now(),
                    )

        self.do(add, day=2, minute=30)

    # --- what citizens asked

    def _questions(self) -> None:
        def ask(session: Session, text: str, at: datetime, number: int, **fields: Any) -> None:
            questions.record(
                session, text, at=at, channel="web", person=f"{number:032x}", knowledge_version="1", **fields
            )

        with self.office.sessions.begin() as session:
            number = 0
            for text, entry, facet, count in _ASKED:
                for _ in range(count):
                    number += 1
                    at = AFTERNOON - timedelta(days=number * 5 % 14, hours=number % 8)
                    ask(session, text, at, number, outcome="answer", entry_id=entry, facet=facet)
            for text, count in _IN_VAIN:
                for _ in range(count):
                    number += 1
                    at = AFTERNOON - timedelta(days=number % 6, hours=number % 5, minutes=20)
                    ask(session, text, at, number, outcome="out", trouble=Trouble.UNANSWERED)
        self.clock.at = AFTERNOON
        while self.office.office.upkeep.group_some():
            pass
        change = self.do(self._propose, hour=7)
        self.office.office.improver.examine(change)
        self.shown["change"] = change

    def _propose(self, session: Session) -> int:
        group, other, *_ = session.scalars(select(QuestionGroup).order_by(QuestionGroup.count.desc()))
        self.shown["group"] = other.id
        return changes.propose(
            session,
            self.office.office.shelf.current().knowledge,
            ChangeKind.ALIAS,
            AliasContent(
                entry="ruou_ban_le_cap_huyen", alias="mở quán cồn nhỏ bán ban đêm", question=group.text
            ),
            group_id=group.id,
            actor=self.who(session, CLERK),
            now=self.clock.now(),
        ).id

    # --- work

    def _work(self) -> None:
        give = self._give
        give("Báo cáo tình hình kinh doanh xăng dầu quý IV", 5, 20, day=4)
        give("Báo cáo cải cách hành chính tháng 11", 1, 25, day=9)
        give("Kiểm tra kho hoá chất sau mưa lũ", 6, 26, day=10, priority=Priority.URGENT)
        market = give("Rà soát thủ tục cấp giấy phép rượu", 3, 27, day=11)
        plan = give("Kế hoạch khuyến công năm 2027", 7, 30, day=12)
        give("Trả lời kiến nghị của doanh nghiệp chế biến thuỷ sản", 4, 28, day=16)
        check = give("Kế hoạch thanh tra chuyên ngành năm 2027", 2, 27, day=16)

        def answer(session: Session) -> None:
            now, work = self.clock.now(), self._staff.work
            for number, name in ((market, "Ngô Thị Mai"), (plan, "Cao Thị Uyên"), (check, "Võ Minh Khang")):
                progress.acknowledge(session, work, number, self.who(session, name), now=now)
            progress.report_done(
                session,
                work,
                check,
                self.who(session, "Đặng Thị Hoa"),
                kind=ProofKind.DOCUMENT,
                proof="118/TTr-KH ngày 23/11/2026",
                now=now,
            )
            extensions.ask_extension(
                session,
                work,
                market,
                self.who(session, "Huỳnh Văn Lộc"),
                until=date(2026, 12, 4),
                reason="chờ số liệu của Phòng Kinh tế các huyện",
                now=now,
            )

        self.do(answer, day=23, hour=3)

    def _give(self, title: str, department: int, due: int, *, day: int, **fields: Any) -> int:
        def give(session: Session) -> int:
            draft = Work(
                title=title,
                department_id=department,
                due_on=date(2026, 11, due),
                document="1520/SCT-VP",
                given_by="Giám đốc Sở",
                **fields,
            )
            actor, now = self.who(session, CLERK), self.clock.now()
            return self._staff.work.create(session, draft, actor=actor, now=now).id

        return self.do(give, day=day)

    # --- notices

    def _list(self) -> None:
        self.do(
            lambda session: templates.save_list(
                session,
                "Các phòng quản lý",
                Audience(departments=(3, 4, 5)),
                actor=self.who(session, CLERK),
                now=self.clock.now(),
            ),
            day=3,
        )

    def _draft(self) -> None:
        self.shown["draft"] = self._write(
            55,
            "Triển khai nộp hồ sơ trực tuyến tháng 12",
            "Đề nghị các phòng, đơn vị hướng dẫn tổ chức, cá nhân nộp hồ sơ trực tuyến.\n"
            "- Hướng dẫn ngay khi tiếp nhận hồ sơ giấy.\n"
            "- Báo vướng mắc về Văn phòng trước 16 giờ thứ Sáu.",
            audience=Audience(all_groups=True),
            document="375/SCT-VP",
            document_date=date(2021, 3, 29),
        )

    def _write(self, minute: int, title: str, body: str, *, hour: int = 2, **fields: Any) -> int:
        draft = drafts.Draft(title=title, body=body, **fields)

        def write(session: Session) -> int:
            actor, now = self.who(session, CLERK), self.clock.now()
            return drafts.create(session, self._staff.notices, draft, actor=actor, now=now).id

        return self.do(write, hour=hour, minute=minute)

    def _hand_in(self, number: int, **moment: int) -> None:
        self.do(
            lambda session: approval.submit(
                session,
                self._staff.notices,
                number,
                actor=self.who(session, CLERK),
                now=self.clock.now(),
            ),
            **moment,
        )

    def _approve(self, number: int, **moment: int) -> None:
        self.do(
            lambda session: approval.approve(
                session,
                self._staff.notices,
                number,
                actor=self.who(session, LEADER),
                now=self.clock.now(),
            ),
            **moment,
        )

    def _sent(self) -> None:
        """Sent this morning: one group has put the bot out, of one it isn't known; some have read it."""
        number = self._write(
            0,
            "Họp giao ban cơ quan tháng 11",
            "Văn phòng kính mời các anh, chị dự họp.\n"
            "- Thời gian: 8 giờ thứ Sáu 27/11/2026\n"
            "- Địa điểm: Hội trường tầng 2",
            confirm=True,
            audience=Audience(all_groups=True, departments=tuple(range(1, 8)), roles=(Role.HEAD,)),
        )
        self.shown["sent"] = number
        self._hand_in(number, minute=5)
        self.carry()
        self._approve(number, minute=10)
        self._courier.trouble = {
            "-8": Failed(
                reason="Bot đã bị đưa ra khỏi nhóm. Thêm bot vào lại rồi duyệt nhóm.", unreachable=True
            ),
            "-5": Uncertain(reason="Mất kết nối khi đang gửi."),
        }
        self.carry()
        self._courier.trouble = {}
        for minute, name in enumerate((MEMBER, "Ngô Thị Mai", "Huỳnh Văn Lộc", "Võ Minh Khang"), 20):
            self.do(lambda session, name=name: self._read(session, number, name), minute=minute)  # type: ignore[misc]

    def _read(self, session: Session, number: int, name: str) -> None:
        who = self.who(session, name)
        reading.confirm(
            session, number, who, channel="telegram", account=_ACCOUNT, chat="-4", now=self.clock.now()
        )

    def _sending(self) -> None:
        """Leaving just now: half of it has arrived."""
        number = self._write(
            15,
            "Lịch trực bão số 13",
            "Các phòng, đơn vị bố trí người trực theo danh sách kèm theo.",
            hour=8,
            priority=Priority.URGENT,
            audience=Audience(all_groups=True, roles=(Role.MEMBER,)),
        )
        self.shown["sending"] = number
        self._hand_in(number, hour=8, minute=20)
        self.carry()
        self._approve(number, hour=8, minute=29)
        while self._staff.planner.plan_due():
            pass

        def arrived(session: Session) -> None:
            moment = occurrence_of(session, number)
            assert moment
            mine = Delivery.occurrence_id == moment.id
            rows = session.scalars(select(Delivery.id).where(mine).order_by(Delivery.id)).all()
            there = Delivery.id.in_(rows[: len(rows) // 2])
            values = {"status": Status.SENT, "finished_at": self.clock.now(), "message_id": "1"}
            session.execute(update(Delivery).where(there).values(values))

        self.do(arrived, hour=8, minute=29)

    def _waiting(self) -> None:
        """Handed in for tomorrow morning."""
        number = self._write(
            45,
            "Góp ý dự thảo quy chế làm việc",
            "Đề nghị các phòng góp ý dự thảo, gửi về Văn phòng trước 30/11/2026.",
            audience=Audience(lists=(1,)),
            confirm=True,
            send_at=datetime(2026, 11, 26, 1, 0, tzinfo=UTC),
        )
        self.shown["waiting"] = number
        self._hand_in(number, minute=50)


@contextmanager
def lifelike(folder: Path) -> Iterator[Lifelike]:
    """The office, filled and served."""
    tree = {
        "office": {
            "name": "Sở Công Thương tỉnh Kiên Giang",
            "phone": "0297 3 862 001",
            "departments": [{"name": name} for name in DEPARTMENTS],
        },
        "telegram": {"enabled": True},
    }
    clock = StandingClock(datetime(2026, 11, 2, 1, tzinfo=UTC))
    with patch("tests.console_office.TurnedClock", lambda at: clock):
        office = ConsoleOffice(folder, tree, environ={"XINLUON_TELEGRAM_TOKEN": f"{_ACCOUNT}:{'A' * 35}"})
    found = Lifelike(office, clock)
    try:
        found.fill()
        office.start()
        yield found
    finally:
        office.close()
