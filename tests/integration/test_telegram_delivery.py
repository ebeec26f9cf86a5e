"""What the lanes hear of Telegram: one attempt a message, and an honest outcome for each way it can end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from bot.channels.base import FileUnavailable
from bot.channels.telegram import Telegram
from bot.channels.telegram_courier import TelegramCourier
from bot.channels.telegram_wire import Pace, open_bot
from office.messages import ChatAddress, Choice, ChoiceKind, Event, File, Incoming, Line, Reply, split_reply
from scheduler.courier import Failed, Moved, Outcome, Parcel, Paused, Retry, Sent, Uncertain
from tests.fakes.telegram import (
    FakeTelegram,
    bad_gateway,
    drop_after,
    drop_before,
    flood,
    garbled,
    passes,
    refuse,
    slow,
)
from tests.fakes.telegram import Outcome as Planned
from tests.integration.channel_stage import serving, until

PACE = Pace(poll=5, busy=0.05, first=0.05, longest=0.2, patience=2.5, grace=10.0)
PNG = b"\x89PNG\r\n\x1a\n"
SHEET = File(name="Giao việc.xlsx", media_type="application/x", content=b"xlsx")
CHART = File(name="biểu đồ.png", media_type="image/png", content=PNG, picture=True)


class Desk:
    """Echoes, or gives what a test wants."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.replies: tuple[Reply, ...] = ()

    def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        self.heard.append(incoming)
        return self.replies

    def answered(self, incoming: Incoming) -> None:
        """Nothing is kept."""


class Watched:
    """A gate that lets through at once and remembers who came."""

    def __init__(self) -> None:
        self.entered: list[tuple[str, bool]] = []
        self.floods: list[tuple[str, float, bool]] = []

    async def enter(self, chat: str, *, group: bool) -> None:
        self.entered.append((chat, group))

    def flooded(self, chat: str, seconds: float, *, account: bool = False) -> None:
        self.floods.append((chat, seconds, account))


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with FakeTelegram() as running:
        running.private()
        yield running


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def running(fake: FakeTelegram, desk: Desk | None = None, **options: Any) -> AsyncIterator[Telegram]:
    options = {"pace": PACE} | options
    telegram = Telegram(desk or Desk(), token=SecretStr(fake.token), base_url=fake.url, **options)
    async with serving(telegram):
        yield telegram


def text(words: str, *files: File, choices: tuple[Choice, ...] = ()) -> Reply:
    return Reply(lines=(Line(words),), files=files, choices=choices)


def parcel(reply: Reply, chat: int = 7001, *, topic: str = "") -> Parcel:
    account = "123456789"
    to = ChatAddress(channel="telegram", account=account, chat=str(chat), topic=topic, group=chat < 0)
    return Parcel(id=1, to=to, reply=reply)


async def deliver(fake: FakeTelegram, reply: Reply, chat: int = 7001, **more: Any) -> Outcome:
    async with running(fake) as telegram:
        return await telegram.courier().deliver(parcel(reply, chat, **more))


# --- it goes well


async def test_a_message_is_sent_once_and_its_number_known(fake: FakeTelegram) -> None:
    tick = Choice(kind=ChoiceKind.MENU, label="Đã nhận", payload="s:nhan:12")
    outcome = await deliver(fake, text("Nhắc việc", choices=(tick,)))
    [message] = fake.received(fake.private())
    assert outcome == Sent(message_id=str(message.message_id))
    assert (message.text, message.labels) == ("Nhắc việc", ["Đã nhận"])
    assert len(fake.called("sendMessage")) == 1


async def test_a_message_goes_into_its_topic_and_beside_it_when_that_is_gone(fake: FakeTelegram) -> None:
    forum = fake.group(-1002, topics=(7,))
    async with running(fake) as telegram:
        courier = telegram.courier()
        assert isinstance(await courier.deliver(parcel(text("a"), -1002, topic="7")), Sent)
        forum.topics.clear()
        assert isinstance(await courier.deliver(parcel(text("b"), -1002, topic="7")), Sent)
        forum.topics.add(7)
        fake.plan("sendMessage", refuse(400, "Bad Request: TOPIC_CLOSED"))
        assert isinstance(await courier.deliver(parcel(text("c"), -1002, topic="7")), Sent)
    assert [message.topic for message in fake.received(forum)] == [7, None, None]


