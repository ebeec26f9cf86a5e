"""Questions from a program: one JSON object a line in, one a line out (`xinluon ask --jsonl`)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from handlers import payloads
from handlers.ask import Response, number_of
from handlers.ask import ask as answer
from handlers.browse import tapped_entry
from handlers.library import Library
from knowledge.evaluation import Case, Given
from knowledge.schema import Facet
from knowledge.search import Decision, Outcome


def answer_lines(library: Library, lines: Iterable[bytes], today: date) -> Iterator[dict[str, Any]]:
    """The result of each line; a line that is no question gives a row with "status": "error" and why."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            yield {"id": None, "line": number, "status": "error", "text": f"dòng {number} không phải JSON"}
            continue
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            yield {
                "id": None,
                "line": number,
                "status": "error",
                "text": f"dòng {number} thiếu «text» dạng chữ",
            }
            continue
        yield answer_row(library, row, today)


def answer_row(library: Library, row: Mapping[str, Any], today: date) -> dict[str, Any]:
    """What was decided for a question and what the person reads; `ms` is the search alone."""
    previous = row.get("prev")
    response, milliseconds = _in_conversation(
        library, row["text"], previous if isinstance(previous, str) else "", today
    )
    decision = response.decision
    return {
        "id": row.get("id"),
        "status": decision.outcome.value,
        "entry": decision.entry or None,
        "facet": decision.facet.value if decision.facet else None,
        "choices": list(decision.choices),
        "score": round(decision.score, 4),
        "ms": round(milliseconds, 3),
        "text": response.reply.text(),
    }


def given_of(library: Library, case: Case, today: date) -> Given:
    """A labelled question asked, as the evaluation wants it."""
    response, milliseconds = _in_conversation(library, case.text, case.prev, today)
    decision = response.decision
    facet = decision.facet.value if decision.facet else "overview"
    return Given(decision.outcome, decision.entry, facet, decision.choices, milliseconds)


def _in_conversation(library: Library, text: str, previous: str, today: date) -> tuple[Response, float]:
    last = pending = ""
    if previous:
        before = answer(library, previous, today)
        last = before.entry
        pending = previous if before.decision.outcome is Outcome.CHOOSE else ""
        picked = _picked(library, before, text, today)
        if picked:
            return picked, 0.0
    started = time.perf_counter()
    library.searcher.search(text, library.knowledge.get(last), pending)
    spent = (time.perf_counter() - started) * 1000
    return answer(library, text, today, last=last, pending=pending), spent


def _picked(library: Library, before: Response, text: str, today: date) -> Response | None:
    """The entry whose number was typed, as the conversation of every channel has it."""
    numbered = before.reply.numbered()
    number = number_of(text)
    if number is None or not 0 < number <= len(numbered):
        return None
    tap = payloads.parse(numbered[number - 1].payload)
    if tap.verb != "e":
        return None
    reply, entry = tapped_entry(library, tap.text(0), tap.text(1), today, last=before.entry)
    facet = Facet(tap.text(1)) if tap.text(1) else None
    return Response(Decision(Outcome.ANSWER, entry=entry, facet=facet, score=1.0), reply, entry)
