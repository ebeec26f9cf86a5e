"""The console's words (`texts.yaml`), edited without touching code."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from knowledge.phrases import Phrases

HERE = Path(__file__).parent


@cache
def texts() -> Phrases:
    """The shipped texts, read once."""
    return Phrases.read(HERE / "texts.yaml")


def named(phrases: Phrases, name: str, otherwise: str) -> str:
    """A text that may be missing."""
    try:
        return phrases(name)
    except KeyError:
        return otherwise
