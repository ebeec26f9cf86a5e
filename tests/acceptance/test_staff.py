"""A real group and its members, over the whole program: claimed, approved, given work, reminded, answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from office.clock import ZONE
from tests.acceptance.program import Program, until
from tests.fakes.telegram import Chat, FakeTelegram, Message

ADMIN, AN, BINH = 7100, 7200, 7300
SETTINGS: dict[str, dict[str, Any]] = {
    # Tests run at night and on holidays, and don't wait for a real chat's pace.
    "delivery": {
        "quiet": {"since": "0:00", "until": "0:00", "days_off": False},
        "per_chat_second": 50,
        "per_group_minute": 500,
    },
    "office": {
        "name": "Sở Công Thương",
        "departments": [
            {"name": "Phòng Quản lý thương mại", "key": "qltm"},
            {"name": "Phòng Quản lý công nghiệp", "key": "qlcn"},
        ],
    },
    "limits": {"messages_per_minute": 1000},
    "web": {"port": 0, "public_url": "https://hoi.example.vn"},
}


class Bureau:
    """People who talk to a running program."""

    def __init__(self, program: Program, fake: FakeTelegram) -> None:
        self.program, self.fake = program, fake
        self.admin = fake.private(ADMIN)
        self.group = fake.group(-1007001, title="Phòng Quản lý thương mại")

    def say(self, chat: Chat, text: str, *, user: int | None = None) -> Message:
        """Write something; the first message that comes back to this chat."""
        before = len(self.fake.received(chat))
        self.fake.say(chat, text, user=user)
        return self.next(chat, before)

    def next(self, chat: Chat, before: int) -> Message:
        self.fake.wait_for(lambda: len(self.fake.received(chat)) > before)
        return self.fake.received(chat)[before]

    def last(self, chat: Chat, containing: str) -> Message:
        """The last message to a chat that contains something, once it is there."""

        def found() -> list[Message]:
            return [m for m in self.fake.received(chat) if containing in m.text]

        self.fake.wait_for(found)
        return found()[-1]

    def claim(self) -> None:
        [code] = re.findall(r"/nhanquyen (\S+)", self.program.output())
        assert "quản trị" in self.say(self.admin, f"/nhanquyen {code}").text

    def join(self, user: int, name: str, role: str = "") -> Chat:
        """A member with a chat of their own."""
        before = len(self.fake.received(self.admin))
        self.say(self.admin, f"/themnguoi {name}; qltm; chuyên viên")
        [code] = re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}", self.next(self.admin, before + 1).text)
        chat = self.fake.private(user)
        assert name in self.say(chat, f"/ma {code.lower()}").text
        if role:
            self.say(self.admin, f"/quyen {name} {role} lý do phân công")
        return chat

    def approve(self) -> None:
        self.fake.add_to(self.group, by=ADMIN)
        asked = self.last(self.admin, "Phòng Quản lý thương mại")
        self.fake.tap(asked, "Phòng Quản lý thương mại")
        self.last(self.group, "")


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    with FakeTelegram() as fake, Program(tmp_path, telegram=fake, settings=SETTINGS) as program:
        program.start()
        yield Bureau(program, fake)


def give(bureau: Bureau, due: str = "") -> str:
    """Văn phòng gives work to the department; its number."""
    day = due or f"{datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=30):%d/%m/%Y}"
    preview = bureau.say(
        bureau.admin, f"/giao qltm; Báo cáo công tác; {day}; 375/SCT-VP ngày 29/3/2021; khẩn"
    )
    assert "375/SCT-VP" in preview.text
    bureau.fake.tap(preview, "Giao việc này")
    told = bureau.last(bureau.group, "Nhiệm vụ mới giao")
    [number] = re.findall(r"Nhiệm vụ số (\d+)", told.text)
    return str(number)


def test_the_first_admin_claims_the_office_once(bureau: Bureau) -> None:
    bureau.claim()
    [code] = re.findall(r"/nhanquyen (\S+)", bureau.program.output())
    stranger = bureau.fake.private(7999)
    assert "quản trị" not in bureau.say(stranger, f"/nhanquyen {code}").text.split(".")[0]
    assert "chưa gắn" in bureau.say(stranger, "/viec").text
    bureau.program.stop()
    bureau.program.start()
    assert bureau.program.output().count("/nhanquyen") == 1


def test_a_group_is_silent_until_it_is_approved(bureau: Bureau) -> None:
    bureau.claim()
    bureau.fake.add_to(bureau.group, by=ADMIN)
    asked = bureau.last(bureau.admin, "Phòng Quản lý thương mại")
    bureau.fake.say(bureau.group, "/hoi phí bán lẻ thuốc lá", user=AN)
    bureau.fake.wait_for(lambda: not bureau.fake.pending)
    assert bureau.fake.received(bureau.group) == []
    bureau.fake.tap(asked, "Phòng Quản lý thương mại")
    bureau.last(bureau.group, "")
    assert "đồng" in bureau.say(bureau.group, "/hoi phí bán lẻ thuốc lá", user=AN).text


def test_work_goes_its_whole_way_in_chat(bureau: Bureau) -> None:
    bureau.claim()
    bureau.approve()
    an, binh = bureau.join(AN, "Nguyễn Văn An"), bureau.join(BINH, "Trần Thị Bình")
    number = give(bureau)
    told = bureau.last(bureau.group, "Nhiệm vụ mới giao")
    assert "Chưa xác nhận đã nhận: Nguyễn Văn An, Trần Thị Bình" in told.text
    assert {"Đã nhận", "Hoàn thành", "Xin gia hạn"} <= set(told.labels)
    # Acknowledged by a button in the group, by words in private.
    bureau.fake.tap(told, "Đã nhận", user=AN)
    bureau.fake.wait_for(lambda: "Đã nhận 1/2: Nguyễn Văn An" in told.text)
    for chat in (an, binh):  # have been told, too: what comes next answers them
        bureau.last(chat, "Nhiệm vụ mới giao")
    assert "Đã nhận 2/2" in bureau.say(binh, f"nhan {number}").text
    # More time, asked for in words, decided by a button.
    later = datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=45)
    answer = bureau.say(an, f"giahan {number} {later:%d/%m/%Y} lý do chờ số liệu").text
    assert "Đã gửi Văn phòng" in answer
    request = bureau.last(bureau.admin, "xin gia hạn")
    assert "chờ số liệu" in request.text
    bureau.fake.tap(request, "Đồng ý")
    assert f"{later:%d/%m/%Y}" in bureau.last(bureau.group, "đồng ý gia hạn").text
    bureau.say(an, f"/vanban {number}")
    assert "Kính gửi: Văn phòng Sở" in bureau.last(an, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM").text
    # Done, with proof asked for; returned once, then confirmed.
    bureau.say(an, f"xong {number}")
    bureau.last(an, "Xin gửi minh chứng")
    bureau.say(an, "412/SCT-QLTM")
    bureau.last(an, "Đã ghi nhận")
    report = bureau.last(bureau.admin, "báo đã hoàn thành")
    bureau.fake.tap(report, "Trả lại")
    bureau.last(bureau.admin, "lý do")
    bureau.say(bureau.admin, "thiếu phụ lục")
    assert "thiếu phụ lục" in bureau.last(an, "trả lại").text
    bureau.say(an, f"xong {number} https://sct.example.vn/412")
    fresh = bureau.last(bureau.admin, "https://sct.example.vn/412")
    bureau.fake.tap(fresh, "Xác nhận")
    assert "xác nhận đã hoàn thành" in bureau.last(bureau.group, "xác nhận đã hoàn thành").text
    bureau.say(an, "viec")
    bureau.last(an, "không có việc nào đang mở")
    bureau.say(bureau.admin, f"/viec {number}")
    history = bureau.last(bureau.admin, "đã hoàn thành").text
    assert "thiếu phụ lục" in history
    assert "đã hoàn thành" in history
    # Nothing was said twice, and all is written down.
    texts = [(m.chat.id, m.text) for m in bureau.fake.received(bureau.group)]
    assert len(texts) == len(set(texts))
    actions = {action for (action,) in bureau.program.rows("SELECT action FROM audit")}
    assert {"assignment.create", "assignment.report", "assignment.return", "assignment.confirm"} <= actions


def test_what_someone_may_not_do_is_refused_with_who_may(bureau: Bureau) -> None:
    bureau.claim()
    an = bureau.join(AN, "Nguyễn Văn An")
    assert "Việc này dành cho" in bureau.say(an, "/giao qltm; Việc; 30/12").text
    assert "Không có nhiệm vụ số 999" in bureau.say(an, "nhan 999").text
    assert bureau.program.rows("SELECT count(*) FROM assignments") == [(0,)]


def upload(bureau: Bureau, table: str) -> Message:
    """Văn phòng sends a table; the answer."""
    before = len(bureau.fake.received(bureau.admin))
    bureau.fake.upload(bureau.admin, "viec.csv", table.encode(), media_type="text/csv")
    return bureau.next(bureau.admin, before)


def test_an_excel_table_is_looked_over_and_given_once(bureau: Bureau, tmp_path: Path) -> None:
    bureau.claim()
    bureau.approve()
    day = datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=20)
    table = f"Nội dung;Phòng;Hạn\nRà soát thủ tục;qltm;{day:%d/%m/%Y}\nViệc hỏng;phòng lạ;{day:%d/%m/%Y}\n"
    first = upload(bureau, table)
    assert "Dòng 3" in first.text
    assert "phòng lạ" in first.text
    bureau.fake.tap(first, "Giao 1 việc")
    bureau.fake.wait_for(lambda: "Đã giao 1 việc" in first.text)
    again = upload(bureau, table)
    assert not again.labels
    assert "số 1" in again.text
    assert bureau.program.rows("SELECT title FROM assignments") == [("Rà soát thủ tục",)]


def test_figures_come_as_text_picture_and_workbook(bureau: Bureau) -> None:
    bureau.claim()
    bureau.approve()
    give(bureau)
    answer = bureau.say(bureau.admin, "/thongke")
    assert "đúng hạn" in answer.text
    bureau.fake.wait_for(lambda: bureau.fake.called("sendPhoto") and bureau.fake.called("sendDocument"))
    bureau.fake.wait_for(lambda: not bureau.fake.pending)
    address = bureau.say(bureau.admin, "/lich qltm").text
    [token] = re.findall(r"/lich/(\S+)\.ics", address)
    feed = bureau.program.get(f"/lich/{token}.ics")
    assert feed.headers["content-type"].startswith("text/calendar")
    assert "Báo cáo công tác" in feed.text.replace("\r\n ", "")
    assert bureau.program.get("/lich/khong-co.ics").status_code == 404


def test_a_group_that_throws_the_bot_out_is_told_of_with_what_was_lost(bureau: Bureau) -> None:
    bureau.claim()
    bureau.approve()
    bureau.fake.kick(bureau.group)
    assert "Phòng Quản lý thương mại" in bureau.last(bureau.admin, "nhóm").text
    until(lambda: bureau.program.rows("SELECT state FROM groups") == [("disabled",)])
    assert bureau.program.health()[1]["deliveries"] == {"overdue": 0, "failed_or_uncertain": 0}


def test_a_group_that_becomes_a_supergroup_keeps_its_place(bureau: Bureau) -> None:
    bureau.claim()
    bureau.approve()
    new = bureau.fake.migrate(bureau.group, -1008002)
    until(lambda: bureau.program.rows("SELECT chat FROM groups WHERE state = 'approved'") == [("-1008002",)])
    bureau.group = new
    give(bureau)


@pytest.mark.alone
@pytest.mark.slow
def test_a_reminder_comes_on_the_minute(bureau: Bureau) -> None:
    bureau.claim()
    bureau.approve()
    at = datetime.now(UTC).astimezone(ZONE) + timedelta(seconds=5)
    at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    said = f"/nhac them một lần {at:%d/%m/%Y} {at:%H:%M}, vẫn gửi; qltm; Nộp báo cáo tuần."
    assert "Đã thêm" in bureau.say(bureau.admin, said).text
    bureau.fake.wait_for(
        lambda: [m for m in bureau.fake.received(bureau.group) if "Nộp báo cáo tuần" in m.text], 80
    )
    late = datetime.now(UTC) - at
    assert timedelta(0) <= late < timedelta(seconds=1.5)
