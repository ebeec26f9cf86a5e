"""Zalo Bot Platform: people write to a bot, by long polling or webhook.

An event is stored before the platform may forget it, then handled and answered: a crash costs nothing, and
what comes again is known by its key. This file joins the parts: a Receiver takes events, from the Poller or
the BotWebhook; the Server handles and answers them; the Speaker says what anybody has to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.base import ChannelDown, Desk, FileAddresses
from bot.channels.platform import Platform, WebRoute
from bot.channels.quiet import hush_libraries
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.channels.zalo_bot_condition import Condition
from bot.channels.zalo_bot_courier import ZaloBotCourier
from bot.channels.zalo_bot_events import NAME
from bot.channels.zalo_bot_ground import BotGround
from bot.channels.zalo_bot_pages import CAPABILITIES
from bot.channels.zalo_bot_patience import Patience
from bot.channels.zalo_bot_polling import Pace, Poller
from bot.channels.zalo_bot_receiving import Receiver
from bot.channels.zalo_bot_serving import Server
from bot.channels.zalo_bot_speaking import Speaker
from bot.channels.zalo_bot_webhook import BotWebhook
from bot.channels.zalo_calls import Refused, WrongToken
from bot.channels.zalo_fetch import fetch
from office.bot_tokens import account_of
from office.channel_settings import ZaloBot as Settings
from office.clock import Clock
from office.messages import ChannelState, Incoming
from scheduler.courier import Gate
from scheduler.ration import NoRation, Ration

_NO_TOKEN = "Chưa có token của Zalo Bot. Lấy trong Zalo Bot Creator rồi đặt vào cấu hình."  # noqa: S105 (says it)
_NO_WEBHOOK = "Chế độ webhook cần địa chỉ công khai và chuỗi bí mật."


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
        introduction: str = "",
        pace: Pace | None = None,
    ) -> None:
        """`gate`: the account's pace, which answers and deliveries share. `elsewhere`: where people can
        ask as well, as it follows «Anh/chị hỏi», told when the month's messages are spent. `introduction`:
        that a program answers, as the platform's terms want it said; "" for nothing."""
        self.state = ChannelState(NAME, facts={"mode": settings.mode})
        self.account = account_of(settings.token.get_secret_value() if settings.token else "")
        self._settings = settings
        self._api: ZaloBotApi | None = None
        self._ground = ground = BotGround(
            account=self.account,
            sessions=sessions,
            clock=clock,
            gate=gate,
            hash_key=hash_key,
            ration=ration or NoRation(),
            addresses=addresses,
            pace=pace or Pace(),
        )
        self._condition = Condition(self.state, clock, spent=lambda: self._speaker.spent)
        self._patience = Patience(self._condition, ground.pace)
        self._speaker = Speaker(
            lambda: self._api,
            ground.ration,
            hold=ground.pace.hold,
            longest=ground.pace.longest_hold,
            changed=self._condition.spent_changed,
        )
        self._server = Server(desk, self._speaker, ground, elsewhere=elsewhere, introduction=introduction)
        self._receiver = Receiver(ground, serve=self._serve, heard=self._condition.heard)
        self._webhook = BotWebhook(
            settings.webhook,
            receiver=self._receiver,
            condition=self._condition,
            patience=self._patience,
            pace=ground.pace,
        )

    async def run(self) -> None:
        """Serve for as long as that can be, then finish what is in hand. Raises ChannelDown."""
        hush_libraries()
        api = self._connection()
        reason = ""
        try:
            await self._serve_line(api)
        except (WrongToken, Refused) as ended:
            reason = ended.reason
        finally:
            self._condition.mark(up=False, detail=reason)
            try:
                await self._receiver.close()
            finally:  # also when we are told to stop once more
                self._api = None
                await api.close()
        raise ChannelDown(reason, retry=False)

    def courier(self) -> ZaloBotCourier:
        """What the account's lane sends through; before the bot is open, it says that it isn't."""
        return ZaloBotCourier(
            self._speaker,
            account=self.account,
            ration=self._ground.ration,
            gate=self._ground.gate,
            addresses=self._ground.addresses,
        )

    def routes(self) -> Sequence[WebRoute]:
        """Where Zalo posts to, if it does."""
        if self._settings.mode != "webhook":
            return []
        # How it asks whether we are there isn't known: with an empty request, by whatever method.
        return [WebRoute(self._settings.webhook.path, self._webhook.answer, ("POST", "GET"))]

    async def fetch(self, file_id: str) -> bytes:
        """The content of a picture or voice that a person sent. Raises FileUnavailable."""
        return await fetch(file_id, server=self._settings.base_url)

    # --- inside

    def _connection(self) -> ZaloBotApi:
        token, hook = self._settings.token, self._settings.webhook
        if token is None:
            raise self._down(_NO_TOKEN)
        if self._settings.mode == "webhook" and not (hook.url and hook.secret):
            raise self._down(_NO_WEBHOOK)
        return ZaloBotApi(token, base_url=self._settings.base_url, timeouts=self._ground.pace.timeouts)

    def _down(self, reason: str) -> ChannelDown:
        self._condition.mark(up=False, detail=reason)
        return ChannelDown(reason, retry=False)

    async def _serve_line(self, api: ZaloBotApi) -> None:
        self._speaker.doubted.clear()
        me = await self._patience.call(api.me)
        self._server.names = (me.display_name, me.account_name)
        self.state.facts["name"] = me.display_name or me.account_name
        self._api = api
        await self._patience.call(self._receiver.resume)
        if self._settings.mode == "webhook":
            await self._webhook.keep(api, doubted=self._speaker.doubted)
        else:
            await self._poll(api)

    async def _poll(self, api: ZaloBotApi) -> None:
        if await self._patience.call(api.webhook):
            await self._patience.call(api.delete_webhook)
        self._condition.mark(up=True)
        report, pace = self._condition.report, self._ground.pace
        await Poller(api, take=self._receiver.take, report=report, pace=pace).run()

    async def _serve(self, incoming: Incoming) -> None:
        try:
            await self._server.serve(incoming)
        finally:
            if self._server.uncertain:
                self.state.facts["uncertain"] = self._server.uncertain
