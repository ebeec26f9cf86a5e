"""Citizens ask on Telegram; the program is asked as Telegram would ask it."""

from __future__ import annotations

import itertools

import pytest

from tests.acceptance.program import Program
from tests.fakes.telegram import Chat, FakeTelegram, Message

pytestmark = pytest.mark.usefixtures("office")

_people = itertools.count(8_100_000)


@pytest.fixture
def chat(fake: FakeTelegram) -> Chat:
    """A private chat with somebody who has never written before."""
    return fake.private(next(_people))


def said(fake: FakeTelegram, chat: Chat) -> list[Message]:
    return [message for message in fake.sent if message.chat.id == chat.id]


def ask(fake: FakeTelegram, chat: Chat, text: str) -> Message:
    """Write something and wait for the one answer."""
    before = len(said(fake, chat))
    fake.say(chat, text)
    fake.wait_for(lambda: len(said(fake, chat)) > before and not fake.pending, 15)
    assert len(said(fake, chat)) == before + 1
    return said(fake, chat)[-1]


def tap(fake: FakeTelegram, message: Message, label: str) -> None:
    fake.tap(message, label)
    fake.wait_for(lambda: not fake.pending, 15)


def test_a_question_gets_the_sourced_answer_with_buttons(fake: FakeTelegram, chat: Chat) -> None:
    answer = ask(fake, chat, "phí bán lẻ thuốc lá")
    assert "31/12/2026" in answer.text
    assert "Nguồn: dichvucong.gov.vn" in answer.text
    assert "Tính đến" in answer.text
    assert {"Thời hạn", "Tóm tắt", "Hữu ích 👍", "Hỏi việc khác", "Gặp cán bộ"} <= set(answer.labels)
    links = [button["url"] for row in answer.keyboard for button in row if "url" in button]
    assert len(links) == 1
    assert links[0].startswith("https://")


def test_a_facet_takes_the_place_of_the_one_before_and_leads_back(fake: FakeTelegram, chat: Chat) -> None:
    answer = ask(fake, chat, "phí bán lẻ thuốc lá")
    fee = answer.text
    tap(fake, answer, "Thời hạn")
    assert said(fake, chat) == [answer]
    assert answer.edits == 1
    assert "15 ngày" in answer.text or "ngày làm việc" in answer.text
    assert "Hữu ích 👍" in answer.labels  # what it is about was asked, so it can still be judged
    tap(fake, answer, "Tóm tắt")
    assert "Tóm tắt" not in answer.labels
    tap(fake, answer, "Phí, lệ phí")
    assert (answer.text, answer.edits) == (fee, 3)


def test_another_matter_is_a_message_of_its_own(fake: FakeTelegram, chat: Chat) -> None:
    answer = ask(fake, chat, "phí bán lẻ thuốc lá")
    ask(fake, chat, "Đăng ký biểu diễn lân sư rồng")
    tap(fake, answer, "Thời hạn")
    assert answer.edits == 0
    assert len(said(fake, chat)) == 3


def test_typing_a_number_picks_that_choice(fake: FakeTelegram, chat: Chat) -> None:
    menu = ask(fake, chat, "/start")
    [second] = [label for label in menu.labels if label.startswith("2. ")]
    typed = ask(fake, chat, "2")
    tap(fake, menu, second)
    tapped = said(fake, chat)[-1] if menu.edits == 0 else menu
    assert typed.text == tapped.text
    assert "số này không có trong danh sách" in ask(fake, chat, "97").text


def test_a_follow_up_is_about_the_last_matter(fake: FakeTelegram, chat: Chat) -> None:
    ask(fake, chat, "cấp giấy phép bán lẻ thuốc lá")
    answer = ask(fake, chat, "còn lệ phí?")
    assert "bán lẻ thuốc lá" in answer.text
    assert "31/12/2026" in answer.text


def test_an_entry_asked_for_by_its_title_is_answered(fake: FakeTelegram, chat: Chat) -> None:
    answer = ask(fake, chat, "Đăng ký biểu diễn lân sư rồng")
    assert answer.text.startswith("Đăng ký biểu diễn lân sư rồng")
    assert "123.000 đồng" in answer.text


