"""Somebody says what became of a message that is in doubt or failed: one deed, in chat and on the console."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from office import audit
from office.database import when_ended
from office.deliveries import Delivery
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler import delivery
from scheduler.outbox import Outbox


def settle(
    session: Session, outbox: Outbox, delivery_id: int, *, arrived: bool, actor: Person, now: datetime
) -> None:
    """It has arrived, or it is to be sent again. Raises Refused where that is settled already."""
    demand(actor.roles, Action.SETTLE_DELIVERIES)
    if not delivery.settle(session, delivery_id, arrived=arrived, now=now):
        raise Refused(f"Tin số {delivery_id} đã được xử lý rồi.", "Tải lại để xem tình trạng mới.")
    row = session.get_one(Delivery, delivery_id)
    when_ended(session, ("settled", delivery_id), partial(outbox.wake, row.channel, row.account))
    audit.record(
        session,
        "delivery.arrived" if arrived else "delivery.again",
        at=now,
        actor=actor.id,
        subject="delivery",
        subject_id=delivery_id,
    )
