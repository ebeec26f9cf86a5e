"""The whole life of a notice, in two people's browsers, over the whole program and forty groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect, sync_playwright
from sqlalchemy.orm import Session

from office import codes, groups, membership, people
from office.bot_tokens import account_of
from office.database import make_engine, session_factory, upgrade
from office.people import Role
from scheduler.notices.moments import SENT_AS
from tests.acceptance.program import Program, until
from tests.browser.console_pages import DESK, PHONE, check, take_picture
from tests.console_notices import NEVER_QUIET, PDF
from tests.fakes.telegram import Chat, FakeTelegram, Message, drop_after

pytestmark = pytest.mark.browser

CLERK_CHAT, LEADER_CHAT, AN, BINH, CUONG = 7100, 7200, 7301, 7302, 7303
PEOPLE = [
    (CLERK_CHAT, "Trần Thị Vân", None, Role.VAN_PHONG),
    (LEADER_CHAT, "Lê Văn Chí", None, Role.LEADER),
    (AN, "Nguyễn Văn An", "qltm", None),
    (BINH, "Phạm Thị Bình", "qltm", None),
    (CUONG, "Võ Văn Cường", "qlcn", None),
]
GROUPS = 40
_LINK = re.compile(r"http://\S+/vao\?\S+")
SETTINGS: dict[str, dict[str, Any]] = {
    "delivery": {**NEVER_QUIET, "per_second": 40, "per_chat_second": 50, "per_group_minute": 500},
    "office": {
        "name": "Sở Công Thương",
        "departments": [
            {"name": "Phòng Quản lý thương mại", "key": "qltm"},
            {"name": "Phòng Quản lý công nghiệp", "key": "qlcn"},
        ],
    },
    "limits": {"messages_per_minute": 1000},
}


def group_id(number: int) -> int:
    return -1008000 - number


def seed(folder: Path, account: str) -> None:
    """The people and groups of the office, before its first start."""
    engine = make_engine(f"sqlite:///{folder}/var/xinluon.db")
    upgrade(engine)
    with session_factory(engine).begin() as session:
        _seed(session, account)
    engine.dispose()


def _seed(session: Session, account: str) -> None:
    now, where = datetime.now(UTC), {"channel": "telegram", "account": account}
    people.sync_departments(session, [(d["key"], d["name"]) for d in SETTINGS["office"]["departments"]])
    departments = {row.key: row.id for row in people.departments(session)}
    for chat, name, department, role in PEOPLE:
        member = membership.add_member(
            session, name, department_id=departments.get(department or ""), actor=None, now=now
        )
        if role is not None:
            membership.give_role(session, member.id, role, actor=None, reason="Thử", now=now)
        codes.tie(session, member.id, **where, sender=str(chat), chat=str(chat), now=now)
    for number, department in enumerate(["qltm", "qlcn", *[None] * (GROUPS - 2)], 1):
        row, _ = groups.met(
            session, **where, chat=str(group_id(number)), title=f"Nhóm {number:02}", added_by="", now=now
        )
        row.state, row.department_id = groups.GroupState.APPROVED, departments.get(department or "")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


class Bureau:
    """The running program, its Telegram, and the browsers of its people."""

    def __init__(self, program: Program, fake: FakeTelegram, browser: Browser) -> None:
        self.program, self.fake, self._browser = program, fake, browser
        self.chats = [fake.private(chat) for chat, *_ in PEOPLE]
        self.groups = [fake.group(group_id(n), title=f"Nhóm {n:02}") for n in range(1, GROUPS + 1)]

    @contextmanager
    def at_the_console(self, chat: int, *, size: ViewportSize = DESK) -> Iterator[Page]:
        """Somebody who has asked for a link in chat and come in by it. Ends without a complaint."""
        private, complaints = self.fake.private(chat), list[str]()

        def on_console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                complaints.append(message.text)

        before = len(self.fake.received(private))

        def links() -> list[str]:  # among what else may come to them meanwhile
            return [link for m in self.fake.received(private)[before:] for link in _LINK.findall(m.text)]

        self.fake.say(private, "/vaoban")
        self.fake.wait_for(links)
        [link] = links()
        with self._browser.new_context(viewport=size, locale="vi-VN", accept_downloads=True) as context:
            context.on("console", on_console)
            context.on("weberror", lambda error: complaints.append(str(error.error)))
            context.set_default_timeout(10_000)
            page = context.new_page()
            page.goto(link)
            page.get_by_role("button", name="Vào trang Văn phòng").click()
            page.get_by_role("link", name="Thông báo", exact=True).click()
            yield page
        assert complaints == []

    def of(self, chat: Chat, words: str) -> list[Message]:
        """The messages to a chat that contain these words, as they look now."""
        return [m for m in self.fake.received(chat) if words in m.text and not m.deleted]

    def known(self) -> list[Chat]:
        """The groups whose message can be changed: all but the one whose answer was lost."""
        rows = self.program.rows(
            "SELECT chat FROM deliveries JOIN occurrences ON occurrences.id = occurrence_id"
            " WHERE rung = ? AND part = 1 AND message_id IS NOT NULL",
            SENT_AS,
        )
        return [chat for chat in self.groups if (str(chat.id),) in rows]

    def all_have(self, words: str, chats: list[Chat] | None = None) -> None:
        self.fake.wait_for(lambda: all(self.of(chat, words) for chat in chats or self.groups))


@pytest.fixture
def bureau(tmp_path: Path, browser: Browser) -> Iterator[Bureau]:
    with FakeTelegram() as fake, Program(tmp_path, telegram=fake, settings=SETTINGS) as program:
        seed(tmp_path, account_of(fake.token))
        program.start()
        yield Bureau(program, fake, browser)


def test_a_notice_is_written_approved_sent_followed_corrected_and_taken_back(
    bureau: Bureau, tmp_path: Path
) -> None:
    with bureau.at_the_console(CLERK_CHAT) as clerk:
        _write(clerk, tmp_path)
        _see_it_before(bureau, clerk)
        with bureau.at_the_console(LEADER_CHAT, size=PHONE) as leader:
            _approve(leader)
        _follow(bureau, clerk)
        _settle(bureau, clerk)
        _confirm_and_nudge(bureau, clerk)
        _take_the_figures_away(clerk, tmp_path)
        _correct(bureau, clerk)
        _retract(bureau, clerk)


def _write(clerk: Page, folder: Path) -> None:
    (folder / "Chi thi.pdf").write_bytes(PDF)
    clerk.get_by_role("button", name="Soạn thông báo").click()
    clerk.get_by_label("Tiêu đề").fill("Họp giao ban tháng 12")
    clerk.get_by_role("textbox", name="Nội dung").fill(
        "Mời các phòng dự họp:\n- Thời gian: 8 giờ.\n- Tại hội trường."
    )
    clerk.get_by_label("Số, ký hiệu văn bản").fill("12/GM-SCT")
    clerk.get_by_label("Thêm tệp đính kèm").set_input_files(folder / "Chi thi.pdf")
    clerk.get_by_label("Tất cả các nhóm đang dùng").check()
    clerk.get_by_label("Cần xác nhận đã đọc").check()
    take_picture(clerk, "thong-bao-soan")
    clerk.get_by_role("button", name="Lưu và xem trước").click()
    expect(clerk.get_by_role("status")).to_contain_text("Đã lưu bản nháp thông báo số 1.")


def _see_it_before(bureau: Bureau, clerk: Page) -> None:
    """Exactly what will be sent, to whom; a trial to oneself; then handed in."""
    shown = clerk.locator(".bubble").first
    expect(shown).to_contain_text("Văn bản số 12/GM-SCT")
    expect(shown).to_contain_text("• Thời gian: 8 giờ.")
    expect(clerk.locator(".bubble.file")).to_contain_text("Chi thi.pdf")
    expect(clerk.get_by_text("40 nơi nhận được tin: 40 nhóm, 0 người nhắn riêng.")).to_be_visible()
    clerk.get_by_role("button", name="Gửi thử").click()
    mine = bureau.fake.private(CLERK_CHAT)
    bureau.fake.wait_for(lambda: bureau.of(mine, "BẢN THỬ"))
    trial = bureau.of(mine, "BẢN THỬ")[0].text
    assert "Họp giao ban tháng 12" in trial
    clerk.get_by_role("button", name="Trình duyệt").click()
    expect(clerk.get_by_text("Đã trình duyệt thông báo số 1.")).to_be_visible()
    expect(clerk.get_by_role("button", name="Duyệt", exact=True)).to_have_count(0)
    bureau.fake.wait_for(lambda: bureau.of(bureau.fake.private(LEADER_CHAT), "trình duyệt thông báo số 1"))


def _approve(leader: Page) -> None:
    """On a phone, by a second person, who reads the file."""
    leader.get_by_role("link", name="Họp giao ban tháng 12").click()
    with leader.expect_download() as download:
        leader.get_by_role("link", name="Chi thi.pdf").click()
    assert download.value.path().read_bytes() == PDF
    expect(leader.get_by_role("button", name="Thu hồi")).to_have_count(0)
    check(leader, "thong-bao-duyet")
    leader.get_by_role("button", name="Duyệt", exact=True).click()
    expect(leader.get_by_text("Đã duyệt thông báo số 1. Gửi ngay.")).to_be_visible()


def _follow(bureau: Bureau, clerk: Page) -> None:
    """The figures go up by themselves; one message is lost on its way; the end shows by itself."""
    clerk.reload()
    bureau.fake.wait_for(lambda: bureau.of(bureau.groups[5], "Họp giao ban"))
    bureau.fake.plan("sendMessage", drop_after())
    told = clerk.locator("[data-text]")
    first = told.inner_text()
    expect(told).not_to_have_text(first)
    take_picture(clerk, "thong-bao-dang-gui")
    expect(clerk.locator(".kicker")).to_contain_text("đã gửi xong", timeout=20_000)
    expect(clerk.locator("[data-text]")).to_have_count(0)
    bureau.all_have("Họp giao ban")


def _settle(bureau: Bureau, clerk: Page) -> None:
    """Which one may have arrived is asked for; the clerk says that it has. It isn't sent again."""
    expect(clerk.get_by_text("nơi chưa rõ đã tới chưa")).to_be_visible()
    lost = clerk.get_by_role("row").filter(has_text="chưa rõ đã tới chưa")
    expect(lost).to_have_count(1)
    name = lost.get_by_role("cell").first.inner_text()
    take_picture(clerk, "thong-bao-ket-qua")
    lost.get_by_role("button", name="Đã tới").click()
    expect(clerk.get_by_text(f"Đã ghi là đã tới: {name}.")).to_be_visible()
    expect(clerk.get_by_text("40/40")).to_be_visible()
    [chat] = [chat for chat in bureau.groups if chat.title == name]
    assert len(bureau.of(chat, "Họp giao ban")) == 1


