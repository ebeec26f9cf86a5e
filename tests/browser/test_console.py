"""The console's own pages in Chromium: log-in by link, each page on a phone and a desk, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.console_pages import DESK, PHONE, check, opened
from tests.console_office import ADMIN, ConsoleOffice, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console")) as office:
        yield office


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize(
    ("size", "scheme"), [(PHONE, "light"), (DESK, "dark"), (DESK, "light"), (PHONE, "dark")]
)
def test_every_page_is_fit_for_phone_desk_and_screen_reader(
    office: ConsoleOffice, browser: Browser, size: ViewportSize, scheme: str
) -> None:
    with opened(browser, office, name=ADMIN, size=size, scheme=scheme) as page:  # type: ignore[arg-type]
        check(page, "hom-nay")
        for name in ("nhat-ky", "cai-dat"):
            page.goto(f"{office.url}/van-phong/{name}")
            check(page, name)
