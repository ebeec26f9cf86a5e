"""`xinluon work`: assignments from and into files, and how much is done on time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli_common import (
    BAD_USE,
    OK,
    PROBLEMS,
    UNAVAILABLE,
    ConfigOption,
    JsonOption,
    current_day,
    current_moment,
    day_of,
    fail,
    office_session,
    settings_of,
    text,
)
from bot.cli_words import Command, Group
from knowledge.strict_yaml import BadYaml, cause_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bot.files.imports import Preview
    from office.settings import Settings
    from scheduler.calendar import WorkCalendar
    from scheduler.statistics import Share, Statistics
    from scheduler.work import Draft, Work

_T = TypeVar("_T")

work_app = typer.Typer(
    cls=Group, help="Nhiệm vụ: nhập, xuất, thống kê.", no_args_is_help=True, rich_markup_mode=None
)


@work_app.command("import", cls=Command)
def import_work(
    file: Annotated[
        Path, typer.Argument(metavar="TỆP", help="Bảng Excel (.xlsx) hoặc CSV; xin mẫu bằng /nhap.")
    ],
    apply: Annotated[bool, typer.Option("--apply", help="Giao các nhiệm vụ đọc được.")] = False,
    config: ConfigOption = None,
) -> None:
    """Nhập nhiệm vụ từ bảng; thêm --apply để giao.

    Không có --apply thì chỉ xem trước từng dòng.
    """
    settings = settings_of(config)
    from sqlalchemy.exc import IntegrityError

    from bot.files.imports import read_assignments

    content = _content(file)
    with office_session(settings) as session:
        work = _work(settings)
        preview = _demand(lambda: read_assignments(content, file.name, session, current_day()))
        drafts, problems = _print_preview(session, work, preview)
        if not apply:
            session.rollback()
            typer.echo(text("work.ready", count=len(drafts), problems=problems))
            raise typer.Exit(PROBLEMS if problems else OK)
        try:
            rows = [work.create(session, draft, actor=None, now=current_moment()) for draft in drafts]
            session.commit()
        except IntegrityError:
            session.rollback()
            fail(text("work.twice"), UNAVAILABLE)
        _print_given([row.id for row in rows], problems)
    raise typer.Exit(PROBLEMS if problems else OK)


def _print_preview(session: Session, work: Work, preview: Preview) -> tuple[list[Draft], int]:
    """Say what each row gives; the drafts that can be given, and how many rows or cells are to be mended."""
    from bot.files.texts import words
    from office.refusal import Refused
    from scheduler.calendar import weekday_name

    problems = len(preview.problems)
    good = []
    for number, draft in zip(preview.rows, preview.drafts, strict=True):
        typer.echo(text("work.row", row=number, title=draft.title))
        try:
            due = work.deadline(draft, today=current_day())
        except Refused as exc:
            problems += 1
            typer.echo(f"    ⚠ {exc}")
            continue
        good.append(draft)
        typer.echo("    " + text("work.who", who=_responsible(session, draft)))
        typer.echo("    " + text("work.due", weekday=weekday_name(due.day), date=f"{due.day:%d/%m/%Y}"))
        if draft.express_reason:
            typer.echo("    ⚠ " + text("work.express", reason=draft.express_reason))
        if due.warning:
            typer.echo(f"    ⚠ {due.warning}")
    for problem in preview.problems:
        cell = {"row": problem.row, "column": problem.column}
        typer.echo(words()("imports.problem", message=problem.message, mend=problem.mend, **cell))
    for warning in preview.warnings:
        typer.echo(warning)
    return good, problems


def _responsible(session: Session, draft: Draft) -> str:
    from office.people import Department, name_of

    department = session.get(Department, draft.department_id) if draft.department_id else None
    names = [name_of(session, member_id) for member_id in draft.member_ids]
    return ", ".join(names + ([department.name] if department else []))


def _print_given(numbers: list[int], problems: int) -> None:
    if numbers:
        one = "work.given_one" if len(numbers) == 1 else "work.given"
        typer.echo(text(one, count=len(numbers), first=numbers[0], last=numbers[-1]))
        typer.echo(text("work.sent_by"))
    else:
        typer.echo(text("work.given_none"))
    if problems:
        typer.echo(text("work.left_out", count=problems))


@work_app.command("export", cls=Command)
def export_work(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Tệp Excel để ghi, ví dụ nhiem-vu.xlsx.")],
    everything: Annotated[bool, typer.Option("--all", help="Cả việc đã xong và đã huỷ.")] = False,
    config: ConfigOption = None,
) -> None:
    """Xuất danh sách nhiệm vụ ra Excel."""
    settings = settings_of(config)
    _demand_suffix(file, ".xlsx")
    from sqlalchemy import select

    from bot.files.workbook import assignments_xlsx
    from office.assignments import Assignment, AssignmentState

    query = select(Assignment).order_by(Assignment.due_on, Assignment.id)
    if not everything:
        query = query.where(Assignment.state.in_((AssignmentState.OPEN, AssignmentState.REPORTED)))
    with office_session(settings) as session:
        rows = session.scalars(query).all()
        _write(file, assignments_xlsx(session, rows))
    typer.echo(text("work.exported", count=len(rows), file=file))


@work_app.command("statistics", cls=Command)
def show_statistics(
    since: Annotated[str, typer.Option("--from", help="Ngày đầu kỳ (mặc định: đầu tháng này).")] = "",
    until: Annotated[str, typer.Option("--to", help="Ngày cuối kỳ (mặc định: hôm nay).")] = "",
    png: Annotated[Path | None, typer.Option("--png", help="Vẽ biểu đồ vào tệp này.")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Ghi bảng Excel vào tệp này.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Tỷ lệ đúng hạn của từng phòng, từng người trong một kỳ."""
    settings = settings_of(config)
    for file, suffix in ((png, ".png"), (xlsx, ".xlsx")):
        if file is not None:
            _demand_suffix(file, suffix)
    last = day_of(until) if until else current_day()
    first = day_of(since) if since else last.replace(day=1)
    from bot.channels.terminal import print_reply
    from office.messages import Reply
    from scheduler import statistics

    calendar = _calendar(settings)
    with office_session(settings) as session:
        found = _demand(
            lambda: statistics.on_time(session, first, last, today=current_day(), calendar=calendar)
        )
    if png is not None:
        from bot.files.chart import on_time_png

        shares = found.departments or found.members
        _write(png, on_time_png(shares, text("work.title"), first, last))
    if xlsx is not None:
        from bot.files.workbook import statistics_xlsx

        _write(xlsx, statistics_xlsx(found))
    if as_json:
        typer.echo(json.dumps(_shares(found), ensure_ascii=False, indent=2))
        return
    print_reply(Reply(lines=statistics.as_lines(found)))
    for file in (png, xlsx):
        if file is not None:
            typer.echo(text("work.written", file=file))


