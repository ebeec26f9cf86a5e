"""What people write on a platform, made fit to be kept."""

from __future__ import annotations

import unicodedata


def clean(text: str) -> str:
    """NFC, and nothing that a database refuses: halves of characters, NUL."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\x00", "")
    return unicodedata.normalize("NFC", whole).strip()
