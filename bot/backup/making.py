"""Make a backup while the program runs."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from bot.backup.archive import (
    BLOCK,
    CONFIG,
    DATABASE,
    FORMAT,
    KEY,
    KINDS,
    MANIFEST,
    BackupFailed,
    FolderFile,
    Manifest,
    Member,
    member_of,
    words,
)
from bot.backup.copies import (
    audit_of,
    copy_database,
    database_file,
    need_room,
    problem_of,
    revision_of,
    scratch,
    size_of,
    unwritable,
)
from office.privacy import keyed_hash
from office.secrets import HASH_KEY_FILE
from office.settings import Settings

_KEPT = frozenset({".yaml", ".yml", ".jsonl", ".md", ".txt"})  # of the office's own folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What goes into a backup besides the database. `config`: the configuration's file."""

    config: Path | None = None
    key: bool = True
    folders: bool = True


def back_up(settings: Settings, target: Path, *, now: datetime, wanted: Wanted) -> Manifest:
    """Write a backup to `target`, which must not exist; nothing of it is left when it fails.

    Raises BackupFailed.
    """
    database = database_file(settings)
    if not database.exists():
        raise BackupFailed(words()("backup.no_database", file=database), words()("backup.no_database_mend"))
    if target.exists():
        raise BackupFailed(words()("backup.exists", file=target), words()("backup.exists_mend"))
    with scratch(target.parent, 2 * size_of(database)) as copy:
        copy_database(database, copy)
        return pack(settings, copy, target, now=now, wanted=wanted)


def pack(settings: Settings, copy: Path, target: Path, *, now: datetime, wanted: Wanted) -> Manifest:
    """Write the zip around a copy of the database. Raises BackupFailed."""
    if problem := problem_of(copy):
        raise BackupFailed(words()("backup.corrupt", why=problem), words()("backup.corrupt_mend"))
    need_room(target.parent, copy.stat().st_size)
    sources = dict(_sources(settings, copy, wanted))
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".xinluon-", suffix=".zip")  # 0600
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
                    members = {name: _add(archive, name, path) for name, path in sources.items()}
                    manifest = _manifest(settings, copy, members, now=now, wanted=wanted)
                    archive.writestr(MANIFEST, manifest.model_dump_json(indent=2))
                file.flush()
                os.fsync(file.fileno())
            target.hardlink_to(draft)  # whole or not at all, and never over another
        finally:
            draft.unlink(missing_ok=True)
    except OSError as exc:
        raise unwritable(target, exc) from exc
    return manifest


def _sources(settings: Settings, copy: Path, wanted: Wanted) -> Iterator[tuple[str, Path]]:
    """The members by name, and where each is read from."""
    yield DATABASE, copy
    key = key_file(settings)
    if wanted.key and key.is_file():
        yield KEY, key
    if wanted.config is not None and wanted.config.is_file():
        yield CONFIG, wanted.config
    for kind in KINDS if wanted.folders else ():
        for number, folder in enumerate(getattr(settings, kind).folders):
            for path in sorted(folder.rglob("*")):
                if path.suffix.lower() in _KEPT and path.is_file() and not path.is_symlink():
                    inside = path.relative_to(folder).as_posix()
                    yield member_of(FolderFile(kind, number, inside)), path


def key_file(settings: Settings) -> Path:
    """Where the key lies, beside the database."""
    return database_file(settings).parent / HASH_KEY_FILE


def check_of(key: bytes) -> str:
    """What tells a key from another without telling the key."""
    return keyed_hash(key, "backup", "check")


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> Member:
    digest, size = hashlib.sha256(), 0
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)
            size += len(block)
    return Member(sha256=digest.hexdigest(), size=size)


def _manifest(
    settings: Settings, copy: Path, members: Mapping[str, Member], *, now: datetime, wanted: Wanted
) -> Manifest:
    key, check = _key_state(settings, members)
    left_out = words().list("backup.not_included")
    return Manifest(
        format=FORMAT,
        program="xinluon",
        version=version("xinluon"),
        revision=revision_of(copy),
        made_at=now,
        audit=audit_of(copy),
        key=key,
        key_check=check,
        members=members,
        not_included=left_out if wanted.folders else (*left_out, words()("backup.no_folders")),
    )


def _key_state(
    settings: Settings, members: Mapping[str, Member]
) -> tuple[Literal["file", "environment", "left_out"], str]:
    set_key, file = settings.privacy.hash_key, key_file(settings)
    if set_key is not None:
        return "environment", check_of(set_key.get_secret_value().encode())
    check = check_of(file.read_bytes().strip()) if file.is_file() else ""
    return ("file" if KEY in members else "left_out"), check
