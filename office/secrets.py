"""Secrets: from the environment or a file that it names, never from the configuration; and the key that the
office makes for itself."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

HASH_KEY_FILE = "hash.key"
HASH_KEY_LENGTH = 16  # characters at least
_CAUSES = {
    errno.ENOENT: "không có tệp này",
    errno.EACCES: "không có quyền",
    errno.EPERM: "không có quyền",
    errno.EISDIR: "đây là thư mục",
    errno.ENOTDIR: "đường dẫn đi qua một tệp",
    errno.ENOSPC: "đĩa đã đầy",
    errno.EROFS: "đĩa chỉ cho đọc",
}


class BadSetting(Exception):
    """A setting that can't be used: `path` in the tree, what is wrong and how to mend it, in Vietnamese."""

    def __init__(self, path: tuple[str, ...], message: str, mend: str) -> None:
        super().__init__(f"{'.'.join(path)}: {message} → {mend}")
        self.path = path
        self.message = message
        self.mend = mend


class BadSettings(BadSetting):
    """Several settings that can't be used, the first of them in the fields of its own. `invalid`: the values
    of a wrong kind that were found beside them."""

    def __init__(self, every: Sequence[BadSetting], invalid: ValidationError | None = None) -> None:
        super().__init__(every[0].path, every[0].message, every[0].mend)
        self.every = tuple(every)
        self.invalid = invalid


def refuse_written(tree: Any, path: tuple[str, ...], variable: str) -> None:
    """Raises BadSetting when the configuration itself holds the secret at `path`."""
    for key in path:
        if not isinstance(tree, dict) or key not in tree:
            return
        tree = tree[key]
    raise BadSetting(
        path,
        f"«{path[-1]}» là bí mật, không được viết trong tệp cấu hình",
        f"xoá dòng này và đặt biến môi trường {variable} hoặc {variable}_FILE; tệp đã lộ thì đổi bí mật",
    )


def put_secret(tree: Any, path: tuple[str, ...], value: SecretStr) -> None:
    """Set a secret in nested mappings, making the sections on the way."""
    for key in path[:-1]:
        if not isinstance(tree, dict):
            return  # pydantic will complain of the section
        tree = tree.setdefault(key, {})
    if isinstance(tree, dict):
        tree[path[-1]] = value


def secret_from(variable: str, path: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    """What a variable, or the file that its _FILE variant names, holds. An empty variable is not set."""
    direct, file = environ.get(variable), environ.get(variable + "_FILE")
    if direct and file:
        raise BadSetting(path, f"có cả {variable} và {variable}_FILE", "chỉ đặt một trong hai biến")
    return _read_secret(variable + "_FILE", path, Path(file)) if file else direct or None


def open_files(variables: Iterable[str], environ: Mapping[str, str]) -> Mapping[str, Path]:
    """Of the files that variables name, those that others than their owner may read or change."""
    found = {}
    for variable in variables:
        file = environ.get(variable)
        with contextlib.suppress(OSError):
            if file and Path(file).stat().st_mode & 0o077:
                found[variable] = Path(file)
    return found


def cause_of(error: OSError) -> str:
    """Why a file can't be used, in Vietnamese where it is a usual reason."""
    return _CAUSES.get(error.errno or 0, error.strerror or type(error).__name__)


def _read_secret(variable: str, path: tuple[str, ...], file: Path) -> str:
    try:
        value = file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as exc:
        raise BadSetting(
            path,
            f"không đọc được tệp {file} nêu trong {variable} ({cause_of(exc)})",
            "kiểm tra đường dẫn và quyền đọc",
        ) from exc
    except UnicodeDecodeError as exc:
        raise BadSetting(
            path, f"tệp {file} nêu trong {variable} không phải chữ UTF-8", "lưu lại tệp chỉ có giá trị bí mật"
        ) from exc
    if not value.strip():
        raise BadSetting(
            path, f"tệp {file} nêu trong {variable} trống", "ghi giá trị bí mật vào tệp, trên một dòng"
        )
    return value


def key_in(folder: Path) -> bytes:
    """The key kept in `folder`/hash.key (0600), made there when there is none.

    Raises BadSetting when the file can't be written, read or is too short.
    """
    path = folder / HASH_KEY_FILE
    try:
        if not path.exists():
            _create_key(path)
        key = path.read_bytes().strip()
    except OSError as exc:
        raise BadSetting(
            ("privacy", "hash_key"),
            f"không tạo hoặc đọc được tệp khoá {path} ({cause_of(exc)})",
            "cho chương trình quyền ghi vào thư mục đó hoặc đặt XINLUON_PRIVACY_HASH_KEY",
        ) from exc
    if len(key) < HASH_KEY_LENGTH:
        raise BadSetting(
            ("privacy", "hash_key"),
            f"tệp khoá {path} bị cụt",
            "khôi phục tệp từ bản sao lưu; nếu không còn thì xoá tệp để chương trình tạo khoá mới",
        )
    return key


def _create_key(path: Path) -> None:
    """Make the file whole or not at all; where two processes try, the first one's key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        Path(draft).unlink()
