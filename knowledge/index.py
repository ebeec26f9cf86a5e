"""An inverted index of syllables and syllable pairs over the phrases (titles, aliases) of entries.

Two views of an entry are kept: how much of its phrases speak of a syllable (a word in all of them is what
the entry is about, a word in one of twenty is incidental), and the phrases themselves, for two-way coverage.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

from knowledge.lexicon import Lexicon
from knowledge.question import one_edit_apart
from knowledge.schema import Action, Kind
from knowledge.usage import NO_USAGE, Usage
from knowledge.vietnamese import Syllable

_TITLE_COUNTS = 2  # a title says what the entry is about twice as loud as an alias
_SATURATION = 0.12


class Group(IntEnum):
    """Which words of a question count as its matter for an entry of this kind."""

    PROCEDURE = 0  # the matter alone; "bao nhiêu tiền", "nộp đâu" ask for a facet
    GENERAL = 1  # words of facets too: "gửi bưu điện" is a matter here
    TALK = 2  # polite words too


_GROUPS = {
    Kind.TOPIC: Group.GENERAL,
    Kind.OFFICE: Group.GENERAL,
    Kind.HUMAN: Group.GENERAL,
    Kind.OUTSIDE: Group.GENERAL,
    Kind.REFORM: Group.GENERAL,
    Kind.SMALLTALK: Group.TALK,
}


@dataclass(frozen=True, slots=True)
class Item:
    """What is indexed: an entry's id and its phrases in the knowledge base's words (title, label, aliases).
    `general`: facet words are its matter."""

    id: str
    kind: Kind
    phrases: Sequence[Sequence[Syllable]]
    action: Action = Action.OTHER
    general: bool = False
    field: str = ""
    main: str = ""  # the entry this one is a variant of


@dataclass(slots=True)
class Posting:
    """Where a folded syllable occurs: entry number → (share of its phrases, bit mask of the marked forms it
    has there)."""

    entries: dict[int, tuple[float, int]] = field(default_factory=dict)
    forms: list[Syllable] = field(default_factory=list)
    masks: set[int] = field(default_factory=set)
    rarity: float = 0.0  # IDF, 0 to 1


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as its folded syllables with the sum of their weights."""

    terms: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True)
class Indexed:
    """An entry in the index."""

    id: str
    kind: Kind
    group: Group
    action: Action
    field: str
    main: str
    phrases: tuple[Phrase, ...]


class Index:
    """Built once from all items; read-only afterwards (safe to share between threads)."""

    def __init__(
        self, items: Iterable[Item], lexicon: Lexicon, common: Mapping[str, float], usage: Usage = NO_USAGE
    ) -> None:
        """`common`: factors below 1 for syllables that people use about anything; `usage`: what people say
        about entries."""
        self.usage = usage
        self._common = common
        self.postings: dict[str, Posting] = {}
        self.pairs: dict[tuple[str, str], dict[int, float]] = {}
        self.pair_weights: dict[tuple[str, str], float] = {}
        self._known_pairs: set[tuple[str, str]] = set()
        self._stop = lexicon.stop
        self.entries: list[Indexed] = []
        indexed = list(items)
        for number, item in enumerate(indexed):
            self._count(number, item)
        self._weigh(len(indexed))
        self.entries.extend(self._entry(item) for item in indexed)
        self.numbers = {entry.id: n for n, entry in enumerate(self.entries)}
        self._near: Callable[[str], Collection[str]] = one_edit_apart(self.postings)

    def has(self, folded: str) -> bool:
        return folded in self.postings or folded in self.usage.words

    def has_pair(self, first: str, second: str) -> bool:
        return (first, second) in self._known_pairs

    def near(self, folded: str) -> Collection[str]:
        return self._near(folded)

    def _count(self, number: int, item: Item) -> None:
        terms: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        forms: dict[str, set[Syllable]] = {}
        talk = _GROUPS.get(item.kind) is Group.TALK
        total = 0
        for at, phrase in enumerate(item.phrases):
            times = _TITLE_COUNTS if at == 0 and len(item.phrases) > 1 else 1
            total += times
            kept = phrase if talk else self._without_stop(phrase)
            for folded in {s.folded for s in kept}:
                terms[folded] += times
            for s in kept:
                forms.setdefault(s.folded, set()).add(s)
            for pair in {(a.folded, b.folded) for a, b in pairwise(kept)}:
                pairs[pair] += times
            # Neighbours as written vouch for spelling and for words that are stop words without marks.
            self._known_pairs.update(
                (a.folded, b.folded) for a, b in pairwise(phrase) if not (a in self._stop and b in self._stop)
            )
        for folded, count in terms.items():
            posting = self.postings.setdefault(folded, Posting())
            posting.entries[number] = (_saturate(count / total), self._mask(posting, forms[folded]))
        for pair, count in pairs.items():
            self.pairs.setdefault(pair, {})[number] = _saturate(count / total)

    def _without_stop(self, phrase: Sequence[Syllable]) -> Sequence[Syllable]:
        kept = [s for s in phrase if s not in self._stop]
        return kept or phrase

    @staticmethod
    def _mask(posting: Posting, forms: set[Syllable]) -> int:
        mask = 0
        for form in forms:
            if form not in posting.forms:
                posting.forms.append(form)
            mask |= 1 << posting.forms.index(form)
        posting.masks.add(mask)
        return mask

    def weight(self, syllable: Syllable) -> float | None:
        """What a syllable tells: its rarity, less when it is one that people use about anything; None when
        unknown."""
        posting = self.postings.get(syllable.folded)
        return posting.rarity * self.commonness(syllable) if posting else None

    def commonness(self, syllable: Syllable) -> float:
        """Factor for words of chat. A marked syllable is judged as marked: "lệ" is common, "lẻ" is not."""
        return self._common.get(syllable.key, 1.0)

    def _weigh(self, size: int) -> None:
        top = math.log(1 + size)
        for posting in self.postings.values():
            posting.rarity = _idf(size, len(posting.entries), top)
        for pair, entries in self.pairs.items():
            self.pair_weights[pair] = _idf(size, len(entries), top)

    def _entry(self, item: Item) -> Indexed:
        group = Group.GENERAL if item.general else _GROUPS.get(item.kind, Group.PROCEDURE)
        kept = set()
        for phrase in item.phrases:
            syllables = phrase if group is Group.TALK else self._without_stop(phrase)
            terms = {s.folded: self.weight(s) or 0.0 for s in syllables}
            if terms:
                kept.add(Phrase(frozenset(terms), sum(terms.values())))
        return Indexed(item.id, item.kind, group, item.action, item.field, item.main, tuple(kept))


def _idf(size: int, found: int, top: float) -> float:
    """Rarity between 0 and 1."""
    return math.log(1 + (size - found + 0.5) / (found + 0.5)) / top


def _saturate(share: float) -> float:
    return share * (1 + _SATURATION) / (share + _SATURATION)
