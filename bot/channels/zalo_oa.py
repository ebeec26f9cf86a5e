"""Zalo Official Account: people write to the office's account, events come by webhook, answers go by its API.

An event is stored before Zalo hears 200, answered in the background, gone on with after a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.answering import Answerer, Patience, Undelivered
from bot.channels.base import ChannelDown, Desk, FileAddresses
from bot.channels.plain_text import Page, pages
from bot.channels.platform import Platform, WebRoute
from bot.channels.postbox import Postbox
from bot.channels.refusals import OA_SIGNATURE, Refusals
from bot.channels.zalo_calls import AccessTokens, CallEnded, Refused, TooFast, WrongToken
from bot.channels.zalo_oa_api import OaApi
from bot.channels.zalo_oa_courier import Line, OaCourier
from bot.channels.zalo_oa_errors import of_one_function
from bot.channels.zalo_oa_events import Happening, read_event
from bot.channels.zalo_oa_fetch import fetch
from bot.channels.zalo_oa_files import OaFiles
from bot.channels.zalo_oa_groups import Change, GroupWatch
from bot.channels.zalo_oa_people import Course, OaPeople
from bot.channels.zalo_oa_reach import Reach
from bot.channels.zalo_oa_sending import CAPABILITIES, OaMouth
from bot.channels.zalo_oa_templates import Pings
from bot.channels.zalo_oa_tokens import newer_pair
from bot.channels.zalo_oa_verdicts import Verdicts
from bot.channels.zalo_oa_webhook import OaWebhook
from bot.channels.zalo_oa_wire import hush_libraries
from office import channel_settings
from office.channel_names import ZALO_OA
from office.clock import Clock
from office.database import DatabaseUnavailable, execute
from office.messages import ChannelState, Event, Incoming, Reply
from office.zalo_tokens import ZaloTokens
from scheduler.courier import Gate, StoredFiles

_START = "/start"
_OTHER_OA = "Mã truy cập là của OA {}, còn cấu hình là OA {}. Sửa oa_id hoặc chạy lại «xinluon zalo login»."

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


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
        self.account = settings.oa_id or ""
        self.state = ChannelState(ZALO_OA)
        self._desk = desk
        self._settings = settings
        self._tokens = tokens
        self._sessions = sessions
        self._readers = readers
        self._clock = clock
        self._gate = gate
        self._addresses = addresses
        self._stored = files
        self._pace = pace or Pace()
        self._line: Line | None = None
        self._answerer: Answerer | None = None
        self._rejection: asyncio.Future[str] | None = None
        self._people = OaPeople(
            account=self.account,
            sessions=sessions,
            readers=readers,
            clock=clock,
            hash_key=hash_key,
            human_minutes=settings.human_minutes,
            talk_minutes=talk_minutes,
            billed=settings.billed,
        )
        self._pings = Pings(settings.template, readers=readers, office_name=office_name)
        self._postbox = Postbox(
            channel=ZALO_OA,
            account=self.account,
            sessions=sessions,
            clock=clock,
            read=self._read,
            serve=self._serve,
            grace=self._pace.patience.grace,
            scale=self._pace.scale,
            shut=True,
        )
        self._reason = ""
        self._verdicts = Verdicts(self._people, changed=self._show)
        self._refusals = Refusals(self.state, clock, OA_SIGNATURE, changed=self._show)
        self._webhook = OaWebhook(
            app_id=settings.app_id or "",
            oa_id=self.account,
            secret=settings.webhook_secret,
            app_secret=settings.app_secret,
            clock=clock,
            take=self._take,
            refusals=self._refusals,
            within=self._pace.stored,
        )
        self._groups = GroupWatch(
            account=self.account,
            readers=readers,
            clock=clock,
            every=settings.group_minutes * 60.0,
            tell=self._tell,
        )

    def courier(self) -> OaCourier:
        """What the account's lane sends through; before there is a connection, it says that there is none."""
        return OaCourier(
            lambda: self._line,
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
        return await fetch(file_id, api=self._settings.base_url)

    async def run(self) -> None:
        """Serve until cancelled, then finish what is in hand. Raises ChannelDown."""
        hush_libraries()
        self._rejection = rejection = asyncio.get_running_loop().create_future()
        reach = Reach(self._say_reach, self._pace.patience)
        api = OaApi(
            self._settings.base_url,
            self._tokens,
            pinned=self._pin,
            rejected=self._reject,
            heard=reach.heard,
        )
        reason, mended = "", None
        try:
            await self._serve_line(api, reach, rejection)
        except WrongToken as wrong:
            since, every = self._clock.now(), self._pace.consent
            mended = partial(newer_pair, self._readers, self.account, since=since, every=every)
            reason = wrong.reason
        except Refused as refused:
            reason = refused.reason
        finally:
            self._mark(up=False, detail=reason)
            await self._postbox.close()
            self._line = self._answerer = None
            await api.close()
        raise ChannelDown(reason, retry=False, mended=mended)

    # --- being up

    async def _serve_line(self, api: OaApi, reach: Reach, rejection: asyncio.Future[str]) -> None:
        """Serve with an open connection. Raises WrongToken, or Refused for an account that can't be used."""
        api.version = await self._patiently(partial(asyncio.to_thread, self._version))
        await self._introduce(api)
        files = OaFiles(api, clock=self._clock, store=self._stored, addresses=self._addresses)
        mouth = OaMouth(api, files, self._verdicts, buttons=self._settings.buttons)
        line = Line(api=api, files=files, mouth=mouth)
        self._line, self._answerer = line, Answerer(line.mouth, self._gate, self._pace.patience)
        await self._patiently(self._postbox.resume)
        self._mark(up=True)
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

    async def _introduce(self, api: OaApi) -> None:
        """Ask the account what it is; whether it is the one of the settings."""
        try:
            identity = await self._patiently(api.identity)
        except Refused as refused:
            if not of_one_function(refused.code):
                raise
            _log.warning("Chưa xem được thông tin của OA: %s", refused.reason)
            return  # messages may be taken all the same
        if identity.oa_id not in ("", self.account):
            raise Refused(_OTHER_OA.format(identity.oa_id, self.account))
        self.state.facts |= {
            "name": identity.name,
            "oa_type": identity.oa_type,
            "package": identity.package_name,
            "verified": {True: "yes", False: "no", None: ""}[identity.is_verified],
        }

    async def _patiently(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Call until it goes well. Raises WrongToken and Refused."""
        patience = self._pace.patience
        pause = patience.first
        while True:
            try:
                return await call()
            except (WrongToken, Refused):
                raise
            except TooFast as fast:
                self._mark(up=False, detail=fast.reason)
                await asyncio.sleep(min(fast.seconds, patience.longest))
            except CallEnded as ended:
                self._mark(up=False, detail=ended.reason)
            except DatabaseUnavailable as exc:
                self._mark(up=False, detail=exc.message)
            await asyncio.sleep(pause)
            pause = min(pause * 2, patience.longest)

    async def _keep_token(self, reach: Reach) -> None:
        """Have the access token renewed before it ends, even while nothing is sent. Raises WrongToken."""
        while True:
            await asyncio.sleep(self._pace.token)
            try:
                await self._tokens.current()
            except WrongToken:
                raise
            except CallEnded as ended:
                self._mark(up=not reach.reason, detail=reach.reason or ended.reason)
            else:
                self._say_reach(reach.reason)

    def _reject(self, reason: str) -> None:
        if self._rejection is not None and not self._rejection.done():
            self._rejection.set_result(reason)

    # --- what comes in

    async def _take(self, happening: Happening, raw: dict[str, Any], received: datetime) -> None:
        """Store an event of the webhook, without its content where nobody answers it; not at all where it is
        between other people."""
        if happening.incoming is not None and not await asyncio.to_thread(
            self._people.is_meant, happening.incoming
        ):
            return
        kept = {"at": received.isoformat(), "event": raw} if happening.incoming is not None else None
        note = partial(self._people.note, happening=happening)
        if await self._postbox.take(happening.key, kept, also=note):
            self.state.facts["last_event"] = received.isoformat(timespec="seconds")

    async def _tell(self, change: Change, at: datetime) -> None:
        """Store that a group has come or gone."""
        group = {"id": change.group, "title": change.title, "event": change.event.value}
        incoming = change.incoming(account=self.account, at=at)
        await self._postbox.take(incoming.key, {"at": at.isoformat(), "group": group})

    def _read(self, stored: Any) -> Incoming | None:
        if not stored:
            return None
        at = datetime.fromisoformat(stored["at"])
        if (group := stored.get("group")) is not None:
            change = Change(group=group["id"], title=group["title"], event=Event(group["event"]))
            return change.incoming(account=self.account, at=at)
        incoming = read_event(stored["event"], oa_id=self.account, received=at).incoming
        return incoming and replace(incoming, addressed=True)  # otherwise it wouldn't have been stored

    async def _serve(self, incoming: Incoming) -> None:
        """Handle a message or event and answer it. Raises Undelivered, DatabaseUnavailable."""
        course = await asyncio.to_thread(self._people.course, incoming)
        if course is Course.SILENCE:
            await asyncio.to_thread(self._people.pass_over, incoming)
            return
        if course is Course.GREET:
            await self._answer(replace(incoming, key=f"{incoming.key}:hello", event=None, text=_START))
        await self._answer(incoming)

    async def _answer(self, incoming: Incoming) -> None:
        replies = await asyncio.to_thread(self._desk.handle, incoming)
        if replies:
            answerer = self._answerer
            if answerer is None:  # we are just going down
                raise Undelivered
            said = [page for reply in replies for page in await self._pages(reply, incoming.group)]
            await answerer.send(said, chat=incoming.chat, group=incoming.group, key=incoming.key)
            if answerer.uncertain:
                self.state.facts["uncertain"] = answerer.uncertain
        await asyncio.to_thread(self._desk.answered, incoming)

    async def _pages(self, reply: Reply, group: bool) -> Sequence[Page]:
        line = self._line
        capabilities = line.mouth.capabilities(group=group) if line else CAPABILITIES
        try:
            if line is not None:
                return await line.files.pages(reply, capabilities)
        except CallEnded as ended:
            _log.warning("Trả lời không kèm được tệp: %s", ended.reason)
        return pages(reply, replace(capabilities, files=False))

    # --- state

    def _version(self) -> str:
        with self._sessions() as session:
            row = session.get(ZaloTokens, self.account)
            return row.version if row is not None else ""

    async def _pin(self, version: str) -> None:
        """Remember which version of the API takes our messages; where that fails, for this life."""
        try:
            await asyncio.to_thread(self._store_version, version)
        except DatabaseUnavailable as exc:
            _log.warning("Chưa ghi được cách gửi tin của OA: %s", exc.message)

    def _store_version(self, version: str) -> None:
        here = update(ZaloTokens).where(ZaloTokens.oa_id == self.account)
        with self._sessions.begin() as session:
            execute(session, here.values(version=version))

    def _say_reach(self, reason: str) -> None:
        """While there is no line yet, the one who opens it says how that goes."""
        if self._line is not None:
            self._mark(up=not reason, detail=f"{reason} Chương trình sẽ tự thử lại." if reason else "")

    def _mark(self, *, up: bool, detail: str = "") -> None:
        if self.state.since is None or self.state.up != up:
            self.state.since = self._clock.now()
        self.state.up, self._reason = up, detail
        self._show()

    def _show(self) -> None:
        self.state.detail = self._reason or self._refusals.trouble or self._verdicts.trouble


async def _until_rejected(rejection: asyncio.Future[str]) -> None:
    """Wait until no token is taken any more. Raises WrongToken then."""
    raise WrongToken(await rejection)
