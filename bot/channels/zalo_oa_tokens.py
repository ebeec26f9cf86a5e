"""Keeps the tokens of a Zalo Official Account alive: one refresher at a time, the new pair saved before use.

A refresh token is good for one use. Whoever is killed between Zalo's answer and our commit has lost the pair:
the next refresh is then refused, and somebody must give consent again (`xinluon zalo login`).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.zalo_calls import Lost, NotSent, Refused, WrongToken
from bot.channels.zalo_oa_oauth import (
    BAD_APP,
    BAD_SECRET,
    READ_SECONDS,
    Pair,
    ask_for_pair,
    lifetime_of,
)
from office.channel_settings import ZaloOa
from office.clock import Clock
from office.database import DatabaseUnavailable, execute
from office.zalo_tokens import ZaloTokens

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

REFRESH_LIFE = timedelta(days=90)  # the three months that a refresh token lives
_MARGIN = timedelta(hours=1)  # how long before its end an access token is renewed
LEASE = timedelta(seconds=10)  # how long nobody can refresh after whoever did was killed …
_BEAT = 3.0  # … for it is prolonged every so many seconds …
_LONGEST = 30.0  # … while asking goes on: longer than asking twice takes
_SECOND_READ_SECONDS = 7.0
_LOOK_AGAIN = 0.1  # seconds, while another refreshes
_PAUSE = timedelta(seconds=5)  # after Zalo could not be reached

_NONE = "Chưa có mã truy cập của Zalo OA. Chạy «xinluon zalo login» để cấp quyền."
_OTHER_APP = "Mã truy cập đang lưu là của ứng dụng khác. Chạy «xinluon zalo login» để cấp quyền lại."
_CONSENT = "Không làm mới được mã truy cập Zalo OA: {}. Chạy «xinluon zalo login» để cấp quyền lại."
_CONFIGURATION = (
    "Không làm mới được mã truy cập Zalo OA: {}, sửa rồi khởi động lại chương trình. Vẫn không được thì chạy "
    "«xinluon zalo login» để cấp quyền lại."
)
_ANSWER_LOST = "câu trả lời trước của Zalo bị mất nên {}"
_UNCLEAR = "Chưa rõ Zalo đã làm mới mã truy cập hay chưa. Chương trình sẽ thử lại."
_ANOTHER = "Một tiến trình khác đang làm mới mã truy cập Zalo OA. Chương trình sẽ thử lại."
_UNSAVED = "Chưa ghi được mã truy cập mới vào cơ sở dữ liệu ({}). Chương trình sẽ thử lại."


def store_pair(
    session: Session, oa_id: str, app_id: str, access: str, refresh: str, expires_in: object, now: datetime
) -> None:
    """Keep a pair that consent has brought, the first or a new one; what was wrong is over.

    `expires_in`: of the access token, in seconds, as Zalo says it (a string or a number).
    """
    row = session.get(ZaloTokens, oa_id, populate_existing=True)
    if row is None:
        row = ZaloTokens(oa_id=oa_id, former_access_token="", former_refresh_token="", version="")
        session.add(row)
    else:
        row.former_access_token, row.former_refresh_token = row.access_token, row.refresh_token
    if row.app_id != app_id:
        row.app_id = app_id
    pair = Pair(access=access, refresh=refresh, lifetime=lifetime_of(expires_in))
    for name, value in _columns(pair, now).items():
        setattr(row, name, value)
    session.flush()


async def newer_pair(readers: sessionmaker[Session], oa_id: str, *, since: datetime, every: float) -> None:
    """Wait until a pair is stored that was obtained after a moment; looks every so many seconds."""

    def obtained_at() -> datetime | None:
        with readers() as session:
            return session.scalar(select(ZaloTokens.obtained_at).where(ZaloTokens.oa_id == oa_id))

    while True:
        with suppress(DatabaseUnavailable):
            found = await asyncio.to_thread(obtained_at)
            if found is not None and found > since:
                return
        await asyncio.sleep(every)


def _columns(pair: Pair, now: datetime) -> dict[str, Any]:
    """The columns of a pair obtained now; nothing is wrong and nobody refreshes any more."""
    return {
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "obtained_at": now,
        "access_expires_at": now + pair.lifetime,
        "refresh_expires_at": now + REFRESH_LIFE,
        "refreshing_by": "",
        "refreshing_until": None,
        "trouble": "",
    }


@dataclass(frozen=True, slots=True)
class _Unsaved:
    """A pair that could not be written yet, and when and for which refresh token it came."""

    used: str
    pair: Pair
    at: datetime


class TokenKeeper:
    """The access token of one Official Account (bot.channels.zalo_calls.AccessTokens).

    All it knows is read from the database each time, so a pair that `xinluon zalo login` stores is used at
    once. Asking Zalo happens in a thread that goes on when whoever waits is cancelled: an answer on its way
    still gets saved.
    """

    def __init__(
        self,
        settings: ZaloOa,
        *,
        sessions: sessionmaker[Session],
        clock: Clock,
        readers: sessionmaker[Session] | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        """`readers`: sessions that wait for no writer."""
        self._settings = settings
        self._oa = settings.oa_id or ""
        self._sessions = sessions
        self._readers = readers or sessions
        self._clock = clock
        self._http = http
        self._lock = asyncio.Lock()
        self._given_up = ""  # the refresh token that Zalo has refused
        self._unsaved: _Unsaved | None = None
        self._hold: tuple[datetime, NotSent] | None = None  # until when not to ask, and why

    async def current(self) -> str:
        """The token to use now, renewed first where it is about to end. Raises WrongToken, NotSent."""
        row = await _in_thread(self._row)
        now = self._clock.now()
        margin = min(_MARGIN, (row.access_expires_at - row.obtained_at) / 4)
        if row.access_expires_at - now > margin:
            return row.access_token
        try:
            return await self._renew(row.access_token, wait=row.access_expires_at <= now)
        except (WrongToken, NotSent):
            if row.access_expires_at <= now:
                raise
        return row.access_token  # still good, though it could not be renewed

    async def renewed(self, refused: str) -> str:
        """The token in place of one that Zalo has refused. Raises WrongToken where only a new consent helps,
        NotSent."""
        return await self._renew(refused, wait=True)

    async def _renew(self, stale: str, *, wait: bool) -> str:
        """`wait`: for somebody else who refreshes. Whose token is still good need not: should it end on the
        way, it is refused and comes back here."""
        async with self._lock:
            ends = time.monotonic() + _LONGEST
            waited = False
            while (token := await _in_thread(self._attempt, stale, waited)) is None:
                if not wait or time.monotonic() >= ends:
                    raise NotSent(_ANOTHER, network=False)
                waited = True
                await asyncio.sleep(_LOOK_AGAIN)
            return token

    # --- in a thread

    def _row(self) -> ZaloTokens:
        with self._readers() as session:
            row = session.get(ZaloTokens, self._oa)
        if row is None:
            raise WrongToken(_NONE)
        if row.app_id != self._settings.app_id:
            raise WrongToken(_OTHER_APP)
        return row

    def _attempt(self, stale: str, waited: bool) -> str | None:
        """A newer token than `stale`, asked for if nobody else does; None while somebody else does.

        `waited`: somebody else did, so that trouble is fresh.
        """
        row = self._row()
        if row.access_token != stale:
            return row.access_token
        if self._unsaved is not None and self._unsaved.used == row.refresh_token:
            return self._save(self._unsaved)
        if row.trouble and (waited or row.refresh_token == self._given_up):
            raise WrongToken(row.trouble)
        if self._hold is not None and self._clock.now() < self._hold[0]:
            raise self._hold[1]
        holder = secrets.token_hex(8)
        return self._refresh(row, holder) if self._claim(row, holder) else None

    def _claim(self, row: ZaloTokens, holder: str) -> bool:
        """Take the lease on a row, unless somebody has it or the pair is another by now."""
        now = self._clock.now()
        free = ZaloTokens.refreshing_until.is_(None) | (ZaloTokens.refreshing_until <= now)
        same = (ZaloTokens.oa_id == row.oa_id) & (ZaloTokens.refresh_token == row.refresh_token)
        taken = {"refreshing_by": holder, "refreshing_until": now + LEASE}
        with self._sessions.begin() as session:
            return execute(session, update(ZaloTokens).where(same & free).values(taken)) == 1

    @contextmanager
    def _holding(self, holder: str) -> Iterator[None]:
        """Keep the lease meanwhile, in a thread of its own: this one waits for Zalo."""
        done, ends = threading.Event(), time.monotonic() + _LONGEST

        def keep() -> None:
            while not done.wait(_BEAT) and time.monotonic() < ends:
                with suppress(DatabaseUnavailable):  # a refusal by Zalo is the worst that comes of it
                    self._prolong(holder)

        threading.Thread(target=keep, name="zalo-lease", daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def _prolong(self, holder: str) -> None:
        mine = (ZaloTokens.oa_id == self._oa) & (ZaloTokens.refreshing_by == holder)
        with self._sessions.begin() as session:
            until = self._clock.now() + LEASE
            execute(session, update(ZaloTokens).where(mine).values(refreshing_until=until))

    def _release(self, holder: str) -> None:
        mine = (ZaloTokens.oa_id == self._oa) & (ZaloTokens.refreshing_by == holder)
        freed = {"refreshing_by": "", "refreshing_until": None}
        with self._sessions.begin() as session:
            execute(session, update(ZaloTokens).where(mine).values(freed))

    def _refresh(self, row: ZaloTokens, holder: str) -> str:
        """Use the refresh token, and keep what comes of it before anybody uses that."""
        self._hold = None
        try:
            with self._holding(holder):
                pair = self._ask(row.refresh_token)
        except NotSent as failure:
            self._hold = self._clock.now() + _PAUSE, failure
            _log.warning("zalo_oa.not_refreshed: %s", failure.reason)
            self._release(holder)
            raise
        except Refused as refused:
            words = _CONFIGURATION if refused.code in (BAD_APP, BAD_SECRET) else _CONSENT
            trouble = words.format(refused.reason)
        else:
            return self._save(_Unsaved(row.refresh_token, pair, self._clock.now()))
        return self._refused(row, trouble)

    def _ask(self, refresh: str) -> Pair:
        """The new pair; where the answer is lost, the token is tried once more. Raises NotSent, Refused."""
        grant = {"grant_type": "refresh_token", "refresh_token": refresh}
        try:
            return ask_for_pair(self._settings, grant, http=self._http, read_seconds=READ_SECONDS)
        except Lost as lost:
            _log.warning("zalo_oa.answer_lost: %s", lost.reason)
        try:
            return ask_for_pair(self._settings, grant, http=self._http, read_seconds=_SECOND_READ_SECONDS)
        except Refused as refused:
            again, code = _ANSWER_LOST.format(refused.reason), refused.code
        except (Lost, NotSent):
            again, code = "", 0
        raise Refused(again, code=code) if again else NotSent(_UNCLEAR)

    def _save(self, new: _Unsaved) -> str:
        """Commit a pair; somebody who has given consent meanwhile has the better one."""
        self._unsaved = new
        same = (ZaloTokens.oa_id == self._oa) & (ZaloTokens.refresh_token == new.used)
        former = {
            "former_access_token": ZaloTokens.access_token,
            "former_refresh_token": ZaloTokens.refresh_token,
        }
        try:
            with self._sessions.begin() as session:
                change = update(ZaloTokens).where(same).values(_columns(new.pair, new.at) | former)
                saved = execute(session, change) == 1
        except DatabaseUnavailable as exc:
            failure = _UNSAVED.format(exc.message)
        else:
            self._unsaved = None
            if saved:
                _log.info("zalo_oa.refreshed")
            return new.pair.access if saved else self._row().access_token
        raise NotSent(failure, network=False)

    def _refused(self, row: ZaloTokens, trouble: str) -> str:
        """Note why somebody must act, unless the pair is another by now. Raises WrongToken."""
        same = (ZaloTokens.oa_id == row.oa_id) & (ZaloTokens.refresh_token == row.refresh_token)
        noted = {"trouble": trouble, "refreshing_by": "", "refreshing_until": None}
        with self._sessions.begin() as session:
            current = execute(session, update(ZaloTokens).where(same).values(noted)) == 1
        if not current:
            return self._row().access_token
        self._given_up = row.refresh_token
        _log.error("zalo_oa.consent_needed: %s", trouble)
        raise WrongToken(trouble)


async def _in_thread(work: Callable[..., _T], *given: object) -> _T:
    """Do it in a thread; a database that can't be used now means: later."""
    try:
        return await asyncio.to_thread(work, *given)
    except DatabaseUnavailable as exc:
        reason = exc.message
    raise NotSent(reason, network=False)
