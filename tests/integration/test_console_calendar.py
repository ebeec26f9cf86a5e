"""Lịch in the console: days off with their documents, deadlines, and the rehearsal that runs beside."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import func, select

from bot.web.console.pages import calendar
from office.deliveries import Delivery
from tests.console_office import CLERK, ConsoleOffice, post, serving

DAYS = 5  # enough to see


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console-calendar")) as office:
        office.office.staff.prepare()
        yield office


@pytest.fixture(scope="module")
def clerk(office: ConsoleOffice) -> httpx.Client:
    return office.login(CLERK)


def test_every_day_off_of_a_year_is_listed_with_its_document(clerk: httpx.Client) -> None:
    page = clerk.get("/van-phong/lich", params={"nam": "2026"}).text
    for day in ("Thứ sáu 02/01/2026", "Thứ bảy 10/01/2026", "02/09/2026"):
        assert day.lower() in page.lower(), day
    assert "làm bù" in page.lower()
    assert "Lịch làm việc năm 2026" in clerk.get("/van-phong/lich", params={"nam": "1800"}).text


def test_a_year_that_nobody_has_confirmed_is_said_to_be_computed(clerk: httpx.Client) -> None:
    assert "chưa được xác nhận" in clerk.get("/van-phong/lich", params={"nam": "2027"}).text


def test_a_deadline_is_counted_day_by_day(clerk: httpx.Client) -> None:
    page = clerk.get("/van-phong/lich", params={"nhan": "2025-12-31", "so": "5"}).text
    assert "Hạn: hết thứ Sáu 09/01/2026" in page
    assert "ngày nhận, không tính" in page
    for wrong in ("0", "501", "x", "-3"):
        assert "phải từ 1 đến 500" in clerk.get("/van-phong/lich", params={"so": wrong}).text


def test_a_rehearsal_runs_beside_and_is_shown_when_it_is_done(
    office: ConsoleOffice, clerk: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "DAYS", DAYS)
    before = clerk.get("/van-phong/lich/dien-tap").text
    assert "Diễn tập lúc" not in before
    begun = post(clerk, "/lich/dien-tap")
    assert begun.status_code == 303
    assert post(clerk, "/lich/dien-tap").status_code == 303  # while it runs, no second one
    with clerk.stream("GET", "/van-phong/lich/dien-tap/tien-do", timeout=60) as told:
        lines = [line for line in told.iter_lines() if line]
    assert lines[-2] == "event: done"
    assert f'"most": {DAYS}' in lines[-1]
    deadline = time.monotonic() + 10
    while "Diễn tập lúc" not in (page := clerk.get("/van-phong/lich/dien-tap").text):
        assert time.monotonic() < deadline, page
    assert page.count("<summary>") == DAYS
    assert "chưa có gì được gửi" in page
    with office.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_who_may_not_enter_sees_neither_calendar_nor_rehearsal(office: ConsoleOffice) -> None:
    stranger = office.client()
    assert stranger.get("/van-phong/lich").status_code == 401
    assert stranger.get("/van-phong/lich/dien-tap/tien-do").status_code == 401
