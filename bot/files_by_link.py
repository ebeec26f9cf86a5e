"""Gives files an address on our own web page, for chats that take none."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy.orm import Session, sessionmaker

from knowledge.vietnamese import fold
from office import file_links, files
from office.clock import Clock
from office.file_links import Linked
from office.messages import File

PATH = "/tep"
_REUSED = timedelta(hours=1)
_REMEMBERED = 1_000  # addresses; the oldest is forgotten first
_Key = tuple[int, str, str]


class FileLinks:
    """Makes addresses for files and finds what they lead to. Thread-safe."""

    def __init__(
        self, *, sessions: sessionmaker[Session], clock: Clock, public_url: str | None, days: int
    ) -> None:
        """`public_url`: where everybody finds our web page, empty for nowhere; `days`: how long an address
        works."""
        self._sessions = sessions
        self._clock = clock
        self._root = (public_url or "").rstrip("/")
        self._days = days
        self._made: OrderedDict[_Key, tuple[datetime, str]] = OrderedDict()
        self._lock = Lock()

    async def address(self, file: File) -> str | None:
        """The file's address; None where there is no public one, or no such file any more.

        One file that goes to many chats within an hour has one address. Raises DatabaseUnavailable.
        """
        if not self._root:
            return None
        return await asyncio.to_thread(self._address, file)

    def follow(self, secret: str) -> Linked | None:
        """What an address leads to; None for an unknown or old one. Call it in a thread."""
        with self._sessions() as session:
            return file_links.follow(session, secret, now=self._clock.now())

    def _address(self, file: File) -> str | None:
        with self._lock:
            with self._sessions.begin() as session:
                key, address = self._found_or_made(session, file)
            if address:
                self._remember(key, address)
            return address

    def _found_or_made(self, session: Session, file: File) -> tuple[_Key, str | None]:
        now = self._clock.now()
        number = file.stored or files.store(session, file.content, now=now)
        key = (number, file.name, file.media_type)
        made_at, address = self._made.get(key, (now - _REUSED, ""))
        if now - made_at < _REUSED:
            return key, address
        if not files.exists(session, number):
            return key, None
        secret = file_links.make(
            session, number, name=file.name, media_type=file.media_type, now=now, days=self._days
        )
        return key, f"{self._root}{PATH}/{secret}/{_in_address(file.name)}"

    def _remember(self, key: _Key, address: str) -> None:
        """Only what has been committed."""
        known = self._made.get(key)
        if known is None or known[1] != address:
            self._made[key] = (self._clock.now(), address)
            self._made.move_to_end(key)
        if len(self._made) > _REMEMBERED:
            self._made.popitem(last=False)


def _in_address(name: str) -> str:
    """«Kế hoạch 2026.pdf» → «ke-hoach-2026.pdf»: short, and nothing to escape. The name itself goes with the
    content."""
    stem, dot, ending = name.rpartition(".")
    parts = [_plain(stem or ending)[:60] or "tep", *([_plain(ending)[:10]] if stem and dot else [])]
    return ".".join(part for part in parts if part)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