async def test_what_telegram_refuses_of_a_message_is_left_out(fake: FakeTelegram) -> None:
    link = Choice(kind=ChoiceKind.LINK, label="Xem", url="http://localhost/x")
    assert isinstance(await deliver(fake, text("a", choices=(link,))), Sent)
    assert fake.sent[0].labels == []


async def test_each_part_of_a_long_reply_is_one_message(fake: FakeTelegram) -> None:
    long = text("Nộp báo cáo đúng hạn 😀. " * 400, SHEET)
    async with running(fake) as telegram:
        parts = split_reply(long, telegram.capabilities.max_text)
        outcomes = [await telegram.courier().deliver(parcel(part)) for part in parts]
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len(parts) > 1
    assert len(fake.called("sendMessage")) == len(parts)
    assert len(fake.called("sendDocument")) == 1


async def test_what_does_not_fit_into_one_message_is_a_fault_of_ours(fake: FakeTelegram) -> None:
    outcome = await deliver(fake, text("Nộp báo cáo. " * 400))
    assert isinstance(outcome, Failed)
    assert outcome.unreachable is False
    assert fake.called("sendMessage") == []


# --- it doesn't


@pytest.mark.parametrize(
    ("planned", "outcome", "arrived"),
    [
        (garbled(), Sent(message_id=""), 1),
        (refuse(429, "Too Many Requests: retry after 17", retry_after=17), Paused(seconds=17), 0),
        (drop_before(), Uncertain, 0),
        (drop_after(), Uncertain, 1),
        (bad_gateway(502), Uncertain, 0),
        (bad_gateway(503), Uncertain, 0),
        (bad_gateway(504), Uncertain, 0),
        (refuse(500, "Internal Server Error"), Uncertain, 0),
        (bad_gateway(403), Retry, 0),  # turned away before Telegram: by a filter on the way out
        (refuse(400, "Bad Request: message is too long"), Failed, 0),
        (refuse(413, "Request Entity Too Large"), Failed, 0),
        (refuse(400, "Bad Request: upgraded", migrate_to_chat_id=-1005), Moved(chat="-1005"), 0),
    ],
)
async def test_each_way_to_fail_has_its_outcome_after_one_attempt(
    fake: FakeTelegram, planned: Planned, outcome: Outcome | type[Outcome], arrived: int
) -> None:
    fake.plan("sendMessage", planned)
    came = await deliver(fake, text("a"))
    assert isinstance(came, outcome) if isinstance(outcome, type) else came == outcome
    assert len(fake.called("sendMessage")) == 1
    assert len(fake.received(fake.private())) == arrived


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (403, "Forbidden: bot was blocked by the user", "chặn bot"),
        (403, "Forbidden: bot was kicked from the supergroup chat", "đưa ra khỏi nhóm"),
        (403, "Forbidden: user is deactivated", "không còn hoạt động"),
        (403, "Forbidden: bot can't initiate conversation with a user", "Bắt đầu"),
        (403, "Forbidden: something new", "không cho gửi"),
        (400, "Bad Request: chat not found", "không tìm thấy"),
        (400, "Bad Request: not enough rights to send text messages to the chat", "quản trị nhóm"),
        (400, "Bad Request: need administrator rights in the channel chat", "quản trị nhóm"),
    ],
)
async def test_a_chat_that_cannot_be_reached_is_said_so_in_words(
    fake: FakeTelegram, code: int, words: str, said: str
) -> None:
    fake.plan("sendMessage", refuse(code, words))
    outcome = await deliver(fake, text("a", choices=(Choice(kind=ChoiceKind.MENU, label="x", payload="x"),)))
    assert isinstance(outcome, Failed)
    assert outcome.unreachable is True
    assert said in outcome.reason
    assert len(fake.called("sendMessage")) == 1


@pytest.mark.parametrize("to", [{"chat": "web-1"}, {"chat": "-5", "topic": "chung"}])
async def test_an_address_of_another_platform_is_never_tried(fake: FakeTelegram, to: dict[str, str]) -> None:
    async with running(fake) as telegram:
        wrong = parcel(text("a"))
        there = replace(wrong.to, chat=to["chat"], topic=to.get("topic", ""))
        outcome = await telegram.courier().deliver(replace(wrong, to=there))
    assert isinstance(outcome, Failed)
    assert outcome.unreachable is True
    assert fake.called("sendMessage") == []


