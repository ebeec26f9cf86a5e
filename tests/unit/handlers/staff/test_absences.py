"""Absences in chat: said in a clerk's words, with who stands in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session, sessionmaker

from handlers.staff.absences import _read
from office.rights import NotAllowed
from scheduler import audience
from tests.unit.handlers.staff.people_office import Office, why


@pytest.fixture
def office(sessions: sessionmaker[Session]) -> Iterator[Office]:
    with sessions.begin() as session:
        yield Office(session)


@pytest.mark.parametrize(
    ("text", "since", "until", "name", "stand_in"),
    [
        ("26/11", (2026, 11, 26), (2026, 11, 26), "", ""),
        ("26/11 30/11", (2026, 11, 26), (2026, 11, 30), "", ""),
        ("26/11-30/11", (2026, 11, 26), (2026, 11, 30), "", ""),
        ("từ 26/11 đến hết ngày 30/11", (2026, 11, 26), (2026, 11, 30), "", ""),
        ("mai", (2026, 11, 26), (2026, 11, 26), "", ""),
        ("hôm nay đến mai", (2026, 11, 25), (2026, 11, 26), "", ""),
        ("từ mai đến 30/11", (2026, 11, 26), (2026, 11, 30), "", ""),
        ("28/12 5/1", (2026, 12, 28), (2027, 1, 5), "", ""),
        ("26/11 thay Trần Thị Bình", (2026, 11, 26), (2026, 11, 26), "", "Trần Thị Bình"),
        ("Nguyễn Thị Mai 26/11", (2026, 11, 26), (2026, 11, 26), "Nguyễn Thị Mai", ""),
        ("#3 26/11 27/11", (2026, 11, 26), (2026, 11, 27), "#3", ""),
        ("Lê Tú 26/11 thay Vũ Mai", (2026, 11, 26), (2026, 11, 26), "Lê Tú", "Vũ Mai"),
    ],
)
def test_absences_are_said_in_a_clerks_words(
    office: Office,
    text: str,
    since: tuple[int, int, int],
    until: tuple[int, int, int],
    name: str,
    stand_in: str,
) -> None:
    request = office.request(office.incoming("x"), office.an)
    said = _read(request, text + " lý do đi học")
    assert (said.since, said.until) == (date(*since), date(*until))
    assert (said.name, said.stand_in, said.reason) == (name, stand_in, "đi học")


@pytest.mark.parametrize("text", ["Nguyễn Thị Mai", "26/11 27/11 28/11", "thay Trần Thị Bình"])
def test_an_absence_without_its_days_is_asked_back(office: Office, text: str) -> None:
    request = office.request(office.incoming("x"), office.an)
    assert "Chưa rõ nghỉ ngày nào" in why(lambda: _read(request, text))


def test_pings_go_to_the_stand_in_who_is_told(office: Office) -> None:
    said = office.type(office.an, "/nghi 26/11 30/11 thay Trần Thị Bình lý do đi học")
    assert "Đã ghi Nguyễn Văn An nghỉ từ 26/11/2026 đến hết 30/11/2026." in said
    [pinged] = audience.privately(office.session, [office.an], on=date(2026, 11, 27))
    assert pinged.to.chat == f"s{office.binh}"
    assert "Anh/chị thay Nguyễn Văn An" in office.told(office.binh)[-1].text()
    assert office.told(office.an) == []
    assert "người thay: Trần Thị Bình" in office.type(office.an, "/toi")


def test_only_van_phong_records_the_absence_of_others(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.type(office.an, "/nghi Trần Thị Bình 26/11")
    office.type(office.clerk, "/nghi Trần Thị Bình 26/11 lý do ốm")
    told = office.told(office.binh)[-1].text()
    assert "Hoàng Thị Vân đã ghi anh/chị nghỉ ngày 26/11/2026" in told
    assert "ốm" in told


def test_what_is_wrong_with_an_absence_is_said(office: Office) -> None:
    assert "đã qua" in office.refused(office.an, "/nghi 20/11")
    assert "không thể là chính người nghỉ" in office.refused(office.an, "/nghi 26/11 thay Nguyễn Văn An")
    assert "chưa có người thay" in office.type(office.an, "/nghi 26/11").casefold()
    office.type(office.binh, "/nghi 1/12 3/12")
    assert "cũng nghỉ" in office.type(office.an, "/nghi 2/12 thay Trần Thị Bình")


def test_who_is_back_ends_the_running_absence_and_keeps_the_next(office: Office) -> None:
    office.type(office.an, "/nghi 25/11 30/11 thay Trần Thị Bình")
    office.type(office.an, "/nghi 20/12 22/12")
    said = office.type(office.an, "/hetnghi")
    assert "Bỏ: từ 25/11/2026 đến hết 30/11/2026" in said
    assert "Còn giữ lần nghỉ sắp tới: từ 20/12/2026" in said
    assert "không còn thay nữa" in office.told(office.binh)[-1].text()
    assert "Bỏ: từ 20/12/2026" in office.type(office.an, "/hetnghi")
    assert "không có lần nghỉ nào" in office.type(office.an, "/hetnghi")
    with pytest.raises(NotAllowed):
        office.type(office.binh, "/hetnghi Nguyễn Văn An")


def test_nghi_alone_lists_what_is_recorded(office: Office) -> None:
    office.type(office.an, "/nghi 26/11")
    assert "ngày 26/11/2026" in office.type(office.an, "/nghi")
    assert "Nguyễn Văn A 25/11" not in office.type(office.an, "/nghi")
    assert "Nguyễn Văn A 25/11" in office.type(office.clerk, "/nghi")
