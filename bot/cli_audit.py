"""`xinluon audit`: whether the audit is whole, and the audit as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_common import (
    BAD_USE,
    OK,
    PROBLEMS,
    ConfigOption,
    JsonOption,
    database,
    day_of,
    fail,
    settings_of,
)
from bot.cli_words import Command, Group
from knowledge.phrases import Phrases
from knowledge.strict_yaml import cause_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bot.files.audit import Form
    from office.audit import Verdict
    from office.settings import Settings

audit_app = typer.Typer(
    cls=Group,
    help="Nhật ký: kiểm có nguyên vẹn không, xuất ra tệp.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@cache
def words() -> Phrases:
    """The texts of the commands that look after the program."""
    return Phrases.read(Path(__file__).with_name("texts_it.yaml"))


@contextmanager
def _reading(settings: Settings) -> Iterator[Session]:
    """A session that keeps nobody from writing: the audit may be long."""
    from office.database import session_factory

    with database(settings) as engine, session_factory(engine, read_only=True)() as session:
        yield session


@audit_app.command("verify", cls=Command)
def verify(
    expect: Annotated[
        str, typer.Option("--expect", help="Mã niêm phong đã ghi lại trước đây, hoặc phần đầu của nó.")
    ] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Kiểm nhật ký có bị sửa, xoá hay chèn dòng không.

    In mã niêm phong mới nhất.
    """
    settings = settings_of(config)
    from office import audit

    noted = "".join(expect.split())
    if noted and not re.fullmatch(rf"[0-9a-fA-F]{{{audit.NOTED_LENGTH},64}}", noted):
        fail(words()("audit.bad_seal", seal=expect, length=audit.NOTED_LENGTH), BAD_USE)
    with _reading(settings) as session:
        found = audit.verify(session, noted=noted)
    if as_json:
        typer.echo(json.dumps(_as_dict(found), ensure_ascii=False, indent=2))
    else:
        _say(found)
    raise typer.Exit(OK if found.broken_at is None else PROBLEMS)


def _as_dict(found: Verdict) -> dict[str, object]:
    whole = found.broken_at is None
    return {
        "whole": whole,
        "rows": found.rows,
        "head": found.head if whole else None,
        "broken_at": found.broken_at,
        "why": found.why,
        "noted_at": found.noted_at,
    }


def _say(found: Verdict) -> None:
    text = words()
    if found.broken_at is not None:
        typer.echo(text("audit.broken", why=found.why))
        typer.echo(text("audit.broken_at", serial=found.broken_at, rows=found.rows))
        typer.echo(text("audit.broken_mend"))
        return
    typer.echo(text("audit.whole", rows=found.rows))
    if found.noted_at is not None:
        typer.echo(text("audit.noted", serial=found.noted_at))
    typer.echo(text("audit.seal", seal=found.head))
    typer.echo(text("audit.keep"))


@audit_app.command("export", cls=Command)
def export(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Tệp để ghi: .xlsx, .csv hoặc .jsonl.")],
    since: Annotated[str, typer.Option("--since", help="Ngày đầu kỳ (mặc định: từ dòng đầu).")] = "",
    until: Annotated[str, typer.Option("--until", help="Ngày cuối kỳ (mặc định: đến dòng cuối).")] = "",
    config: ConfigOption = None,
) -> None:
    """Xuất nhật ký ra Excel, CSV, hoặc JSON Lines để kiểm ở nơi khác."""
    settings = settings_of(config)
    form = _form(file)
    from bot.files.audit import Period, audit_file
    from office.refusal import Refused

    period = Period(since=day_of(since) if since else None, until=day_of(until) if until else None)
    if period.since and period.until and period.since > period.until:
        fail(words()("audit.turned"), BAD_USE)
    with _reading(settings) as session:
        try:
            content, count = audit_file(session, form, period)
        except Refused as exc:
            fail(f"{exc.message} {exc.mend}", BAD_USE)
    try:
        file.write_bytes(content)
    except OSError as exc:
        fail(words()("audit.unwritable", file=file, why=cause_of(exc)), BAD_USE)
    typer.echo(words()("audit.exported", count=count, file=file))


def _form(file: Path) -> Form:
    from bot.files.audit import Form

    try:
        return Form(file.suffix.lower())
    except ValueError:
        fail(words()("audit.suffix", file=file), BAD_USE)
