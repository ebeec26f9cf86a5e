"""A channel that can't work says why, and the others serve."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.program import Program, until
from tests.fakes.telegram import FakeTelegram, bad_gateway
from tests.fakes.telegram_parts import TOKEN


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody is given by chance until a server of ours takes it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def served_at(port: int) -> dict[str, dict[str, Any]]:
    return {"telegram": {"enabled": True, "base_url": f"http://127.0.0.1:{port}"}}


def test_a_wrong_token_is_told_without_showing_it_and_the_web_page_serves(tmp_path: Path) -> None:
    wrong = "123456789:AAnot-the-token-of-this-bot"
    with FakeTelegram() as fake, Program(tmp_path, telegram=fake, token=wrong) as program:
        program.start()
        until(lambda: program.health()[1]["channels"]["telegram"]["detail"])
        status, facts = program.health()
        assert status == 503
        assert facts["channels"]["web"]["up"] is True
        assert facts["channels"]["telegram"]["up"] is False
        assert "Telegram không nhận token" in facts["channels"]["telegram"]["detail"]
        assert "31/12/2026" in str(program.chat(text="phí bán lẻ thuốc lá"))
        assert program.get("/").status_code == 200
        assert 'xinluon_channel_up{channel="telegram"} 0.0' in program.get("/metrics").text
        assert [e["reason"] for e in program.events() if e["event"] == "channel.down"]
        for seen in (str(facts), program.logs(), program.output(), program.get("/metrics").text):
            assert "AAnot-the-token" not in seen
        assert program.stop() == 0


def test_a_dead_api_server_is_told_and_joined_when_it_comes_to_life(tmp_path: Path) -> None:
    with reserved_port() as port, Program(tmp_path, settings=served_at(port), token=TOKEN) as program:
        program.start()
        until(lambda: program.health()[1]["channels"]["telegram"]["detail"])
        status, facts = program.health()
        assert status == 503
        assert "Chưa kết nối được tới Telegram; sẽ thử lại" in facts["channels"]["telegram"]["detail"]
        assert "31/12/2026" in str(program.chat(text="phí bán lẻ thuốc lá"))
        with FakeTelegram(port=port) as fake:
            fake.plan("getMe", bad_gateway())  # and it isn't quite awake at first
            until(lambda: program.health()[0] == 200, within=60)  # it has come to try rarely
            fake.say(fake.private(), "phí bán lẻ thuốc lá")
            fake.wait_for(lambda: not fake.pending and fake.sent)
            assert "31/12/2026" in fake.sent[0].text
            assert program.stop() == 0
        assert TOKEN.split(":")[1] not in program.logs()
