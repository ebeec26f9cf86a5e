"""The chat page and the widget as people meet them, in Chromium."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.channels.web import Web
from bot.web.app import create_app
from tests.fakes.page_desk import PageDesk

pytestmark = pytest.mark.browser

QUESTION = "le phi giay phep ban le ruou"
INPUT = "Câu hỏi của anh/chị"


def now() -> datetime:
    return datetime.now(UTC)


class Served:
    """An application on a free port of this machine, in a thread of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._web = Web(app, host="127.0.0.1", port=0, now=now)
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._web.run())
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(asyncio.wait([self._task]))

    def __enter__(self) -> Served:
        self._thread.start()
        while not self._web.state.up:
            time.sleep(0.01)
        self.port = int(self._web.state.facts["port"])
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()


async def host_page(request: Request) -> Response:
    """A page of the office's own website, with a strict policy and rude styles."""
    home = request.query_params["home"]
    html = (
        '<!doctype html><html lang="vi"><title>Trang của cơ quan</title>'
        '<link rel="stylesheet" href="/rude.css">'
        '<h1>Trang của cơ quan</h1><a href="#x">Liên kết</a>'
        f'<script src="{home}/widget.js" defer></script></html>'
    )
    policy = f"default-src 'none'; style-src 'self'; script-src {home}; frame-src {home}"
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


async def rude_style(request: Request) -> Response:
    style = "button { position: static; width: 100%; color: red; } div, iframe { display: none; }"
    return Response(style, media_type="text/css")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Containers run tests as root, where Chromium's own sandbox can't be.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office_site() -> Iterator[Served]:
    app = Starlette(routes=[Route("/", host_page), Route("/rude.css", rude_style)])
    with Served(app) as served:
        yield served


@pytest.fixture
def desk() -> PageDesk:
    return PageDesk()


