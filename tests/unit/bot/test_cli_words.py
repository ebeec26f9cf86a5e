"""What the command says of a wrong call, and its helps."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from bot import cli


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deadline"], "thiếu «NGÀY-NHẬN»"),
        (["deadline", "2026-02-10"], "thiếu «SỐ-NGÀY»"),
        (["deadline", "2026-02-10", "mười"], "giá trị của «SỐ-NGÀY» không dùng được"),
        (["backup"], "thiếu «TỆP-HOẶC-THƯ-MỤC»"),
        (["restore"], "thiếu «TỆP»"),
        (["eval"], "thiếu «TỆP»"),
        (["settle"], "thiếu «LÚC-SAO-LƯU»"),
        (["people", "code"], "thiếu «NGƯỜI»"),
        (["audit", "export"], "thiếu «TỆP»"),
        (["work", "import"], "thiếu «TỆP»"),
        (["work", "export"], "thiếu «TỆP»"),
        (["rehearse", "--days", "mười"], "giá trị của «--days» không dùng được"),
        (["report", "--thang"], "không có tuỳ chọn «--thang»"),
    ],
)
def test_a_wrong_call_is_told_with_vietnamese_names(
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["xinluon", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"Lỗi: {said} → xem cách dùng: ")


@pytest.mark.parametrize("group", [[], ["work"], ["people"], ["audit"], ["bench"]])
def test_no_line_of_a_help_is_cut_off(group: list[str]) -> None:
    done = CliRunner().invoke(cli.app, [*group, "--help"], terminal_width=80)
    assert done.exit_code == 0
    assert [line for line in done.output.splitlines() if line.endswith("...")] == []
