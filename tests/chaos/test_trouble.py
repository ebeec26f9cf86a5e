"""Trouble with the network, the platform, the database, the disk and a second program: all arrives once."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from office.deliveries import Doubt
from scheduler.lane import WINDOW
from tests.acceptance.program import Program, until
from tests.chaos.stage import (
    SEED,
    Arrival,
    Verdict,
    arrivals,
    database_of,
    fill,
    judge,
    rows_of,
    settings,
    states,
    waiting,
)
from tests.fakes.telegram import TOKEN, FakeTelegram, flood, passes

MESSAGES = 150

pytestmark = pytest.mark.slow


def fake(port: int = 0) -> FakeTelegram:
    return FakeTelegram(any_chat=True, latency_ms=5, port=port)


@dataclass
class Network:
    """A platform that can go away and come back at the same address; what it was sent is kept."""

    came: list[Arrival] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        if self.platform is not None:
            self.down()

    def up(self) -> None:
        self.platform: FakeTelegram | None = fake(self.port).__enter__()
        self.port = int(self.platform.url.rpartition(":")[2])

    def down(self) -> None:
        """Nothing answers there any more, and what is under way breaks off."""
        assert self.platform is not None
        self.platform.__exit__(None, None, None)
        self.came += arrivals(self.platform)
        self.platform = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def everything_went(program: Program, *, within: float = 60) -> None:
    until(lambda: not waiting(program), within=within, every=0.1)


def verdict_of(program: Program, came: Sequence[Arrival], total: int) -> Verdict:
    verdict = judge(rows_of(program), came, total=total)
    verdict.check()
    return verdict


def all_came_once(program: Program, came: Sequence[Arrival], total: int) -> None:
    """Nothing lost, doubled or in doubt."""
    verdict_of(program, came, total)
    assert states(rows_of(program)) == {"sent": total}
    assert len(came) == total


# --- the network


def test_what_falls_due_while_the_network_is_away_leaves_once_when_it_is_back(tmp_path: Path) -> None:
    total = fill(tmp_path, private=MESSAGES, due_in=8)
    due = time.monotonic() + 8
    with Network() as network, Program(tmp_path, settings=settings(url=network.url), token=TOKEN) as program:
        program.start()
        assert network.platform
        network.platform.wait_for(lambda: network.platform and network.platform.called("getUpdates"))
        network.down()
        time.sleep(max(0.0, due - time.monotonic()) + 3)
        assert "retry" in states(rows_of(program))  # it was tried in vain
        assert not network.came
        network.up()
        everything_went(program)
        network.down()
        all_came_once(program, network.came, total)


def test_a_network_that_breaks_in_the_middle_leaves_only_what_was_in_the_air_in_doubt(tmp_path: Path) -> None:
    total = fill(tmp_path, private=MESSAGES)
    with Network() as network, Program(tmp_path, settings=settings(url=network.url), token=TOKEN) as program:
        program.start()
        assert network.platform
        network.platform.wait_for(lambda: network.platform and len(network.platform.sent) >= MESSAGES // 3)
        network.down()
        assert len(network.came) < total
        time.sleep(3)
        network.up()
        everything_went(program, within=90)  # a marked repeat waits for half a minute
        network.down()
        verdict = verdict_of(program, network.came, total)
        assert len(verdict.uncertain) <= WINDOW
        assert set(states(rows_of(program))) <= {"sent", "uncertain"}


# --- the platform


def test_every_fifth_message_refused_as_too_fast_comes_once_after_the_pause_demanded(tmp_path: Path) -> None:
    total = fill(tmp_path, private=MESSAGES, groups=3, each=3)
    floods = 15
    with fake() as platform, Program(tmp_path, settings=settings(), telegram=platform) as program:
        platform.plan("sendMessage", *([*[passes()] * 4, flood(1)] * floods))
        program.start()
        everything_went(program)
        all_came_once(program, arrivals(platform), total)
        calls = platform.called("sendMessage")
        assert len(calls) == total + floods
        for at, call in enumerate(calls[: 5 * floods]):
            if at % 5 == 4:
                again = next(c for c in calls[at + 1 :] if _chat(c.parameters) == _chat(call.parameters))
                assert again.at - call.at >= 1.0
        assert max(Counter(m.chat.id for m in platform.sent if m.chat.group).values()) == 3


def _chat(parameters: dict[str, object]) -> str:
    return str(parameters["chat_id"])


# --- the database


_LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@pytest.mark.parametrize("seconds", [3.0, 7.0], ids=["for less than it waits", "for longer than it waits"])
def test_a_database_that_another_program_locks_costs_only_time(tmp_path: Path, seconds: float) -> None:
    total = fill(tmp_path, private=MESSAGES)
    with fake() as platform, Program(tmp_path, settings=settings(), telegram=platform) as program:
        program.start()
        platform.wait_for(lambda: len(platform.sent) >= MESSAGES // 5)
        command = [sys.executable, "-c", _LOCK, str(database_of(tmp_path)), str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"locked\n"
            locked = len(platform.sent)
            time.sleep(2)
            stood = len(platform.sent)
            other.communicate(timeout=20)
        assert stood <= locked + WINDOW < total
        everything_went(program)
        all_came_once(program, arrivals(platform), total)


def test_a_disk_that_takes_no_more_for_a_while_costs_only_time(tmp_path: Path) -> None:
    total = fill(tmp_path, private=MESSAGES)
    with fake() as platform, Program(tmp_path, settings=settings(), telegram=platform) as program:
        program.start()
        platform.wait_for(lambda: len(platform.sent) >= MESSAGES // 5)
        [(size,)] = program.rows("SELECT page_size FROM pragma_page_size")
        full_at = 2 * int(size)  # of any file: not even the journal can be written
        _limit_files(program, full_at)
        full = len(platform.sent)
        time.sleep(3)
        assert len(platform.sent) <= full + WINDOW < total
        assert "lane.database" in program.logs() or "lane.database" in program.output()
        _limit_files(program, resource.RLIM_INFINITY)
        everything_went(program)
        all_came_once(program, arrivals(platform), total)


def _limit_files(program: Program, size: int) -> None:
    [(owner,)] = program.rows("SELECT owner FROM lanes")
    resource.prlimit(int(owner.split(":")[1]), resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


# --- two programs


def test_two_programs_on_one_database_send_everything_once(tmp_path: Path) -> None:
    total = fill(tmp_path, private=MESSAGES)
    with (
        fake() as platform,
        Program(tmp_path, settings=settings(per_second=60), telegram=platform) as one,
        Program(
            tmp_path / "other",
            settings=settings(per_second=60, database=database_of(tmp_path)),
            telegram=platform,
        ) as two,
    ):
        one.start(wait=False)
        two.start()
        everything_went(one)
        assert (one.running, two.running) == (True, True)
        all_came_once(one, arrivals(platform), total)


def test_when_one_of_two_programs_is_killed_the_other_sends_the_rest(tmp_path: Path) -> None:
    total = fill(tmp_path, private=MESSAGES, doubts=(Doubt.ASK,))
    with (
        fake() as platform,
        Program(tmp_path, settings=settings(per_second=12), telegram=platform) as one,
        Program(
            tmp_path / "other",
            settings=settings(per_second=12, database=database_of(tmp_path)),
            telegram=platform,
        ) as two,
    ):
        one.start()
        platform.wait_for(lambda: len(platform.sent) >= MESSAGES // 5)
        two.start()
        one.kill()
        assert waiting(one) > MESSAGES // 5
        everything_went(one)
        verdict = verdict_of(one, arrivals(platform), total)
        assert len(verdict.uncertain) <= WINDOW
        assert set(states(rows_of(one))) <= {"sent", "uncertain"}


# --- being stopped


def test_stopped_politely_at_any_moment_it_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}")  # shown when it fails
    total = fill(tmp_path, private=MESSAGES)
    with (
        fake() as platform,
        Program(tmp_path, settings=settings(per_second=40), telegram=platform) as program,
    ):
        for _ in range(4):
            so_far = len(platform.sent)
            program.start()
            platform.wait_for(partial(_sent_more, platform, so_far))
            time.sleep(chance.random() * 0.4)
            started = time.monotonic()
            program.signal(signal.SIGTERM)
            assert program.wait(12) == 0
            assert time.monotonic() - started <= 10
            assert set(states(rows_of(program))) <= {"sent", "queued", "retry"}
        assert waiting(program)
        program.start()
        everything_went(program)
        all_came_once(program, arrivals(platform), total)


def _sent_more(platform: FakeTelegram, than: int) -> bool:
    return len(platform.sent) > than
