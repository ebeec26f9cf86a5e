"""Commands that answer at once load nothing that they don't need."""

from __future__ import annotations

import subprocess
import sys


def test_asking_and_the_terminal_load_no_database_and_no_web_server() -> None:
    code = (
        "import sys, bot.cli, bot.batch, bot.channels.terminal, handlers.ask; "
        "print([m for m in ('sqlalchemy', 'alembic', 'starlette', 'telegram', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
