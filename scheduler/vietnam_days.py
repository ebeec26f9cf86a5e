"""Việt Nam's days off and days worked in place of others, as the `holidays` library knows them."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date
from functools import cache
from types import ModuleType

_COUNTRIES = "holidays.countries"


@cache
def days_of(year: int) -> tuple[dict[date, str], frozenset[date]]:
    """Days off with their Vietnamese names, and weekend days worked in place of others, of a year."""
    _leave_out_other_countries()
    import holidays

    found = holidays.country_holidays("VN", years=year, language="vi")
    worked = frozenset(day for day in found.weekend_workdays if day.year == year)
    return dict(found.items()), worked


def _leave_out_other_countries() -> None:
    """Have the library load Việt Nam alone: its package of countries loads all 250, of 14 MB and 0.1 s."""
    if _COUNTRIES in sys.modules:
        return
    found = importlib.util.find_spec("holidays")
    assert found is not None and found.submodule_search_locations  # noqa: S101, PT018 - a dependency
    empty = ModuleType(_COUNTRIES)
    empty.__path__ = [f"{folder}/countries" for folder in found.submodule_search_locations]
    sys.modules[_COUNTRIES] = empty