def test_a_checklist_is_ticked_item_by_item(fake: FakeTelegram, chat: Chat) -> None:
    answer = ask(fake, chat, "đăng ký biểu diễn lân sư rồng cần hồ sơ gì")
    tap(fake, answer, "Kiểm tra hồ sơ")
    checklist = said(fake, chat)[-1]
    assert checklist is not answer
    tap(fake, checklist, "Ảnh con lân")
    assert "☑ Ảnh con lân" in checklist.labels
    assert "Còn thiếu 1/2:" in checklist.text
    assert "Đơn đăng ký lân sư rồng" in checklist.text
    tap(fake, checklist, "Đơn đăng ký")
    assert "Đã đủ 2/2" in checklist.text
    assert len(said(fake, chat)) == 2


def test_a_vote_is_kept_with_the_question(fake: FakeTelegram, chat: Chat, office: Program) -> None:
    answer = ask(fake, chat, "phí bán lẻ thuốc lá bao nhiêu vậy bình chọn")
    tap(fake, answer, "👍")
    assert "Cảm ơn" in said(fake, chat)[-1].text
    votes = office.rows("SELECT vote FROM questions WHERE text LIKE '%bình chọn'")
    assert votes == [(1,)]


def test_in_a_group_only_those_who_call_are_answered(fake: FakeTelegram, office: Program) -> None:
    group, person = fake.group(-100_777), next(_people)
    office.approve(group.id, account=str(fake.bot_id))
    for talk in ("phí bán lẻ thuốc lá", "mai họp 8 giờ nhé", "/hoi@OtherBot phí bán lẻ thuốc lá"):
        fake.say(group, talk, user=person)
    fake.say(group, "/hoi@XinLuonBot phí bán lẻ thuốc lá", user=person)
    fake.wait_for(lambda: not fake.pending, 15)
    [answer] = said(fake, group)
    assert answer.reply_to is not None
    assert "31/12/2026" in answer.text
    fake.say(group, "còn thời hạn?", user=person, reply_to=answer)
    fake.wait_for(lambda: not fake.pending, 15)
    assert len(said(fake, group)) == 2


def test_whoever_writes_too_fast_is_asked_once_to_slow_down(fake: FakeTelegram, chat: Chat) -> None:
    for number in range(23):
        fake.say(chat, f"xin chào {number}")
    fake.wait_for(lambda: not fake.pending, 30)
    texts = [message.text for message in said(fake, chat)]
    assert len(texts) == 21
    assert [text for text in texts if "quá nhanh" in text] == texts[20:]
    other = fake.private(next(_people))
    assert "31/12/2026" in ask(fake, other, "phí bán lẻ thuốc lá").text


def test_a_very_long_text_is_read_in_part_and_says_so(fake: FakeTelegram, chat: Chat) -> None:
    answer = ask(fake, chat, "phí bán lẻ thuốc lá " + "nha " * 700)
    assert "dài hơn 2.000 ký tự" in answer.text


def test_what_people_write_does_no_harm(fake: FakeTelegram, chat: Chat, office: Program) -> None:
    hostile = [
        "<b>&amp;",
        "phí\u202e bán lẻ\u200b thuốc lá",
        "😀" * 300,
        "'; DROP TABLE questions; --",
        "/hoi",
        "\ufeff",
    ]
    for text in hostile:
        assert ask(fake, chat, text).text
    assert office.health()[0] == 200
    assert [e for e in office.events() if e["level"] == "error" and "knowledge" not in e["event"]] == []


def test_the_log_has_neither_the_token_nor_what_was_asked(
    fake: FakeTelegram, chat: Chat, office: Program
) -> None:
    ask(fake, chat, "tôi tên Nguyễn Văn Kín, số điện thoại 0912345678, phí bán lẻ thuốc lá")
    written = office.logs() + office.output()
    assert fake.token.split(":")[1] not in written
    for word in ("Kín", "0912345678", "thuốc lá"):
        assert word not in written
    [(kept,)] = office.rows("SELECT text FROM questions WHERE text LIKE '%Văn Kín%'")
    assert "[số điện thoại]" in kept
