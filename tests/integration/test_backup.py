"""What a backup holds, what a restore makes of it, and which files are refused."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from bot.backup.archive import BackupFailed, BadBackup, Manifest, opened
from bot.backup.making import Wanted, back_up
from bot.backup.restoring import Restored, check, restore
from office import audit, codes, contacts, inbox, quotas, switches
from office.assignments import Assignment, AssignmentState, Priority
from office.console_access import ConsoleSession, LoginLink
from office.database import MIGRATIONS, make_engine, session_factory, upgrade
from office.deliveries import Delivery, Lane, Occurrence, OccurrenceState, Status
from office.inbox import InboxState, Update
from office.messages import Line, Reply
from office.notices import Notice, NoticeState
from office.people import Code, CodePurpose
from office.reminders import Reminder
from office.settings import Settings
from office.zalo_tokens import ZaloTokens
from tests.databases import fresh_sqlite
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.office import Bureau

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday, 8:00 in Việt Nam
REPLIES = (Reply(lines=(Line("Chào anh/chị"),)),)


class Desk:
    """An office in a folder, with a database that somebody has open, as a running program has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "var" / "xinluon.db"
        self.settings = Settings.model_validate({"database": {"url": fresh_sqlite(self.file.parent)}})
        self.clock = Clock(NOW)
        (self.file.parent / "hash.key").write_text("k" * 64 + "\n")
        self.engine: Engine = make_engine(self.settings.database.url)
        self.sessions: sessionmaker[Session] = session_factory(self.engine)

    def back_up(self, name: str = "a.zip", **wanted: Any) -> Path:
        target = self.folder / name
        back_up(self.settings, target, now=self.clock.now(), wanted=Wanted(**wanted))
        return target

    def restore(self, path: Path, *, folders: bool = False) -> Restored:
        with opened(path) as backup:
            return restore(
                self.settings, backup, source=path.name, clock=self.clock, config=None, folders=folders
            )

    def one(self, query: Any) -> Any:
        with self.sessions() as session:
            return session.scalars(query).one()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.engine.dispose()


