"""Zalo Official Account: people write to the office's account, events come by webhook, answers go by its API.

An event is stored before Zalo hears 200, answered in the background, gone on with after a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.answering import Answerer, Patience
from bot.channels.base import ChannelDown, Desk, FileAddresses
from bot.channels.platform import Platform, WebRoute
from bot.channels.quiet import hush_libraries
from bot.channels.zalo_calls import AccessTokens, CallEnded, Refused, WrongToken
from bot.channels.zalo_fetch import fetch
from bot.channels.zalo_oa_api import OaApi
from bot.channels.zalo_oa_courier import Line, OaCourier
from bot.channels.zalo_oa_errors import of_one_function
from bot.channels.zalo_oa_files import OaFiles
from bot.channels.zalo_oa_groups import GroupWatch
from bot.channels.zalo_oa_people import OaPeople
from bot.channels.zalo_oa_reach import Reach, patiently
from bot.channels.zalo_oa_sending import CAPABILITIES, OaMouth
from bot.channels.zalo_oa_serving import OaServer
from bot.channels.zalo_oa_standing import Standing
from bot.channels.zalo_oa_templates import Pings
from bot.channels.zalo_oa_tokens import newer_pair
from bot.channels.zalo_oa_versions import Versions
from bot.channels.zalo_oa_webhook import OaWebhook
from office import channel_settings
from office.channel_names import ZALO_OA
from office.clock import Clock
from office.messages import ChannelState
from scheduler.courier import Gate, StoredFiles

_OTHER_OA = "Mã truy cập là của OA {}, còn cấu hình là OA {}. Sửa oa_id hoặc chạy lại «xinluon zalo login»."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things may take, in seconds."""

    patience: Patience = field(default_factory=Patience)
    stored: float = 1.0  # an event, before Zalo is told to come again
    token: float = 600.0  # between looks whether the access token is about to end
    consent: float = 3.0  # between looks whether somebody has given consent again
    scale: float = 1.0  # of the pauses between tries to answer


