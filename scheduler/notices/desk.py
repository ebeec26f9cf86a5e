"""What all actions on notices share: the holder of their parts, the row in hand, the audit row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from knowledge.phrases import Phrases
from office import audit
from office.channel_settings import ZaloBot, ZaloOa
from office.database import when_ended
from office.notices import Notice, NoticeState
from office.people import Person
from office.refusal import Refused
from office.settings import Notices as NoticeSettings
from scheduler.calendar import WorkCalendar
from scheduler.outbox import Outbox

TELEGRAM_EDITS = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """The parts that notices need.

    `office`: who signs. `channels`: those that carry what is unasked, and the characters of one message
    there, as in the outbox. `editable`: how long after its sending a channel lets a message be changed or
    taken back. `wake`: called after the commit of what the planner has to see soon. `hash_key`, `zalo_bot`,
    `zalo_oa`: to foresee whom these platforms' plans and windows keep from being written to.
    """

    outbox: Outbox
    calendar: Callable[[], WorkCalendar]
    settings: NoticeSettings = field(default_factory=NoticeSettings)
    office: str = ""
    channels: Mapping[str, int] = field(default_factory=dict)
    editable: Mapping[str, timedelta] = field(default_factory=lambda: {"telegram": TELEGRAM_EDITS})
    wake: Callable[[], None] = lambda: None
    hash_key: bytes = field(default=b"", repr=False)
    zalo_bot: ZaloBot = field(default_factory=ZaloBot)
    zalo_oa: ZaloOa = field(default_factory=ZaloOa)

    def wake_after(self, session: Session) -> None:
        """Let the planner look once this transaction has ended."""
        when_ended(session, "notices", self.wake)


@cache
def words() -> Phrases:
    """The texts about notices, read once."""
    return Phrases.read(Path(__file__).with_name("texts.yaml"))


def get(session: Session, notice_id: int) -> Notice:
    """A notice as it is now. Raises Refused."""
    return _found(
        session.get(Notice, notice_id, populate_existing=True) if _number(notice_id) else None, notice_id
    )


def hold(session: Session, notice_id: int, *states: NoticeState) -> Notice:
    """A notice that nobody else changes until the transaction ends, in one of these states (none given: any).

    Raises Refused, saying what can be done about it as it is.
    """
    row = None
    if _number(notice_id):
        row = session.get(Notice, notice_id, populate_existing=True, with_for_update=True)
    row = _found(row, notice_id)
    if states and row.state not in states:
        said = words()("refused.state", id=row.id, state=row.state.label)
        raise Refused(said, row.state.next_action)
    return row


def _number(notice_id: int) -> bool:
    return 0 < notice_id < 2**62


def _found(row: Notice | None, notice_id: int) -> Notice:
    if row is None:
        raise Refused(words()("refused.unknown", id=notice_id), words()("refused.unknown_mend"))
    return row


def reason_in(text: str) -> str:
    """A reason that has been given. Raises Refused without one."""
    if not text.strip():
        raise Refused(words()("refused.no_reason"), words()("refused.no_reason_mend"))
    return text.strip()[:2000]


def note(
    session: Session,
    action: str,
    row: Notice,
    actor: Person | None,
    now: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """Write an action on a notice down."""
    audit.record(
        session,
        f"notice.{action}",
        at=now,
        actor=actor.id if actor else None,
        subject="notice",
        subject_id=row.id,
        before=before,
        after=after,
        reason=reason,
    )
