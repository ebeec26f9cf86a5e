"""One account's lane at work: claim a few, send them at the account's pace, book what became of them.

`drain` runs until nothing may go for a while. Who calls it is no matter of the lane's: here the loop of
scheduler.lanes, elsewhere a job of a queue that holds one lock an account.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy.orm import Session, sessionmaker

from office.clock import Clock
from office.database import DatabaseUnavailable
from office.messages import ChatAddress
from scheduler import wording
from scheduler.courier import Courier, Outcome, Paused, Retry, Uncertain
from scheduler.delivery import Claimed, Grip, Policy, Result
from scheduler.holding import LaneLost
from scheduler.lane_ledger import LaneLedger, Step, Trouble
from scheduler.pacer import Pacer

log = structlog.get_logger(__name__)

WINDOW = 32  # messages in the air at once, so at most so many are uncertain after a crash
_HORIZON = 0.12  # seconds ahead for which messages are claimed: a crash leaves them uncertain
_LINGER = 2.0  # seconds that are waited out in the lane
_GATHER = 0.03  # seconds to let more answers come before they are booked together
_GRACE = 6.0  # seconds for what is in the air when we are to stop
_BACKOFF = (0.2, 5.0)  # seconds between tries while the database can't be used
_NETWORK = (1.0, 30.0)  # seconds between tries while the platform can't be reached

_T = TypeVar("_T")


@dataclass(slots=True)
class _Flight:
    claimed: Claimed
    begun: bool = False


class LaneWorker:
    """Drains one account."""

    def __init__(
        self,
        courier: Courier,
        *,
        sessions: sessionmaker[Session],
        clock: Clock,
        policy: Policy,
        pacer: Pacer,
        owner: str,
        trouble: Trouble | None = None,
        window: int = WINDOW,
        booked: Callable[[str, str], None] = lambda channel, outcome: None,
    ) -> None:
        """`booked` is told (channel, class of the outcome) for the metrics."""
        self._courier = courier
        self._ledger = LaneLedger(
            courier.channel,
            courier.account,
            sessions=sessions,
            clock=clock,
            policy=policy,
            owner=owner,
            trouble=trouble or Trouble(),
        )
        self._clock = clock
        self._policy = policy
        self._pacer = pacer
        self._window = window
        self._booked = booked
        self._flights: dict[asyncio.Task[None], _Flight] = {}
        self._results: list[Result] = []  # not booked yet
        self._token = 0
        self._renewed = 0.0  # when the lane was surely ours, by the pacer's time
        self._network_pause = _NETWORK[0]
        self.trouble_since: datetime | None = None  # the platform can't be reached
        # A thread of its own: a lane must not wait for the answers to citizens, nor they for it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"lane-{courier.channel}")

    async def drain(self) -> datetime | None:
        """Send what may go now; returns when the next message may, None when none waits.

        1. Take the lane; what a former holder left in the air becomes uncertain.
        2. In one short transaction: renew the lease, book results, claim a few.
        3. Send them, none faster than the pacer allows; again from 2 while something may go soon.
        4. Let the lane go.
        Raises DatabaseUnavailable when it can't even begin. A cancellation lets the messages in the air
        finish.
        """
        begun = _time()
        taken = await self._in_thread(self._ledger.take)
        if taken is None:
            return self._clock.now() + self._policy.lease
        grip, pace = taken
        self._remember(grip, pace)
        self._renewed = begun
        try:
            return await self._work(grip)
        except LaneLost:
            log.warning("lane.lost", channel=grip.channel)
            await self._land()
            await self._patiently(partial(self._book_only, grip))
            return self._clock.now() + self._policy.lease
        finally:
            await self._land()
            if self._results:
                await self._patiently(partial(self._book_only, grip))
            with contextlib.suppress(DatabaseUnavailable):  # the lease ends by itself
                await self._in_thread(partial(self._ledger.leave, grip, self._pacer.snapshot(_time())))

    def close(self) -> None:
        """End the lane's thread."""
        self._thread.shutdown(wait=False)

    async def _work(self, grip: Grip) -> datetime | None:
        backoff = _BACKOFF[0]
        while True:
            most, blocked = self._room()
            begun = _time()
            pace = self._pacer.snapshot(begun)
            try:
                claimed, ready = await self._stepped(partial(self._step, grip, most, blocked, pace))
                backoff, self._renewed = _BACKOFF[0], begun
            except DatabaseUnavailable as exc:
                log.warning("lane.database", reason=exc.message)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _BACKOFF[1])
                continue
            for one in claimed:
                self._launch(one)
            if not self._flights:
                pause = self._pause_before(ready, blocked)
                if pause is None or pause > _LINGER:
                    return self._wanted_again(ready, pause)
                await asyncio.sleep(pause)
            else:
                await self._until_landed()

    async def _stepped(self, step: Callable[[], Step]) -> Step:
        """Do a step; when we are to stop meanwhile, what it claims goes back."""
        doing = asyncio.ensure_future(self._in_thread(step))
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            with contextlib.suppress(DatabaseUnavailable, LaneLost):
                back, (claimed, _) = Retry(reason=wording.stopped(), network=True), await doing
                self._results += [Result(claimed=c, outcome=back, at=self._clock.now()) for c in claimed]
            raise

    def _room(self) -> tuple[int, dict[str, float]]:
        """How many to claim now, and which chats to leave out with the seconds until they are free."""
        now = _time()
        blocked = self._pacer.blocked(now, within=_HORIZON)
        for flight in self._flights.values():
            blocked.setdefault(flight.claimed.parcel.to.chat, 0.0)
        room = self._pacer.room(now, within=_HORIZON)
        return min(self._window - len(self._flights), room), blocked

    def _step(self, grip: Grip, most: int, blocked: dict[str, float], pace: dict[str, Any]) -> Step:
        """One transaction. Results stay ours until it is committed."""
        results = list(self._results)
        step = self._ledger.step(grip, results, most=most, blocked=blocked.keys(), pace=pace)
        del self._results[: len(results)]
        return step

    def _book_only(self, grip: Grip) -> None:
        results = list(self._results)
        self._ledger.book(grip, results)
        del self._results[: len(results)]

    def _remember(self, grip: Grip, pace: dict[str, Any] | None) -> None:
        """Take over the pace of a former holder, unless that was us."""
        if grip.token != self._token + 1 and pace:
            elapsed = self._clock.now().timestamp() - float(pace.get("at", 0.0))
            self._pacer.restore(pace, elapsed=elapsed, now=_time())
        self._token = grip.token

    # --- in the air

    def _launch(self, claimed: Claimed) -> None:
        to = claimed.parcel.to
        slot = self._pacer.reserve(to.chat, group=to.group, now=_time())
        flight = _Flight(claimed)
        task = asyncio.create_task(self._fly(flight, slot))
        self._flights[task] = flight
        task.add_done_callback(lambda done: self._flights.pop(done, None))

    async def _fly(self, flight: _Flight, slot: float) -> None:
        outcome: Outcome = Retry(reason=wording.stopped(), network=True)
        try:
            await asyncio.sleep(max(0.0, slot - _time()))
            while pause := self._pacer.crowded(_time()):  # noqa: ASYNC110 - time alone makes room
                await asyncio.sleep(pause)
            # Who was stopped for longer than the lease has lost the lane, and others have doubted this.
            if _time() - self._renewed < self._policy.lease.total_seconds():
                flight.begun = True
                outcome = await self._deliver(flight)
        finally:
            at = self._clock.now()
            self._results.append(Result(claimed=flight.claimed, outcome=outcome, at=at))
            self._booked(self._courier.channel, type(outcome).__name__.lower())

    async def _deliver(self, flight: _Flight) -> Outcome:
        parcel = flight.claimed.parcel
        outcome: Outcome = Uncertain(reason=wording.broken_off())
        self._pacer.started()
        begun = _time()
        try:
            outcome = await self._courier.deliver(parcel)
        except asyncio.CancelledError:
            return outcome  # it is on its way, and we are to stop
        except Exception as exc:
            log.error("lane.courier", delivery=parcel.id, error=type(exc).__name__)  # noqa: TRY400 - its text may quote the message
        finally:
            now = _time()
            self._pacer.landed(parcel.to.chat, now=now, took=now - begun)
        self._mind(parcel.to, outcome)
        return outcome

    def _mind(self, to: ChatAddress, outcome: Outcome) -> None:
        """What an outcome means for the next messages."""
        now = _time()
        match outcome:
            case Paused(seconds=seconds, account=account):
                self._pacer.pause(seconds, chat=None if account else to.chat, now=now)
            case Retry(network=True):
                self.trouble_since = self.trouble_since or self._clock.now()
                if self._pacer.account_wait(now) < _HORIZON:
                    self._pacer.unreached(self._network_pause, now=now)
                    self._network_pause = min(self._network_pause * 2, _NETWORK[1])
            case Retry():
                self._pacer.pause(self._policy.first_retry.total_seconds(), chat=to.chat, now=now)
            case Uncertain():
                self._network_pause = _NETWORK[0]
            case _:
                self._network_pause = _NETWORK[0]
                self.trouble_since = None
                self._pacer.reached()

    async def _until_landed(self) -> None:
        """Until some have landed, or it is time for a sign of life."""
        patience = self._policy.lease.total_seconds() / 4
        await asyncio.wait(list(self._flights), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if self._flights:
            await asyncio.sleep(_GATHER)

    async def _land(self) -> None:
        """Let what is in the air finish; what still waits for its turn goes back."""
        if not self._flights:
            return
        for task, flight in list(self._flights.items()):
            if not flight.begun:
                task.cancel()
        flying = list(self._flights)
        _, late = await asyncio.wait(flying, timeout=_GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)

    # --- waiting

    def _pause_before(self, ready: datetime | None, blocked: dict[str, float]) -> float | None:
        """Seconds until something may go; None when nothing waits."""
        if ready is None:
            return None
        pause = (ready - self._clock.now()).total_seconds()
        if pause > 0.0:
            return pause
        account = self._pacer.account_wait(_time())
        return max(0.01, account, min(blocked.values(), default=0.0) if account == 0.0 else account)

    def _wanted_again(self, ready: datetime | None, pause: float | None) -> datetime | None:
        if ready is None or pause is None:
            return None
        return max(ready, self._clock.now() + timedelta(seconds=pause))

    async def _in_thread(self, function: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def _patiently(self, function: Callable[[], object]) -> None:
        """Try until the database takes it: what is known of a message must not be lost."""
        backoff = _BACKOFF[0]
        while True:
            try:
                await asyncio.shield(self._in_thread(function))
            except DatabaseUnavailable as exc:
                log.warning("lane.database", reason=exc.message)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _BACKOFF[1])
            else:
                return


def _time() -> float:
    """The pacer's time, which is also the loop's; good in any thread."""
    return time.monotonic()
