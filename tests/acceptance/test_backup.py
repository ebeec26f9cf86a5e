"""`xinluon backup` and `restore` while the program runs: nothing answered is lost, nothing is sent twice."""

from __future__ import annotations

import sqlite3
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest

from office.database import make_engine, session_factory
from office.deliveries import Source
from office.messages import ChatAddress, Line, Reply
from scheduler.outbox import Outbox, Recipient
from scheduler.quiet import QuietHours
from tests.acceptance.program import Program, command, until
from tests.databases import fresh_sqlite
from tests.fakes.telegram import FakeTelegram
from tests.integration.scheduler.conftest import Weekdays

MESSAGES = 150
SETTINGS: dict[str, dict[str, Any]] = {
    "delivery": {
        "quiet": {"since": "0:00", "until": "0:00", "days_off": False},
        "per_chat_second": 8,  # so that the messages are under way for a while
        "per_group_minute": 1000,
    },
    "limits": {"messages_per_minute": 10_000},
}


def ask_on(program: Program, stop: threading.Event, answered: list[str]) -> None:
    number = 0
    while not stop.is_set():
        question = f"phí bán lẻ thuốc lá câu thứ {number}"
        program.chat(text=question)
        answered.append(question)
        number += 1


@contextmanager
def citizens(program: Program) -> Iterator[list[str]]:
    """Somebody who asks and asks; the questions that were answered."""
    stop, answered = threading.Event(), list[str]()
    asking = threading.Thread(target=ask_on, args=(program, stop, answered))
    asking.start()
    try:
        until(lambda: len(answered) > 5)
        yield answered
        before = len(answered)
        until(lambda: len(answered) > before + 5)  # it goes on
    finally:
        stop.set()
        asking.join()


def questions_in(backup: Path, folder: Path) -> set[str]:
    with zipfile.ZipFile(backup) as archive:
        archive.extract("database.sqlite", folder)
    with closing(sqlite3.connect(folder / "database.sqlite")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {text for (text,) in copy.execute("SELECT text FROM questions")}


def test_what_was_answered_before_the_backup_is_in_it(tmp_path: Path) -> None:
    with Program(tmp_path, settings=SETTINGS) as program:
        program.start()
        with citizens(program) as answered:
            before = set(answered)
            done = command("backup", ".", folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        [made] = tmp_path.glob("xinluon-*.zip")
        assert before <= questions_in(made, tmp_path / "ra")
        assert made.stat().st_mode & 0o777 == 0o600
        assert program.stop() == 0


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with FakeTelegram() as running:
        yield running


def queue_messages(program: Program, fake: FakeTelegram, chat: int) -> None:
    """Messages to one group, as many transactions as there are messages."""
    program.approve(chat, account=str(fake.bot_id))
    engine = make_engine(f"sqlite:///{program.folder}/var/xinluon.db")
    outbox = Outbox(quiet=QuietHours(since=time(), until=time(), days_off=False, calendar=Weekdays()))
    to = ChatAddress(channel="telegram", account=str(fake.bot_id), chat=str(chat), group=True)
    now = datetime.now(UTC)
    for number in range(MESSAGES):
        with session_factory(engine).begin() as session:
            occurrence = outbox.occasion(session, Source.EVENT, number, "thu", now, now=now)
            assert occurrence is not None
            reply = Reply(lines=(Line(f"Tin thứ {number} của đợt này."),))
            outbox.tell(session, occurrence, [Recipient(to=to)], reply, due_at=now, now=now)
    engine.dispose()


def test_restored_while_it_runs_it_goes_on_and_sends_nothing_twice(
    tmp_path: Path, fake: FakeTelegram
) -> None:
    group = fake.group(-100_7700)
    private = fake.private(7701)
    with Program(tmp_path, telegram=fake, settings=SETTINGS) as program:
        queue_messages(program, fake, group.id)
        program.start()
        token = {**program.environ}

        def sent() -> Counter[str]:
            return Counter(m.text for m in fake.received(group))

        fake.wait_for(lambda: len(sent()) >= 5)
        fake.say(private, "xin chào trước")
        fake.wait_for(lambda: len(fake.received(private)) == 1)
        assert command("backup", "a.zip", folder=tmp_path, environ=token).returncode == 0
        fake.wait_for(lambda: len(sent()) >= 12)  # some that the backup doesn't know of
        with citizens(program):
            fake.say(private, "phí bán lẻ thuốc lá giữa chừng")
            done = command("restore", "a.zip", "--apply", folder=tmp_path, environ=token)
            assert (done.returncode, done.stderr) == (0, "")
            assert "tin có thể đã gửi hoặc chưa" in done.stdout
        fake.wait_for(lambda: len(fake.received(private)) == 2 and not fake.pending)

        def uncertain() -> int:
            [(count,)] = program.rows("SELECT count(*) FROM deliveries WHERE status = 'uncertain'")
            return int(count)

        assert program.rows("SELECT count(*) FROM deliveries WHERE status NOT IN ('sent', 'uncertain')") == [
            (0,)
        ]
        before = sent()
        assert max(before.values()) == 1
        assert len(before) < MESSAGES
        assert MESSAGES - len(before) <= uncertain() <= MESSAGES - 5
        fake.say(private, "phí bán lẻ thuốc lá sau đó")
        fake.wait_for(lambda: len(fake.received(private)) == 3)
        assert program.stop() == 0  # and whoever starts next sends nothing either
        program.start()
        fake.say(private, "xin chào lần nữa")
        fake.wait_for(lambda: len(fake.received(private)) == 4 and not fake.pending)
        assert sent() == before
        assert command("audit", "verify", folder=tmp_path, environ=token).returncode == 0
        assert not [e for e in program.events() if e.get("level") in ("error", "critical")]
        assert program.stop() == 0


def test_a_backup_is_looked_at_without_changing_anything(tmp_path: Path) -> None:
    (tmp_path / "nhac").mkdir()
    (tmp_path / "nhac" / "a.yaml").write_text("reminders: []\n", "utf-8")
    (tmp_path / "config.yaml").write_text("reminders: {folders: [nhac]}\n", "utf-8")
    fresh_sqlite(tmp_path / "var")
    assert command("backup", "a.zip", folder=tmp_path).returncode == 0
    (tmp_path / "nhac" / "a.yaml").unlink()
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    done = command("restore", "a.zip", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Bản sao lưu nguyên vẹn." in done.stdout
    assert "- nhac/a.yaml" in done.stdout
    assert "Thêm --apply" in done.stdout
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
