"""The lines of an answer, and small pieces of wording that every part of it uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from knowledge.schema import Fact, Statement


class Part(StrEnum):
    """What a line of an answer is."""

    TITLE = "title"
    TEXT = "text"
    ITEM = "item"
    WARNING = "warning"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class AnswerLine:
    text: str
    part: Part = Part.TEXT


def told(statement: Statement, today: date) -> bool:
    return statement.shown and statement.holds(today)


def statements(statements: Sequence[Statement], today: date) -> list[AnswerLine]:
    return [AnswerLine(placed(s.text, s), Part.ITEM) for s in statements if told(s, today)]


def placed(text: str, fact: Fact) -> str:
    """The text with the case and place that it holds for, unless it names them itself."""
    held = ", ".join(x for x in (fact.case, fact.place) if x and x not in text)
    return f"{text} ({held})" if text and held else text or held


def day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
