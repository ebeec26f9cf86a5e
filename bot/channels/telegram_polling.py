"""Long polling that confirms an update only once it has been handled."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from telegram.error import BadRequest, Conflict, TelegramError

from bot.channels.finishing import finish
from bot.channels.telegram_updates import Arrival, Unreadable
from bot.channels.telegram_wire import Flood, Lost, NotSent, Pace, Unauthorized

GIVE_UP_AFTER = 8  # failures of one update

_log = logging.getLogger(__name__)
_CONFIRM_WITHIN = 3.0  # seconds, when stopping


class Backoff:
    """Waits that double from `first` to `longest`, each shortened by chance so that not all come at once."""

    def __init__(self, *, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._count = 0

    def next(self) -> float:
        delay = min(self._longest, self._first * float(2 ** min(self._count, 16)))
        self._count += 1
        return delay * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)

    def reset(self) -> None:
        self._count = 0


@dataclass(slots=True)
class _Failure:
    count: int
    successes: int  # of others, when it first failed


@dataclass(slots=True)
class Ledger:
    """Which updates are done, in hand or waiting, and so from which on to ask.

    Telegram forgets everything below the offset; it never moves past an update that isn't done.
    """

    pace: Pace
    _next: int = 0
    _in_hand: set[int] = field(default_factory=set)
    _waiting: set[int] = field(default_factory=set)
    _done: set[int] = field(default_factory=set)
    _failures: dict[int, _Failure] = field(default_factory=dict)
    _held: dict[int, float] = field(default_factory=dict)  # chat → when to try its failed update again
    _successes: int = 0
    _asked_from: int = 0  # the offset of the poll that is under way

    @property
    def offset(self) -> int:
        return min(self._in_hand | self._waiting, default=self._next)

    def ask(self) -> int:
        """The offset to poll with now."""
        self._asked_from = self.offset
        return self._asked_from

    @property
    def idle(self) -> bool:
        return not (self._in_hand or self._waiting)

    def receive(self, ids: Iterable[int]) -> None:
        """Take note of a batch. What waited and isn't in it has been forgotten by Telegram."""
        batch = set(ids)
        # A batch may hold what was finished while it was on its way. What is below the offset it was asked
        # with had been confirmed before: if that comes again, it is the desk's to know.
        self._done = {done for done in self._done if done >= self._asked_from}
        if batch:
            self._next = max(self._next, max(batch) + 1)
        self._waiting = batch - self._in_hand - self._done
        self._failures = {u: f for u, f in self._failures.items() if u in self._waiting or u in self._in_hand}

    def waits(self, update_id: int) -> bool:
        """Neither done nor in hand."""
        return update_id in self._waiting

    def take(self, update_id: int, chat: int, *, now: float) -> bool:
        """Whether to handle this update now; if so it counts as in hand."""
        if now < self._held.get(chat, now):
            return False
        self._held.pop(chat, None)
        self._waiting.discard(update_id)
        self._in_hand.add(update_id)
        return True

    def finish(self, update_id: int) -> None:
        """It has been handled."""
        self._drop(update_id)
        self._successes += 1

    def skip(self, update_id: int) -> None:
        """There is nothing to be handled in it."""
        self._drop(update_id)

    def put_back(self, update_id: int) -> None:
        """It wasn't begun."""
        self._in_hand.discard(update_id)
        self._waiting.add(update_id)

    def fail(self, update_id: int, chat: int, *, now: float) -> bool:
        """Try it again later, after longer and longer waits; its chat waits with it. False: it is given up.

        Given up is only what failed again and again while others went well: one update must not hold up all
        chats, and an outage must not cost any.
        """
        failure = self._failures.setdefault(update_id, _Failure(0, self._successes))
        failure.count += 1
        if failure.count >= GIVE_UP_AFTER and self._successes > failure.successes:
            self._drop(update_id)
            return False
        self._held[chat] = now + min(self.pace.longest, self.pace.first * 2 ** (failure.count - 1))
        self.put_back(update_id)
        return True

    def _drop(self, update_id: int) -> None:
        self._in_hand.discard(update_id)
        self._waiting.discard(update_id)
        self._failures.pop(update_id, None)
        self._done.add(update_id)


class Fetch(Protocol):
    """getUpdates."""

    async def __call__(self, *, offset: int, wait: int, limit: int) -> list[Any]: ...


