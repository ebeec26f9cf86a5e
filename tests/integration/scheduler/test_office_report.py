"""The figures of the report, counted by hand, on SQLite and PostgreSQL; and the monthly report on its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, sessionmaker

from handlers.library import Library, library_of
from handlers.office_report.counting import stubs
from handlers.office_report.figures import IN_VAIN, OfficeReport, Ratio, Result
from handlers.office_report.making import office_report
from handlers.office_report.monthly import MonthlyReport
from handlers.office_report.unanswered import in_vain
from knowledge import loader
from knowledge.answer import OfficeProfile
from knowledge.loader import Field, Knowledge
from knowledge.schema import Entry, Facet, Filing, Kind, Statement, Way
from knowledge.search import Outcome
from office import audit, files, questions
from office.assignments import Assignment, AssignmentState
from office.audit import AuditHead
from office.clock import ZONE
from office.deliveries import Delivery
from office.improvements import GroupState, QuestionGroup, Trouble
from office.messages import File
from office.questions import Question
from office.wire import replies_from_json
from scheduler.calendar import WorkCalendar
from scheduler.composers import composers
from scheduler.courier import Failed
from scheduler.notices import reading
from scheduler.planner import Planner
from scheduler.quiet import QuietHours
from scheduler.rules import sync
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.notice_office import NoticeOffice
from tests.integration.scheduler.office import Bureau

CALENDAR = WorkCalendar.shipped()
TODAY = date(2026, 12, 1)
SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 30)
NOON = datetime(2026, 11, 10, 5, tzinfo=UTC)  # Tuesday, 12:00 in Việt Nam


@cache
def library() -> Library:
    """Five entries: a procedure with both ways of filing, its list, a stub, a subject, what is others'."""
    ways = (Filing(way=Way.IN_PERSON), Filing(way=Way.ONLINE), Filing(way=Way.POSTAL))
    subject = (Statement(text="Bưu điện nhận tại nhà", facet=Facet.POSTAL),)
    entries = [
        _entry("ruou", Kind.PROCEDURE, "Rượu", filing=ways),
        _entry("tong_quan", Kind.OVERVIEW, "Tổng quan", children=("ruou",)),
        _entry("phao_hoa", Kind.STUB, "Chưa có thông tin"),
        _entry("buu_chinh", Kind.TOPIC, "Bưu chính", facts=subject),
        _entry("ho_chieu", Kind.OUTSIDE, "Ngoài phạm vi"),
    ]
    fields = tuple(Field(e.field, 1, True, (e.id,)) for e in entries)
    shipped = loader.load().knowledge
    known = Knowledge({**shipped.entries, **{e.id: e for e in entries}}, fields, "1")
    return library_of(known, OfficeProfile(name="Sở Công Thương"))


def _entry(key: str, kind: Kind, field: str, **more: object) -> Entry:
    return replace(Entry(id=key, kind=kind, title=key, label=key, **more), field=field)  # type: ignore[arg-type]


def asked(
    session: Session,
    at: datetime = NOON,
    *,
    outcome: Outcome = Outcome.ANSWER,
    entry: str = "ruou",
    facet: Facet | None = None,
    channel: str = "web",
    vote: int | None = None,
    text: str = "hỏi",
    group: int | None = None,
    trouble: Trouble | None = None,
) -> None:
    row = Question(
        asked_at=at,
        channel=channel,
        person="x" * 32,
        text=text,
        outcome=outcome,
        entry_id=entry or None,
        facet=facet,
        knowledge_version="1",
        vote=vote,
        group_id=group,
        trouble=trouble,
    )
    session.add(row)
    session.flush()


def reported(session: Session, since: date = SINCE, until: date = UNTIL, today: date = TODAY) -> OfficeReport:
    return office_report(session, library(), since, until, today=today, calendar=CALENDAR)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as session:
        yield session


# --- questions


