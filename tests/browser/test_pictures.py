"""The pictures of the guide for Văn phòng: what it shows is what the program shows.

`make pictures` writes them anew: XINLUON_PICTURES names the folder they go to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.console_pages import DESK, PHONE, opened
from tests.console_office import ADMIN, CLERK, LEADER
from tests.lifelike_office import Lifelike, lifelike

pytestmark = pytest.mark.browser

GUIDE = Path(__file__).parents[2] / "docs" / "van-phong.md"
LARGEST = 120_000  # bytes of a picture
_COLOURS = 96


def _nothing(page: Page) -> None:
    """The page as it opens."""


def _write_a_notice(page: Page) -> None:
    page.get_by_label("Tiêu đề").fill("Kiểm kê tài sản cuối năm")
    page.get_by_role("textbox", name="Nội dung").fill(
        "Đề nghị các phòng, đơn vị kiểm kê tài sản, gửi biểu về Văn phòng.\n- Hạn gửi: 10/12/2026"
    )
    page.get_by_label("Các phòng quản lý").check()
    page.get_by_label("Cần xác nhận đã đọc").check()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is shown of which page, to whom. `of`: the part of the page, the whole where it is "".

    `path` may name something shown: {sent}. `most`: pixels of height; what is below is cut off.
    """

    name: str
    path: str
    who: str = CLERK
    phone: bool = False
    of: str = "main"
    most: int = 900
    act: Callable[[Page], None] = _nothing


PICTURES = (
    Picture(name="hom-nay", path="", of="", most=820),
    Picture(name="thong-bao-soan", path="/thong-bao/moi", most=1250, act=_write_a_notice),
    Picture(name="thong-bao-ban-nhap", path="/thong-bao/{draft}", most=1000),
    Picture(name="thong-bao-cho-duyet", path="/thong-bao/{waiting}", who=LEADER, phone=True, of="", most=760),
    Picture(name="thong-bao-dang-gui", path="/thong-bao/{sending}", most=620),
    Picture(name="thong-bao-ket-qua", path="/thong-bao/{sent}", most=860),
    Picture(name="hoi-dap-nhom", path="/hoi-dap/{group}", most=1000),
    Picture(name="hoi-dap-de-nghi", path="/hoi-dap/de-nghi/{change}", who=ADMIN, most=1000),
    Picture(name="nhiem-vu", path="/nhiem-vu", most=900),
    Picture(name="nhom", path="/nguoi/nhom", most=760),
    Picture(name="lich", path="/lich", most=760),
    Picture(name="bao-cao", path="/bao-cao", most=900),
    Picture(name="nhat-ky", path="/nhat-ky?ve=notice", most=760),
    Picture(name="cai-dat", path="/cai-dat", most=760),
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lifelike]:
    with lifelike(tmp_path_factory.mktemp("pictures")) as office:
        yield office


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(office: Lifelike, browser: Browser) -> Iterator[Callable[[str, bool], Page]]:
    """A page of somebody, logged in once."""
    with ExitStack() as stack:

        @cache
        def page_of(who: str, phone: bool) -> Page:
            size = PHONE if phone else DESK
            return stack.enter_context(opened(browser, office.office, name=who, size=size))

        yield page_of


# The Chromium of the tests knows no Vietnamese: its fields as one shows them that does.
_FIELDS_AS_HERE = """
for (const field of document.querySelectorAll("input[type=date]")) {
    const [year, month, day] = (field.value || "yyyy-mm-dd").split("-");
    field.type = "text";
    field.value = `${day}/${month}/${year}`;
}
for (const field of document.querySelectorAll("input[type=datetime-local]")) field.type = "text";
for (const field of document.querySelectorAll("input[type=file]")) {
    const button = document.createElement("button");
    button.className = "small secondary";
    button.textContent = "Chọn tệp";
    field.replaceWith(button, " Không có tệp nào được chọn");
}
scrollTo(0, 0);
"""


def _taken(page: Page, picture: Picture) -> bytes:
    """The part of the page, its colours cut down to a palette."""
    page.evaluate(_FIELDS_AS_HERE)
    whole = page.locator(picture.of or "body").bounding_box()
    assert whole
    width = (page.viewport_size or DESK)["width"]
    clip = {"x": 0, "y": whole["y"], "width": width, "height": min(whole["height"], picture.most)}
    shot = page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]
    small = BytesIO()
    with Image.open(BytesIO(shot)) as image:
        image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_each_picture_of_the_guide_can_be_made(
    office: Lifelike, pages: Callable[[str, bool], Page], picture: Picture
) -> None:
    page = pages(picture.who, picture.phone)
    page.goto(f"{office.office.url}/van-phong{picture.path.format(**office.shown)}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    picture.act(page)
    taken = _taken(page, picture)
    assert 5_000 < len(taken) < LARGEST
    folder = os.environ.get("XINLUON_PICTURES")
    if folder:
        (Path(folder) / f"{picture.name}.png").write_bytes(taken)


def test_the_guide_shows_exactly_these_pictures() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(hinh/([\w-]+)\.png\)", GUIDE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(picture.name for picture in PICTURES)
