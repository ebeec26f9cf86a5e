"""`xinluon check` and `xinluon eval`: whether what the office wrote holds, and how well it answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli_common import (
    BAD_USE,
    OK,
    PROBLEMS,
    ConfigOption,
    JsonOption,
    current_day,
    fail,
    library_of,
    settings_of,
)


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

    library = library_of(settings_of(config))
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
