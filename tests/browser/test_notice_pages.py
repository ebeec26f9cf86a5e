"""The pages about notices in Chromium: fit for phone, desk and screen reader, with and without script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from scheduler.notices import templates
from scheduler.notices.audience import Audience
from tests.browser.console_pages import DESK, PHONE, check, opened
from tests.console_notices import drafted, left, person, serving_notices
from tests.console_office import CLERK, ConsoleOffice, post

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving_notices(tmp_path_factory.mktemp("notices")) as office:
        drafted(office, "Lịch trực Tết Nguyên đán và phân công bảo vệ cơ quan", body="- Ngày 1.\n- Ngày 2.")
        left(office, "Triển khai Chỉ thị về kỷ luật, kỷ cương hành chính")
        with office.sessions.begin() as session:
            audience, clerk = Audience(departments=(1, 2)), person(session, office, CLERK)
            templates.save_list(session, "Khối tham mưu", audience, actor=clerk, now=office.clock.now())
        yield office


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_every_page_is_fit_for_phone_desk_and_screen_reader(
    office: ConsoleOffice, browser: Browser, size: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    with opened(browser, office, size=size, scheme=scheme) as page:
        for path in (
            "", "/moi", "/1", "/2", "/1/sua", "/2/dinh-chinh", "/mau", "/mau/1", "/mau/1/dung", "/danh-sach",
            "/danh-sach/1", "/dinh-ky",
        ):  # fmt: skip
            page.goto(f"{office.url}/van-phong/thong-bao{path}")
            check(page, f"thong-bao{path.replace('/', '-')}")


def test_a_form_that_was_refused_is_fit_too_and_keeps_what_was_typed(
    office: ConsoleOffice, browser: Browser
) -> None:
    with opened(browser, office, size=PHONE) as page:
        page.goto(f"{office.url}/van-phong/thong-bao/moi")
        page.get_by_label("Tiêu đề").fill("Họp")
        page.get_by_label("Mức độ").select_option("express")
        page.get_by_role("button", name="Lưu và xem trước").click()
        expect(page.get_by_label("Lý do gửi hoả tốc")).to_be_focused()
        expect(page.get_by_label("Tiêu đề")).to_have_value("Họp")
        check(page, "thong-bao-tra-lai")


def test_without_script_a_notice_is_followed_by_reloading(office: ConsoleOffice, browser: Browser) -> None:
    number = drafted(office, "Không cần mã")
    client = office.login(CLERK)
    post(client, f"/thong-bao/{number}/trinh")
    with opened(browser, office, script=False) as page:
        page.goto(f"{office.url}/van-phong/thong-bao/{number}")
        page.get_by_text("Huỷ", exact=True).first.click()
        box = page.locator("details.deed[open]")
        box.get_by_label("Lý do").fill("Thôi")
        box.get_by_role("button", name="Huỷ").last.click()
        expect(page.locator(".kicker")).to_contain_text("đã huỷ")
