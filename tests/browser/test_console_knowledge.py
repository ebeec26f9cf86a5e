"""Hỏi đáp and Kho tri thức in Chromium: on a phone and a desk, for people with disabilities too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.console_pages import DESK, PHONE, check, opened
from tests.console_office import ADMIN, CLERK, ConsoleOffice, serving
from tests.console_questions import ALIKE, fill_questions
from tests.quick_knowledge import quick_knowledge

pytestmark = pytest.mark.browser

SECONDS = 60  # for trying a change on a busy machine


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    folder = tmp_path_factory.mktemp("console-knowledge")
    with quick_knowledge(), serving(folder, fill=fill_questions) as office:
        yield office


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def look(page: Page, office: ConsoleOffice, path: str, name: str) -> None:
    page.goto(f"{office.url}/van-phong{path}")
    check(page, name)


def test_a_clerk_ties_a_question_and_a_second_person_approves(
    office: ConsoleOffice, browser: Browser
) -> None:
    with opened(browser, office, name=CLERK, size=PHONE) as page:
        page.set_default_timeout(SECONDS * 1000)
        look(page, office, "/hoi-dap", "hoi-dap")
        page.get_by_role("link", name=ALIKE[0]).click()
        check(page, "hoi-dap-nhom")
        page.get_by_role("radio", name="Cấp giấy phép bán lẻ rượu").first.check()
        page.get_by_role("button", name="Đề nghị gắn vào mục này").click()
        expect(page.get_by_role("heading", name="Trước và sau khi sửa")).to_be_visible(timeout=SECONDS * 1000)
        check(page, "hoi-dap-de-nghi")
        address = page.url
    with opened(browser, office, name=ADMIN, size=DESK) as page:
        page.set_default_timeout(SECONDS * 1000)
        page.goto(address)
        page.get_by_role("button", name="Duyệt và áp dụng").click()
        expect(page.get_by_text("câu trả lời mới dùng được ngay")).to_be_visible(timeout=SECONDS * 1000)
        check(page, "hoi-dap-da-duyet")
        page.get_by_role("button", name="Hoàn lại").click()
        expect(page.get_by_text("Đã hoàn lại.")).to_be_visible(timeout=SECONDS * 1000)


def test_every_page_is_fit_for_phone_and_screen_reader(office: ConsoleOffice, browser: Browser) -> None:
    with opened(browser, office, name=CLERK, size=PHONE) as page:
        for path, name in (
            ("/hoi-dap/de-nghi", "de-nghi"),
            ("/hoi-dap/cau-hoi", "cau-hoi"),
            ("/hoi-dap/2/muc-moi", "muc-moi"),
            ("/hoi-dap/2/tra-loi-ngoai", "tra-loi-ngoai"),
            ("/kho-tri-thuc", "kho-tri-thuc"),
            ("/kho-tri-thuc/muc/ruou_ban_le_cap_huyen", "muc"),
            ("/kho-tri-thuc/thu?cau=xin giấy bán lẻ rượu mất bao lâu", "thu"),
            ("/kho-tri-thuc/kiem-tra", "kiem-tra"),
        ):
            look(page, office, path, name)
