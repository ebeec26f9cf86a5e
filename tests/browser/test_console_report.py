"""The page Báo cáo in Chromium: on a phone and a desk, for screen readers, its days and files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.console_pages import DESK, PHONE, check, opened
from tests.console_office import LEADER, ConsoleOffice, serving
from tests.integration.test_console_report import fill

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console"), fill=fill) as office:
        yield office


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")])
def test_the_report_is_fit_for_phone_desk_and_screen_reader(
    office: ConsoleOffice, browser: Browser, size: ViewportSize, scheme: str
) -> None:
    with opened(browser, office, name=LEADER, size=size, scheme=scheme) as page:  # type: ignore[arg-type]
        page.goto(f"{office.url}/van-phong/bao-cao")
        page.get_by_text("Cách tính số liệu", exact=True).click()
        check(page, "bao-cao")


def test_a_leader_chooses_days_and_takes_the_word_file_away(office: ConsoleOffice, browser: Browser) -> None:
    with opened(browser, office, name=LEADER) as page:
        page.get_by_role("link", name="Báo cáo").click()
        page.get_by_role("link", name="Tháng trước").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Báo cáo tháng 10 năm 2026"
        page.get_by_label("Từ ngày").fill("2026-11-03")
        page.get_by_label("Đến ngày").fill("2026-11-09")
        page.get_by_role("button", name="Xem").click()
        assert page.get_by_text("Tiếp nhận 3 lượt hỏi").is_visible()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Tải dự thảo báo cáo (Word)").click()
        assert waiting.value.suggested_filename == "bao-cao-20261103-20261109.docx"
