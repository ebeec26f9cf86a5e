"""The program that people start, met in Chromium. XINLUON_PICTURES names a folder for pictures of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, ViewportSize, expect, sync_playwright

from tests.acceptance.program import Program

pytestmark = pytest.mark.browser

INPUT = "Câu hỏi của anh/chị"
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}

OWN = """\
field: Việc thử
owner: Văn phòng
review_by: 2035-01-01
entries:
  - id: thu_lan
    kind: procedure
    title: Đăng ký biểu diễn lân sư rồng trên địa bàn tỉnh vào dịp lễ, tết
    label: Đăng ký lân sư rồng
    agency: Sở Thử Nghiệm
    fees: [{amount: 123000, payer: tổ chức}, {amount: 45000, payer: cá nhân}]
    times: [{number: 5, working: true, since: kể từ ngày nhận đủ hồ sơ hợp lệ}]
    filing: [{way: in_person}, {way: online}]
    documents:
      - items:
          - text: Đơn đăng ký biểu diễn theo mẫu, ghi rõ họ tên, địa chỉ của người đứng đầu đoàn lân
            copies: 01 bản chính
          - {text: Ảnh chụp con lân nhìn từ phía trước, copies: 02 bản}
          - {text: Sơ đồ đường đi}
    sources: {s1: {kind: official, url: "https://example.gov.vn/thu-tuc/lan-su-rong"}}
    as_of: 2026-01-01
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "rieng").mkdir()
    (folder / "rieng" / "a.yaml").write_text(OWN, "utf-8")
    office = {"name": "Sở Công Thương tỉnh Kiên Giang"}
    with Program(folder, settings={"office": office, "knowledge": {"folders": ["rieng"]}}) as program:
        program.start()
        yield program


# Whether the page has stopped scrolling to the last answer.
STILL = "() => new Promise((told) => { const y = scrollY; setTimeout(() => told(scrollY === y), 150); })"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def page(browser: Browser, program: Program, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page as it opens; a test ends without a complaint of the browser."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    with browser.new_context(viewport=request.param, locale="vi-VN") as context:
        context.on("console", on_console)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto(program.url)
        yield page
    assert complaints == []


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("XINLUON_PICTURES")
    if folder:
        width = (page.viewport_size or DESK)["width"]
        page.wait_for_timeout(600)  # until it has scrolled
        page.screenshot(path=Path(folder) / f"{width}-{name}.png")


def ask(page: Page, question: str) -> Locator:
    """Type a question and send it; the last message once the answer is there."""
    count = page.get_by_role("article").count()
    page.get_by_label(INPUT).fill(question)
    page.wait_for_function(STILL)  # else the button may move away under the finger
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.get_by_role("article")).to_have_count(count + 2)
    return page.get_by_role("article").last


def tap(page: Page, button: str, *, within: Locator | None = None) -> Locator:
    (within or page.get_by_role("article").last).get_by_role("button", name=button).click()
    expect(page.locator("[aria-busy]")).to_have_count(0)
    return page.get_by_role("article").last


def test_the_main_job_from_the_first_question_to_the_reload(page: Page, program: Program) -> None:
    picture(page, "01-open")
    expect(page.get_by_role("article")).to_contain_text("Sở Công Thương tỉnh Kiên Giang")

    choices = ask(page, "bao nhieu tien")
    options = choices.get_by_role("group", name="Chọn một mục").get_by_role("button")
    assert 2 <= options.count() <= 4
    picture(page, "02-choices")
    options.nth(1).click()
    expect(page.get_by_role("article", name="Anh/chị hỏi").last).not_to_have_text("bao nhieu tien")
    picture(page, "03-chosen")

    answer = ask(page, "phi ban le thuoc la")
    expect(answer).to_contain_text("31/12/2026")
    expect(answer).to_contain_text("Nguồn: dichvucong.gov.vn")
    picture(page, "04-fee")

    facet = tap(page, "Thời hạn")
    expect(facet).to_contain_text("ngày")
    expect(facet).not_to_contain_text("300.000")
    picture(page, "05-facet")

    _tick_a_checklist(page)

    reply = tap(page, "Hữu ích", within=page.get_by_role("article", name="Trả lời").nth(-2))
    expect(reply).to_contain_text("Cảm ơn")
    picture(page, "09-voted")

    before = page.get_by_role("article").all_inner_texts()
    page.reload()
    assert page.get_by_role("article").all_inner_texts() == before
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    picture(page, "10-reloaded")
    assert (1,) in program.rows("SELECT vote FROM questions WHERE text LIKE 'dang ky%'")
    assert page.evaluate("document.documentElement.scrollWidth") == (page.viewport_size or DESK)["width"]


def _tick_a_checklist(page: Page) -> None:
    answer = ask(page, "dang ky bieu dien lan su rong can giay to gi")
    expect(answer).to_contain_text("Sơ đồ đường đi")
    picture(page, "06-documents")
    checklist = tap(page, "Kiểm tra hồ sơ")
    expect(checklist.get_by_role("checkbox")).to_have_count(3)
    picture(page, "07-checklist")
    box = checklist.get_by_role("checkbox").nth(1)
    page.wait_for_timeout(300)  # until it scrolls
    page.wait_for_function(STILL)
    before = box.bounding_box()
    box.click()
    expect(checklist).to_contain_text("Còn thiếu 2/3:")
    after = box.bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) < 3  # it stays under the finger though the text above it has grown
    expect(checklist.get_by_role("listitem")).to_have_count(2)
    picture(page, "08-missing")


def test_every_stop_of_the_menu_can_be_reached(page: Page) -> None:
    fields = tap(page, "Thủ tục theo lĩnh vực")
    picture(page, "11-fields")
    expect(fields).to_contain_text("chọn lĩnh vực")
    entries = tap(page, "Việc thử")
    picture(page, "12-entries")
    entry = tap(page, "Đăng ký lân sư rồng", within=entries)
    expect(entry).to_contain_text("123.000 đồng")
    picture(page, "13-entry")
    tap(page, "Gặp cán bộ")
    picture(page, "14-human")
    tap(page, "Hỏi việc khác")
    picture(page, "15-other")


def test_what_is_not_handled_here_is_said_politely(page: Page) -> None:
    answer = ask(page, "đăng ký kết hôn ở đâu")
    expect(answer.get_by_role("link", name="https://dichvucong.gov.vn")).to_be_visible()
    picture(page, "16-outside")
