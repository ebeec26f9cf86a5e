"""The Zalo bot's channel, polling, against a platform of our own on a real socket and a real database."""

from __future__ import annotations

import asyncio
import logging
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.channels.base import ChannelDown, FileUnavailable
from bot.channels.zalo_bot import ZaloBot
from bot.channels.zalo_bot_api import ZaloBotApi
from office import groups
from office.contacts import Contact
from office.database import make_engine, session_factory
from office.inbox import InboxState
from office.messages import ChatAddress, Choice, ChoiceKind, File
from office.people import ChatAccount, Member
from office.privacy import person_hash
from scheduler.ration import Purpose
from tests.databases import fresh_sqlite
from tests.fakes.zalo_bot import (
    FakeZaloBot,
    bad_gateway,
    drop_after,
    drop_before,
    garbled,
    passes,
    refuse,
    slow,
    too_many,
)
from tests.fakes.zalo_bot import Outcome as Planned
from tests.integration.channel_stage import serving, until
from tests.integration.zalo_bot_stage import CHART, HASTY, KEY, PACE, Addresses, Desk, Rations, Stage, say


@pytest.fixture
def fake() -> Iterator[FakeZaloBot]:
    with FakeZaloBot() as running:
        yield running


@pytest.fixture
def stage(fake: FakeZaloBot, tmp_path: Path) -> Iterator[Stage]:
    engine = make_engine(fresh_sqlite(tmp_path))
    sessions = session_factory(engine)
    yield Stage(fake, sessions, Desk(sessions))
    engine.dispose()


# --- a question and its answer


async def test_a_question_is_stored_answered_and_counted(stage: Stage, fake: FakeZaloBot) -> None:
    async with stage.running() as bot:
        an = fake.person("Nguyễn Văn An")
        key = fake.say(an, unicodedata.normalize("NFD", "lệ phí?"))
        await stage.done()
        assert stage.texts() == ["đáp lệ phí?"]
        [incoming] = stage.desk.heard
        assert (incoming.key, incoming.account, incoming.sender_name) == (key, fake.bot_id, an.name)
        assert bot.account == fake.bot_id
        assert bot.state.facts["name"] == fake.display_name
        assert bot.state.facts["mode"] == "polling"
        assert "last_event" in bot.state.facts
    assert bot.state.up is False
    assert stage.ration.spent == [Purpose.ANSWER]
    assert stage.rows() == {key: InboxState.ANSWERED}


async def test_who_writes_in_private_is_remembered_by_a_hash(stage: Stage, fake: FakeZaloBot) -> None:
    an, group = fake.person(), fake.group()
    async with stage.running():
        fake.say(an, "một")
        fake.say(group, "hai", mention=True)
        await stage.done(2)
    with stage.sessions() as session:
        [contact] = session.scalars(select(Contact)).all()
    assert contact.person == person_hash("zalo_bot", an.id, KEY)
    assert contact.wrote_at is not None


async def test_in_a_group_the_mention_is_taken_out_and_the_answer_goes_there(
    stage: Stage, fake: FakeZaloBot
) -> None:
    group = fake.group()
    async with stage.running():
        fake.say(group, "mai họp nhé")
        fake.say(group, "lệ phí?", mention=True)
        await stage.done()
    [incoming] = stage.desk.heard
    assert (incoming.text, incoming.group, incoming.addressed) == ("lệ phí?", True, True)
    assert [m.text for m in fake.received(group)] == ["đáp lệ phí?"]


async def test_who_writes_for_the_first_time_is_told_once_that_a_program_answers(
    stage: Stage, fake: FakeZaloBot
) -> None:
    an, binh, chi, group = fake.person("An"), fake.person("Bình"), fake.person("Chi"), fake.group()
    _tie(stage, fake, binh.id)
    says_so = say("Em là chương trình trả lời tự động của Sở. Mời chọn.")
    stage.desk.reply = lambda incoming: (says_so,) if incoming.text == "chào" else (say("đáp"), say("nữa"))
    async with stage.running(introduction="Em là chương trình trả lời tự động của Sở."):
        for at, who in enumerate((an, an, binh)):
            fake.say(who, "hỏi", at=datetime.now(UTC) - timedelta(minutes=9 - at))
        fake.say(group, "hỏi", mention=True)
        fake.say(chi, "chào")
        await stage.done(5)
    texts = {who.name: [m.text for m in fake.received(who)] for who in (an, binh, chi, group)}
    assert texts["An"] == ["đáp\nEm là chương trình trả lời tự động của Sở.", "nữa", "đáp", "nữa"]
    assert texts["Bình"] == texts[group.name] == ["đáp", "nữa"]
    assert texts["Chi"] == [says_so.lines[0].text]


