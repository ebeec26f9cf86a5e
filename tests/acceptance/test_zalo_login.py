"""`xinluon zalo login` and `status`: consent in the browser or by hand, as a person of IT goes through it."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from bot import cli_zalo
from bot.channels.zalo_oa_login import Consent, ask_consent
from bot.cli import app
from tests.acceptance.program import COMMAND, environment
from tests.acceptance.zalo import REDIRECT, secrets_for, settings_for
from tests.databases import fresh_sqlite
from tests.fakes.zalo_oa import TOKEN_PATH, FakeZaloOa, drop_after, refuse

_ADDRESS = re.compile(r"^http://\S+/v4/oa/permission\?\S+$", re.MULTILINE)


class Desk:
    """A folder with a configuration, and commands in it: most run in this process, which is quicker."""

    def __init__(self, folder: Path, fake: FakeZaloOa, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.fake, self.patch = folder, fake, monkeypatch
        self.config = folder / "config.yaml"
        self.environ = secrets_for(oa=fake)
        self.database = fresh_sqlite(folder / "var")
        (folder / "var" / "xinluon.db").chmod(0o600)  # as the program makes it
        self.set()

    def set(self, **values: Any) -> None:
        """Write the configuration, with other values for the account."""
        sections = settings_for(oa=self.fake)
        sections["zalo_oa"] |= values
        sections["database"] = {"url": self.database}
        self.config.write_text(yaml.safe_dump(sections), "utf-8")

    def run(self, *arguments: str, stdin: str = "") -> Result:
        for name, value in self.environ.items():
            self.patch.setenv(name, value)
        done = CliRunner().invoke(app, ["zalo", *arguments, "--config", str(self.config)], input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        self.check_secrets(done.output)
        return done

    def consent(self, paste: Callable[[str], str], *options: str) -> Result:
        """Go through consent; `paste`: what is pasted, by the address that was printed."""
        printed: list[str] = []

        def asked(**given: Any) -> Consent:
            consent = ask_consent(**given)
            printed.append(consent.url)
            return consent

        with self.patch.context() as patched:
            patched.setattr(cli_zalo, "ask_consent", asked)
            patched.setattr(cli_zalo, "_line", lambda prompt: paste(printed[-1]) + "\n")
            done = self.run("login", *options)
        assert printed[-1] in done.output
        return done

    def walk(self, pasted: Callable[[str], str], *options: str) -> tuple[int, str]:
        """`consent` with a process of its own; its exit code and all that it said."""
        process = subprocess.Popen(
            [COMMAND, "zalo", "login", *options],
            cwd=self.folder,
            env=environment(self.folder, **self.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            assert process.stdin
            assert process.stdout
            said = ""
            while not said.endswith("nhấn Enter.\n"):
                line = process.stdout.readline()
                assert line, said
                said += line
            found = _ADDRESS.search(said)
            assert found, said
            rest, _ = process.communicate(pasted(found[0]) + "\n", timeout=30)
        self.check_secrets(said + rest)
        return process.returncode, said + rest

    def rows(self) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "var" / "xinluon.db")) as connection:
            query = "SELECT access_token, refresh_token, trouble FROM zalo_tokens"
            return connection.execute(query).fetchall()

    def check_secrets(self, said: str) -> None:
        kept = [token for row in self.rows() for token in row[:2]]
        for secret in (self.fake.app_secret, self.fake.webhook_secret, *kept):
            assert secret not in said


@pytest.fixture
def fake() -> Iterator[FakeZaloOa]:
    with FakeZaloOa(redirect_urls=(REDIRECT,)) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, fake: FakeZaloOa, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, fake, monkeypatch)


def test_consent_in_the_browser_brings_a_pair_that_works(desk: Desk, fake: FakeZaloOa) -> None:
    code, said = desk.walk(fake.consent)
    assert code == 0, said
    assert "OA: UBND phường Thí Điểm (388613280878808645)" in said
    assert "không cần khởi động lại" in said
    [(access, _, trouble)] = desk.rows()
    assert (access, trouble) == (fake.called("/v2.0/oa/getoa")[-1].headers["access_token"], "")

    told = desk.run("status")
    assert (told.exit_code, told.stderr) == (0, "")
    assert "Zalo OA 388613280878808645, ứng dụng 360846524940903967" in told.stdout
    assert re.search(r"Quyền: còn đến \d\d:\d\d ngày \d\d/\d\d/\d{4} \(89 ngày\)", told.stdout)
    as_json = json.loads(desk.run("status", "--json").stdout)
    assert (as_json["ok"], as_json["trouble"], as_json["version"]) == (True, "", "")


def test_the_other_reading_of_the_challenge_can_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeZaloOa(challenge="base64") as fake:
        done = Desk(tmp_path, fake, monkeypatch).consent(fake.consent, "--challenge", "base64")
        assert done.exit_code == 0, done.output


def test_what_is_wrong_with_the_pasted_address_is_said(desk: Desk, fake: FakeZaloOa) -> None:
    def changed(old: str, new: str) -> Result:
        return desk.consent(lambda address: fake.consent(address).replace(old, new))

    for done, told in (
        (changed("state=", "state=x"), "thuộc một lần cấp quyền khác"),
        (changed("oa_id=3", "oa_id=4"), "cấu hình là OA 388613280878808645"),
    ):
        assert done.exit_code == 2
        assert done.stderr.startswith("Lỗi: ")
        assert done.stderr.count("\n") == 1
        assert told in done.stderr
    assert fake.called(TOKEN_PATH) == []
    assert desk.rows() == []


def test_on_a_terminal_a_wrong_paste_is_asked_for_again(desk: Desk, fake: FakeZaloOa) -> None:
    pastes: list[str] = []

    def wrong_first(address: str) -> str:
        pastes.append(address)
        return address if len(pastes) < 3 else fake.consent(address)

    with desk.patch.context() as patched:
        patched.setattr("bot.cli_zalo.at_terminal", lambda: True)
        done = desk.consent(wrong_first)
        assert (done.exit_code, len(pastes)) == (0, 3), done.output
        assert done.stderr.count("Chưa được: đây là địa chỉ để mở, chưa phải địa chỉ trả về") == 2
        done = desk.consent(lambda _: "gì đó")
    assert done.exit_code == 2
    assert done.stderr.count("Chưa được: ") == 2
    assert done.stderr.endswith(" → chạy lại lệnh\n")


def test_a_code_that_zalo_refuses_says_what_to_try(desk: Desk, fake: FakeZaloOa) -> None:
    done = desk.consent(lambda _: f"{REDIRECT}?code=old&oa_id={fake.oa_id}")
    assert done.exit_code == 1
    assert "chạy lại lệnh" in done.stderr
    assert "--challenge base64." in done.stderr
    assert desk.rows() == []


def test_by_hand_a_refresh_token_is_renewed_at_once(desk: Desk, fake: FakeZaloOa) -> None:
    for _ in range(2):  # the first login and a later one
        _, refresh = fake.tokens()
        done = desk.run("login", "--by-hand", stdin=f" {refresh}\r\n")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "UBND phường Thí Điểm" in done.stdout
        assert refresh not in done.stdout
        assert fake.called(TOKEN_PATH)[-1].parameters["refresh_token"] == refresh
        [(_, kept, _)] = desk.rows()
        assert kept != refresh


def test_by_hand_what_is_no_good_is_said_and_nothing_is_kept(desk: Desk, fake: FakeZaloOa) -> None:
    for stdin, code, told in (
        ("", 2, "chưa nhập mã làm mới"),
        ("mã của tôi\n", 2, "chép lại cả mã"),
        ("rt-used\n", 1, "(refresh token), không phải mã truy cập (access token)"),
    ):
        done = desk.run("login", "--by-hand", stdin=stdin)
        assert done.exit_code == code
        assert done.stderr.startswith("Lỗi: ")
        assert told in done.stderr
    assert desk.rows() == []


def test_a_lost_answer_is_said_to_be_one(desk: Desk, fake: FakeZaloOa) -> None:
    fake.plan(TOKEN_PATH, drop_after())
    done = desk.run("login", "--by-hand", stdin=fake.tokens()[1])
    assert done.exit_code == 3
    assert "Mã làm mới có thể đã dùng → lấy mã khác" in done.stderr


def test_another_account_s_token_is_not_kept(desk: Desk, fake: FakeZaloOa) -> None:
    desk.set(oa_id="777")
    done = desk.run("login", "--by-hand", stdin=fake.tokens()[1])
    assert done.exit_code == 1
    assert "của OA 388613280878808645 «UBND phường Thí Điểm», còn cấu hình là OA 777" in done.stderr
    assert desk.rows() == []


def test_a_pair_is_kept_though_the_account_can_not_be_asked(desk: Desk, fake: FakeZaloOa) -> None:
    fake.plan("/v2.0/oa/getoa", refuse(-224))
    done = desk.run("login", "--by-hand", stdin=fake.tokens()[1])
    assert done.exit_code == 0
    assert "Chưa kiểm được với Zalo: Gói dịch vụ của OA không có chức năng này." in done.stdout
    assert len(desk.rows()) == 1


def test_settings_that_are_missing_are_named(desk: Desk, fake: FakeZaloOa) -> None:
    desk.set(enabled=False, oa_id=None)
    done = desk.run("login", "--by-hand", stdin="x\n")
    assert (done.exit_code, "zalo_oa.oa_id: " in done.stderr) == (2, True)
    desk.set(redirect_url=None)
    done = desk.run("login")
    assert done.exit_code == 2
    assert "zalo_oa.redirect_url" in done.stderr
    assert "--by-hand" in done.stderr
    desk.set(oauth_url="http://127.0.0.1:9")
    done = desk.run("login", "--by-hand", stdin="x\n")
    assert (done.exit_code, "Không kết nối được" in done.stderr) == (3, True)
    assert "Traceback" not in done.stderr


def test_without_any_configuration_it_says_so(desk: Desk) -> None:
    desk.set(enabled=False, oa_id=None, app_id=None)
    for command in (("login",), ("status",)):
        done = desk.run(*command)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("Lỗi: chưa có cấu hình Zalo OA: điền zalo_oa.app_id")


def test_a_database_that_others_may_read_is_warned_of(desk: Desk, fake: FakeZaloOa) -> None:
    file = desk.folder / "var" / "xinluon.db"
    for mode, warned in ((0o640, True), (0o600, False)):
        file.chmod(mode)
        for done in (desk.run("login", "--by-hand", stdin=fake.tokens()[1]), desk.run("status")):
            assert done.exit_code == 0
            assert (f"chmod 600 {file}" in done.stderr) is warned


def test_status_with_trouble_says_that_alone(desk: Desk, fake: FakeZaloOa) -> None:
    assert desk.run("login", "--by-hand", stdin=fake.tokens()[1]).exit_code == 0
    trouble = "Không làm mới được. Chạy «xinluon zalo login» để cấp quyền lại."
    with closing(sqlite3.connect(desk.folder / "var" / "xinluon.db")) as connection, connection:
        connection.execute("UPDATE zalo_tokens SET trouble = ?", (trouble,))
    done = desk.run("status")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[1:] == [f"Trục trặc: {trouble}"]


def test_status_of_consent_that_has_ended_says_nothing_else_of_it(desk: Desk, fake: FakeZaloOa) -> None:
    assert desk.run("login", "--by-hand", stdin=fake.tokens()[1]).exit_code == 0
    with closing(sqlite3.connect(desk.folder / "var" / "xinluon.db")) as connection, connection:
        connection.execute("UPDATE zalo_tokens SET refresh_expires_at = '2026-01-01 00:00:00.000000'")
    done = desk.run("status")
    assert done.exit_code == 1
    _, obtained, ended = done.stdout.splitlines()
    assert obtained.startswith("Làm mới lần cuối: ")
    assert ended.startswith("Quyền: đã hết lúc ")
    assert ended.endswith("Chạy «xinluon zalo login».")


def test_status_says_that_consent_is_missing(desk: Desk) -> None:
    done = desk.run("status")
    assert done.exit_code == 1
    assert done.stdout == "Zalo OA 388613280878808645: chưa cấp quyền. Chạy «xinluon zalo login».\n"
    desk.patch.delenv(desk.environ.popitem()[0])  # the webhook's secret
    desk.set(enabled=False)
    assert desk.run("status").exit_code == 1  # before the channel is switched on, too