@pytest.fixture
def home(desk: PageDesk, office_site: Served) -> Iterator[str]:
    """The address of the chat service, which the office's site may embed.

    At 127.0.0.1 it is a neighbour; at localhost a stranger, whose frames keep neither cookies nor storage.
    """
    app = create_app(
        desk=desk,
        health=lambda: (True, {}),
        metrics=lambda: b"",
        now=now,
        office_name="Sở Công Thương tỉnh Kiên Giang",
        office_phone="0297 3000 000",
        allowed_origins=[f"http://{host}:{office_site.port}" for host in ("127.0.0.1", "localhost")],
        requests_per_minute=1000,
    )
    with Served(app) as served:
        yield f"http://127.0.0.1:{served.port}"


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of: errors, warnings, violations of the policy. A test ends with none."""
    return []


@pytest.fixture
def context(browser: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="vi-VN") as context:
        _listen(context, complaints)
        yield context
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext, home: str) -> Page:
    page = context.new_page()
    page.goto(home)
    return page


def _listen(context: BrowserContext, complaints: list[str]) -> None:
    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    context.on("console", on_console)
    context.on("weberror", lambda error: complaints.append(str(error.error)))


def ask(page: Page, question: str = QUESTION) -> None:
    page.get_by_label(INPUT).fill(question)
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.get_by_role("article").last).to_contain_text("1.200.000 đồng")


def messages(page: Page) -> list[str]:
    return page.get_by_role("article").all_inner_texts()


def test_a_question_is_answered_with_its_source(page: Page) -> None:
    ask(page)
    expect(page.get_by_role("article", name="Anh/chị hỏi")).to_have_text(QUESTION)
    answer = page.get_by_role("article", name="Trả lời").last
    expect(answer.get_by_role("heading", level=2)).to_have_text("Cấp Giấy phép bán lẻ rượu")
    expect(answer.get_by_role("listitem")).to_have_count(2)
    source = answer.get_by_role("link", name="https://dichvucong.gov.vn/thu-tuc/2.001623")
    expect(source).to_have_attribute("rel", "noopener noreferrer")
    expect(answer.get_by_role("link", name="Nộp trực tuyến (mở tab mới)")).to_have_attribute(
        "target", "_blank"
    )
    expect(page.get_by_label(INPUT)).to_have_value("")


def test_a_choice_is_shown_as_said_and_answered(page: Page, desk: PageDesk) -> None:
    page.get_by_role("button", name="Rượu, thuốc lá").click()
    expect(page.get_by_role("article", name="Anh/chị hỏi")).to_have_text("Rượu, thuốc lá")
    expect(page.get_by_role("article").last).to_contain_text("1.200.000 đồng")
    assert desk.asked[-1].payload == "ruou"


def test_a_typed_number_picks_what_the_person_sees(page: Page, desk: PageDesk) -> None:
    page.get_by_label(INPUT).fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").last).to_contain_text("1.200.000 đồng")
    assert desk.asked[-1].payload == "hoachat"


def test_a_checklist_is_ticked_in_place(page: Page) -> None:
    ask(page)
    page.get_by_role("button", name="Hồ sơ", exact=True).click()
    checklist = page.get_by_role("article").last
    expect(checklist).to_contain_text("Còn thiếu 3 giấy tờ.")
    count = len(messages(page))
    # Two at once: the second is sent from what the first one's answer put in its place.
    boxes = checklist.get_by_role("checkbox")
    boxes.nth(0).click()
    boxes.nth(2).click()
    expect(checklist).to_contain_text("Còn thiếu 1 giấy tờ.")
    assert [box.is_checked() for box in boxes.all()] == [True, False, True]
    assert len(messages(page)) == count
    expect(page.get_by_role("status").last).to_have_text("Còn thiếu 1 giấy tờ.")


def test_a_vote_stays_pressed(page: Page, desk: PageDesk) -> None:
    ask(page)
    good, bad = (page.get_by_role("button", name=name) for name in ("👍 Hữu ích", "👎 Chưa đúng ý"))
    expect(good).to_have_attribute("aria-pressed", "false")
    good.click()
    expect(page.get_by_role("article").last).to_contain_text("Cảm ơn")
    page.reload()
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(bad).to_have_attribute("aria-pressed", "false")
    assert desk.asked[-2].payload == "vote:1"


def test_the_conversation_outlives_a_reload(page: Page, desk: PageDesk) -> None:
    ask(page)
    page.get_by_role("button", name="Hồ sơ", exact=True).click()
    page.get_by_role("checkbox").nth(1).click()
    expect(page.get_by_role("article").last).to_contain_text("Còn thiếu 2 giấy tờ.")
    before = messages(page)
    page.reload()
    assert messages(page) == before
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    page.get_by_role("checkbox").nth(0).click()
    expect(page.get_by_role("article").last).to_contain_text("Còn thiếu 1 giấy tờ.")
    assert desk.asked[-1].chat == desk.asked[1].chat


def test_clearing_forgets_the_conversation_and_its_session(page: Page, desk: PageDesk) -> None:
    ask(page)
    page.get_by_role("button", name="Xoá cuộc trò chuyện").click()
    expect(page.get_by_role("article")).to_have_count(1)
    page.reload()
    expect(page.get_by_role("article")).to_have_count(1)
    ask(page)
    assert desk.asked[-1].chat != desk.asked[1].chat


def test_markup_is_shown_not_obeyed(page: Page) -> None:
    text = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    page.get_by_label(INPUT).fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").last).to_contain_text(f"Bạn viết: {text}")
    page.reload()
    expect(page.get_by_role("article", name="Anh/chị hỏi")).to_have_text(text)
    expect(page.locator("#log img, #log script")).to_have_count(0)
    expect(page.get_by_role("article").last.get_by_role("link")).to_have_text("https://vi.du/")


def test_a_lost_connection_is_told_and_tried_again(page: Page, desk: PageDesk, complaints: list[str]) -> None:
    page.route("**/api/chat", lambda route: route.abort())
    page.get_by_label(INPUT).fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Chưa gửi được")
    page.unroute("**/api/chat")
    page.get_by_role("button", name="Thử lại").click()
    expect(page.get_by_role("article").last).to_contain_text("1.200.000 đồng")
    expect(page.get_by_role("status").first).to_have_text("")
    assert [asked.text for asked in desk.asked].count(QUESTION) == 1
    assert [text for text in complaints if "ERR_FAILED" in text] == complaints
    complaints.clear()


def test_a_refusal_is_told_in_the_service_s_words(page: Page, desk: PageDesk, complaints: list[str]) -> None:
    desk.broken = True
    page.get_by_label(INPUT).fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Xin thử lại sau ít phút.")
    assert [text for text in complaints if "500" in text] == complaints
    complaints.clear()


def test_everything_can_be_done_by_keyboard(page: Page, desk: PageDesk) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến ô nhập câu hỏi")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label(INPUT)).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("bao nhieu?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").last).to_contain_text("1.200.000 đồng")
    assert desk.asked[-1].text == f"{QUESTION}\nbao nhieu?"
    expect(page.get_by_label(INPUT)).to_be_focused()

    facet = page.get_by_role("button", name="Hồ sơ", exact=True)
    _tab_back_to(page, "Hồ sơ")
    expect(facet).to_be_focused()
    assert facet.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").last).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("article").last).to_contain_text("Còn thiếu 2 giấy tờ.")
    expect(page.get_by_role("checkbox").first).to_be_focused()


def _tab_back_to(page: Page, label: str) -> None:
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent").strip() == label:
            return
    pytest.fail(f"{label!r} can't be reached by Tab")


def test_a_narrow_phone_needs_no_sideways_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    ask(page, QUESTION + " " + "x" * 200)
    page.get_by_role("button", name="Hồ sơ", exact=True).click()
    expect(page.get_by_role("checkbox")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, label:has(input), .choices a")]
            .filter((node) => node.offsetParent && node.getBoundingClientRect().height < 44)
            .map((node) => node.textContent)"""
    )
    assert small == []
    tiny = page.evaluate(
        """() => [...document.body.querySelectorAll("*")]
            .filter((node) => node.textContent.trim() && parseFloat(getComputedStyle(node).fontSize) < 16)
            .map((node) => node.outerHTML)"""
    )
    assert tiny == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ask(page)
    page.get_by_role("button", name="Hồ sơ", exact=True).click()
    page.get_by_role("checkbox").first.click()
    expect(page.get_by_role("article").last).to_contain_text("Còn thiếu 2 giấy tờ.")
    is_dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 24, 23)"
    assert is_dark is (scheme == "dark")
    assert page.evaluate(FAINT_TEXTS) == []


