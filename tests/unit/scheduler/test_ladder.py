"""The ladder of an assignment."""

from __future__ import annotations

import json
import time as clock
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from office.clock import ZONE
from scheduler.calendar import WorkCalendar
from scheduler.ladder import Audience, BadLadder, Ladder, next_rung, rungs

CALENDAR = WorkCalendar.shipped()
DAYS = st.dates(date(2026, 1, 1), date(2027, 6, 30))
LADDERS = st.builds(
    Ladder,
    before=st.lists(st.integers(1, 20), max_size=5).map(tuple),
    on_the_day=st.booleans(),
    at=st.times(time(7), time(17)).map(lambda t: t.replace(second=0, microsecond=0)),
    overdue_every=st.integers(1, 5),
    head_from=st.integers(1, 5),
    leader_from=st.integers(1, 9),
    overdue_limit=st.integers(0, 30),
)


def shown(due_on: date, count: int = 8) -> list[str]:
    found = [r for _, r in zip(range(count), rungs(Ladder(), due_on, CALENDAR), strict=False)]
    return [f"{r.key} {r.at.astimezone(ZONE):%a %d/%m %H:%M}" for r in found]


def test_the_default_ladder_counts_working_days_over_tet() -> None:
    assert shown(date(2026, 2, 25)) == [
        "-7 Mon 09/02 08:00",
        "-3 Fri 13/02 08:00",
        "-1 Tue 24/02 08:00",
        "0 Wed 25/02 08:00",
        "+1 Thu 26/02 08:00",
        "+2 Fri 27/02 08:00",
        "+3 Mon 02/03 08:00",
        "+4 Tue 03/03 08:00",
    ]


def test_a_last_day_that_is_off_has_its_morning_on_the_working_day_before() -> None:
    assert shown(date(2026, 2, 18), 5)[2:] == [
        "-1 Thu 12/02 08:00",
        "0 Fri 13/02 08:00",
        "+1 Mon 23/02 08:00",
    ]


def test_the_head_hears_from_the_first_day_overdue_and_the_leader_from_the_third() -> None:
    to = {r.key: r.to for r in rungs(Ladder(), date(2026, 3, 10), CALENDAR)}
    assert to["0"] == {Audience.RESPONSIBLE}
    assert to["+1"] == {Audience.RESPONSIBLE, Audience.HEAD}
    assert to["+3"] == set(Audience)
    assert len(to) == 64


@given(ladder=LADDERS, due_on=DAYS)
@settings(max_examples=60, deadline=None)
def test_rungs_are_on_working_days_in_strict_order(ladder: Ladder, due_on: date) -> None:
    found = list(rungs(ladder, due_on, CALENDAR))
    assert all(CALENDAR.is_working(r.at.astimezone(ZONE).date()) for r in found)
    assert all(one.at < two.at for one, two in pairwise(found))
    assert len({r.key for r in found}) == len(found) <= 5 + 1 + 30


@given(ladder=LADDERS, due_on=DAYS, away=st.timedeltas(timedelta(days=-60), timedelta(days=60)))
@settings(max_examples=120, deadline=None)
def test_the_next_rung_is_the_first_of_them_after_a_moment(
    ladder: Ladder, due_on: date, away: timedelta
) -> None:
    moment = datetime.combine(due_on, time(8), ZONE).astimezone(UTC) + away
    expected = next((r for r in rungs(ladder, due_on, CALENDAR) if r.at > moment), None)
    assert next_rung(ladder, due_on, CALENDAR, after=moment) == expected


@given(ladder=LADDERS)
def test_a_frozen_ladder_comes_back_the_same(ladder: Ladder) -> None:
    assert Ladder.from_dict(json.loads(json.dumps(ladder.as_dict()))) == ladder


def test_a_ladder_has_bounds() -> None:
    bad: dict[str, Any]
    for bad in ({"before": (0,)}, {"before": (61,)}, {"overdue_every": 0}, {"overdue_limit": 1000}):
        with pytest.raises(BadLadder):
            Ladder(**bad)
    with pytest.raises(BadLadder):
        Ladder.from_dict({"before": "x"})


def test_the_next_rung_is_cheap() -> None:
    after = datetime(2026, 6, 1, tzinfo=UTC)
    next_rung(Ladder(), date(2026, 6, 10), CALENDAR, after=after)  # reads the year's days
    started = clock.process_time()
    for _ in range(2000):
        next_rung(Ladder(), date(2026, 6, 10), CALENDAR, after=after)
    assert clock.process_time() - started < 0.5
