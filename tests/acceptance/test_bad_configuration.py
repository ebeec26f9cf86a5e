"""What is wrong with the configuration is said in one line that tells where it is and how to mend it."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.program import command

SECRET = "123456789:AAsecret-that-must-not-be-shown"
BAD_USE, UNAVAILABLE = 2, 3


@dataclass(frozen=True)
class Wrong:
    """A configuration, and what the line about it has to say."""

    text: str
    said: tuple[str, ...]
    line: int = 0
    environ: dict[str, str] = field(default_factory=dict)


WRONG = {
    "an unknown key": Wrong("web:\n  prot: 8080\n", ("«prot»", "chính tả"), line=2),
    "an unknown section": Wrong("wep:\n  port: 8080\n", ("«wep»",), line=1),
    "a wrong type": Wrong("web:\n  port: tám nghìn\n", ("«port»", "số nguyên"), line=2),
    "a number out of range": Wrong("web:\n  port: 80800\n", ("«port»", "65535"), line=2),
    "a section that is a word": Wrong("web: 8080\n", ("«web»", "nhóm"), line=1),
    "a tab": Wrong("web:\n\tport: 8080\n", ("YAML",), line=2),
    "a key written twice": Wrong("web:\n  port: 8080\n  port: 8081\n", ("«port»", "hai lần"), line=3),
    "a list instead of keys": Wrong("- web\n", ("khoá: giá trị",), line=1),
    "not text": Wrong("office: {name: '\udcff'}\n", ("UTF-8",), line=1),
    "Telegram without a token": Wrong(
        "office: {name: A}\ntelegram:\n  enabled: true\n", ("chưa có token", "XINLUON_TELEGRAM_TOKEN"), line=2
    ),
    "the token in the file": Wrong(
        f"telegram:\n  enabled: true\n  token: {SECRET}\n", ("bí mật", "XINLUON_TELEGRAM_TOKEN"), line=3
    ),
    "the token where a section should be": Wrong(f"telegram: {SECRET!r}\n", ("«telegram»",), line=1),
    "a password in the database's address": Wrong(
        f"database:\n  url: postgresql://a:{SECRET}@b/c\n", ("mật khẩu", "PGPASSWORD"), line=2
    ),
    "a token file that is not there": Wrong(
        "telegram: {enabled: true}\n",
        ("khong-co.txt", "XINLUON_TELEGRAM_TOKEN_FILE"),
        environ={"XINLUON_TELEGRAM_TOKEN_FILE": "khong-co.txt"},
    ),
    "a token given twice": Wrong(
        "telegram: {enabled: true}\n",
        ("XINLUON_TELEGRAM_TOKEN_FILE", "chỉ đặt một"),
        environ={"XINLUON_TELEGRAM_TOKEN": SECRET, "XINLUON_TELEGRAM_TOKEN_FILE": "token.txt"},
    ),
    "a folder in the place of the token file": Wrong(
        "telegram: {enabled: true}\n",
        ("không đọc được",),
        environ={"XINLUON_TELEGRAM_TOKEN_FILE": "."},
    ),
}


def one_line(text: str) -> str:
    """The only line of an error message."""
    [line] = [line for line in text.splitlines() if not line.startswith("{")]  # beside the log's JSON
    assert line.startswith("Lỗi: ")
    assert "Traceback" not in text
    assert SECRET not in text
    assert SECRET.split(":")[1] not in text
    return line


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_a_wrong_file_is_told_with_its_line_and_the_mend(tmp_path: Path, wrong: Wrong) -> None:
    (tmp_path / "config.yaml").write_bytes(wrong.text.encode("utf-8", "surrogateescape"))
    done = command("run", "--config", "config.yaml", folder=tmp_path, environ=wrong.environ)
    assert done.returncode == BAD_USE
    assert done.stdout == ""
    line = one_line(done.stderr)
    for words in wrong.said:
        assert words in line
    if wrong.line:
        assert f"config.yaml:{wrong.line}:" in line


MISTAKES = """\
web:
  prot: 8080
  port: 80800
telegram:
  enabled: true
zalo_bot:
  enabled: true
  mode: webhook
zalo_oa:
  enabled: true
  app_id: "không"
  oa_id: "38"
limits:
  max_text: nhiều
"""


@pytest.mark.parametrize("words", [("run",), ("check",), ("doctor",)], ids=" ".join)
def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "config.yaml").write_text(MISTAKES, "utf-8")
    environ = {"XINLUON_PRIVACY_HASH_KEY": "ngắn", "XINLUON_ZALO_OA_APP_SECRET": SECRET}
    done = command(*words, "--config", "config.yaml", folder=tmp_path, environ=environ)
    assert done.returncode != 0
    told = done.stderr + done.stdout
    lines = [line for line in told.splitlines() if "config.yaml:" in line]
    for place, said in (
        (2, "«prot»"), (3, "«port»"), (4, "bật Telegram nhưng chưa"), (6, "bật Zalo Bot nhưng chưa"),
        (6, "«https://»"), (6, "từ 8 đến 256 ký tự"), (11, "không phải dãy số"), (9, "OA Secret Key"),
        (14, "«max_text»"), (1, "khoá băm"),
    ):  # fmt: skip
        assert any(f"config.yaml:{place}:" in line and said in line for line in lines), (said, told)
    assert len(lines) == 10
    assert SECRET not in told


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = command("run", "--config", "khong-co.yaml", folder=tmp_path)
    assert done.returncode == BAD_USE
    assert "khong-co.yaml:1:" in one_line(done.stderr)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def run(folder: Path, config: str) -> str:
    """Run with a configuration that can't be served; the line it says."""
    (folder / "config.yaml").write_text(config, "utf-8")
    done = command("run", folder=folder)
    assert done.returncode == UNAVAILABLE
    assert done.stdout == ""
    return one_line(done.stderr)


def test_a_port_in_use_is_told(tmp_path: Path, taken_port: int) -> None:
    line = run(tmp_path, f"web: {{port: {taken_port}}}\n")
    assert f"cổng {taken_port}" in line
    assert "web.port" in line


def test_a_database_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert "không tạo được thư mục" in run(
        tmp_path, "database: {url: sqlite:///file/xinluon.db}\nweb: {port: 0}\n"
    )


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database, but a text of some length " * 9)
    assert "không phải cơ sở dữ liệu" in run(tmp_path, "database: {url: sqlite:///x.db}\nweb: {port: 0}\n")


def test_a_database_locked_by_another_program_is_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN EXCLUSIVE")
        assert "khoá" in run(tmp_path, "database: {url: sqlite:///x.db}\nweb: {port: 0}\n")
