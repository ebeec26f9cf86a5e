"""The progress of long work, told as server-sent events until it is done, the page is left or we stop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from threading import Event

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

LOOK_SECONDS = 1.0
LONGEST_SECONDS = 3600.0  # the browser comes again by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far something is. `text` is shown beside the bar; `done`: there is nothing more to wait for."""

    value: int
    most: int
    text: str
    done: bool = False


def follow(look: Callable[[], Awaitable[Step | None]], *, closing: Event) -> Response:
    """Tell of each change. `look` is asked once a second; None ends it."""
    return EventSourceResponse(_steps(look, closing), ping=20, cleanup_timeout=2.0)


async def _steps(
    look: Callable[[], Awaitable[Step | None]], closing: Event
) -> AsyncIterator[ServerSentEvent]:
    last: Step | None = None
    for _ in range(int(LONGEST_SECONDS / LOOK_SECONDS)):
        if closing.is_set():
            return
        step = await look()
        if step is None:
            return
        if step != last:
            yield ServerSentEvent(event="done" if step.done else "step", data=_told(step))
        if step.done:
            return
        last = step
        await anyio.sleep(LOOK_SECONDS)


def _told(step: Step) -> str:
    return json.dumps({"value": step.value, "most": step.most, "text": step.text}, ensure_ascii=False)
