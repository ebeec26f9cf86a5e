"""What «works on a channel» means: the same questions, asked as people of each channel can ask them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import MESSAGES_PER_MINUTE
from tests.acceptance.phones import (
    Phone,
    TelegramPhone,
    WebPhone,
    ZaloBotPhone,
    ZaloOaPhone,
    stranger,
    terminal,
)
from tests.acceptance.program import Program
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOa

CHANNELS = ("telegram", "zalo_bot", "zalo_oa", "web", "terminal")


@pytest.fixture(params=CHANNELS)
def phone(
    request: pytest.FixtureRequest,
    office: Program,
    fake: FakeTelegram,
    zalo_bot: FakeZaloBot,
    zalo_oa: FakeZaloOa,
) -> Iterator[Phone]:
    """Somebody who has never written before."""
    match request.param:
        case "telegram":
            yield TelegramPhone(fake, stranger())
        case "zalo_bot":
            yield ZaloBotPhone(zalo_bot, office)
        case "zalo_oa":
            yield ZaloOaPhone(zalo_oa, office)
        case "web":
            yield WebPhone(office)
        case _:
            with terminal(office) as typed:
                yield typed


def test_a_question_gets_the_sourced_answer_and_choices(phone: Phone) -> None:
    answer = phone.say("phí bán lẻ thuốc lá")
    assert "31/12/2026" in answer.text
    assert "Nguồn: dichvucong.gov.vn" in answer.text
    assert "Tính đến" in answer.text
    assert "https://" in answer.text or phone.channel in ("telegram", "web")  # there it is a button
    labels = " ".join(answer.labels)
    for choice in ("Thời hạn", "Tóm tắt", "Hữu ích 👍", "Hỏi việc khác", "Gặp cán bộ"):
        assert choice in labels


def test_a_choice_leads_to_another_side_and_back(phone: Phone) -> None:
    fee = phone.say("phí bán lẻ thuốc lá")
    deadline = phone.pick("Thời hạn")
    assert "15 ngày" in deadline.text or "ngày làm việc" in deadline.text
    again = phone.pick("Phí, lệ phí")
    assert again.text.split("\n")[0] == fee.text.split("\n")[0]
    assert "31/12/2026" in again.text


def test_a_typed_number_picks_and_a_wrong_one_is_said_to_be(phone: Phone) -> None:
    menu = phone.say("/start")
    assert len(menu.labels) > 2
    assert phone.say("2").text
    assert "số này không có trong danh sách" in phone.say("97").text


def test_two_at_once_are_answered_one_after_the_other(phone: Phone) -> None:
    asked = phone.say("phí bán lẻ thuốc lá")
    at = [1 + number for number, label in enumerate(asked.labels) if label in ("Tóm tắt", "Thời hạn")]
    both = phone.say(" và ".join(map(str, at))).text
    assert "Cơ quan giải quyết" in both
    assert "15 ngày làm việc" in both
    assert "Xin chọn một số từ 1 đến" in phone.say("tất cả").text
    assert "cứ nhắn cho em" in phone.say("thôi").text


def test_a_follow_up_is_about_the_last_matter_and_marks_may_be_missing(phone: Phone) -> None:
    phone.say("phi ban le thuoc la")
    answer = phone.say("con thoi han?")
    assert "bán lẻ thuốc lá" in answer.text
    assert "ngày làm việc" in answer.text


def test_an_entry_of_the_office_s_own_is_ticked_off_item_by_item(phone: Phone) -> None:
    answer = phone.say("đăng ký biểu diễn lân sư rồng cần hồ sơ gì")
    assert "Ảnh con lân" in answer.text
    assert "Kiểm tra hồ sơ trước khi nộp" in phone.pick("Kiểm tra hồ sơ").text
    assert "Còn thiếu 1/2" in phone.pick("Ảnh con lân").text
    assert "Đã đủ 2/2" in phone.pick("Đơn đăng ký").text


def test_a_vote_is_kept_with_the_question(phone: Phone, office: Program) -> None:
    phone.say("phí bán lẻ thuốc lá bao nhiêu vậy bình chọn")
    assert "Cảm ơn" in phone.pick("Hữu ích").text
    voted = "SELECT channel, vote FROM questions WHERE text LIKE '%bình chọn' ORDER BY id DESC LIMIT 1"
    assert office.rows(voted) == [(phone.channel, 1)]


def test_whoever_writes_too_fast_is_asked_once_to_slow_down(phone: Phone) -> None:
    for number in range(MESSAGES_PER_MINUTE + 3):
        phone.say(f"xin chào {number}")
    texts = [shown.text for shown in phone.screen()]
    assert sum("quá nhanh" in text for text in texts) == 1


def test_a_very_long_text_is_read_in_part_and_says_so(phone: Phone) -> None:
    assert "dài hơn 2.000 ký tự" in phone.say("phí bán lẻ thuốc lá " + "nha " * 600).text


def test_what_people_write_does_no_harm(phone: Phone, office: Program) -> None:
    for text in (
        "<b>&amp;",
        "phí\u202e bán lẻ\u200b thuốc lá",
        "😀" * 300,
        "'; DROP TABLE questions; --",
        "/hoi",
    ):
        assert phone.say(text).text
    assert office.health()[0] == 200
    assert [e for e in office.events() if e["level"] == "error" and "knowledge" not in e["event"]] == []


def test_no_channel_tells_the_log_what_was_asked_or_a_secret(
    phone: Phone, office: Program, zalo_bot: FakeZaloBot, zalo_oa: FakeZaloOa
) -> None:
    phone.say(f"tôi tên Nguyễn Văn Kín, điện thoại 0912345678, phí bán lẻ thuốc lá, {phone.channel}")
    written = office.logs() + office.output()
    secrets = (zalo_bot.token.split(":")[1], zalo_oa.app_secret, zalo_oa.webhook_secret)
    for word in ("Kín", "0912345678", "thuốc lá", *secrets):
        assert word not in written
    query = "SELECT text FROM questions WHERE text LIKE ?"
    [(kept,)] = office.rows(query, f"%Văn Kín%{phone.channel}")
    assert "[số điện thoại]" in kept
