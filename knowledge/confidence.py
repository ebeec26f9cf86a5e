"""How sure the best candidate is: the signals that the learnt confidence weighs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from knowledge.index import Index
from knowledge.question import Question, Role
from knowledge.ranking import FEATURES, Scored
from knowledge.schema import Kind

NOT_OURS = frozenset({Kind.OUTSIDE, Kind.SMALLTALK})

SIGNALS = (
    "bias", "score", "margin", "share", "covered", "phrase", "balance", "mass", "pairs", "unknown", "matter",
    "last", "usage", "usage_pairs", "usage_lead", "belief", "belief_out", "not_ours", "not_ours_belief",
)  # fmt: skip


def signals(question: Question, ranked: Sequence[Scored], index: Index) -> tuple[float, ...]:
    """What tells how sure the best candidate is (in the order of SIGNALS)."""
    best = ranked[0]
    rival = next((s for s in ranked[1:] if not _same_matter(s, best)), None)
    margin = min(best.score - rival.score, 4.0) if rival else 4.0
    values = dict(zip(FEATURES, best.features, strict=True))
    not_ours = best.entry.kind in NOT_OURS
    belief = _belief_best(ranked)
    matter = [t for t in question.terms if t.role in (Role.MATTER, Role.FACET)]
    unknown = sum(1 for t in matter if not index.has(t.syllable.folded))
    return (
        1.0,
        best.score,
        margin,
        values["share"],
        values["covered"],
        values["phrase"],
        values["balance"],
        values["mass"],
        values["pairs"],
        unknown / len(matter) if matter else 0.0,
        min(len(matter), 12) / 12,
        values["last"],
        values["usage"],
        values["usage_pairs"],
        values["usage"] + values["usage_pairs"] - _rival_usage(ranked),
        belief,
        belief_not_ours(ranked),
        float(not_ours),
        belief * not_ours,
    )


def belief_not_ours(ranked: Sequence[Scored]) -> float:
    """Share of the softmax over the candidates that goes to what is not ours, 0 to 1."""
    return _belief(ranked, lambda s: s.entry.kind in NOT_OURS)


def _belief_best(ranked: Sequence[Scored]) -> float:
    best = ranked[0]
    return _belief(ranked, lambda s: s is best or _same_matter(s, best))


def _belief(ranked: Sequence[Scored], of: Callable[[Scored], bool]) -> float:
    top = ranked[0].score
    shares = [math.exp(s.score - top) for s in ranked]
    return sum(p for s, p in zip(ranked, shares, strict=True) if of(s)) / sum(shares)


def _rival_usage(ranked: Sequence[Scored]) -> float:
    """The best fit of usage among the candidates of another matter than the first."""
    at_words, at_pairs = FEATURES.index("usage"), FEATURES.index("usage_pairs")
    return max(
        (s.features[at_words] + s.features[at_pairs] for s in ranked[1:] if not _same_matter(s, ranked[0])),
        default=0.0,
    )


def _same_matter(one: Scored, other: Scored) -> bool:
    return bool(
        (one.entry.main and one.entry.main == other.entry.id)
        or (other.entry.main and other.entry.main == one.entry.id)
        or one.entry.kind is other.entry.kind is Kind.OUTSIDE
        or one.entry.kind is other.entry.kind is Kind.SMALLTALK
    )