# Texts whose contrast with the ground behind them is below WCAG's 4.5:1.
FAINT_TEXTS = """() => {
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = rgba(getComputedStyle(node).backgroundColor);
      if (color.length === 3) return color;
    }
    return [255, 255, 255];
  };
  const contrast = (node) => {
    const [a, b] = [light(rgba(getComputedStyle(node).color)), light(ground(node))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  return [...document.body.querySelectorAll("*")]
    .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
    .filter((node) => node.offsetParent && contrast(node) < 4.5)
    .map((node) => node.textContent.trim() + " " + contrast(node).toFixed(2));
}"""


def test_a_screen_reader_finds_its_way(page: Page) -> None:
    log = page.get_by_role("log", name="Cuộc trò chuyện")
    expect(log).to_have_attribute("aria-live", "polite")
    ask(page)
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].map((node) => Number(node.tagName[1]))"
    )
    assert levels == [1, 2, 2]
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=hidden]), a, textarea")]
            .filter((node) => !node.textContent.trim() && !(node.labels && node.labels.length)).length"""
    )
    assert nameless == 0


def test_motion_is_left_out_for_those_who_ask(page: Page) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    assert page.evaluate(behaviour) == "smooth"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(behaviour) == "auto"


def test_without_script_questions_and_choices_still_work(browser: Browser, home: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(home)
        ask(page)
        page.get_by_role("button", name="Hồ sơ", exact=True).click()
        expect(page.get_by_role("article").last).to_contain_text("Còn thiếu 3 giấy tờ.")
        page.get_by_role("button", name="Bản sao hợp đồng").click()
        expect(page.get_by_role("article").last).to_contain_text("Còn thiếu 2 giấy tờ.")
        page.get_by_role("button", name="Danh mục").click()
        expect(page.get_by_role("heading", level=2)).to_have_text("Xin chào, bạn cần hỏi việc gì?")
        page.get_by_role("button", name="Xoá cuộc trò chuyện").click()
        expect(page).to_have_url(home + "/")


class TestWidget:
    def open_site(self, context: BrowserContext, office_site: Served, home: str, host: str) -> Page:
        page = context.new_page()
        page.goto(f"http://{host}:{office_site.port}/?home={home}")
        return page

    def test_opens_on_another_site_and_answers(
        self, context: BrowserContext, office_site: Served, home: str
    ) -> None:
        page = self.open_site(context, office_site, home, "localhost")
        names = set(page.evaluate("Object.keys(window)"))
        button = page.get_by_role("button", name="Hỏi đáp")
        expect(button).to_have_attribute("aria-expanded", "false")
        expect(button).to_have_css("position", "fixed")
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(page.get_by_role("dialog", name=re.compile("^Hỏi đáp thủ tục"))).to_be_visible()
        chat = page.frame_locator("iframe")
        box = chat.get_by_label(INPUT)
        expect(box).to_be_focused()
        page.keyboard.type(QUESTION)
        page.keyboard.press("Enter")
        expect(chat.get_by_role("article").last).to_contain_text("1.200.000 đồng")

        page.keyboard.press("Escape")
        expect(button).to_have_attribute("aria-expanded", "false")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        expect(box).to_be_focused()
        expect(chat.get_by_role("article").last).to_contain_text("1.200.000 đồng")
        chat.get_by_role("button", name="Đóng").click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        assert set(page.evaluate("Object.keys(window)")) - names <= {"0"}  # the frame itself

    def test_the_conversation_outlives_going_to_another_page(
        self, context: BrowserContext, office_site: Served, home: str, desk: PageDesk
    ) -> None:
        page = self.open_site(context, office_site, home, "127.0.0.1")
        page.get_by_role("button", name="Hỏi đáp").click()
        chat = page.frame_locator("iframe")
        chat.get_by_role("button", name="Rượu, thuốc lá").click()
        expect(chat.get_by_role("article").last).to_contain_text("1.200.000 đồng")
        page.reload()
        page.get_by_role("button", name="Hỏi đáp").click()
        expect(chat.get_by_role("article")).to_have_count(3)
        chat.get_by_role("button", name="Hồ sơ", exact=True).click()
        expect(chat.get_by_role("article").last).to_contain_text("Còn thiếu 3 giấy tờ.")
        first, second = (asked.chat for asked in desk.asked if asked.payload)
        assert first == second

    def test_covers_a_phone_s_screen(self, context: BrowserContext, office_site: Served, home: str) -> None:
        page = self.open_site(context, office_site, home, "localhost")
        page.set_viewport_size({"width": 360, "height": 640})
        page.get_by_role("button", name="Hỏi đáp").click()
        dialog = page.get_by_role("dialog")
        assert dialog.bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}
        chat = page.frame_locator("iframe")
        chat.get_by_role("button", name="Rượu, thuốc lá").click()
        expect(chat.get_by_role("heading", name="Cấp Giấy phép bán lẻ rượu")).to_be_in_viewport()
        close = chat.get_by_role("button", name="Đóng")
        expect(close).to_be_in_viewport()
        close.click()
        expect(page.get_by_role("button", name="Hỏi đáp")).to_be_focused()

    def test_a_site_that_is_not_allowed_is_refused(
        self, context: BrowserContext, office_site: Served, home: str, complaints: list[str], desk: PageDesk
    ) -> None:
        page = self.open_site(context, office_site, home, "other.localhost")
        with context.expect_event("console", lambda message: "frame-ancestors" in message.text):
            page.get_by_role("button", name="Hỏi đáp").click()
        expect(page.frame_locator("iframe").get_by_label(INPUT)).to_have_count(0)
        assert [text for text in complaints if "frame-ancestors" in text]
        complaints.clear()