async def test_choices_are_numbered_and_long_answers_parted(stage: Stage, fake: FakeZaloBot) -> None:
    words = unicodedata.normalize("NFD", "Thành phần hồ sơ gồm đơn đề nghị cấp giấy phép. ") * 110
    choice = Choice(kind=ChoiceKind.MENU, label="Gặp cán bộ", payload="human")
    stage.desk.reply = lambda incoming: (say(words, choice),)
    async with stage.running():
        fake.say(fake.person(), "hồ sơ?")
        await stage.done()
    texts = stage.texts()
    assert len(texts) == 3
    assert all(len(text) <= 2000 and text == unicodedata.normalize("NFC", text) for text in texts)
    assert "1. Gặp cán bộ" in texts[-1]
    assert len(stage.ration.spent) == 3


async def test_one_chat_is_served_in_order_and_holds_up_nobody(stage: Stage, fake: FakeZaloBot) -> None:
    gate = stage.desk.gates["một"] = threading.Event()
    an, binh = fake.person("An"), fake.person("Bình")
    async with stage.running():
        for text in ("một", "hai"):
            fake.say(an, text)
        fake.say(binh, "ba")
        await until(lambda: fake.received(binh))
        assert fake.received(an) == []
        gate.set()
        await stage.done(3)
    assert [m.text for m in fake.received(an)] == ["đáp một", "đáp hai"]


async def test_an_answer_that_takes_long_is_announced_and_does_not_wait_for_that(
    stage: Stage, fake: FakeZaloBot
) -> None:
    gate = stage.desk.gates["lâu"] = threading.Event()
    an = fake.person()
    async with stage.running(pace=replace(PACE, typing=30.0)):
        fake.say(an, "nhanh")
        await stage.done()
    fake.plan("sendChatAction", slow(60))
    async with stage.running(pace=replace(PACE, typing=0.02)):
        fake.say(an, "lâu")
        await until(lambda: fake.called("sendChatAction"))
        gate.set()
        await until(lambda: len(stage.texts()) == 2, within=10)
        await stage.done(2)
    [call] = fake.called("sendChatAction")
    assert call.parameters == {"chat_id": an.id, "action": "typing"}


# --- what has no words


async def test_stickers_and_voices_are_told_once_that_only_words_are_read(
    stage: Stage, fake: FakeZaloBot
) -> None:
    an = fake.person()
    async with stage.running():
        fake.send_sticker(an)
        fake.send_voice(an)
        fake.send_unsupported(an)
        fake.send_photo(an)
        await stage.done(4)
    [text] = stage.texts()
    assert "chỉ đọc được tin nhắn chữ" in text
    assert stage.desk.heard == []


async def test_a_group_that_nobody_has_approved_hears_nothing_and_the_desk_is_told_of_it(
    stage: Stage, fake: FakeZaloBot
) -> None:
    stage.desk.reply = lambda incoming: ()  # as the real one in such a group
    new, ours = fake.group(), fake.group()
    with stage.sessions.begin() as session:
        where = {"channel": "zalo_bot", "account": fake.bot_id, "chat": ours.id}
        group, _ = groups.met(session, **where, title="", added_by="", now=datetime.now(UTC))
        group.state = groups.GroupState.APPROVED
    async with stage.running():
        fake.send_sticker(new, mention=True)
        fake.send_sticker(ours, mention=True)
        await stage.done(2)
    assert [incoming.chat for incoming in stage.desk.heard] == [new.id]
    [message] = fake.sent
    assert message.chat is ours
    assert "chỉ đọc được tin nhắn chữ" in message.text


