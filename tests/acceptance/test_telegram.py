"""What Telegram has beyond every channel: messages that change in place, and groups."""

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
    fake.wait_for(lambda: len(said(fake, chat)) > before and not fake.pending)
    assert len(said(fake, chat)) == before + 1
    return said(fake, chat)[-1]


def tap(fake: FakeTelegram, message: Message, label: str) -> None:
    fake.tap(message, label)
    fake.wait_for(lambda: not fake.pending)


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


def test_in_a_group_only_those_who_call_are_answered(fake: FakeTelegram, office: Program) -> None:
    group, person = fake.group(-100_777), next(_people)
    office.approve(group.id, account=str(fake.bot_id))
    for talk in ("phí bán lẻ thuốc lá", "mai họp 8 giờ nhé", "/hoi@OtherBot phí bán lẻ thuốc lá"):
        fake.say(group, talk, user=person)
    fake.say(group, "/hoi@XinLuonBot phí bán lẻ thuốc lá", user=person)
    fake.wait_for(lambda: not fake.pending)
    [answer] = said(fake, group)
    assert answer.reply_to is not None
    assert "31/12/2026" in answer.text
    fake.say(group, "còn thời hạn?", user=person, reply_to=answer)
    fake.wait_for(lambda: not fake.pending)
    assert len(said(fake, group)) == 2
