"""The zip of a backup: its manifest, what may be in it, and reading it without trusting it."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from knowledge.phrases import Phrases

FORMAT = 1
MANIFEST, DATABASE, KEY, CONFIG = "manifest.json", "database.sqlite", "hash.key", "config.yaml"
KINDS = ("knowledge", "calendar", "reminders")
BLOCK = 1 << 20
_MANIFEST_BYTES = 10 << 20
_FOLDER_FILE = re.compile(rf"folders/({'|'.join(KINDS)})/(\d{{1,3}})/(.+)")


class BadBackup(Exception):
    """A file that can't be restored from: why, and what to do, in Vietnamese."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(f"{message} → {mend}")
        self.message = message
        self.mend = mend


class BackupFailed(Exception):
    """The machine would not let us: why, and what to do, in Vietnamese."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(f"{message} → {mend}")
        self.message = message
        self.mend = mend


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Part):
    """A file of the zip."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class AuditState(_Part):
    """The end of the audit's chain."""

    rows: int = Field(ge=0)
    head: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(_Part):
    """What a backup is. `key`: where the key was: in the file that is here, in the environment, or left out;
    `key_check` tells whether another key is the same."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: int
    program: Literal["xinluon"]
    version: str
    revision: str
    made_at: AwareDatetime
    audit: AuditState
    key: Literal["file", "environment", "left_out"]
    key_check: str = ""
    members: Mapping[str, Member]
    not_included: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file of one of the office's own folders: of which kind, which of them, its path in it."""

    kind: str
    number: int
    path: str


@cache
def words() -> Phrases:
    """The texts of backups."""
    return Phrases.read(Path(__file__).parent.with_name("texts_it.yaml"))


def member_of(file: FolderFile) -> str:
    """Its name in the zip."""
    return f"folders/{file.kind}/{file.number}/{file.path}"


def folder_file(name: str) -> FolderFile | None:
    """What a name in the zip means; None for other members. Raises BadBackup for a path that leads away."""
    match = _FOLDER_FILE.fullmatch(name)
    if match is None:
        return None
    parts = match[3].split("/")
    if any(part in ("", ".", "..") or "\\" in part or ":" in part or "\0" in part for part in parts):
        raise BadBackup(words()("backup.bad.path", name=name), words()("backup.bad.mend"))
    return FolderFile(match[1], int(match[2]), match[3])


class Backup:
    """An open backup whose manifest has been read; use `opened`."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.manifest = manifest
        self._zip = archive

    def copy(self, name: str, target: IO[bytes]) -> None:
        """Copy a member out. Raises BadBackup when it isn't as the manifest says; OSError."""
        member, digest, size = self.manifest.members[name], hashlib.sha256(), 0
        for block in self._blocks(name):
            size += len(block)
            if size > member.size:
                break
            digest.update(block)
            target.write(block)
        if size != member.size or digest.hexdigest() != member.sha256:
            raise BadBackup(words()("backup.bad.changed", name=name), words()("backup.bad.mend"))

    def _blocks(self, name: str) -> Iterator[bytes]:
        try:
            with self._zip.open(name) as source:
                while block := source.read(BLOCK):
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
            raise BadBackup(words()("backup.bad.changed", name=name), words()("backup.bad.mend")) from exc

    def folder_files(self) -> list[FolderFile]:
        """The files of the office's own folders."""
        return [file for name in self.manifest.members if (file := folder_file(name))]


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """A backup to read from. Raises BadBackup for what is none, is cut off, or comes from a newer program."""
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as exc:
        raise BadBackup(words()("backup.bad.missing", file=path), words()("backup.bad.missing_mend")) from exc
    except (OSError, zipfile.BadZipFile) as exc:
        raise BadBackup(words()("backup.bad.zip", file=path), words()("backup.bad.mend")) from exc
    with archive:
        yield Backup(archive, _manifest(archive, path))


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    foreign = BadBackup(words()("backup.bad.foreign", file=path), words()("backup.bad.mend"))
    names = archive.namelist()
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > _MANIFEST_BYTES:
        raise foreign
    try:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST))
    except (
        ValidationError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as exc:
        raise foreign from exc
    if manifest.format > FORMAT:
        raise BadBackup(
            words()("backup.bad.newer", version=manifest.version), words()("backup.bad.newer_mend")
        )
    if len(names) != len(set(names)) or set(names) != {MANIFEST, *manifest.members}:
        raise BadBackup(words()("backup.bad.members"), words()("backup.bad.mend"))
    for name in manifest.members:
        if name not in (DATABASE, KEY, CONFIG) and folder_file(name) is None:
            raise BadBackup(words()("backup.bad.path", name=name), words()("backup.bad.mend"))
    if DATABASE not in manifest.members:
        raise foreign
    return manifest
