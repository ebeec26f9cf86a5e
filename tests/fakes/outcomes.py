"""What the fake platforms share: how a planned call ends, waiting for something to hold, taking time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.fakes.http_server import Broken, HttpResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a planned call ends. `refusal`: the platform's own kind of error."""

    refusal: Any = None
    raw: HttpResponse | None = None  # instead of applying it
    garbled: bool = False  # applied, but the answer can't be read
    drop_before: bool = False
    drop_after: bool = False
    delay: float = 0.0


def passes() -> Outcome:
    return Outcome()


def bad_gateway(status: int = 502) -> Outcome:
    page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n"
    return Outcome(raw=HttpResponse(status, page, "text/html"))


def garbled() -> Outcome:
    return Outcome(garbled=True)


def drop_before() -> Outcome:
    return Outcome(drop_before=True)


def drop_after() -> Outcome:
    return Outcome(drop_after=True)


def slow(seconds: float) -> Outcome:
    return Outcome(delay=seconds)


async def end(
    outcome: Outcome,
    apply: Callable[[], Awaitable[HttpResponse]],
    *,
    refused: Callable[[Any], HttpResponse],
    cut_off: bytes,
) -> HttpResponse:
    """Let a call end as it was planned. `cut_off`: the body of an answer that can't be read."""
    if outcome.drop_before:
        raise Broken
    await asyncio.sleep(outcome.delay)
    if outcome.refusal is not None:
        response = refused(outcome.refusal)
    elif outcome.raw is not None:
        response = outcome.raw
    else:
        response = await apply()
    if outcome.drop_after:
        raise Broken
    return HttpResponse(200, cut_off) if outcome.garbled else response


class Watched:
    """A server whose test waits for what happens in it, and whose calls take their time.

    `latency_ms`: how long a call takes; half of it goes by before it has its effect.
    """

    _changed: threading.Condition
    latency_ms: float
    requests_in_flight: int
    most_in_flight: int

    def _in_words(self) -> Iterable[str]:
        """What was sent, for the message of a wait that failed."""
        return ()

    def wait_for(self, predicate: Callable[[], object], timeout: float = 20.0) -> None:
        """Wait until something holds; AssertionError when it doesn't come to."""
        with self._changed:
            held = self._changed.wait_for(predicate, timeout)
        assert held, f"not within {timeout} s; sent: {list(self._in_words())}"

    async def until(self, predicate: Callable[[], object], within: float = 20.0) -> None:
        """`wait_for`, for tests that run in a loop."""
        await asyncio.to_thread(self.wait_for, predicate, within)

    async def _in_time(self, ending: Callable[[], Awaitable[HttpResponse]]) -> HttpResponse:
        self.requests_in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.requests_in_flight)
        try:
            await asyncio.sleep(self.latency_ms / 2000)
            response = await ending()
            await asyncio.sleep(self.latency_ms / 2000)
            return response
        finally:
            self.requests_in_flight -= 1
