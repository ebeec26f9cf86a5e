"""What the commands share: exit codes, options, settings, an opened database and how they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from handlers.library import Library
    from office.settings import Settings

OK, PROBLEMS, BAD_USE, UNAVAILABLE = 0, 1, 2, 3

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Tệp cấu hình (mặc định: config.yaml, rồi config.example.yaml)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON cho chương trình khác đọc.")]


def fail(message: str, code: int) -> NoReturn:
    """End the command with one line of what is wrong."""
    typer.echo(f"Lỗi: {message}", err=True)
    raise typer.Exit(code)


def settings_of(config: Path | None) -> Settings:
    """The office's settings. Raises BadYaml."""
    from bot.config import find_config, read_settings

    return read_settings(find_config(config, os.environ), os.environ)


def library_of(settings: Settings) -> Library:
    """The office's knowledge, ready to be asked; what is wrong with it is said. Raises BadYaml."""
    from bot.config import knowledge_folders, profile_of
    from handlers.library import open_library

    library, loaded = open_library(knowledge_folders(settings), profile_of(settings))
    for problem in loaded.problems:
        typer.echo(f"Kho tri thức: {problem}", err=True)
    return library


def current_moment() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def current_day() -> date:
    """The present day in Việt Nam."""
    from office.clock import ZONE

    return current_moment().astimezone(ZONE).date()


@contextmanager
def database(settings: Settings) -> Iterator[Engine]:
    """The office's database, its tables up to date. Ends the command where it can't be used."""
    from office.database import DatabaseUnavailable, make_engine, upgrade

    try:
        engine = make_engine(settings.database.url)
        try:
            upgrade(engine)
            yield engine
        finally:
            engine.dispose()
    except DatabaseUnavailable as exc:
        fail(f"{exc.message} → {exc.mend}", UNAVAILABLE)


@contextmanager
def office_session(settings: Settings) -> Iterator[Session]:
    """A session on the office's database, with the departments of the settings. Commits nothing."""
    from office import people
    from office.database import session_factory

    with database(settings) as engine, session_factory(engine)() as session:
        people.sync_departments(session, [(d.key, d.name) for d in settings.office.departments])
        yield session


def key_of_office(settings: Settings) -> bytes:
    """The hash key, kept beside the SQLite file. Ends the command where it can't be read or made."""
    from bot.config import var_folder
    from office.secrets import BadSetting
    from office.settings import hash_key

    try:
        return hash_key(settings, var_folder(settings))
    except BadSetting as exc:
        fail(f"{exc.message} → {exc.mend}", BAD_USE)


def day_of(written: str) -> date:
    """The day of 2026-12-01 or 01/12/2026. Ends the command for anything else."""
    from bot.days_written import BadDay, day_of

    try:
        return day_of(written)
    except BadDay as exc:
        fail(str(exc), BAD_USE)


def text(name: str, /, **values: object) -> str:
    """A text of IT's commands."""
    from bot.rehearsal_names import words

    return words()(name, **values)
