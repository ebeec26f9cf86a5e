"""Told to stop, the program finishes what is in hand and goes, leaving nothing behind."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.fakes.telegram import FakeTelegram, slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_finishes_what_is_in_hand_and_exits_with_zero(tmp_path: Path, number: signal.Signals) -> None:
    with FakeTelegram() as fake, Program(tmp_path, telegram=fake) as program:
        program.start()
        fake.plan("sendMessage", slow(1.0))
        fake.say(fake.private(), "phí bán lẻ thuốc lá")
        fake.wait_for(lambda: fake.called("sendMessage"))
        started = time.monotonic()
        program.signal(number)
        assert program.wait() == 0
        assert time.monotonic() - started < 10
        assert len(fake.sent) == 1
        assert not fake.pending  # confirmed, so it won't come again
        assert program.rows("SELECT state FROM inbox") == [("answered",)]
        assert program.output().endswith("Đã dừng.\n")
        assert "Traceback" not in program.logs()
        with socket.create_server(("127.0.0.1", program.port)):
            pass  # the port is free again


def test_a_second_start_goes_on_with_the_same_data(tmp_path: Path) -> None:
    with Program(tmp_path) as program:
        program.start()
        session = program.chat(text="phí bán lẻ thuốc lá")["session"]
        assert program.stop() == 0
        program.start()
        [reply] = program.chat(text="còn thời hạn?", session=session)["replies"]
        assert "thuốc lá" in reply["lines"][0]["text"]
        assert len(program.rows("SELECT id FROM questions")) == 2
