"""`xinluon zalo`: consent to speak for the Official Account, and how long it lasts."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.channels.zalo_oa_login import BadReturn, Consent, Encoding, Returned, ask_consent, read_return
from bot.cli_common import (
    BAD_USE,
    OK,
    PROBLEMS,
    UNAVAILABLE,
    ConfigOption,
    JsonOption,
    current_moment,
    database,
    fail,
    settings_of,
)
from bot.cli_words import Command, Group
from knowledge.phrases import Phrases
from office.clock import said_moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.channels.zalo_oa_identity import Identity
    from bot.channels.zalo_oa_oauth import Pair
    from office.channel_settings import ZaloOa
    from office.settings import Settings
    from office.zalo_tokens import ZaloTokens

PASTES = 3  # tries on a terminal

zalo_app = typer.Typer(
    cls=Group,
    help="Zalo OA: cấp quyền cho chương trình, xem quyền còn đến bao giờ.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@cache
def words() -> Phrases:
    """The texts of these commands."""
    return Phrases.read(Path(__file__).with_name("texts_zalo.yaml"))


@zalo_app.command("login", cls=Command)
def login(
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Nhập mã làm mới lấy ở API Explorer, không qua trình duyệt.")
    ] = False,
    challenge: Annotated[
        Encoding,
        typer.Option(
            "--challenge",
            help="Cách viết mã kiểm PKCE (có sẵn: base64url); chỉ đổi khi Zalo không nhận.",
            show_default=False,
        ),
    ] = Encoding.URL,
    config: ConfigOption = None,
) -> None:
    """Cấp quyền cho chương trình nói thay Zalo OA.

    In địa chỉ để quản trị OA đồng ý, rồi nhận địa chỉ mà trình duyệt dừng.
    """
    settings = settings_of(config)
    oa = _usable(settings.zalo_oa)
    known = False
    if by_hand:
        typer.echo(words()("by_hand", oa=oa.oa_id, app=oa.app_id))
        grant = {"grant_type": "refresh_token", "refresh_token": _token()}
        other = None
    else:
        consent = _consent(oa, challenge)
        back = _returned(consent, oa)
        known = bool(back.oa_id)
        grant = {"grant_type": "authorization_code", "code": back.code, "code_verifier": consent.verifier}
        other = Encoding.PLAIN if challenge is Encoding.URL else Encoding.URL
    with database(settings):
        pass  # what can't be stored must not be asked for: it is good for one use
    pair = _exchanged(oa, grant, other)
    if known:
        _store(settings, pair)
    facts, trouble = _account(oa, pair)
    if facts is not None and facts.oa_id not in ("", oa.oa_id):
        name = f" «{facts.name}»" if facts.name else ""
        fail(words()("error.other_account", found=facts.oa_id, name=name, oa=oa.oa_id), PROBLEMS)
    if not known:
        _store(settings, pair)
    _say(oa, pair, facts, trouble)
    _warn_of_name(facts, settings.office.name)
    _warn_of_readers(settings)


def _usable(oa: ZaloOa) -> ZaloOa:
    """The settings with all that consent needs; whether the channel is on or what it needs to run doesn't
    matter. Ends the command."""
    from office.channel_settings import check_zalo_oa
    from office.secrets import BadSetting

    if oa.app_id is None and oa.oa_id is None:
        fail(words()("error.unset"), BAD_USE)
    try:
        check_zalo_oa(oa)
    except BadSetting as exc:
        if exc.path != ("zalo_oa", "webhook_secret"):
            fail(f"{'.'.join(exc.path)}: {exc.message} → {exc.mend}", BAD_USE)
    return oa


def _consent(oa: ZaloOa, encoding: Encoding) -> Consent:
    """Show the way to consent. Ends the command where there is no address to come back to."""
    if oa.redirect_url is None:
        fail(words()("error.no_redirect"), BAD_USE)
    consent = ask_consent(
        oauth_url=oa.oauth_url, app_id=oa.app_id or "", redirect_url=oa.redirect_url, encoding=encoding
    )
    typer.echo(words()("consent", app=oa.app_id, oa=oa.oa_id, url=consent.url, redirect=oa.redirect_url))
    typer.echo("")
    return consent


def _returned(consent: Consent, oa: ZaloOa) -> Returned:
    """What consent brought. On a terminal a wrong paste is asked for again. Ends the command."""
    left = PASTES if at_terminal() else 1
    while True:
        pasted = _line(words()("paste"))
        try:
            return read_return(pasted, state=consent.state, oa_id=oa.oa_id or "")
        except BadReturn as exc:
            left -= 1
            if not left or not pasted:  # nothing comes after the end of input
                fail(words()("error.pasted", why=exc.reason), BAD_USE)
            typer.echo(words()("again", why=exc.reason), err=True)


def at_terminal() -> bool:
    """Whether somebody types."""
    return sys.stdin.isatty()


def _line(prompt: str) -> str:
    """A line that somebody types or that is piped in."""
    if at_terminal():
        typer.echo(prompt, nl=False)
    return sys.stdin.readline()


def _token() -> str:
    """A refresh token, typed unseen or piped in. Ends the command for what can't be one."""
    from getpass import getpass

    given = getpass(words()("token")) if at_terminal() else sys.stdin.readline()
    token = given.strip()
    if not token:
        fail(words()("error.nothing"), BAD_USE)
    if not token.isascii() or len(token.split()) > 1 or not token.isprintable():
        fail(words()("error.not_a_token"), BAD_USE)
    return token


