"""The office's own knowledge files on disk: read, locked, and replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from knowledge.checking import OWN_CASES
from knowledge.loader import knowledge_files
from knowledge.round_trip import CannotEdit
from knowledge.strict_yaml import cause_of

LOCK = ".khoa"
_LOCK_SECONDS = 20.0
_NEW_MODE = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """A file as it was read and as it shall be; None: no file."""

    path: Path
    before: str | None
    after: str | None

    @property
    def name(self) -> str:
        """As people read it: with its folder's name, `cases/` between where it is a file of cases."""
        return name_of(self.path)


class Changed(Exception):
    """Somebody changed a file after it was read; nothing was written."""


def name_of(path: Path) -> str:
    """A file's name with the name of the folder of entries it belongs to."""
    parts = 3 if path.parent.name == OWN_CASES else 2
    return "/".join(path.parts[-parts:])


def path_of(name: str, folders: Sequence[Path]) -> Path | None:
    """The file of that name; None where no folder is called so (any more)."""
    folder_name, _, rest = name.partition("/")
    found = [folder / rest for folder in folders if folder.name == folder_name]
    there = [path for path in found if path.exists()]
    chosen = there or found
    return chosen[-1] if chosen else None


def read_text(path: Path) -> str | None:
    """A file as it is, line ends and all; None where there is none. Raises CannotEdit."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise CannotEdit(f"không đọc được tệp {path}: {cause_of(exc)}", "kiểm tra tệp") from exc
    except UnicodeDecodeError as exc:
        raise CannotEdit(f"tệp {path} không phải UTF-8", "lưu lại tệp với bảng mã UTF-8") from exc


def files_of(folder: Path) -> list[Path]:
    """An office's files: entries, then cases."""
    return knowledge_files([folder, folder / OWN_CASES])


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else of ours changes this folder meanwhile. Raises CannotEdit."""
    lock = FileLock(folder / LOCK, timeout=_LOCK_SECONDS)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as exc:
        raise CannotEdit("thư mục nội dung đang có người khác sửa", "thử lại sau giây lát") from exc
    except OSError as exc:
        raise CannotEdit(
            f"không ghi được vào thư mục {folder}: {cause_of(exc)}", "cho chương trình quyền ghi thư mục đó"
        ) from exc
    try:
        yield
    finally:
        lock.release()


def write(edits: Iterable[FileEdit]) -> None:
    """Put all files in place, one after the other; call it inside `locked`.

    Raises Changed where a file is not as it was read, CannotEdit where one can't be written; what was put in
    place before is then put back.
    """
    done: list[FileEdit] = []
    try:
        for edit in edits:
            if read_text(edit.path) != edit.before:
                raise Changed(edit.name)
            _put(edit.path, edit.after)
            done.append(edit)
    except BaseException:
        put_back(done)
        raise


def put_back(edits: Sequence[FileEdit]) -> None:
    """Files as they were before, where nobody has changed them since."""
    for edit in reversed(edits):
        if read_text(edit.path) == edit.after:
            _put(edit.path, edit.before)


def _put(path: Path, text: str | None) -> None:
    try:
        if text is None:
            path.unlink(missing_ok=True)
        else:
            _replace(path.resolve(), text)
    except OSError as exc:
        raise CannotEdit(
            f"không ghi được tệp {path}: {cause_of(exc)}", "kiểm tra quyền ghi và dung lượng đĩa"
        ) from exc


def _replace(path: Path, text: str) -> None:
    """Written aside, then renamed over: whoever reads sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".moi")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            _like_the_old(path, file.fileno())
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _like_the_old(path: Path, handle: int) -> None:
    """Rights and owner of the file that is replaced."""
    try:
        old = path.stat()
    except FileNotFoundError:
        os.fchmod(handle, _NEW_MODE)
        return
    os.fchmod(handle, stat.S_IMODE(old.st_mode))
    with contextlib.suppress(PermissionError):
        os.fchown(handle, old.st_uid, old.st_gid)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