async def test_in_a_group_it_is_said_how_a_number_reaches_the_bot(stage: Stage, fake: FakeZaloBot) -> None:
    choices = [Choice(kind=ChoiceKind.MENU, label=label, payload=label) for label in ("Phí", "Hồ sơ")]
    stage.desk.reply = lambda incoming: (say("Chọn", *choices),)
    group, an = fake.group(), fake.person()
    async with stage.running():
        fake.say(group, "lệ phí?", mention=True)
        fake.say(an, "lệ phí?")
        await stage.done(2)
    [there], [here] = fake.received(group), fake.received(an)
    assert there.text.endswith("Nhắc tên bot, kèm 1 hoặc 2.")
    assert here.text.endswith("Trả lời 1 hoặc 2.")


async def test_a_picture_with_words_is_a_question(stage: Stage, fake: FakeZaloBot) -> None:
    async with stage.running():
        fake.send_photo(fake.person(), caption="mẫu này phải không?")
        await stage.done()
    assert stage.desk.texts == ["mẫu này phải không?"]


async def test_a_picture_from_staff_reaches_the_desk(stage: Stage, fake: FakeZaloBot) -> None:
    an = fake.person()
    _tie(stage, fake, an.id)
    async with stage.running():
        fake.send_photo(an, "https://photo-stal-1.zdn.vn/giay-moi.jpg")
        await stage.done()
    [incoming] = stage.desk.heard
    assert incoming.file is not None
    assert incoming.file.id == "https://photo-stal-1.zdn.vn/giay-moi.jpg"


async def test_a_civil_servant_out_of_reach_is_in_reach_again_once_they_write(
    stage: Stage, fake: FakeZaloBot
) -> None:
    an, binh, group = fake.person("An"), fake.person("Bình"), fake.group()
    for who in (an, binh):
        _tie(stage, fake, who.id)
        to = ChatAddress(channel="zalo_bot", account=fake.bot_id, chat=who.id)
        with stage.sessions.begin() as session:
            assert groups.out_of_reach(session, to, reason="Zalo không tìm thấy", now=datetime.now(UTC))
    async with stage.running():
        fake.say(an, "có đây")
        fake.say(group, "có đây", user=binh, mention=True)  # of their own chat this says nothing
        await stage.done(2)
    with stage.sessions() as session:
        accounts = {row.chat: row.disabled_at for row in session.scalars(select(ChatAccount))}
    assert accounts[an.id] is None
    assert accounts[binh.id] is not None


# --- polling


