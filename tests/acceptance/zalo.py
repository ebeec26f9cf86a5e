"""What a program needs to talk on both Zalo platforms: settings that lead to the fakes, and secrets."""

from __future__ import annotations

from typing import Any

from tests.acceptance.program import Program, command
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOa

REDIRECT = "https://sct.example.vn/zalo/xac-nhan"


def settings_for(bot: FakeZaloBot | None = None, oa: FakeZaloOa | None = None) -> dict[str, dict[str, Any]]:
    """The sections of the configuration."""
    found: dict[str, dict[str, Any]] = {}
    if bot:
        found["zalo_bot"] = {"enabled": True, "base_url": bot.url, "per_minute": 60_000}
    if oa:
        found["zalo_oa"] = {
            "enabled": True,
            "app_id": oa.app_id,
            "oa_id": oa.oa_id,
            "base_url": oa.url,
            "oauth_url": oa.oauth_url,
            "redirect_url": REDIRECT,
            "per_minute": 60_000,
        }
    return found


def secrets_for(bot: FakeZaloBot | None = None, oa: FakeZaloOa | None = None) -> dict[str, str]:
    """The environment variables."""
    found: dict[str, str] = {}
    if bot:
        found["XINLUON_ZALO_BOT_TOKEN"] = bot.token
    if oa:
        found["XINLUON_ZALO_OA_APP_SECRET"] = oa.app_secret
        found["XINLUON_ZALO_OA_WEBHOOK_SECRET"] = oa.webhook_secret
    return found


def log_in(program: Program, oa: FakeZaloOa) -> None:
    """Give the program its first pair of tokens, as an administrator does with the API Explorer's."""
    _, refresh = oa.tokens()
    arguments = ("zalo", "login", "--by-hand", "--config", str(program.config))
    done = command(*arguments, folder=program.folder, stdin=refresh + "\n", environ=program.environ)
    assert done.returncode == 0, done.stdout + done.stderr


def connect(program: Program, oa: FakeZaloOa) -> None:
    """Let the platform post to a running program."""
    oa.webhook_url = f"{program.url}/zalo/oa"
