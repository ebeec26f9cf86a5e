"""Whether the task at work has been told to stop."""

from __future__ import annotations

import asyncio


def told_to_stop() -> bool:
    """True once somebody has cancelled the running task, also where a fault on the way out hid that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
