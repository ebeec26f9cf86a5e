"""Put a backup in the place of what is there, while the program runs."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.backup.archive import DATABASE, KEY, Backup, BackupFailed, BadBackup, words
from bot.backup.copies import (
    copy_database,
    database_file,
    failed,
    held,
    make_whole,
    need_room,
    problem_of,
    replace_database,
    revision_of,
    scratch,
    size_of,
    unwritable,
)
from bot.backup.folders import put_files, write_file
from bot.backup.making import Wanted, check_of, key_file, pack
from bot.backup.settling import Settled, let_pass, settle
from office.clock import ZONE, Clock
from office.database import make_engine, upgrade
from office.settings import Settings
from office.upgrading import known_revisions
from scheduler.calendar import WorkCalendar

_SAFE_NAME = "truoc-khi-khoi-phuc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore has done. `safety`: the backup of what was there; `broken`: what was there and could not
    be read, moved away; `restart`: why the program must be started anew, or ""."""

    settled: Settled
    safety: Path | None
    broken: Path | None
    restart: str


def check(backup: Backup, folder: Path) -> None:
    """Read a backup's database as far as is needed to know that it can be restored. Raises BadBackup,
    BackupFailed."""
    with scratch(folder, backup.manifest.members[DATABASE].size) as copy:
        _unpack(backup, copy)


def restore(
    settings: Settings, backup: Backup, *, source: str, clock: Clock, config: Path | None, folders: bool
) -> Restored:
    """Restore the database and the key (and, with `folders`, the office's own folders).

    1. Unpack into a file of ours, check it, bring its tables to the newest form.
    2. Keep everybody from writing; copy what is there; make the restored one safe to go on with.
    3. Put it in place through SQLite: whoever runs sees it whole.
    4. Only then key and folders; what was there is packed into a backup of its own.
    Raises BadBackup, BackupFailed and DatabaseUnavailable; until 3 nothing has changed.
    """
    live = database_file(settings)
    size = backup.manifest.members[DATABASE].size
    _make_folder(live.parent)
    key = _new_key(settings, backup)
    calendar = WorkCalendar.shipped(*settings.calendar.folders)
    safety = broken = None
    with scratch(live.parent, size) as copy:
        _unpack(backup, copy)
        passed = _upgrade(copy, calendar, clock)
        if live.exists() and not _readable(live):
            broken = _move_away(live, clock.now())
        if live.exists():
            need_room(live.parent, size + 2 * size_of(live))
            with scratch(live.parent, size_of(live)) as former:
                with held(live) as connection:
                    copy_database(live, former)
                    settled = _settle(copy, backup, source, former, calendar, clock, passed)
                    replace_database(copy, connection)
                safety = _keep_safe(settings, former, live, clock.now(), config)
        else:
            settled = _settle(copy, backup, source, None, calendar, clock, passed)
            _put_file(copy, live)
    restart = _put_others(settings, backup, key=key, folders=folders, now=clock.now())
    return Restored(settled=settled, safety=safety, broken=broken, restart=restart)


def _unpack(backup: Backup, copy: Path) -> None:
    try:
        with copy.open("wb") as file:
            backup.copy(DATABASE, file)
    except OSError as exc:
        raise unwritable(copy.parent, exc) from exc
    if problem := problem_of(copy):
        raise BadBackup(words()("backup.bad.database", why=problem), words()("backup.bad.mend"))
    if revision_of(copy) not in known_revisions():
        version = backup.manifest.version
        raise BadBackup(words()("backup.bad.newer", version=version), words()("backup.bad.newer_mend"))


def _upgrade(copy: Path, calendar: WorkCalendar, clock: Clock) -> int:
    """Also lets what is due by now pass, while everybody still writes elsewhere; returns how much that is."""
    engine = make_engine(f"sqlite:///{copy}")
    try:
        upgrade(engine)
        return let_pass(engine, calendar, now=clock.now())
    finally:
        engine.dispose()