def test_each_question_is_counted_once_under_what_became_of_it(session: Session) -> None:
    asked(session, facet=Facet.FEE, vote=1)
    asked(session, facet=Facet.ONLINE, vote=-1, channel="telegram")
    asked(session, vote=0)
    asked(session, entry="tong_quan")
    asked(session, entry="phao_hoa")
    asked(session, entry="da_xoa")
    asked(session, outcome=Outcome.CHOOSE, entry="")
    asked(session, outcome=Outcome.OUT, entry="")
    asked(session, outcome=Outcome.OUT, entry="ho_chieu")
    asked(session, outcome=Outcome.HUMAN, entry="")
    asked(session, outcome=Outcome.SMALLTALK, entry="")
    asked(session, channel="terminal")
    found = reported(session).questions
    assert found.results == {
        Result.ANSWERED: 5,
        Result.ASKED_BACK: 1,
        Result.MISSING: 1,
        Result.UNCLEAR: 1,
        Result.UNSETTLED: 0,
        Result.OUTSIDE: 1,
        Result.HUMAN: 1,
        Result.SMALLTALK: 1,
    }
    assert (found.total, found.about_work, found.trials) == (11, 8, 1)
    assert found.share(Result.ANSWERED) == Ratio(5, 8)
    assert found.votes == Ratio(1, 2)
    fields = [(one.name, one.count, one.liked, one.disliked) for one in found.fields]
    assert fields == [("Rượu", 4, 1, 1), ("Nội dung nay không còn trong kho tri thức", 1, 0, 0)]
    facets = {one.name: one.count for one in found.facets}
    assert facets == {"Hỏi chung về thủ tục": 3, "Nộp trực tuyến": 1, "Phí, lệ phí": 1}
    channels = [(one.name, one.count, one.answered) for one in found.channels]
    assert channels == [("Trang web", 10, Ratio(4, 7)), ("Telegram", 1, Ratio(1, 1))]


def test_what_is_marked_as_unanswered_counts_as_that_and_the_parts_add_up(session: Session) -> None:
    marked = Trouble.UNANSWERED
    asked(session, outcome=Outcome.OUT, entry="ho_chieu", trouble=marked)  # a guess at what is others'
    asked(session, outcome=Outcome.OUT, entry="ho_chieu")
    asked(session, outcome=Outcome.OUT, entry="", trouble=marked)
    asked(session, outcome=Outcome.OUT, entry="", trouble=Trouble.DISLIKED)
    asked(session, outcome=Outcome.CHOOSE, entry="", trouble=marked)
    asked(session, outcome=Outcome.CHOOSE, entry="")  # and then chosen
    asked(session, entry="phao_hoa", trouble=marked)
    asked(session, entry="ruou", trouble=marked)  # a stub when it was asked
    asked(session)
    found = reported(session).questions
    assert {result: count for result, count in found.results.items() if count} == {
        Result.ANSWERED: 1,
        Result.ASKED_BACK: 1,
        Result.MISSING: 2,
        Result.UNCLEAR: 3,
        Result.UNSETTLED: 1,
        Result.OUTSIDE: 1,
    }
    assert found.share(*IN_VAIN) == Ratio(6, 8)
    assert sum(one.count for one in found.unanswered) == 6
    parts = (found.share(Result.ANSWERED), found.share(Result.ASKED_BACK), found.share(*IN_VAIN))
    assert sum(part.part for part in parts) == found.about_work
    counted = select(func.count()).select_from(Question).where(in_vain(stubs(library())))
    assert session.scalar(counted) == 6  # what Hôm nay says


def test_a_month_before_without_questions_is_told_from_one_whose_questions_are_deleted(
    session: Session,
) -> None:
    assert reported(session).before.never
    asked(session, datetime(2026, 9, 3, tzinfo=ZONE))
    asked(session)
    questions.purge(session, datetime(2026, 11, 1, tzinfo=ZONE))
    found = reported(session).before
    assert (found.questions, found.never) == (None, False)


