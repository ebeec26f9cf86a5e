"""What a running office does now and then by itself: forget, group questions, mind its channels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.platform import Platform
from handlers.improving.grouping import Grouper
from handlers.library import Library
from office import console_access, conversations, deliveries, file_links, inbox, questions
from office.clock import Clock
from office.database import DatabaseUnavailable
from office.settings import Settings
from scheduler import channel_watch, rerouting
from scheduler.calendar import WorkCalendar
from scheduler.lanes import Lanes
from scheduler.outbox import Outbox

log = structlog.get_logger(__name__)

_TIDY_SECONDS = 3600.0
_GROUP_SECONDS = 60.0
_GROUP_PAUSE = 0.2  # between the small transactions of grouping and of passing on: others write too
_DOWN_SECONDS = 30.0
_WATCH_SECONDS = 300.0
_KEEP_UPDATES = timedelta(days=7)  # Telegram redelivers for one day


class Upkeep:
    """The chores of one office."""

    def __init__(
        self,
        settings: Settings,
        *,
        sessions: sessionmaker[Session],
        clock: Clock,
        library: Callable[[], Library],
        outbox: Outbox,
        lanes: Lanes,
        platforms: Sequence[Platform],
        calendar: Callable[[], WorkCalendar],
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._clock = clock
        self._library = library
        self._outbox = outbox
        self._lanes = lanes
        self._platforms = platforms
        self._calendar = calendar
        self._grouper = Grouper()
        self._down: dict[tuple[str, str], datetime] = {}

    async def run(self) -> None:
        """All of it, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again("tidy", self.tidy, rest=_TIDY_SECONDS, pause=_TIDY_SECONDS))
            group.create_task(self._again("groups", self.group_some, rest=_GROUP_SECONDS, pause=_GROUP_PAUSE))
            group.create_task(self._again("watch", self.watch, rest=_WATCH_SECONDS, pause=_WATCH_SECONDS))
            group.create_task(self._again("down", self.pass_on, rest=_DOWN_SECONDS, pause=_GROUP_PAUSE))

    def tidy(self) -> int:
        """Forget what was promised to be forgotten; how many rows of what was delivered."""
        now, kept = self._clock.now(), self._settings
        with self._sessions.begin() as session:
            questions.purge(session, now - timedelta(days=kept.privacy.keep_questions_days))
            conversations.purge(session, now - timedelta(minutes=kept.limits.conversation_minutes))
            inbox.purge(session, now - _KEEP_UPDATES)
            console_access.purge(session, now)
            file_links.purge(session, now)
            return deliveries.purge(session, now - timedelta(days=kept.delivery.keep_days))

    def watch(self) -> int:
        """Tell who looks after the channels what needs them; how many incidents."""
        with self._sessions.begin() as session:
            return channel_watch.look(
                session,
                outbox=self._outbox,
                settings=self._settings,
                now=self._clock.now(),
                calendar=self._calendar(),
                reports={platform.name: dict(platform.state.facts) for platform in self._platforms},
            )

    def group_some(self) -> int:
        """Give some questions that were not answered well their group; how many."""
        with self._sessions.begin() as session:
            return self._grouper.group_new(session, self._library(), now=self._clock.now())

    def pass_on(self) -> int:
        """Pass on what waits for channels that have been down too long; how many messages."""
        now, down = self._clock.now(), self._out_of_reach()
        patience = timedelta(minutes=self._settings.delivery.fallback_minutes)
        if not any(now - since >= patience for since in down.values()):
            return 0
        with self._sessions.begin() as session:
            moved = rerouting.sweep(session, down=down, patience=patience, now=now, outbox=self._outbox)
        if not moved:
            self._lanes.forget_trouble(before=now - patience)
        return moved

    def _out_of_reach(self) -> Mapping[tuple[str, str], datetime]:
        """The accounts that can't be reached, by their channels' word or their lanes', each since when."""
        now = self._clock.now()
        for platform in self._platforms:
            key = (platform.name, platform.account)
            if platform.state.up:
                self._down.pop(key, None)
            else:
                self._down.setdefault(key, now)
        return {**self._lanes.out_of_reach(), **self._down}

    async def _again(self, name: str, chore: Callable[[], int], *, rest: float, pause: float) -> None:
        """A chore again and again, soon when it has found something to do. No fault of it ends the office."""
        while True:
            found = 0
            try:
                found = await asyncio.to_thread(chore)
            except DatabaseUnavailable as exc:
                log.warning("upkeep.failed", chore=name, reason=exc.message)
            except Exception as exc:
                # Its text may quote rows.
                log.error("upkeep.failed", chore=name, reason=type(exc).__name__)  # noqa: TRY400
            await asyncio.sleep(pause if found else rest)
