"""How the log is written where it goes to a file."""

from __future__ import annotations

import io
import logging
import sys

import pytest
import structlog

from bot.logs import set_up_logs
from office.settings import Log


def test_a_log_for_people_that_goes_to_a_file_has_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    monkeypatch.setattr(root, "handlers", [])
    levels = {name: logging.getLogger(name).level for name in (None, *logging.Logger.manager.loggerDict)}
    before = structlog.get_config()
    try:
        set_up_logs(Log.model_validate({"json": False}))
        structlog.get_logger().info("office.serving", channels=["web"])
        logging.getLogger("bot").warning("Chưa lưu kịp")
    finally:
        structlog.configure(**before)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    assert "office.serving" in file.getvalue()
    assert "Chưa lưu kịp" in file.getvalue()
    assert "\x1b" not in file.getvalue()
