"""Messages that are edited and deleted, and files by reference, through Telegram's courier."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from functools import cache

import httpx
import pytest
from telegram import Bot

from bot.channels.telegram_courier import TelegramCourier
from bot.channels.telegram_files import Files
from bot.channels.telegram_sending import Sender
from bot.channels.telegram_updates import Address
from bot.channels.telegram_wire import Pace, open_bot
from office.database import DatabaseUnavailable
from office.deliveries import Act
from office.messages import ChatAddress, Choice, ChoiceKind, File, Line, Reply
from office.wire import replies_from_json, replies_to_json
from scheduler.courier import Failed, Moved, Parcel, Paused, Retry, Sent
from tests.fakes.telegram import FakeTelegram, Message, drop_after, flood, garbled, passes, refuse, slow

PNG = b"\x89PNG\r\n\x1a\n"
PLAN = File(name="Kế hoạch.pdf", media_type="application/pdf", stored=1)
CHART = File(name="biểu đồ.png", media_type="image/png", stored=2, picture=True)
READ = Choice(kind=ChoiceKind.MENU, label="Đã đọc", payload="s:tb:doc:1")


class Store:
    """Contents in memory; counts how often one is fetched."""

    def __init__(self) -> None:
        self.contents = {1: b"%PDF plan", 2: PNG}
        self.known: dict[int, str] = {}
        self.fetched: list[int] = []
        self.broken = False

    async def handles(self, numbers: Collection[int]) -> Mapping[int, str]:
        self._check()
        return {n: self.known.get(n, "") for n in numbers if n in self.contents}

    async def content(self, number: int) -> bytes | None:
        self._check()
        self.fetched.append(number)
        return self.contents.get(number)

    async def keep(self, number: int, handle: str) -> None:
        self.known[number] = handle

    def _check(self) -> None:
        if self.broken:
            raise DatabaseUnavailable("tệp đang bị khoá", "thử lại")


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with FakeTelegram(any_chat=True) as running:
        yield running


@pytest.fixture
def store() -> Store:
    return Store()


_certificates = cache(httpx.create_ssl_context)  # reading them takes longer than most of these tests


@pytest.fixture
async def bot(fake: FakeTelegram, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setattr(httpx, "create_ssl_context", _certificates)
    bot, _ = open_bot(fake.token, base_url=fake.url, proxy=None, poll=5)
    async with bot:
        yield bot


@pytest.fixture
def courier(bot: Bot, store: Store) -> TelegramCourier:
    return courier_of(bot, store)


def courier_of(bot: Bot, store: Store, *, patience: float = 2.0) -> TelegramCourier:
    return TelegramCourier(lambda: bot, account="123456789", files=Files(store, patience=patience))


def parcel(
    words: str, *files: File, chat: int = 7001, act: Act = Act.SEND, target: object = "", number: int = 1
) -> Parcel:
    to = ChatAddress(channel="telegram", account="123456789", chat=str(chat), group=chat < 0)
    reply = Reply(lines=(Line(words),), choices=(READ,), files=files)
    return Parcel(id=number, to=to, reply=reply, act=act, target=str(target))


async def first(courier: TelegramCourier, fake: FakeTelegram, chat: int = 7001) -> Message:
    assert isinstance(await courier.deliver(parcel("cũ", chat=chat)), Sent)
    return fake.sent[-1]


# --- edited and deleted


async def test_an_edit_shows_the_new_words_and_buttons_under_the_same_number(
    courier: TelegramCourier, fake: FakeTelegram
) -> None:
    message = await first(courier, fake)
    assert await courier.deliver(parcel("mới", act=Act.EDIT, target=message.message_id)) == Sent(
        message_id=str(message.message_id)
    )
    assert [(m.text, m.labels, m.edits) for m in fake.sent] == [("mới", ["Đã đọc"], 1)]


async def test_an_edit_that_changes_nothing_or_is_repeated_counts_as_done(
    courier: TelegramCourier, fake: FakeTelegram
) -> None:
    message = await first(courier, fake)
    done = Sent(message_id=str(message.message_id))
    for _ in range(2):
        assert await courier.deliver(parcel("mới", act=Act.EDIT, target=message.message_id)) == done
    fake.plan("editMessageText", garbled())
    assert await courier.deliver(parcel("mới", act=Act.EDIT, target=message.message_id)) == done
    assert message.edits == 1


async def test_an_edit_leaves_the_files_of_a_message_alone(
    courier: TelegramCourier, fake: FakeTelegram
) -> None:
    sent = await courier.deliver(parcel("cũ", PLAN))
    assert isinstance(sent, Sent)
    edited = await courier.deliver(parcel("mới", PLAN, act=Act.EDIT, target=sent.message_id))
    assert edited == sent
    assert [m.file.name if m.file else m.text for m in fake.sent] == ["mới", PLAN.name]


async def test_a_message_is_deleted(courier: TelegramCourier, fake: FakeTelegram) -> None:
    message = await first(courier, fake)
    assert await courier.deliver(parcel("mới", act=Act.DELETE, target=message.message_id)) == Sent(
        message_id=str(message.message_id)
    )
    assert fake.sent == []


async def test_a_message_is_deleted_with_its_files(courier: TelegramCourier, fake: FakeTelegram) -> None:
    sent = await courier.deliver(parcel("a", PLAN, CHART))
    assert isinstance(sent, Sent)
    fake.plan("deleteMessage", passes(), drop_after())
    whole = parcel("", act=Act.DELETE, target=sent.message_id)
    assert isinstance(await courier.deliver(whole), Retry)
    assert await courier.deliver(whole) == sent
    assert fake.sent == []


async def test_what_is_left_of_a_message_and_its_files_asks_for_a_correction(
    courier: TelegramCourier, fake: FakeTelegram
) -> None:
    sent = await courier.deliver(parcel("a", PLAN, CHART))
    assert isinstance(sent, Sent)
    fake.sent[1].at -= 49 * 3600
    outcome = await courier.deliver(parcel("", act=Act.DELETE, target=sent.message_id))
    assert isinstance(outcome, Failed)
    assert outcome.gone
    assert [m.file.name for m in fake.sent if m.file] == [PLAN.name]


async def test_when_the_number_of_a_file_is_not_known_none_is(
    courier: TelegramCourier, fake: FakeTelegram
) -> None:
    fake.plan("sendDocument", garbled())
    assert await courier.deliver(parcel("a", PLAN)) == Sent(message_id="")


@pytest.mark.parametrize("act", [Act.EDIT, Act.DELETE])
@pytest.mark.parametrize("target", ["999", "", "abc"])
async def test_what_is_not_there_asks_for_a_correction(
    courier: TelegramCourier, fake: FakeTelegram, act: Act, target: str
) -> None:
    outcome = await courier.deliver(parcel("mới", act=act, target=target))
    assert isinstance(outcome, Failed)
    assert outcome.gone
    assert not outcome.unreachable
    assert "đính chính" in outcome.reason
    assert fake.called("sendMessage") == []  # never sent anew by itself


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (Act.EDIT, "message can't be edited"),
        (Act.EDIT, "there is no text in the message to edit"),
        (Act.EDIT, "MESSAGE_ID_INVALID"),
        (Act.DELETE, "message can't be deleted"),
        (Act.DELETE, "message can't be deleted for everyone"),
    ],
)
async def test_what_can_no_longer_be_changed_asks_for_a_correction(
    courier: TelegramCourier, fake: FakeTelegram, act: Act, refusal: str
) -> None:
    message = await first(courier, fake)
    method = "editMessageText" if act is Act.EDIT else "deleteMessage"
    fake.plan(method, refuse(400, f"Bad Request: {refusal}"))
    outcome = await courier.deliver(parcel("mới", act=act, target=message.message_id))
    assert isinstance(outcome, Failed)
    assert outcome.gone
    assert fake.sent == [message]


async def test_after_two_days_a_message_can_no_longer_be_deleted(
    courier: TelegramCourier, fake: FakeTelegram
) -> None:
    message = await first(courier, fake)
    message.at -= 49 * 3600
    outcome = await courier.deliver(parcel("mới", act=Act.DELETE, target=message.message_id))
    assert isinstance(outcome, Failed)
    assert outcome.gone


@pytest.mark.parametrize("act", [Act.EDIT, Act.DELETE])
async def test_a_change_in_doubt_is_done_again_and_then_counts_as_done(
    courier: TelegramCourier, fake: FakeTelegram, act: Act
) -> None:
    message = await first(courier, fake)
    method = "editMessageText" if act is Act.EDIT else "deleteMessage"
    fake.plan(method, drop_after())
    again = parcel("mới", act=act, target=message.message_id)
    assert isinstance(await courier.deliver(again), Retry)
    fake.plan(method, flood(3))
    assert isinstance(await courier.deliver(again), Paused)
    assert await courier.deliver(again) == Sent(message_id=str(message.message_id))


@pytest.mark.parametrize("act", [Act.EDIT, Act.DELETE])
async def test_a_chat_out_of_reach_or_moved_is_told_apart(
    courier: TelegramCourier, fake: FakeTelegram, act: Act
) -> None:
    kicked, moved = await first(courier, fake, -5), await first(courier, fake, -6)
    fake.kick(kicked.chat)
    fake.migrate(moved.chat, -1006)
    outcome = await courier.deliver(parcel("mới", act=act, target=kicked.message_id, chat=-5))
    assert isinstance(outcome, Failed)
    assert (outcome.unreachable, outcome.gone) == (True, False)
    assert await courier.deliver(parcel("mới", act=act, target=moved.message_id, chat=-6)) == Moved(
        chat="-1006"
    )


async def test_new_words_too_long_for_one_message_ask_for_a_correction(
    courier: TelegramCourier, fake: FakeTelegram
) -> None:
    message = await first(courier, fake)
    outcome = await courier.deliver(parcel("dài " * 2000, act=Act.EDIT, target=message.message_id))
    assert isinstance(outcome, Failed)
    assert outcome.gone


# --- files by reference


async def test_a_file_is_uploaded_once_and_then_sent_by_its_handle(
    courier: TelegramCourier, fake: FakeTelegram, store: Store
) -> None:
    for chat in (1, 2, 3):
        assert isinstance(await courier.deliver(parcel("a", PLAN, CHART, chat=chat)), Sent)
    assert sorted(store.fetched) == [1, 2]
    assert [len(fake.called(method)) for method in ("sendDocument", "sendPhoto")] == [3, 3]
    shown = [(m.file.name, m.file.content, m.picture) for m in fake.sent if m.file]
    assert shown == [(PLAN.name, b"%PDF plan", False), (CHART.name, PNG, True)] * 3


async def test_many_messages_at_once_upload_a_file_once(
    courier: TelegramCourier, fake: FakeTelegram, store: Store
) -> None:
    fake.plan("sendDocument", slow(0.3))
    sent = await asyncio.gather(*(courier.deliver(parcel("a", PLAN, chat=n)) for n in range(1, 11)))
    assert all(isinstance(outcome, Sent) for outcome in sent)
    assert store.fetched == [1]
    assert sum(m.file is not None for m in fake.sent) == 10


async def test_who_would_wait_long_for_an_upload_goes_later_with_its_text(
    bot: Bot, fake: FakeTelegram, store: Store
) -> None:
    fake.plan("sendDocument", slow(0.5))
    courier = courier_of(bot, store, patience=0.02)
    brings = asyncio.create_task(courier.deliver(parcel("a", PLAN, chat=1)))
    await fake.until(lambda: fake.called("sendDocument"))
    waits = await courier.deliver(parcel("a", PLAN, chat=2))
    assert isinstance(waits, Retry)
    assert not waits.network
    assert isinstance(await brings, Sent)
    assert isinstance(await courier.deliver(parcel("a", PLAN, chat=2)), Sent)
    assert [len(fake.received(fake.private(chat))) for chat in (1, 2)] == [2, 2]
    assert store.fetched == [1]


async def test_when_the_first_cannot_bring_a_file_the_next_does(
    courier: TelegramCourier, fake: FakeTelegram, store: Store
) -> None:
    fake.block(fake.private(1))
    first, second = await asyncio.gather(*(courier.deliver(parcel("a", PLAN, chat=chat)) for chat in (1, 2)))
    assert isinstance(first, Failed)
    assert isinstance(second, Sent)
    assert store.fetched == [1]


async def test_a_handle_that_telegram_refuses_is_forgotten_and_the_file_uploaded_again(
    courier: TelegramCourier, fake: FakeTelegram, store: Store
) -> None:
    await courier.deliver(parcel("a", PLAN))
    before = store.known[1]
    fake.forget_files()
    assert isinstance(await courier.deliver(parcel("b", PLAN)), Sent)
    assert store.known[1] != before
    assert isinstance(await courier.deliver(parcel("c", PLAN)), Sent)
    assert store.fetched == [1, 1]
    assert sum(m.file is not None for m in fake.sent) == 3


async def test_the_same_content_under_another_name_arrives_under_that_name(
    courier: TelegramCourier, fake: FakeTelegram, store: Store
) -> None:
    other = File(name="Báo cáo.pdf", media_type="application/pdf", stored=1)
    for file in (PLAN, other):
        await courier.deliver(parcel("a", file))
    assert [m.file.name for m in fake.sent if m.file] == [PLAN.name, other.name]


async def test_a_picture_that_telegram_refuses_is_uploaded_as_a_file_only_once(
    courier: TelegramCourier, fake: FakeTelegram, store: Store
) -> None:
    store.contents[2] = b"not a picture"
    for chat in (1, 2):
        assert isinstance(await courier.deliver(parcel("a", CHART, chat=chat)), Sent)
    assert [m.picture for m in fake.sent if m.file] == [False, False]
    assert store.fetched == [2, 2]  # as a picture, then as a file, for the first chat alone


async def test_a_file_that_is_no_longer_kept_stops_the_message_with_a_clear_word(
    courier: TelegramCourier, fake: FakeTelegram, store: Store
) -> None:
    del store.contents[1]
    outcome = await courier.deliver(parcel("a", PLAN))
    assert isinstance(outcome, Failed)
    assert "«Kế hoạch.pdf» không còn được lưu" in outcome.reason
    assert fake.sent == []


async def test_while_the_database_cannot_be_read_the_message_waits(
    courier: TelegramCourier, fake: FakeTelegram, store: Store
) -> None:
    store.broken = True
    assert isinstance(await courier.deliver(parcel("a", PLAN)), Retry)
    assert fake.sent == []
    store.broken = False
    assert isinstance(await courier.deliver(parcel("a", PLAN)), Sent)


async def test_an_answer_brings_a_stored_file_too_and_passes_over_one_that_is_gone(
    bot: Bot, fake: FakeTelegram, store: Store
) -> None:
    lost = File(name="cũ.pdf", media_type="application/pdf", stored=9)
    sender = Sender(bot, Pace(), files=Files(store))
    reply = Reply(lines=(Line("Xem trước"),), files=(lost, PLAN))
    await sender.send((reply,), Address(chat=1), key="1")
    assert [m.file.name if m.file else m.text for m in fake.sent] == ["Xem trước", PLAN.name]


def test_old_rows_with_their_content_inside_are_still_sent_as_they_are() -> None:
    old = [{"lines": [{"text": "a"}], "files": [{"name": "x", "media_type": "y", "content": "QQ=="}]}]
    [reply] = replies_from_json(old)
    assert (reply.files[0].content, reply.files[0].stored) == (b"A", 0)
    assert replies_to_json([Reply(lines=(), files=(PLAN,))])[0]["files"] == [
        {"name": PLAN.name, "media_type": PLAN.media_type, "stored": 1}
    ]