def _exchanged(oa: ZaloOa, grant: Mapping[str, str], other: Encoding | None) -> Pair:
    """What Zalo gives for a grant; `other`: the challenge that was not used, None without one. Ends the
    command."""
    from bot.channels.zalo_calls import Lost, NotSent, Refused
    from bot.channels.zalo_oa_oauth import BAD_APP, BAD_REDIRECT, BAD_SECRET, ask_for_pair

    by_code = other is not None
    try:
        return ask_for_pair(oa, grant)
    except NotSent as exc:
        fail(words()("error.unsent", why=exc.reason), UNAVAILABLE)
    except Lost as exc:
        fail(words()("error.lost_code" if by_code else "error.lost_token", why=exc.reason), UNAVAILABLE)
    except Refused as exc:
        if exc.code in (BAD_APP, BAD_REDIRECT, BAD_SECRET):
            fail(words()("error.refused", why=exc.reason), PROBLEMS)
        if by_code:
            fail(words()("error.refused_code", why=exc.reason, other=other), PROBLEMS)
        fail(words()("error.refused_token", why=exc.reason), PROBLEMS)


def _store(settings: Settings, pair: Pair) -> None:
    from bot.channels.zalo_oa_tokens import store_pair
    from office.database import session_factory

    oa, lasts = settings.zalo_oa, pair.lifetime.total_seconds()
    with database(settings) as engine, session_factory(engine).begin() as session:
        store_pair(
            session, oa.oa_id or "", oa.app_id or "", pair.access, pair.refresh, lasts, current_moment()
        )


def _account(oa: ZaloOa, pair: Pair) -> tuple[Identity | None, str]:
    """What the account says of itself, or why it could not be asked."""
    import asyncio

    from bot.channels.zalo_calls import CallEnded
    from bot.channels.zalo_oa_identity import PATH, identity_of
    from bot.doctor.probe import Question, Silence, ask

    headers = {"access_token": pair.access}
    question = Question(method="GET", url=f"{oa.base_url.rstrip('/')}{PATH}", headers=headers)
    answer = asyncio.run(ask(question))
    if isinstance(answer, Silence):
        return None, words()("unreached", why=answer.why.label)
    try:
        return identity_of(answer.body), ""
    except CallEnded as exc:
        return None, exc.reason


def _say(oa: ZaloOa, pair: Pair, facts: Identity | None, trouble: str) -> None:
    from bot.channels.zalo_oa_tokens import REFRESH_LIFE

    text, now = words(), current_moment()
    typer.echo(text("stored"))
    if facts is not None:
        typer.echo(text("account", name=facts.name or text("unnamed"), oa=oa.oa_id))
    typer.echo(text("access", when=said_moment(now + pair.lifetime)))
    typer.echo(text("refresh", when=said_moment(now + REFRESH_LIFE)))
    if trouble:
        typer.echo(text("unchecked", why=trouble))


def _warn_of_name(facts: Identity | None, office: str) -> None:
    """Say so where the account seems to be another office's."""
    from bot.channels.zalo_oa_identity import looks_alike

    if facts is not None and not looks_alike(facts.name, office):
        typer.echo(words()("unlike", name=facts.name, office=office), err=True)


def _warn_of_readers(settings: Settings) -> None:
    """Say so where others on this machine may read the file that the tokens are in."""
    from bot.doctor.premises import file_of

    file = file_of(settings)
    if file is not None and file.is_file() and file.stat().st_mode & 0o077:
        typer.echo(words()("open_file", file=file), err=True)


@zalo_app.command("status", cls=Command)
def status(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Xem quyền của Zalo OA còn đến bao giờ.

    Không in mã. Mã thoát là 1 khi phải cấp quyền lại.
    """
    settings = settings_of(config)
    from office.database import session_factory
    from office.zalo_tokens import ZaloTokens

    oa, now = _usable(settings.zalo_oa), current_moment()
    with database(settings) as engine, session_factory(engine, read_only=True)() as session:
        row = session.get(ZaloTokens, oa.oa_id)
    good = row is not None and row.app_id == oa.app_id and not row.trouble and row.refresh_expires_at > now
    if as_json:
        typer.echo(json.dumps(_as_dict(oa, row, good=good), ensure_ascii=False, indent=2))
    else:
        for line in _lines(oa, row, now):
            typer.echo(line)
        if row is not None:
            _warn_of_readers(settings)
    raise typer.Exit(OK if good else PROBLEMS)


def _as_dict(oa: ZaloOa, row: ZaloTokens | None, *, good: bool) -> dict[str, object]:
    return {
        "ok": good,
        "oa_id": oa.oa_id,
        "app_id": row.app_id if row else None,
        "obtained_at": row.obtained_at.isoformat() if row else None,
        "access_until": row.access_expires_at.isoformat() if row else None,
        "refresh_until": row.refresh_expires_at.isoformat() if row else None,
        "trouble": row.trouble if row else "",
        "version": row.version if row else "",
    }


def _lines(oa: ZaloOa, row: ZaloTokens | None, now: datetime) -> list[str]:
    text = words()
    if row is None:
        return [text("status.none", oa=oa.oa_id)]
    access, refresh = row.access_expires_at, row.refresh_expires_at
    lines = [text("status.account", oa=oa.oa_id, app=row.app_id)]
    if row.app_id != oa.app_id:
        return [*lines, text("status.other_app", app=row.app_id, wanted=oa.app_id)]
    if row.trouble:
        return [*lines, text("status.trouble", why=row.trouble)]
    lines.append(text("status.obtained", when=said_moment(row.obtained_at)))
    if refresh <= now:
        return [*lines, text("status.refresh_ended", when=said_moment(refresh))]
    lines.append(text("status.access" if access > now else "status.access_ended", when=said_moment(access)))
    lines.append(text("status.refresh", when=said_moment(refresh), days=(refresh - now).days))
    lines.append(text("status.fine"))
    version = text("status.version", version=row.version) if row.version else text("status.version_unknown")
    return [*lines, version]
