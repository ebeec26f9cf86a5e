"""Whether the running program is well: its knowledge, its database, its deliveries and its channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.base import Channel
from bot.shelf import Shelf
from office import deliveries
from office.clock import Clock
from office.database import DatabaseUnavailable


class Health:
    """Looks at the parts whenever it is asked. `channels` may still be growing when it is built."""

    def __init__(
        self, *, shelf: Shelf, readers: sessionmaker[Session], clock: Clock, channels: Sequence[Channel]
    ) -> None:
        self._shelf = shelf
        self._readers = readers
        self._clock = clock
        self._channels = channels

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Whether all is well, and how each part is doing (/healthz)."""
        library, reading = self._shelf.current(), self._shelf.reading
        errors = [str(p) for p in reading.problems if p.error]
        database = self._database_problem()
        up = {c.name: c.state.up for c in self._channels}
        report = {
            "knowledge": {
                "version": library.version,
                "entries": len(library.knowledge.entries),
                "up_to_date": reading.accepted,
                "errors": errors[:20],
            },
            "database": {"ok": not database, "problem": database},
            "deliveries": {} if database else self._backlog(),
            "channels": {
                c.name: {
                    "up": c.state.up,
                    "detail": c.state.detail,
                    "since": c.state.since.isoformat() if c.state.since else None,
                    **c.state.facts,
                }
                for c in self._channels
            },
        }
        return not database and all(up.values()), report

    def _backlog(self) -> dict[str, int]:
        with self._readers() as session:
            return deliveries.backlog(session, self._clock.now())

    def _database_problem(self) -> str:
        try:
            with self._readers() as session:
                session.execute(text("SELECT 1"))
        except DatabaseUnavailable as exc:
            return exc.message
        except SQLAlchemyError as exc:
            return type(exc).__name__
        return ""
