"""Copies of SQLite databases, made while others write, and put back while others read."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import make_url

from bot.backup.archive import AuditState, BackupFailed, words
from knowledge.strict_yaml import cause_of
from office.audit import START
from office.settings import Settings

WAIT_SECONDS = 60.0  # for whoever writes
_SPARE = 16 << 20  # bytes that are to stay free on the disk
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def database_file(settings: Settings) -> Path:
    """The office's SQLite file. Raises BackupFailed where the database is kept elsewhere."""
    url = make_url(settings.database.url)
    if url.get_backend_name() != "sqlite":
        raise BackupFailed(words()("backup.server"), words()("backup.server_mend"))
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise BackupFailed(words()("backup.no_file"), words()("backup.no_file_mend"))
    return Path(url.database)


@contextmanager
def scratch(folder: Path, room: int) -> Iterator[Path]:
    """A file of ours alone for a database, gone afterwards. Raises BackupFailed without room for it."""
    need_room(folder, room)
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=".xinluon-", suffix=".db")  # 0600
    except OSError as exc:
        raise unwritable(folder, exc) from exc
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def need_room(folder: Path, room: int) -> None:
    """Raises BackupFailed unless so many bytes can still be written there."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as exc:
        raise unwritable(folder, exc) from exc
    if free < room + _SPARE:
        need = (room + _SPARE) // 1_000_000 + 1
        raise BackupFailed(
            words()("backup.no_room", folder=folder, need=need, free=free // 1_000_000),
            words()("backup.no_room_mend"),
        )


def size_of(path: Path) -> int:
    """Bytes of a database with what is still in its log."""
    return sum(file.stat().st_size for file in (path, path.with_name(path.name + "-wal")) if file.exists())


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it stands at this moment, into one whole file.

    In one step: the reader's snapshot holds nobody up, and in several steps it would begin anew with each
    commit of the running program. Raises BackupFailed.
    """
    try:
        with closing(sqlite3.connect(target)) as copy:
            take(source, copy)
        make_whole(target)
    except sqlite3.Error as exc:
        raise failed(exc, source) from exc


def take(source: Path, target: sqlite3.Connection) -> None:
    """Copy a database into an open one."""
    wal = source.with_name(source.name + "-wal")
    for _ in range(3):
        # Where nobody has it open the file is whole, and reading it must leave no -wal and -shm behind that
        # would belong to whoever copies.
        alone = not wal.exists()
        flags = "immutable=1" if alone else "mode=ro"
        where = f"file:{quote(str(source))}?{flags}"
        with closing(sqlite3.connect(where, uri=True, timeout=WAIT_SECONDS)) as live:
            live.backup(target)
        if not alone or not wal.exists():
            return


def make_whole(path: Path) -> None:
    """Bring a database that nobody else has open into its one file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """The live database, with nobody writing. Raises BackupFailed (also when it can't be used any more)."""
    try:
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
    except sqlite3.Error as exc:
        raise failed(exc, path) from exc


def replace_database(source: Path, live: sqlite3.Connection) -> None:
    """Put a database in the place of a live one: one transaction, which readers see whole or not at all.

    Lets go of what `held` holds: SQLite wants to lock the target itself. Raises BackupFailed.
    """
    deadline = time.monotonic() + WAIT_SECONDS

    def patient(status: int, remaining: int, total: int) -> None:
        if remaining and time.monotonic() > deadline:
            raise BackupFailed(words()("backup.busy"), words()("backup.busy_mend"))

    _same_page_size(source, live)
    with closing(sqlite3.connect(source)) as restored:
        live.execute("ROLLBACK")
        restored.backup(live, progress=patient, sleep=0.01)
    with suppress(sqlite3.Error):  # of no matter: the log goes when it may
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _same_page_size(source: Path, live: sqlite3.Connection) -> None:
    """SQLite refuses a target in WAL mode with another page size."""
    size = live.execute("PRAGMA page_size").fetchone()[0]
    with closing(sqlite3.connect(source)) as restored:
        if restored.execute("PRAGMA page_size").fetchone()[0] != size:
            restored.execute(f"PRAGMA page_size={size}")
            restored.execute("VACUUM")


def problem_of(path: Path) -> str:
    """What SQLite finds wrong with a database that nobody else has open; "" for nothing."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as exc:
        return str(exc)
    if found != "ok":
        return str(found)
    return f"foreign key {broken[0]}" if broken else ""


def revision_of(path: Path) -> str:
    """The step that the tables are at; "" for a database of something else."""
    with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.Error):
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else ""
    return ""


def audit_of(path: Path) -> AuditState:
    """The end of the audit's chain; the start of one where there is none yet."""
    with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.Error):
        row = connection.execute("SELECT serial, hash FROM audit_head WHERE id = 1").fetchone()
        if row:
            return AuditState(rows=row[0], head=row[1])
    return AuditState(rows=0, head=START)


def unwritable(where: Path, error: OSError) -> BackupFailed:
    """What to say of a file or folder that can't be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return BackupFailed(words()("backup.full", file=where), words()("backup.full_mend"))
    return BackupFailed(
        words()("backup.unwritable", where=where, why=cause_of(error)), words()("backup.unwritable_mend")
    )


def failed(error: sqlite3.Error, path: Path) -> BackupFailed:
    """What to say of what SQLite could not do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind = "full" if code in _FULL else "locked" if code == sqlite3.SQLITE_BUSY else "unreadable"
    return BackupFailed(words()(f"backup.{kind}", file=path, why=error), words()(f"backup.{kind}_mend"))
