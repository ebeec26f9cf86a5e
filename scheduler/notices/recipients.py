"""Recipients out of a table: what each row means, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from scheduler.notices.audience import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """A row as it is written. `number` as the spreadsheet counts; `kind`: nhóm, phòng, người …, "" where the
    table doesn't say; `department` tells people of the same name apart."""

    number: int
    name: str
    kind: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientProblem:
    """What is wrong in a row and what to do about it. `field`: name, kind or department."""

    row: int
    field: str
    message: str
    mend: str


def audience_from_rows(
    session: Session, rows: Iterable[RecipientRow]
) -> tuple[Audience, tuple[RecipientProblem, ...]]:
    """Whom the rows name, and the rows that name nobody."""
    raise NotImplementedError
