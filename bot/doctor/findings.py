"""What is found: how bad it is, what was looked at, what it is like, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.phrases import Phrases


class Level(StrEnum):
    """How bad it is."""

    FINE = "fine"
    INFO = "info"  # neither good nor bad: not set, not known yet
    WARN = "warn"
    BAD = "bad"

    @property
    def mark(self) -> str:
        """As it is printed."""
        return {Level.FINE: "✔", Level.INFO: "–", Level.WARN: "⚠", Level.BAD: "✘"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing. All words are Vietnamese and hold no secret; `mend`: what to do, "" for nothing."""

    level: Level
    what: str
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found of one part of the office; `part` is its name in the settings."""

    part: str
    title: str
    findings: tuple[Finding, ...]


@cache
def words() -> Phrases:
    """The texts of findings."""
    return Phrases.read(Path(__file__).with_name("texts.yaml"))


def finding(level: Level, name: str, /, **values: object) -> Finding:
    """A finding by its name in the texts: `part.thing.case`, where `part.thing.what` says what was looked at;
    a case is a sentence, or one with what to do (`found`, `mend`)."""
    what = words()(f"{name.rpartition('.')[0]}.what")
    try:
        return Finding(
            level=level,
            what=what,
            found=words()(f"{name}.found", **values),
            mend=words()(f"{name}.mend", **values),
        )
    except TypeError:  # the case is a sentence
        return Finding(level=level, what=what, found=words()(name, **values))


def fine(name: str, /, **values: object) -> Finding:
    """All is well."""
    return finding(Level.FINE, name, **values)


def info(name: str, /, **values: object) -> Finding:
    """Nothing is wrong, but nothing is proved either."""
    return finding(Level.INFO, name, **values)


def warn(name: str, /, **values: object) -> Finding:
    """Worth knowing."""
    return finding(Level.WARN, name, **values)


def bad(name: str, /, **values: object) -> Finding:
    """It doesn't work."""
    return finding(Level.BAD, name, **values)


def count(reports: Iterable[Report], level: Level) -> int:
    """How many findings are as bad as that."""
    return sum(one.level is level for report in reports for one in report.findings)


def as_dict(reports: Iterable[Report]) -> dict[str, Any]:
    """For other programs."""
    reports = tuple(reports)
    return {
        "ok": not count(reports, Level.BAD),
        "parts": [
            {
                "part": report.part,
                "title": report.title,
                "findings": [
                    {"level": str(one.level), "what": one.what, "found": one.found, "mend": one.mend}
                    for one in report.findings
                ],
            }
            for report in reports
        ],
    }
