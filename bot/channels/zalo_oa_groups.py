"""The groups of an Official Account (GMF): no event tells of them, so they are looked up now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.zalo_calls import CallEnded, Refused
from bot.channels.zalo_oa_api import OaGroup
from office.channel_names import ZALO_OA
from office.clock import Clock
from office.database import DatabaseUnavailable
from office.groups import Group, GroupState
from office.messages import Event, Incoming
from scheduler import trouble

_FIRST_PAUSE = 60.0  # seconds, after something went wrong

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A group that has come or gone."""

    group: str
    title: str
    event: Event

    def incoming(self, *, account: str, at: datetime) -> Incoming:
        """What handlers are told of it."""
        return Incoming(
            channel=ZALO_OA,
            account=account,
            key=f"group:{self.group}:{self.event}:{at.timestamp():.3f}"[:200],
            chat=self.group,
            sender=self.group,  # nobody is told to have done it
            at=at,
            group=True,
            event=self.event,
            title=self.title,
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What we have of a group. `left`: it was taken for gone because it wasn't listed."""

    state: GroupState
    left: bool = False


def changes(
    known: Mapping[str, Known], listed: Sequence[OaGroup], *, missing: frozenset[str]
) -> tuple[Change, ...]:
    """What has changed since: groups that aren't known or are back, and those that aren't listed any more.

    `missing`: those that weren't listed the last time; one look without a group isn't believed. A group that
    was cut off for another reason (its time is over) while it is listed stays so.
    """
    found: list[Change] = []
    for group in listed:
        row = known.get(group.group_id)
        back = row is not None and row.state is GroupState.DISABLED
        if row is None or (back and (row.left or group.group_id in missing)):
            found.append(Change(group=group.group_id, title=group.name.strip(), event=Event.ADDED))
    here = {group.group_id for group in listed}
    for chat, row in known.items():
        if chat not in here and chat in missing and row.state is not GroupState.DISABLED:
            found.append(Change(group=chat, title="", event=Event.REMOVED))
    return tuple(found)


class GroupWatch:
    """Looks the groups up. `tell` stores what has changed, as an event."""

    def __init__(
        self,
        *,
        account: str,
        readers: sessionmaker[Session],
        clock: Clock,
        every: float,
        tell: Callable[[Change, datetime], Awaitable[None]],
    ) -> None:
        """`every`: seconds between two looks."""
        self._account = account
        self._readers = readers
        self._clock = clock
        self._every = every
        self._tell = tell
        self._missing: frozenset[str] = frozenset()
        self._said = 0  # the refusal that was logged

    async def run(self, look_up: Callable[[], Awaitable[Sequence[OaGroup]]]) -> None:
        """Look now and then, until cancelled; whatever goes wrong bothers nobody."""
        pause = _FIRST_PAUSE
        while True:
            if await self.look(look_up):
                pause = _FIRST_PAUSE
                await asyncio.sleep(self._every)
            else:
                await asyncio.sleep(min(pause, self._every))
                pause *= 2

    async def look(self, look_up: Callable[[], Awaitable[Sequence[OaGroup]]]) -> bool:
        """Look once, and tell what has changed; False when that couldn't be done."""
        try:
            listed = await look_up()
            known = await asyncio.to_thread(self._known)
            for change in changes(known, listed, missing=self._missing):
                await self._tell(change, self._clock.now())
        except Refused as refused:
            # An account without groups: its plan has none, or it isn't verified.
            if refused.code != self._said:
                self._said = refused.code
                _log.info("OA này không dùng được nhóm: %s", refused.reason)
            return False
        except CallEnded as ended:
            _log.debug("Chưa xem được các nhóm của OA: %s", ended.reason)
            return False
        except DatabaseUnavailable as exc:
            _log.warning("Chưa xem được các nhóm của OA: %s", exc.message)
            return False
        self._missing = frozenset(known) - {group.group_id for group in listed}
        return True

    def _known(self) -> dict[str, Known]:
        here = select(Group).where(Group.channel == ZALO_OA, Group.account == self._account)
        with self._readers() as session:
            rows = session.scalars(here).all()
            return {r.chat: Known(r.state, left=r.reason == trouble.removed()) for r in rows}
