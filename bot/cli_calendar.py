"""`xinluon calendar` and `xinluon deadline`: the working calendar on the terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.cli_common import BAD_USE, ConfigOption, JsonOption, current_day, fail, settings_of
from bot.days_written import BadDay, day_of, month_of


def show_calendar(
    month: Annotated[
        str | None, typer.Argument(metavar="THÁNG", help="Tháng, ví dụ 2026-02 (mặc định: tháng này).")
    ] = None,
    department: Annotated[str, typer.Option("--department", help="Khoá của phòng có giờ làm riêng.")] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """In lịch làm việc một tháng, kèm văn bản quy định.

    Ngày nghỉ, nghỉ bù, ngày làm bù.
    """
    from rich.console import Console

    from bot import calendar_printing
    from scheduler.calendar import WorkCalendar, computed_warning

    calendar = WorkCalendar.shipped(*settings_of(config).calendar.folders)
    try:
        year, number = month_of(month or f"{current_day():%Y-%m}")
    except BadDay as exc:
        fail(str(exc), BAD_USE)
    days = calendar.month(year, number, department=department)
    warning = computed_warning([] if calendar.confirmed(year) else [year])
    if as_json:
        typer.echo(calendar_printing.month_json(days, warning))
    else:
        calendar_printing.print_month(days, warning, Console(soft_wrap=not sys.stdout.isatty()))


def deadline(
    received: Annotated[
        str, typer.Argument(metavar="NGÀY-NHẬN", help="Ngày nhận đủ hồ sơ, ví dụ 2026-02-10 hoặc 10/02/2026.")
    ],
    days: Annotated[int, typer.Argument(metavar="SỐ-NGÀY", help="Số ngày làm việc.", min=1, max=2000)],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Tính hạn theo ngày làm việc, giải thích từng ngày.

    Ngày nhận không tính.
    """
    from rich.console import Console

    from bot import calendar_printing
    from scheduler.calendar import WorkCalendar

    calendar = WorkCalendar.shipped(*settings_of(config).calendar.folders)
    try:
        due = calendar.due(day_of(received), days)
    except BadDay as exc:
        fail(str(exc), BAD_USE)
    if as_json:
        typer.echo(calendar_printing.due_json(due))
    else:
        calendar_printing.print_due(due, days, Console(soft_wrap=not sys.stdout.isatty()))
