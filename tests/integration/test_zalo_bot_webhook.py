"""The Zalo bot's webhook: what the platform posts is stored before it is confirmed, and answered once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
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
from bot.channels.zalo_bot import ZaloBot
from bot.channels.zalo_bot_webhook import SECRET_HEADER
from office.database import DatabaseUnavailable, make_engine, session_factory
from office.inbox import InboxState
from tests.databases import fresh_sqlite
from tests.fakes.zalo_bot import Chat, FakeZaloBot, refuse
from tests.integration.channel_stage import serving, until, web_server
from tests.integration.zalo_bot_stage import PACE, SECRET, Desk, Stage

ADDRESS = "http://127.0.0.1:9/zalo/bot"  # nobody is there: the tests post themselves


@pytest.fixture
def fake() -> Iterator[FakeZaloBot]:
    with FakeZaloBot(any_chat=True, tells_verification=False, retries=0) as running:
        yield running


@pytest.fixture
def stage(fake: FakeZaloBot, tmp_path: Path) -> Iterator[Stage]:
    engine = make_engine(fresh_sqlite(tmp_path))
    sessions = session_factory(engine)
    yield Stage(fake, sessions, Desk(sessions))
    engine.dispose()


def event(an: Chat, text: str, message_id: str = "m1") -> dict[str, Any]:
    message = {
        "chat": {"chat_type": "PRIVATE", "id": an.id},
        "message_id": message_id,
        "from": {"id": an.id, "is_bot": False, "display_name": an.name},
        "text": text,
    }
    return {"event_name": "message.text.received", "message": message}


def failing(*_: Any) -> Any:
    raise DatabaseUnavailable("tệp đang bị khoá", "thử lại")


def hooked(stage: Stage, **options: Any) -> ZaloBot:
    return stage.bot(settings=stage.settings("webhook", ADDRESS), **options)


async def post(bot: ZaloBot, content: Any, secret: str | None = SECRET, *, method: str = "POST") -> int:
    """What the platform would hear; `content`: bytes as they are, or JSON."""
    [route] = bot.routes()
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    app = Starlette(routes=[Route(route.path, route.endpoint, methods=list(route.methods))])
    transport = httpx.ASGITransport(app=app)
    headers = {SECRET_HEADER: secret} if secret is not None else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.request(method, "/zalo/bot", content=body, headers=headers)
        return response.status_code


@asynccontextmanager
async def web(bots: list[ZaloBot]) -> AsyncIterator[str]:
    """A web server of ours in front of a bot; the webhook's address."""

    async def hook(request: Request) -> Response:
        return await bots[0].routes()[0].endpoint(request) if bots else Response(status_code=502)

    app = Starlette(routes=[Route("/zalo/bot", hook, methods=["POST"])])
    async with web_server(app) as address:
        yield f"{address}/zalo/bot"


# --- posted by the platform


@pytest.mark.parametrize("wrapped", [False, True])
async def test_what_the_platform_posts_is_answered_once_however_often_it_comes(
    stage: Stage, fake: FakeZaloBot, wrapped: bool
) -> None:
    fake.wrapped, fake.tells_verification = wrapped, True
    bots: list[ZaloBot] = []
    async with web(bots) as address:
        bots.append(stage.bot(settings=stage.settings("webhook", address)))
        async with serving(bots[0]):
            assert fake.webhook is not None
            assert (fake.webhook.url, fake.webhook.secret) == (address, SECRET)
            fake.say(fake.person(), "một", duplicate=2)
            await fake.until(lambda: not fake.pending)
            await stage.done()
            assert await asyncio.to_thread(fake.ping) == 200
            assert await asyncio.to_thread(fake.post, {"event_name": "x"}, "không đúng".encode().hex()) == 401
            assert bots[0].state.up is True
            assert bots[0].state.facts["mode"] == "webhook"
    assert [p.status for p in fake.posts] == [200, 200, 200, 200, 200, 401]
    assert stage.texts() == ["đáp một"]
    assert fake.called("getUpdates") == []