def test_guidance_is_what_answers_told_and_not_what_was_asked_in_vain(session: Session) -> None:
    asked(session)  # the summary names both ways
    asked(session, facet=Facet.ONLINE)
    asked(session, facet=Facet.POSTAL)
    asked(session, facet=Facet.FEE)
    asked(session, entry="buu_chinh")
    asked(session, entry="phao_hoa", facet=Facet.ONLINE)
    asked(session, entry="ho_chieu", outcome=Outcome.OUT, facet=Facet.ONLINE)
    asked(session, facet=Facet.ONLINE, channel="terminal")
    found = reported(session).questions
    assert (found.online.told, found.online.asked) == (2, 1)
    assert (found.postal.told, found.postal.asked) == (3, 1)


def test_days_and_hours_are_those_of_viet_nam(session: Session) -> None:
    first = datetime(2026, 11, 1, tzinfo=ZONE)
    asked(session, first - timedelta(microseconds=1))  # the last moment of October
    asked(session, first)
    asked(session, datetime(2026, 11, 1, 16, 59, 59, tzinfo=UTC))  # 23:59 of the 1st, a Sunday
    asked(session, datetime(2026, 11, 1, 17, 0, tzinfo=UTC))  # 0:00 of the 2nd
    asked(session, datetime(2026, 11, 30, 23, 59, 59, 999999, tzinfo=ZONE))
    asked(session, datetime(2026, 12, 1, tzinfo=ZONE))
    found = reported(session).questions
    assert found.total == 4
    assert {day: count for day, count in found.days if count} == {
        date(2026, 11, 1): 2,
        date(2026, 11, 2): 1,
        date(2026, 11, 30): 1,
    }
    assert len(found.days) == 30
    assert {hour: count for hour, count in enumerate(found.hours) if count} == {0: 2, 23: 2}
    assert found.days_off == 2


def test_what_was_asked_most_in_vain_stands_first_by_group_or_wording(session: Session) -> None:
    def group(text: str, state: GroupState) -> int:
        row = QuestionGroup(
            text=text, key=text, state=state, count=1, first_at=NOON, last_at=NOON, entry_id=None
        )
        session.add(row)
        session.flush()
        return row.id

    fireworks, spam = group("phí bán pháo hoa", GroupState.SOLVED), group("abc", GroupState.IGNORED)
    vain = {"outcome": Outcome.OUT, "entry": ""}
    for text in ("pháo hoa bao nhiêu", "bán pháo hoa", "giá pháo hoa"):
        asked(session, text=text, group=fireworks, trouble=Trouble.UNANSWERED, **vain)  # type: ignore[arg-type]
    for _ in range(9):
        asked(session, text="abc", group=spam, trouble=Trouble.UNANSWERED, **vain)  # type: ignore[arg-type]
    asked(session, text="Có nhận  thứ bảy không", **vain)  # type: ignore[arg-type]
    asked(session, text="có nhận thứ bảy không", **vain)  # type: ignore[arg-type]
    asked(session, text="pháo", entry="phao_hoa")
    asked(session, text="trả lời dở", trouble=Trouble.DISLIKED)
    asked(session, text="hộ chiếu", outcome=Outcome.OUT, entry="ho_chieu")
    found = reported(session).questions.unanswered
    assert found[0].text == "phí bán pháo hoa"
    assert [(one.count, one.state) for one in found] == [(3, GroupState.SOLVED), (2, None), (1, None)]
    assert found[2].text == "pháo"


def test_the_month_before_is_compared_only_where_its_questions_are_kept(session: Session) -> None:
    assert reported(session).before.questions is None
    asked(session)
    assert reported(session).before.questions is None
    asked(session, datetime(2026, 10, 20, tzinfo=ZONE), vote=1)
    found = reported(session)
    assert found.before.questions is not None
    assert (found.before.questions.total, found.before.questions.votes) == (1, Ratio(1, 1))
    assert found.kept_since == date(2026, 10, 20)
    asked(session, datetime(2026, 9, 30, tzinfo=ZONE))
    assert reported(session).kept_since is None


def test_a_report_takes_as_many_statements_however_much_was_asked(session: Session) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        reported(session)
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    asked(session, datetime(2026, 10, 20, tzinfo=ZONE))
    asked(session)
    few = statements()
    for n in range(60):
        asked(session, NOON + timedelta(hours=n), text=f"hỏi {n}")
    assert statements() == few


