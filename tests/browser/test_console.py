"""The console's own pages in Chromium: log-in, each page on a phone and a desk, with and without script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from tests.browser.console_pages import DESK, PHONE, check, opened
from tests.console_office import ADMIN, ConsoleOffice, serving
from tests.console_rows import FAILED, UNCERTAIN, fill_day

pytestmark = pytest.mark.browser

LOOKS: list[tuple[ViewportSize, Literal["light", "dark"]]] = [(PHONE, "light"), (DESK, "dark")]
if "XINLUON_PICTURES" in os.environ:
    LOOKS += [(DESK, "light"), (PHONE, "dark")]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console"), fill=fill_day) as office:
        yield office


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_page_is_fit_for_phone_desk_and_screen_reader(
    office: ConsoleOffice, browser: Browser, size: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    with opened(browser, office, name=ADMIN, size=size, scheme=scheme) as page:
        check(page, "hom-nay")
        for name in ("nhat-ky", "cai-dat", "kenh"):
            page.goto(f"{office.url}/van-phong/{name}")
            check(page, name)


@pytest.mark.parametrize("size", [PHONE])
def test_the_pages_before_the_log_in_are_fit_too(
    office: ConsoleOffice, browser: Browser, size: ViewportSize
) -> None:
    with browser.new_context(viewport=size, locale="vi-VN") as context:
        page = context.new_page()
        for name, path in (
            ("dang-nhap", ""),
            ("vao", "/vao?ma=abc"),
            ("nhan-quyen", "/nhan-quyen?ma=ABCD-EFGH"),
        ):
            page.goto(f"{office.url}/van-phong{path}")
            check(page, name)


@pytest.mark.parametrize("script", [True, False], ids=["script", "without script"])
def test_messages_are_settled_and_switches_turned(
    office: ConsoleOffice, browser: Browser, script: bool
) -> None:
    number, button = (UNCERTAIN, "Đã tới") if script else (FAILED, "Gửi lại")
    with opened(browser, office, script=script) as page:
        page.get_by_role("button", name=f"{button} (tin số {number})").click()
        expect(page.get_by_role("status").first).to_contain_text(f"Tin số {number}")
        expect(page.get_by_role("button", name=f"{button} (tin số {number})")).to_have_count(0)

        page.get_by_role("navigation").get_by_role("link", name="Cài đặt").click()
        turned = "Cho chạy lại" if not script else "Dừng"
        card = page.get_by_role("region", name="Tin gửi vào các nhóm")
        card.get_by_label("Lý do").fill("Bảo trì đường truyền")
        card.get_by_role("button", name=turned).click()
        expect(card).to_contain_text("Lý do: Bảo trì đường truyền")

        page.goto(f"{office.url}/van-phong/nhat-ky")
        page.get_by_label("Việc").select_option(label="dừng gửi" if script else "cho gửi lại")
        page.get_by_role("button", name="Lọc").click()
        expect(page.get_by_role("row")).to_have_count(2)
        expect(page.get_by_role("row").last).to_contain_text("tin gửi vào các nhóm")


def test_what_was_typed_stays_when_it_is_refused_and_the_fault_is_told(
    office: ConsoleOffice, browser: Browser
) -> None:
    with opened(browser, office) as page:
        page.goto(f"{office.url}/van-phong/cai-dat")
        card = page.get_by_role("region", name="Trả lời người dân")
        card.get_by_label("Lý do").fill("   ")  # the browser lets blanks pass, the office doesn't
        card.get_by_role("button", name="Dừng").click()
        expect(page.get_by_role("alert")).to_contain_text("Biểu mẫu chưa đúng")
        expect(card.get_by_label("Lý do")).to_have_accessible_description("Xin điền chỗ này.")
        expect(card.get_by_label("Lý do")).to_be_focused()
        check(page, "bi-tra-lai")


def test_the_keyboard_comes_past_the_menu_and_sees_where_it_is(
    office: ConsoleOffice, browser: Browser
) -> None:
    with opened(browser, office) as page:
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Đến nội dung chính")
        expect(skip).to_be_focused()
        assert skip.evaluate("e => getComputedStyle(e).outlineWidth") == "3px"
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        current = page.get_by_role("navigation").locator("[aria-current='page']")
        expect(current).to_have_text("Hôm nay")
