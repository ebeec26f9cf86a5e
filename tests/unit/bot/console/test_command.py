"""`xinluon vaoban` where it can give no link."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli import app
from office import membership
from office.database import make_engine, session_factory
from office.people import Role
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The database of an office with an admin and two members of one name."""
    url = fresh_sqlite(tmp_path)
    engine = make_engine(url)
    with session_factory(engine).begin() as session:
        for name in ("Nguyễn Văn An", "Trần Thị Bình", "Trần Thị Bình"):
            member = membership.add_member(session, name, department_id=None, actor=None, now=NOW)
            if member.id == 1:
                membership.give_role(session, 1, Role.ADMIN, actor=None, reason="thử", now=NOW)
    engine.dispose()
    return url


def run(folder: Path, url: str, *arguments: str, **sections: dict[str, object]) -> tuple[int, str]:
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump({"database": {"url": url}, **sections}, allow_unicode=True), "utf-8")
    done = CliRunner().invoke(app, ["vaoban", *arguments, "--config", str(file)])
    return done.exit_code, done.output


def test_the_link_is_the_admins_where_no_name_is_given(tmp_path: Path, url: str) -> None:
    code, said = run(tmp_path, url, web={"public_url": "https://hoidap.example.vn"})
    assert code == 0
    assert "Liên kết của Nguyễn Văn An" in said
    assert "https://hoidap.example.vn/van-phong/vao?ma=" in said


@pytest.mark.parametrize(
    ("arguments", "sections", "code", "said"),
    [
        (["Ai Đó"], {}, 1, "không thấy ai tên «Ai Đó»"),
        (["Bình"], {}, 1, "#2 Trần Thị Bình; #3 Trần Thị Bình"),
        (["#2"], {}, 1, "Việc này dành cho"),
        ([], {"web": {"port": 0}}, 2, "đặt một cổng cố định"),
        ([], {"console": {"enabled": False}}, 2, "đang tắt"),
    ],
)
def test_why_there_is_no_link_is_said(
    tmp_path: Path,
    url: str,
    arguments: list[str],
    sections: dict[str, dict[str, object]],
    code: int,
    said: str,
) -> None:
    got, output = run(tmp_path, url, *arguments, **sections)
    assert (got, said in output) == (code, True), output


def test_an_office_without_an_admin_is_told_how_to_claim_it(tmp_path: Path) -> None:
    code, said = run(tmp_path, fresh_sqlite(tmp_path))
    assert (code, "xinluon people admin" in said) == (1, True)
