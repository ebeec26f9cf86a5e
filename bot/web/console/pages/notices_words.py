"""The words of the pages about notices (`texts_notices.yaml`), edited without touching code."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from knowledge.phrases import Phrases


@cache
def words() -> Phrases:
    """The texts, read once."""
    return Phrases.read(Path(__file__).parents[1] / "texts_notices.yaml")


def channel_label(channel: str) -> str:
    """A channel as people call it; its own name where it has no other."""
    try:
        return words()(f"channels.{channel}")
    except KeyError:
        return channel