def _shares(found: Statistics) -> dict[str, object]:
    def row(share: Share) -> dict[str, object]:
        return {**asdict(share), "share": share.share}

    return {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "total": row(found.total),
        "departments": [row(share) for share in found.departments],
        "members": [row(share) for share in found.members],
    }


# --- small parts


def _work(settings: Settings) -> Work:
    from bot.carriers import PARTS, carriers
    from bot.staff import ladder_of, quiet_hours
    from scheduler.outbox import Outbox
    from scheduler.work import Work

    calendar = _calendar(settings)
    carried = [carrier.name for carrier in carriers(settings)] or PARTS
    outbox = Outbox(quiet=quiet_hours(settings.delivery, calendar), limits=PARTS, channels=carried)
    return Work(outbox=outbox, calendar=lambda: calendar, ladder=ladder_of(settings.assignments))


def _calendar(settings: Settings) -> WorkCalendar:
    from scheduler.calendar import WorkCalendar

    try:
        return WorkCalendar.shipped(*settings.calendar.folders)
    except BadYaml as exc:
        fail(str(exc), PROBLEMS)


def _demand(make: Callable[[], _T]) -> _T:
    """What a function of the office makes, or the end of the command with why it doesn't."""
    from office.refusal import Refused

    try:
        return make()
    except Refused as exc:
        fail(f"{exc.message} {exc.mend}".strip(), BAD_USE)


def _content(file: Path) -> bytes:
    from bot.files.tables import MAX_BYTES

    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as exc:
        fail(text("work.unreadable", file=file, why=cause_of(exc)), BAD_USE)


def _demand_suffix(file: Path, suffix: str) -> None:
    if file.suffix.lower() != suffix:
        fail(text("work.suffix", file=file, suffix=suffix), BAD_USE)


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as exc:
        fail(text("work.unwritable", file=file, why=cause_of(exc)), BAD_USE)
