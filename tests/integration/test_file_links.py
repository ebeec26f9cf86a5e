"""Files by link: an address is made, works for some days, and gives the file under its own name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.files_by_link import FileLinks
from bot.web.app import create_app
from office import file_links, files
from office.database import DatabaseUnavailable, make_engine, session_factory
from office.file_links import FileLink, Linked
from office.messages import File, Line, Reply
from tests.databases import fresh_sqlite
from tests.fakes.page_desk import PageDesk

HOME = "https://hoidap.example.vn"
PDF = File(name="Kế hoạch «2026».pdf", media_type="application/pdf", content=b"%PDF-1.4 noi dung")
PAGE = File(name="trang.html", media_type="text/html", content=b"<script>alert(1)</script>")


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    engine: Engine = make_engine(fresh_sqlite(tmp_path))
    yield session_factory(engine)
    engine.dispose()


@pytest.fixture
def links(sessions: sessionmaker[Session], clock: Clock) -> FileLinks:
    return FileLinks(sessions=sessions, clock=clock, public_url=f"{HOME}/", days=7)


def web(links: FileLinks | None = None, **more: object) -> TestClient:
    settings: dict[str, object] = {
        "desk": PageDesk(),
        "health": lambda: (True, {}),
        "metrics": lambda: b"",
        "now": lambda: datetime(2026, 11, 24, tzinfo=UTC),
        "office_name": "Sở Công Thương",
        "public_url": HOME,
    }
    if links is not None:
        settings |= {"file_links": links.follow, "file_addresses": links}
    app = create_app(**(settings | more))  # type: ignore[arg-type]  # settings of mixed types
    return TestClient(app, base_url=HOME, raise_server_exceptions=False)


def made(links: FileLinks, file: File = PDF) -> str:
    address = asyncio.run(links.address(file))
    assert address
    return address


def count(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(FileLink)) or 0


def test_an_address_gives_the_file_under_its_own_name(links: FileLinks) -> None:
    address = made(links)
    assert address.startswith(f"{HOME}/tep/")
    assert address.endswith("/ke-hoach-2026.pdf")
    got = web(links).get(address)
    assert (got.status_code, got.content) == (200, PDF.content)
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"] == f"inline; filename*=UTF-8''{quote(PDF.name, safe='')}"
    assert got.headers["cache-control"] == "private, no-store"
    assert got.headers["x-robots-tag"] == "noindex, nofollow"
    assert got.headers["x-content-type-options"] == "nosniff"


def test_only_the_size_is_told_to_who_asks_for_the_head(links: FileLinks) -> None:
    head = web(links).head(made(links))
    assert head.status_code == 200
    assert int(head.headers["content-length"]) == len(PDF.content)


def test_what_could_run_as_a_page_of_ours_is_only_saved(links: FileLinks) -> None:
    got = web(links).get(made(links, PAGE))
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("path", ["/tep/khong-co/ke-hoach.pdf", f"/tep/{'a' * 5000}/x.pdf"])
def test_an_unknown_address_is_said_to_be_none(links: FileLinks, path: str) -> None:
    got = web(links).get(path)
    assert got.status_code == 404
    assert "đã hết hạn hoặc gõ thiếu" in got.text


def test_an_address_ends_after_its_days_and_is_forgotten(
    links: FileLinks, clock: Clock, sessions: sessionmaker[Session]
) -> None:
    address = made(links)
    clock.time += timedelta(days=6, hours=23)
    assert web(links).get(address).status_code == 200
    clock.time += timedelta(hours=1)
    assert web(links).get(address).status_code == 404
    with sessions.begin() as session:
        assert file_links.purge(session, clock.now()) == 1
    assert count(sessions) == 0


def test_one_file_for_many_chats_has_one_address_for_an_hour(
    links: FileLinks, clock: Clock, sessions: sessionmaker[Session]
) -> None:
    async def many() -> set[str | None]:
        return set(await asyncio.gather(*(links.address(PDF) for _ in range(20))))

    (address,) = asyncio.run(many())
    assert count(sessions) == 1
    with sessions.begin() as session:
        number = files.store(session, PDF.content, now=clock.now())
    stored = File(name=PDF.name, media_type=PDF.media_type, stored=number)
    assert made(links, stored) == address
    other = File(name="Tên khác.pdf", media_type=PDF.media_type, stored=number)
    assert made(links, other) != address
    clock.time += timedelta(hours=1)
    assert made(links) != address
    assert made(links) == made(links)
    assert count(sessions) == 3


def test_without_a_public_address_or_a_content_there_is_no_link(
    links: FileLinks, sessions: sessionmaker[Session], clock: Clock
) -> None:
    nowhere = FileLinks(sessions=sessions, clock=clock, public_url=None, days=7)
    assert asyncio.run(nowhere.address(PDF)) is None
    assert asyncio.run(links.address(File(name="a.pdf", media_type="application/pdf", stored=99))) is None
    assert count(sessions) == 0


def test_who_asks_too_often_is_told_to_wait(links: FileLinks) -> None:
    client, address = web(links, requests_per_minute=2), made(links)
    assert [client.get(address).status_code for _ in range(3)] == [200, 200, 429]


def test_the_secret_of_an_address_is_not_logged_when_something_breaks() -> None:
    def away(secret: str) -> Linked | None:
        raise DatabaseUnavailable(f"while looking for {secret}", "")

    with capture_logs() as logs:
        got = web(file_links=away).get("/tep/bimat/x.pdf")
    assert got.status_code == 500
    assert logs
    assert "bimat" not in str(logs)


def test_the_chat_page_shows_a_link_in_place_of_a_file(links: FileLinks) -> None:
    class Desk(PageDesk):
        def handle(self, incoming: object) -> tuple[Reply, ...]:
            return (Reply(lines=(Line("Đây ạ."),), files=(PDF,)),)

    client = web(links, desk=Desk())
    (reply,) = client.post("/api/chat", json={"text": "xin tệp"}).json()["replies"]
    (link,) = reply["choices"]
    assert (link["kind"], link["label"]) == ("link", f"Tệp {PDF.name}")
    assert client.get(link["url"]).content == PDF.content
    (reply,) = web(desk=Desk()).post("/api/chat", json={"text": "xin tệp"}).json()["replies"]
    assert "Kênh này không gửi được tệp" in reply["lines"][-1]["text"]
