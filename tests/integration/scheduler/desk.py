"""One process at the database, step by step: it queues, takes the lane, claims and books."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office.deliveries import Delivery, Source, Status
from office.messages import ChatAddress, Line, Reply
from scheduler.claiming import claim
from scheduler.courier import Outcome, Sent
from scheduler.delivery import Claimed, Grip, Policy, Result, book
from scheduler.holding import keep_lane, take_lane
from scheduler.outbox import Manner, Outbox, Recipient
from tests.integration.scheduler.conftest import Clock

ACCOUNT = ("telegram", "42")


def chat(number: int, *, group: bool = False, target: tuple[str, ...] = ()) -> Recipient:
    to = ChatAddress(channel="telegram", account="42", chat=str(number), group=group)
    return Recipient(to=to, target=target)


class Desk:
    """One process at the database."""

    def __init__(
        self, sessions: sessionmaker[Session], clock: Clock, policy: Policy, outbox: Outbox, owner: str = "a"
    ) -> None:
        self.sessions, self.clock, self.policy, self.outbox, self.owner = (
            sessions,
            clock,
            policy,
            outbox,
            owner,
        )
        self.grip: Grip | None = None

    def queue(
        self,
        *to: Recipient,
        text: str = "Nhắc việc",
        rung: str = "",
        source: Source = Source.REMINDER,
        **manner: Any,
    ) -> int:
        """The number of the occurrence."""
        now = self.clock.now()
        with self.sessions.begin() as session:
            occurrence = self.outbox.occasion(session, source, 1, rung, now, now=now)
            assert occurrence is not None
            self.outbox.tell(
                session,
                occurrence,
                to,
                Reply(lines=(Line(text),)),
                due_at=now,
                now=now,
                manner=Manner(**manner),
            )
            return occurrence

    def take(self) -> bool:
        with self.sessions.begin() as session:
            taken = take_lane(session, *ACCOUNT, owner=self.owner, now=self.clock.now(), policy=self.policy)
        self.grip = taken[0] if taken else None
        return taken is not None

    def claim(self, most: int = 10, blocked: tuple[str, ...] = ()) -> list[Claimed]:
        assert self.grip
        with self.sessions.begin() as session:
            keep_lane(session, self.grip, now=self.clock.now(), policy=self.policy, pace={})
            return claim(
                session, self.grip, now=self.clock.now(), policy=self.policy, most=most, blocked=blocked
            )

    def book(self, claimed: Claimed, outcome: Outcome) -> list[Result]:
        assert self.grip
        with self.sessions.begin() as session:
            result = Result(claimed=claimed, outcome=outcome, at=self.clock.now())
            return book(session, self.grip, [result], policy=self.policy).unreachable

    def send_all(self) -> list[tuple[str, str]]:
        """Claim and send until nothing is left; (chat, text) in order."""
        sent = []
        while claimed := self.claim():
            for one in claimed:
                sent.append((one.parcel.to.chat, one.parcel.reply.text()))
                self.book(one, Sent(message_id="1"))
        return sent

    def rows(self) -> list[Delivery]:
        with self.sessions() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def statuses(self) -> list[Status]:
        return [row.status for row in self.rows()]
