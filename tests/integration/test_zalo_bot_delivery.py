"""What the lanes hear of a Zalo bot: one attempt a message, and an honest outcome for each way it can end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels.zalo_bot_courier import ZaloBotCourier
from office.database import DatabaseUnavailable, make_engine, session_factory
from office.deliveries import Act, Source
from office.messages import ChatAddress, Choice, ChoiceKind, File, Reply
from scheduler.courier import Failed, Outcome, Parcel, Paused, Retry, Sent, Uncertain
from scheduler.ration import Purpose
from tests.databases import fresh_sqlite
from tests.fakes.zalo_bot import (
    Chat,
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
from tests.integration.channel_stage import serving
from tests.integration.zalo_bot_stage import CHART, HASTY, PACE, Addresses, Desk, Rations, Stage, say

LONG = "Nội dung công việc cần làm trong tháng. " * 90


@pytest.fixture
def fake() -> Iterator[FakeZaloBot]:
    with FakeZaloBot(any_chat=True) as running:
        yield running


@pytest.fixture
def an(fake: FakeZaloBot) -> Chat:
    return fake.person("Nguyễn Văn An")


@pytest.fixture
def stage(fake: FakeZaloBot, tmp_path: Path) -> Iterator[Stage]:
    engine = make_engine(fresh_sqlite(tmp_path))
    sessions = session_factory(engine)
    yield Stage(fake, sessions, Desk(sessions))
    engine.dispose()


def parcel(chat: Chat, reply: Reply, **more: Any) -> Parcel:
    to = ChatAddress(channel="zalo_bot", account="1", chat=chat.id, group=chat.group)
    return Parcel(id=1, to=to, reply=reply, **more)


async def deliver(stage: Stage, chat: Chat, reply: Reply | None = None, **more: Any) -> Outcome:
    options = {name: more.pop(name) for name in ("addresses", "pace") if name in more}
    async with stage.running(**options) as bot:
        return await bot.courier().deliver(parcel(chat, reply or say("Đến hạn"), **more))


# --- it goes well


async def test_a_message_arrives_with_words_to_type_instead_of_numbers(stage: Stage, an: Chat) -> None:
    choice = Choice(kind=ChoiceKind.OPTION, label="Đã nhận", payload="w:nhan:12")
    outcome = await deliver(stage, an, say("Việc 12 đến hạn", choice), source=Source.ASSIGNMENT)
    [message] = stage.fake.sent
    assert outcome == Sent(message_id=message.message_id)
    assert "Việc 12 đến hạn" in message.text
    assert "Trả lời 1" not in message.text
    assert stage.ration.spent == [Purpose.DEADLINE]
    assert stage.gate.entered == []  # the lane has counted it


async def test_what_is_no_deadline_is_spent_as_such(stage: Stage, an: Chat) -> None:
    await deliver(stage, an, source=Source.NOTICE)
    assert stage.ration.spent == [Purpose.OTHER]


async def test_parts_go_in_order_at_the_shared_pace(stage: Stage, an: Chat) -> None:
    outcome = await deliver(stage, an, say(LONG))
    texts = stage.texts()
    assert len(texts) == 2
    assert all(len(text) <= 2000 for text in texts)
    assert outcome == Sent(message_id=" ".join(message.message_id for message in stage.fake.sent))
    assert stage.gate.entered == [an.id]
    assert len(stage.ration.spent) == 2


async def test_a_picture_goes_by_its_address_with_the_text(stage: Stage, an: Chat) -> None:
    await deliver(stage, an, say("Tiến độ", files=(CHART,)), addresses=Addresses())
    [message] = stage.fake.sent
    assert (message.photo, message.caption) == ("https://sct.example.vn/tep/bieu-do.png", "Tiến độ")


async def test_an_address_that_the_platform_would_not_take_is_a_link(stage: Stage, an: Chat) -> None:
    class Plain:
        async def address(self, file: File) -> str | None:
            return f"http://10.0.0.5/tep/{file.name}"

    await deliver(stage, an, say("Tiến độ", files=(CHART,)), addresses=Plain())
    [message] = stage.fake.sent
    assert message.photo == ""
    assert "http://10.0.0.5/tep/bieu-do.png" in message.text


# --- each way it can end


@pytest.mark.parametrize(
    ("planned", "kind", "arrived", "spent"),
    [
        (drop_before(), Uncertain, 0, 1),  # nobody can tell
        (drop_after(), Uncertain, 1, 1),
        (garbled(), Uncertain, 1, 1),
        (slow(0.6), Uncertain, None, 1),
        (bad_gateway(), Uncertain, 0, 1),
        (refuse(408), Uncertain, 0, 1),
        (refuse(403), Retry, 0, 0),
        (refuse(500), Retry, 0, 0),
        (refuse(503, status=200), Retry, 0, 0),
        (bad_gateway(403), Retry, 0, 0),
        (refuse(401), Retry, 0, 0),
        (too_many(), Paused, 0, 0),
        (too_many(status=200), Paused, 0, 0),
        (refuse(400), Failed, 0, 0),
        (refuse(404), Failed, 0, 0),
    ],
)
async def test_each_end_of_a_call_has_its_outcome(
    stage: Stage, an: Chat, planned: Planned, kind: type[Outcome], arrived: int | None, spent: int
) -> None:
    stage.fake.plan("sendMessage", planned)
    outcome = await deliver(stage, an, pace=HASTY if planned.delay else PACE)
    assert type(outcome) is kind
    assert arrived is None or len(stage.fake.sent) == arrived
    assert len(stage.ration.spent) == spent
    if not isinstance(outcome, Sent | Paused):
        assert getattr(outcome, "reason", "").strip()
        assert stage.fake.token not in repr(outcome)


async def test_trouble_of_the_platform_is_told_from_that_of_the_network(stage: Stage, an: Chat) -> None:
    stage.fake.plan("sendMessage", refuse(403), refuse(401))
    async with stage.running() as bot:
        theirs = await bot.courier().deliver(parcel(an, say("a")))
        token = await bot.courier().deliver(parcel(an, say("a")))
    assert isinstance(theirs, Retry)
    assert theirs.network is False
    assert isinstance(token, Retry)
    assert token.network is True


async def test_each_too_many_after_waiting_holds_the_account_longer(stage: Stage, an: Chat) -> None:
    stage.fake.plan("sendMessage", too_many(), too_many())
    async with stage.running(pace=replace(PACE, hold=60.0, longest_hold=600.0)) as bot:
        first = await bot.courier().deliver(parcel(an, say("a")))
        again = await bot.courier().deliver(parcel(an, say("a")))
        third = await bot.courier().deliver(parcel(an, say("a")))
    assert isinstance(first, Paused)
    assert isinstance(again, Paused)
    assert first.account is True
    assert first.seconds == pytest.approx(60.0, abs=0.001)
    assert again.seconds <= first.seconds  # it hadn't waited: no further sign
    assert isinstance(third, Sent)


@pytest.mark.parametrize(
    ("refusal", "unreachable"),
    [
        (refuse(404), True),
        (refuse(400, "Bad Request: chat not found"), True),
        (refuse(400, "Refused"), False),
    ],
)
async def test_a_chat_that_is_not_there_is_out_of_reach(
    stage: Stage, an: Chat, refusal: Planned, unreachable: bool
) -> None:
    stage.fake.plan("sendMessage", refusal)
    outcome = await deliver(stage, an)
    assert isinstance(outcome, Failed)
    assert outcome.unreachable is unreachable


async def test_somebody_who_never_wrote_is_out_of_reach(stage: Stage, an: Chat) -> None:
    stage.fake.any_chat = False
    outcome = await deliver(stage, an)
    assert isinstance(outcome, Failed)
    assert outcome.unreachable is True


@pytest.mark.parametrize("act", [Act.EDIT, Act.DELETE])
async def test_nothing_is_edited_or_taken_back(stage: Stage, an: Chat, act: Act) -> None:
    outcome = await deliver(stage, an, act=act, target="m1")
    assert isinstance(outcome, Failed)
    assert outcome.gone is True
    assert "đính chính" in outcome.reason
    assert stage.fake.called("sendMessage") == []


async def test_a_later_part_that_fails_leaves_the_message_uncertain(stage: Stage, an: Chat) -> None:
    stage.fake.plan("sendMessage", passes(), too_many())
    outcome = await deliver(stage, an, say(LONG))
    assert isinstance(outcome, Uncertain)
    assert "1 trong 2 phần" in outcome.reason
    assert len(stage.fake.sent) == 1
    assert [chat for chat, _, account in stage.gate.floods if account] == [an.id]


async def test_before_the_bot_is_open_it_says_so(stage: Stage, an: Chat) -> None:
    outcome = await stage.bot().courier().deliver(parcel(an, say("a")))
    assert isinstance(outcome, Retry)
    assert outcome.network is True


# --- the month's messages


async def test_what_the_month_has_no_room_for_is_not_tried(stage: Stage, an: Chat) -> None:
    stage.ration = Rations(left=0)
    outcome = await deliver(stage, an)
    assert isinstance(outcome, Failed)
    assert outcome.unreachable is False
    assert "hạn mức" in outcome.reason
    assert stage.fake.called("sendMessage") == []


async def test_without_the_database_nothing_is_sent_and_nothing_lost(stage: Stage, an: Chat) -> None:
    class Broken(Rations):
        async def refusal(self, purpose: Purpose) -> str:
            raise DatabaseUnavailable("đĩa đã đầy", "giải phóng dung lượng")

    stage.ration = Broken()
    outcome = await deliver(stage, an)
    assert isinstance(outcome, Retry)
    assert "đĩa đã đầy" in outcome.reason
    assert stage.fake.sent == []


async def test_what_could_not_be_counted_is_counted_with_the_next(stage: Stage, an: Chat) -> None:
    class Forgetful(Rations):
        broken = True

        async def spend(self, purpose: Purpose) -> None:
            if self.broken:
                raise DatabaseUnavailable("tệp đang bị khoá", "thử lại")
            await super().spend(purpose)

    stage.ration = ration = Forgetful()
    bot = stage.bot()
    courier: ZaloBotCourier = bot.courier()
    async with serving(bot):
        assert isinstance(await courier.deliver(parcel(an, say("a"), source=Source.NOTICE)), Sent)
        ration.broken = False
        one = replace(parcel(an, say("b")), source=Source.ASSIGNMENT)
        assert isinstance(await courier.deliver(one), Sent)
    assert sorted(ration.spent) == [Purpose.DEADLINE, Purpose.OTHER]
