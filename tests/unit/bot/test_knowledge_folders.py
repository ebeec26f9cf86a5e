"""Where an office's own knowledge is read from and written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import knowledge_folders, var_folder, writing_folder
from office.settings import Settings, settings_from


def settings(url: str = "sqlite:///var/xinluon.db", *folders: str) -> Settings:
    return settings_from({"database": {"url": url}, "knowledge": {"folders": list(folders)}}, {})


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:///var/xinluon.db", "var"),
        ("sqlite:////srv/office/xinluon.db", "/srv/office"),
        ("sqlite:///xinluon.db", "var"),
        ("postgresql://may-chu/xinluon", "var"),
    ],
)
def test_the_programs_own_files_stand_beside_the_database(url: str, folder: str) -> None:
    assert var_folder(settings(url)) == Path(folder)


def test_without_a_folder_of_the_settings_the_programs_own_is_read_and_written(tmp_path: Path) -> None:
    assert knowledge_folders(settings(), tmp_path) == ()  # not there yet
    (tmp_path / "kho-tri-thuc").mkdir()
    assert knowledge_folders(settings(), tmp_path) == (tmp_path / "kho-tri-thuc",)
    assert writing_folder(settings(), tmp_path) == tmp_path / "kho-tri-thuc"


def test_named_folders_are_read_later_so_that_they_win_and_the_last_is_written(tmp_path: Path) -> None:
    (tmp_path / "kho-tri-thuc").mkdir()
    named = settings("sqlite:///var/xinluon.db", "mot", "hai")
    assert knowledge_folders(named, tmp_path) == (tmp_path / "kho-tri-thuc", Path("mot"), Path("hai"))
    assert writing_folder(named, tmp_path) == Path("hai")
