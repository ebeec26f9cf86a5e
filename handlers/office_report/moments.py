"""When questions were asked: by hour of the day and by day, in Việt Nam."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import String

from office.clock import ZONE
from office.questions import Question


class _utc_hour(GenericFunction[str]):
    """A moment's hour in UTC: «2026-11-24 01»."""

    type = String()
    inherit_cache = True


@compiles(_utc_hour)  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _on_server(element: Any, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"


@compiles(_utc_hour, "sqlite")  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    """Of the text that it is kept as: twice as fast as a date function."""
    return f"substr({compiler.process(element.clauses, **options)}, 1, 13)"


def by_hour(session: Session, chosen: ColumnElement[bool]) -> tuple[tuple[int, ...], Counter[date]]:
    """How many questions in each of the 24 hours, and on each day.

    Grouped in the database by the hour of UTC, which Việt Nam's differ from by whole hours.
    """
    hour = _utc_hour(Question.asked_at)
    hours, days = [0] * 24, Counter[date]()
    for text, count in session.execute(select(hour, func.count()).where(chosen).group_by(hour)):
        local = datetime.fromisoformat(f"{text}:00+00:00").astimezone(ZONE)
        hours[local.hour] += count
        days[local.date()] += count
    return tuple(hours), days
