"""A migrated SQLite file for each test, copied from one made once: migrating takes longer than most tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from office.database import make_engine, upgrade


@cache
def _template() -> Path:
    folder = tempfile.mkdtemp(prefix="xinluon-db-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()  # the last connection to close leaves one whole file
    return path


def fresh_sqlite(folder: Path, name: str = "xinluon.db") -> str:
    """The URL of a new database in a folder, with all tables and no rows."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template(), folder / name)
    return f"sqlite:///{folder / name}"
