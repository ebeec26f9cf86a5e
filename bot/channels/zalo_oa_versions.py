"""Which version of the API takes an account's messages: found by sending, kept for the next life."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from office.database import DatabaseUnavailable, execute
from office.zalo_tokens import ZaloTokens

_log = logging.getLogger(__name__)


class Versions:
    """Of one account."""

    def __init__(self, sessions: sessionmaker[Session], account: str) -> None:
        self._sessions = sessions
        self._account = account

    async def known(self) -> str:
        """The version that worked last, "" for none. Raises DatabaseUnavailable."""
        return await asyncio.to_thread(self._read)

    async def pin(self, version: str) -> None:
        """Keep a version that works, "" for none; where that fails, it holds for this life."""
        try:
            await asyncio.to_thread(self._store, version)
        except DatabaseUnavailable as exc:
            _log.warning("Chưa ghi được cách gửi tin của OA: %s", exc.message)

    def _read(self) -> str:
        with self._sessions() as session:
            row = session.get(ZaloTokens, self._account)
            return row.version if row is not None else ""

    def _store(self, version: str) -> None:
        here = update(ZaloTokens).where(ZaloTokens.oa_id == self._account)
        with self._sessions.begin() as session:
            execute(session, here.values(version=version))
