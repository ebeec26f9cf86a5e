"""`xinluon backup` and `xinluon restore`: both while the program runs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_common import (
    BAD_USE,
    OK,
    PROBLEMS,
    UNAVAILABLE,
    ConfigOption,
    current_moment,
    database,
    fail,
    settings_of,
)
from office.clock import ZONE, SystemClock, said_moment

if TYPE_CHECKING:
    from bot.backup.archive import Backup
    from bot.backup.folders import Difference
    from bot.backup.restoring import Restored
    from bot.backup.settling import Settled

_NAMED = 20  # files written out


def backup(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="TỆP-HOẶC-THƯ-MỤC",
            help="Tệp .zip để ghi, hoặc thư mục (chưa có thì tạo) để tự đặt tên theo ngày giờ.",
        ),
    ],
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Không kèm tệp khoá hash.key (đã cất riêng).")
    ] = False,
    without_folders: Annotated[
        bool, typer.Option("--without-folders", help="Không kèm cấu hình và thư mục riêng của cơ quan.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Sao lưu dữ liệu ra một tệp, không cần dừng chương trình."""
    settings = settings_of(config)
    from bot.backup.archive import words
    from bot.backup.making import Wanted, back_up

    now = current_moment()
    kept = None if without_folders else _config_file(config)
    wanted = Wanted(config=kept, key=not without_key, folders=not without_folders)
    with _told():
        target = _named(file, now)
        manifest = back_up(settings, target, now=now, wanted=wanted)
    text = words()
    size = _size(target.stat().st_size)
    files = sum(name.startswith("folders/") for name in manifest.members)
    typer.echo(text("backup.made", file=target, size=size, when=said_moment(now), files=files))
    typer.echo(text("backup.seal", rows=manifest.audit.rows, seal=manifest.audit.head))
    typer.echo(text("backup.missing"))
    for missing in manifest.not_included:
        typer.echo(f"- {missing}")
    typer.echo(text("backup.care_no_key" if manifest.key == "left_out" else "backup.care"))


def restore(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Tệp .zip do «xinluon backup» tạo ra.")],
    apply: Annotated[bool, typer.Option("--apply", help="Thay dữ liệu hiện có bằng bản sao lưu.")] = False,
    with_files: Annotated[
        bool, typer.Option("--with-files", help="Lấy lại cả tệp trong các thư mục riêng của cơ quan.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Kiểm một bản sao lưu; thêm --apply để khôi phục.

    Không cần dừng chương trình.
    """
    settings = settings_of(config)
    from bot.backup.archive import opened, words
    from bot.backup.copies import database_file
    from bot.backup.folders import differences
    from bot.backup.restoring import check
    from bot.backup.restoring import restore as put_back
    from bot.logs import set_up_logs

    set_up_logs(settings.log)
    text = words()
    with _told(), opened(file) as found:
        differing = differences(settings, found)
        if not apply:
            check(found, _existing(database_file(settings).parent))
            _describe(found)
            _list(text("backup.differ"), differing)
            typer.echo(text("backup.apply"))
            raise typer.Exit(OK)
        done = put_back(
            settings,
            found,
            source=file.name,
            clock=SystemClock(),
            config=_config_file(config),
            folders=with_files,
        )
        typer.echo(text("backup.done", when=said_moment(found.manifest.made_at)))
        _say(done)
        _list(text("backup.differ_apply" if with_files else "backup.differ"), differing)


def settle(
    made: Annotated[
        str,
        typer.Argument(metavar="LÚC-SAO-LƯU", help='Lúc sao lưu, giờ Việt Nam, ví dụ "2026-11-24 01:30".'),
    ],
    config: ConfigOption = None,
) -> None:
    """Chạy sau pg_restore: không để tin nào gửi hai lần.

    Dùng khi tự khôi phục cơ sở dữ liệu, trước khi chạy lại chương trình.
    """
    settings = settings_of(config)
    from bot.backup.archive import words
    from bot.backup.settling import settle as make_safe
    from scheduler.calendar import WorkCalendar

    try:
        made_at = datetime.fromisoformat(made).replace(tzinfo=ZONE)
    except ValueError:
        fail(words()("backup.moment", moment=made), BAD_USE)
    calendar = WorkCalendar.shipped(*settings.calendar.folders)
    with database(settings) as engine:
        now = current_moment()
        done = make_safe(engine, made_at, source="pg_restore", before=None, calendar=calendar, now=now)
    _say_settled(done)


@contextmanager
def _told() -> Iterator[None]:
    """Ends the command with one line where it can't be done."""
    from bot.backup.archive import BackupFailed, BadBackup
    from office.database import DatabaseUnavailable

    try:
        yield
    except BadBackup as exc:
        fail(f"{exc.message} → {exc.mend}", PROBLEMS)
    except (BackupFailed, DatabaseUnavailable) as exc:
        fail(f"{exc.message} → {exc.mend}", UNAVAILABLE)


def _describe(found: Backup) -> None:
    from bot.backup.archive import words

    manifest = found.manifest
    when = said_moment(manifest.made_at)
    rows = manifest.audit.rows
    typer.echo(words()("backup.about", when=when, version=manifest.version, rows=rows))


def _say(done: Restored) -> None:
    from bot.backup.archive import words

    text = words()
    if done.safety is not None:
        typer.echo(text("backup.safety", file=done.safety))
    if done.broken is not None:
        typer.echo(text("backup.broken", file=done.broken))
    _say_settled(done.settled)
    if done.restart:
        typer.echo(done.restart)


def _say_settled(done: Settled) -> None:
    from bot.backup.archive import words

    for key in ("deeds", "uncertain", "moments", "notices"):
        if count := getattr(done, key):
            typer.echo(words()(f"backup.{key}", count=count))
    typer.echo(words()("backup.sessions"))


def _list(heading: str, differing: list[Difference]) -> None:
    from bot.backup.archive import words

    if not differing:
        return
    text = words()
    typer.echo(heading)
    for one in differing[:_NAMED]:
        where = f"{one.file.kind}/{one.file.path}"
        typer.echo(f"- {one.target or text('backup.differ_nowhere', file=where)}")
    if len(differing) > _NAMED:
        typer.echo("- " + text("backup.differ_more", count=len(differing) - _NAMED))


def _named(file: Path, now: datetime) -> Path:
    """The file to write: whatever isn't called .zip is a folder, made when missing. Raises BackupFailed."""
    from bot.backup.archive import BackupFailed, words
    from bot.backup.copies import unwritable

    if file.suffix.lower() == ".zip" and not file.is_dir():
        return file
    if file.exists() and not file.is_dir():
        raise BackupFailed(words()("backup.no_folder", file=file), words()("backup.no_folder_mend"))
    try:
        file.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise unwritable(file, exc) from exc
    return file / f"xinluon-{now.astimezone(ZONE):%Y%m%d-%H%M%S}.zip"


def _size(number: int) -> str:
    """«12,3 MB», below that «456 kB»."""
    if number < 1_000_000:
        return f"{math.ceil(number / 1000)} kB"
    return f"{number / 1_000_000:.1f} MB".replace(".", ",")


def _config_file(config: Path | None) -> Path | None:
    from bot.config import find_config

    return find_config(config, os.environ)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.is_dir())