async def test_a_webhook_that_is_not_reached_or_taken_away_is_set_again(
    stage: Stage, fake: FakeZaloBot
) -> None:
    fake.tells_verification = True
    bots: list[ZaloBot] = []
    async with web(bots) as address:
        bot = stage.bot(settings=stage.settings("webhook", address))
        async with serving(bot):
            await until(lambda: "webhook.http.5xx" in bot.state.detail)
            assert bot.state.up is True
            bots.append(bot)
            await until(lambda: not bot.state.detail)
            fake.webhook = None
            await until(lambda: fake.webhook is not None)


async def test_a_webhook_that_was_reached_and_no_longer_is_is_tried_again_soon(
    stage: Stage, fake: FakeZaloBot
) -> None:
    fake.tells_verification = True
    bots: list[ZaloBot] = []
    async with web(bots) as address:
        bot = stage.bot(settings=stage.settings("webhook", address), pace=replace(PACE, check=60.0))
        bots.append(bot)
        async with serving(bot):
            assert bot.state.detail == ""
            bots.clear()
            fake.webhook = None
            bot._speaker.doubted.set()
            await until(lambda: "webhook.http.5xx" in bot.state.detail)
            bots.append(bot)
            await until(lambda: not bot.state.detail)


# --- posted by a test


async def test_an_empty_request_is_answered_without_a_secret(stage: Stage) -> None:
    bot = hooked(stage)
    assert await post(bot, b"", secret=None) == 200
    assert await post(bot, b" \n", secret="sai") == 200
    assert await post(bot, b"", secret=None, method="GET") == 200  # nobody has said how it asks
    assert stage.rows() == {}


