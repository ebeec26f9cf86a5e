"""Nhiệm vụ, Người và nhóm, Lịch in Chromium: fit for phone, desk and screen reader, and used by a clerk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from bot.web.console.pages import calendar
from office import groups, people
from office.assignments import ProofKind
from scheduler import extensions, progress
from scheduler.work import Draft
from tests.browser.console_pages import DESK, PHONE, check, opened
from tests.console_office import ADMIN, CLERK, MEMBER, ConsoleOffice, serving

pytestmark = pytest.mark.browser


def fill(office: ConsoleOffice) -> None:
    """Work in all its states, a group that waits."""
    work, now = office.office.staff.work, office.clock.now()
    with office.sessions.begin() as session:
        clerk, member = (people.person(session, office.ids[name]) for name in (CLERK, MEMBER))
        assert clerk
        assert member
        for title, due in (("Báo cáo tháng 11", 4), ("Kế hoạch kiểm tra chợ", 10), ("Rà soát thủ tục", 20)):
            draft = Draft(title=title, department_id=1, due_on=date(2026, 12, due), document="375/SCT-VP")
            work.create(session, draft, actor=clerk, now=now)
        progress.report_done(
            session, work, 2, member, kind=ProofKind.LINK, proof="https://example.gov.vn/bc", now=now
        )
        until = date(2026, 12, 30)
        extensions.ask_extension(session, work, 3, member, until=until, reason="chờ số liệu", now=now)
        groups.met(
            session,
            channel="telegram",
            account="42",
            chat="-1",
            title="Nhóm Thương mại",
            added_by="An",
            now=now,
        )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console-staff"), fill=fill) as office:
        yield office


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


PAGES = {
    "nhiem-vu": "nhiem-vu",
    "nhiem-vu-danh-sach": "nhiem-vu/danh-sach",
    "nhiem-vu-bao-cao": "nhiem-vu/2",
    "nhiem-vu-gia-han": "nhiem-vu/3",
    "nhiem-vu-moi": "nhiem-vu/moi",
    "nhiem-vu-nhap": "nhiem-vu/nhap",
    "nhiem-vu-chuyen": "nhiem-vu/chuyen",
    "nhiem-vu-thong-ke": "nhiem-vu/thong-ke?tu=2026-11-01&den=2026-12-31",
    "nguoi": "nguoi",
    "nguoi-mot": "nguoi/1",
    "nguoi-moi": "nguoi/moi",
    "nguoi-phong": "nguoi/phong",
    "nguoi-nhom": "nguoi/nhom",
    "lich": "lich?nhan=2026-11-24&so=5",
    "lich-dien-tap": "lich/dien-tap",
}


WIDE = ("nhiem-vu", "nhiem-vu-danh-sach", "nhiem-vu-gia-han", "nguoi", "lich")


@pytest.mark.parametrize(("size", "scheme", "names"), [(PHONE, "dark", tuple(PAGES)), (DESK, "light", WIDE)])
def test_every_page_is_fit_for_phone_desk_and_screen_reader(
    office: ConsoleOffice, browser: Browser, size: ViewportSize, scheme: str, names: tuple[str, ...]
) -> None:
    with opened(browser, office, name=ADMIN, size=size, scheme=scheme) as page:  # type: ignore[arg-type]
        for name in names:
            page.goto(f"{office.url}/van-phong/{PAGES[name]}")
            page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
            check(page, name)


def test_a_clerk_gives_work_and_a_reason_that_was_forgotten_is_asked_for(
    office: ConsoleOffice, browser: Browser
) -> None:
    with opened(browser, office) as page:
        page.get_by_role("link", name="Nhiệm vụ", exact=True).click()
        page.get_by_role("link", name="Giao việc").click()
        page.get_by_label("Nội dung").fill("Tổng hợp ý kiến")
        page.get_by_label("Phòng thực hiện").select_option(label="Văn phòng Sở")
        page.get_by_label("Hoặc số ngày làm việc").fill("7")
        page.get_by_label("Mức độ").select_option(label="hoả tốc")
        page.get_by_role("button", name="Giao việc").click()
        assert page.get_by_role("alert").is_visible()
        assert page.get_by_label("Nội dung").input_value() == "Tổng hợp ý kiến"  # kept
        check(page)
        page.get_by_label("Lý do hoả tốc").fill("UBND tỉnh yêu cầu trong ngày")
        page.get_by_role("button", name="Giao việc").click()
        page.wait_for_url("**/nhiem-vu/*")
        assert "Đã giao nhiệm vụ số" in page.get_by_role("status").inner_text()
        page.get_by_text("Huỷ nhiệm vụ").first.click()
        page.get_by_label("Lý do huỷ").fill("đã có phòng khác làm")
        page.get_by_role("button", name="Huỷ nhiệm vụ").click()
        assert "Đã huỷ" in page.get_by_role("main").inner_text()


def test_a_table_is_looked_at_and_given(office: ConsoleOffice, browser: Browser, tmp_path: Path) -> None:
    table = tmp_path / "viec.csv"
    table.write_text(
        "Nội dung;Phòng;Hạn\nViệc từ bảng;Văn phòng Sở;15/12/2026\nViệc lạ;Phòng X;15/12/2026\n", "utf-8"
    )
    with opened(browser, office, size=PHONE) as page:
        page.goto(f"{office.url}/van-phong/nhiem-vu/nhap")
        page.get_by_label("Bảng Excel hoặc CSV").set_input_files(table)
        page.get_by_role("button", name="Xem trước").click()
        page.get_by_role("heading", name="Sẽ giao").wait_for()
        assert "Dòng 3" in page.get_by_role("main").inner_text()
        check(page, "nhiem-vu-xem-truoc")
        page.get_by_role("button", name="Giao 1 nhiệm vụ này").click()
        page.wait_for_url("**/nhiem-vu/danh-sach*")
        assert page.get_by_role("link", name="Việc từ bảng").is_visible()


def test_a_rehearsal_tells_of_its_progress_and_comes_up_by_itself(
    office: ConsoleOffice, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "DAYS", 5)
    with opened(browser, office) as page:
        page.goto(f"{office.url}/van-phong/lich/dien-tap")
        page.get_by_role("button", name="Diễn tập").click()
        page.get_by_role("heading", name="Diễn tập lúc").wait_for(timeout=40_000)
        check(page, "lich-dien-tap-xong")


def test_a_group_is_approved_with_the_keyboard(office: ConsoleOffice, browser: Browser) -> None:
    with opened(browser, office) as page:
        page.goto(f"{office.url}/van-phong/nguoi/nhom")
        page.get_by_label("Nhóm của").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("Đã duyệt nhóm «Nhóm Thương mại».").wait_for()
