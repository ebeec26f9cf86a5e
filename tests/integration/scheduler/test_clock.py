"""The planner is woken at the moment, after a commit, and by a scan that notices a clock that was set."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from office.clock import SystemClock
from office.database import DatabaseUnavailable
from scheduler.clock import Waker
from tests.integration.scheduler.conftest import Clock


class Plan:
    """Something due at some moments."""

    def __init__(self, clock: Clock | SystemClock, *due: datetime) -> None:
        self.clock, self.due = clock, list(due)
        self.fired: list[timedelta] = []
        self.trouble = 0

    def plan(self) -> int:
        if self.trouble:
            self.trouble -= 1
            raise DatabaseUnavailable("khoá", "chờ")
        now = self.clock.now()
        ready = [moment for moment in self.due if moment <= now]
        self.due = [moment for moment in self.due if moment > now]
        self.fired += [now - moment for moment in ready]
        return len(ready)

    def next_due(self) -> datetime | None:
        return min(self.due, default=None)


async def run(waker: Waker, plan: Plan, count: int, within: float = 30.0) -> None:
    task = asyncio.create_task(waker.run())
    try:
        async with asyncio.timeout(within):
            while len(plan.fired) < count:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.alone
async def test_what_is_due_fires_within_a_moment_of_it() -> None:
    clock = SystemClock()
    now = clock.now()
    plan = Plan(clock, *(now + timedelta(seconds=s) for s in (-5, 0.4, 0.8, 1.2)))
    await run(Waker(clock=clock, plan=plan.plan, next_due=plan.next_due), plan, 4)
    assert all(late < timedelta(seconds=0.3) for late in plan.fired[1:])


async def test_a_commit_that_makes_an_earlier_moment_wakes_it() -> None:
    clock = SystemClock()
    plan = Plan(clock)
    waker = Waker(clock=clock, plan=plan.plan, next_due=plan.next_due)
    running = asyncio.create_task(run(waker, plan, 1))
    await asyncio.sleep(0.3)
    plan.due.append(clock.now() + timedelta(seconds=0.3))
    await asyncio.to_thread(waker.wake)
    await running
    assert plan.fired[0] < timedelta(seconds=5)  # the scan would come after 15


async def test_a_clock_that_is_set_forward_is_noticed_by_the_scan() -> None:
    clock = Clock()
    plan = Plan(clock, clock.now() + timedelta(hours=5))
    waker = Waker(clock=clock, plan=plan.plan, next_due=plan.next_due, scan_seconds=1)
    running = asyncio.create_task(run(waker, plan, 1))
    await asyncio.sleep(0.3)
    clock.forward(hours=6)
    await running
    assert plan.fired == [timedelta(hours=1)]


async def test_a_database_out_of_reach_is_waited_out() -> None:
    clock = SystemClock()
    plan = Plan(clock, clock.now())
    plan.trouble = 1
    await run(Waker(clock=clock, plan=plan.plan, next_due=plan.next_due), plan, 1)
    assert len(plan.fired) == 1
