"""The office's own folders in a backup: how they differ from those that are there, and putting them back."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.backup.archive import Backup, FolderFile, member_of
from bot.backup.copies import unwritable
from office.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file of the backup that isn't so where it belongs. `target` None: the configuration names no such
    folder."""

    file: FolderFile
    target: Path | None


def differences(settings: Settings, backup: Backup) -> list[Difference]:
    """The files of a backup that are missing or other in the office's own folders."""
    found = []
    for file in backup.folder_files():
        target = _target(settings, file)
        if target is None or _hash(target) != backup.manifest.members[member_of(file)].sha256:
            found.append(Difference(file=file, target=target))
    return found


def put_files(settings: Settings, backup: Backup) -> list[FolderFile]:
    """Put back what is missing or other; files that the backup doesn't know stay. Raises BackupFailed."""
    changed = []
    for one in differences(settings, backup):
        if one.target is None:
            continue
        try:
            one.target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.SpooledTemporaryFile() as out:
                backup.copy(member_of(one.file), out)
                out.seek(0)
                write_file(one.target, out.read(), mode=0o644)
        except OSError as exc:
            raise unwritable(one.target, exc) from exc
        changed.append(one.file)
    return changed


def write_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole or not at all. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".xinluon-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _target(settings: Settings, file: FolderFile) -> Path | None:
    folders = getattr(settings, file.kind).folders
    if file.number >= len(folders):
        return None
    folder: Path = folders[file.number]
    return folder.joinpath(*file.path.split("/"))


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
