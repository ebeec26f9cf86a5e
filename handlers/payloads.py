"""What choices send back: short words of at most 64 bytes, `verb:arguments`."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.schema import Facet
from knowledge.vietnamese import fold

ENTRY = "e"
MENU = "m"
FIELDS = "fs"
HUMAN = "h"
OTHER = "n"


def entry(entry_id: str, facet: Facet | None = None) -> str:
    """Open an entry, at a facet."""
    return f"{ENTRY}:{entry_id}:{facet}" if facet else f"{ENTRY}:{entry_id}"


def field(name: str) -> str:
    """Open a field of the menu."""
    return f"f:{field_key(name)}"


def field_key(name: str) -> str:
    """A field's name as plain ASCII of at most 40 characters."""
    plain = "".join(c if c.isalnum() else "-" for c in fold(name))
    return "-".join(p for p in plain.split("-") if p).encode("ascii", "ignore").decode()[:40]


def checklist(entry_id: str, case: int) -> str:
    """Open the checklist of an entry's case (from 0; -1: ask which)."""
    return f"k:{entry_id}:{case}"


def tick(entry_id: str, case: int, item: int) -> str:
    """Tick an item off, or on again."""
    return f"t:{entry_id}:{case}:{item}"


def reset(entry_id: str, case: int) -> str:
    """Start a checklist anew."""
    return f"r:{entry_id}:{case}"


def vote(question: int, value: int) -> str:
    """Say whether the answer to a question helped (1 or -1)."""
    return f"v:{question}:{value}"


@dataclass(frozen=True, slots=True)
class Tap:
    """A payload taken apart. Payloads come from outside: check what they name."""

    verb: str
    arguments: tuple[str, ...]

    def text(self, at: int) -> str:
        return self.arguments[at] if at < len(self.arguments) else ""

    def number(self, at: int, default: int = -1) -> int:
        """The argument as a number, or the default when it is none or out of any sensible range."""
        value = self.text(at)
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 19 else default


def parse(payload: str) -> Tap:
    """Take a payload apart; never fails."""
    verb, *arguments = payload[:200].split(":")
    return Tap(verb, tuple(arguments))
