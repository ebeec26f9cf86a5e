"""The lanes of one process: each account's is woken after a commit, at its next moment, or by a slow scan.

On one machine this is the whole engine; many machines have a queue call `LaneWorker.drain` instead.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.orm import Session, sessionmaker

from office.clock import Clock
from office.database import DatabaseUnavailable
from office.deliveries import Status
from office.stopping import told_to_stop
from scheduler.courier import Courier
from scheduler.delivery import Policy
from scheduler.holding import save_pace, this_process
from scheduler.lane import LaneWorker
from scheduler.lane_ledger import Trouble
from scheduler.pacer import Limits, Pacer
from scheduler.waiting import any_in, next_ready

log = structlog.get_logger(__name__)

SCAN_SECONDS = 20.0  # the safety net: with the lease of 30 s, a dead worker's messages are found within 60 s
_PACE_SECONDS = 1.0  # how much of the answers' pace a crash may forget
_TROUBLE_SECONDS = 2.0


class SharedPace:
    """The pace of one account, shared by its answers and its lane."""

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self.changed = asyncio.Event()

    async def enter(self, chat: str, *, group: bool) -> None:
        """Wait until an answer may go to this chat, and count it."""
        now = _time()
        slot = self.pacer.reserve(chat, group=group, now=now)
        self.changed.set()
        await asyncio.sleep(max(0.0, slot - now))
        while pause := self.pacer.crowded(_time()):  # noqa: ASYNC110 - time alone makes room
            await asyncio.sleep(pause)
        self.pacer.started()
        self.pacer.landed(chat, now=_time())

    def flooded(self, chat: str, seconds: float, *, account: bool = False) -> None:
        """The platform said: too fast."""
        self.pacer.pause(seconds, chat=None if account else chat, now=_time())
        self.changed.set()


class Lanes:
    """Runs a lane for each account."""

    def __init__(
        self,
        *,
        sessions: sessionmaker[Session],
        readers: sessionmaker[Session],
        clock: Clock,
        policy: Policy,
        limits: Limits,
        limits_of: Mapping[str, Limits] | None = None,
        trouble: Trouble | None = None,
        booked: Callable[[str, str], None] = lambda channel, outcome: None,
        scan_seconds: float = SCAN_SECONDS,
    ) -> None:
        """`limits`: the pace of an account; `limits_of`: channel → its own, where it has one."""
        self._sessions = sessions
        self._readers = readers
        self._clock = clock
        self._policy = policy
        self._limits = limits
        self._limits_of = limits_of or {}
        self._trouble = trouble
        self._booked = booked
        self._scan = scan_seconds
        self._owner = this_process()
        self._wakes: dict[tuple[str, str], asyncio.Event] = {}
        self._paces: dict[tuple[str, str], SharedPace] = {}
        self._workers: dict[tuple[str, str], LaneWorker] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def pace(self, channel: str, account: str) -> SharedPace:
        """The pace of an account: one object, whoever asks."""
        return self._paces.setdefault(
            (channel, account), SharedPace(Pacer(self._limits_of.get(channel, self._limits)))
        )

    def wake(self, channel: str, account: str) -> None:
        """Something was committed for this account; from any thread."""
        event = self._wakes.get((channel, account))
        if event is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)

    def wake_all(self) -> None:
        """Something was let go that may concern every account; from any thread."""
        for channel, account in list(self._wakes):
            self.wake(channel, account)

    def out_of_reach(self) -> dict[tuple[str, str], datetime]:
        """The accounts whose platform can't be reached, each since when."""
        troubled = {key: worker.trouble_since for key, worker in list(self._workers.items())}
        return {key: since for key, since in troubled.items() if since is not None}

    def forget_trouble(self, *, before: datetime) -> None:
        """What was found out of reach before a moment may be in reach by now: the next message will tell."""
        for worker in list(self._workers.values()):
            if worker.trouble_since is not None and worker.trouble_since < before:
                worker.trouble_since = None

    async def run(self, couriers: Iterable[Courier]) -> None:
        """Carry until cancelled; then what is in the air is finished and booked."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            for courier in couriers:
                group.create_task(self._keep(courier), name=f"lane {courier.channel}")
                group.create_task(self._save_pace(courier.channel, courier.account))

    async def _keep(self, courier: Courier) -> None:
        key = (courier.channel, courier.account)
        wake = self._wakes.setdefault(key, asyncio.Event())
        worker = LaneWorker(
            courier,
            sessions=self._sessions,
            clock=self._clock,
            policy=self._policy,
            pacer=self.pace(*key).pacer,
            owner=self._owner,
            trouble=self._trouble,
            booked=self._booked,
        )
        self._workers[key] = worker
        try:
            while True:
                wake.clear()
                pause = await self._carry(worker, key)
                if told_to_stop():
                    return
                # Not wait_for: on Python 3.11 it drops a cancellation that comes together with the wake.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await wake.wait()
        finally:
            worker.close()

    async def _carry(self, worker: LaneWorker, key: tuple[str, str]) -> float:
        """Drain if there is anything to do; seconds until it is worth looking again."""
        try:
            due = await asyncio.to_thread(self._due, key)
            if due is not None and due <= self._clock.now():
                due = await worker.drain()
        except DatabaseUnavailable as exc:
            log.warning("lane.database", reason=exc.message)
            return _TROUBLE_SECONDS
        except Exception:
            log.exception("lane.failed", channel=key[0])  # one fault must not end all sending
            return _TROUBLE_SECONDS
        if due is None:
            return self._scan
        return min(self._scan, max(0.0, (due - self._clock.now()).total_seconds()))

    def _due(self, key: tuple[str, str]) -> datetime | None:
        """When there is something to do; at once where something is left in the air by whoever died."""
        with self._readers() as session:
            if any_in(session, *key, status=Status.SENDING):
                return self._clock.now()
            return next_ready(session, *key)

    async def _save_pace(self, channel: str, account: str) -> None:
        """Store what answers have used up, so that a restart doesn't burst."""
        pace = self.pace(channel, account)
        while True:
            await pace.changed.wait()
            await asyncio.sleep(_PACE_SECONDS)
            pace.changed.clear()
            kept = pace.pacer.snapshot(_time())
            try:
                await asyncio.to_thread(partial(self._store, channel, account, kept))
            except DatabaseUnavailable as exc:
                log.warning("lane.database", reason=exc.message)

    def _store(self, channel: str, account: str, pace: Mapping[str, object]) -> None:
        with self._sessions.begin() as session:
            save_pace(session, channel, account, owner=self._owner, now=self._clock.now(), pace=pace)


def _time() -> float:
    return asyncio.get_running_loop().time()