async def test_before_the_bot_is_open_and_after_it_is_closed_it_is_to_be_tried_again(
    fake: FakeTelegram,
) -> None:
    telegram = Telegram(Desk(), token=SecretStr(fake.token), base_url=fake.url, pace=PACE)
    courier = telegram.courier()
    assert (courier.channel, courier.account) == ("telegram", str(fake.bot_id))
    for _ in range(2):
        outcome = await courier.deliver(parcel(text("a")))
        assert isinstance(outcome, Retry)
        assert outcome.network is True
        async with running(fake) as other:
            courier = other.courier()
    assert fake.called("sendMessage") == []


async def test_a_server_that_cannot_be_reached_has_sent_nothing(fake: FakeTelegram) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        free = nobody.getsockname()[1]
    bot, _ = open_bot(fake.token, base_url=f"http://127.0.0.1:{free}", proxy=None, poll=1)
    await bot.request.initialize()
    outcome = await TelegramCourier(lambda: bot, account="1").deliver(parcel(text("a")))
    await bot.request.shutdown()
    closed = await TelegramCourier(lambda: bot, account="1").deliver(parcel(text("a")))
    for came in (outcome, closed):
        assert isinstance(came, Retry)
        assert came.network is True


async def test_a_token_that_is_not_taken_sends_nothing_for_good(fake: FakeTelegram) -> None:
    async with running(fake) as telegram:
        fake.plan("sendMessage", refuse(401, "Unauthorized"))
        outcome = await telegram.courier().deliver(parcel(text("a")))
    assert isinstance(outcome, Retry)
    assert outcome.network is True
    assert fake.token not in outcome.reason


async def test_many_flooded_chats_mean_the_account(fake: FakeTelegram) -> None:
    fake.plan("sendMessage", *[flood(3)] * 4)
    async with running(fake) as telegram:
        courier = telegram.courier()
        outcomes = [await courier.deliver(parcel(text("a"), fake.private(chat).id)) for chat in (1, 1, 2, 3)]
    assert outcomes == [Paused(seconds=3, account=account) for account in (False, False, False, True)]


# --- files


async def test_files_follow_their_message_each_at_the_shared_pace(fake: FakeTelegram) -> None:
    gate = Watched()
    async with running(fake, gate=gate) as telegram:
        outcome = await telegram.courier().deliver(parcel(text("Thống kê", CHART, SHEET)))
    message, chart, sheet = fake.received(fake.private())
    assert outcome == Sent(message_id=f"{message.message_id} {chart.message_id} {sheet.message_id}")
    assert (chart.picture, sheet.picture) == (True, False)
    assert sheet.file is not None
    assert (sheet.file.name, sheet.file.content) == (SHEET.name, SHEET.content)
    assert gate.entered == [("7001", False)] * 2  # the lane itself has counted the message


async def test_a_picture_that_telegram_refuses_goes_as_a_file(fake: FakeTelegram) -> None:
    chart = replace(CHART, content=b"not a picture")
    assert isinstance(await deliver(fake, text("a", chart)), Sent)
    assert [message.picture for message in fake.sent] == [False, False]
    assert len(fake.called("sendDocument")) == 1


@pytest.mark.parametrize(
    ("planned", "kind"),
    [(flood(9), Uncertain), (drop_before(), Uncertain), (refuse(413, "Request Entity Too Large"), Failed)],
)
async def test_when_only_a_file_fails_the_message_does_not_count_as_unsent(
    fake: FakeTelegram, planned: Planned, kind: type[Uncertain | Failed]
) -> None:
    gate = Watched()
    fake.plan("sendDocument", planned)
    async with running(fake, gate=gate) as telegram:
        outcome = await telegram.courier().deliver(parcel(text("a", SHEET)))
    assert isinstance(outcome, kind)
    assert SHEET.name in outcome.reason
    assert len(fake.received(fake.private())) == 1
    assert gate.floods == ([("7001", 9.0, False)] if planned.refusal and planned.refusal.code == 429 else [])


async def test_an_answer_brings_its_files_and_goes_on_with_them(fake: FakeTelegram, desk: Desk) -> None:
    desk.replies = (text("Danh sách", SHEET, CHART), text("hết"))
    fake.plan("sendDocument", flood(1))
    async with running(fake, desk, pace=replace(PACE, patience=0.5)):
        fake.say(fake.private(), "/viec")
        await fake.until(lambda: not fake.pending)
    shown = [message.file.name if message.file else message.text for message in fake.sent]
    assert shown == ["Danh sách", SHEET.name, CHART.name, "hết"]


