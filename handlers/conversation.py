"""What is remembered of a conversation for half an hour: the entry in hand, the choices offered, the
ticks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from office.messages import Reply

_MAX_TICKED_LISTS = 8


@dataclass(slots=True)
class Talk:
    """A conversation's state; `as_dict`/`from_dict` keep it in the database."""

    entry: str = ""  # the last entry that was answered
    pending: str = ""  # the question that was asked back
    choices: list[str] = field(default_factory=list)  # payloads that a typed number picks
    ticks: dict[str, list[int]] = field(default_factory=dict)  # "entry:case" → items ticked off
    question: int = 0  # row of the last question, for votes
    offered: list[str] = field(default_factory=list)  # entries to choose from that the question got
    answered: str = ""  # the entry that was answered just now, until anything else happens
    unsure: bool = False  # the search wasn't sure of it
    staff: dict[str, Any] = field(default_factory=dict)  # where a guided conversation of the staff stands

    @classmethod
    def from_dict(cls, data: dict[str, Any] | None) -> Talk:
        """From what the database has; anything of another shape is forgotten."""
        if not data:
            return cls()
        try:
            return cls(
                entry=str(data["entry"]),
                pending=str(data["pending"]),
                choices=[str(c) for c in data["choices"]],
                ticks={str(k): [int(n) for n in v] for k, v in data["ticks"].items()},
                question=int(data["question"]),
                offered=[str(e) for e in data.get("offered", ())],
                answered=str(data.get("answered", "")),
                unsure=bool(data.get("unsure")),
                staff=dict(data.get("staff", {})),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return cls()  # another version of the program wrote it

    def as_dict(self) -> dict[str, Any]:
        return {
            "entry": self.entry,
            "pending": self.pending,
            "choices": self.choices,
            "ticks": self.ticks,
            "question": self.question,
            "offered": self.offered,
            "answered": self.answered,
            "unsure": self.unsure,
            "staff": self.staff,
        }

    def offer(self, replies: Iterable[Reply]) -> None:
        """Remember what a number will pick: the choices of the last reply that has any."""
        for reply in replies:
            numbered = reply.numbered()
            if numbered:
                self.choices = [c.payload for c in numbered]

    def tick(self, checklist: str, item: int) -> list[int]:
        """Turn an item on or off; returns the items ticked now."""
        ticked = set(self.ticks.pop(checklist, []))
        ticked ^= {item}
        self.ticks[checklist] = sorted(ticked)
        while len(self.ticks) > _MAX_TICKED_LISTS:
            del self.ticks[next(iter(self.ticks))]
        return self.ticks[checklist]
