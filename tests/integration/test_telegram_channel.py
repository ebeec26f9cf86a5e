"""The Telegram channel against a Bot API of our own on a real socket."""

from __future__ import annotations

import asyncio
import logging
import threading
import unicodedata
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.base import ChannelDown
from bot.channels.request_body import BODY_LIMIT
from bot.channels.telegram import Telegram
from bot.channels.telegram_webhook import SECRET_HEADER
from bot.channels.telegram_wire import Pace
from office.messages import Choice, ChoiceKind, Incoming, Line, Reply, Style
from tests.fakes.telegram import (
    FakeTelegram,
    Message,
    Outcome,
    bad_gateway,
    drop_after,
    drop_before,
    flood,
    passes,
    refuse,
    slow,
)
from tests.integration.channel_stage import serving, until, web_server

PACE = Pace(poll=5, busy=0.05, first=0.05, longest=0.2, patience=2.5, grace=10.0)
SECRET = "webhook_secret-1"
UNPARSEABLE = "Bad Request: can't parse entities: Unsupported start tag"


class Crash(Exception):
    """The desk fails."""


class Desk:
    """Echoes, and keeps its replies until they are answered, as the real one does."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.done: list[str] = []
        self.crashes: dict[str, int] = defaultdict(int)  # text → how often to fail with it
        self.gates: dict[str, threading.Event] = {}  # text → wait for it
        self.reply: Callable[[Incoming], tuple[Reply, ...]] = lambda i: (say(f"đáp {i.text or i.payload}"),)
        self._lock = threading.Lock()

    @property
    def texts(self) -> list[str]:
        return [incoming.text for incoming in self.heard]

    def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        with self._lock:
            self.heard.append(incoming)
            crash = self.crashes[incoming.text] > 0
            self.crashes[incoming.text] -= 1
            known = incoming.key in self.done
        if crash:
            raise Crash(incoming.text)
        if gate := self.gates.get(incoming.text):
            assert gate.wait(10)
        return () if known else self.reply(incoming)

    def answered(self, incoming: Incoming) -> None:
        with self._lock:
            self.done.append(incoming.key)


def say(text: str, *choices: Choice, replaces: bool = False) -> Reply:
    return Reply(lines=(Line(text),), choices=choices, replaces=replaces)


def menu(label: str) -> Choice:
    return Choice(kind=ChoiceKind.MENU, label=label, payload=f"go:{label}")


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with FakeTelegram() as running:
        yield running


@pytest.fixture
def desk() -> Desk:
    return Desk()


def channel(fake: FakeTelegram, desk: Desk, **options: Any) -> Telegram:
    return Telegram(desk, **{"token": SecretStr(fake.token), "base_url": fake.url, "pace": PACE, **options})


@asynccontextmanager
async def running(fake: FakeTelegram, desk: Desk, **options: Any) -> AsyncIterator[Telegram]:
    telegram = channel(fake, desk, **options)
    async with serving(telegram):
        yield telegram


def texts(fake: FakeTelegram) -> list[str]:
    return [message.text for message in fake.sent]


async def last(fake: FakeTelegram, count: int = 1) -> Message:
    await fake.until(lambda: len(fake.sent) >= count)
    return fake.sent[-1]


# --- handle, send, confirm


async def test_a_question_is_answered_and_then_confirmed(fake: FakeTelegram, desk: Desk) -> None:
    async with running(fake, desk, pace=replace(PACE, busy=10.0)) as telegram:
        update_id = fake.say(fake.private(), unicodedata.normalize("NFD", "lệ phí?"))
        await fake.until(lambda: not fake.pending)
        assert texts(fake) == ["đáp lệ phí?"]
        [incoming] = desk.heard
        assert (incoming.key, incoming.account) == (f"update:{update_id}", str(fake.bot_id))
        assert desk.done == [incoming.key]
        assert telegram.state.facts["username"] == fake.username
        assert telegram.state.facts["mode"] == "polling"
        assert telegram.state.since is not None
    assert telegram.state.up is False
    assert len(fake.called("getUpdates")) <= 4  # long polls, not a busy loop
    allowed = fake.called("getUpdates")[0].parameters["allowed_updates"]
    assert allowed == '["message", "callback_query", "my_chat_member"]'


async def test_an_update_in_hand_is_not_confirmed_and_holds_up_nobody(fake: FakeTelegram, desk: Desk) -> None:
    gate = desk.gates["chậm"] = threading.Event()
    async with running(fake, desk):
        first = fake.say(fake.private(1), "chậm")
        await until(lambda: desk.heard)
        fake.say(fake.private(2), "nhanh")
        await last(fake)
        await asyncio.sleep(0.2)
        assert texts(fake) == ["đáp nhanh"]
        assert fake.pending[0]["update_id"] == first
        gate.set()
        await fake.until(lambda: not fake.pending)
    assert texts(fake) == ["đáp nhanh", "đáp chậm"]
    assert desk.texts == ["chậm", "nhanh"]  # each handled once although polled several times


async def test_what_makes_the_desk_crash_stays_unconfirmed_and_comes_again_in_order(
    fake: FakeTelegram, desk: Desk
) -> None:
    desk.crashes["một"] = 2
    async with running(fake, desk):
        first = fake.say(fake.private(1), "một")
        fake.say(fake.private(1), "hai")
        await until(lambda: desk.heard)
        assert fake.pending[0]["update_id"] == first
        await fake.until(lambda: not fake.pending)
    assert desk.texts == ["một", "một", "một", "hai"]
    assert texts(fake) == ["đáp một", "đáp hai"]


async def test_after_a_crash_another_process_gets_the_same_key(fake: FakeTelegram, desk: Desk) -> None:
    desk.crashes["một"] = 10**6
    async with running(fake, desk):
        fake.say(fake.private(), "một")
        await until(lambda: desk.heard)
    assert len(fake.pending) == 1
    desk.crashes.clear()
    async with running(fake, desk):
        await fake.until(lambda: not fake.pending)
    assert len({incoming.key for incoming in desk.heard}) == 1
    assert texts(fake) == ["đáp một"]


async def test_stopping_finishes_what_is_in_hand_and_confirms_only_that(
    fake: FakeTelegram, desk: Desk
) -> None:
    desk.gates = {"sắp xong": threading.Event(), "không xong": threading.Event()}
    async with running(fake, desk, pace=Pace(poll=5, busy=0.05, grace=1.2)):
        fake.say(fake.private(1), "sắp xong")
        unfinished = fake.say(fake.private(2), "không xong")
        await until(lambda: len(desk.heard) == 2)
        asyncio.get_running_loop().call_later(0.05, desk.gates["sắp xong"].set)
    assert texts(fake) == ["đáp sắp xong"]
    assert [u["update_id"] for u in fake.pending] == [unfinished]
    desk.gates["không xong"].set()


async def test_one_chat_is_served_in_order(fake: FakeTelegram, desk: Desk) -> None:
    async with running(fake, desk):
        for n in range(12):
            fake.say(fake.private(1 + n % 3), str(n))
        await fake.until(lambda: not fake.pending)
    for user in (1, 2, 3):
        own = [int(m.text.removeprefix("đáp ")) for m in fake.sent if m.chat.id == user]
        assert own == sorted(own)
        assert len(own) == 4


async def test_an_unreadable_update_is_passed(
    fake: FakeTelegram, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    fake.say(fake.private(), "trước")
    poison = fake.push("message", {"message_id": 1, "date": "điều riêng tư", "chat": {"id": 1}})
    fake.say(fake.private(), "sau")
    async with running(fake, desk):
        await fake.until(lambda: not fake.pending)
    assert texts(fake) == ["đáp trước", "đáp sau"]
    assert str(poison) in caplog.text
    assert "riêng tư" not in caplog.text


async def test_a_repeated_update_has_the_same_key_and_is_not_answered_again(
    fake: FakeTelegram, desk: Desk
) -> None:
    async with running(fake, desk):
        fake.say(fake.private(), "một")
        update = fake.pending[0]
        await fake.until(lambda: not fake.pending)
        fake.repeat(update)
        await fake.until(lambda: not fake.pending)
    assert [incoming.key for incoming in desk.heard] == [f"update:{update['update_id']}"] * 2
    assert texts(fake) == ["đáp một"]


# --- the network and Telegram's refusals


@pytest.mark.parametrize(
    "outcome", [bad_gateway(), drop_before(), drop_after(), refuse(500, "Internal"), slow(0.3), flood(1)]
)
async def test_polling_survives(fake: FakeTelegram, desk: Desk, outcome: Outcome) -> None:
    fake.plan("getUpdates", outcome)
    fake.say(fake.private(), "một")
    async with running(fake, desk) as telegram:
        await fake.until(lambda: not fake.pending)
        await until(lambda: telegram.state.up)
    assert texts(fake) == ["đáp một"]


@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo"])
async def test_starting_survives(fake: FakeTelegram, desk: Desk, method: str) -> None:
    fake.plan(method, drop_before(), bad_gateway(), flood(1))
    async with running(fake, desk) as telegram:
        assert telegram.state.up


async def test_polling_goes_on_when_telegram_was_away(fake: FakeTelegram, desk: Desk) -> None:
    async with running(fake, desk) as telegram:
        fake.plan("getUpdates", *[drop_before()] * 11)  # long enough for fresh connections, twice
        fake.say(fake.private(), "một")
        await until(lambda: telegram.state.detail)
        assert telegram.state.up is False
        assert "Không kết nối được" in telegram.state.detail
        await until(lambda: telegram.state.up)
        await fake.until(lambda: not fake.pending)


async def test_another_poller_is_reported_until_it_is_gone(fake: FakeTelegram, desk: Desk) -> None:
    async with running(fake, desk) as telegram, httpx.AsyncClient(trust_env=False) as other:
        await fake.until(lambda: fake.called("getUpdates"))
        await other.get(f"{fake.url}/bot{fake.token}/getUpdates")
        await until(lambda: "tiến trình khác" in telegram.state.detail)
        await until(lambda: telegram.state.up)
        await other.get(f"{fake.url}/bot{fake.token}/setWebhook?url=https://other.vn/x")
        await until(lambda: "webhook" in telegram.state.detail)
        assert fake.webhook.url == "https://other.vn/x"  # somebody's decision: not fought


async def test_a_webhook_is_taken_away_only_where_there_is_one(fake: FakeTelegram, desk: Desk) -> None:
    async with running(fake, desk):
        assert fake.called("deleteWebhook") == []
    fake.webhook.url = "https://old.vn/x"
    async with running(fake, desk):
        assert fake.webhook.url == ""


async def test_a_flooded_chat_waits_and_others_do_not(fake: FakeTelegram, desk: Desk) -> None:
    fake.plan("sendMessage", flood(1))
    async with running(fake, desk):
        fake.say(fake.private(1), "chờ")
        await fake.until(lambda: fake.called("sendMessage"))
        fake.say(fake.private(2), "không chờ")
        await last(fake, 2)
        assert 0.9 < fake.called("sendMessage")[-1].at - fake.called("sendMessage")[0].at < 5
    assert texts(fake) == ["đáp không chờ", "đáp chờ"]


async def test_a_wait_beyond_patience_keeps_the_update_and_does_not_knock(
    fake: FakeTelegram, desk: Desk
) -> None:
    fake.plan("sendMessage", flood(60))
    async with running(fake, desk):
        fake.say(fake.private(1), "chờ")
        await until(lambda: len(desk.heard) > 2)
    assert len(fake.called("sendMessage")) == 1
    assert len(fake.pending) == 1


async def test_real_limits_are_kept_by_waiting(desk: Desk) -> None:
    with FakeTelegram(limits=True) as fake:
        desk.reply = lambda _: (say("một"), say("hai"))
        async with running(fake, desk):
            fake.say(fake.private(), "?")
            await fake.until(lambda: not fake.pending)
        assert texts(fake) == ["một", "hai"]


@pytest.mark.parametrize(
    "words", ["Forbidden: bot was blocked by the user", "Forbidden: user is deactivated"]
)
async def test_an_answer_to_someone_who_blocked_us_is_dropped(
    fake: FakeTelegram, desk: Desk, words: str
) -> None:
    desk.reply = lambda _: (say("một"), say("hai"))
    fake.private().blocked = words
    async with running(fake, desk):
        fake.say(fake.private(), "?")
        await fake.until(lambda: not fake.pending)
    assert len(fake.called("sendMessage")) == 1
    assert len(desk.done) == 1


async def test_an_answer_follows_its_group(fake: FakeTelegram, desk: Desk) -> None:
    group = fake.group(-55)
    async with running(fake, desk):
        fake.migrate(group, -1000055, told=False)
        fake.say(group, "/hoi")
        fake.say(group, "/hoi lại")
        await fake.until(lambda: not fake.pending)
    assert [m.chat.id for m in fake.sent] == [-1000055, -1000055]
    assert len(fake.called("sendMessage")) == 3  # the second one knew


@pytest.mark.parametrize("outcome", [drop_before(), bad_gateway()])
async def test_an_answer_of_unknown_fate_is_sent_once_more(
    fake: FakeTelegram, desk: Desk, outcome: Outcome
) -> None:
    fake.plan("sendMessage", outcome)
    async with running(fake, desk):
        fake.say(fake.private(), "một")
        await fake.until(lambda: not fake.pending)
    assert texts(fake) == ["đáp một"]
    assert len(desk.done) == 1


async def test_an_answer_of_unknown_fate_is_sent_once_more_only(
    fake: FakeTelegram, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    fake.plan("sendMessage", drop_after(), drop_after())
    async with running(fake, desk) as telegram:
        fake.say(fake.private(), "một")
        await fake.until(lambda: not fake.pending)
        assert telegram.state.facts["uncertain"] == 1
    assert texts(fake) == ["đáp một", "đáp một"]
    assert "Không rõ" in caplog.text


async def test_what_was_sent_is_not_sent_again_when_the_rest_failed(fake: FakeTelegram, desk: Desk) -> None:
    desk.reply = lambda _: (say("một"), say("hai"))
    fake.plan("sendMessage", passes(), flood(1))  # beyond patience at first
    async with running(fake, desk, pace=replace(PACE, patience=0.5)):
        fake.say(fake.private(), "?")
        await fake.until(lambda: not fake.pending)
    assert texts(fake) == ["một", "hai"]


async def test_refused_markup_goes_as_plain_text(fake: FakeTelegram, desk: Desk) -> None:
    desk.reply = lambda _: (Reply(lines=(Line("Rượu <5 độ> & bia", Style.TITLE),)),)
    fake.plan("sendMessage", refuse(400, UNPARSEABLE))
    async with running(fake, desk):
        fake.say(fake.private(), "?")
        message = await last(fake)
    assert (message.text, message.parse_mode) == ("Rượu <5 độ> & bia", "")


async def test_a_refused_link_does_not_cost_the_answer(fake: FakeTelegram, desk: Desk) -> None:
    link = Choice(kind=ChoiceKind.LINK, label="Cổng", url="http://localhost/x")
    desk.reply = lambda _: (say("a", menu("Khác"), link),)
    async with running(fake, desk):
        fake.say(fake.private(), "?")
        assert (await last(fake)).labels == ["Khác"]


# --- how it looks


async def test_everything_is_escaped(fake: FakeTelegram, desk: Desk) -> None:
    hostile = "<b>đậm</b> & <script> &lt; \"'"
    desk.reply = lambda _: (Reply(lines=tuple(Line(hostile, style) for style in Style)),)
    async with running(fake, desk):
        fake.say(fake.private(), "?")
        message = await last(fake)
    assert message.text.count(hostile) == len(Style)
    assert message.parse_mode == "HTML"
    assert len(fake.called("sendMessage")) == 1


async def test_a_long_answer_comes_in_parts_with_the_buttons_last(fake: FakeTelegram, desk: Desk) -> None:
    sentence = "Nộp hồ sơ tại bộ phận một cửa 😀. "
    desk.reply = lambda _: (say(sentence * 300, menu("Liên hệ")),)
    async with running(fake, desk):
        fake.say(fake.private(), "?")
        await fake.until(lambda: not fake.pending)
    assert len(fake.sent) == 3
    assert all(message.text.endswith("😀.") for message in fake.sent)
    assert "".join(texts(fake)).count("😀") == 300
    assert [message.labels for message in fake.sent] == [[], [], ["Liên hệ"]]


async def test_a_tap_is_answered_and_edits_in_place(fake: FakeTelegram, desk: Desk) -> None:
    async with running(fake, desk):
        desk.reply = lambda _: (say("chọn", menu("Hồ sơ")),)
        fake.say(fake.private(), "?")
        message = await last(fake)
        desk.reply = lambda i: (say(f"xong {i.payload}", menu("Hồ sơ"), replaces=True), say("thêm"))
        fake.tap(message, "Hồ sơ")
        await fake.until(lambda: not fake.pending)
        assert texts(fake) == ["xong go:Hồ sơ", "thêm"]
        assert (message.edits, len(fake.answered_queries)) == (1, 1)
        desk.reply = lambda i: (say(f"xong {i.payload}", menu("Hồ sơ"), replaces=True),)
        fake.tap(message, "Hồ sơ")  # the same once more: nothing changes, nothing is sent
        await fake.until(lambda: not fake.pending)
        assert texts(fake) == ["xong go:Hồ sơ", "thêm"]


async def test_a_tap_too_old_to_be_answered_still_works(fake: FakeTelegram, desk: Desk) -> None:
    desk.reply = lambda i: (say(i.payload or "chọn", menu("Hồ sơ"), replaces=bool(i.payload)),)
    async with running(fake, desk):
        fake.say(fake.private(), "?")
        message = await last(fake)
        message.by_bot = False  # Telegram says: message can't be edited
        fake.tap(message, "Hồ sơ", stale=True)
        await fake.until(lambda: not fake.pending)
    assert texts(fake) == ["go:Hồ sơ"]
    assert fake.answered_queries == []
    assert len(fake.called("answerCallbackQuery")) == 1


@pytest.mark.parametrize(("stale", "said"), [(False, []), (True, ["Đã ghi nhận."])])
async def test_a_word_in_passing_is_shown_to_who_tapped_and_not_to_the_group(
    fake: FakeTelegram, desk: Desk, stale: bool, said: list[str]
) -> None:
    async with running(fake, desk):
        desk.reply = lambda _: (say("Thông báo", menu("Đã đọc")),)
        fake.say(fake.group(), "/viec")
        message = await last(fake)
        desk.reply = lambda _: (replace(say("Đã ghi nhận."), passing=True),)
        fake.tap(message, "Đã đọc", stale=stale)
        await fake.until(lambda: len(desk.heard) == 2 and not fake.pending)
    assert texts(fake)[1:] == said  # too late for a word to one person: then to all
    [call] = fake.called("answerCallbackQuery")
    assert call.parameters["text"] == "Đã ghi nhận."


# --- groups


async def test_a_group_is_answered_only_when_it_calls_us(fake: FakeTelegram, desk: Desk) -> None:
    group = fake.group()
    async with running(fake, desk):
        fake.say(group, "mai họp nhé")
        fake.say(group, "/hoi@OtherBot phí")
        fake.say(group, "/hoi@xinluonbot phí")
        fake.say(group, f"@{fake.username} hồ sơ?", caption=True)
        await last(fake, 2)
        fake.say(group, "còn phí?", reply_to=fake.sent[0])
        await fake.until(lambda: not fake.pending)
    assert desk.texts == ["/hoi phí", "hồ sơ?", "còn phí?"]
    assert all(incoming.group and incoming.addressed for incoming in desk.heard)
    assert all(message.reply_to for message in fake.sent)


async def test_answers_stay_in_the_topic_of_the_question(fake: FakeTelegram, desk: Desk) -> None:
    forum = fake.group(-1002, topics=(7,))
    async with running(fake, desk):
        fake.say(forum, "/hoi", topic=7)
        assert (await last(fake)).topic == 7
        forum.topics.clear()
        fake.say(forum, "/hoi lại", topic=7)
        assert (await last(fake, 2)).topic is None


async def test_a_deleted_question_is_still_answered(fake: FakeTelegram, desk: Desk) -> None:
    gate = desk.gates["/hoi"] = threading.Event()
    async with running(fake, desk):
        fake.say(fake.group(), "/hoi")
        await until(lambda: desk.heard)
        for message in fake._messages.values():
            message.deleted = True
        gate.set()
        assert (await last(fake)).reply_to is None


# --- what a person must mend


async def test_a_wrong_token_takes_the_channel_down_for_good(fake: FakeTelegram, desk: Desk) -> None:
    telegram = channel(fake, desk, token=SecretStr("1:wrong-token"))
    with pytest.raises(ChannelDown) as caught:
        await telegram.run()
    assert caught.value.retry is False
    assert "token" in caught.value.reason
    assert telegram.state.detail == caught.value.reason
    assert "wrong-token" not in repr(caught.value.__context__) + str(caught.value)


async def test_a_token_revoked_while_running_takes_the_channel_down(fake: FakeTelegram, desk: Desk) -> None:
    telegram = channel(fake, desk)
    task = asyncio.create_task(telegram.run())
    await until(lambda: telegram.state.up)
    fake.token = "1:new"
    fake.say(fake.private(), "?")
    with pytest.raises(ChannelDown, match="BotFather"):
        await asyncio.wait_for(task, 20)


@pytest.mark.parametrize("proxy", ["nonsense://user:pass-word@host", "socks5://user:pass-word@host:1"])
async def test_an_unusable_proxy_is_said_without_its_password(
    fake: FakeTelegram, desk: Desk, proxy: str
) -> None:
    with pytest.raises(ChannelDown, match="proxy") as caught:
        await channel(fake, desk, proxy=SecretStr(proxy)).run()
    assert "pass-word" not in repr(caught.value.__context__) + str(caught.value)


async def test_neither_token_nor_words_get_into_the_log(
    fake: FakeTelegram, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "telegram", "bot"):
        caplog.set_level(logging.DEBUG, logger=name)
    fake.plan("getUpdates", bad_gateway(), drop_before(), refuse(409, "Conflict: other"))
    fake.plan("sendMessage", bad_gateway(), refuse(400, UNPARSEABLE), flood(1), refuse(403, "Forbidden: x"))
    desk.crashes["điều riêng tư"] = 1
    async with running(fake, desk):
        fake.say(fake.private(), "điều riêng tư")
        await fake.until(lambda: not fake.pending)
    assert fake.token.split(":")[1] not in caplog.text
    assert "riêng tư" not in caplog.text
    assert "Crash" in caplog.text
    assert "in handle" in caplog.text  # where it crashed can be found


# --- webhook


@asynccontextmanager
async def posted(fake: FakeTelegram, desk: Desk, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    given = {"mode": "webhook", "webhook_url": "https://bot.vn/hook", "webhook_secret": SecretStr(SECRET)}
    async with running(fake, desk, **(given | options)) as telegram:
        app = Starlette(routes=[Route("/hook", telegram.webhook, methods=["POST"])])
        transport = httpx.ASGITransport(app)
        headers = {SECRET_HEADER: SECRET}
        async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
            yield client


def update(fake: FakeTelegram, text: str) -> dict[str, Any]:
    fake.say(fake.private(), text)
    return fake.pending[-1]


async def test_a_posted_update_is_handled_before_it_is_confirmed(fake: FakeTelegram, desk: Desk) -> None:
    gate = desk.gates["chậm"] = threading.Event()
    async with posted(fake, desk) as client:
        assert fake.webhook.url == "https://bot.vn/hook"
        assert fake.webhook.secret == SECRET
        body = update(fake, "chậm")
        answer = asyncio.create_task(client.post("/hook", json=body))
        await until(lambda: desk.heard)
        assert not answer.done()
        gate.set()
        assert (await answer).status_code == 200
        assert texts(fake) == ["đáp chậm"]
        assert (await client.post("/hook", json=body)).status_code == 200
        assert texts(fake) == ["đáp chậm"]


@pytest.mark.parametrize("secret", [None, "", "wrong", "đúng"])
async def test_without_the_secret_nothing_is_processed(
    fake: FakeTelegram, desk: Desk, secret: str | None
) -> None:
    async with posted(fake, desk) as client:
        del client.headers[SECRET_HEADER]
        headers = {} if secret is None else {SECRET_HEADER.encode(): secret.encode()}
        response = await client.post("/hook", json=update(fake, "?"), headers=headers)
        assert response.status_code == 401
    assert desk.heard == []


async def test_an_oversized_body_is_refused_whatever_it_says_of_its_length(
    fake: FakeTelegram, desk: Desk
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b" " * 100_000

    async with posted(fake, desk) as client:
        assert (await client.post("/hook", content=b" " * (BODY_LIMIT + 1))).status_code == 413
        assert (await client.post("/hook", content=chunks())).status_code == 413
        lying = {"Content-Length": "10"}
        assert (await client.post("/hook", content=chunks(), headers=lying)).status_code == 413


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"update_id": "1"}', b'{"update_id": true}', b"\xff", b"[" * 100_000]
)
async def test_what_is_no_update_is_refused(fake: FakeTelegram, desk: Desk, body: bytes) -> None:
    async with posted(fake, desk) as client:
        assert (await client.post("/hook", content=body)).status_code == 400


async def test_a_posted_update_that_cannot_be_read_is_not_asked_for_again(
    fake: FakeTelegram, desk: Desk
) -> None:
    async with posted(fake, desk) as client:
        body = {"update_id": 5, "message": {"date": "x"}}
        assert (await client.post("/hook", json=body)).status_code == 200


async def test_stopping_finishes_what_was_posted(fake: FakeTelegram, desk: Desk) -> None:
    gate = desk.gates["chậm"] = threading.Event()
    async with posted(fake, desk) as client:
        answer = asyncio.create_task(client.post("/hook", json=update(fake, "chậm")))
        await until(lambda: desk.heard)
        asyncio.get_running_loop().call_later(0.2, gate.set)
    assert texts(fake) == ["đáp chậm"]
    await asyncio.gather(answer, return_exceptions=True)


async def test_a_webhook_that_does_not_run_asks_to_come_again(fake: FakeTelegram, desk: Desk) -> None:
    telegram = channel(fake, desk, webhook_secret=SecretStr(SECRET))
    app = Starlette(routes=[Route("/hook", telegram.webhook, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        assert (await client.post("/hook", headers={SECRET_HEADER: SECRET})).status_code == 503


async def test_without_a_secret_of_ours_nobody_may_post(fake: FakeTelegram, desk: Desk) -> None:
    app = Starlette(routes=[Route("/hook", channel(fake, desk).webhook, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        assert (await client.post("/hook", headers={SECRET_HEADER: ""})).status_code == 401


@pytest.mark.parametrize(
    "options",
    [
        {"webhook_secret": None},
        {"webhook_url": None},
        {"webhook_secret": SecretStr("không hợp lệ")},
    ],
)
async def test_a_webhook_that_telegram_would_not_take_is_said(
    fake: FakeTelegram, desk: Desk, options: dict[str, Any]
) -> None:
    given = {"mode": "webhook", "webhook_url": "https://bot.vn/hook", "webhook_secret": SecretStr(SECRET)}
    with pytest.raises(ChannelDown, match=r"webhook|bí mật") as caught:
        await channel(fake, desk, **(given | options)).run()
    assert caught.value.retry is False


async def test_telegram_delivers_again_what_failed(fake: FakeTelegram, desk: Desk) -> None:
    desk.crashes["một"] = 1
    channels: list[Telegram] = []  # made once the port is known

    async def hook(request: Request) -> Response:
        return await channels[0].webhook(request)

    app = Starlette(routes=[Route("/hook", hook, methods=["POST"])])
    async with web_server(app) as web:
        address = {"webhook_url": f"{web}/hook", "webhook_secret": SecretStr(SECRET)}
        channels.append(channel(fake, desk, mode="webhook", **address))
        async with serving(channels[0]):
            fake.say(fake.private(), "một")
            await fake.until(lambda: not fake.pending)
    assert texts(fake) == ["đáp một"]
    assert len({incoming.key for incoming in desk.heard}) == 1
    assert len(desk.heard) == 2
