"""The words around the facts (`phrases.yaml`): nested text templates looked up by dotted names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from knowledge import strict_yaml

PHRASES = Path(__file__).parent / "phrases.yaml"


class Phrases:
    """Texts by name: `phrases("fee.free")`, `phrases("answer.who", text=…)`. A missing name is a KeyError."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    @classmethod
    def read(cls, path: Path = PHRASES) -> Phrases:
        """Read a file of texts. Raises strict_yaml.BadYaml."""
        return cls(strict_yaml.read(path).data)

    def __call__(self, name: str, /, **values: object) -> str:
        found: Any = self._data
        for part in name.split("."):
            found = found[part]
        text = str(found)
        return text.format(**values) if values else text

    def list(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        found: Any = self._data
        for part in name.split("."):
            found = found[part]
        return tuple(str(item) for item in found)
