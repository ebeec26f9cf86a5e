"""The command `xinluon`. Heavy parts are imported where they are used, so that a question is answered
fast."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import cli_audit, cli_backup, cli_console, cli_doctor, cli_report, cli_staff, cli_work, cli_zalo
from bot.cli_common import (
    BAD_USE,
    OK,
    PROBLEMS,
    UNAVAILABLE,
    ConfigOption,
    JsonOption,
    current_day,
    database,
    fail,
    key_of_office,
    settings_of,
)
from bot.cli_words import Command, Group, UsageError, complaint
from knowledge.strict_yaml import BadYaml

if TYPE_CHECKING:
    from handlers.library import Library
    from office.settings import Settings

app = typer.Typer(
    cls=Group,
    help="Xin Luôn: chương trình hỏi đáp thủ tục hành chính của cơ quan.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "Mã thoát: 0 tốt; 1 có lỗi trong nội dung; 2 gọi sai hoặc cấu hình sai; "
        "3 không chạy được (cổng, cơ sở dữ liệu)."
    ),
)
bench_app = typer.Typer(
    cls=Group, help="Đo tốc độ tìm kiếm, khởi động và gửi tin.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(bench_app, name="bench")
app.add_typer(cli_work.work_app, name="work")
app.add_typer(cli_staff.people_app, name="people")
app.add_typer(cli_audit.audit_app, name="audit")
app.add_typer(cli_zalo.zalo_app, name="zalo")
app.command(cls=Command)(cli_doctor.doctor)
app.command(cls=Command)(cli_staff.rehearse)
app.command("vaoban", cls=Command)(cli_console.enter)
app.command(cls=Command)(cli_report.report)
app.command(cls=Command)(cli_backup.backup)
app.command(cls=Command)(cli_backup.restore)
app.command(cls=Command)(cli_backup.settle)


@app.command(cls=Command)
def run(config: ConfigOption = None) -> None:
    """Chạy dịch vụ: trang web và các kênh đã bật (Zalo, Telegram)."""
    settings = settings_of(config)  # before the heavy parts: what is wrong with it is told at once
    import asyncio

    from bot.app import Office
    from bot.carriers import carriers
    from bot.channels.base import ChannelDown
    from bot.console_address import claim_link
    from bot.logs import set_up_logs
    from office.database import DatabaseUnavailable
    from office.secrets import BadSetting

    set_up_logs(settings.log)

    async def serve() -> None:
        office = Office(settings)

        def ready(address: str) -> None:
            typer.echo(f"Xin Luôn đang phục vụ tại {address} (Ctrl+C để dừng)")
            if office.claim_code:
                where = "Nhắn riêng cho bot" if carriers(settings) else "Gõ trong xinluon chat"
                said = f"/nhanquyen {office.claim_code} Họ và tên"
                typer.echo(f"Chưa có quản trị. {where}: {said} (hạn 24 giờ)")
                if link := claim_link(settings, office.claim_code, office.port):
                    typer.echo(f"Hoặc mở trên trình duyệt: {link}")

        await office.serve(ready=ready)

    try:
        asyncio.run(serve())
    except DatabaseUnavailable as exc:
        fail(f"{exc.message} → {exc.mend}", UNAVAILABLE)
    except ChannelDown as exc:
        fail(exc.reason, UNAVAILABLE)
    except BadSetting as exc:
        fail(f"{exc.message} → {exc.mend}", BAD_USE)
    except BadYaml as exc:
        fail(str(exc), PROBLEMS)
    typer.echo("Đã dừng.")


@app.command(cls=Command)
def ask(
    question: Annotated[
        str | None, typer.Argument(metavar="CÂU-HỎI", help="Câu hỏi, đặt trong dấu nháy.")
    ] = None,
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help='Đọc từng dòng {"id","text","prev"?} từ đầu vào, in từng dòng kết quả.'),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Trả lời một câu hỏi."""
    library = _library(settings_of(config))
    if jsonl:
        from bot.batch import answer_lines

        try:
            for row in answer_lines(library, sys.stdin.buffer, current_day()):
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        except BrokenPipeError:
            # The reader has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if question is None:
        fail('thiếu câu hỏi: xinluon ask "quay số trúng thưởng cần giấy gì"', BAD_USE)
    if as_json:
        from bot.batch import answer_row

        row = answer_row(library, {"id": "1", "text": question}, current_day())
        typer.echo(json.dumps(row, ensure_ascii=False, indent=2))
        return
    from bot.channels.terminal import print_reply
    from handlers.ask import ask as answer

    print_reply(answer(library, question, current_day()).reply)


