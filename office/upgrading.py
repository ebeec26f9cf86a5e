"""The tables brought to their newest form by Alembic, which is loaded only when there are steps to take."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from office.database import MIGRATIONS, DatabaseUnavailable

_LOCK = 8_420_770_101  # any number of our own, for pg_advisory_xact_lock


def bring_up(engine: Engine) -> None:
    """Take the steps that are missing, all in one transaction; processes that start together take turns.

    Raises DatabaseUnavailable when a newer program has already changed the tables.
    """
    config = _config()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def known_revisions() -> frozenset[str]:
    """The steps of the tables that this program knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    for revision in MigrationContext.configure(connection).get_current_heads():
        try:
            scripts.get_revision(revision)
        except CommandError as exc:
            raise DatabaseUnavailable(
                f"cơ sở dữ liệu đã được bản mới hơn của chương trình nâng cấp (bước «{revision}»)",
                "chạy lại bản mới, hoặc khôi phục bản sao lưu trước khi nâng cấp",
            ) from exc
