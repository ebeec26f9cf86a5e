"""Runs the migrations: for office.database.upgrade on its connection, for the alembic command on a URL.

The URL is that of `-x url=…`, else the default one of the settings.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

import office
from office.database import Base, UtcDateTime, make_engine
from office.settings import Database

# Every aggregate's table must be known, also the next one's.
for module in pkgutil.iter_modules(office.__path__, "office."):
    if not module.ispkg and module.name != "office.migrations":
        importlib.import_module(module.name)


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Migrations stand apart from our code: they name the type below ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run_on(connection: Connection) -> None:
    """Migrate through an open connection; who opened it commits."""
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=render_item
    )
    with context.begin_transaction():
        context.run_migrations()


def print_sql(url: str) -> None:
    """Print what would be run on such a database."""
    context.configure(
        url=url, target_metadata=Base.metadata, literal_binds=True, dialect_opts={"paramstyle": "named"}
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Pick the way."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run_on(given)
        return
    url = context.get_x_argument(as_dictionary=True).get("url") or Database().url
    if context.is_offline_mode():
        print_sql(url)
        return
    engine = make_engine(url)
    with engine.begin() as connection:
        run_on(connection)
    engine.dispose()


main()