@app.command(cls=Command)
def chat(config: ConfigOption = None) -> None:
    """Hỏi đáp trong cửa sổ dòng lệnh (gõ /thoat để ra)."""
    from bot.channels.terminal import Terminal
    from bot.console_address import console_address
    from bot.files_by_link import FileLinks
    from bot.logs import set_up_logs
    from bot.staff import Staff
    from handlers.desk import FrontDesk
    from office.clock import SystemClock
    from office.database import session_factory

    settings = settings_of(config)
    set_up_logs(settings.log)
    library = _library(settings)
    with database(settings) as engine:
        key, sessions = key_of_office(settings), session_factory(engine)
        staff = Staff(
            settings,
            sessions=sessions,
            readers=session_factory(engine, read_only=True),
            clock=SystemClock(),
            hash_key=key,
            library=lambda: library,
            console_address=lambda: console_address(settings),
        )
        code = staff.prepare()
        if code:
            typer.echo(f"Chưa có quản trị. Gõ: /nhanquyen {code} Họ và tên (hạn 24 giờ)")
        desk = FrontDesk(
            library=lambda: library,
            sessions=sessions,
            clock=SystemClock(),
            hash_key=key,
            limits=settings.limits,
            staff=staff.router,
        )
        links = FileLinks(
            sessions=sessions,
            clock=SystemClock(),
            public_url=settings.web.public_url,
            days=settings.web.file_days,
        )
        Terminal(desk, addresses=links).run()