def _confirm_and_nudge(bureau: Bureau, clerk: Page) -> None:
    """An and Cường tap in their groups; only the group of Bình, who hasn't, is reminded, by name."""
    trade, industry = bureau.groups[:2]
    bureau.fake.tap(bureau.of(trade, "Họp giao ban")[0], "Đã đọc", user=AN)
    bureau.fake.tap(bureau.of(industry, "Họp giao ban")[0], "Đã đọc", user=CUONG)
    until(lambda: bureau.program.rows("SELECT count(*) FROM notice_confirmations") == [(2,)])
    clerk.reload()
    expect(clerk.get_by_text("2/3")).to_be_visible()
    expect(clerk.get_by_role("heading", name="Đã xác nhận (2)")).to_be_visible()
    clerk.get_by_role("button", name="Nhắc người chưa xác nhận").click()
    expect(clerk.get_by_text("Sẽ nhắc 1 nơi có người chưa xác nhận")).to_be_visible()
    bureau.fake.wait_for(lambda: bureau.of(trade, "Nhắc đọc thông báo"))
    [nudge] = bureau.of(trade, "Nhắc đọc thông báo")
    assert "Phạm Thị Bình" in nudge.text
    assert "Nguyễn Văn An" not in nudge.text
    assert not any(bureau.of(chat, "Nhắc đọc") for chat in bureau.groups[1:])


