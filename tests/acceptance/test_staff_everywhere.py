"""Staff on every platform: an office is claimed, a group approved, work given, acknowledged and reported; and
one person on two channels."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from office.clock import ZONE
from tests.acceptance import zalo
from tests.acceptance.phones import (
    Phone,
    Shown,
    TelegramPhone,
    ZaloBotPhone,
    ZaloOaPhone,
    answered,
    labels_in,
    stranger,
    typed_for,
)
from tests.acceptance.program import Program, until
from tests.acceptance.test_staff import SETTINGS
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOa


class Room(ABC):
    """A department's group on a platform."""

    @abstractmethod
    def enter(self, by: Phone) -> None:
        """The office comes to know of the group."""

    @abstractmethod
    def screen(self) -> Sequence[Shown]:
        """What the office has said there."""

    @abstractmethod
    def say(self, who: Phone, text: str) -> None:
        """Somebody speaks to the office there."""

    def pick_in(self, who: Phone, containing: str, label: str) -> None:
        """Pick a choice of the last message that contains something."""
        self.say(who, typed_for(self.last(containing).text, label))

    def last(self, containing: str) -> Shown:
        until(lambda: [m for m in self.screen() if containing in m.text])
        return [m for m in self.screen() if containing in m.text][-1]


class TelegramRoom(Room):
    def __init__(self, fake: FakeTelegram) -> None:
        self.fake, self.chat = fake, fake.group(-1007001, title="Phòng Quản lý thương mại")

    def enter(self, by: Phone) -> None:
        assert isinstance(by, TelegramPhone)
        self.fake.add_to(self.chat, by=by.chat.id)

    def screen(self) -> Sequence[Shown]:
        return [Shown(m.text, tuple(m.labels)) for m in self.fake.received(self.chat)]

    def say(self, who: Phone, text: str) -> None:
        assert isinstance(who, TelegramPhone)
        self.fake.say(self.chat, f"@XinLuonBot {text}", user=who.chat.id)
        self.fake.wait_for(lambda: not self.fake.pending)

    def pick_in(self, who: Phone, containing: str, label: str) -> None:
        assert isinstance(who, TelegramPhone)
        message = [m for m in self.fake.received(self.chat) if containing in m.text][-1]
        self.fake.tap(message, label, user=who.chat.id)
        self.fake.wait_for(lambda: not self.fake.pending)


class ZaloBotRoom(Room):
    def __init__(self, fake: FakeZaloBot, program: Program) -> None:
        self.fake, self.program, self.chat = fake, program, fake.group("Phòng Quản lý thương mại")

    def enter(self, by: Phone) -> None:
        self.say(by, "xin chào")

    def screen(self) -> Sequence[Shown]:
        return [Shown(m.text, labels_in(m.text)) for m in self.fake.received(self.chat)]

    def say(self, who: Phone, text: str) -> None:
        assert isinstance(who, ZaloBotPhone)
        answered(self.program, "zalo_bot", self.fake.say(self.chat, text, user=who.chat, mention=True))


class ZaloOaRoom(Room):
    def __init__(self, fake: FakeZaloOa, program: Program) -> None:
        self.fake, self.program, self.group = fake, program, fake.gmf_group("Phòng Quản lý thương mại")

    def enter(self, by: Phone) -> None:
        """The account's groups are looked up when it starts."""

    def screen(self) -> Sequence[Shown]:
        return [Shown(m.text, labels_in(m.text)) for m in self.fake.received(self.group)]

    def say(self, who: Phone, text: str) -> None:
        assert isinstance(who, ZaloOaPhone)
        answered(self.program, "zalo_oa", self.fake.say(self.group, text, user=who.person))


