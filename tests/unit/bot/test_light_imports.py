"""What isn't needed isn't loaded: neither by commands that answer at once, nor by the program that runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_OTHER = "holidays.countries.thailand"


def _loaded(code: str, *of: str) -> str:
    """Which of these modules a new process has loaded after it has done this."""
    asked = f"{code}; import sys; print([m for m in {of!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_asking_and_the_terminal_load_no_database_and_no_web_server() -> None:
    code = "import bot.cli, bot.batch, bot.channels.terminal, handlers.ask"
    assert _loaded(code, "sqlalchemy", "alembic", "starlette", "telegram", "httpx") == "[]"


def test_a_program_whose_platforms_are_off_and_whose_tables_are_new_loads_neither(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/office.db"
    code = (
        "import bot.app; from pathlib import Path; from office.settings import settings_from; "
        f"settings = settings_from({{'database': {{'url': {url!r}}}}}, {{}}); "
        f"bot.app.Office(settings, var=Path({str(tmp_path)!r}))"
    )
    platforms = ("telegram", "bot.channels.zalo_bot", "bot.channels.zalo_oa")
    first, then = (_loaded(code, *platforms, "alembic").splitlines()[-1] for _ in range(2))
    assert (first, then) == ("['alembic']", "[]")  # the first has made the tables


def test_the_calendar_loads_the_days_of_one_country_and_they_are_the_librarys() -> None:
    days = (
        "from scheduler.vietnam_days import days_of; "
        "print([(sorted(days_of(y)[0].items()), sorted(days_of(y)[1])) for y in range(2024, 2029)])"
    )
    whole, ours = _loaded(f"import holidays.countries; {days}", _OTHER), _loaded(days, _OTHER)
    assert (whole.splitlines()[1:], ours.splitlines()[1:]) == ([f"['{_OTHER}']"], ["[]"])
    assert whole.splitlines()[0] == ours.splitlines()[0] != ""
