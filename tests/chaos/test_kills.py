"""kill -9 at any moment of sending loses no message and repeats none in silence.

XINLUON_CHAOS_KILLS=120 makes it long (`make chaos`); XINLUON_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.lane import WINDOW
from tests.acceptance.program import Program, until
from tests.chaos.stage import (
    SEED,
    FakeProcess,
    database_of,
    fill,
    judge,
    rows_of,
    settings,
    states,
    waiting,
)

KILLS = int(os.environ.get("XINLUON_CHAOS_KILLS", "6"))
LONG = KILLS > 20  # then repeats wait as long as they do in life
PACE = 28 if LONG else 200  # messages a second: enough are left for the last kill


@pytest.mark.slow
@pytest.mark.timeout(180 + 15 * KILLS)
def test_no_kill_loses_a_message_or_repeats_one_in_silence(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")  # shown when it fails
    total = fill(tmp_path, private=1000, groups=3, each=5)
    with (
        FakeProcess(latency_ms=5) as fake,
        Program(tmp_path, settings=settings(url=fake.url, per_second=PACE), token=fake.token) as program,
    ):
        in_the_air: set[tuple[int, int]] = set()  # (delivery, attempt) at the moments of the kills
        while_sending = 0
        for left in range(KILLS, 0, -1):
            before = fake.count()
            program.start(wait=False)
            if chance.random() < 0.1:
                time.sleep(chance.random() * 1.5)  # while it is still starting
            else:
                share = min(200, 2 * waiting(program) // (left + 1))
                wanted = before + chance.randint(1, max(1, share))
                _await(fake, program, wanted)
                time.sleep(chance.random() * 0.05)
                while_sending += 1
            assert program.running, program.logs()
            program.kill()
            sending = program.rows("SELECT id, attempts FROM deliveries WHERE status = 'sending'")
            assert len(sending) <= WINDOW
            in_the_air.update(sending)
        _finish(program, tmp_path)

        rows = rows_of(program)
        verdict = judge(rows, fake.sent(), total=total)
        print(
            f"{while_sending} kills while sending; {states(rows)}; {verdict.marked_twice} came twice, marked"
        )
        print(f"{len(verdict.uncertain)} uncertain of {len(in_the_air)} in the air")
        print(f"{verdict.arrived_of_them} of the uncertain had arrived or came as a marked repeat")
        verdict.check()
        assert verdict.uncertain <= {delivery for delivery, _ in in_the_air}
        assert len(verdict.uncertain) <= KILLS * WINDOW
        assert set(states(rows)) <= {"sent", "uncertain"}
        assert while_sending >= KILLS // 2


def _await(fake: FakeProcess, program: Program, count: int) -> None:
    """Wait until so many messages have come, or none is left."""
    until(lambda: fake.count() >= count or not waiting(program), within=60)


def _finish(program: Program, folder: Path) -> None:
    """Let everything go that is left, and stop."""
    program.start()
    until(lambda: not waiting(program, repeats=LONG), within=90, every=0.1)
    assert program.stop() == 0
    if waiting(program):
        _hasten(folder)
        program.start()
        until(lambda: not waiting(program), within=30, every=0.1)
        assert program.stop() == 0


def _hasten(folder: Path) -> None:
    """Turn the half minute forward that a repeat waits."""
    with closing(sqlite3.connect(database_of(folder), timeout=10)) as connection, connection:
        connection.execute("UPDATE deliveries SET ready_at = due_at WHERE repeat = 1 AND status = 'queued'")
