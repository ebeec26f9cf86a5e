"""The files that an account's messages carry by reference, read and written beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import structlog
from sqlalchemy.orm import Session, sessionmaker

from office import files
from office.database import DatabaseUnavailable
from scheduler.courier import StoredFiles

log = structlog.get_logger(__name__)


class FileShelf(StoredFiles):
    """Each call is a short transaction of its own: none is open while a file is on its way."""

    def __init__(
        self,
        *,
        sessions: sessionmaker[Session],
        readers: sessionmaker[Session],
        channel: str,
        account: str,
    ) -> None:
        self._sessions = sessions
        self._readers = readers
        self._channel = channel
        self._account = account

    async def handles(self, numbers: Collection[int]) -> Mapping[int, str]:
        """See StoredFiles."""
        return await asyncio.to_thread(self._handles, numbers)

    async def content(self, number: int) -> bytes | None:
        """See StoredFiles."""
        return await asyncio.to_thread(self._content, number)

    async def keep(self, number: int, handle: str) -> None:
        """See StoredFiles."""
        try:
            await asyncio.to_thread(self._keep, number, handle)
        except DatabaseUnavailable as exc:  # the next message uploads it once more
            log.warning("files.handle", reason=exc.message)

    def _handles(self, numbers: Collection[int]) -> dict[int, str]:
        with self._readers() as session:
            return files.handles_of(session, numbers, channel=self._channel, account=self._account)

    def _content(self, number: int) -> bytes | None:
        with self._readers() as session:
            return files.content_of(session, number)

    def _keep(self, number: int, handle: str) -> None:
        with self._sessions.begin() as session:
            files.keep_handle(session, number, channel=self._channel, account=self._account, handle=handle)
