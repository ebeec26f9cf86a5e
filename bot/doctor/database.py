"""The database: opened without changing it, its tables' version, the disk, and the key beside it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from bot.config import var_folder
from bot.doctor.findings import Finding, Level, bad, fine, info, warn
from bot.doctor.premises import file_of
from office.contacts import Contact
from office.database import MIGRATIONS, DatabaseUnavailable, make_engine, session_factory
from office.questions import Question
from office.secrets import HASH_KEY_FILE, HASH_KEY_LENGTH
from office.settings import Settings

LITTLE, TOO_LITTLE = 1 << 30, 100 << 20  # bytes
_BUSY_SECONDS = 2.0


class Store:
    """What was found of the database while it is open. `readers`: None where nothing can be read of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.findings: list[Finding] = []
        self.readers: sessionmaker[Session] | None = None
        self.hash_key: bytes | None = None
        self.made = True

    def open(self, engine: Engine) -> None:
        """Look at the tables' version."""
        try:
            with session_factory(engine, read_only=True)() as session:
                heads = MigrationContext.configure(session.connection()).get_current_heads()
        except DatabaseUnavailable as exc:
            self.findings.append(bad("database.opened.failed", why=exc.message, how=exc.mend))
            return
        except SQLAlchemyError as exc:
            why, how = type(exc).__name__, "kiểm tra địa chỉ trong database.url"
            self.findings.append(bad("database.opened.failed", why=why, how=how))
            return
        self.findings.append(fine("database.opened.right", kind=_kind(self.settings)))
        version = version_finding(heads)
        self.findings.append(version)
        if version.level is Level.FINE:
            self.readers = session_factory(engine, read_only=True)

    def knows_people(self) -> bool:
        """Whether anybody's id was hashed, as far as can be read."""
        if self.readers is None:
            return False
        columns = (Question.person, Contact.person)
        try:
            with self.readers() as session:
                return any(session.scalar(select(column).limit(1)) is not None for column in columns)
        except (DatabaseUnavailable, SQLAlchemyError):
            return False


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The database as it is: no file is made, no table changed."""
    store = Store(settings)
    file = file_of(settings)
    store.made = made = file is None or file.exists()
    if not made:
        store.findings.append(info("database.opened.none", file=file))
    engine: Engine | None = None
    if made:
        try:
            engine = make_engine(settings.database.url, busy_seconds=_BUSY_SECONDS)
        except DatabaseUnavailable as exc:
            store.findings.append(bad("database.opened.failed", why=exc.message, how=exc.mend))
    try:
        if engine is not None:
            store.open(engine)
        folder = var_folder(settings)
        store.findings.append(disk_finding(folder))
        key, found = key_of(settings, folder / HASH_KEY_FILE, used=store.knows_people())
        store.findings.append(found)
        store.hash_key = key
        yield store
    finally:
        if engine is not None:
            engine.dispose()


def _kind(settings: Settings) -> str:
    file = file_of(settings)
    return f"SQLite, {file}" if file is not None else make_url(settings.database.url).get_backend_name()


def version_finding(heads: tuple[str, ...]) -> Finding:
    """Whether the tables are as this program wants them."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    try:
        for head in heads:
            scripts.get_revision(head)
    except CommandError:
        return bad("database.version.newer")
    current = set(heads) == set(scripts.get_heads())
    return fine("database.version.right") if current else warn("database.version.old")


def disk_finding(folder: Path) -> Finding:
    """How much room is left where the program writes."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    left = shutil.disk_usage(there).free
    values = {"free": _size(left), "folder": folder}
    if left < TOO_LITTLE:
        return bad("database.disk.full", **values)
    return warn("database.disk.little", **values) if left < LITTLE else fine("database.disk.right", **values)


def _size(bytes_: int) -> str:
    if bytes_ >= 1 << 30:
        return f"{bytes_ / (1 << 30):.1f} GB".replace(".", ",")
    return f"{bytes_ >> 20} MB"


def key_of(settings: Settings, file: Path, *, used: bool) -> tuple[bytes | None, Finding]:
    """The key that platform ids are hashed with, never made here. `used`: something was hashed already."""
    if settings.privacy.hash_key is not None:
        return settings.privacy.hash_key.get_secret_value().encode(), fine("database.key.set")
    try:
        key = file.read_bytes().strip()
        mode = file.stat().st_mode
    except FileNotFoundError:
        return None, bad("database.key.lost", file=file) if used else info("database.key.none_yet")
    except OSError:
        return None, bad("database.key.short", file=file)
    if len(key) < HASH_KEY_LENGTH:
        return None, bad("database.key.short", file=file)
    is_open = mode & 0o077
    return key, warn("database.key.open", file=file) if is_open else fine("database.key.right", file=file)
