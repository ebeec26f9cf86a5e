"""What waits is held back, let go again, or given up, all at once; no lane claims or books it meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, literal, select, update
from sqlalchemy.orm import Session

from office.database import UtcDateTime, execute
from office.deliveries import UNSENT, Delivery, Lane, Status
from scheduler import wording
from scheduler.quiet import QuietHours


def lanes_of(session: Session, occurrence_ids: Collection[int]) -> list[tuple[str, str]]:
    """The (channel, account) that these go through."""
    theirs = select(Delivery.channel, Delivery.account).where(Delivery.occurrence_id.in_(occurrence_ids))
    lanes = session.execute(theirs.distinct().order_by(Delivery.channel, Delivery.account))
    return [(channel, account) for channel, account in lanes]


def pause(session: Session, occurrence_ids: Collection[int], *, now: datetime) -> int:
    """Hold back what has not left of these; returns how many messages that are.

    What is in the air is held back if it comes back unsent.
    """
    theirs = _in_hand(session, occurrence_ids)
    flying = update(Delivery).where(theirs, Delivery.status == Status.SENDING)
    execute(session, flying.values(reason=wording.on_hold()))
    waiting = Delivery.status.in_((Status.QUEUED, Status.HELD, Status.RETRY))
    values = {"status": Status.PAUSED, "reason": wording.paused_since(now)}
    return execute(session, update(Delivery).where(theirs, waiting).values(values))


def resume(
    session: Session, occurrence_ids: Collection[int], *, now: datetime, quiet: QuietHours | None = None
) -> int:
    """Let go what was paused of these; returns how many messages that are. The caller wakes `lanes_of` them.

    With `quiet`, what may not pass is held until the end of the quiet hours there are now.
    """
    theirs = _in_hand(session, occurrence_ids)
    flying = update(Delivery).where(theirs, Delivery.status == Status.SENDING)
    execute(session, flying.where(Delivery.reason == wording.on_hold()).values(reason=""))
    paused = update(Delivery).where(theirs, Delivery.status == Status.PAUSED)
    ends = quiet.ends(now) if quiet is not None else None
    held = 0
    if ends is not None:
        values = {"status": Status.HELD, "ready_at": ends, "reason": wording.held(ends)}
        kept = and_(Delivery.passes_quiet.is_(False), Delivery.due_at <= now)
        held = execute(session, paused.where(kept).values(values))
    ready = case((Delivery.due_at > now, Delivery.due_at), else_=literal(now, UtcDateTime))
    return held + execute(session, paused.values(status=Status.QUEUED, ready_at=ready, reason=""))


def cancel(session: Session, occurrence_ids: Collection[int], *, reason: str, now: datetime) -> int:
    """Give up what has not left of these, paused or not; returns how many messages that are.

    What is in the air is given up if it comes back unsent.
    """
    theirs = _in_hand(session, occurrence_ids)
    reason = reason.strip() or wording.called_off()
    flying = update(Delivery).where(theirs, Delivery.status == Status.SENDING)
    execute(session, flying.values(reason=reason))
    values = {"status": Status.CANCELLED, "reason": reason, "finished_at": now}
    return execute(session, update(Delivery).where(theirs, Delivery.status.in_(UNSENT)).values(values))


def _in_hand(session: Session, occurrence_ids: Collection[int]) -> ColumnElement[bool]:
    """These deliveries, which no lane claims or books until the transaction ends."""
    for channel, account in lanes_of(session, occurrence_ids):
        hold_lane(session, channel, account)
    return Delivery.occurrence_id.in_(occurrence_ids)


def hold_lane(session: Session, channel: str, account: str) -> None:
    """Let no other transaction claim or book for an account until this one ends."""
    here = select(Lane.token).where(Lane.channel == channel, Lane.account == account)
    session.execute(here.with_for_update())
