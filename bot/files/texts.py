"""The words inside files."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from knowledge.phrases import Phrases


@cache
def words() -> Phrases:
    """The texts of files, read once."""
    return Phrases.read(Path(__file__).with_name("texts.yaml"))


def clean(text: str) -> str:
    """Text that any file format takes: NFC, without control characters and lone surrogates."""
    text = unicodedata.normalize("NFC", text)
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
