"""The desk's own words (`texts.yaml`), edited without touching code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge import strict_yaml
from knowledge.phrases import Phrases

TEXTS = Path(__file__).with_name("texts.yaml")


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A line of the first menu: a label and the entry it opens."""

    label: str
    entry: str


@cache
def texts() -> Phrases:
    """The shipped texts, read once."""
    return Phrases.read(TEXTS)


@cache
def menu_items() -> Sequence[MenuItem]:
    """The first lines of the menu."""
    data: Any = strict_yaml.read(TEXTS).data
    return tuple(MenuItem(item["label"], item["entry"]) for item in data["menu_items"])