@pytest.fixture
def bureau(desk: Desk) -> Bureau:
    return Bureau(desk.sessions, desk.clock)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rezip(path: Path, members: dict[str, bytes], *, fitting: bool = True) -> None:
    """Write members as a zip; with `fitting`, the manifest knows them."""
    if fitting:
        manifest = json.loads(members["manifest.json"])
        manifest["members"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            for name, content in members.items()
            if name != "manifest.json"
        }
        members = {**members, "manifest.json": json.dumps(manifest).encode()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


# --- what a backup holds


def test_a_backup_has_the_rows_the_key_the_configuration_and_the_own_folders(
    desk: Desk, bureau: Bureau
) -> None:
    own = desk.folder / "rieng"
    (own / "sau").mkdir(parents=True)
    (own / "sau" / "a.yaml").write_text("field: Việc\n", "utf-8")
    (own / "photo.png").write_bytes(b"no knowledge")
    (own / "lien-ket.yaml").symlink_to("/etc/hostname")
    config = desk.folder / "config.yaml"
    config.write_text("office: {name: Sở}\n", "utf-8")
    knowledge = desk.settings.knowledge.model_copy(update={"folders": (own,)})
    desk.settings = desk.settings.model_copy(update={"knowledge": knowledge})
    found = desk.back_up(config=config)
    assert found.stat().st_mode & 0o777 == 0o600
    members = contents(found)
    assert set(members) == {
        "manifest.json", "database.sqlite", "hash.key", "config.yaml", "folders/knowledge/0/sau/a.yaml",
    }  # fmt: skip
    manifest = Manifest.model_validate_json(members["manifest.json"])
    assert (manifest.revision, manifest.key, manifest.made_at) == ("0004", "file", NOW)
    assert any("XINLUON_PRIVACY_HASH_KEY" in missing for missing in manifest.not_included)
    with desk.sessions() as session:
        chain = audit.verify(session)
    assert (manifest.audit.rows, manifest.audit.head) == (chain.rows, chain.head)
    (desk.folder / "copy.db").write_bytes(members["database.sqlite"])
    with closing(sqlite3.connect(desk.folder / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM members").fetchone() == (7,)
    assert sorted(p.name for p in desk.file.parent.iterdir() if p.name.startswith(".xinluon")) == []


def test_a_backup_is_made_while_somebody_writes(desk: Desk, bureau: Bureau) -> None:
    with desk.sessions() as session:
        session.add(Lane(channel="x", account="1"))
        session.flush()  # the write lock is held
        with opened(desk.back_up()) as backup:
            check(backup, desk.folder)
        session.commit()


def test_a_key_or_folders_may_be_left_out(desk: Desk) -> None:
    found = desk.back_up(key=False, folders=False)
    members = contents(found)
    assert set(members) == {"manifest.json", "database.sqlite"}
    assert Manifest.model_validate_json(members["manifest.json"]).key == "left_out"


def test_no_backup_is_written_over(desk: Desk) -> None:
    found = desk.back_up()
    before = found.read_bytes()
    with pytest.raises(BackupFailed, match="đã có"):
        desk.back_up()
    assert found.read_bytes() == before


def test_a_broken_database_is_not_backed_up_as_a_good_one(desk: Desk) -> None:
    desk.engine.dispose()
    with desk.file.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(BackupFailed, match=r"hỏng|không đọc được"):
        desk.back_up()
    assert not (desk.folder / "a.zip").exists()


def test_a_server_is_refused_with_what_to_use_instead(tmp_path: Path) -> None:
    settings = Settings.model_validate({"database": {"url": "postgresql+psycopg://localhost/xinluon"}})
    with pytest.raises(BackupFailed, match="pg_dump"):
        back_up(settings, tmp_path / "a.zip", now=NOW, wanted=Wanted())


def test_a_full_disk_leaves_nothing_behind_and_is_said_so(desk: Desk) -> None:
    """The limit of a file's size stands for the disk: the program meets the same failures."""
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        "from bot.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "backup", "a.zip"],
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE) != (200_000, 200_000)
    assert (done.returncode, done.stdout) == (3, "")
    assert "đĩa đầy" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(desk.folder.glob("*.zip")) + list(desk.folder.glob(".xinluon*"))


# --- what a restore makes of it


def test_what_was_changed_since_is_as_it_was_and_kept_in_a_backup_of_its_own(
    desk: Desk, bureau: Bureau
) -> None:
    number = bureau.give(title="Trước")
    backup = desk.back_up()
    desk.clock.forward(hours=1)
    bureau.give(title="Sau")
    with desk.sessions() as session:
        newest = audit.verify(session).head
    done = desk.restore(backup)
    assert bureau.row(number).title == "Trước"
    with desk.sessions() as session:
        chain = audit.verify(session)
        assert chain.broken_at is None
        deed = session.scalars(select(audit.Deed).order_by(audit.Deed.serial.desc())).first()
        assert deed is not None
        assert (deed.action, deed.reason) == ("database.restore", "a.zip")
        assert (deed.before or {})["head"] == newest
        assert (deed.after or {})["head"] != newest
        titles = session.scalars(select(Assignment.title).order_by(Assignment.id)).all()
    assert list(titles) == ["Trước", "Số đã dùng trước khi khôi phục dữ liệu"]
    assert done.settled.deeds == 1
    assert done.safety is not None
    assert desk.restore(done.safety).safety != done.safety
    with desk.sessions() as session:
        assert "Sau" in session.scalars(select(Assignment.title)).all()


def test_numbers_that_were_given_out_are_not_given_out_again(desk: Desk, bureau: Bureau) -> None:
    backup = desk.back_up()
    assert [bureau.give(), bureau.give()] == [1, 2]
    desk.restore(backup)
    assert bureau.row(2).state is AssignmentState.CANCELLED
    assert bureau.give() == 3


def test_messages_that_may_have_gone_are_left_to_van_phong(desk: Desk, bureau: Bureau) -> None:
    bureau.give()
    statuses = (Status.QUEUED, Status.HELD, Status.SENDING, Status.RETRY, Status.PAUSED, Status.SENT)
    with desk.sessions.begin() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        first = rows[0]
        for number, status in enumerate(statuses):
            extra = {
                c.name: getattr(first, c.key) for c in Delivery.__table__.columns if c.key in vars(first)
            }
            extra |= {"part": 50 + number, "status": status, "ready_at": NOW}
            extra["group"] = extra.pop("is_group", first.group)
            extra.pop("id")
            session.add(Delivery(**extra))
        later = dict(extra, part=60, status=Status.HELD, ready_at=NOW + timedelta(hours=5))
        session.add(Delivery(**later))
    backup = desk.back_up()
    desk.clock.forward(hours=1)
    done = desk.restore(backup)
    with desk.sessions() as session:
        kept = {row.part: row for row in session.scalars(select(Delivery)).all()}
    for number, status in enumerate(statuses[:-1]):
        assert kept[50 + number].status is Status.UNCERTAIN, status
        assert "có thể đã gửi sau lúc đó" in kept[50 + number].reason
    assert kept[55].status is Status.SENT
    assert kept[60].status is Status.HELD  # it can't have gone yet
    assert done.settled.uncertain == len(statuses) - 1  # the others are held for longer: a day off
    assert not [row for row in kept.values() if row.repeat]  # nothing goes again by itself


def test_reminders_and_rungs_due_up_to_now_are_not_made_up_for(desk: Desk, bureau: Bureau) -> None:
    bureau.sync()
    number = bureau.give(due_on=date(2026, 11, 27))
    bureau.plan()
    bureau.messages()
    backup = desk.back_up()
    desk.clock.forward(days=7)
    done = desk.restore(backup)
    assert done.settled.moments > 0
    assert bureau.plan() == 0
    assert bureau.messages() == []
    later = [row for row in bureau.occurrences() if row.planned_at > NOW]
    assert {row.state for row in later} == {OccurrenceState.STALE}
    assert all("không gửi lại" in row.note for row in later)
    row = bureau.row(number)
    assert row.next_rung_at is not None
    assert row.next_rung_at > desk.clock.now()
    with desk.sessions() as session:
        nexts = session.scalars(select(Reminder.next_at).where(Reminder.active)).all()
    assert all(at > desk.clock.now() for at in nexts if at is not None)
    assert any(at is not None for at in nexts)
    desk.clock.forward(days=3)
    assert bureau.plan() > 0  # it goes on
    assert bureau.messages() != []


def notice(state: NoticeState, send_at: datetime | None = None) -> Notice:
    return Notice(
        title=state, priority=Priority.ORDINARY, audience={}, state=state, send_at=send_at,
        approved_at=NOW, created_at=NOW, changed_at=NOW,
    )  # fmt: skip


def test_notices_that_may_have_left_wait_for_a_person(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        for state, at in (
            (NoticeState.SCHEDULED, None),
            (NoticeState.SCHEDULED, NOW + timedelta(minutes=30)),
            (NoticeState.SCHEDULED, NOW + timedelta(days=1)),
            (NoticeState.SENDING, None),
            (NoticeState.WAITING, None),
        ):
            session.add(notice(state, at))
    backup = desk.back_up()
    desk.clock.forward(hours=1)
    assert desk.restore(backup).settled.notices == 3
    with desk.sessions() as session:
        rows = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [row.state for row in rows] == [
        NoticeState.DRAFT, NoticeState.DRAFT, NoticeState.SCHEDULED, NoticeState.PAUSED, NoticeState.WAITING,
    ]  # fmt: skip
    assert rows[0].approved_at is None
    assert "có thể đã gửi" in rows[3].remark


def receive(desk: Desk, key: str, state: InboxState) -> None:
    with desk.sessions.begin() as session:
        inbox.receive(session, "telegram", "42", key, at=NOW, raw=None)
        if state is not InboxState.RECEIVED:
            inbox.mark_handled(session, "telegram", "42", key, REPLIES)
        if state is InboxState.ANSWERED:
            inbox.mark_answered(session, "telegram", "42", key)


def test_no_message_is_answered_again_and_none_on_its_way_is_lost(desk: Desk) -> None:
    receive(desk, "old", InboxState.HANDLED)
    backup = desk.back_up()
    with desk.sessions.begin() as session:
        inbox.mark_answered(session, "telegram", "42", "old")
    receive(desk, "since", InboxState.ANSWERED)
    receive(desk, "flying", InboxState.HANDLED)
    desk.restore(backup)
    with desk.sessions() as session:
        states = {row.key: (row.state, bool(row.replies)) for row in session.scalars(select(Update))}
    assert states == {
        "old": (InboxState.ANSWERED, False),
        "since": (InboxState.ANSWERED, False),
        "flying": (InboxState.HANDLED, True),
    }


def test_without_what_was_there_everything_in_the_inbox_counts_as_answered(desk: Desk) -> None:
    receive(desk, "old", InboxState.HANDLED)
    backup = desk.back_up()
    desk.engine.dispose()
    desk.file.unlink()
    assert desk.restore(backup).safety is None
    assert desk.one(select(Update)).state is InboxState.ANSWERED


def test_fencing_tokens_never_go_back(desk: Desk) -> None:
    with desk.sessions.begin() as session:
        session.add(Lane(channel="telegram", account="1", token=5, pace={"at": 1}))
        session.add(Lane(channel="telegram", account="2", token=9))
    backup = desk.back_up()
    with desk.sessions.begin() as session:
        first = session.get_one(Lane, ("telegram", "1"))
        first.token, first.owner, first.lease_until, first.pace = 80, "somebody", NOW, {"at": 2}
        session.delete(session.get_one(Lane, ("telegram", "2")))
        session.add(Lane(channel="telegram", account="3", token=7))
    desk.restore(backup)
    with desk.sessions() as session:
        lanes = {lane.account: lane for lane in session.scalars(select(Lane))}
    assert {account: lane.token for account, lane in lanes.items()} == {"1": 81, "2": 10, "3": 8}
    assert (lanes["1"].owner, lanes["1"].lease_until, lanes["1"].pace) == ("", None, {"at": 2})


def test_what_platforms_keep_count_of_goes_on_as_it_is(desk: Desk) -> None:
    def pair(refresh: str) -> ZaloTokens:
        return ZaloTokens(
            oa_id="7", app_id="1", access_token="a", refresh_token=refresh, obtained_at=NOW,
            access_expires_at=NOW, refresh_expires_at=NOW, trouble="", version="v2.0",
        )  # fmt: skip

    with desk.sessions.begin() as session:
        session.add(pair("spent since"))
        quotas.spend(session, "zalo_bot", "1", now=NOW)
        contacts.wrote(session, "zalo_oa", "7", "an", at=NOW - timedelta(days=9))
    backup = desk.back_up()
    with desk.sessions.begin() as session:
        session.merge(pair("good"))
        quotas.spend(session, "zalo_bot", "1", now=NOW)
        contacts.wrote(session, "zalo_oa", "7", "an", at=NOW)
    desk.restore(backup)
    with desk.sessions() as session:
        assert session.get_one(ZaloTokens, "7").refresh_token == "good"
        assert quotas.used(session, "zalo_bot", "1", now=NOW) == 2
        assert contacts.window(session, "zalo_oa", "7", "an", now=NOW) is contacts.Window.FREE


def test_what_is_stopped_stays_stopped(desk: Desk, bureau: Bureau) -> None:
    boss = bureau.people["Trị"]
    backup = desk.back_up()
    with desk.sessions.begin() as session:
        switches.turn(session, "audience.groups", stop=True, actor=boss, reason="bão", now=NOW)
        switches.turn(session, "channel.telegram", stop=True, actor=boss, reason="thử", now=NOW)
        switches.turn(session, "channel.telegram", stop=False, actor=boss, reason="xong", now=NOW)
    desk.restore(backup)
    with desk.sessions() as session:
        assert switches.stopped(session) == {"audience.groups"}


def test_sessions_links_and_codes_are_ended(desk: Desk, bureau: Bureau) -> None:
    an, key = bureau.people["An"].id, b"k" * 64
    hours = NOW + timedelta(hours=9)
    with desk.sessions.begin() as session:
        codes.make_code(session, CodePurpose.TIE, member_id=an, created_by=None, now=NOW, hash_key=key)
        session.add(LoginLink(hash="l", member_id=an, created_at=NOW, expires_at=hours))
        session.add(ConsoleSession(hash="s", member_id=an, opened_at=NOW, seen_at=NOW, expires_at=hours))
    backup = desk.back_up()
    desk.restore(backup)
    assert desk.one(select(LoginLink)).used_at == NOW
    assert desk.one(select(ConsoleSession)).ended_at == NOW
    assert desk.one(select(Code)).used_at == NOW


def test_an_older_database_is_brought_to_the_newest_form(desk: Desk, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    engine = make_engine(f"sqlite:///{older}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.exec_driver_sql(
            "INSERT INTO audit (at, action, subject, reason) VALUES ('2026-01-01 00:00:00', 'a', 'b', '')"
        )
    engine.dispose()
    members = contents(desk.back_up())
    rezip(tmp_path / "older.zip", {**members, "database.sqlite": older.read_bytes()})
    desk.restore(tmp_path / "older.zip")
    with desk.sessions() as session:
        assert (audit.verify(session).rows, audit.verify(session).broken_at) == (2, None)
    upgrade(desk.engine)


def test_a_broken_database_is_moved_away_and_the_backup_takes_its_place(desk: Desk, bureau: Bureau) -> None:
    backup = desk.back_up()
    desk.engine.dispose()
    desk.file.write_bytes(b"not a database at all" * 500)
    done = desk.restore(backup)
    assert done.broken is not None
    assert done.broken.read_bytes().startswith(b"not a database")
    with desk.sessions() as session:
        assert audit.verify(session).broken_at is None


def test_another_key_takes_the_place_of_the_one_that_is_there(desk: Desk) -> None:
    backup = desk.back_up()
    key = desk.file.parent / "hash.key"
    key.write_text("z" * 64 + "\n")
    done = desk.restore(backup)
    assert key.read_text() == "k" * 64 + "\n"
    assert key.stat().st_mode & 0o777 == 0o600
    assert [p.read_text() for p in key.parent.glob("hash.key-*")] == ["z" * 64 + "\n"]
    assert "khởi động lại" in done.restart
    without = desk.back_up("b.zip", key=False)
    assert desk.restore(without).restart == ""
    key.write_text("y" * 64)
    with pytest.raises(BadBackup, match="khoá"):
        desk.restore(without)


def test_own_files_are_put_back_only_when_asked(desk: Desk) -> None:
    own = desk.folder / "nhac"
    own.mkdir()
    (own / "a.yaml").write_text("cũ", "utf-8")
    reminders = desk.settings.reminders.model_copy(update={"folders": (own,)})
    desk.settings = desk.settings.model_copy(update={"reminders": reminders})
    backup = desk.back_up()
    (own / "a.yaml").write_text("mới", "utf-8")
    (own / "b.yaml").write_text("thêm", "utf-8")
    assert desk.restore(backup).restart == ""
    assert (own / "a.yaml").read_text("utf-8") == "mới"
    desk.clock.forward(minutes=1)
    assert "khởi động lại" in desk.restore(backup, folders=True).restart
    assert (own / "a.yaml").read_text("utf-8") == "cũ"
    assert (own / "b.yaml").exists()


# --- what is refused


def changed(members: dict[str, bytes]) -> None:
    members["database.sqlite"] = members["database.sqlite"][:-1] + b"\x01"


def newer(members: dict[str, bytes]) -> None:
    members["manifest.json"] = members["manifest.json"].replace(b'"format": 1', b'"format": 2')


def added(members: dict[str, bytes]) -> None:
    members["them.txt"] = b""


def lacking(members: dict[str, bytes]) -> None:
    del members["hash.key"]


def foreign(members: dict[str, bytes]) -> None:
    members["manifest.json"] = members["manifest.json"].replace(b'"xinluon"', b'"khac"')


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (changed, "bị cụt hoặc bị sửa"),
        (newer, "mới hơn"),
        (added, "thiếu hoặc thừa tệp"),
        (lacking, "thiếu hoặc thừa tệp"),
        (foreign, "không phải bản sao lưu của Xin Luôn"),
        (dict.clear, "không phải bản sao lưu của Xin Luôn"),
    ],
)
def test_what_is_not_as_it_was_made_is_refused_and_changes_nothing(
    desk: Desk, spoil: Callable[[dict[str, bytes]], None], said: str
) -> None:
    bad = desk.back_up()
    members = contents(bad)
    spoil(members)
    rezip(bad, members, fitting=False)
    refused(desk, bad, said)


@pytest.mark.parametrize(
    "name",
    [
        "folders/knowledge/0/../../../evil.yaml",
        "folders/knowledge/0//etc/evil.yaml",
        "folders/knowledge/0/a\\..\\evil.yaml",
        "folders/knowledge/0/C:evil.yaml",
        "folders/other/0/evil.yaml",
        "../evil.yaml",
        "/etc/evil.yaml",
    ],
)
def test_no_name_leads_out_of_the_folders(desk: Desk, name: str) -> None:
    bad = desk.back_up()
    rezip(bad, {**contents(bad), name: b"field: x\n"})
    refused(desk, bad, "tên không hợp lệ")
    assert not list(desk.folder.rglob("evil*"))


def test_a_cut_off_file_a_foreign_one_and_none_are_refused(desk: Desk) -> None:
    good = desk.back_up()
    cut = desk.folder / "cut.zip"
    cut.write_bytes(good.read_bytes()[:-2000])
    refused(desk, cut, "không phải tệp sao lưu đọc được")
    (desk.folder / "text.zip").write_text("xin chào")
    refused(desk, desk.folder / "text.zip", "không phải tệp sao lưu đọc được")
    refused(desk, desk.folder / "none.zip", "không có tệp")
    # The bytes in the middle, with the directory at the end whole.
    data = bytearray(good.read_bytes())
    data[400:500] = b"\0" * 100
    cut.write_bytes(bytes(data))
    refused(desk, cut, "bị cụt hoặc bị sửa")


def test_a_database_from_a_newer_program_or_of_something_else_is_refused(desk: Desk, tmp_path: Path) -> None:
    good = desk.back_up()
    other = tmp_path / "other.db"
    shutil.copyfile(desk.file, other)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
        connection.commit()
    bad = tmp_path / "bad.zip"
    rezip(bad, {**contents(good), "database.sqlite": other.read_bytes()})
    refused(desk, bad, "mới hơn")
    rezip(bad, {**contents(good), "database.sqlite": b"SQLite format 3\0" + b"\1" * 5000})
    refused(desk, bad, "trong bản sao lưu bị hỏng")


def refused(desk: Desk, path: Path, said: str) -> None:
    """Nothing has changed, and nothing is left behind."""
    with desk.sessions() as session:
        before = audit.verify(session)
    files = sorted(desk.file.parent.glob("*"))
    with pytest.raises(BadBackup, match=said):
        desk.restore(path)
    with desk.sessions() as session:
        assert audit.verify(session) == before
    assert sorted(desk.file.parent.glob("*")) == files
    assert not list(desk.file.parent.glob(".xinluon*"))


def test_occurrences_of_before_stay_as_they_were(desk: Desk, bureau: Bureau) -> None:
    bureau.sync()
    desk.clock.forward(days=1)
    bureau.plan()
    before = [(row.id, row.state, row.note) for row in bureau.occurrences()]
    assert before
    desk.restore(desk.back_up())
    with desk.sessions() as session:
        rows = session.scalars(select(Occurrence).order_by(Occurrence.id)).all()
    assert [(row.id, row.state, row.note) for row in rows][: len(before)] == before
