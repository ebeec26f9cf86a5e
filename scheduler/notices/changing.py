"""What is done in each chat about a notice that was corrected or taken back: the pure decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from office.deliveries import Status

_MARGIN = timedelta(minutes=10)  # for the edit to get there before the platform closes the window


class Change(StrEnum):
    """How a chat gets to know of a change."""

    NOTHING = "nothing"  # it has nothing that would have to be changed
    WAIT = "wait"  # a message is in the air: nobody knows yet
    IN_PLACE = "in_place"
    MESSAGE = "message"  # a new one, marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A message of a notice in one chat. `files`: the numbers of the stored files it carried; `message_id`
    holds the platform's numbers of the text and of each file, parted by spaces."""

    status: Status
    message_id: str
    sent_at: datetime | None
    files: frozenset[int]


def change_of(
    parts: Sequence[Part],
    *,
    window: timedelta | None,
    now: datetime,
    new_parts: int | None,
    new_files: frozenset[int],
    told_before: bool,
) -> Change:
    """What a chat with these parts needs.

    `window`: how long its channel lets a message be changed, None for never. `new_parts`: how many messages
    the new words make; None: it is taken back, with its files where the platform has told their numbers.
    `told_before`: an earlier change came as a message of its own, so that the words stand in two places.
    """
    if any(part.status is Status.SENDING for part in parts):
        return Change.WAIT
    if not any(part.status in (Status.SENT, Status.UNCERTAIN) for part in parts):
        return Change.NOTHING
    whole = all(part.status is Status.SENT and part.message_id for part in parts)
    if not whole or window is None or not all(_young(part, window, now) for part in parts):
        return Change.MESSAGE
    if new_parts is None:
        known = all(len(part.message_id.split()) > len(part.files) for part in parts)
        return Change.IN_PLACE if known else Change.MESSAGE
    files = frozenset(number for part in parts for number in part.files)
    if told_before or new_parts != len(parts) or files != new_files:
        return Change.MESSAGE
    return Change.IN_PLACE


def _young(part: Part, window: timedelta, now: datetime) -> bool:
    return part.sent_at is not None and now < part.sent_at + window - _MARGIN
