"""The words of the report's files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from handlers.office_report.figures import OfficeReport
from knowledge.phrases import Phrases


@cache
def words() -> Phrases:
    """The texts of the report's files, read once."""
    return Phrases.read(Path(__file__).with_name("office_report.yaml"))


def file_name(report: OfficeReport) -> str:
    """Of the report's files, without an ending."""
    return words()("name", since=f"{report.span.since:%Y%m%d}", until=f"{report.span.until:%Y%m%d}")
