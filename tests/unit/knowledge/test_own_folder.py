"""The office's own files: whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from knowledge import own_folder
from knowledge.own_folder import Changed, FileEdit, locked, read_text, write
from knowledge.round_trip import CannotEdit


def test_files_are_made_changed_and_taken_away(tmp_path: Path) -> None:
    new, old, gone = tmp_path / "cases" / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"
    old.write_text("cũ", "utf-8")
    gone.write_text("bỏ", "utf-8")
    write(
        [
            FileEdit(path=new, before=None, after="mới\r\n"),
            FileEdit(path=old, before="cũ", after="khác"),
            FileEdit(path=gone, before="bỏ", after=None),
        ]
    )
    assert [read_text(p) for p in (new, old, gone)] == ["mới\r\n", "khác", None]
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} == {"a.yaml", "b.yaml"}


def test_the_rights_of_a_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "b.yaml"
    path.write_text("cũ", "utf-8")
    path.chmod(0o640)
    write([FileEdit(path=path, before="cũ", after="mới")])
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "noi-khac" / "b.yaml"
    target.parent.mkdir()
    target.write_text("cũ", "utf-8")
    link = tmp_path / "b.yaml"
    link.symlink_to(target)
    write([FileEdit(path=link, before="cũ", after="mới")])
    assert link.is_symlink()
    assert target.read_text("utf-8") == "mới"


def test_what_somebody_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    second.write_text("sửa tay", "utf-8")
    with pytest.raises(Changed, match=r"b\.yaml"):
        write(
            [
                FileEdit(path=first, before=None, after="mới"),
                FileEdit(path=second, before="cũ", after="mới"),
            ]
        )
    assert (read_text(first), read_text(second)) == (None, "sửa tay")


def test_a_failure_half_way_puts_back_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "a.yaml"
    first.write_text("cũ", "utf-8")
    second = tmp_path / "b.yaml"
    put = own_folder._replace

    def on_a_full_disk(path: Path, text: str) -> None:
        if path == second:
            raise OSError(errno.ENOSPC, "No space left on device")
        put(path, text)

    monkeypatch.setattr(own_folder, "_replace", on_a_full_disk)
    with pytest.raises(CannotEdit, match="không ghi được tệp"):
        write(
            [
                FileEdit(path=first, before="cũ", after="mới"),
                FileEdit(path=second, before=None, after="mới"),
            ]
        )
    assert read_text(first) == "cũ"


def test_only_one_changes_the_folder_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_folder, "_LOCK_SECONDS", 0.05)
    with (
        locked(tmp_path / "moi"),
        pytest.raises(CannotEdit, match="đang có người khác sửa"),
        locked(tmp_path / "moi"),
    ):
        pass
    with locked(tmp_path / "moi"):
        pass


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CannotEdit, match="không phải UTF-8"):
        read_text(path)


def test_names_lead_back_to_files(tmp_path: Path) -> None:
    folder = tmp_path / "noi-dung"
    for path in (folder / "a.yaml", folder / "cases" / "b.yaml"):
        assert own_folder.path_of(own_folder.name_of(path), [tmp_path / "khac", folder]) == path
    assert own_folder.path_of("mat/a.yaml", [folder]) is None


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.011, 0.023, 0.05])
def test_a_kill_while_writing_leaves_the_old_file_or_the_new_one(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "a.yaml"
    texts = ["a" * 300_000, "b" * 300_000]
    path.write_text(texts[0], "utf-8")
    program = dedent(
        """
        import sys
        from pathlib import Path
        from knowledge.own_folder import FileEdit, write
        path, texts = Path(sys.argv[1]), ["a" * 300_000, "b" * 300_000]
        print("go", flush=True)
        while True:
            write([FileEdit(path=path, before=texts[0], after=texts[1])])
            texts.reverse()
        """
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(delay)
    writer.kill()
    writer.communicate()
    assert path.read_text("utf-8") in texts
