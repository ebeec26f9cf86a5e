"""An office whose console is served on a real socket: for the console's tests, also in a browser.

with serving(tmp_path) as office:
    client = office.login("Trần Thị Bình")   # an httpx.Client with the session's cookie
    client.get("/van-phong")
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bot.app import Office
from office import console_access, membership, people
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

    def __init__(self, folder: Path, settings: Mapping[str, Any] | None = None) -> None:
        tree: dict[str, Any] = {
            "office": {
                "name": "Sở Công Thương tỉnh Kiên Giang",
                "phone": "0297 3 862 001",
                "departments": [
                    {"name": "Văn phòng Sở", "key": "van-phong"},
                    {"name": "Phòng Quản lý Thương mại", "key": "quan-ly-thuong-mai"},
                ],
            },
            "web": {"port": 0},
            "database": {"url": fresh_sqlite(folder)},
            "privacy": {},
            **(settings or {}),
        }
        self.clock = TurnedClock(NOON)
        self.office = Office(settings_from(tree, {}), clock=self.clock, var=folder)
        self.sessions = self.office.sessions
        self.ids: dict[str, int] = {}
        with self.sessions.begin() as session:
            for name, roles in _ROLES.items():
                member = membership.add_member(
                    session, name, department_id=1, actor=None, now=self.clock.now()
                )
                self.ids[name] = member.id
                for role in roles:
                    membership.give_role(
                        session, member.id, role, actor=None, reason="Thử", now=self.clock.now()
                    )
        self._clients: list[httpx.Client] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.office.web.state.facts['port']}"

    def client(self) -> httpx.Client:
        """Somebody's browser, not logged in."""
        client = httpx.Client(base_url=self.url, timeout=10, headers={"Origin": self.url}, trust_env=False)
        self._clients.append(client)
        return client

    def link(self, name: str = CLERK) -> str:
        """A fresh link for a member."""
        with self.sessions.begin() as session:
            member = people.person(session, self.ids[name])
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

    def close(self) -> None:
        for client in self._clients:
            client.close()


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
    fill: Callable[[ConsoleOffice], None] = lambda office: None,
) -> Iterator[ConsoleOffice]:
    """A running office; `fill` puts rows into it first."""
    made = ConsoleOffice(folder, settings)
    fill(made)
    web = made.office.web
    loop = asyncio.new_event_loop()
    task = loop.create_task(web.run())

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(asyncio.wait([task]))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        while not web.state.up:
            time.sleep(0.005)
        yield made
    finally:
        made.close()
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        made.office.engine.dispose()
