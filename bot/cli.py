"""The command `xinluon`. Heavy parts are imported where they are used, so that a question is answered
fast."""

from __future__ import annotations

import json
import sys

import typer

from bot import (
    cli_ask,
    cli_audit,
    cli_backup,
    cli_bench,
    cli_calendar,
    cli_console,
    cli_doctor,
    cli_knowledge,
    cli_report,
    cli_run,
    cli_staff,
    cli_work,
    cli_zalo,
)
from bot.cli_common import BAD_USE, OK, JsonOption, library_of, settings_of
from bot.cli_words import Command, Group, UsageError, complaint
from knowledge.strict_yaml import BadYaml

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
app.add_typer(cli_bench.bench_app, name="bench")
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
app.command(cls=Command)(cli_run.run)
app.command(cls=Command)(cli_ask.ask)
app.command(cls=Command)(cli_ask.chat)
app.command(cls=Command)(cli_knowledge.check)
app.command("eval", cls=Command)(cli_knowledge.evaluate)
app.command("calendar", cls=Command)(cli_calendar.show_calendar)
app.command(cls=Command)(cli_calendar.deadline)


@app.command(cls=Command)
def version(as_json: JsonOption = False) -> None:
    """In phiên bản chương trình và kho tri thức."""
    from importlib.metadata import version as installed

    library = library_of(settings_of(None))
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