class Bureau:
    """A program with every platform, and people on them."""

    def __init__(self, program: Program, telegram: FakeTelegram, bot: FakeZaloBot, oa: FakeZaloOa) -> None:
        self.program, self.telegram, self.bot, self.oa = program, telegram, bot, oa

    def phone(self, channel: str, name: str) -> Phone:
        if channel == "telegram":
            return TelegramPhone(self.telegram, stranger())
        if channel == "zalo_bot":
            return ZaloBotPhone(self.bot, self.program, name)
        return ZaloOaPhone(self.oa, self.program, name)

    def room(self, channel: str) -> Room:
        if channel == "telegram":
            return TelegramRoom(self.telegram)
        if channel == "zalo_bot":
            return ZaloBotRoom(self.bot, self.program)
        return ZaloOaRoom(self.oa, self.program)

    def start(self) -> None:
        self.program.start()
        zalo.connect(self.program, self.oa)

    def admin(self, channel: str) -> Phone:
        """Somebody who has claimed the office."""
        [code] = re.findall(r"/nhanquyen (\S+)", self.program.output())
        phone = self.phone(channel, "Lê Văn Cường")
        assert "quản trị" in phone.say(f"/nhanquyen {code} Lê Văn Cường").text
        return phone

    def member(self, admin: Phone, channel: str, name: str) -> Phone:
        said = admin.say(f"/themnguoi {name}; qltm; chuyên viên").text
        code = re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}", said)[-1]
        phone = self.phone(channel, name)
        assert name in phone.say(code).text  # alone, as it was handed on
        return phone


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    """Without a second person's approval, which is no matter here."""
    with ExitStack() as stack:
        telegram = stack.enter_context(FakeTelegram())
        bot, oa = stack.enter_context(FakeZaloBot()), stack.enter_context(FakeZaloOa())
        settings = {**SETTINGS, **zalo.settings_for(bot, oa), "notices": {"approval": False}}
        secrets = zalo.secrets_for(bot, oa)
        program = stack.enter_context(
            Program(tmp_path, telegram=telegram, settings=settings, environ=secrets)
        )
        zalo.log_in(program, oa)
        yield Bureau(program, telegram, bot, oa)


def give(admin: Phone, *, to: str = "qltm") -> None:
    """Văn phòng gives work."""
    day = datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=30)
    preview = admin.say(f"/giao {to}; Báo cáo công tác; {day:%d/%m/%Y}; 375/SCT-VP ngày 29/3/2021; khẩn")
    assert "375/SCT-VP" in preview.text
    assert "chưa sửa gì" in admin.say("mai họp lúc mấy giờ").text  # a stray text is no new work
    admin.pick("Giao việc này")


@pytest.mark.parametrize("channel", ["telegram", "zalo_bot", "zalo_oa"])
def test_work_goes_its_whole_way(bureau: Bureau, channel: str) -> None:
    room = bureau.room(channel)
    bureau.start()
    admin = bureau.admin(channel)
    room.enter(admin)
    until(lambda: bureau.program.rows("SELECT state FROM groups") == [("pending",)])
    assert room.screen() == []  # silent until it is approved
    assert "Quản lý thương mại" in admin.say("/duyetnhom 1 qltm").text
    an = bureau.member(admin, channel, "Nguyễn Văn An")
    binh = bureau.member(admin, channel, "Trần Thị Bình")
    give(admin)
    told = room.last("Nhiệm vụ mới giao")
    [number] = re.findall(r"Nhiệm vụ số (\d+)", told.text)
    assert "Nguyễn Văn An, Trần Thị Bình" in told.text
    # Acknowledged in the group as the platform allows, and by words in private.
    room.pick_in(an, "Nhiệm vụ mới giao", "Đã nhận")
    room.last("Đã nhận 1/2: Nguyễn Văn An")
    assert "Đã nhận 2/2" in binh.say(f"nhan {number}").text
    # More time is asked for and given.
    later = datetime.now(UTC).astimezone(ZONE).date() + timedelta(days=45)
    assert "Đã gửi Văn phòng" in an.say(f"giahan {number} {later:%d/%m/%Y} lý do chờ số liệu").text
    admin.pick_in("chờ số liệu", "Đồng ý")
    assert f"{later:%d/%m/%Y}" in room.last("đồng ý gia hạn").text
    # Reported with proof asked for, returned with a reason, reported again, confirmed.
    assert "minh chứng" in an.say(f"xong {number}").text
    assert "chưa phải minh chứng" in an.say("dạ").text
    assert "Đã dừng" in an.say("thôi ạ").text
    assert "Đã ghi nhận" in an.say("xong 412/SCT-QLTM").text
    admin.pick_in("báo đã hoàn thành", "Trả lại")
    admin.say("thiếu phụ lục")
    assert "thiếu phụ lục" in an.last("trả lại").text
    an.say(f"xong {number} https://sct.example.vn/412")
    admin.pick_in("https://sct.example.vn/412", "Xác nhận")
    room.last("xác nhận đã hoàn thành")
    assert "không có việc nào đang mở" in an.say("viec").text
    # Nothing was said twice to the group.
    texts = [shown.text for shown in room.screen()]
    assert len(texts) == len(set(texts))
    assert bureau.program.health()[1]["deliveries"] == {"overdue": 0, "failed_or_uncertain": 0}


