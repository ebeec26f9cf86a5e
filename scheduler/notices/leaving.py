"""When a notice leaves, and why then: its time, the quiet hours, the working calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office.notices import Notice
from scheduler.notices.desk import Notices


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The moment (aware, UTC) a notice leaves if it is approved now. `why`: sentences for people, in order."""

    at: datetime
    now: bool  # at once
    why: tuple[str, ...]


def when_leaves(notices: Notices, notice: Notice, now: datetime) -> Leaving:
    """When it leaves if it may go now; hoả tốc passes the quiet hours."""
    raise NotImplementedError
