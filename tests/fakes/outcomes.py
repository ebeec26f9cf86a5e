"""How a call to a fake platform ends that a test has planned."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.http_server import Broken, HttpResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a planned call ends. `refusal`: the platform's own kind of error. `until`: it waits for that."""

    refusal: Any = None
    raw: HttpResponse | None = None  # instead of applying it
    garbled: bool = False  # applied, but the answer can't be read
    drop_before: bool = False
    drop_after: bool = False
    delay: float = 0.0
    until: threading.Event | None = None


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


def held(until: threading.Event) -> Outcome:
    """It takes as long as the test wants."""
    return Outcome(until=until)


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
    while outcome.until is not None and not outcome.until.is_set():
        await asyncio.sleep(0.005)
    if outcome.refusal is not None:
        response = refused(outcome.refusal)
    elif outcome.raw is not None:
        response = outcome.raw
    else:
        response = await apply()
    if outcome.drop_after:
        raise Broken
    return HttpResponse(200, cut_off) if outcome.garbled else response