async def test_answers_enter_the_shared_gate_and_tell_it_of_floods(fake: FakeTelegram, desk: Desk) -> None:
    gate = Watched()
    desk.replies = (text("a", SHEET),)
    fake.plan("sendMessage", flood(1))
    async with running(fake, desk, gate=gate):
        fake.say(fake.group(-55), "/viec")
        await fake.until(lambda: not fake.pending)
    assert gate.entered == [("-55", True)] * 3
    assert gate.floods == [("-55", 1.0, False)]


async def test_a_gate_that_stays_shut_keeps_the_update(fake: FakeTelegram, desk: Desk) -> None:
    class Shut(Watched):
        async def enter(self, chat: str, *, group: bool) -> None:
            await super().enter(chat, group=group)
            await asyncio.sleep(60)

    gate = Shut()
    desk.replies = (text("a"),)
    async with running(fake, desk, gate=gate, pace=replace(PACE, patience=0.2)):
        fake.say(fake.private(), "/viec")
        await until(lambda: len(gate.entered) >= 2)
    assert fake.called("sendMessage") == []
    assert len(fake.pending) == 1


# --- files and events from people


async def test_a_file_that_a_person_sent_is_fetched(fake: FakeTelegram, desk: Desk) -> None:
    content = b"<html>\x00" * 1000  # neither JSON nor text
    fake.upload(fake.private(), "việc.xlsx", content, caption="/nhap")
    async with running(fake, desk) as telegram:
        await fake.until(lambda: not fake.pending)
        file = desk.heard[0].file
        assert file is not None
        assert (file.name, file.size) == ("việc.xlsx", len(content))
        assert await telegram.fetch(file.id) == content


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        (refuse(400, "Bad Request: file is too big"), "20 MB"),
        (refuse(400, "Bad Request: wrong file_id"), "gửi lại tệp"),
        (drop_before(), "Chưa tải được"),
        (bad_gateway(), "Chưa tải được"),
        (flood(3), "Chưa tải được"),
    ],
)
async def test_a_file_that_cannot_be_had_is_said_so_without_the_token(
    fake: FakeTelegram, planned: Planned, said: str
) -> None:
    fake.plan("getFile", planned)
    async with running(fake) as telegram:
        with pytest.raises(FileUnavailable) as caught:
            await telegram.fetch("any")
    assert said in caught.value.reason
    assert caught.value.__context__ is None


async def test_no_file_is_had_while_the_bot_is_not_open(fake: FakeTelegram) -> None:
    telegram = Telegram(Desk(), token=SecretStr(fake.token), base_url=fake.url)
    with pytest.raises(FileUnavailable, match="Chưa kết nối"):
        await telegram.fetch("any")


async def test_events_reach_the_desk_in_order(fake: FakeTelegram, desk: Desk) -> None:
    group = fake.group(-55, kind="group")
    async with running(fake, desk):
        await fake.until(lambda: fake.called("getUpdates"))
        fake.add_to(group, by=7)
        fake.mute(group)
        await fake.until(lambda: not fake.pending)
        fake.block(fake.private(8))
        fake.unblock(fake.private(8))
        fake.migrate(group, -1000055)
        await fake.until(lambda: not fake.pending)
    events = [i.event for i in desk.heard if i.chat == "-55"]
    assert events == [Event.ADDED, Event.REMOVED, Event.MIGRATED, Event.MIGRATED]
    assert [i.event for i in desk.heard if i.chat == "8"] == [Event.BLOCKED, Event.UNBLOCKED]
    assert {i.moved_to for i in desk.heard if i.event is Event.MIGRATED} == {"-1000055"}
    assert fake.sent == []


async def test_answers_to_events_of_those_who_left_are_dropped(fake: FakeTelegram, desk: Desk) -> None:
    desk.replies = (text("a"),)
    async with running(fake, desk):
        fake.block(fake.private(8))
        await fake.until(lambda: not fake.pending)
    assert fake.sent == []


async def test_a_slow_answer_of_telegram_is_waited_for(fake: FakeTelegram) -> None:
    fake.plan("sendMessage", slow(0.5), passes())
    assert isinstance(await deliver(fake, text("a")), Sent)


def test_the_account_is_known_from_the_token_alone() -> None:
    courier = Telegram(Desk(), token=SecretStr("987:secret"), base_url="http://x").courier()
    assert isinstance(courier, TelegramCourier)
    assert courier.account == "987"
    assert Telegram(Desk(), token=SecretStr("nonsense"), base_url="http://x").courier().account == ""
