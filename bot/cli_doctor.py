"""`xinluon doctor`: whether each configured thing works now, and what to do where it doesn't."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import typer

from bot.cli_common import OK, PROBLEMS, ConfigOption, JsonOption, current_moment, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.doctor.findings import Report


def doctor(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Kiểm từng kênh đang bật, trang web và cơ sở dữ liệu.

    Hỏi thật các máy chủ, không gửi tin cho ai và không đổi gì. Có chỗ hỏng thì mã thoát là 1.
    """
    settings = settings_of(config)
    import asyncio

    from bot.doctor.examination import channels_of, examine
    from bot.doctor.findings import Level, as_dict, count, words

    reports = asyncio.run(examine(settings, now=current_moment(), environ=os.environ))
    if as_json:
        typer.echo(json.dumps(as_dict(reports), ensure_ascii=False, indent=2))
    else:
        if not channels_of(settings):
            typer.echo(f"{words()('nothing')}\n")
        _say(reports)
    raise typer.Exit(PROBLEMS if count(reports, Level.BAD) else OK)


def _say(reports: Sequence[Report]) -> None:
    from bot.doctor.findings import Level, count, words

    for report in reports:
        typer.echo(report.title)
        for one in report.findings:
            typer.echo(f"  {one.level.mark} {one.what}: {one.found}")
            if one.mend:
                typer.echo(words()("mend", mend=one.mend))
        typer.echo("")
    typer.echo(words()("summary", **{str(level): count(reports, level) for level in Level}))
