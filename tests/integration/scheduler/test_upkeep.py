"""The office's chores about channels that are down: what waits there goes where its reader can be reached."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest
from sqlalchemy.orm import Session, sessionmaker

from bot import upkeep
from bot.channels.platform import Platform
from bot.upkeep import Upkeep
from handlers.library import Library
from office.deliveries import Status
from office.messages import ChannelState
from office.settings import settings_from
from scheduler.calendar import CalendarTooFar, WorkCalendar
from scheduler.courier import Retry
from scheduler.delivery import Policy
from scheduler.lanes import Lanes
from scheduler.quiet import QuietHours
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.test_rerouting import FAST, OA, TELEGRAM, Office


@dataclass
class Line:
    """A platform as far as the chores look at it."""

    name: str
    account: str
    state: ChannelState = field(default_factory=lambda: ChannelState("", up=True))


class Stage(Office):
    """An office with its chores and lanes."""

    def __init__(
        self, sessions: sessionmaker[Session], clock: Clock, policy: Policy, quiet: QuietHours
    ) -> None:
        super().__init__(sessions, clock, policy, quiet)
        self.lines = [Line(*OA), Line(*TELEGRAM)]
        self.lanes = Lanes(sessions=sessions, readers=sessions, clock=clock, policy=policy, limits=FAST)
        self.upkeep = Upkeep(
            settings_from(None, {}),
            sessions=sessions,
            clock=clock,
            library=lambda: cast(Library, None),
            outbox=self.outbox,
            lanes=self.lanes,
            platforms=cast("list[Platform]", self.lines),
            calendar=WorkCalendar.shipped,
        )

    def run_lanes(self) -> None:
        """Until a platform is found out of reach."""

        async def some() -> None:
            running = asyncio.create_task(self.lanes.run(self.couriers.values()))
            async with asyncio.timeout(20):
                while not self.lanes.out_of_reach():
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.3)  # what came of it is written down
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        asyncio.run(some())


@pytest.fixture
def stage(sessions: sessionmaker[Session], clock: Clock, policy: Policy, quiet: QuietHours) -> Stage:
    return Stage(sessions, clock, policy, quiet)


def test_a_channel_that_says_it_is_down_gives_way_after_ten_minutes(stage: Stage) -> None:
    stage.lines[0].state.up = False
    stage.tell()
    assert stage.upkeep.pass_on() == 0
    stage.clock.forward(minutes=9)
    assert stage.upkeep.pass_on() == 0
    stage.clock.forward(minutes=1)
    assert stage.upkeep.pass_on() == 1
    assert stage.fates() == [("zalo_oa", Status.REROUTED), ("telegram", Status.QUEUED)]


def test_one_that_has_come_back_in_time_keeps_its_messages(stage: Stage) -> None:
    stage.lines[0].state.up = False
    stage.tell()
    stage.upkeep.pass_on()
    stage.clock.forward(minutes=9)
    stage.lines[0].state.up = True
    stage.upkeep.pass_on()
    stage.clock.forward(minutes=9)
    assert stage.upkeep.pass_on() == 0


def test_a_lane_that_reaches_nobody_counts_as_down_until_it_is_tried_again(stage: Stage) -> None:
    stage.couriers[OA].outcomes += [Retry(reason="không tới được", network=True)] * 50
    stage.tell()
    stage.run_lanes()
    assert stage.lanes.out_of_reach() == {OA: stage.clock.now()}
    stage.clock.forward(minutes=11)
    assert stage.upkeep.pass_on() == 1
    assert stage.upkeep.pass_on() == 0  # nothing is left there: the next message may try
    assert stage.lanes.out_of_reach() == {}
    stage.tell(number=2)
    stage.clock.forward(minutes=1)
    assert stage.upkeep.pass_on() == 0


async def test_a_fault_of_one_chore_ends_neither_it_nor_the_office(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def watch() -> int:
        nonlocal looks
        looks += 1
        raise CalendarTooFar("an office that never works")

    monkeypatch.setattr(upkeep, "_WATCH_SECONDS", 0.01)
    monkeypatch.setattr(stage.upkeep, "watch", watch)
    monkeypatch.setattr(stage.upkeep, "group_some", lambda: 0)
    running = asyncio.create_task(stage.upkeep.run())
    async with asyncio.timeout(20):
        while looks < 2 and not running.done():
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert looks >= 2


async def test_a_message_that_gets_through_ends_the_trouble(stage: Stage) -> None:
    stage.couriers[OA].outcomes.append(Retry(reason="không tới được", network=True))
    stage.tell()
    running = asyncio.create_task(stage.lanes.run(stage.couriers.values()))
    async with asyncio.timeout(30):
        while not stage.lanes.out_of_reach():
            await asyncio.sleep(0.01)
        stage.clock.forward(minutes=2)
        while stage.lanes.out_of_reach():
            stage.lanes.wake_all()
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert stage.fates() == [("zalo_oa", Status.SENT)]
