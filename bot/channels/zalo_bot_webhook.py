"""Where Zalo posts what a bot is told: the endpoint, and the address that the platform has of it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.request_body import body_of, has_secret
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.channels.zalo_bot_codes import plain_json, unhooked
from bot.channels.zalo_bot_condition import Condition
from bot.channels.zalo_bot_patience import Patience
from bot.channels.zalo_bot_polling import Pace
from bot.channels.zalo_bot_receiving import Receiver
from bot.channels.zalo_calls import Refused
from office.channel_settings import ZaloBotWebhook
from office.database import DatabaseUnavailable

SECRET_HEADER = "X-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)

_EVENT = b'"event_name"'  # each has one
_BAD_WEBHOOK = "Zalo không nhận địa chỉ hoặc chuỗi bí mật của webhook (mã {}). Kiểm tra lại cả hai."
_NOT_KEPT = "Zalo chưa ghi nhận địa chỉ webhook; chương trình sẽ tự thử lại."

_log = logging.getLogger(__name__)


class BotWebhook:
    """The webhook of one bot."""

    def __init__(
        self,
        settings: ZaloBotWebhook,
        *,
        receiver: Receiver,
        condition: Condition,
        patience: Patience,
        pace: Pace,
    ) -> None:
        self._url = settings.url
        self._secret = settings.secret
        self._receiver = receiver
        self._condition = condition
        self._patience = patience
        self._pace = pace

    # --- what Zalo calls

    async def answer(self, request: Request) -> Response:
        """Take an event that Zalo posts. 200 once it is stored; an empty request only asks whether we are
        there."""
        body = await body_of(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        if not body.strip():
            return Response()
        if not has_secret(request, SECRET_HEADER, self._secret.get_secret_value() if self._secret else ""):
            if _EVENT in body:  # not parsed: anybody can post anything
                self._condition.refusals.refused()
            return PlainTextResponse("unauthorized", 401)
        self._condition.refusals.accepted()
        raw = plain_json(body)
        if raw is None:
            return PlainTextResponse("not an event", 400)
        try:
            async with asyncio.timeout(self._pace.stored):
                await self._receiver.take(raw)
        except (TimeoutError, DatabaseUnavailable):  # it is stored all the same as soon as that can be
            return PlainTextResponse("try again", 503, {"Retry-After": "5"})
        return Response()

    # --- what Zalo knows of it

    async def keep(self, api: ZaloBotApi, *, doubted: asyncio.Event) -> None:
        """See to it that the webhook is set, and stays so, until cancelled; looked at early when it is
        `doubted` that the platform takes our calls. Raises WrongToken, Refused."""
        hooked, again = False, self._pace.first
        while True:
            trouble = "" if hooked and await self._hooked(api) else await self._hook(api)
            hooked = not trouble
            self._condition.mark(up=True, detail=trouble)
            again = min(self._pace.check, again * 2) if trouble else self._pace.first
            pause = again if trouble else self._pace.check
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await doubted.wait()  # then the next call finds out
            doubted.clear()

    async def _hook(self, api: ZaloBotApi) -> str:
        """Set the webhook; why Zalo doesn't reach us by it, "" when it does. Raises WrongToken, Refused."""
        assert self._url is not None and self._secret is not None  # noqa: S101, PT018 - ZaloBot has looked
        try:
            state = await self._patience.call(partial(api.set_webhook, self._url, self._secret))
        except Refused as refused:
            code, reason = refused.code, _BAD_WEBHOOK.format(refused.code)
        else:
            if state.trouble:
                _log.warning("Zalo chưa gọi được tới webhook (%s)", state.trouble)
                return unhooked(state.trouble)
            return "" if await self._hooked(api) else _NOT_KEPT
        raise Refused(reason, code=code)

    async def _hooked(self, api: ZaloBotApi) -> bool:
        return await self._patience.call(api.webhook) == self._url
