"""How much work is done on time, by department and by member: a ground for commendation, so fairly counted.

Counted is what fell due in the period and was reported done, or is open and past due. The due day is the one
after extensions, the moment that counts is that of the report and not of its confirmation, and lateness is
measured in working days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from knowledge.phrases import Phrases
from office import people
from office.messages import Line, Style
from office.refusal import Refused
from scheduler.calendar import WorkCalendar
from scheduler.due_work import Case, cases_of, members

MAX_LINES = 40  # shares written out in one chat message


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Somebody's work that counts: total = on_time + late + open_late. `key_id`: of the department or member.

    `extended` counts those that were granted more time. `mean_late_days`: working days from the due day to
    the report (to today where there is none), over those not on time; None when all are.
    """

    name: str
    key_id: int | None
    total: int
    on_time: int
    late: int
    open_late: int
    extended: int
    mean_late_days: float | None

    @property
    def share(self) -> float | None:
        """0 to 1; None when nothing counts: who had nothing to do isn't perfect."""
        return self.on_time / self.total if self.total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The shares of a period (both days included), best first; `total` counts each assignment once."""

    since: date
    until: date
    departments: tuple[Share, ...]
    members: tuple[Share, ...]
    total: Share


@cache
def words() -> Phrases:
    """The texts about statistics, read once."""
    return Phrases.read(Path(__file__).with_name("texts_statistics.yaml"))


# --- pure


def share_of(
    cases: Iterable[Case], name: str, key_id: int | None, *, today: date, calendar: WorkCalendar
) -> Share:
    """Count some cases under one name."""
    on_time = late = open_late = extended = 0
    days: list[int] = []
    for case in cases:
        extended += case.extended
        if case.done_on is not None and case.done_on <= case.due_on:
            on_time += 1
            continue
        late += case.done_on is not None
        open_late += case.done_on is None
        days.append(calendar.working_days_between(case.due_on, case.done_on or today))
    return Share(
        name=name,
        key_id=key_id,
        total=on_time + late + open_late,
        on_time=on_time,
        late=late,
        open_late=open_late,
        extended=extended,
        mean_late_days=sum(days) / len(days) if days else None,
    )


def shares(
    cases: Iterable[Case],
    names: Mapping[int | None, str],
    keys: Callable[[Case], Iterable[int | None]],
    *,
    today: date,
    calendar: WorkCalendar,
) -> tuple[Share, ...]:
    """One share for each name, best first, those with nothing last. A case counts under each of its keys."""
    by_key: dict[int | None, list[Case]] = {key: [] for key in names}
    for case in cases:
        for key in keys(case):
            if key in by_key:
                by_key[key].append(case)
    counted = (
        share_of(found, names[key], key, today=today, calendar=calendar) for key, found in by_key.items()
    )
    return tuple(sorted(counted, key=_rank))


def _rank(share: Share) -> tuple[float, int, str, int]:
    return (
        -share.share if share.share is not None else 1.0,
        -share.total,
        people.plain(share.name),
        share.key_id or 0,
    )


# --- from the database


def on_time(
    session: Session,
    since: date,
    until: date,
    *,
    today: date,
    calendar: WorkCalendar,
    department_id: int | None = None,
    member_id: int | None = None,
) -> Statistics:
    """The shares of [since, until]: of the whole office, of a department and its members, or of a member.

    All departments are listed, of the members those that have something counted. Raises Refused.
    """
    if since > until:
        dates = {"since": f"{since:%d/%m/%Y}", "until": f"{until:%d/%m/%Y}"}
        raise Refused(words()("period_turned", **dates), words()("period_mend"))
    cases = cases_of(session, since, until, today=today)
    member_names, home = members(session)
    department_names: dict[int | None, str] = {d.id: d.name for d in people.departments(session)}
    if any(None in case.departments for case in cases):
        department_names[None] = words()("no_department")
    busy = {key for case in cases for key in case.members}
    counted: dict[int | None, str] = {key: name for key, name in member_names.items() if key in busy}
    if member_id is not None:
        counted = {member_id: member_names.get(member_id, "")}
        department_names = {}
        cases = [case for case in cases if member_id in case.members]
    elif department_id is not None:
        counted = {key: name for key, name in counted.items() if home.get(key) == department_id}
        department_names = {department_id: department_names.get(department_id, "")}
    of_members = shares(cases, counted, lambda case: case.members, today=today, calendar=calendar)
    if department_id is not None and member_id is None:
        cases = [case for case in cases if department_id in case.departments]
    total = share_of(cases, words()("title_total"), None, today=today, calendar=calendar)
    departments = shares(
        cases, department_names, lambda case: case.departments, today=today, calendar=calendar
    )
    return Statistics(since=since, until=until, departments=departments, members=of_members, total=total)


# --- in words


def percent(share: Share) -> str:
    """The share on time, as `percentage` writes it."""
    return percentage(share.on_time, share.total)


def percentage(part: int, whole: int) -> str:
    """«66,7%»; never rounded to 0 or 100% when it isn't; «–» when nothing counts."""
    if not whole:
        return "–"
    tenths = round(part * 1000 / whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    whole, tenth = divmod(tenths, 10)
    return f"{whole},{tenth}%" if tenth else f"{whole}%"


def one_line(share: Share) -> str:
    """«Phòng A: 8/10 đúng hạn (80%); 2 báo cáo trễ hạn, …»."""
    if not share.total:
        return words()("none", name=share.name)
    said = [
        words()(key, count=count)
        for key, count in (
            ("late", share.late),
            ("open_late", share.open_late),
            ("extended", share.extended),
        )
        if count
    ]
    if share.mean_late_days is not None:
        days = f"{share.mean_late_days:.1f}".replace(".", ",").removesuffix(",0")
        said.append(words()("mean_late", days=days))
    details = "; " + ", ".join(said) if said else ""
    return words()(
        "share",
        name=share.name,
        on_time=share.on_time,
        total=share.total,
        percent=percent(share),
        details=details,
    )


def as_lines(statistics: Statistics) -> tuple[Line, ...]:
    """The statistics for chat, with how they are counted."""
    title = words()("title", since=f"{statistics.since:%d/%m/%Y}", until=f"{statistics.until:%d/%m/%Y}")
    lines = [Line(title, Style.TITLE)]
    if not statistics.total.total and not any(s.total for s in statistics.members):
        return (*lines, Line(words()("nothing")), *_how())
    lines.append(Line(one_line(statistics.total)))
    for heading, found in (
        ("title_departments", statistics.departments),
        ("title_members", statistics.members),
    ):
        lines += _table(words()(heading), found)
    return (*lines, *_how())


def _table(heading: str, found: Sequence[Share]) -> list[Line]:
    if not found:
        return []
    lines = [Line(heading, Style.TITLE), *(Line(one_line(s), Style.ITEM) for s in found[:MAX_LINES])]
    if len(found) > MAX_LINES:
        lines.append(Line(words()("more", count=len(found) - MAX_LINES)))
    return lines


def _how() -> tuple[Line, ...]:
    return tuple(Line(text, Style.SOURCE) for text in words().list("how"))
