"""The working calendar and deadlines for people at a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from scheduler.calendar import Day, Due

_HEADS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")
_FULL = 8 * 3600  # seconds of a full day


def print_month(days: Sequence[Day], warning: str, console: Console) -> None:
    """A month as a grid, and what is special about its days."""
    first = days[0].date
    table = Table(title=f"Tháng {first.month} năm {first.year}", box=None, padding=(0, 1))
    for head in _HEADS:
        table.add_column(head, justify="right", min_width=4)
    cells: list[Text | str] = [""] * first.weekday() + [_cell(day) for day in days]
    for at in range(0, len(cells), 7):
        table.add_row(*cells[at : at + 7])
    console.print(table)
    working = [day for day in days if day.working]
    hours = sum(day.hours.total_seconds() for day in days) / 3600
    console.print(Text(f"{len(working)} ngày làm việc, {hours:g} giờ.", style="bold"))
    console.print(Text("* ngày nghỉ lễ, Tết   + ngày làm bù   ½ không làm đủ ngày", style="dim"))
    for day in days:
        if day.name:
            worked = ", ".join(f"{i.start:%H:%M}–{i.end:%H:%M}" for i in day.intervals)
            mark = f"làm việc {worked}" if day.working else "nghỉ"
            document = f" – {day.document}" if day.document else ""
            console.print(Text(f"{_HEADS[day.date.weekday()]} {day.date:%d/%m} {mark}: {day.name}{document}"))
    if warning:
        console.print(Text(f"⚠ {warning}", style="yellow"))


def _cell(day: Day) -> Text:
    number, weekend = str(day.date.day), day.date.weekday() >= 5
    if not day.working:
        return Text(number + ("*" if day.name else ""), style="red" if day.name else "dim")
    if day.hours.total_seconds() < _FULL:
        return Text(number + "½", style="cyan")
    return Text(number + ("+" if weekend else ""), style="green" if weekend else "")


def month_json(days: Sequence[Day], warning: str) -> str:
    """The same for another program."""
    rows = [
        {
            "date": day.date.isoformat(),
            "working": day.working,
            "hours": [f"{i.start:%H:%M}-{i.end:%H:%M}" for i in day.intervals],
            "name": day.name,
            "document": day.document,
            "confirmed": day.confirmed,
        }
        for day in days
    ]
    return json.dumps({"days": rows, "warning": warning}, ensure_ascii=False, indent=2)


def print_due(due: Due, count: int, console: Console) -> None:
    """A deadline, day by day."""
    for step in due.steps:
        style = "bold" if step.date == due.day else "" if step.counted else "dim"
        console.print(Text(step.text, style=style))
    console.print(Text(f"Hạn {count} ngày làm việc: hết ngày {due.day:%d/%m/%Y}.", style="bold green"))
    if due.warning:
        console.print(Text(f"⚠ {due.warning}", style="yellow"))


def due_json(due: Due) -> str:
    """The same for another program."""
    steps: list[dict[str, Any]] = [
        {"date": step.date.isoformat(), "counted": step.counted, "text": step.text} for step in due.steps
    ]
    return json.dumps(
        {
            "due": due.day.isoformat(),
            "confirmed": due.confirmed,
            "warning": due.warning,
            "steps": steps,
        },
        ensure_ascii=False,
        indent=2,
    )
