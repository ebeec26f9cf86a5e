"""One message to many, and the files that messages carry by reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, sessionmaker

from office import files
from office.deliveries import Delivery, Source, Status
from office.messages import ChatAddress, File, Line, Reply
from office.wire import replies_from_json
from scheduler.outbox import Outbox, Recipient
from scheduler.quiet import QuietHours
from scheduler.stored_files import FileShelf
from tests.integration.scheduler.conftest import NOW, Clock

LONG = Reply(lines=(Line("Một câu dài. " * 300),))


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def to(channel: str, number: int) -> Recipient:
    return Recipient(to=ChatAddress(channel=channel, account="42", chat=str(number), group=True))


def test_a_message_to_hundreds_is_one_statement_and_cut_for_each_channel(
    engine: Engine, sessions: sessionmaker[Session], quiet: QuietHours
) -> None:
    woken: list[tuple[str, str]] = []
    outbox = Outbox(
        quiet=quiet,
        limits={"telegram": 3500, "zalo": 1000},
        wake=lambda channel, account: woken.append((channel, account)),
    )
    everyone = [to(channel, n) for n in range(300) for channel in ("telegram", "zalo")]
    with sessions.begin() as session:
        occurrence = outbox.occasion(session, Source.NOTICE, 1, "", NOW, now=NOW)
        assert occurrence is not None
        with statements(engine) as seen:
            told = outbox.tell(session, occurrence, [*everyone, *everyone], LONG, due_at=NOW, now=NOW)
        assert len(seen) == 1
        assert woken == []
    with sessions() as session:
        rows = session.scalars(select(Delivery)).all()
    assert len(rows) == told
    assert {row.parts for row in rows if row.channel == "telegram"} == {2}
    assert {row.parts for row in rows if row.channel == "zalo"} == {4}
    assert {row.status for row in rows} == {Status.QUEUED}
    whole = [row for row in rows if row.channel == "zalo" and row.chat == "7"]
    words = " ".join(replies_from_json(row.body)[0].text() for row in sorted(whole, key=lambda r: r.part))
    assert words == LONG.text().strip()
    assert sorted(woken) == [("telegram", "42"), ("zalo", "42")]


def test_nobody_is_nothing_to_write(engine: Engine, sessions: sessionmaker[Session], outbox: Outbox) -> None:
    with sessions.begin() as session:
        occurrence = outbox.occasion(session, Source.NOTICE, 1, "", NOW, now=NOW)
        assert occurrence is not None
        with statements(engine) as seen:
            assert outbox.tell(session, occurrence, [], LONG, due_at=NOW, now=NOW) == 0
        assert seen == []


@pytest.fixture
def shelf(sessions: sessionmaker[Session]) -> FileShelf:
    return FileShelf(sessions=sessions, readers=sessions, channel="telegram", account="42")


async def test_a_content_is_kept_once_and_each_account_has_its_own_handle(
    sessions: sessionmaker[Session], shelf: FileShelf
) -> None:
    with sessions.begin() as session:
        one = files.store(session, b"%PDF", now=NOW)
        assert files.store(session, b"%PDF", now=NOW) == one
        two = files.store(session, b"xlsx", now=NOW)
        files.keep_handle(session, one, channel="telegram", account="other", handle="not ours")
    assert await shelf.handles([one, two, 999]) == {one: "", two: ""}
    assert await shelf.content(one) == b"%PDF"
    assert await shelf.content(999) is None
    await shelf.keep(one, "document:1 abc")
    await shelf.keep(one, "document:1 def")
    assert await shelf.handles([one]) == {one: "document:1 def"}
    await shelf.keep(one, "")
    await shelf.keep(two, "")
    assert await shelf.handles([one, two]) == {one: "", two: ""}


def test_a_delivery_carries_the_number_of_a_file_and_not_its_content(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock
) -> None:
    with sessions.begin() as session:
        number = files.store(session, b"x" * 100_000, now=NOW)
        file = File(name="Kế hoạch.pdf", media_type="application/pdf", stored=number)
        reply = Reply(lines=(Line("Thông báo"),), files=(file,))
        outbox.announce(session, "x", 1, [to("telegram", 1)], reply, now=clock.now())
    with sessions() as session:
        row = session.scalars(select(Delivery)).one()
        assert replies_from_json(row.body) == (reply,)
        assert len(str(row.body)) < 500
