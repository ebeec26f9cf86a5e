"""A department's calendar, read back with icalendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy.orm import Session

from bot.files.feed import department_by_token, department_feed, feed_token
from office import audit
from office.assignments import AssignmentState, Decision, Extension, Priority
from office.people import Department
from office.refusal import Refused
from scheduler.calendar import WorkCalendar
from tests.unit.bot.files_office import AN, BINH, CHI, ENERGY, MADE, TRADE, at, opened, work

CALENDAR = WorkCalendar.shipped()
NOW = at(date(2026, 11, 16))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with opened(tmp_path) as session:
        yield session


def feed(session: Session, *, now: datetime = NOW, department_id: int = TRADE) -> bytes:
    department = session.get(Department, department_id)
    assert department is not None
    return department_feed(session, department, CALENDAR, now)


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_an_assignment_is_an_all_day_event_on_its_last_day(session: Session) -> None:
    row = work(session, document="375/SCT-VP", document_date=date(2026, 11, 1), priority=Priority.URGENT)
    (event,) = events(feed(session))
    assert event["summary"] == "Hạn: Báo cáo tháng"
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2026, 11, 20), date(2026, 11, 21))
    assert event["dtstart"].params["VALUE"] == "DATE"
    assert event["status"] == "CONFIRMED"
    assert event["transp"] == "TRANSPARENT"
    assert event["dtstamp"].dt == event["last-modified"].dt == MADE
    lines = str(event["description"]).splitlines()
    assert lines == [
        f"Nhiệm vụ số {row.id}",
        "Theo 375/SCT-VP ngày 01/11/2026",
        "Người thực hiện: Nguyễn Văn An",
        "Mức độ: khẩn",
        "Tình trạng: đang thực hiện",
    ]
    assert not event.walk("VALARM")


def test_the_calendar_has_a_name_and_is_a_whole_file(session: Session) -> None:
    content = feed(session)
    calendar: Any = Calendar.from_ical(content)
    assert calendar["x-wr-calname"] == "Hạn công việc – Phòng Quản lý Thương mại"
    assert (calendar["version"], calendar["x-published-ttl"]) == ("2.0", "PT1H")
    assert calendar.subcomponents  # an empty VCALENDAR isn't valid
    assert not events(content)
    assert not calendar.errors
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in content


def test_only_unfinished_work_of_the_department_is_there(session: Session) -> None:
    work(session, title="đang làm")
    work(session, title="đã báo", state=AssignmentState.REPORTED, due_on=date(2026, 11, 21))
    work(session, title="đã xong", state=AssignmentState.DONE)
    work(session, title="đã huỷ", state=AssignmentState.CANCELLED)
    work(session, title="phòng khác", department_id=ENERGY, members=(CHI,))
    work(session, title="của người phòng này", department_id=None, members=(BINH,), due_on=date(2026, 11, 22))
    work(session, title="của người phòng khác", department_id=None, members=(CHI,))
    assert [str(e["summary"]) for e in events(feed(session))] == [
        "Hạn: đang làm",
        "Hạn: đã báo",
        "Hạn: của người phòng này",
    ]


def test_the_same_work_keeps_its_uid_and_an_extension_moves_it(session: Session) -> None:
    row = work(session)
    (before,) = events(feed(session))
    row.due_on = date(2026, 11, 27)
    decided = at(date(2026, 11, 12))
    session.add(
        Extension(
            assignment_id=row.id,
            member_id=AN,
            asked_at=at(date(2026, 11, 11)),
            reason="chờ số liệu",
            due_before=date(2026, 11, 20),
            asked_due=date(2026, 11, 27),
            granted_due=date(2026, 11, 27),
            decision=Decision.APPROVED,
        )
    )
    audit.record(
        session, "assignment.extend", at=decided, actor=None, subject="assignment", subject_id=row.id
    )
    audit.record(session, "other", at=NOW, actor=None, subject="group", subject_id=row.id)
    session.flush()
    (after,) = events(feed(session))
    assert before["uid"] == after["uid"]
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert after["dtstart"].dt == date(2026, 11, 27)
    assert after["last-modified"].dt == decided
    assert "Hạn ban đầu: 20/11/2026, đã được gia hạn." in str(after["description"])


def test_overdue_work_says_so_from_the_next_day_on(session: Session) -> None:
    work(session)
    assert "QUÁ HẠN" not in str(events(feed(session, now=at(date(2026, 11, 20), 23)))[0]["description"])
    (event,) = events(feed(session, now=at(date(2026, 11, 21), 0)))
    assert str(event["description"]).startswith("ĐÃ QUÁ HẠN từ ngày 21/11/2026.")
    assert event["last-modified"].dt == at(date(2026, 11, 21), 0)


def test_the_file_stays_the_same_while_nothing_happens(session: Session) -> None:
    work(session)
    assert feed(session) == feed(session, now=NOW + timedelta(hours=5))


def test_a_due_day_on_a_day_off_is_pointed_out(session: Session) -> None:
    work(session, due_on=date(2026, 11, 22))
    work(session, due_on=date(2026, 11, 24))
    said = [str(e["description"]) for e in events(feed(session))]
    assert "(cuối tuần)" in said[0]
    assert "Ngày đến hạn là ngày nghỉ (" in said[1]
    assert "cuối tuần" not in said[1]


def test_odd_titles_survive_the_folding_of_lines(session: Session) -> None:
    title = "Rà soát; thống kê, đối chiếu \\ số liệu " + "ngành Công Thương " * 12 + "\nBEGIN:VALARM"
    work(session, title=title)
    content = feed(session)
    assert str(events(content)[0]["summary"]) == f"Hạn: {title}"
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_a_whole_department_is_not_listed_by_name(session: Session) -> None:
    work(session, members=(AN, BINH), named=False)
    assert "Người thực hiện" not in str(events(feed(session))[0]["description"])


# --- the secret


def test_the_secret_is_made_once_and_leads_to_the_department(session: Session) -> None:
    token = feed_token(session, TRADE)
    assert len(token) >= 40
    assert feed_token(session, TRADE) == token
    assert feed_token(session, ENERGY) != token
    found = department_by_token(session, token)
    assert found is not None
    assert found.id == TRADE


def test_no_or_a_wrong_secret_leads_nowhere(session: Session) -> None:
    feed_token(session, TRADE)
    assert department_by_token(session, "") is None
    assert department_by_token(session, "x" * 43) is None


def test_a_department_that_is_not_there_has_no_calendar(session: Session) -> None:
    with pytest.raises(Refused, match="Không có phòng này"):
        feed_token(session, 99)