# --- the rest


def test_work_on_time_and_the_audits_seal_are_in_the_report(
    sessions: sessionmaker[Session], clock: Clock
) -> None:
    bureau = Bureau(sessions, clock)
    number = bureau.give(title="Báo cáo", due_on=date(2026, 11, 27))
    with sessions.begin() as session:
        row = session.get_one(Assignment, number)
        row.state, row.finished_at = AssignmentState.DONE, datetime(2026, 11, 26, 3, tzinfo=UTC)
    with sessions() as session:
        found = reported(session)
        head = session.get_one(AuditHead, 1)
        assert found.seal is not None
        assert (found.seal.serial, found.seal.hash) == (head.serial, head.hash)
        assert audit.verify(session).head == found.seal.hash
    assert (found.work.on_time, found.work.total) == (1, 1)
    assert {share.name: share.total for share in found.departments} == {
        "Phòng Quản lý thương mại": 1,
        "Phòng Công nghiệp": 0,
    }


def test_an_empty_office_is_reported_as_empty(session: Session) -> None:
    found = reported(session)
    assert found.empty
    assert found.notices.confirmed.value is None
    assert found.departments == ()


def test_the_month_before_goes_to_leaders_and_van_phong_on_the_first_working_day(
    sessions: sessionmaker[Session], clock: Clock
) -> None:
    bureau = Bureau(sessions, clock)
    papers: list[OfficeReport] = []

    def made(report: OfficeReport) -> tuple[File, ...]:
        papers.append(report)
        return (File(name="bao-cao.docx", media_type="application/x", content=b"Word"),)

    month = MonthlyReport(library=library, calendar=lambda: CALENDAR, papers=made)
    planner = Planner(
        sessions=sessions,
        clock=clock,
        calendar=lambda: CALENDAR,
        outbox=bureau.outbox,
        composers=composers(bureau.work, report=month),
    )
    with sessions.begin() as session:
        asked(session)
        sync(session, (), digest_at=time(7, 30), calendar=CALENDAR, now=clock.now())
    for day in (datetime(2026, 11, 30, 12, tzinfo=ZONE), datetime(2026, 12, 1, 12, tzinfo=ZONE)):
        clock.at = day.astimezone(UTC)
        while planner.plan_due():
            pass
        assert bool(papers) == (day.day == 1)
    [report] = papers
    assert report.span.name == "tháng 11 năm 2026"
    with sessions() as session:
        rows = [
            row
            for row in session.scalars(select(Delivery).order_by(Delivery.id))
            if "Báo cáo tháng 11" in replies_from_json(row.body)[0].text()
        ]
        assert sorted(row.chat for row in rows) == ["5", "6"]
        [file] = replies_from_json(rows[0].body)[0].files
        assert file.content == b""
        assert files.content_of(session, file.stored) == b"Word"


def test_notices_are_counted_with_whom_they_reached_and_who_confirmed(
    sessions: sessionmaker[Session], clock: Clock, quiet: QuietHours
) -> None:
    office = NoticeOffice(sessions, clock, quiet)
    number = office.out(title="Nộp trực tuyến", confirm=True)
    office.courier.outcomes.append(Failed(reason="nhóm khoá"))
    office.carry()
    office.write(title="Còn là bản nháp")
    with sessions.begin() as session:
        who, now = office.people["An"], clock.now()
        reading.confirm(session, number, who, channel="telegram", account="42", chat="-1", now=now)
    with sessions() as session:
        found = reported(session).notices
        assert reported(session, date(2026, 10, 1), date(2026, 10, 31)).notices.rows == ()
    [row] = found.rows
    assert (row.title, row.chats, row.reached, row.failed) == ("Nộp trực tuyến", 2, 1, 1)
    assert row.confirmed == Ratio(1, 4)  # An of An, Bình, Trưởng and Cường
    assert found.reached == Ratio(1, 2)
