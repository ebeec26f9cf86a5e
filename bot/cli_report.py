"""`xinluon report`: the report to the leaders, in words and as files."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_audit import words
from bot.cli_common import (
    BAD_USE,
    PROBLEMS,
    ConfigOption,
    current_day,
    day_of,
    fail,
    office_session,
    settings_of,
)
from knowledge.strict_yaml import BadYaml, cause_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.office_report.figures import OfficeReport


def report(
    month: Annotated[
        str, typer.Option("--month", help="Tháng: 2026-11 hoặc 11/2026 (mặc định: tháng này).")
    ] = "",
    since: Annotated[str, typer.Option("--from", help="Hoặc ngày đầu kỳ.")] = "",
    until: Annotated[str, typer.Option("--to", help="Ngày cuối kỳ (mặc định: hôm nay).")] = "",
    docx: Annotated[Path | None, typer.Option("--docx", help="Ghi dự thảo báo cáo Word vào tệp này.")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Ghi bảng Excel vào tệp này.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="Vẽ hình tổng hợp vào tệp này.")] = None,
    config: ConfigOption = None,
) -> None:
    """Báo cáo gửi lãnh đạo: in ra, ghi tệp Word, Excel, hình.

    Gồm câu hỏi, hướng dẫn nộp trực tuyến và bưu chính, nhiệm vụ, thông báo.
    """
    files = {suffix: file for suffix, file in ((".docx", docx), (".xlsx", xlsx), (".png", png)) if file}
    for suffix, file in files.items():
        if file.suffix.lower() != suffix:
            fail(_text("suffix", file=file, suffix=suffix), BAD_USE)
    found = _made(config, *_span(month, since, until))
    from bot.channels.terminal import print_reply
    from handlers.office_report.wording import as_lines
    from office.messages import Reply

    for suffix, file in files.items():
        try:
            file.write_bytes(_makers()[suffix](found))
        except OSError as exc:
            fail(_text("unwritable", file=file, why=cause_of(exc)), BAD_USE)
    print_reply(Reply(lines=as_lines(found, files=False)))
    for file in files.values():
        typer.echo(_text("written", file=file))


def _span(month: str, since: str, until: str) -> tuple[date, date]:
    from bot.days_written import BadDay, month_of

    if month and (since or until):
        fail(_text("one_span"), BAD_USE)
    if since or until:
        last = day_of(until) if until else current_day()
        return (day_of(since) if since else last.replace(day=1)), last
    if not month:
        first = current_day().replace(day=1)
    else:
        try:
            first = date(*month_of(month.strip()), 1)
        except BadDay:
            fail(_text("month", month=month), BAD_USE)
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def _made(config: Path | None, since: date, until: date) -> OfficeReport:
    settings = settings_of(config)
    from bot.config import knowledge_folders, profile_of
    from handlers.library import open_library
    from handlers.office_report.making import office_report
    from office.refusal import Refused
    from scheduler.calendar import WorkCalendar

    try:
        calendar = WorkCalendar.shipped(*settings.calendar.folders)
    except BadYaml as exc:
        fail(str(exc), PROBLEMS)
    library, _ = open_library(knowledge_folders(settings), profile_of(settings))
    with office_session(settings) as session:
        try:
            return office_report(session, library, since, until, today=current_day(), calendar=calendar)
        except Refused as exc:
            fail(f"{exc.message} {exc.mend}".strip(), BAD_USE)


def _makers() -> Mapping[str, Callable[[OfficeReport], bytes]]:
    from bot.files.office_report_docx import report_docx
    from bot.files.office_report_png import report_png
    from bot.files.office_report_xlsx import report_xlsx

    return {".docx": report_docx, ".xlsx": report_xlsx, ".png": report_png}


def _text(name: str, **values: object) -> str:
    return words()(f"report.{name}", **values)
