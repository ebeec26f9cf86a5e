"""Telegram: people write to a bot, by long polling or webhook.

An update is handled, its answer sent, and only then confirmed: a crash costs nothing, and what comes twice
carries the same key.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar
from weakref import WeakValueDictionary

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from telegram import Bot
from telegram.constants import CallbackQueryLimit
from telegram.error import BadRequest, TelegramError

from bot.channels.base import ChannelDown, Desk
from bot.channels.platform import Platform, WebRoute
from bot.channels.request_body import body_of, has_secret
from bot.channels.telegram_courier import TelegramCourier
from bot.channels.telegram_events import NAME
from bot.channels.telegram_fetch import fetch_file
from bot.channels.telegram_files import Files
from bot.channels.telegram_polling import Backoff, Poller
from bot.channels.telegram_render import BUTTON_LIMIT, LABEL_LIMIT, TEXT_LIMIT
from bot.channels.telegram_sending import Floods, Sender, Undelivered
from bot.channels.telegram_updates import Arrival, Ourselves, Unreadable, read_update
from bot.channels.telegram_webhook import SECRET_HEADER, PostedUpdates, update_of
from bot.channels.telegram_wire import (
    ALLOWED_UPDATES,
    Flood,
    Pace,
    Unauthorized,
    Wire,
    get_updates,
    hush_libraries,
    open_bot,
)
from office.bot_tokens import account_of
from office.clock import Clock, SystemClock
from office.messages import Capabilities, ChannelState, Reply
from scheduler.courier import Gate, StoredFiles

_DESKS = 16  # updates handled at once
_WRONG_TOKEN = "Telegram không nhận token của bot. Lấy lại token từ @BotFather, đặt lại rồi khởi động lại."  # noqa: S105 (says it, is none)
_WRONG_PROXY = (
    "Không dùng được proxy đã đặt cho Telegram. Kiểm tra lại địa chỉ (loại socks5 cần cài httpx[socks])."
)
_NO_WEBHOOK = "Chế độ webhook cần địa chỉ công khai và chuỗi bí mật."
_BAD_WEBHOOK = "Telegram không nhận địa chỉ hoặc chuỗi bí mật của webhook: {}"
_UNREACHED = "Chưa kết nối được tới Telegram; sẽ thử lại"

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What an open connection to Telegram consists of."""

    bot: Bot
    updates: Wire
    sender: Sender

    @property
    def ourselves(self) -> Ourselves:
        return Ourselves(id=self.bot.id, username=self.bot.username)


