"""Who does work on time: fairly counted, from rows in a real SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from office.assignments import (
    Assignment,
    AssignmentState,
    Decision,
    Extension,
    Priority,
    ProofKind,
    Report,
    Responsible,
)
from office.clock import ZONE
from office.database import make_engine, session_factory
from office.people import Department, Member
from office.refusal import Refused
from scheduler.calendar import WorkCalendar
from scheduler.due_work import Case
from scheduler.statistics import MAX_LINES, Share, Statistics, as_lines, on_time, percent, share_of
from tests.databases import fresh_sqlite

CALENDAR = WorkCalendar.shipped()
SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 30)
TODAY = date(2026, 11, 26)
TRADE, ENERGY = 1, 2
AN, BINH, CHI = 1, 2, 3


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """An office of two departments and three members."""
    engine = make_engine(fresh_sqlite(tmp_path))
    with session_factory(engine)() as session:
        session.add_all(
            [
                Department(id=TRADE, key="quan-ly-thuong-mai", name="Phòng Quản lý Thương mại"),
                Department(id=ENERGY, key="quan-ly-nang-luong", name="Phòng Quản lý Năng lượng"),
            ]
        )
        session.flush()
        joined = datetime(2026, 1, 5, tzinfo=UTC)
        session.add_all(
            [
                Member(id=AN, name="Nguyễn Văn An", department_id=TRADE, joined_at=joined),
                Member(id=BINH, name="Trần Thị Bình", department_id=TRADE, joined_at=joined),
                Member(id=CHI, name="Lê Văn Chí", department_id=ENERGY, joined_at=joined),
            ]
        )
        session.flush()
        yield session
    engine.dispose()


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE)


def given_work(
    session: Session,
    due_on: date,
    *,
    state: AssignmentState = AssignmentState.OPEN,
    finished_at: datetime | None = None,
    department_id: int | None = TRADE,
    members: tuple[int, ...] = (AN,),
    first_due_on: date | None = None,
) -> Assignment:
    row = Assignment(
        title="Báo cáo tháng",
        department_id=department_id,
        priority=Priority.ORDINARY,
        assigned_on=date(2026, 1, 5),
        due_on=due_on,
        first_due_on=first_due_on or due_on,
        ladder={},
        state=state,
        created_at=datetime(2026, 1, 5, tzinfo=UTC),
        finished_at=finished_at,
    )
    session.add(row)
    session.flush()
    session.add_all(Responsible(assignment_id=row.id, member_id=m, named=True) for m in members)
    session.flush()
    return row


def reported(session: Session, row: Assignment, moment: datetime, decision: Decision) -> None:
    session.add(
        Report(
            assignment_id=row.id,
            member_id=AN,
            reported_at=moment,
            proof_kind=ProofKind.DOCUMENT,
            proof="375/SCT-VP",
            decision=decision,
        )
    )
    session.flush()


def done(session: Session, due_on: date, moment: datetime, **more: object) -> Assignment:
    return given_work(session, due_on, state=AssignmentState.DONE, finished_at=moment, **more)  # type: ignore[arg-type]


def counted(session: Session, *, today: date = TODAY, **more: int) -> Statistics:
    return on_time(session, SINCE, UNTIL, today=today, calendar=CALENDAR, **more)


def numbers(share: Share) -> tuple[int, int, int, int]:
    return share.total, share.on_time, share.late, share.open_late


# --- what counts, and how


def test_the_due_day_lasts_until_midnight_in_viet_nam(session: Session) -> None:
    day = date(2026, 11, 10)
    done(session, day, at(day, 23, 59))
    done(session, day, at(day + timedelta(days=1), 0, 1))  # still the 10th in UTC
    assert numbers(counted(session).total) == (2, 1, 1, 0)


def test_open_work_counts_only_when_its_day_has_passed(session: Session) -> None:
    given_work(session, TODAY)
    given_work(session, TODAY - timedelta(days=1))
    given_work(session, TODAY + timedelta(days=1))
    assert numbers(counted(session).total) == (1, 0, 0, 1)


def test_work_done_early_counts_before_its_day(session: Session) -> None:
    done(session, date(2026, 11, 30), at(date(2026, 11, 20)))
    assert numbers(counted(session).total) == (1, 1, 0, 0)


def test_cancelled_work_and_work_due_outside_the_period_do_not_count(session: Session) -> None:
    given_work(session, date(2026, 11, 10), state=AssignmentState.CANCELLED)
    done(session, date(2026, 10, 31), at(date(2026, 11, 2)))
    done(session, date(2026, 12, 1), at(date(2026, 11, 20)))
    assert numbers(counted(session).total) == (0, 0, 0, 0)


def test_both_ends_of_the_period_belong_to_it(session: Session) -> None:
    done(session, SINCE, at(SINCE))
    done(session, UNTIL, at(TODAY))
    assert counted(session).total.on_time == 2


def test_waiting_for_confirmation_is_not_late(session: Session) -> None:
    row = given_work(session, date(2026, 11, 10), state=AssignmentState.REPORTED)
    reported(session, row, at(date(2026, 11, 10), 17), Decision.WAITING)
    assert numbers(counted(session).total) == (1, 1, 0, 0)


def test_a_late_report_that_waits_is_late_by_the_day_of_the_report(session: Session) -> None:
    row = given_work(session, date(2026, 11, 10), state=AssignmentState.REPORTED)
    reported(session, row, at(date(2026, 11, 12)), Decision.WAITING)
    total = counted(session).total
    assert numbers(total) == (1, 0, 1, 0)
    assert total.mean_late_days == 2


def test_work_returned_and_reported_again_counts_by_the_last_report(session: Session) -> None:
    row = given_work(session, date(2026, 11, 10), state=AssignmentState.REPORTED)
    reported(session, row, at(date(2026, 11, 9)), Decision.REFUSED)
    reported(session, row, at(date(2026, 11, 11)), Decision.WAITING)
    assert numbers(counted(session).total) == (1, 0, 1, 0)


def test_work_returned_and_not_reported_again_is_open(session: Session) -> None:
    row = given_work(session, date(2026, 11, 10))
    reported(session, row, at(date(2026, 11, 9)), Decision.REFUSED)
    assert numbers(counted(session).total) == (1, 0, 0, 1)


def test_done_without_a_moment_counts_by_the_report_that_was_confirmed(session: Session) -> None:
    row = given_work(session, date(2026, 11, 10), state=AssignmentState.DONE)
    reported(session, row, at(date(2026, 11, 9)), Decision.APPROVED)
    given_work(session, date(2026, 11, 10), state=AssignmentState.DONE)  # nothing is known of when
    assert numbers(counted(session).total) == (1, 1, 0, 0)


def test_an_extension_moves_the_day_and_is_told(session: Session) -> None:
    row = done(session, date(2026, 11, 20), at(date(2026, 11, 18)), first_due_on=date(2026, 11, 10))
    for decision in (Decision.REFUSED, Decision.CHANGED):
        session.add(
            Extension(
                assignment_id=row.id,
                member_id=AN,
                asked_at=at(date(2026, 11, 5)),
                reason="chờ số liệu",
                due_before=date(2026, 11, 10),
                asked_due=date(2026, 11, 25),
                granted_due=date(2026, 11, 20),
                decision=decision,
            )
        )
    session.flush()
    total = counted(session).total
    assert numbers(total) == (1, 1, 0, 0)
    assert total.extended == 1


def test_a_refused_extension_is_no_extension(session: Session) -> None:
    row = done(session, date(2026, 11, 10), at(date(2026, 11, 12)))
    session.add(
        Extension(
            assignment_id=row.id,
            member_id=AN,
            asked_at=at(date(2026, 11, 5)),
            reason="bận",
            due_before=date(2026, 11, 10),
            asked_due=date(2026, 11, 25),
            decision=Decision.REFUSED,
        )
    )
    session.flush()
    total = counted(session).total
    assert (total.late, total.extended) == (1, 0)


def test_tet_does_not_count_as_days_late() -> None:
    case = Case(id=1, due_on=date(2026, 2, 13), done_on=date(2026, 2, 24))
    share = share_of([case], "An", AN, today=date(2026, 3, 1), calendar=CALENDAR)
    assert share.late == 1
    assert share.mean_late_days == 2  # Monday the 23rd and Tuesday the 24th


def test_open_lateness_is_counted_to_today() -> None:
    case = Case(id=1, due_on=date(2026, 11, 20), done_on=None)  # a Friday; Tuesday the 24th is off
    share = share_of([case], "An", AN, today=date(2026, 11, 25), calendar=CALENDAR)
    assert share.mean_late_days == 2


# --- whose it is


def test_handed_over_work_counts_for_the_new_one_only(session: Session) -> None:
    row = given_work(session, date(2026, 11, 10), members=(AN, BINH))
    handed = session.get(Responsible, (row.id, AN))
    assert handed is not None
    handed.released_at = at(date(2026, 11, 3))
    session.flush()
    found = counted(session)
    assert [s.key_id for s in found.members] == [BINH]
    assert found.total.total == 1


def test_shared_work_counts_for_each_member_but_once_for_the_office(session: Session) -> None:
    done(session, date(2026, 11, 10), at(date(2026, 11, 10)), members=(AN, BINH))
    found = counted(session)
    assert [s.total for s in found.members] == [1, 1]
    assert found.total.total == 1
    assert {s.key_id: s.total for s in found.departments} == {TRADE: 1, ENERGY: 0}


def test_work_of_named_people_counts_for_their_departments(session: Session) -> None:
    done(session, date(2026, 11, 10), at(date(2026, 11, 10)), department_id=None, members=(AN, CHI))
    found = counted(session)
    assert {s.key_id: s.total for s in found.departments} == {TRADE: 1, ENERGY: 1}
    assert found.total.total == 1


def test_work_of_nobody_is_still_shown(session: Session) -> None:
    given_work(session, date(2026, 11, 10), department_id=None, members=())
    assert {s.key_id: s.total for s in counted(session).departments} == {None: 1, TRADE: 0, ENERGY: 0}


def test_who_has_left_stays_in_the_figures(session: Session) -> None:
    done(session, date(2026, 11, 10), at(date(2026, 11, 10)), members=(CHI,))
    member = session.get(Member, CHI)
    assert member is not None
    member.left_at = at(date(2026, 11, 15))
    session.flush()
    assert [s.name for s in counted(session).members] == ["Lê Văn Chí"]


def test_a_department_sees_only_its_own(session: Session) -> None:
    done(session, date(2026, 11, 10), at(date(2026, 11, 10)), members=(AN,))
    given_work(session, date(2026, 11, 10), department_id=ENERGY, members=(CHI,))
    found = counted(session, department_id=ENERGY)
    assert [s.key_id for s in found.departments] == [ENERGY]
    assert [s.key_id for s in found.members] == [CHI]
    assert numbers(found.total) == (1, 0, 0, 1)


def test_a_member_sees_only_their_own(session: Session) -> None:
    done(session, date(2026, 11, 10), at(date(2026, 11, 10)), members=(AN, BINH))
    given_work(session, date(2026, 11, 10), members=(BINH,))
    found = counted(session, member_id=AN)
    assert found.departments == ()
    assert [(s.key_id, s.total) for s in found.members] == [(AN, 1)]
    assert found.total.share == 1


# --- order and words


def test_nothing_due_gives_no_share_and_comes_last(session: Session) -> None:
    given_work(session, date(2026, 11, 10), department_id=ENERGY, members=(CHI,))
    found = counted(session).departments
    assert [(s.key_id, s.share) for s in found] == [(ENERGY, 0.0), (TRADE, None)]


def test_the_best_come_first_and_equals_by_name(session: Session) -> None:
    done(session, date(2026, 11, 10), at(date(2026, 11, 10)), members=(BINH, AN))
    done(session, date(2026, 11, 10), at(date(2026, 11, 12)), members=(CHI,))
    assert [s.key_id for s in counted(session).members] == [AN, BINH, CHI]


@pytest.mark.parametrize(
    ("on_time", "total", "said"),
    [
        (2000, 2001, "99,9%"),
        (1, 5000, "0,1%"),
        (2, 3, "66,7%"),
        (5, 5, "100%"),
        (0, 5, "0%"),
        (1, 2, "50%"),
        (0, 0, "–"),
    ],
)
def test_a_percentage_is_never_rounded_to_all_or_nothing(on_time: int, total: int, said: str) -> None:
    share = Share(
        name="",
        key_id=None,
        total=total,
        on_time=on_time,
        late=total - on_time,
        open_late=0,
        extended=0,
        mean_late_days=None,
    )
    assert percent(share) == said


def test_the_words_say_the_figures_and_how_they_are_counted(session: Session) -> None:
    done(session, date(2026, 11, 10), at(date(2026, 11, 10)))
    done(session, date(2026, 11, 10), at(date(2026, 11, 12)))
    given_work(session, date(2026, 11, 20))
    lines = [line.text for line in as_lines(counted(session))]
    assert lines[0] == "Tỷ lệ hoàn thành đúng hạn, từ 01/11/2026 đến 30/11/2026"
    assert lines[1] == (
        "Tổng cộng: 1/3 đúng hạn (33,3%); 1 báo cáo trễ hạn, 1 quá hạn chưa xong, "
        "trễ trung bình 2,5 ngày làm việc"
    )
    assert "Phòng Quản lý Năng lượng: chưa có nhiệm vụ nào đến hạn trong kỳ" in lines
    assert lines[-1] == "Không tính nhiệm vụ chưa đến hạn và nhiệm vụ đã huỷ."


def test_an_empty_period_says_so_and_no_percentage(session: Session) -> None:
    text = "\n".join(line.text for line in as_lines(counted(session)))
    assert "chưa có nhiệm vụ nào đến hạn" in text
    assert "%" not in text


def test_many_members_are_cut_and_counted() -> None:
    one = Share(name="An", key_id=1, total=1, on_time=1, late=0, open_late=0, extended=0, mean_late_days=None)
    found = Statistics(since=SINCE, until=UNTIL, departments=(), members=(one,) * (MAX_LINES + 3), total=one)
    assert "và 3 dòng nữa, xem trong tệp Excel." in [line.text for line in as_lines(found)]


def test_a_period_that_is_turned_round_is_refused(session: Session) -> None:
    with pytest.raises(Refused, match="sau ngày kết thúc"):
        on_time(session, UNTIL, SINCE, today=TODAY, calendar=CALENDAR)


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@settings(max_examples=60)
@given(st.lists(st.tuples(DAYS, st.none() | DAYS), max_size=12))
def test_the_parts_make_the_whole(days: list[tuple[date, date | None]]) -> None:
    cases = [Case(id=n, due_on=due, done_on=end) for n, (due, end) in enumerate(days)]
    share = share_of(cases, "", None, today=date(2027, 1, 1), calendar=CALENDAR)
    assert share.on_time + share.late + share.open_late == share.total == len(cases)
    assert (share.share is None) == (not cases)
    assert share.mean_late_days is None or share.mean_late_days >= 0