def _settle(
    copy: Path,
    backup: Backup,
    source: str,
    before: Path | None,
    calendar: WorkCalendar,
    clock: Clock,
    passed: int,
) -> Settled:
    """`before`: a copy of what is replaced, which may be of anything."""
    known = before if before is not None and revision_of(before) else None
    engine = make_engine(f"sqlite:///{copy}")
    try:
        settled = settle(
            engine,
            backup.manifest.made_at,
            source=source,
            before=known,
            calendar=calendar,
            now=clock.now(),
            passed=passed,
        )
    except sqlite3.Error as exc:
        raise failed(exc, copy) from exc
    finally:
        engine.dispose()
    make_whole(copy)
    return settled


# --- what was there


def _readable(live: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{live}?mode=ro", uri=True)) as connection:
            found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        if (exc.sqlite_errorcode & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return False
        raise failed(exc, live) from exc
    return found == "ok"


def _move_away(live: Path, now: datetime) -> Path:
    aside = live.with_name(f"{live.stem}-hong-{_stamp(now)}{live.suffix}")
    try:
        for end in ("", "-wal", "-shm"):
            file = live.with_name(live.name + end)
            if file.exists():
                file.rename(aside.with_name(aside.name + end))
    except OSError as exc:
        raise unwritable(live, exc) from exc
    return aside


def _put_file(copy: Path, live: Path) -> None:
    try:
        live.hardlink_to(copy)  # fails where somebody has made one meanwhile
    except OSError as exc:
        raise unwritable(live, exc) from exc


def _keep_safe(settings: Settings, former: Path, live: Path, now: datetime, config: Path | None) -> Path:
    """A backup of what was there; the bare copy where it can't be packed."""
    stem = f"{_SAFE_NAME}-{_stamp(now)}"
    target = live.with_name(f"{stem}.zip")
    try:
        pack(settings, former, target, now=now, wanted=Wanted(config=config))
    except BackupFailed:
        target = live.with_name(f"{stem}.db")
        former.rename(target)
    return target


# --- the key and the folders


def _new_key(settings: Settings, backup: Backup) -> bytes | None:
    """The key to write, or None where it stays. Raises BadBackup where the one that is set is another."""
    manifest, file = backup.manifest, key_file(settings)
    if settings.privacy.hash_key is not None:
        own = settings.privacy.hash_key.get_secret_value().encode()
        if manifest.key_check and check_of(own) != manifest.key_check:
            raise BadBackup(words()("backup.bad.other_key"), words()("backup.bad.other_key_mend"))
        return None
    if KEY not in manifest.members:
        here = file.read_bytes().strip() if file.is_file() else b""
        if manifest.key_check and check_of(here) != manifest.key_check:
            raise BadBackup(words()(f"backup.bad.key_{manifest.key}"), words()("backup.bad.key_mend"))
        return None
    with tempfile.SpooledTemporaryFile() as out:
        backup.copy(KEY, out)
        out.seek(0)
        return out.read()


def _put_others(
    settings: Settings, backup: Backup, *, key: bytes | None, folders: bool, now: datetime
) -> str:
    """Key and folders; why the program must be started anew."""
    restart = []
    if key is not None and _put_key(key_file(settings), key, now):
        restart.append(words()("backup.restart.key"))
    changed = put_files(settings, backup) if folders else []
    if any(file.kind != "knowledge" for file in changed):
        restart.append(words()("backup.restart.files"))
    return " ".join(restart)


def _put_key(file: Path, key: bytes, now: datetime) -> bool:
    """Put the key in place, the former one beside it; whether that was another."""
    former = file.is_file()
    if former:
        if file.read_bytes().strip() == key.strip():
            return False
        file.rename(file.with_name(f"{file.name}-{_stamp(now)}"))
    write_file(file, key)
    return former


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise unwritable(folder, exc) from exc


def _stamp(now: datetime) -> str:
    return f"{now.astimezone(ZONE):%Y%m%d-%H%M%S}"