class Telegram(Platform):
    """One Telegram bot.

    `base_url`: the API server, without the token. `webhook_url`: the whole address that Telegram posts to,
    `webhook_path` what arrives here of it.
    """

    name = NAME
    capabilities = Capabilities(
        buttons=True,
        edit=True,
        links=True,
        max_text=TEXT_LIMIT,
        max_buttons=BUTTON_LIMIT,
        max_label=LABEL_LIMIT,
        files=True,
    )

    def __init__(
        self,
        desk: Desk,
        *,
        token: SecretStr,
        mode: Literal["polling", "webhook"] = "polling",
        base_url: str = "https://api.telegram.org",
        proxy: SecretStr | None = None,
        webhook_url: str | None = None,
        webhook_secret: SecretStr | None = None,
        webhook_path: str = "/telegram/webhook",
        clock: Clock | None = None,
        pace: Pace | None = None,
        gate: Gate | None = None,
        files: StoredFiles | None = None,
    ) -> None:
        """`gate`: the account's pace, which answers and deliveries share. `files`: what those name."""
        self.state = ChannelState(NAME, facts={"mode": mode})
        self._desk = desk
        self.account = account_of(token.get_secret_value())
        self._token = token
        self._mode = mode
        self._base_url = base_url
        self._proxy = proxy
        self._webhook_url = webhook_url
        self._webhook_secret = webhook_secret.get_secret_value() if webhook_secret else ""
        self._webhook_path = webhook_path
        self._clock = clock or SystemClock()
        self._pace = pace or Pace()
        self._gate = gate
        self._floods = Floods()
        self._files = Files(files)
        self._line: _Line | None = None
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._free_desks = asyncio.Semaphore(_DESKS)
        self._posted = PostedUpdates()

    async def run(self) -> None:
        """Serve until cancelled, then finish what is in hand. Raises ChannelDown."""
        hush_libraries()
        line = self._open()
        reason = ""
        try:
            await self._serve_line(line)
        except Unauthorized:
            reason = _WRONG_TOKEN
        except BadRequest as error:  # others are waited out
            reason = _BAD_WEBHOOK.format(error.message)
        finally:
            self._mark(up=False)
            self._line = None
            await line.bot.shutdown()
        raise self._down(reason)

    def courier(self) -> TelegramCourier:
        """What the account's lane sends through; before the bot is open, it says that it isn't."""
        return TelegramCourier(
            lambda: self._line.bot if self._line else None,
            account=self.account,
            gate=self._gate,
            floods=self._floods,
            files=self._files,
        )

    def routes(self) -> Sequence[WebRoute]:
        """Where Telegram posts to, if it does."""
        return [WebRoute(self._webhook_path, self.webhook)] if self._mode == "webhook" else []

    async def fetch(self, file_id: str) -> bytes:
        """The content of a file that a person sent, of 20 MB at most. Raises FileUnavailable."""
        return await fetch_file(self._line.bot if self._line else None, file_id)

    async def webhook(self, request: Request) -> Response:
        """Take an update that Telegram posts. 200 once it has been handled: anything else is repeated."""
        if not has_secret(request, SECRET_HEADER, self._webhook_secret):
            return PlainTextResponse("unauthorized", 401)
        line = self._line
        if line is None or self._mode != "webhook":
            return PlainTextResponse("not running", 503, {"Retry-After": "5"})
        body = await body_of(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        raw = update_of(body)
        if raw is None:
            return PlainTextResponse("not an update", 400)
        return await self._take_posted(raw, line)

    # --- opening and closing

    def _open(self) -> _Line:
        if self._mode == "webhook" and not (self._webhook_url and self._webhook_secret):
            raise self._down(_NO_WEBHOOK)
        proxy = self._proxy.get_secret_value() if self._proxy else None
        reason = _WRONG_PROXY
        try:
            bot, updates = open_bot(
                self._token.get_secret_value(), base_url=self._base_url, proxy=proxy, poll=self._pace.poll
            )
            return _Line(bot=bot, updates=updates, sender=self._sender(bot))
        except TelegramError:  # no token at all
            reason = _WRONG_TOKEN
        except (ValueError, ImportError, RuntimeError):
            pass  # raised below, outside of the clause: the error's text has the proxy's password
        raise self._down(reason)

    def _sender(self, bot: Bot) -> Sender:
        return Sender(bot, self._pace, gate=self._gate, floods=self._floods, files=self._files)

    async def _serve_line(self, line: _Line) -> None:
        await self._patiently(line.bot.initialize)
        self.state.facts["username"] = line.bot.username
        self._line = line
        if self._mode == "webhook":
            await self._be_posted(line)
        else:
            await self._poll(line)

    async def _patiently(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Call until Telegram answers. Raises Unauthorized and BadRequest."""
        backoff = Backoff(first=self._pace.first, longest=self._pace.longest)
        while True:
            try:
                return await call()
            except (BadRequest, Unauthorized):
                raise
            except Flood as flood:
                await asyncio.sleep(flood.retry_after)
            except TelegramError as error:
                self._mark(up=False, detail=f"{_UNREACHED} ({error.message})")
                await asyncio.sleep(backoff.next())

    async def _poll(self, line: _Line) -> None:
        info = await self._patiently(line.bot.get_webhook_info)
        if info.url:
            await self._patiently(line.bot.delete_webhook)
        self._mark(up=True)
        poller = Poller(
            fetch=partial(get_updates, line.bot),
            read=partial(self._read, line),
            serve=partial(self._serve, line),
            report=self._report,
            renew=partial(_renew, line.updates),
            pace=self._pace,
        )
        try:
            await poller.run()
        finally:
            await poller.close()

    async def _be_posted(self, line: _Line) -> None:
        set_webhook = partial(
            line.bot.set_webhook,
            self._webhook_url or "",
            secret_token=self._webhook_secret,
            allowed_updates=ALLOWED_UPDATES,
        )
        await self._patiently(set_webhook)
        self._mark(up=True)
        try:
            await asyncio.Event().wait()
        finally:
            self._line = None
            await self._posted.finish(self._pace.grace)

    # --- one update

    def _read(self, line: _Line, raw: dict[str, Any]) -> Arrival:
        now = self._clock.now()
        self.state.facts["last_update"] = now.isoformat(timespec="seconds")
        return read_update(raw, line.ourselves, now=now)

    async def _serve(self, line: _Line, arrival: Arrival) -> bool:
        """Handle an update and send its answer; False when it is to be tried again."""
        turn = self._turns.setdefault(arrival.address.chat, asyncio.Lock())
        async with turn, asyncio.TaskGroup() as group:
            if arrival.query is not None and not _in_group(arrival):
                group.create_task(line.sender.answer_tap(arrival.query))
            return await self._answer(line.sender, arrival)

    async def _answer(self, sender: Sender, arrival: Arrival) -> bool:
        incoming = arrival.incoming
        if incoming is None:
            return True
        try:
            async with self._free_desks:
                replies = await asyncio.to_thread(self._desk.handle, incoming)
            if arrival.query is not None and _in_group(arrival):
                replies = await _in_passing(sender, arrival.query, replies)
            await sender.send(replies, arrival.address, key=incoming.key)
            await asyncio.to_thread(self._desk.answered, incoming)
        except (Undelivered, TelegramError) as error:
            _log.warning(
                "Chưa gửi được câu trả lời cho cập nhật %d (%s)", arrival.update_id, type(error).__name__
            )
            return False
        except Exception as error:  # the desk's own; its text may quote what a citizen wrote
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("Xử lý hỏng cập nhật %d (%s)\n%s", arrival.update_id, type(error).__name__, where)
            return False
        sender.forget(incoming.key)
        if sender.uncertain:
            self.state.facts["uncertain"] = sender.uncertain
        return True

    # --- webhook

    async def _take_posted(self, raw: dict[str, Any], line: _Line) -> Response:
        try:
            arrival = self._read(line, raw)
        except Unreadable as unreadable:
            _log.error("Bỏ qua cập nhật %d không đọc được (%s)", raw["update_id"], unreadable.error)
            return Response()  # repeating it would not make it readable
        done = await self._posted.see_through(self._serve(line, arrival))
        return Response() if done else PlainTextResponse("try again", 503, {"Retry-After": "5"})

    # --- state

    def _report(self, reason: str) -> None:
        self._mark(up=not reason, detail=reason)

    def _down(self, reason: str) -> ChannelDown:
        self._mark(up=False, detail=reason)
        return ChannelDown(reason, retry=False)

    def _mark(self, *, up: bool, detail: str = "") -> None:
        if self.state.since is None or self.state.up != up:
            self.state.since = self._clock.now()
        self.state.up, self.state.detail = up, detail


def _in_group(arrival: Arrival) -> bool:
    return arrival.incoming is not None and arrival.incoming.group


async def _in_passing(sender: Sender, query: str, replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """Answer a tap in a group; a word to who tapped goes with it. What is left to be said in the group."""
    word = replies[0].text() if len(replies) == 1 and replies[0].passing else ""
    if not 0 < len(word) <= CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH:
        word = ""
    taken = await sender.answer_tap(query, word)
    return () if taken and word else replies


async def _renew(request: Wire) -> None:
    await request.shutdown()
    await request.initialize()
