"""Score the entries of an index against a question: candidates by rare syllables, then features, then one linear score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.index import Group, Index, Indexed
from knowledge.question import Question, Role, Term
from knowledge.schema import Action, Kind
from knowledge.usage import ClassScore

FEATURES = (
    "share",  # how much of the question's matter the entry is about, by share of its phrases
    "covered",  # how much of the question's matter the entry has at all
    "phrase",  # best phrase: part of it that the question has
    "balance",  # best phrase: harmonic mean of both coverages
    "mass",  # weight of the best phrase's syllables in the question, saturating
    "pairs",  # syllable pairs in common
    "action_agrees",
    "action_differs",
    "action_unasked",  # the question names no action, the entry is not the first issue
    "last",  # the entry the conversation was about
    "last_field",
    "overview",
    "stub",
    "outside",
    "smalltalk",
    "general",
    "variant",
    "usage",  # how the question's words fit what people say about the entry
    "usage_pairs",
    "usage_base",
)

_CANDIDATES = 16
_LIKELY_CLASSES = 4
_WIDE = 600  # candidates after which common syllables no longer add new ones
_UNKNOWN_WEIGHT = 0.55  # of a word the knowledge base has never seen


@dataclass(frozen=True, slots=True)
class Context:
    """What the conversation was about before this question."""

    entry: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its features (in the order of FEATURES) and score."""

    entry: Indexed
    score: float
    features: tuple[float, ...]


@dataclass(slots=True)
class _Sums:
    share: list[float]
    covered: list[float]
    pairs: float = 0.0


class Ranker:
    """Ranks entries with learnt weights (one for each of FEATURES)."""

    def __init__(self, index: Index, weights: Mapping[str, float], common: Mapping[str, float]) -> None:
        self.index = index
        self._weights = tuple(weights.get(name, 0.0) for name in FEATURES)
        self._common = common

    def rank(self, question: Question, context: Context = Context()) -> list[Scored]:
        """The best candidates, best first (ties by id, so that the order never depends on chance)."""
        terms = self._weighted(question.terms)
        sums = self._gather(terms)
        pair_total = self._pairs(question.terms, sums)
        totals = [0.0, 0.0, 0.0]
        for term, weight in terms:
            for group in Group:
                if _counts(term.role, group):
                    totals[group] += weight
        folded = [t.syllable.folded for t in question.terms if not t.syllable.folded.isdigit()]
        fits = self.index.usage.scores(folded)
        numbers = self._shortlist(sums, totals, context, fits)
        best_fit = max((f.words + f.pairs for f in fits), default=0.0)
        known = {t.syllable.folded: w * t.trust for t, w in terms}
        scored = []
        for number in numbers:
            entry = self.index.entries[number]
            features = self._features(entry, question, context, sums.get(number), totals, pair_total, known)
            features += self._usage(entry, features[1], fits, best_fit)
            score = sum(w * f for w, f in zip(self._weights, features, strict=True))
            scored.append(Scored(entry, score, features))
        scored.sort(key=lambda s: (-s.score, s.entry.id))
        return scored

    def _usage(
        self, entry: Indexed, covered: float, fits: Sequence[ClassScore], best: float
    ) -> tuple[float, float, float]:
        fit = self.index.usage.best_of(entry.main or entry.id, fits) if fits else None
        if fit is None:
            # Nothing was learnt about it (an office's own new entry): trust its aliases.
            return 0.7 * covered * best, 0.0, 0.0
        return fit.words, fit.pairs, fit.base

    def _weighted(self, terms: Sequence[Term]) -> list[tuple[Term, float]]:
        """Each different syllable that says something, with its weight, rarest first."""
        seen: dict[str, tuple[Term, float]] = {}
        for term in terms:
            folded = term.syllable.folded
            if term.role is Role.STOP or folded in seen or folded.isdigit():
                continue
            posting = self.index.postings.get(folded)
            weight = posting.weight if posting else _UNKNOWN_WEIGHT * self._common.get(folded, 1.0)
            seen[folded] = (term, weight)
        return sorted(seen.values(), key=lambda item: -item[1])

    def _gather(self, terms: Iterable[tuple[Term, float]]) -> dict[int, _Sums]:
        sums: dict[int, _Sums] = {}
        for term, weight in terms:
            posting = self.index.postings.get(term.syllable.folded)
            if posting is None or weight <= 0:
                continue
            fits = [1.0 - 0.75 * term.syllable.contradicts(form) for form in posting.forms]
            clean = all(f == 1.0 for f in fits)
            masks: dict[int, float] = {}
            wide = len(sums) > _WIDE and len(posting.entries) > len(sums)
            numbers: Iterable[int] = [n for n in sums if n in posting.entries] if wide else posting.entries
            factor = weight * term.trust
            for number in numbers:
                share, mask = posting.entries[number]
                gain = factor
                if not clean:
                    if mask not in masks:
                        masks[mask] = max(f for i, f in enumerate(fits) if mask >> i & 1)
                    gain *= masks[mask]
                own = sums.get(number)
                if own is None:
                    own = sums[number] = _Sums([0.0, 0.0, 0.0], [0.0, 0.0, 0.0])
                own.share[term.role] += gain * share
                own.covered[term.role] += gain
        return sums

    def _pairs(self, terms: Sequence[Term], sums: dict[int, _Sums]) -> float:
        total = 0.0
        said = [t for t in terms if t.role is not Role.STOP]
        for first, second in {(a.syllable.folded, b.syllable.folded) for a, b in zip(said, said[1:], strict=False)}:
            found = self.index.pairs.get((first, second))
            if not found:
                continue
            weight = self.index.pair_weights[first, second]
            total += weight
            if len(found) <= 4 * len(sums):
                for number, share in found.items():
                    if number in sums:
                        sums[number].pairs += weight * share
            else:
                for number, own in sums.items():
                    if number in found:
                        own.pairs += weight * found[number]
        return total

    def _shortlist(
        self, sums: Mapping[int, _Sums], totals: Sequence[float], context: Context, fits: Sequence[ClassScore]
    ) -> list[int]:
        def quick(number: int) -> float:
            group = self.index.entries[number].group
            own = sums[number]
            total = totals[group] or 1.0
            return (sum(own.share[: group + 1]) + sum(own.covered[: group + 1]) + own.pairs) / total

        best = sorted(sums, key=quick, reverse=True)[:_CANDIDATES] if sums else []
        for entry in self.index.usage.likely(fits, _LIKELY_CLASSES):
            number = self.index.numbers.get(entry)
            if number is not None and number not in best:
                best.append(number)
        last = self.index.numbers.get(context.entry)
        if last is not None and last not in best:
            best.append(last)
        return best

    def _features(
        self,
        entry: Indexed,
        question: Question,
        context: Context,
        own: _Sums | None,
        totals: Sequence[float],
        pair_total: float,
        known: Mapping[str, float],
    ) -> tuple[float, ...]:
        group = entry.group
        total = totals[group]
        share = covered = pairs = phrase = balance = mass = 0.0
        if own and total > 0:
            share = sum(own.share[: group + 1]) / total
            covered = sum(own.covered[: group + 1]) / total
            pairs = own.pairs / pair_total if pair_total else 0.0
            phrase, balance, mass = _best_phrase(entry, known, total)
        agrees, differs, unasked = _action_fit(question.actions, entry.action)
        return (
            share,
            covered,
            phrase,
            balance,
            mass,
            pairs,
            agrees,
            differs,
            unasked,
            float(entry.id == context.entry),
            float(bool(context.field) and entry.field == context.field),
            float(entry.kind is Kind.OVERVIEW),
            float(entry.kind is Kind.STUB),
            float(entry.kind is Kind.OUTSIDE),
            float(entry.kind is Kind.SMALLTALK),
            float(group is Group.GENERAL and entry.kind is not Kind.OUTSIDE),
            float(bool(entry.main)),
        )


