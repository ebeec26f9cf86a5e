"""The words that remarks in a conversation are known by (`remarks.yaml`), edited without touching code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge import strict_yaml

_FILE = Path(__file__).with_name("remarks.yaml")

_PHRASES = ("money", "file", "papers", "progress", "result", "mine", "outcome")


@dataclass(frozen=True, slots=True)
class Remarks:
    """Folded words, and patterns that find one of several phrases in folded text with single spaces."""

    fillers: frozenset[str]
    takes: frozenset[str]
    of_files: frozenset[str]
    lead: re.Pattern[str]  # at the beginning, as many as there are, with the space after
    then: re.Pattern[str]  # a «thì» that says nothing
    which: re.Pattern[str]
    money: re.Pattern[str]
    file: re.Pattern[str]
    papers: re.Pattern[str]
    progress: re.Pattern[str]
    result: re.Pattern[str]
    mine: re.Pattern[str]
    outcome: re.Pattern[str]
    office: Mapping[str, re.Pattern[str]]  # what the office itself is asked for, by the entry that answers
    around_office: frozenset[str]


@cache
def remarks() -> Remarks:
    """The shipped words, read once."""
    data: Any = strict_yaml.read(_FILE).data
    level = _one_of(data["levels"])
    return Remarks(
        fillers=frozenset(data["fillers"].split()),
        takes=frozenset(data["takes"].split()),
        of_files=frozenset(data["of_files"].split()),
        lead=re.compile(rf"(?:{_one_of(data['lead'])} )+"),
        then=re.compile(rf"thi(?= {_one_of(data['after_then'])}\b)"),
        office={entry: _found(phrases) for entry, phrases in data["office"].items()},
        around_office=frozenset(data["around_office"].split()),
        which=re.compile(rf"\b{level} hay (?:o |len |ve |cho )?{level}\b"),
        **{name: _found(data[name]) for name in _PHRASES},
    )


def _one_of(phrases: Iterable[str]) -> str:
    """Longest first, so that none is cut short by another."""
    return "(?:" + "|".join(sorted(map(re.escape, phrases), key=len, reverse=True)) + ")"


def _found(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b{_one_of(phrases)}\b")