class ZaloOa(Platform):
    """One Official Account."""

    name = ZALO_OA
    capabilities = CAPABILITIES

    def __init__(
        self,
        desk: Desk,
        *,
        settings: channel_settings.ZaloOa,
        tokens: AccessTokens,
        sessions: sessionmaker[Session],
        readers: sessionmaker[Session],
        clock: Clock,
        gate: Gate,
        hash_key: bytes,
        addresses: FileAddresses | None = None,
        files: StoredFiles | None = None,
        office_name: str = "",
        talk_minutes: int = 30,
        pace: Pace | None = None,
    ) -> None:
        """`gate`: the account's pace, which answers and deliveries share. `files`: those that messages carry
        by number, `addresses`: where people fetch what Zalo doesn't take."""
        self.account = account = settings.oa_id or ""
        self.state = ChannelState(ZALO_OA)
        self._settings = settings
        self._tokens = tokens
        self._readers = readers
        self._clock = clock
        self._gate = gate
        self._files = partial(OaFiles, clock=clock, store=files, addresses=addresses)
        self._pace = pace = pace or Pace()
        self._rejection: asyncio.Future[str] | None = None
        self._pings = Pings(settings.template, readers=readers, office_name=office_name)
        self._versions = Versions(sessions, account)
        self._people = people = OaPeople(
            account=account,
            sessions=sessions,
            readers=readers,
            clock=clock,
            hash_key=hash_key,
            human_minutes=settings.human_minutes,
            talk_minutes=talk_minutes,
            billed=settings.billed,
        )
        self._standing = Standing(self.state, clock, people)
        self._server = OaServer(
            desk,
            people,
            account=account,
            sessions=sessions,
            clock=clock,
            state=self.state,
            grace=pace.patience.grace,
            scale=pace.scale,
        )
        self._webhook = OaWebhook(
            settings,
            clock=clock,
            take=self._server.take,
            refusals=self._standing.refusals,
            within=pace.stored,
        )
        self._groups = GroupWatch(
            account=account,
            readers=readers,
            clock=clock,
            every=settings.group_minutes * 60.0,
            tell=self._server.tell,
        )

    def courier(self) -> OaCourier:
        """What the account's lane sends through; before there is a connection, it says that there is none."""
        return OaCourier(
            lambda: self._server.line,
            account=self.account,
            gate=self._gate,
            people=self._people,
            pings=self._pings,
            billed=self._settings.billed,
        )

    def routes(self) -> Sequence[WebRoute]:
        """Where Zalo posts events."""
        return [WebRoute(self._settings.webhook_path, self._webhook.answer)]

    async def fetch(self, file_id: str) -> bytes:
        """The content of a file that a person sent, of 20 MB at most. Raises FileUnavailable."""
        return await fetch(file_id, server=self._settings.base_url)

    async def run(self) -> None:
        """Serve until cancelled, then finish what is in hand. Raises ChannelDown."""
        hush_libraries()
        self._rejection = asyncio.get_running_loop().create_future()
        reach = Reach(self._say_reach, self._pace.patience)
        api = OaApi(
            self._settings.base_url,
            self._tokens,
            pinned=self._versions.pin,
            rejected=self._reject,
            heard=reach.heard,
        )
        reason, mended = "", None
        try:
            await self._open(api)
            await self._keep_up(api, reach, self._rejection)
        except WrongToken as wrong:
            since, every = self._clock.now(), self._pace.consent
            mended = partial(newer_pair, self._readers, self.account, since=since, every=every)
            reason = wrong.reason
        except Refused as refused:
            reason = refused.reason
        finally:
            self._standing.mark(up=False, detail=reason)
            try:
                await self._server.close()
            finally:  # also when we are told to stop once more
                await api.close()
        raise ChannelDown(reason, retry=False, mended=mended)

    # --- being up

    async def _open(self, api: OaApi) -> None:
        """Get to where everything is answered. Raises WrongToken, or Refused for an account that can't be
        used."""
        patience, down = self._pace.patience, partial(self._standing.mark, up=False)
        api.version = await patiently(self._versions.known, patience, down)
        try:
            await patiently(partial(self._introduce, api), patience, down)
        except Refused as refused:
            if not of_one_function(refused.code):
                raise
            _log.warning("Chưa xem được thông tin của OA: %s", refused.reason)  # it may write all the same
        files = self._files(api)
        mouth = OaMouth(api, files, self._standing.verdicts, buttons=self._settings.buttons)
        self._server.open(Line(api=api, files=files, mouth=mouth), Answerer(mouth, self._gate, patience))
        await patiently(self._server.resume, patience, down)
        self._standing.mark(up=True)

    async def _introduce(self, api: OaApi) -> None:
        """Ask the account what it is; whether it is the one of the settings."""
        identity = await api.identity()
        if identity.oa_id not in ("", self.account):
            raise WrongToken(_OTHER_OA.format(identity.oa_id, self.account))
        self.state.facts |= {
            "name": identity.name,
            "oa_type": identity.oa_type,
            "package": identity.package_name,
            "verified": {True: "yes", False: "no", None: ""}[identity.is_verified],
        }

    async def _keep_up(self, api: OaApi, reach: Reach, rejection: asyncio.Future[str]) -> None:
        """Look after what goes on beside the answers, until something ends it. Raises WrongToken, Refused."""
        work = [
            asyncio.ensure_future(self._keep_token(reach)),
            asyncio.ensure_future(reach.watch(api.knock)),
            asyncio.ensure_future(self._groups.run(api.groups)),
            asyncio.ensure_future(_until_rejected(rejection)),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _keep_token(self, reach: Reach) -> None:
        """Have the access token renewed before it ends, even while nothing is sent. Raises WrongToken."""
        while True:
            await asyncio.sleep(self._pace.token)
            try:
                await self._tokens.current()
            except WrongToken:
                raise
            except CallEnded as ended:
                self._standing.mark(up=not reach.reason, detail=reach.reason or ended.reason)
            else:
                self._say_reach(reach.reason)

    def _reject(self, reason: str) -> None:
        if self._rejection is not None and not self._rejection.done():
            self._rejection.set_result(reason)

    def _say_reach(self, reason: str) -> None:
        """While there is no line yet, the one who opens it says how that goes."""
        if self._server.line is not None:
            detail = f"{reason} Chương trình sẽ tự thử lại." if reason else ""
            self._standing.mark(up=not reason, detail=detail)


async def _until_rejected(rejection: asyncio.Future[str]) -> None:
    """Wait until no token is taken any more. Raises WrongToken then."""
    raise WrongToken(await rejection)