def _counts(role: Role, group: Group) -> bool:
    return role <= group


def _best_phrase(entry: Indexed, known: Mapping[str, float], total: float) -> tuple[float, float, float]:
    best = (0.0, 0.0, 0.0)
    for phrase in entry.phrases:
        found = 0.0
        for term in phrase.terms:
            weight = known.get(term)
            if weight is not None:
                found += weight
        if found <= 0:
            continue
        part = found / phrase.weight if phrase.weight else 0.0
        asked = min(1.0, found / total)
        balance = 2 * part * asked / (part + asked) if part + asked else 0.0
        # A phrase counts by how much of it is there and by how much it says.
        worth = part * found / (found + 0.35)
        if worth > best[0] or (worth == best[0] and balance > best[1]):
            best = (worth, max(balance, best[1]), found / (found + 0.8))
        elif balance > best[1]:
            best = (best[0], balance, best[2])
    return best


_OPENING = frozenset({Action.ISSUE, Action.OTHER, Action.REGISTER, Action.NOTIFY, Action.APPROVE})


def _action_fit(asked: frozenset[Action], has: Action) -> tuple[float, float, float]:
    """Whether the entry does what is asked: (agrees, differs, question names no action though the entry's is a later one)."""
    telling = asked - {Action.REGISTER, Action.NOTIFY, Action.ISSUE}
    if has in asked:
        return 1.0, 0.0, 0.0
    if not telling:
        return 0.0, 0.0, 0.0 if has in _OPENING else 1.0
    # A permit that can't be extended is issued again, and the other way round.
    if {Action.EXTEND, Action.REISSUE} & telling and has in (Action.EXTEND, Action.REISSUE):
        return 0.4, 0.0, 0.0
    return 0.0, 0.5 if has in _OPENING else 1.0, 0.0
