"""How much was done on time, by department and by person."""

from __future__ import annotations

from bot.files.workbook import XLSX, statistics_xlsx
from bot.web.console import tables
from bot.web.console.visit import Answer, Download, Shown, Visit
from office.refusal import Refused
from office.rights import Action, demand
from scheduler import statistics


def show(visit: Visit) -> Answer:
    """A period's shares, this month's where none is named; with `xuat=xlsx` as an Excel file."""
    demand(visit.person.roles, Action.STATISTICS_ALL)
    until = tables.day_of(visit, "den") or visit.today
    since = tables.day_of(visit, "tu") or until.replace(day=1)
    problem = ""
    try:
        found = statistics.on_time(
            visit.session, since, until, today=visit.today, calendar=visit.parts.work.calendar()
        )
    except Refused as refused:
        found, problem = None, f"{refused.message} {refused.mend}".strip()
    if found is not None and visit.arg("xuat") == "xlsx":
        return Download(f"dung-han-{since:%Y-%m-%d}-{until:%Y-%m-%d}.xlsx", XLSX, statistics_xlsx(found))
    values = {
        "since": since,
        "until": until,
        "found": found,
        "problem": problem,
        "percent": statistics.percent,
        "how": statistics.words().list("how"),
    }
    return Shown("work_figures.html", values)
