"""Which entries may be meant by a question, and why the search thinks so, in a clerk's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from handlers.improving.words import words
from handlers.library import Library
from knowledge.question import Role
from knowledge.ranking import FEATURES, Scored
from knowledge.schema import Entry, Kind
from knowledge.search import Decision, Outcome
from office.improvements import QuestionGroup
from office.questions import Question

MOST = 5
_OTHERS = 1  # places, at the end, for a matter of others
_QUESTIONS = 200  # the newest of a group, whose choices are counted
_TOLD = ("covered", "phrase", "pairs", "usage")
_USAGE = FEATURES.index("usage")
_SOME = 0.05
_NEVER = frozenset({Kind.STAFF, Kind.SMALLTALK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One thing that speaks for an entry: `share` of 0 to 100."""

    name: str
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entry with what speaks for it. `words`: those of the question that it has;
    `offered`: whether citizens who asked it were given it to choose."""

    entry: Entry
    score: float
    why: tuple[Why, ...]
    words: tuple[str, ...]
    offered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What became of a question and why. `sure`: how sure the search was, 0 to 100."""

    text: str
    outcome: str
    entry: Entry | None
    facet: str
    sure: int
    how: str
    understood: tuple[tuple[str, str], ...]
    choices: tuple[Entry, ...]
    candidates: tuple[Candidate, ...]


def candidates(library: Library, text: str, *, most: int = MOST) -> tuple[Candidate, ...]:
    """The entries that a question may be about, the likeliest first."""
    return _ranked(library, text)[:most]


def candidates_of(
    session: Session, library: Library, group: QuestionGroup, *, most: int = MOST
) -> tuple[Candidate, ...]:
    """The entries that a group may be about: first those offered to who asked, the most often offered first;
    a matter of others comes last."""
    return _arranged(library, _ranked(library, group.text), _offered(session, group.id), most)


def _offered(session: Session, group_id: int) -> tuple[str, ...]:
    """The entries offered in answer to a group's questions."""
    query = select(Question.choices).where(Question.group_id == group_id, Question.choices.is_not(None))
    rows = session.scalars(query.order_by(Question.id.desc()).limit(_QUESTIONS))
    counts = Counter(entry for choices in rows for entry in choices or ())
    return tuple(entry for entry, _ in counts.most_common())


def _arranged(
    library: Library, ranked: Sequence[Candidate], offered: Sequence[str], most: int
) -> tuple[Candidate, ...]:
    known = {c.entry.id: c for c in ranked}
    entries = [e for i in offered if (e := library.knowledge.get(i)) is not None and e.kind not in _NEVER]
    first = [
        replace(known.get(e.id) or Candidate(entry=e, score=0.0, why=(), words=()), offered=True)
        for e in entries
    ]
    rest = [c for c in ranked if c.entry.id not in set(offered)]
    ours = [c for c in (*first, *rest) if c.entry.kind is not Kind.OUTSIDE]
    near = {c.entry.id for c in (*first, *ranked[:most])}
    others = [c for c in (*first, *rest) if c.entry.kind is Kind.OUTSIDE and c.entry.id in near][:_OTHERS]
    return (*ours[: most - len(others)], *others)


def _ranked(library: Library, text: str) -> tuple[Candidate, ...]:
    searcher = library.searcher
    ranked = searcher.rank(searcher.reader.read(text), None)
    said = {t.syllable.folded for t in searcher.reader.read(text).terms}
    usage = max((s.features[_USAGE] for s in ranked), default=0.0)
    found = [_candidate(library, scored, said, usage) for scored in ranked]
    return tuple(c for c in found if c is not None)


def explain(library: Library, text: str) -> Explained:
    """What the program makes of a question, as somebody asks it first."""
    decision = library.searcher.search(text)
    question = decision.question
    terms = question.terms if question is not None else ()
    return Explained(
        text=text,
        outcome=words()(f"outcomes.{decision.outcome}"),
        entry=library.knowledge.get(decision.entry),
        facet=library.answerer.phrases(f"facets.{decision.facet}") if decision.facet else "",
        sure=round(100 * decision.score),
        how=_how(decision),
        understood=tuple((t.syllable.folded, words()(f"roles.{Role(t.role).name.lower()}")) for t in terms),
        choices=tuple(e for i in decision.choices if (e := library.knowledge.get(i))),
        candidates=candidates(library, text),
    )


def _how(decision: Decision) -> str:
    """Why it was decided so."""
    question = decision.question
    if question is not None and (question.empty or question.noise):
        return words()("how.empty")
    if decision.outcome is Outcome.ANSWER and not decision.candidates:
        return words()("how.named")
    if question is not None and question.vague:
        return words()("how.vague")
    return words()(f"how.{decision.outcome}")


def _candidate(library: Library, scored: Scored, said: set[str], usage: float) -> Candidate | None:
    """`usage`: the best fit of usage among all; the only feature that is told by comparison."""
    entry = library.knowledge.get(scored.entry.id)
    if entry is None or entry.kind in _NEVER:
        return None
    values = dict(zip(FEATURES, scored.features, strict=True))
    values["usage"] = values["usage"] / usage if usage > 0 else 0.0
    why = [
        Why(name=words()(f"why.{name}"), share=round(100 * max(0.0, min(1.0, values[name]))))
        for name in _TOLD
        if values[name] > _SOME
    ]
    own = {term for phrase in scored.entry.phrases for term in phrase.terms}
    return Candidate(entry=entry, score=scored.score, why=tuple(why), words=tuple(sorted(said & own)))
