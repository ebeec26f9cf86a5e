"""`xinluon backup`: what a name without .zip is, and how it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli import app
from bot.cli_backup import _size
from tests.databases import fresh_sqlite


def backup(folder: Path, target: Path) -> tuple[int, str]:
    file = folder / "config.yaml"
    if not file.exists():
        file.write_text(yaml.safe_dump({"database": {"url": fresh_sqlite(folder)}}), encoding="utf-8")
    done = CliRunner().invoke(app, ["backup", str(target), "--config", str(file)])
    return done.exit_code, done.output


def test_a_name_without_zip_is_a_folder_that_is_made_and_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "srv" / "sao-luu"
    code, said = backup(tmp_path, folder)
    assert code == 0, said
    assert " kB, " in said
    [first] = folder.iterdir()
    assert (first.name.startswith("xinluon-"), first.suffix) == (True, ".zip")
    assert folder.stat().st_mode & 0o777 == 0o700
    first.rename(folder / "xinluon-20260101-013000.zip")  # the next night
    assert backup(tmp_path, folder)[0] == 0
    assert len(list(folder.iterdir())) == 2


def test_a_name_with_zip_is_the_file(tmp_path: Path) -> None:
    assert backup(tmp_path, tmp_path / "a.zip")[0] == 0
    assert (tmp_path / "a.zip").is_file()


def test_a_file_in_the_folders_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sao-luu").write_text("giữ", encoding="utf-8")
    code, said = backup(tmp_path, tmp_path / "sao-luu")
    assert (code, "không phải thư mục" in said, "kết thúc bằng .zip" in said) == (3, True, True)
    assert (tmp_path / "sao-luu").read_text(encoding="utf-8") == "giữ"


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 kB"), (40_123, "41 kB"), (1_000_000, "1,0 MB"), (12_340_000, "12,3 MB")]
)
def test_sizes_below_a_megabyte_are_in_kilobytes(number: int, said: str) -> None:
    assert _size(number) == said
