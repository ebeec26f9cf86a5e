"""The short transactions of a lane: take it, renew it, book results and claim a few, let it go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from office.clock import Clock
from office.messages import ChatAddress
from scheduler.claiming import claim
from scheduler.courier import Moved
from scheduler.delivery import Claimed, Grip, Policy, Result, book
from scheduler.holding import is_dead, keep_lane, lane_owner, leave_lane, take_lane
from scheduler.waiting import next_ready

Step = tuple[list[Claimed], datetime | None]  # what was claimed; else when the next may go


class Trouble:
    """What is done about chats that moved or can't be reached; within the lane's transaction."""

    def moved(self, session: Session, old: ChatAddress, chat: str, now: datetime) -> None:
        """The chat has a new id."""

    def failed(self, session: Session, failed: Mapping[int, str], now: datetime) -> None:
        """Private messages will never be sent in their chats (scheduler.delivery.Booked.failed)."""

    def unreachable(self, session: Session, to: ChatAddress, reason: str, now: datetime) -> None:
        """Nothing gets through to this chat any more."""


class LaneLedger:
    """What one account's lane writes. Each method is one transaction; raises DatabaseUnavailable."""

    def __init__(
        self,
        channel: str,
        account: str,
        *,
        sessions: sessionmaker[Session],
        clock: Clock,
        policy: Policy,
        owner: str,
        trouble: Trouble,
    ) -> None:
        self._channel = channel
        self._account = account
        self._sessions = sessions
        self._clock = clock
        self._policy = policy
        self._owner = owner
        self._trouble = trouble

    def take(self) -> tuple[Grip, dict[str, Any] | None] | None:
        """Take the lane, with the pace that was stored last; None while another holds it."""
        now = self._clock.now()
        with self._sessions.begin() as session:
            dead = is_dead(lane_owner(session, self._channel, self._account))
            taken = take_lane(
                session,
                self._channel,
                self._account,
                owner=self._owner,
                now=now,
                policy=self._policy,
                dead=dead,
            )
        return (taken[0], taken[1].pace) if taken else None

    def step(
        self,
        grip: Grip,
        results: list[Result],
        *,
        most: int,
        blocked: Collection[str],
        pace: dict[str, Any],
    ) -> Step:
        """Renew the lease, store the pace, book the results, claim up to `most`; none in `blocked` chats.

        Raises LaneLost when another holds the lane.
        """
        now = self._clock.now()
        with self._sessions.begin() as session:
            keep_lane(session, grip, now=now, policy=self._policy, pace=pace)
            self._settle(session, grip, results)
            claimed: list[Claimed] = []
            if most > 0:
                claimed = claim(session, grip, now=now, policy=self._policy, most=most, blocked=blocked)
            ready = None if claimed else next_ready(session, grip.channel, grip.account)
        return claimed, ready

    def book(self, grip: Grip, results: list[Result]) -> None:
        """Book results, also of a lane that was lost."""
        with self._sessions.begin() as session:
            self._settle(session, grip, results)

    def leave(self, grip: Grip, pace: dict[str, Any]) -> None:
        """Let the lane go."""
        with self._sessions.begin() as session:
            leave_lane(session, grip, now=self._clock.now(), pace=pace)

    def _settle(self, session: Session, grip: Grip, results: list[Result]) -> None:
        booked = book(session, grip, results, policy=self._policy)
        for result in results:
            if isinstance(result.outcome, Moved):
                self._trouble.moved(session, result.claimed.parcel.to, result.outcome.chat, result.at)
        if booked.failed:
            self._trouble.failed(session, booked.failed, self._clock.now())
        for result in booked.unreachable:
            reason = getattr(result.outcome, "reason", "")
            self._trouble.unreachable(session, result.claimed.parcel.to, reason, result.at)
