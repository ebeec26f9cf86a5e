"""Score the entries of an index against a question: candidates by rare syllables, then features, then one
linear score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import pairwise
from operator import mul

from knowledge.index import Group, Index, Indexed, Posting
from knowledge.question import Question, Role, Term
from knowledge.schema import Action, Kind
from knowledge.usage import UsageFit

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
    "usage_pair_base",
)

_CANDIDATES = 11
_LIKELY_CLASSES = 4
_WIDE = 600  # what more entries have is common: it adds no new candidates to so many
_ASIDE = 0.5  # part of a facet word's weight in the quick sum
_FAINT = 0.05  # a syllable that weighs less brings no candidates
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A different syllable of the question that the index knows or might know, with its weight."""

    term: Term
    weight: float
    fits: dict[int, float]  # mask of marked forms → how well the typed marks agree (empty: always 1)


class Ranker:
    """Ranks entries with learnt weights (one for each of FEATURES)."""

    def __init__(self, index: Index, weights: Mapping[str, float], *, always: Sequence[str] = ()) -> None:
        """`always`: entries that are candidates for every question."""
        self.index = index
        self._always = tuple(index.numbers[e] for e in always if e in index.numbers)
        self._weights = tuple(weights.get(name, 0.0) for name in FEATURES)

    def rank(self, question: Question, context: Context = Context()) -> list[Scored]:
        """The best candidates, best first (ties by id, so that the order never depends on chance)."""
        asked = self._weighted(question.terms)
        folded = [t.syllable.folded for t in question.terms if not t.syllable.folded.isdigit()]
        fits = self.index.usage.fit(folded)
        pairs = self._pairs(question.terms)
        pair_total = sum(weight for weight, _ in pairs)
        totals = [sum(a.weight for a in asked if a.term.role <= group) for group in Group]
        known = {a.term.syllable.folded: a.weight * a.term.trust for a in asked}
        said = frozenset(known)
        scored = []
        for number in self._shortlist(asked, pairs, context, fits):
            entry = self.index.entries[number]
            share, covered = self._coverage(number, entry.group, asked)
            total = totals[entry.group]
            paired = 0.0
            for weight, found in pairs:
                if number in found:
                    paired += weight * found[number]
            phrase = _best_phrase(entry, said, known, total) if total > 0 else (0.0, 0.0, 0.0)
            features = (
                share / total if total > 0 else 0.0,
                covered / total if total > 0 else 0.0,
                *phrase,
                paired / pair_total if pair_total else 0.0,
                *_action_fit(question.actions, entry.action),
                *self._standing(entry, context),
                *self._usage(entry, covered / total if total > 0 else 0.0, fits),
            )
            score = sum(map(mul, self._weights, features))
            scored.append(Scored(entry, score, features))
        scored.sort(key=lambda s: (-s.score, s.entry.id))
        return scored

    def _weighted(self, terms: Sequence[Term]) -> list[_Asked]:
        """Each different syllable that says something, with its weight, rarest first."""
        seen: dict[str, _Asked] = {}
        for term in terms:
            folded = term.syllable.folded
            if term.role is Role.STOP or folded in seen or folded.isdigit():
                continue
            posting = self.index.postings.get(folded)
            if posting is None:
                seen[folded] = _Asked(term, _UNKNOWN_WEIGHT * self.index.commonness(term.syllable), {})
            else:
                seen[folded] = _Asked(term, self.index.weight(term.syllable) or 0.0, _fits(term, posting))
        return sorted(seen.values(), key=lambda a: -a.weight)

    def _shortlist(
        self,
        asked: Sequence[_Asked],
        pairs: Sequence[tuple[float, Mapping[int, float]]],
        context: Context,
        fits: UsageFit,
    ) -> list[int]:
        """Entry numbers worth a closer look: by a quick sum over the postings, by usage, and the standing
        ones."""
        quick: dict[int, float] = {}
        common = []
        for one in asked:
            posting = self.index.postings.get(one.term.syllable.folded)
            if posting is None or one.weight <= 0:
                continue
            gain = one.weight * one.term.trust * (1.0 if one.term.role is Role.MATTER else _ASIDE)
            if gain < _FAINT:
                continue
            if len(posting.entries) > _WIDE:
                common.append((gain, one.fits, posting.entries))
            else:
                _add(quick, gain, one.fits, posting.entries)
        for weight, found in pairs:
            if len(found) <= _WIDE:
                for number, share in found.items():
                    quick[number] = quick.get(number, 0.0) + weight * share
        for gain, marks, entries in common:  # still the rarest first
            if len(quick) > _WIDE:
                quick = {n: quick[n] for n in nlargest(_WIDE, quick, key=quick.__getitem__)}
            if len(quick) == _WIDE:
                shared = {n: entries[n] for n in quick if n in entries}
                _add(quick, gain, marks, shared)
            else:
                _add(quick, gain, marks, entries)
        best = nlargest(_CANDIDATES, quick, key=quick.__getitem__)
        extra = [*self.index.usage.likely(fits, _LIKELY_CLASSES), context.entry]
        for number in (*self._always, *(self.index.numbers.get(e, -1) for e in extra)):
            if number >= 0 and number not in best:
                best.append(number)
        return best

    def _coverage(self, number: int, group: Group, asked: Sequence[_Asked]) -> tuple[float, float]:
        """Weight of the question's matter that the entry has: by share of its phrases, and at all."""
        share = covered = 0.0
        for one in asked:
            if one.term.role > group:
                continue
            posting = self.index.postings.get(one.term.syllable.folded)
            found = posting.entries.get(number) if posting else None
            if found:
                gain = one.weight * one.term.trust * (one.fits[found[1]] if one.fits else 1.0)
                share += gain * found[0]
                covered += gain
        return share, covered

    def _pairs(self, terms: Sequence[Term]) -> list[tuple[float, Mapping[int, float]]]:
        """The question's syllable pairs that the index knows: weight, and share by entry."""
        said = [t.syllable.folded for t in terms if t.role is not Role.STOP]
        different = dict.fromkeys(pairwise(said))
        return [(self.index.pair_weights[p], self.index.pairs[p]) for p in different if p in self.index.pairs]

    def _usage(self, entry: Indexed, covered: float, fits: UsageFit) -> tuple[float, ...]:
        fit = self.index.usage.best_of(entry.main or entry.id, fits)
        if fit is None:
            # Nothing was learnt about it (an office's own new entry): trust its aliases.
            return 0.7 * covered * fits.best, 0.0, 0.0, 0.0
        return fit

    @staticmethod
    def _standing(entry: Indexed, context: Context) -> tuple[float, ...]:
        """What does not depend on the question's words: the conversation, the kind of entry."""
        return (
            float(entry.id == context.entry),
            float(bool(context.field) and entry.field == context.field),
            float(entry.kind is Kind.OVERVIEW),
            float(entry.kind is Kind.STUB),
            float(entry.kind is Kind.OUTSIDE),
            float(entry.kind is Kind.SMALLTALK),
            float(entry.group is Group.GENERAL and entry.kind is not Kind.OUTSIDE),
            float(bool(entry.main)),
        )


