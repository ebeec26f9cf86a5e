"""How well a version of the knowledge answers: the cases by the house's evaluation, and given questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from handlers.improving.marks import trouble_of
from handlers.improving.words import words
from handlers.library import Library
from knowledge import evaluation
from knowledge.checking import NumberedCase
from knowledge.evaluation import HUMAN, OUT_OF_SCOPE, Given, Verdict
from knowledge.schema import Entry, Kind
from knowledge.search import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Cases answered rightly of all; questions of a group that get an answer, of all."""

    right: int
    cases: int
    answered: int
    questions: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Figures:
        return cls(**{name: int(data[name]) for name in ("right", "cases", "answered", "questions")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Liked:
    """A question whose answer somebody liked."""

    text: str
    entry: str


def figures(library: Library, cases: Sequence[NumberedCase], questions: Sequence[str]) -> Figures:
    """Ask them all."""
    report = evaluation.evaluate(*_labelled(library, cases))
    counts = report.in_scope + report.out_of_scope
    right = sum(counts[v] for v in (Verdict.RIGHT, Verdict.AMONG_CHOICES, Verdict.REFUSED))
    answered = sum(trouble_of(library.searcher.search(q), library.knowledge) is None for q in questions)
    return Figures(right=right, cases=counts.total(), answered=answered, questions=len(questions))


def doubts(
    target: str, before: Figures, after: Figures, library: Library, asked: Sequence[str]
) -> Iterator[str]:
    """Why a change may not help. `target`: the entry that it is about; `library`: with the change made;
    `asked`: the group's questions, which the figures are of."""
    entry = library.knowledge.get(target)
    if entry is None:
        return
    if entry.kind is Kind.STUB:
        yield unverified(entry)
    if after.answered < after.questions and after.answered <= before.answered:
        counts = {"before": before.answered, "after": after.answered, "total": after.questions}
        yield words()("still_unanswered", **counts)
    elif asked and not any(library.searcher.search(text).entry == target for text in asked):
        yield words()("not_reached", label=entry.label)


def unverified(entry: Entry) -> str:
    """That nobody is helped by an entry that only says that nothing is verified yet."""
    return words()("unverified", label=entry.label)


def moved(liked: Iterable[Liked], before: Library, after: Library) -> Iterator[str]:
    """What is to be said of liked answers that become others."""
    for one in liked:
        old, new = before.searcher.search(one.text), after.searcher.search(one.text)
        if old.entry != one.entry or new.entry == one.entry:
            continue  # it had changed before, or it stays
        labels = {
            "before": _label(before, old.entry),
            "after": _label(after, new.entry or next(iter(new.choices), "")),
        }
        yield words()("liked_moved", question=one.text[:200], **labels)


def _label(library: Library, entry_id: str) -> str:
    entry = library.knowledge.get(entry_id)
    return words()("said_answer", label=entry.label) if entry else words()("said_out")


def _labelled(library: Library, cases: Sequence[NumberedCase]) -> tuple[Any, Any, Any]:
    """Cases as the evaluation takes them: each leads to its entry."""
    made = [
        evaluation.Case(
            id=f"{c.file}:{c.line}",
            text=c.case.question,
            prev=c.case.after or "",
            topic_code=_topic(c),
            facet=c.case.facet or "",
        )
        for c in cases
    ]
    topics = {c.case.entry: (c.case.entry,) for c in cases if c.case.entry}
    return made, lambda case: _given(library, case), topics


def _topic(numbered: NumberedCase) -> str:
    outcome, entry = numbered.case.outcome, numbered.case.entry
    if outcome in (Outcome.OUT, Outcome.SMALLTALK):
        return OUT_OF_SCOPE
    return HUMAN if outcome is Outcome.HUMAN else entry or OUT_OF_SCOPE


def _given(library: Library, case: evaluation.Case) -> Given:
    searcher = library.searcher
    last = library.knowledge.get(searcher.search(case.prev).entry) if case.prev else None
    decision = searcher.search(case.text, last)
    return Given(decision.outcome, decision.entry, decision.facet or "", decision.choices)
