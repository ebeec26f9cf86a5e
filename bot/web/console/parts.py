"""What the console's pages are given: the database, the clock, and the parts of the running office."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from bot.shelf import Reading
from bot.web.guard import Addresses, Origins, RateLimit
from handlers.improving.desk import Improver
from handlers.library import Library
from office.clock import Clock
from office.settings import Settings
from scheduler.notices.desk import Notices
from scheduler.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`readers` are read-only and wait for nobody; `changed` is called when something may be due earlier.

    `reading`: the last reading of the knowledge's files. `health`: as /healthz answers. `closing` is set when
    the program stops.
    """

    settings: Settings
    sessions: sessionmaker[Session]
    readers: sessionmaker[Session]
    clock: Clock
    hash_key: bytes = field(repr=False)
    work: Work
    notices: Notices
    library: Callable[[], Library]
    improver: Improver
    reading: Callable[[], Reading]
    health: Callable[[], tuple[bool, dict[str, Any]]]
    changed: Callable[[], None] = lambda: None
    closing: Event = field(default_factory=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """Who may come in from where: shared with the other pages, but for the limit of log-in attempts."""

    origins: Origins
    addresses: Addresses
    secure: bool
    attempts: RateLimit = field(default_factory=lambda: RateLimit(10))