@dataclass(slots=True, kw_only=True)
class Poller:
    """Fetches updates, has chats served side by side and each chat in order, and confirms what is done."""

    fetch: Fetch
    read: Callable[[dict[str, Any]], Arrival]
    serve: Callable[[Arrival], Awaitable[bool]]  # False: not done, to be tried again; raises nothing
    report: Callable[[str], None]  # why polling fails, "" when it goes well
    renew: Callable[[], Awaitable[None]]  # fresh connections
    pace: Pace
    ledger: Ledger = field(init=False)
    _backoff: Backoff = field(init=False)
    _lanes: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _queues: dict[int, deque[Arrival]] = field(default_factory=dict)
    _failed: int = 0

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.pace)
        self._backoff = Backoff(first=self.pace.first, longest=self.pace.longest)

    async def run(self) -> None:
        """Poll until cancelled. Raises Unauthorized."""
        while True:
            batch = await self._poll()
            if batch is not None:
                self._dispatch(batch)
            await self._breathe()

    async def close(self) -> None:
        """Finish what is in hand as far as time allows, and confirm what is done."""
        await finish(self._lanes.values(), self.pace.grace)
        if self.ledger.offset:
            with suppress(TelegramError, TimeoutError):
                async with asyncio.timeout(_CONFIRM_WITHIN):
                    await self.fetch(offset=self.ledger.offset, wait=0, limit=1)

    async def _poll(self) -> list[Any] | None:
        """One batch, or None after a failure and the wait that it asks for."""
        # After a failure a short one, to know at once that it goes well again.
        wait = self.pace.poll if self.ledger.idle and not self._failed else 0
        try:
            batch = await self.fetch(offset=self.ledger.ask(), wait=wait, limit=100)
            if batch and not any(map(_numbered, batch)):
                raise TelegramError("no update has a number")
        except Unauthorized:
            raise
        except Flood as flood:
            self.report("Telegram yêu cầu chờ vì gọi quá nhiều")
            await asyncio.sleep(flood.retry_after)
        except TelegramError as error:
            await self._mind(error)
        else:
            self._backoff.reset()
            self._failed = 0
            self.report("")
            return batch
        return None

    async def _mind(self, error: TelegramError) -> None:
        reason = _reason(error)
        self.report(reason)
        self._failed += 1
        if self._failed == 1:
            _log.warning("%s; sẽ thử lại", reason)
        if self._failed % 5 == 0:
            await self.renew()  # connections that hang in the pool would make every further try fail
        await asyncio.sleep(self._backoff.next())

    def _dispatch(self, batch: list[Any]) -> None:
        updates = {raw["update_id"]: raw for raw in batch if _numbered(raw)}
        if len(updates) < len(batch):
            _log.warning("Telegram gửi %d cập nhật trùng hoặc không có update_id", len(batch) - len(updates))
        self.ledger.receive(updates)
        now = asyncio.get_running_loop().time()
        for update_id in sorted(updates):
            self._admit(update_id, updates[update_id], now)

    def _admit(self, update_id: int, raw: dict[str, Any], now: float) -> None:
        if not self.ledger.waits(update_id):
            return
        try:
            arrival = self.read(raw)
        except Unreadable as unreadable:
            _log.error("Bỏ qua cập nhật %d không đọc được (%s)", update_id, unreadable.error)
            self.ledger.skip(update_id)
            return
        chat = arrival.address.chat
        if not self.ledger.take(update_id, chat, now=now):
            return
        self._queues.setdefault(chat, deque()).append(arrival)
        if chat not in self._lanes:
            self._lanes[chat] = asyncio.create_task(self._run_lane(chat))

    async def _run_lane(self, chat: int) -> None:
        queue = self._queues[chat]
        try:
            while queue:
                done = await self.serve(queue[0])
                arrival = queue.popleft()
                if done:
                    self.ledger.finish(arrival.update_id)
                else:
                    self._fail(arrival, queue)
        finally:
            for arrival in queue:  # when it was broken off
                self.ledger.put_back(arrival.update_id)
            del self._lanes[chat], self._queues[chat]

    def _fail(self, arrival: Arrival, queue: deque[Arrival]) -> None:
        now = asyncio.get_running_loop().time()
        if not self.ledger.fail(arrival.update_id, arrival.address.chat, now=now):
            _log.error("Bỏ cập nhật %d sau %d lần xử lý hỏng", arrival.update_id, GIVE_UP_AFTER)
            return
        while queue:  # they come again after it, so that the chat stays in order
            self.ledger.put_back(queue.popleft().update_id)

    async def _breathe(self) -> None:
        """Let what is in hand finish, but not for so long that other chats wait."""
        if self._lanes:
            await asyncio.wait(set(self._lanes.values()), timeout=self.pace.busy)
        elif not self.ledger.idle:
            await asyncio.sleep(self.pace.busy)


def _numbered(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("update_id"), int)


def _reason(error: TelegramError) -> str:
    if isinstance(error, Conflict):
        if "webhook" in error.message:
            return "Bot này đang được đặt webhook ở nơi khác nên không nhận được tin"
        return "Một tiến trình khác đang nhận tin bằng cùng token; chỉ được chạy một"
    if isinstance(error, NotSent | Lost):
        return f"Không kết nối được tới Telegram ({error.message})"
    if isinstance(error, BadRequest):
        return f"Telegram từ chối yêu cầu nhận tin: {error.message}"
    return f"Telegram trả lời không đúng dạng ({type(error).__name__})"