def _add(
    sums: dict[int, float], gain: float, marks: Mapping[int, float], entries: Mapping[int, tuple[float, int]]
) -> None:
    """Add what a syllable brings to each of the entries."""
    known = sums.get
    if marks:
        for number, (share, mask) in entries.items():
            sums[number] = known(number, 0.0) + gain * marks[mask] * (1 + share)
    else:
        for number, (share, _) in entries.items():
            sums[number] = known(number, 0.0) + gain * (1 + share)


def _fits(term: Term, posting: Posting) -> dict[int, float]:
    """How well the typed marks agree with each combination of marked forms in the posting; empty when all
    agree."""
    agree = [1.0 - 0.75 * term.syllable.contradicts(form) for form in posting.forms]
    if all(a == 1.0 for a in agree):
        return {}
    return {mask: max(a for at, a in enumerate(agree) if mask >> at & 1) for mask in posting.masks}


def _best_phrase(
    entry: Indexed, said: frozenset[str], known: Mapping[str, float], total: float
) -> tuple[float, float, float]:
    """Of the phrases that have most in common with the question: worth, harmonic mean of both coverages,
    mass."""
    worth = balance = mass = 0.0
    for phrase in entry.phrases:
        common = phrase.terms & said
        if not common:
            continue
        found = 0.0
        for term in common:
            found += known[term]
        part = found / phrase.weight if phrase.weight else 0.0
        asked = found / total if found < total else 1.0
        balance = max(balance, 2 * part * asked / (part + asked) if found else 0.0)
        # A phrase counts by how much of it is there and by how much it says.
        here = part * found / (found + 0.35)
        if here > worth:
            worth, mass = here, found / (found + 0.8)
    return worth, balance, mass


_OPENING = frozenset({Action.ISSUE, Action.OTHER, Action.REGISTER, Action.NOTIFY, Action.APPROVE})


def _action_fit(asked: frozenset[Action], has: Action) -> tuple[float, float, float]:
    """Whether the entry does what is asked: (agrees, differs, question names no action though the entry's is
    a later one)."""
    telling = asked - {Action.REGISTER, Action.NOTIFY, Action.ISSUE}
    # "gia hạn giấy phép thành lập …", "đăng ký sửa đổi …": the later step is what is wanted.
    if has in (telling or asked):
        return 1.0, 0.0, 0.0
    if not telling:
        return 0.0, 0.0, 0.0 if has in _OPENING else 1.0
    # A permit that can't be extended is issued again, and the other way round.
    if {Action.EXTEND, Action.REISSUE} & telling and has in (Action.EXTEND, Action.REISSUE):
        return 0.4, 0.0, 0.0
    return 0.0, 0.5 if has in _OPENING else 1.0, 0.0
