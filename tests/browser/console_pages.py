"""The console in Chromium, for the tests of its pages.

    with serving(folder, fill=fill_day) as office:  # a fixture of the module, as in test_console.py
    with opened(browser, office, size=PHONE) as page:
        page.goto(office.url + "/van-phong/nhat-ky")
        check(page, "nhat-ky")

XINLUON_PICTURES names a folder for pictures of what is checked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize

from tests.console_office import CLERK, ConsoleOffice

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
SERIOUS = ("serious", "critical")


@contextmanager
def opened(
    browser: Browser,
    office: ConsoleOffice,
    *,
    name: str = CLERK,
    size: ViewportSize = DESK,
    scheme: Literal["light", "dark"] = "light",
    script: bool = True,
) -> Iterator[Page]:
    """A page of somebody who has just logged in by link. Ends without a complaint of the browser."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    with browser.new_context(
        viewport=size,
        locale="vi-VN",
        color_scheme=scheme,
        java_script_enabled=script,
        extra_http_headers={"X-Forwarded-For": office.address()},
    ) as context:
        context.on("console", on_console)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto(office.link(name))
        page.get_by_role("button", name="Vào trang Văn phòng").click()
        page.wait_for_url("**/van-phong")
        yield page
    assert [text for text in complaints if "422" not in text] == []  # a refused form is no fault


def check(page: Page, picture: str = "") -> None:
    """No serious fault for people with disabilities, and nothing sticks out at the side."""
    if picture:
        take_picture(page, picture)
    found = Axe().run(page).response["violations"]
    faults = [
        (fault["id"], [node["html"][:160] for node in fault["nodes"]][:3])
        for fault in found
        if fault["impact"] in SERIOUS
    ]
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= (page.viewport_size or DESK)["width"]


def take_picture(page: Page, name: str) -> None:
    """A picture of the whole page, where a folder for it is named."""
    folder = os.environ.get("XINLUON_PICTURES")
    if folder:
        width = (page.viewport_size or DESK)["width"]
        scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
