"""Puts messages into the outbox, in the transaction of what causes them, and wakes the lanes after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from itertools import zip_longest
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

    `target`: the platform's ids of the messages to be changed, in order, where `Manner.act` changes any.
    `others`: the same reader's further chats in their order, for an outbox that doesn't carry the first.
    """

    to: ChatAddress
    member_id: int | None = None
    target: tuple[str, ...] = ()
    others: tuple[ChatAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How messages are to be sent.

    `stale_at`: when they no longer make sense. `passes_quiet`: hoả tốc, allowed and audited by the caller.
    `act`: sent anew; or each recipient's targets are deleted; or they are edited, one by each part of the
    message, with what is left over of either deleted or sent anew.
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

    def carries(self, channel: str) -> bool:
        """Whether a channel can carry what is unasked."""
        return self._channels is None or channel in self._channels

    def limit(self, channel: str) -> int:
        """Characters of one message on a channel."""
        return self._limits.get(channel, DEFAULT_LIMIT)

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
        reached = [one for one in map(self._carried, dict.fromkeys(to)) if one is not None]
        wait_until = None if manner.passes_quiet else self.quiet.ends(max(now, due_at))
        common = {
            "occurrence_id": occurrence_id,
            "repeat": 0,
            "status": Status.HELD if wait_until else Status.QUEUED,
            "urgency": manner.urgency,
            "doubt": manner.doubt,
            "passes_quiet": manner.passes_quiet,
            "due_at": due_at,
            "ready_at": wait_until or due_at,
            "stale_at": manner.stale_at,
            "created_at": now,
            "attempts": 0,
            "reason": "",
        }
        pages = cache(partial(_pages, reply, manner.act))  # the same for many recipients
        rows = [
            row
            for recipient in reached
            for row in _rows(
                common, recipient, pages(self.limit(recipient.to.channel), len(recipient.target))
            )
        ]
        _insert(session, rows)
        for channel, account in {(recipient.to.channel, recipient.to.account) for recipient in reached}:
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

    def _carried(self, recipient: Recipient) -> Recipient | None:
        """The recipient at the first of their chats that is carried; None where none is."""
        to = next((one for one in (recipient.to, *recipient.others) if self.carries(one.channel)), None)
        return None if to is None else replace(recipient, to=to, others=())


def _pages(reply: Reply, act: Act, limit: int, targets: int) -> list[dict[str, Any]]:
    """The act and body of each part, for a recipient with so many messages to change."""
    parts = split_reply(reply, limit)
    acts: list[tuple[Act, Reply]]
    if act is Act.DELETE:
        acts = [(act, parts[0])] * targets  # the body is only for the record
    elif act is Act.EDIT:
        acts = [
            (Act.DELETE if part is None else Act.SEND if at is None else act, part or parts[-1])
            for part, at in zip_longest(parts, range(targets))
        ]
    else:
        acts = [(act, part) for part in parts]
    return [
        {"part": number, "parts": len(acts), "act": what, "body": replies_to_json([part])}
        for number, (what, part) in enumerate(acts, 1)
    ]


def _rows(
    common: Mapping[str, Any], recipient: Recipient, pages: Iterable[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    address = {
        "channel": recipient.to.channel,
        "account": recipient.to.account,
        "chat": recipient.to.chat,
        "topic": recipient.to.topic,
        "is_group": recipient.to.group,
        "member_id": recipient.member_id,
    }
    for at, page in enumerate(pages):
        target = None if page["act"] is Act.SEND else recipient.target[at]
        yield {**common, **address, **page, "target": target}


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    """Past the mapper, which takes longer over many rows than the database does."""
    if rows:
        session.flush()
        session.connection().execute(insert(session, Delivery).on_conflict_do_nothing(), rows)