async def test_a_bot_that_repeats_its_last_event_is_asked_no_faster_and_answers_once(
    stage: Stage, fake: FakeZaloBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.replay = True
    asked: list[float] = []  # when, by the bot's own clock
    updates = ZaloBotApi.updates

    async def timed(api: ZaloBotApi, *, wait: int) -> list[dict[str, Any]]:
        asked.append(asyncio.get_running_loop().time())
        return await updates(api, wait=wait)

    monkeypatch.setattr(ZaloBotApi, "updates", timed)
    async with stage.running(pace=replace(PACE, floor=0.08)) as bot:
        fake.say(fake.person(), "một")
        await stage.done()
        await until(lambda: len(fake.called("getUpdates")) >= 3)
        assert bot.state.facts.pop("last_event")
        await until(lambda: len(fake.called("getUpdates")) >= 6)
        assert stage.texts() == ["đáp một"]
        assert "last_event" not in bot.state.facts  # nobody has written
    assert asked[-1] - asked[0] >= 0.079 * (len(asked) - 1)
    async with stage.running():  # another life
        polls = len(fake.called("getUpdates"))
        await until(lambda: len(fake.called("getUpdates")) >= polls + 3)
        fake.say(fake.person(), "hai")
        await stage.done(2)
    assert stage.texts() == ["đáp một", "đáp hai"]


async def test_an_idle_poll_is_no_trouble(stage: Stage, fake: FakeZaloBot) -> None:
    fake.poll_seconds = 0.05
    async with stage.running() as bot:
        await until(lambda: len(fake.called("getUpdates")) >= 4)
        assert bot.state.up is True
        assert bot.state.detail == ""
    assert fake.called("getUpdates")[0].parameters == {"timeout": "5"}


async def test_a_webhook_that_is_set_is_taken_off_at_the_start_and_later(
    stage: Stage, fake: FakeZaloBot
) -> None:
    fake.poll_seconds = 0.05
    elsewhere = {"url": "https://noi-khac.example.vn/", "secret_token": "12345678"}
    async with httpx.AsyncClient() as client:
        await client.post(f"{fake.url}/bot{fake.token}/setWebhook", json=elsewhere)
        async with stage.running() as bot:
            assert fake.webhook is None
            await client.post(f"{fake.url}/bot{fake.token}/setWebhook", json=elsewhere)
            await until(lambda: fake.webhook is None)
            assert bot.state.detail == ""  # it is put right: nobody need be told of a code
            fake.say(fake.person(), "một")
            await stage.done()
    assert stage.texts() == ["đáp một"]


@pytest.mark.parametrize("outcome", [bad_gateway(), drop_before(), refuse(403)])
async def test_polling_goes_on_after_trouble_and_says_so(
    stage: Stage, fake: FakeZaloBot, outcome: Planned, caplog: pytest.LogCaptureFixture
) -> None:
    fake.plan("getUpdates", *[outcome] * 2)
    fake.say(fake.person(), "một")
    async with stage.running() as bot:
        await stage.done()
        assert "Chưa nhận được tin từ Zalo Bot" in caplog.text
        assert bot.state.up is True
        assert bot.state.detail == ""


async def test_polling_waits_as_it_is_told(
    stage: Stage, fake: FakeZaloBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_bot_codes.HOLD_SECONDS", 0.3)
    fake.plan("getUpdates", too_many())
    fake.say(fake.person(), "một")
    async with stage.running():
        await stage.done()
    first, second, *_ = (call.at for call in fake.called("getUpdates"))
    assert second - first >= 0.3


async def test_unknown_and_broken_events_are_passed(
    stage: Stage, fake: FakeZaloBot, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.running():
        fake.push({"event_name": "message.text.received", "message": {"text": "điều riêng tư"}})
        fake.push({"event_name": "bot.promoted", "gì": 1})
        fake.push({"không": "phải sự kiện"})
        fake.say(fake.person(), "sau")
        await stage.done(3)
    assert stage.texts() == ["đáp sau"]
    assert "riêng tư" not in caplog.text
    assert sorted(stage.rows().values()) == ["answered", "answered", "poisoned"]


async def test_an_event_that_cannot_be_stored_waits_for_the_database(
    stage: Stage, fake: FakeZaloBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from office.database import DatabaseUnavailable

    bot = stage.bot()
    take, broken = bot._receiver.postbox.take, [True]

    async def failing(*arguments: Any, **options: Any) -> bool:
        if broken[0]:
            raise DatabaseUnavailable("đĩa đã đầy", "giải phóng dung lượng")
        return await take(*arguments, **options)

    monkeypatch.setattr(bot._receiver.postbox, "take", failing)
    task = asyncio.create_task(bot.run())
    await until(lambda: bot.state.up)
    fake.say(fake.person(), "một")
    await until(lambda: bot.state.detail == "đĩa đã đầy")
    assert fake.pending == []  # the platform has forgotten it
    broken[0] = False
    await stage.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert stage.texts() == ["đáp một"]


# --- crashes


async def test_what_was_stored_but_not_answered_is_answered_in_the_next_life(
    stage: Stage, fake: FakeZaloBot
) -> None:
    gate = stage.desk.gates["một"] = threading.Event()
    async with stage.running(pace=replace(PACE, grace=0.05)):
        fake.say(fake.person(), "một")
        await until(lambda: InboxState.HANDLED in stage.rows().values())
    assert stage.texts() == []
    gate.set()
    assert list(stage.rows().values()) == [InboxState.HANDLED]
    async with stage.running():
        await stage.done()
    assert stage.texts() == ["đáp một"]
    assert stage.desk.texts == ["một"]


async def test_stopping_finishes_what_is_in_hand(stage: Stage, fake: FakeZaloBot) -> None:
    gate = stage.desk.gates["một"] = threading.Event()
    async with stage.running():
        fake.say(fake.person(), "một")
        await until(lambda: stage.desk.heard)
        asyncio.get_running_loop().call_later(0.1, gate.set)
    assert stage.texts() == ["đáp một"]
    assert list(stage.rows().values()) == [InboxState.ANSWERED]


async def test_told_to_stop_once_more_while_it_stops_it_leaves_no_connection_open(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = stage.bot()
    running = asyncio.create_task(bot.run())
    await until(lambda: bot.state.up)
    api = bot._api
    assert api is not None
    monkeypatch.setattr(bot._receiver, "close", asyncio.Event().wait)
    running.cancel()
    await until(lambda: not bot.state.up)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (api.client.is_closed, bot._api) == (True, None)


# --- sending that fails


@pytest.mark.parametrize(
    ("outcome", "times"),
    [
        (drop_before(), 1),
        (refuse(403), 1),
        (refuse(500), 1),
        (too_many(), 1),
        (bad_gateway(), 1),
        (drop_after(), 2),
        (garbled(), 2),
        (slow(0.7), 2),
    ],
)
async def test_an_answer_arrives_once_or_at_most_twice(
    stage: Stage, fake: FakeZaloBot, outcome: Planned, times: int
) -> None:
    fake.plan("sendMessage", outcome)
    async with stage.running(pace=HASTY if outcome.delay else PACE) as bot:
        fake.say(fake.person(), "một")
        await stage.done()
        await until(lambda: len(stage.texts()) >= times)  # what was slow arrives late
        assert stage.texts() == ["đáp một"] * times
        assert "uncertain" not in bot.state.facts


async def test_an_answer_lost_twice_counts_as_sent(stage: Stage, fake: FakeZaloBot) -> None:
    fake.plan("sendMessage", drop_before(), drop_before())
    async with stage.running() as bot:
        fake.say(fake.person(), "một")
        await stage.done()
        await until(lambda: bot.state.facts.get("uncertain") == 1)
    assert stage.texts() == []
    assert len(stage.ration.spent) == 2  # either may have been counted


async def test_a_refused_answer_holds_up_nobody(stage: Stage, fake: FakeZaloBot) -> None:
    fake.plan("sendMessage", refuse(400))
    an = fake.person()
    async with stage.running():
        fake.say(an, "một")
        fake.say(an, "hai")
        await stage.done(2)
    assert stage.texts() == ["đáp hai"]
    assert stage.ration.spent == [Purpose.ANSWER]


async def test_the_part_that_failed_is_sent_again_and_not_those_before(
    stage: Stage, fake: FakeZaloBot
) -> None:
    stage.desk.reply = lambda incoming: (say("một"), say("hai"), say("ba"))
    fake.plan("sendMessage", passes(), *[refuse(403)] * 6)
    async with stage.running():
        fake.say(fake.person(), "?")
        await stage.done()
    assert stage.texts() == ["một", "hai", "ba"]


# --- pictures and files


SHEET = File(name="bao-cao.xlsx", media_type="application/x", content=b"xlsx")


async def test_one_picture_carries_the_text_and_other_files_are_links(
    stage: Stage, fake: FakeZaloBot
) -> None:
    stage.desk.reply = lambda incoming: (say("Tiến độ tháng", files=(SHEET, CHART)),)
    async with stage.running(addresses=Addresses()):
        fake.say(fake.person(), "báo cáo")
        await stage.done()
    [message] = fake.sent
    assert message.photo == "https://sct.example.vn/tep/bieu-do.png"
    assert message.caption.startswith("Tiến độ tháng")
    assert "https://sct.example.vn/tep/bao-cao.xlsx" in message.caption


async def test_a_picture_that_is_refused_becomes_a_link(stage: Stage, fake: FakeZaloBot) -> None:
    stage.desk.reply = lambda incoming: (say("Tiến độ tháng", files=(CHART,)),)
    fake.plan("sendPhoto", refuse(400))
    async with stage.running(addresses=Addresses()):
        fake.say(fake.person(), "báo cáo")
        await stage.done()
    assert stage.texts() == ["Tiến độ tháng\n\nTệp bieu-do.png: https://sct.example.vn/tep/bieu-do.png"]


@pytest.mark.parametrize("outcome", [refuse(403), slow(0.7)])
async def test_a_picture_that_the_platform_cannot_fetch_holds_nothing_up(
    stage: Stage, fake: FakeZaloBot, outcome: Planned
) -> None:
    stage.desk.reply = lambda incoming: (say("Tiến độ tháng", files=(CHART,)),)
    fake.plan("sendPhoto", *[outcome] * 6)
    async with stage.running(addresses=Addresses(), pace=HASTY if outcome.delay else PACE) as bot:
        an = fake.person()
        fake.say(an, "báo cáo")
        await stage.done()
        assert len(fake.called("sendPhoto")) == 1
        link = "Tiến độ tháng\n\nTệp bieu-do.png: https://sct.example.vn/tep/bieu-do.png"
        assert link in stage.texts()
        assert "uncertain" not in bot.state.facts


async def test_without_addresses_it_is_said_that_files_do_not_come(stage: Stage, fake: FakeZaloBot) -> None:
    stage.desk.reply = lambda incoming: (say("Tiến độ tháng", files=(CHART,)),)
    async with stage.running():
        fake.say(fake.person(), "báo cáo")
        await stage.done()
    [text] = stage.texts()
    assert "bieu-do.png" in text
    assert "http" not in text


async def test_files_are_fetched_and_only_from_zalo(stage: Stage, fake: FakeZaloBot) -> None:
    async with stage.running() as bot:
        with pytest.raises(FileUnavailable, match="không nằm trên máy chủ của Zalo"):
            await bot.fetch("http://127.0.0.1:1/a.jpg")
        with pytest.raises(FileUnavailable, match="không còn giữ"):
            await bot.fetch(f"{fake.url}/khong-co.jpg")
        assert b'"sent"' in await bot.fetch(f"{fake.url}/_control/stats")


# --- the month's messages


async def test_when_the_month_is_spent_each_person_is_told_once_and_work_goes_on(
    stage: Stage, fake: FakeZaloBot
) -> None:
    stage.ration = Rations(left=0)
    an, binh = fake.person("An"), fake.person("Bình")
    async with stage.running(elsewhere="tại https://sct.example.vn"):
        fake.say(an, "một")
        fake.say(an, "hai")
        fake.say(binh, "ba")
        await stage.done(3)
    [to_an], [to_binh] = fake.received(an), fake.received(binh)
    assert to_an.text == to_binh.text
    assert "Zalo Bot của cơ quan đã hết số tin" in to_an.text
    assert "hỏi tại https://sct.example.vn hoặc liên hệ trực tiếp" in to_an.text
    assert sorted(stage.desk.texts) == ["ba", "hai", "một"]  # what staff ordered is done all the same


class Kept(Rations):
    """All that is left is kept for deadlines."""

    async def refusal(self, purpose: Purpose) -> str:
        return "" if purpose is Purpose.DEADLINE else "Phần còn lại dành cho nhắc hạn."


async def test_when_the_rest_is_kept_for_deadlines_a_citizen_is_told_so_and_a_civil_servant_answered(
    stage: Stage, fake: FakeZaloBot
) -> None:
    stage.ration = Kept()
    an, binh = fake.person("An"), fake.person("Bình")
    _tie(stage, fake, an.id)
    async with stage.running(elsewhere="qua Zalo OA của cơ quan"):
        fake.say(an, "xong 2")
        await stage.done()
        fake.say(binh, "giá điện")
        await stage.done(2)
    [to_an], [to_binh] = fake.received(an), fake.received(binh)
    assert to_an.text == "đáp xong 2"
    assert "sắp hết số tin, phần còn lại dành cho nhắc hạn" in to_binh.text
    assert "Anh/chị hỏi qua Zalo OA của cơ quan hoặc liên hệ trực tiếp" in to_binh.text
    assert stage.ration.spent == [Purpose.DEADLINE, Purpose.ANSWER]


def _tie(stage: Stage, fake: FakeZaloBot, sender: str) -> None:
    """Make somebody a civil servant."""
    with stage.sessions.begin() as session:
        member = Member(name="An", joined_at=datetime.now(UTC))
        session.add(member)
        session.flush()
        session.add(
            ChatAccount(
                member_id=member.id,
                channel="zalo_bot",
                account=fake.bot_id,
                sender=sender,
                chat=sender,
                tied_at=datetime.now(UTC),
            )
        )


async def test_what_the_platform_refuses_again_and_again_is_a_spent_month_and_the_question_waits(
    stage: Stage, fake: FakeZaloBot
) -> None:
    plan, fake.quota_status = fake.limits, 200
    fake.limits = replace(plan, messages_per_month=0)
    async with stage.running(pace=replace(PACE, hold=0.02, longest_hold=0.2, whole=0.1)) as bot:
        fake.say(fake.person(), "một")
        await until(lambda: stage.ration.platform_says)
        assert "hết số tin của tháng" in bot.state.detail
        assert bot.state.up is True
        await until(lambda: stage.ration.waited)
        tried = len(fake.called("sendMessage"))
        await until(lambda: stage.ration.waited >= 3)
        assert len(fake.called("sendMessage")) == tried  # neither answered nor told while there are none
        assert list(stage.rows().values()) == [InboxState.HANDLED]
        fake.limits = plan
        stage.ration.topped_up()
        await stage.done()
        assert bot.state.detail == ""
    assert stage.texts() == ["đáp một"]
    assert stage.ration.spent == [Purpose.ANSWER]
    waits = [seconds for _, seconds, account in stage.gate.floods if account]
    assert len(waits) >= 3
    assert max(waits) > 2 * min(waits)


@pytest.mark.parametrize("outcome", [refuse(403), too_many()])
async def test_who_could_not_be_told_that_the_month_is_spent_is_told_as_soon_as_that_goes(
    stage: Stage, fake: FakeZaloBot, outcome: Planned
) -> None:
    stage.ration = Rations(left=0)
    fake.plan("sendMessage", *[outcome] * 2)
    an = fake.person("An")
    async with stage.running():
        fake.say(an, "một")
        fake.say(an, "hai")
        await stage.done(2)
    [told] = fake.received(an)
    assert "đã hết số tin" in told.text


# --- the token


async def test_a_wrong_token_ends_the_channel_with_what_to_do(stage: Stage, fake: FakeZaloBot) -> None:
    settings = stage.settings().model_copy(update={"token": SecretStr("1459:sai")})
    bot = stage.bot(settings=settings)
    with pytest.raises(ChannelDown) as caught:
        await bot.run()
    assert caught.value.retry is False
    assert "Zalo Bot Creator" in caught.value.reason
    assert bot.state.detail == caught.value.reason


async def test_a_token_that_is_taken_back_ends_the_channel_and_another_run_goes_on(
    stage: Stage, fake: FakeZaloBot
) -> None:
    fake.poll_seconds = 0.05
    bot: ZaloBot = stage.bot()
    task = asyncio.create_task(bot.run())
    await until(lambda: bot.state.up)
    token, fake.token = fake.token, "1459:moi"
    with pytest.raises(ChannelDown, match="token"):
        await task
    fake.token = token
    fake.say(fake.person(), "một")
    task = asyncio.create_task(bot.run())
    await stage.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert stage.texts() == ["đáp một"]


async def test_the_start_is_patient(stage: Stage, fake: FakeZaloBot) -> None:
    fake.plan("getMe", drop_before(), bad_gateway(), *[refuse(403)] * 20)
    bot = stage.bot()
    task = asyncio.create_task(bot.run())
    await until(lambda: "mã 403" in bot.state.detail)
    assert bot.state.detail.count("thử lại") == 1
    fake._plans["getMe"].clear()
    fake.say(fake.person(), "một")
    await stage.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert stage.texts() == ["đáp một"]
    assert len(fake.called("getMe")) >= 4


async def test_the_token_is_in_no_log_and_no_error(
    stage: Stage, fake: FakeZaloBot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for method in ("getMe", "getUpdates", "sendMessage"):
        fake.plan(method, drop_before(), refuse(500))
    fake.say(fake.person(), "chuyện riêng")
    async with stage.running():
        await stage.done()
    unreachable = stage.settings().model_copy(update={"base_url": "http://127.0.0.1:9"})
    bot = stage.bot(settings=unreachable)
    async with serving(bot, up=False):
        await until(lambda: bot.state.detail)
        assert "Không kết nối được tới Zalo" in bot.state.detail
    secret = fake.token.partition(":")[2]
    assert caplog.records
    for record in caplog.records:
        assert secret not in record.getMessage() + str(record.exc_info) + str(record.args)
        if record.levelno >= logging.INFO:
            assert "chuyện riêng" not in record.getMessage()
