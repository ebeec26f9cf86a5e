"""What waits in an account's outbox, as far as the stop switches let it go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from office import switches
from office.deliveries import IS_OPEN, Delivery, Status

WAITING = (Status.QUEUED, Status.RETRY, Status.HELD)


def next_ready(session: Session, channel: str, account: str) -> datetime | None:
    """When the account's next waiting message may go; None when none waits or all are stopped."""
    free = not_stopped(session, channel)
    if free is None:
        return None
    waiting = Delivery.status.in_(WAITING)
    here = and_(Delivery.channel == channel, Delivery.account == account)
    return session.scalar(select(func.min(Delivery.ready_at)).where(here, IS_OPEN, waiting, *free))


def not_stopped(session: Session, channel: str) -> tuple[ColumnElement[bool], ...] | None:
    """What a channel's deliveries must be to go past the stop switches; None when none may."""
    stopped = switches.stopped(session)
    if switches.of_channel(channel) in stopped:
        return None
    kinds = {switches.Audience.GROUPS: True, switches.Audience.MEMBERS: False}
    barred = [group for audience, group in kinds.items() if switches.of_audience(audience) in stopped]
    return (Delivery.group.not_in(barred),) if barred else ()


def any_in(session: Session, channel: str, account: str, *, status: Status) -> bool:
    """Whether the account has a delivery in this open state."""
    here = select(Delivery.id).where(
        Delivery.channel == channel, Delivery.account == account, IS_OPEN, Delivery.status == status
    )
    return session.scalar(here.limit(1)) is not None
