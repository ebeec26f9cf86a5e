"""Puts messages into the outbox, in the transaction of what causes them, and wakes the lanes after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from office.database import insert, when_ended
from office.deliveries import Act, Delivery, Doubt, Occurrence, OccurrenceState, Source, Status, Urgency
from office.messages import ChatAddress, Reply, split_reply
from office.wire import replies_to_json
from scheduler.quiet import QuietHours

DEFAULT_LIMIT = 1900  # characters of one message where the channel has not said; Zalo's is 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A chat, and the member it is meant for where it is somebody's own.

    `target`: the platform's ids of the messages to be changed, by part, where `Manner.act` changes any.
    """

    to: ChatAddress
    member_id: int | None = None
    target: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How messages are to be sent.

    `stale_at`: when they no longer make sense. `passes_quiet`: hoả tốc, allowed and audited by the caller.
    """

    urgency: Urgency = Urgency.ORDINARY
    doubt: Doubt = Doubt.REPEAT
    stale_at: datetime | None = None
    passes_quiet: bool = False
    act: Act = Act.SEND


ORDINARY = Manner()


class Outbox:
    """Makes occurrences and deliveries; sends nothing itself."""

    def __init__(
        self,
        *,
        quiet: QuietHours,
        limits: Mapping[str, int] | None = None,
        channels: Collection[str] | None = None,
        wake: Callable[[str, str], None] = lambda channel, account: None,
    ) -> None:
        """`limits`: channel → characters of one message. `channels`: those that can carry what is unasked;
        who is only elsewhere isn't written to (None: no matter). `wake` is told (channel, account) after a
        commit, from any thread."""
        self.quiet = quiet
        self._limits = limits or {}
        self._channels = channels
        self.wake = wake

    def occasion(
        self,
        session: Session,
        source: Source,
        source_id: int,
        rung: str,
        due_at: datetime,
        *,
        now: datetime,
        state: OccurrenceState = OccurrenceState.PLANNED,
        note: str = "",
    ) -> int | None:
        """Write down a due moment; None when somebody has done so before."""
        statement = insert(session, Occurrence).values(
            source=source,
            source_id=source_id,
            rung=rung,
            due_at=due_at,
            planned_at=now,
            state=state,
            note=note,
        )
        keys = ["source", "source_id", "rung", "due_at"]
        return session.scalar(statement.on_conflict_do_nothing(index_elements=keys).returning(Occurrence.id))

    def tell(
        self,
        session: Session,
        occurrence_id: int,
        to: Iterable[Recipient],
        reply: Reply,
        *,
        due_at: datetime,
        now: datetime,
        manner: Manner = ORDINARY,
    ) -> int:
        """Queue a message to each recipient once; returns how many messages that makes.

        In quiet hours they are held until the end of them, unless they may pass.
        """
        rows = [
            row
            for recipient in dict.fromkeys(to)
            if self._channels is None or recipient.to.channel in self._channels
            for row in self._rows(occurrence_id, recipient, reply, due_at=due_at, now=now, manner=manner)
        ]
        if not rows:
            return 0
        statement = insert(session, Delivery).on_conflict_do_nothing()
        session.execute(statement, rows)
        for channel, account in {(row["channel"], row["account"]) for row in rows}:
            when_ended(session, (channel, account), partial(self.wake, channel, account))
        return len(rows)

    def announce(
        self,
        session: Session,
        what: str,
        subject_id: int,
        to: Iterable[Recipient],
        reply: Reply,
        *,
        now: datetime,
        manner: Manner = ORDINARY,
    ) -> int:
        """Tell people at once that something has happened. `what` (at most 64 characters) and `subject_id`
        name it; the same at the same moment is told once."""
        occurrence = self.occasion(session, Source.EVENT, subject_id, what, now, now=now)
        if occurrence is None:
            return 0
        told = self.tell(session, occurrence, to, reply, due_at=now, now=now, manner=manner)
        if not told:
            row = session.get_one(Occurrence, occurrence)
            row.state, row.note = OccurrenceState.NOBODY, "không có người nhận nào có tài khoản trò chuyện"
        return told

    def _rows(
        self,
        occurrence_id: int,
        recipient: Recipient,
        reply: Reply,
        *,
        due_at: datetime,
        now: datetime,
        manner: Manner,
    ) -> list[dict[str, Any]]:
        parts = split_reply(reply, self._limits.get(recipient.to.channel, DEFAULT_LIMIT))
        wait_until = None if manner.passes_quiet else self.quiet.ends(max(now, due_at))
        return [
            {
                "occurrence_id": occurrence_id,
                "channel": recipient.to.channel,
                "account": recipient.to.account,
                "chat": recipient.to.chat,
                "topic": recipient.to.topic,
                "group": recipient.to.group,
                "part": number,
                "parts": len(parts),
                "act": manner.act,
                "target": recipient.target[number - 1] if manner.act is not Act.SEND else None,
                "repeat": 0,
                "status": Status.HELD if wait_until else Status.QUEUED,
                "urgency": manner.urgency,
                "doubt": manner.doubt,
                "passes_quiet": manner.passes_quiet,
                "body": replies_to_json([part]),
                "due_at": due_at,
                "ready_at": wait_until or due_at,
                "stale_at": manner.stale_at,
                "created_at": now,
                "attempts": 0,
                "reason": "",
                "member_id": recipient.member_id,
            }
            for number, part in enumerate(parts, 1)
        ]
