"""What a platform's plan allows in a month, and whom the last of it is kept for."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from sqlalchemy import ColumnElement, and_, or_

from office.deliveries import Occurrence, Source
from scheduler.courier import Parcel


class Purpose(StrEnum):
    """What a message is for: the plan's last messages are for deadlines alone, and for what civil servants
    are answered (DEADLINE as well: they report and ask for time in it)."""

    DEADLINE = "deadline"
    ANSWER = "answer"
    OTHER = "other"


class Ration(Protocol):
    """The month's messages of one account. Raises DatabaseUnavailable."""

    async def refusal(self, purpose: Purpose) -> str:
        """Why a message for this must not be sent now, in Vietnamese with what to do; "" when it may."""
        ...

    async def waits(self) -> bool:
        """Whether it is refused because the platform says so, which may change within the hour: what somebody
        has asked is then worth keeping."""
        ...

    async def spend(self, purpose: Purpose) -> None:
        """One has been sent, or may have been."""
        ...

    async def ran_out(self) -> None:
        """The platform says that there are none left, whatever we have counted."""
        ...


class NoRation(Ration):
    """As many as one likes."""

    async def refusal(self, purpose: Purpose) -> str:
        return ""

    async def waits(self) -> bool:
        return False

    async def spend(self, purpose: Purpose) -> None:
        """Nothing is counted."""

    async def ran_out(self) -> None:
        """That can't be."""


ALARM = 0
"""The `source_id` of events that are about the channels themselves: who looks after them must hear of it."""

SETS_DEADLINE = ("work.new", "work.deadline", "work.extension", "work.returned", "work.handover")
"""What news of an assignment begins with that gives its reader a deadline."""


def purpose_of(parcel: Parcel) -> Purpose:
    """What a delivery is for; an alarm counts as a deadline ping."""
    alarm = parcel.source is Source.EVENT and parcel.source_id == ALARM
    return Purpose.DEADLINE if alarm or is_of_deadline(parcel) else Purpose.OTHER


def is_of_deadline(parcel: Parcel) -> bool:
    """Whether it tells somebody of the deadline of an assignment, whose id its `source_id` is."""
    news = parcel.source is Source.EVENT and parcel.what.startswith(SETS_DEADLINE)
    return news or parcel.source is Source.ASSIGNMENT


def of_deadline() -> ColumnElement[bool]:
    """The same of an Occurrence: whether its messages do."""
    begins = or_(*(Occurrence.rung.startswith(what, autoescape=True) for what in SETS_DEADLINE))
    return or_(Occurrence.source == Source.ASSIGNMENT, and_(Occurrence.source == Source.EVENT, begins))
