"""The report's texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from knowledge.phrases import Phrases


@cache
def words() -> Phrases:
    """The texts of the report, read once."""
    return Phrases.read(Path(__file__).with_name("texts.yaml"))
