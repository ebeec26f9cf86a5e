"""`xinluon rehearse`, as IT runs it beside an office."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from office.clock import ZONE
from office.database import Base, make_engine, session_factory, upgrade
from tests import postgresql
from tests.acceptance.program import command
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.office import Bureau


def today() -> date:
    return datetime.now(ZONE).date()


def open_office(url: str) -> None:
    """An office with people, groups and a piece of work that is due in two weeks."""
    engine = make_engine(url)
    upgrade(engine)
    bureau = Bureau(session_factory(engine), Clock(datetime.now(UTC)))
    bureau.give(title="Báo cáo diễn tập", due_on=today() + timedelta(days=14))
    engine.dispose()


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an office's database; nobody may change it."""
    folder = tmp_path_factory.mktemp("dien-tap")
    open_office(f"sqlite:///{folder}/var/xinluon.db")
    return folder


def test_an_empty_folder_is_rehearsed_and_stays_empty(tmp_path: Path) -> None:
    done = command("rehearse", "--days", "14", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Chưa có nhóm nào được duyệt" in done.stdout
    assert "XIN CHÀO" in done.stdout
    assert "giả định" in done.stdout
    assert done.stdout.count("Chủ nhật ") >= 2
    assert list(tmp_path.iterdir()) == []


def test_the_list_names_readers_and_leaves_the_database_as_it_was(office: Path) -> None:
    path = office / "var" / "xinluon.db"
    before, files = dump(path), sorted(path.parent.iterdir())
    content = path.read_bytes()
    done = command("rehearse", folder=office)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nhiệm vụ số 1: Báo cáo diễn tập" in done.stdout
    assert "→ nhóm «-1»" in done.stdout
    assert "chưa có gì được gửi" in done.stdout
    assert path.read_bytes() == content
    assert sorted(path.parent.iterdir()) == files
    assert dump(path) == before


def test_json_tells_a_program_each_moment_and_its_readers(office: Path) -> None:
    first = today() + timedelta(days=3)
    done = command("rehearse", "--json", "--days", "20", "--from", first.isoformat(), folder=office)
    tree = json.loads(done.stdout)
    assert (done.returncode, tree["since"], len(tree["days"])) == (0, first.isoformat(), 20)
    assert tree["groups"] == 2
    for entry in tree["entries"]:
        assert entry["at"][:10] >= first.isoformat()
        assert entry["to"] or entry["fate"] in ("nobody", "made", "skipped")
    assert {"rung", "message", "digest"} <= {entry["kind"] for entry in tree["entries"]}


def test_fast_plays_the_messages_as_they_would_look(office: Path) -> None:
    done = command("rehearse", "--fast", "--days", "20", folder=office)
    assert done.returncode == 0
    assert "7:00 → nhóm «-1», nhóm «-2»" in done.stdout
    assert "  1. Đã nhận" in done.stdout
    assert "\nTheo " in done.stdout  # the source, in small print


def test_a_rule_with_a_fault_is_told_by_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "nhac").mkdir()
    (tmp_path / "nhac" / "r.yaml").write_text("reminders: [{key: a, title: A, schedule: lúc nào đó}]\n")
    (tmp_path / "config.yaml").write_text("reminders: {folders: [nhac]}\n")
    done = command("rehearse", "--days", "2", folder=tmp_path)
    assert done.returncode == 1
    assert "LỖI " in done.stdout
    assert "Kỷ luật, kỷ cương" in command("rehearse", "--days", "9", folder=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2020-01-01"), "đã qua"),
        (("--from", "2199-01-01"), "quá xa"),
        (("--from", "mai"), "viết dạng"),
        (("--days", "0"), "số ngày"),
        (("--json", "--fast"), "chỉ chọn một"),
    ],
)
def test_wrong_use_is_one_line_that_says_how(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = command("rehearse", *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_database_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "xinluon.db").write_bytes(b"khong phai " * 500)
    done = command("rehearse", folder=tmp_path)
    assert done.returncode == 3
    assert "không đọc được" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def server() -> Iterator[str]:
    found = postgresql.programs()
    if found is None:
        advice = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(advice, pytrace=False)
        pytest.skip(advice)
    with postgresql.server(found) as url:
        yield url


@pytest.mark.postgresql
def test_an_office_on_a_server_is_rehearsed_and_not_changed(server: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(json.dumps({"database": {"url": server}}), "utf-8")
    empty = command("rehearse", "--days", "3", folder=tmp_path)
    assert (empty.returncode, "Chưa có nhóm nào được duyệt" in empty.stdout) == (0, True)
    open_office(server)
    engine = make_engine(server)

    def counts() -> dict[str, int]:
        with engine.connect() as connection:
            names = [table.name for table in Base.metadata.sorted_tables]
            return {n: connection.scalar(text(f'SELECT count(*) FROM "{n}"')) or 0 for n in names}  # noqa: S608

    before = counts()
    done = command("rehearse", "--days", "20", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nhiệm vụ số 1: Báo cáo diễn tập" in done.stdout
    assert counts() == before
    engine.dispose()
