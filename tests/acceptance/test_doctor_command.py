"""`xinluon doctor` as a person of IT runs it: before anything is set up, and beside a running program."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.channels.zalo_oa_tokens import store_pair
from bot.cli import app
from office.database import make_engine, session_factory
from tests.acceptance.program import Program, command
from tests.acceptance.zalo import secrets_for, settings_for
from tests.databases import fresh_sqlite
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOa


def test_with_nothing_set_up_it_says_so_kindly_and_makes_nothing(tmp_path: Path) -> None:
    done = command("doctor", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Chưa bật kênh nào")
    assert "\nTrang web\n" in done.stdout
    assert "\nCơ sở dữ liệu\n" in done.stdout
    assert "Telegram\n" not in done.stdout
    assert done.stdout.endswith(", 0 chỗ hỏng.\n")
    assert list(tmp_path.iterdir()) == []


def test_beside_a_running_program_every_channel_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_sqlite(tmp_path / "var")
    with FakeTelegram() as telegram, FakeZaloBot() as bot, FakeZaloOa() as oa:
        engine, tokens = make_engine(url), oa.tokens()
        with session_factory(engine).begin() as session:
            store_pair(session, oa.oa_id, oa.app_id, *tokens, "90000", datetime.now(UTC))
        engine.dispose()
        settings, environ = settings_for(bot=bot, oa=oa), secrets_for(bot=bot, oa=oa)
        with Program(tmp_path, telegram=telegram, settings=settings, environ=environ) as program:
            program.start()
            monkeypatch.chdir(tmp_path)
            for name, value in program.environ.items():
                monkeypatch.setenv(name, value)
            done = CliRunner().invoke(app, ["doctor", "--config", str(program.config)])
            assert done.exit_code == 0, done.output
    assert "  ✔ Token: đúng, bot @XinLuonBot\n" in done.output
    assert "  ✔ Token: đúng, bot «" in done.output
    assert "  ✔ Tài khoản OA: «UBND phường Thí Điểm»" in done.output
    assert "  ✔ Phiên bản của bảng: mới nhất\n" in done.output
    assert "  ✔ Khoá băm: có" in done.output
    assert (oa.sent, bot.sent, telegram.sent) == ([], [], [])
    for secret in (*program.environ.values(), *tokens):
        assert secret not in done.output


def test_for_other_programs_it_speaks_json_and_a_broken_thing_is_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.yaml"
    with FakeZaloBot() as bot:
        database = {"database": {"url": fresh_sqlite(tmp_path)}}
        file.write_text(yaml.safe_dump(settings_for(bot=bot) | database), "utf-8")
        monkeypatch.setenv("XINLUON_ZALO_BOT_TOKEN", "1:wrong")
        done = CliRunner().invoke(app, ["doctor", "--json", "--config", str(file)])
    report = json.loads(done.output)
    assert (done.exit_code, report["ok"]) == (1, False)
    assert [part["part"] for part in report["parts"]] == ["zalo_bot", "web", "database"]
    [token] = [f for f in report["parts"][0]["findings"] if f["level"] == "bad"]
    assert "Zalo Bot Creator" in token["mend"]
    assert "1:wrong" not in done.output