@pytest.mark.parametrize("secret", [None, "", "sai", SECRET + "x", SECRET[:-1]])
async def test_a_wrong_secret_is_refused(
    stage: Stage, fake: FakeZaloBot, secret: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_bot_webhook.plain_json", failing)  # anybody's body isn't parsed
    bot = hooked(stage)
    assert await post(bot, event(fake.person(), "một"), secret) == 401
    assert stage.rows() == {}
    assert "Chuỗi bí mật webhook Zalo Bot sai: 1 sự kiện bị từ chối" in bot.state.detail
    assert await post(bot, b"no event", secret) == 401
    assert bot.state.facts["bad_signatures"] == 1


async def test_what_is_no_event_is_not_stored(stage: Stage, fake: FakeZaloBot) -> None:
    bot = hooked(stage)
    assert await post(bot, b"{") == 400
    assert await post(bot, b'{"event_name": NaN}') == 400
    assert await post(bot, b"[" * 100_000) == 400
    assert await post(bot, ["x"]) == 200  # it is theirs, and would not get better
    assert await post(bot, b"x" * (BODY_LIMIT + 1)) == 413
    assert stage.rows() == {}


async def test_broken_and_unknown_events_are_confirmed(stage: Stage, fake: FakeZaloBot) -> None:
    bot = hooked(stage)
    assert await post(bot, {"event_name": "message.text.received", "message": {"message_id": "m1"}}) == 200
    assert await post(bot, {"event_name": "bot.promoted", "message": {"message_id": "m2"}}) == 200
    async with serving(bot):
        await stage.done(2)
    assert stage.rows() == {"m1": InboxState.POISONED, "m2": InboxState.ANSWERED}


async def test_without_the_database_it_is_to_come_again(
    stage: Stage, fake: FakeZaloBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = hooked(stage)
    async with serving(bot):
        store = bot._receiver.postbox._intake._store
        monkeypatch.setattr(bot._receiver.postbox._intake, "_store", failing)
        assert await post(bot, event(fake.person(), "một")) == 503
        monkeypatch.setattr(bot._receiver.postbox._intake, "_store", store)
        assert await post(bot, event(fake.person(), "một")) == 200
        await stage.done()
    assert stage.texts() == ["đáp một"]


async def test_what_comes_before_bot_and_database_are_up_is_kept_although_it_does_not_come_again(
    stage: Stage, fake: FakeZaloBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = hooked(stage)
    monkeypatch.setattr(bot._receiver.postbox, "_left", failing)
    monkeypatch.setattr(bot._receiver.postbox._intake, "_store", failing)
    async with serving(bot, up=False):
        await until(lambda: bot.state.detail == "tệp đang bị khoá")
        assert await post(bot, event(fake.person(), "một")) == 503
        monkeypatch.undo()
        await stage.done()
    assert stage.texts() == ["đáp một"]


async def test_what_comes_before_the_bot_is_up_is_kept_and_answered_once(
    stage: Stage, fake: FakeZaloBot
) -> None:
    bot = hooked(stage)
    an = fake.person()
    assert await post(bot, event(an, "một")) == 200
    assert await post(bot, event(an, "một")) == 200
    assert stage.texts() == []
    async with serving(bot):
        await stage.done()
    assert stage.texts() == ["đáp một"]


async def test_what_a_group_says_before_the_bot_knows_its_name_is_understood_all_the_same(
    stage: Stage, fake: FakeZaloBot
) -> None:
    bot = hooked(stage)
    said = event(fake.person(), f"@{fake.display_name} lệ phí?")
    said["message"]["chat"] = {"chat_type": "GROUP", "id": "g1"}
    assert await post(bot, said) == 200
    await asyncio.sleep(0.05)
    async with serving(bot):
        await stage.done()
    assert stage.desk.texts == ["lệ phí?"]


async def test_what_was_only_stored_is_answered_by_the_next_life(stage: Stage, fake: FakeZaloBot) -> None:
    first = hooked(stage)
    assert await post(first, event(fake.person(), "một")) == 200
    assert list(stage.rows().values()) == [InboxState.RECEIVED]
    async with serving(hooked(stage)):
        await stage.done()
    assert stage.texts() == ["đáp một"]


# --- what the platform won't have


async def test_an_address_that_is_refused_ends_the_channel_with_what_to_do(
    stage: Stage, fake: FakeZaloBot
) -> None:
    fake.local_webhooks = False
    with pytest.raises(ChannelDown) as caught:
        await hooked(stage).run()
    assert "địa chỉ" in caught.value.reason
    assert "400" in caught.value.reason


async def test_a_token_that_is_taken_back_is_found_out_by_the_first_answer(
    stage: Stage, fake: FakeZaloBot
) -> None:
    bot = hooked(stage, pace=replace(PACE, grace=0.05))
    task = asyncio.create_task(bot.run())
    await until(lambda: bot.state.up)
    token, fake.token, an = fake.token, "1459:moi", fake.person()
    assert await post(bot, event(an, "một")) == 200
    with pytest.raises(ChannelDown, match="token"):
        await asyncio.wait_for(task, 20)
    assert stage.texts() == []
    assert list(stage.rows().values()) == [InboxState.HANDLED]
    fake.token = token
    async with serving(bot):
        await stage.done()
    assert stage.texts() == ["đáp một"]


async def test_without_an_address_or_a_secret_it_does_not_start(stage: Stage) -> None:
    with pytest.raises(ChannelDown, match="webhook"):
        await stage.bot(settings=stage.settings("webhook")).run()
    without = stage.settings("webhook", ADDRESS).model_copy(update={"token": None})
    with pytest.raises(ChannelDown, match="token"):
        await stage.bot(settings=without).run()


async def test_a_bot_that_polls_has_no_address_of_ours(stage: Stage) -> None:
    assert stage.bot().routes() == []


async def test_a_bot_without_a_secret_takes_nothing(stage: Stage, fake: FakeZaloBot) -> None:
    settings = stage.settings("webhook", ADDRESS)
    hook = settings.webhook.model_copy(update={"secret": SecretStr("")})
    bot = stage.bot(settings=settings.model_copy(update={"webhook": hook}))
    assert await post(bot, event(fake.person(), "một"), secret="") == 401


async def test_setting_the_webhook_is_patient(stage: Stage, fake: FakeZaloBot) -> None:
    fake.plan("setWebhook", refuse(500), refuse(403))
    async with serving(hooked(stage)):
        assert fake.webhook is not None