@pytest.mark.parametrize("channel", ["telegram", "zalo_bot", "zalo_oa"])
def test_a_notice_is_confirmed_and_files_can_be_had(bureau: Bureau, channel: str) -> None:
    bureau.start()
    admin = bureau.admin(channel)
    an = bureau.member(admin, channel, "Nguyễn Văn An")
    admin.say("/thongbao Họp giao ban tháng 12\nMời các phòng dự họp lúc 8 giờ thứ Hai.")
    admin.say("từng người qltm")
    admin.pick("Cần xác nhận đã đọc")
    admin.pick("Gửi đi")
    an.pick_in("Họp giao ban tháng 12", "Đã đọc")
    assert "Đã ghi nhận" in an.last("Đã ghi nhận").text
    assert bureau.program.rows("SELECT member_id FROM notice_confirmations") == [(2,)]
    # Figures come with a picture and a workbook: as files, or as addresses where a chat takes none.
    assert "đúng hạn" in admin.say("/thongke").text
    if channel == "telegram":
        bureau.telegram.wait_for(lambda: bureau.telegram.called("sendDocument"))
        return
    shown = "\n".join(m.text for m in admin.screen())
    addresses = re.findall(r"https://hoi\.example\.vn(/tep/\S+\.xlsx)", shown)
    assert addresses, shown
    assert bureau.program.get(addresses[0]).content.startswith(b"PK")


def test_one_person_on_two_channels_is_told_once_where_they_choose(bureau: Bureau) -> None:
    bureau.start()
    admin = bureau.admin("telegram")
    on_telegram = bureau.member(admin, "telegram", "Nguyễn Văn An")
    code = re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}", on_telegram.say("/noikenh").text)[-1]
    on_zalo = bureau.phone("zalo_oa", "An")
    assert "Nguyễn Văn An" in on_zalo.say(f"/ma {code}").text
    give(admin, to="Nguyễn Văn An")
    on_telegram.last("Nhiệm vụ mới giao")
    assert "Zalo OA" in on_zalo.say("kenh").text
    assert "gửi ở Zalo OA trước" in on_zalo.say("kênh zalo oa").text
    give(admin, to="Nguyễn Văn An")
    on_zalo.last("Nhiệm vụ mới giao")
    assert sum("Nhiệm vụ mới giao" in m.text for m in on_telegram.screen()) == 1
    assert sum("Nhiệm vụ mới giao" in m.text for m in on_zalo.screen()) == 1


def test_a_channel_that_fails_gives_way_to_the_next(bureau: Bureau) -> None:
    bureau.start()
    admin = bureau.admin("telegram")
    on_telegram = bureau.member(admin, "telegram", "Nguyễn Văn An")
    code = re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}", on_telegram.say("/noikenh").text)[-1]
    on_zalo = bureau.phone("zalo_bot", "An")
    on_zalo.say(f"/ma {code}")
    assert isinstance(on_telegram, TelegramPhone)
    on_telegram.chat.blocked = "Forbidden: bot was blocked by the user"
    give(admin, to="Nguyễn Văn An")
    assert "Nhiệm vụ mới giao" in on_zalo.last("Nhiệm vụ mới giao").text
    states = "SELECT channel, status FROM deliveries WHERE member_id = 2 ORDER BY id"
    gone = [("telegram", "rerouted"), ("zalo_bot", "sent")]
    until(lambda: bureau.program.rows(states) == gone)
    assert "nhan" in on_zalo.screen()[-1].text
    on_zalo.pick_in("Nhiệm vụ mới giao", "Đã nhận")
    assert "Đã nhận 1/1" in on_zalo.screen()[-1].text
