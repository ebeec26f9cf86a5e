"""Wakes the planner: at the next due moment, after every commit that may have made an earlier one, and in a
slow scan that also notices a clock that was set.

APScheduler is the clock; what is due, claimed and done is rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from office.clock import Clock
from office.database import DatabaseUnavailable
from scheduler.planner import BATCH

log = structlog.get_logger(__name__)

SCAN_SECONDS = 15.0
_TROUBLE_SECONDS = 2.0
# Between full batches, for whoever else waits to write: SQLite looks again only every 0.1 s, so a planner
# that never pauses would keep the lanes out until it is done.
_BREATH = 0.12
_JOB, _SCAN = "next-moment", "scan"


class Waker:
    """Calls `plan` until nothing is due, and knows when to call it again."""

    def __init__(
        self,
        *,
        clock: Clock,
        plan: Callable[[], int],
        next_due: Callable[[], datetime | None],
        scan_seconds: float = SCAN_SECONDS,
    ) -> None:
        """`plan` plans a batch of what is due and says how many that were; `next_due`: when something is."""
        self._clock = clock
        self._plan = plan
        self._next_due = next_due
        self._scan = scan_seconds
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Something may be due earlier than was known; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Plan until cancelled."""
        self._loop = asyncio.get_running_loop()
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True}
        )
        scheduler.add_listener(lambda event: self._wake.set(), EVENT_JOB_MISSED)
        scheduler.add_job(self._wake.set, IntervalTrigger(seconds=int(self._scan) or 1), id=_SCAN)
        scheduler.start()
        try:
            while True:
                self._wake.clear()
                await self._once(scheduler)
                await self._wake.wait()
        finally:
            scheduler.shutdown(wait=False)

    async def _once(self, scheduler: AsyncIOScheduler) -> None:
        try:
            while planned := await asyncio.to_thread(self._plan):
                if planned >= BATCH:
                    await asyncio.sleep(_BREATH)
            due = await asyncio.to_thread(self._next_due)
        except DatabaseUnavailable as exc:
            log.warning("planner.database", reason=exc.message)
            due = self._clock.now() + timedelta(seconds=_TROUBLE_SECONDS)
        except Exception:
            log.exception("planner.failed")  # a fault in planning must not end it
            due = self._clock.now() + timedelta(seconds=_TROUBLE_SECONDS)
        if due is not None and due <= self._clock.now() + timedelta(seconds=2 * self._scan):
            scheduler.add_job(self._wake.set, DateTrigger(due), id=_JOB, replace_existing=True)
