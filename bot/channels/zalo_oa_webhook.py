"""Where Zalo posts the events of an Official Account: signed, stored, and answered within two seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.postbox import Unreadable
from bot.channels.refusals import Refusals
from bot.channels.request_body import body_of
from bot.channels.zalo_oa_events import Happening, What, read_event
from bot.channels.zalo_oa_signature import HEADER, PROBE, looks_like_event, parse, shape, verify
from office.channel_settings import ZaloOa
from office.clock import Clock
from office.database import DatabaseUnavailable

_SHAPES = 6  # of signatures that the log is told of; wrong ones leave room for right ones

_WRONG, _RIGHT, _BY_APP = "SAI, sự kiện bị từ chối", "đúng", "đúng, bằng khoá bí mật của ứng dụng"

_log = logging.getLogger(__name__)

Take = Callable[[Happening, dict[str, Any], datetime], Awaitable[None]]


class OaWebhook:
    """The endpoint of one account. `take` stores an event; once it returns Zalo may forget it. Cancelled, or
    when it raises DatabaseUnavailable, it goes on by itself."""

    def __init__(
        self,
        settings: ZaloOa,
        *,
        clock: Clock,
        take: Take,
        refusals: Refusals,
        within: float = 1.0,
    ) -> None:
        """`within`: seconds for storing. Zalo waits for two, of which a crowd of events takes its share."""
        self._app_id = settings.app_id or ""
        self._oa_id = settings.oa_id or ""
        # Sources disagree which of the two Zalo signs with, so both are good.
        self._secret, self._app_secret = (
            given.get_secret_value() if given else ""
            for given in (settings.webhook_secret, settings.app_secret)
        )
        self._clock = clock
        self._take = take
        self._refusals = refusals
        self._within = within
        self._shapes: set[tuple[str, str]] = set()  # of signatures that were seen, and how right

    async def answer(self, request: Request) -> Response:
        """Take an event. 200 once it is stored or known or says nothing; anything else is repeated."""
        body = await body_of(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        header = request.headers.get(HEADER, "")
        raw = parse(body) if self._is_signed(body, header) else None
        if raw is None:
            return PlainTextResponse("unauthorized", 401)
        received = self._clock.now()
        try:
            happening = read_event(raw, oa_id=self._oa_id, received=received)
        except Unreadable as unreadable:
            _log.error("Bỏ qua một sự kiện Zalo OA không đọc được (%s)", unreadable.error)
            return Response()  # repeating it would not make it readable
        if happening.what is What.NOTHING or await self._stored(happening, raw, received):
            return Response()
        return PlainTextResponse("try again", 503, {"Retry-After": "30"})

    def _is_signed(self, body: bytes, header: str) -> bool:
        """Whether Zalo has signed it. What is no event, or our own probe, says nothing of the key."""
        if header == PROBE:
            return False
        keys = self._secret, self._app_secret
        secret = verify(body, header, app_id=self._app_id, secrets=keys)
        if secret:
            self._refusals.accepted()
        elif looks_like_event(body):
            self._refusals.refused()
        else:
            return False
        self._look_at(header, secret)
        return bool(secret)

    def _look_at(self, header: str, secret: str) -> None:
        """Say once what signatures look like here: accounts of it disagree. `secret`: "" for a wrong one."""
        verdict = _WRONG if not secret else _RIGHT if secret == self._secret else _BY_APP
        seen = shape(header), verdict
        if seen in self._shapes or len(self._shapes) >= (_SHAPES if secret else _SHAPES // 2):
            return
        self._shapes.add(seen)
        _log.info("Chữ ký webhook Zalo OA lần đầu: %s (%s)", *seen)

    async def _stored(self, happening: Happening, raw: dict[str, Any], received: datetime) -> bool:
        """Store it; False when that isn't done in time. It still will be, and is then known next time."""
        try:
            async with asyncio.timeout(self._within):
                await self._take(happening, raw, received)
        except (TimeoutError, DatabaseUnavailable) as error:
            _log.warning("Chưa lưu kịp một sự kiện Zalo OA (%s)", type(error).__name__)
            return False
        return True
