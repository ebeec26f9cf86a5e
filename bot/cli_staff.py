"""The commands of IT about the staff's side: rehearse, and codes for people."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

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
    key_of_office,
    office_session,
    settings_of,
    text,
)
from bot.cli_words import Command, Group
from knowledge.strict_yaml import BadYaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from office.people import Person

people_app = typer.Typer(
    cls=Group, help="Người: cấp mã gắn tài khoản trò chuyện.", no_args_is_help=True, rich_markup_mode=None
)
MAX_DAYS = 366
_NAMED = 10  # people of one name written out


# --- rehearse


def rehearse(
    days: Annotated[int, typer.Option("--days", help="Số ngày, kể cả ngày bắt đầu.")] = 30,
    since: Annotated[
        str, typer.Option("--from", help="Ngày bắt đầu, ví dụ 2026-12-01 (mặc định: hôm nay).")
    ] = "",
    fast: Annotated[bool, typer.Option("--fast", help="In từng tin đúng như người nhận sẽ thấy.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Diễn tập: những gì sẽ gửi trong các ngày tới, cho ai, lúc nào. Không gửi gì, không cần token."""
    settings = settings_of(config)
    if fast and as_json:
        fail(text("rehearsal.one_form"), BAD_USE)
    if not 1 <= days <= MAX_DAYS:
        fail(text("rehearsal.days", most=MAX_DAYS), BAD_USE)
    first = _first_day(since)
    from rich.console import Console

    from bot import rehearsal_words
    from bot.logs import set_up_logs
    from bot.rehearsal import rehearse as play
    from bot.rehearsal_copy import copied
    from office.database import DatabaseUnavailable

    set_up_logs(settings.log)
    try:
        with copied(settings.database.url) as copy:
            found = play(settings, copy, now=current_moment(), since=first, days=days)
    except DatabaseUnavailable as exc:
        fail(f"{exc.message} → {exc.mend}", UNAVAILABLE)
    except BadYaml as exc:
        fail(str(exc), PROBLEMS)
    if as_json:
        typer.echo(rehearsal_words.as_json(found))
    elif fast:
        rehearsal_words.play(found, Console(soft_wrap=not sys.stdout.isatty()))
    else:
        typer.echo("\n".join(rehearsal_words.as_list(found)))
    raise typer.Exit(PROBLEMS if found.problems else OK)


def _first_day(written: str) -> date:
    today = current_day()
    first = day_of(written) if written else today
    if first < today:
        fail(text("rehearsal.from_past", day=written), BAD_USE)
    if first > today + timedelta(days=MAX_DAYS):
        fail(text("rehearsal.from_far", day=written, most=MAX_DAYS), BAD_USE)
    return first


# --- people


@people_app.command("code", cls=Command)
def make_code(
    name: Annotated[str, typer.Argument(metavar="NGƯỜI", help="Họ tên trong dấu nháy, hoặc số: «#12».")],
    config: ConfigOption = None,
) -> None:
    """Cấp mã mới để một người gắn tài khoản trò chuyện.

    Mã cũ chưa dùng thôi hiệu lực.
    """
    settings = settings_of(config)
    from office import codes, people

    with office_session(settings) as session:
        found = people.find_people(session, name)
        if not found:
            fail(text("people.unknown", name=name), BAD_USE)
        if len(found) > 1:
            fail(_many(session, name, found), BAD_USE)
        [who] = found
        purpose = people.CodePurpose.TIE
        key = key_of_office(settings)
        now = current_moment()
        code = codes.make_code(session, purpose, member_id=who.id, created_by=None, now=now, hash_key=key)
        session.commit()
    typer.echo(text("people.code", name=who.name, code=code, days=codes.TIE_DAYS))


def _many(session: Session, name: str, found: Sequence[Person]) -> str:
    """That a name is several people's, with the numbers that tell them apart."""
    from office import people

    departments = {d.id: f" ({d.name})" for d in people.departments(session)}
    rows = [
        text("people.one", id=p.id, name=p.name, department=departments.get(p.department_id or 0, ""))
        for p in found[:_NAMED]
    ]
    more = len(found) - _NAMED
    rows += [text("people.more", count=more)] if more > 0 else []
    return "\n".join([text("people.many", count=len(found), name=name), *rows])


@people_app.command("admin", cls=Command)
def claim_office(config: ConfigOption = None) -> None:
    """Cấp mã nhận quyền quản trị, nếu cơ quan chưa có quản trị."""
    settings = settings_of(config)
    from office import codes, people

    with office_session(settings) as session:
        admins = people.with_role(session, people.Role.ADMIN)
        if admins:
            typer.echo(text("people.has_admin", names=", ".join(p.name for p in admins)))
            return
        code = codes.claim_code(session, now=current_moment(), hash_key=key_of_office(settings))
        session.commit()
    typer.echo(text("people.admin", code=code, hours=codes.CLAIM_HOURS))
