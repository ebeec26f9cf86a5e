"""The words of the pages about notices (`texts_notices.yaml`), edited without touching code."""

from __future__ import annotations

from functools import cache

from bot.web.console.texts import HERE
from knowledge.phrases import Phrases


@cache
def words() -> Phrases:
    """The texts, read once."""
    return Phrases.read(HERE / "texts_notices.yaml")


def sentence(text: str) -> str:
    """The text with a capital at its beginning."""
    return f"{text[:1].upper()}{text[1:]}"
