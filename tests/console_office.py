"""An office whose console is served on a real socket: for the console's tests, also in a browser.

with serving(tmp_path) as office:
    client = office.login("Trần Thị Bình")   # an httpx.Client with the session's cookie
    client.get("/van-phong")
"""

from __future__ import annotations

import asyncio
import itertools
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from bot.app import Office
from handlers.library import Library, library_of
from knowledge import loader
from knowledge.answer import OfficeProfile
from office import console_access, membership
from office import people as directory
from office.people import Role
from office.settings import settings_from
from tests.databases import fresh_sqlite

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)  # Tuesday, 12:00 in Việt Nam
ADMIN, CLERK, LEADER, MEMBER = "Nguyễn Văn An", "Trần Thị Bình", "Lê Văn Chí", "Phạm Thị Dung"
_ROLES = {
    ADMIN: (Role.ADMIN, Role.VAN_PHONG),
    CLERK: (Role.VAN_PHONG,),
    LEADER: (Role.LEADER,),
    MEMBER: (),
}
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


_read = cache(loader.load)


def _load(folders: Sequence[Path]) -> loader.Loaded:
    return _read(tuple(folders))


_libraries: dict[str, Library] = {}


def _library_of(knowledge: loader.Knowledge, office: OfficeProfile) -> Library:
    if office.name not in _libraries:
        _libraries[office.name] = library_of(knowledge, office)
    return _libraries[office.name]


class TurnedClock:
    """A clock that goes on from a moment of our choice."""

    def __init__(self, at: datetime) -> None:
        self._shift = at - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def advance(self, **by: float) -> None:
        self._shift += timedelta(**by)


class ConsoleOffice:
    """A running office with its people: an admin, a clerk of Văn phòng, a leader, a member."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any] | None = None,
        people: Collection[str] = tuple(_ROLES),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        tree: dict[str, Any] = {
            "office": {
                "name": "Sở Công Thương tỉnh Kiên Giang",
                "phone": "0297 3 862 001",
                "departments": [
                    {"name": "Văn phòng Sở", "key": "van-phong"},
                    {"name": "Phòng Quản lý Thương mại", "key": "quan-ly-thuong-mai"},
                ],
            },
            "database": {"url": fresh_sqlite(folder)},
            "privacy": {},
            **(settings or {}),
        }
        tree["web"] = {"port": 0, "trusted_proxies": ["127.0.0.1"], **tree.get("web", {})}
        self.clock = TurnedClock(NOON)
        # The shipped knowledge takes longer to read than all the rest, and no test changes it.
        with patch("bot.shelf.loader.load", _load), patch("bot.shelf.library_of", _library_of):
            self.office = Office(settings_from(tree, environ or {}), clock=self.clock, var=folder)
        self.sessions = self.office.sessions
        self.ids: dict[str, int] = {}
        with self.sessions.begin() as session:
            for name, roles in _ROLES.items():
                if name not in people:
                    continue
                member = membership.add_member(
                    session, name, department_id=1, actor=None, now=self.clock.now()
                )
                self.ids[name] = member.id
                for role in roles:
                    membership.give_role(
                        session, member.id, role, actor=None, reason="Thử", now=self.clock.now()
                    )
        self._clients: list[httpx.Client] = []
        self._addresses = itertools.count(1)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.office.web.state.facts['port']}"

    def client(self) -> httpx.Client:
        """Somebody's browser, not logged in."""
        headers = {"Origin": self.url, "X-Forwarded-For": self.address()}
        client = httpx.Client(base_url=self.url, timeout=20, headers=headers, trust_env=False)
        self._clients.append(client)
        return client

    def link(self, name: str = CLERK) -> str:
        """A fresh link for a member."""
        with self.sessions.begin() as session:
            member = directory.person(session, self.ids[name])
            assert member is not None
            token = console_access.make_link(
                session, member, now=self.clock.now(), hash_key=self.office.hash_key
            )
        return f"{self.url}/van-phong/vao?ma={token}"

    def login(self, name: str = CLERK) -> httpx.Client:
        """Somebody's browser, logged in."""
        client = self.client()
        token = self.link(name).partition("ma=")[2]
        response = client.post("/van-phong/vao", data={"ma": token})
        assert response.status_code == 303, response.text
        return client

    def address(self) -> str:
        """An address that nobody has come from yet: attempts to log in are counted by address."""
        return f"198.51.100.{next(self._addresses)}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        web = self.office.web
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(web.run())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        while not web.state.up:
            time.sleep(0.005)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(asyncio.wait([self._task]))

    def stop(self) -> None:
        """Stop serving, as the program does."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.stop()
        self.office.engine.dispose()


def post(
    client: httpx.Client, path: str, data: Mapping[str, Any] | None = None, **more: Any
) -> httpx.Response:
    """Send a form of the console, with its CSRF token taken from the page Hôm nay."""
    page = client.get("/van-phong")
    token = _CSRF.search(page.text)
    assert token, page.text
    return client.post(f"/van-phong{path}", data={"csrf": token[1], **(data or {})}, **more)


@contextmanager
def serving(
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    *,
    people: Collection[str] = tuple(_ROLES),
    environ: Mapping[str, str] | None = None,
    fill: Callable[[ConsoleOffice], None] = lambda office: None,
) -> Iterator[ConsoleOffice]:
    """A running office; `people`: who of the four is there; `fill` puts rows into it first."""
    made = ConsoleOffice(folder, settings, people, environ)
    try:
        fill(made)
        made.start()
        yield made
    finally:
        made.close()