@app.command(cls=Command)
def check(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Soát kho tri thức, cấu hình, lịch và quy tắc nhắc.

    Có lỗi thì mã thoát là 1; chỉ có cảnh báo thì là 0.
    """
    from bot import cli_check
    from bot.config import find_config

    settings = settings_of(config)
    found = cli_check.check(settings, find_config(config, os.environ), current_day())
    cli_check.print_problems(found.problems, as_json)
    errors = sum(p.error for p in found.problems)
    if found.readable and not as_json:
        typer.echo(
            f"{found.entries} mục, {found.cases} ca kiểm thử, {found.rules} quy tắc nhắc: "
            f"{errors} lỗi, {len(found.problems) - errors} cảnh báo."
        )
    raise typer.Exit(PROBLEMS if errors else OK)


@app.command("eval", cls=Command)
def evaluate(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Tệp JSON Lines các câu hỏi đã gắn nhãn.")],
    failures: Annotated[Path | None, typer.Option("--failures", help="Ghi các câu sai vào tệp này.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Chấm câu trả lời trên một bộ câu hỏi đã gắn nhãn."""
    from bot.batch import given_of
    from bot.reports import print_evaluation
    from knowledge import evaluation

    library = _library(settings_of(config))
    try:
        cases = evaluation.read_cases(file)
        topics = evaluation.read_topics()
    except evaluation.BadCases as exc:
        fail(str(exc), BAD_USE)
    today = current_day()
    report = evaluation.evaluate(cases, lambda case: given_of(library, case, today), topics)
    if failures:
        failures.write_text(
            "".join(evaluation.failure_line(*f) + "\n" for f in report.failures), encoding="utf-8"
        )
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        print_evaluation(report, file.name)


@app.command("calendar", cls=Command)
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

    from bot import cli_calendar
    from scheduler.calendar import WorkCalendar, computed_warning

    calendar = WorkCalendar.shipped(*settings_of(config).calendar.folders)
    try:
        year, number = cli_calendar.month_of(month or f"{current_day():%Y-%m}")
    except cli_calendar.BadDay as exc:
        fail(str(exc), BAD_USE)
    days = calendar.month(year, number, department=department)
    warning = computed_warning([] if calendar.confirmed(year) else [year])
    if as_json:
        typer.echo(cli_calendar.month_json(days, warning))
    else:
        cli_calendar.print_month(days, warning, Console(soft_wrap=not sys.stdout.isatty()))


@app.command(cls=Command)
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

    from bot import cli_calendar
    from scheduler.calendar import WorkCalendar

    calendar = WorkCalendar.shipped(*settings_of(config).calendar.folders)
    try:
        due = calendar.due(cli_calendar.day_of(received), days)
    except cli_calendar.BadDay as exc:
        fail(str(exc), BAD_USE)
    if as_json:
        typer.echo(cli_calendar.due_json(due))
    else:
        cli_calendar.print_due(due, days, Console(soft_wrap=not sys.stdout.isatty()))


@bench_app.command("all", cls=Command)
def bench_all(as_json: JsonOption = False) -> None:
    """Đo tất cả: tìm kiếm, khởi động, bộ nhớ, gửi tin.

    Tìm kiếm đo ở cỡ hiện có và ở 100.000 cụm từ.
    """
    _bench("all", as_json)


@bench_app.command("search", cls=Command)
def bench_search(as_json: JsonOption = False) -> None:
    """Đo tìm kiếm, bên cạnh rapidfuzz WRatio và bm25s.

    Trong cùng một lần chạy.
    """
    _bench("search", as_json)


@bench_app.command("start", cls=Command)
def bench_start(as_json: JsonOption = False) -> None:
    """Đo khởi động nguội và bộ nhớ."""
    _bench("start", as_json)


@bench_app.command("delivery", cls=Command)
def bench_delivery(as_json: JsonOption = False) -> None:
    """Đo việc gửi tin: đúng giờ, tốc độ, giới hạn của Telegram.

    Bên cạnh cách gửi thường gặp.
    """
    _bench("delivery", as_json)


@bench_app.command("console", cls=Command)
def bench_console(as_json: JsonOption = False) -> None:
    """Đo trang của Văn phòng trên dữ liệu một năm.

    Và một thông báo tới 10.000 cuộc trò chuyện.
    """
    _bench("console", as_json)


@app.command(cls=Command)
def version(as_json: JsonOption = False) -> None:
    """In phiên bản chương trình và kho tri thức."""
    from importlib.metadata import version as installed

    library = _library(settings_of(None))
    row = {
        "xinluon": installed("xinluon"),
        "knowledge": library.version,
        "entries": len(library.knowledge.entries),
    }
    if as_json:
        typer.echo(json.dumps(row, ensure_ascii=False))
    else:
        typer.echo(f"xinluon {row['xinluon']}, kho tri thức {row['knowledge']} ({row['entries']} mục)")


def main() -> None:
    """Run the command; whatever goes wrong in its use is one line, not a traceback."""
    try:
        sys.exit(app(standalone_mode=False) or OK)
    except UsageError as exc:
        if not sys.argv[1:] or type(exc).__name__ == "NoArgsIsHelpError":
            typer.echo(str(exc))
        else:
            typer.echo(f"Lỗi: {complaint(exc)}", err=True)
        sys.exit(BAD_USE)
    except typer.Exit as exc:
        sys.exit(exc.exit_code)
    except typer.Abort:
        sys.exit(130)
    except BadYaml as exc:
        for problem in exc.problems:
            typer.echo(f"Lỗi: {problem}", err=True)
        sys.exit(BAD_USE)
    except KeyboardInterrupt:
        sys.exit(130)


def _library(settings: Settings) -> Library:
    from bot.config import knowledge_folders, profile_of
    from handlers.library import open_library

    library, loaded = open_library(knowledge_folders(settings), profile_of(settings))
    for problem in loaded.problems:
        typer.echo(f"Kho tri thức: {problem}", err=True)
    return library


def _bench(what: str, as_json: bool) -> None:
    try:
        from bench.run import run as measure
    except ImportError as exc:
        fail(f"thiếu thư viện để đo ({exc.name}): chạy «make setup-dev» trong thư mục mã nguồn", BAD_USE)
    measure(what, as_json=as_json)
