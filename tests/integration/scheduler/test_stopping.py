"""Lanes end when they are to stop, whatever happens in that very moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from office.messages import ChatAddress
from scheduler.courier import Failed
from scheduler.delivery import Policy
from scheduler.lane_ledger import Trouble
from scheduler.lanes import Lanes
from scheduler.outbox import Outbox
from tests.fakes.courier import FakeCourier
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.test_lane import FAST, queue


async def _ends(running: asyncio.Task[None]) -> bool:
    """Whether it ends within seconds of being told to."""
    running.cancel()
    ended, _ = await asyncio.wait([running], timeout=20)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return bool(ended)


@pytest.mark.parametrize("turns", range(6))
async def test_a_wake_in_the_same_moment_does_not_hide_the_stop(
    sessions: sessionmaker[Session], clock: Clock, policy: Policy, courier: FakeCourier, turns: int
) -> None:
    lanes = Lanes(sessions=sessions, readers=sessions, clock=clock, policy=policy, limits=FAST)
    running = asyncio.create_task(lanes.run([courier]))
    await asyncio.sleep(0.3)
    lanes.wake_all()
    for _ in range(turns):  # of the loop, between the wake and the stop
        await asyncio.sleep(0)
    assert await _ends(running)


class _Faulty(Trouble):
    def unreachable(self, session: Session, to: ChatAddress, reason: str, now: datetime) -> None:
        raise RuntimeError

    def failed(self, session: Session, failed: Mapping[int, str], now: datetime) -> None:
        raise RuntimeError


async def test_a_fault_on_the_way_out_does_not_hide_the_stop(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, policy: Policy, courier: FakeCourier
) -> None:
    courier.seconds = 0.3
    courier.outcomes.append(Failed(reason="Người nhận đã chặn.", unreachable=True))
    queue(sessions, outbox, clock, 1)
    lanes = Lanes(
        sessions=sessions, readers=sessions, clock=clock, policy=policy, limits=FAST, trouble=_Faulty()
    )
    running = asyncio.create_task(lanes.run([courier]))
    async with asyncio.timeout(20):
        while not courier.in_air:
            await asyncio.sleep(0.005)
    assert await _ends(running)


@pytest.fixture
def courier() -> FakeCourier:
    return FakeCourier()
