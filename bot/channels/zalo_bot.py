"""Zalo Bot Platform: people write to a bot, by long polling or webhook.

An event is stored before the platform may forget it, then handled and answered: a crash costs nothing, and
what comes again is known by its key.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.base import ChannelDown, Desk, FileAddresses
from bot.channels.intake import Also
from bot.channels.platform import Platform, WebRoute
from bot.channels.postbox import Postbox, Unreadable
from bot.channels.refusals import BOT_SECRET, Refusals
from bot.channels.request_body import body_of
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.channels.zalo_bot_codes import plain_json, unhooked
from bot.channels.zalo_bot_courier import ZaloBotCourier
from bot.channels.zalo_bot_events import NAME, key_of, read_event, unwrap
from bot.channels.zalo_bot_files import fetch
from bot.channels.zalo_bot_pages import CAPABILITIES
from bot.channels.zalo_bot_polling import Pace, Poller
from bot.channels.zalo_bot_serving import Server
from bot.channels.zalo_bot_speaking import Speaker
from bot.channels.zalo_calls import CallEnded, Refused, TooFast, WrongToken
from office import contacts, groups
from office.channel_settings import ZaloBot as Settings
from office.clock import Clock
from office.database import DatabaseUnavailable
from office.messages import ChannelState, Incoming
from scheduler.courier import Gate
from scheduler.ration import NoRation, Ration

SECRET_HEADER = "X-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)

_SEEN = 1000  # keys known to be stored, so that a bot that repeats itself costs no query each second
_NO_TOKEN = "Chưa có token của Zalo Bot. Lấy trong Zalo Bot Creator rồi đặt vào cấu hình."  # noqa: S105 (says it)
_NO_WEBHOOK = "Chế độ webhook cần địa chỉ công khai và chuỗi bí mật."
_BAD_WEBHOOK = "Zalo không nhận địa chỉ hoặc chuỗi bí mật của webhook (mã {}). Kiểm tra lại cả hai."
_NOT_KEPT = "Zalo chưa ghi nhận địa chỉ webhook; chương trình sẽ tự thử lại."
_AGAIN = " Chương trình sẽ tự thử lại."
_SPENT = "Zalo báo đã hết số tin của tháng: bot vẫn nhận tin nhưng chưa trả lời được. Xin Zalo nâng hạn mức."

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class ZaloBot(Platform):
    """One bot of the Zalo Bot Platform."""

    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self,
        desk: Desk,
        *,
        settings: Settings,
        sessions: sessionmaker[Session],
        clock: Clock,
        gate: Gate,
        hash_key: bytes,
        ration: Ration | None = None,
        addresses: FileAddresses | None = None,
        elsewhere: str = "",
        pace: Pace | None = None,
    ) -> None:
        """`gate`: the account's pace, which answers and deliveries share. `elsewhere`: where people can
        ask as well, as it follows «Anh/chị hỏi», told when the month's messages are spent."""
        self.state = ChannelState(NAME, facts={"mode": settings.mode})
        self.account = account_of(settings.token.get_secret_value() if settings.token else "")
        self._settings = settings
        self._clock = clock
        self._gate = gate
        self._ration = ration or NoRation()
        self._addresses = addresses
        self._pace = pace or Pace()
        self._api: ZaloBotApi | None = None
        self._open = asyncio.Event()  # whether there is a connection
        self._resuming = asyncio.Lock()
        self._resumed = False
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._speaker = Speaker(
            lambda: self._api,
            self._ration,
            hold=self._pace.hold,
            longest=self._pace.longest_hold,
            changed=self._say_spent,
        )
        self._server = Server(
            desk,
            self._speaker,
            account=self.account,
            sessions=sessions,
            clock=clock,
            hash_key=hash_key,
            gate=gate,
            ration=self._ration,
            addresses=addresses,
            elsewhere=elsewhere,
            pace=self._pace,
        )
        self._reason = ""
        self._refusals = Refusals(self.state, clock, BOT_SECRET, changed=self._show)
        self._postbox = Postbox(
            channel=NAME,
            account=self.account,
            sessions=sessions,
            clock=clock,
            read=self._read,
            serve=self._serve,
            grace=self._pace.grace,
            scale=self._pace.first,
        )

    async def run(self) -> None:
        """Serve until cancelled, then finish what is in hand. Raises ChannelDown."""
        api = self._connection()
        reason = ""
        try:
            await self._serve_line(api)
        except WrongToken as wrong:
            reason = wrong.reason
        except Refused as refused:
            reason = refused.reason
        except asyncio.CancelledError:
            await self._postbox.close()
            raise
        finally:
            self._mark(up=False)
            self._open.clear()
            self._api = None
            await api.close()
        raise self._down(reason)

    def courier(self) -> ZaloBotCourier:
        """What the account's lane sends through; before the bot is open, it says that it isn't."""
        return ZaloBotCourier(
            self._speaker,
            account=self.account,
            ration=self._ration,
            gate=self._gate,
            addresses=self._addresses,
        )

    def routes(self) -> Sequence[WebRoute]:
        """Where Zalo posts to, if it does."""
        if self._settings.mode != "webhook":
            return []
        # How it asks whether we are there isn't known: with an empty request, by whatever method.
        return [WebRoute(self._settings.webhook.path, self.webhook, ("POST", "GET"))]

    async def fetch(self, file_id: str) -> bytes:
        """The content of a picture or voice that a person sent. Raises FileUnavailable."""
        client = self._api.client if self._api else None
        return await fetch(client, file_id, server=self._settings.base_url)

    async def webhook(self, request: Request) -> Response:
        """Take an event that Zalo posts. 200 once it is stored; an empty request only asks whether we are
        there."""
        body = await body_of(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        if not body.strip():
            return Response()
        raw = plain_json(body)
        if not self._is_zalo(request):
            if raw is not None:
                self._refusals.refused()
            return PlainTextResponse("unauthorized", 401)
        self._refusals.accepted()
        if raw is None:
            return PlainTextResponse("not an event", 400)
        try:
            async with asyncio.timeout(self._pace.stored):
                await self._resume()
                await self._take(raw)
        except (TimeoutError, DatabaseUnavailable):  # it is stored all the same as soon as that can be
            return PlainTextResponse("try again", 503, {"Retry-After": "5"})
        return Response()

    # --- opening and closing

    def _connection(self) -> ZaloBotApi:
        token, hook = self._settings.token, self._settings.webhook
        if token is None:
            raise self._down(_NO_TOKEN)
        if self._settings.mode == "webhook" and not (hook.url and hook.secret):
            raise self._down(_NO_WEBHOOK)
        return ZaloBotApi(token, base_url=self._settings.base_url, timeouts=self._pace.timeouts)

    async def _serve_line(self, api: ZaloBotApi) -> None:
        self._speaker.doubted.clear()
        me = await self._patiently(api.me)
        self._server.names = (me.display_name, me.account_name)
        self.state.facts["name"] = me.display_name or me.account_name
        self._api = api
        self._open.set()
        await self._resume_patiently()
        if self._settings.mode == "webhook":
            await self._be_posted(api)
        else:
            await self._poll(api)

    async def _patiently(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Call until Zalo answers. Raises WrongToken and Refused."""
        failed = 0
        while True:
            try:
                return await call()
            except (WrongToken, Refused):
                raise
            except CallEnded as ended:
                failed += 1
                self._mark(up=False, detail=ended.reason.removesuffix(_AGAIN).rstrip(".") + "." + _AGAIN)
                wait = ended.seconds if isinstance(ended, TooFast) else self._pace.backoff(failed)
                await asyncio.sleep(wait)

    async def _poll(self, api: ZaloBotApi) -> None:
        if await self._patiently(api.webhook):
            await self._patiently(api.delete_webhook)
        self._mark(up=True)
        await Poller(api, take=self._take, report=self._report, pace=self._pace).run()

    async def _be_posted(self, api: ZaloBotApi) -> None:
        """See to it that the webhook is set, and stays so."""
        hooked, pause = False, self._pace.first
        while True:
            trouble = "" if hooked and await self._hooked(api) else await self._hook(api)
            hooked = not trouble
            self._mark(up=True, detail=trouble)
            pause = min(self._pace.check, pause * 2) if trouble else self._pace.check
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._speaker.doubted.wait()  # then the next call finds out
            self._speaker.doubted.clear()

    async def _hook(self, api: ZaloBotApi) -> str:
        """Set the webhook; why Zalo doesn't reach us by it, "" when it does. Raises WrongToken, Refused."""
        hook = self._settings.webhook
        assert hook.url is not None and hook.secret is not None  # noqa: S101, PT018 - see _connection
        try:
            state = await self._patiently(partial(api.set_webhook, hook.url, hook.secret))
        except Refused as refused:
            code, reason = refused.code, _BAD_WEBHOOK.format(refused.code)
        else:
            if state.trouble:
                _log.warning("Zalo chưa gọi được tới webhook (%s)", state.trouble)
                return unhooked(state.trouble)
            return "" if await self._hooked(api) else _NOT_KEPT
        raise Refused(reason, code=code)

    async def _hooked(self, api: ZaloBotApi) -> bool:
        return await self._patiently(api.webhook) == self._settings.webhook.url

    # --- events

    def _is_zalo(self, request: Request) -> bool:
        secret = self._settings.webhook.secret
        expected = secret.get_secret_value() if secret else ""
        given = request.headers.get(SECRET_HEADER, "")
        return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())

    async def _take(self, raw: Any) -> None:
        """Store an event. Raises DatabaseUnavailable."""
        event = unwrap(raw)
        if event is None:
            _log.warning("Zalo Bot gửi tới một nội dung không phải sự kiện")
            return
        key = key_of(event)
        if key not in self._seen and await self._postbox.take(key, event, also=self._remember_writer(event)):
            self.state.facts["last_event"] = self._clock.now().isoformat(timespec="seconds")
        self._seen[key] = None
        self._seen.move_to_end(key)
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)

    def _remember_writer(self, event: dict[str, Any]) -> Also | None:
        """Who writes in private counts as one of the plan's users, and can be written to, whatever was known
        before; what is said in groups tells nothing of that."""
        try:
            incoming = self._read(event)
        except Unreadable:
            return None
        if incoming is None or incoming.group:
            return None
        person, chat, at = self._server.person(incoming), incoming.chat, incoming.at

        def remember(session: Session) -> None:
            contacts.wrote(session, NAME, self.account, person, at=at)
            groups.in_reach_again(session, channel=NAME, account=self.account, chat=chat)

        return remember

    def _read(self, raw: Any) -> Incoming | None:
        return read_event(raw, account=self.account, now=self._clock.now())

    async def _serve(self, incoming: Incoming) -> None:
        await self._open.wait()
        try:
            await self._server.serve(incoming)
        finally:
            if self._server.uncertain:
                self.state.facts["uncertain"] = self._server.uncertain

    async def _resume(self) -> None:
        """Go on with what an earlier life has left, before anything new is taken. Raises
        DatabaseUnavailable."""
        async with self._resuming:
            if not self._resumed:
                await self._postbox.resume()
                self._resumed = True

    async def _resume_patiently(self) -> None:
        failed = 0
        while True:
            try:
                return await self._resume()
            except DatabaseUnavailable as unavailable:
                failed += 1
                self._mark(up=False, detail=unavailable.message)
                await asyncio.sleep(self._pace.backoff(failed))

    # --- state

    def _report(self, reason: str) -> None:
        self._mark(up=not reason, detail=reason)

    def _say_spent(self) -> None:
        if self.state.up and self._reason in ("", _SPENT):
            self._mark(up=True)

    def _down(self, reason: str) -> ChannelDown:
        self._mark(up=False, detail=reason)
        return ChannelDown(reason, retry=False)

    def _mark(self, *, up: bool, detail: str = "") -> None:
        if self.state.since is None or self.state.up != up:
            self.state.since = self._clock.now()
        self.state.up = up
        self._reason = detail or (_SPENT if up and self._speaker.spent else "")
        self._show()

    def _show(self) -> None:
        self.state.detail = self._reason or self._refusals.trouble


def account_of(token: str) -> str:
    """The bot's id, which every token begins with; "" when it isn't a token."""
    number, colon, _ = token.partition(":")
    return number if colon and number.isdecimal() else ""