def _take_the_figures_away(clerk: Page, folder: Path) -> None:
    with clerk.expect_download() as download:
        clerk.get_by_role("link", name="Tải báo cáo Excel").click()
    kept = folder / download.value.suggested_filename
    download.value.save_as(kept)
    book = load_workbook(kept)
    cells = [value for sheet in book for row in sheet.values for value in row]
    assert kept.name.startswith("thong-bao-1-")
    assert {"Nhóm 01", "Nhóm 40", "Nguyễn Văn An", "Phạm Thị Bình"} <= set(cells)
    assert any(isinstance(value, datetime) for value in cells)  # days are days


def _correct(bureau: Bureau, clerk: Page) -> None:
    """The same message has other words in every group; nobody gets a second one."""
    clerk.get_by_role("button", name="Đính chính").click()
    clerk.get_by_role("textbox", name="Nội dung").fill(
        "Mời các phòng dự họp:\n- Thời gian: 9 giờ.\n- Tại hội trường."
    )
    clerk.get_by_label("Lý do đính chính").fill("Đổi giờ họp")
    clerk.get_by_role("button", name="Gửi đính chính").click()
    expect(clerk.get_by_text("Đã đính chính thông báo số 1.")).to_be_visible()
    known = bureau.known()
    bureau.all_have("9 giờ")
    assert all(len(bureau.of(chat, "Thời gian")) == 1 for chat in known)
    assert all(bureau.of(chat, "9 giờ")[0].edits for chat in known)
    expect(clerk.locator("[data-text]")).to_contain_text("xong 40/40 tin")
    clerk.reload()
    expect(clerk.get_by_text("đã sửa tại chỗ")).to_have_count(39)


def _retract(bureau: Bureau, clerk: Page) -> None:
    """It is gone from every group but the one whose message can't be found again, which is told."""
    known, trade = bureau.known(), bureau.groups[0]  # which has been nudged, too
    clerk.get_by_role("button", name="Thu hồi").click()
    box = clerk.locator("details.deed[open]")
    box.get_by_label("Lý do").fill("Hoãn họp")
    box.get_by_role("button", name="Thu hồi").last.click()
    expect(clerk.locator(".kicker")).to_contain_text("đã thu hồi")
    bureau.fake.wait_for(
        lambda: not any(bureau.of(chat, "Họp giao ban") for chat in known if chat is not trade)
    )
    [lost] = [chat for chat in bureau.groups if chat not in known]
    bureau.all_have("Lý do thu hồi: Hoãn họp", [lost])
    expect(clerk.get_by_role("listitem").filter(has_text="thu hồi thông báo")).to_contain_text("Hoãn họp")
