"""What is remembered of a conversation for half an hour: the entry in hand, the choices offered, the
ticks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from office.messages import Choice, ChoiceKind, Reply

_MAX_TICKED_LISTS = 8
_MAX_LABELS = 60
_MAX_LABEL = 100  # characters


@dataclass(slots=True)
class Talk:
    """A conversation's state; `as_dict`/`from_dict` keep it in the database."""

    entry: str = ""  # the last entry that was answered
    pending: str = ""  # the question that was asked back
    choices: list[str] = field(default_factory=list)  # payloads that a typed number picks
    labels: list[str] = field(default_factory=list)  # of the first choices, to be typed or offered again
    offered_at: datetime | None = None  # when the choices were
    heard_at: datetime | None = None  # when what they answer was written, by the platform's clock
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
                labels=[str(label) for label in data.get("labels", ())],
                offered_at=_moment(data.get("offered_at")),
                heard_at=_moment(data.get("heard_at")),
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
            "labels": self.labels,
            "offered_at": self.offered_at.isoformat() if self.offered_at else None,
            "heard_at": self.heard_at.isoformat() if self.heard_at else None,
            "ticks": self.ticks,
            "question": self.question,
            "offered": self.offered,
            "answered": self.answered,
            "unsure": self.unsure,
            "staff": self.staff,
        }

    def offer(self, replies: Iterable[Reply], now: datetime, *, heard_at: datetime | None = None) -> None:
        """Remember what a number or a label will pick: the choices of the last reply that has any.

        `heard_at`: when the message was written that they answer.
        """
        for reply in replies:
            numbered = reply.numbered()
            if numbered:
                self.choices = [c.payload for c in numbered]
                self.labels = [_kept(c) for c in numbered[:_MAX_LABELS]]
                self.offered_at, self.heard_at = now, heard_at

    def withdraw(self) -> None:
        """Forget the choices."""
        self.choices, self.labels = [], []
        self.offered_at = self.heard_at = None

    def tick(self, checklist: str, *items: int) -> list[int]:
        """Turn items on, or off where all of them were on; returns the items ticked now."""
        ticked = set(self.ticks.pop(checklist, []))
        ticked = ticked - set(items) if ticked.issuperset(items) else ticked.union(items)
        self.ticks[checklist] = sorted(ticked)
        while len(self.ticks) > _MAX_TICKED_LISTS:
            del self.ticks[next(iter(self.ticks))]
        return self.ticks[checklist]


def label_of(text: str) -> str:
    """A label on one line, as it is kept and compared."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _kept(choice: Choice) -> str:
    """The label with its box, cut where it is long."""
    box = ("☑ " if choice.ticked else "☐ ") if choice.kind is ChoiceKind.TICK else ""
    label = box + label_of(choice.label)
    return label if len(label) <= _MAX_LABEL else label[: _MAX_LABEL - 1].rstrip() + "…"


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a moment must be aware")
    return moment
