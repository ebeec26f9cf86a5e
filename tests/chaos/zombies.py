"""A program that stood still for longer than its lease, and wakes up; takes minutes, so only `make chaos`."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from office.deliveries import Doubt
from scheduler.lane import WINDOW
from tests.acceptance.program import Program, until
from tests.chaos.stage import arrivals, database_of, fill, judge, rows_of, settings, states, waiting
from tests.fakes.telegram import FakeTelegram

MESSAGES = 200


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("asleep", [40, 100], ids=["until the other has the lane", "until repeats are out"])
def test_a_program_that_stood_still_sends_nothing_that_another_has_taken_over(
    tmp_path: Path, asleep: float
) -> None:
    total = fill(tmp_path, private=MESSAGES, doubts=(Doubt.REPEAT, Doubt.ASK))
    with (
        FakeTelegram(any_chat=True, latency_ms=100) as platform,
        Program(tmp_path, settings=settings(per_second=40), telegram=platform) as one,
        Program(
            tmp_path / "other",
            settings=settings(per_second=40, database=database_of(tmp_path)),
            telegram=platform,
        ) as two,
    ):
        one.start()
        platform.wait_for(lambda: len(platform.sent) >= MESSAGES // 10)
        one.signal(signal.SIGSTOP)
        two.start()
        time.sleep(asleep)
        one.signal(signal.SIGCONT)
        until(lambda: not waiting(one), within=120, every=0.2)
        time.sleep(5)  # what the one that woke up would send too much
        rows = rows_of(one)
        verdict = judge(rows, arrivals(platform), total=total)
        print(states(rows), f"{verdict.marked_twice} came twice, marked")
        verdict.check()
        assert len(verdict.uncertain) <= WINDOW
        assert set(states(rows)) <= {"sent", "uncertain", "cancelled"}
        assert (one.stop(), two.stop()) == (0, 0)
