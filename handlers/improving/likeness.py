"""Which questions are alike: the same matter in other words, other order, with other marks or a slip.

Pure. A question is compared with few: those that share its telling syllables. Words that everyone uses about
anything weigh little: «xin giấy phép bán rượu» is like «bán rượu», not like «xin giấy phép bán gas».
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from heapq import nlargest

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from knowledge.question import Role
from knowledge.search import Searcher
from knowledge.vietnamese import Syllable

ALIKE = 0.65  # from here on two questions are of one group
_MAX_WORDS = 40
_SHORTLIST = 25
_MANY = 2500  # groups looked at for one question
_UNKNOWN = 0.9  # weight of a word the knowledge has never seen: most telling of all
_NUMBER = 0.2
_LONG = 4  # letters from which one wrong letter is a slip

Weigh = Callable[[str], float]


def key_of(text: str, searcher: Searcher) -> str:
    """A question's telling syllables, folded, in the words of the knowledge."""
    terms = searcher.reader.read(text).terms
    telling = [t.syllable.folded for t in terms if t.role in (Role.MATTER, Role.FACET)]
    chosen = telling or [t.syllable.folded for t in terms] or text.split()
    return " ".join(list(dict.fromkeys(chosen))[:_MAX_WORDS])


def weigher(searcher: Searcher) -> Weigh:
    """How much a syllable tells, 0 to 1."""

    @cache
    def weigh(folded: str) -> float:
        if folded.isdigit():
            return _NUMBER
        known = searcher.index.weight(Syllable(folded))
        return _UNKNOWN if known is None else max(known, 0.02)

    return weigh


class Groups:
    """The groups by the syllables of their keys."""

    def __init__(self, weigh: Weigh) -> None:
        self._weigh = weigh
        self._keys: dict[int, frozenset[str]] = {}
        self._by_word: dict[str, set[int]] = {}
        self.last = 0  # the highest id

    def __len__(self) -> int:
        return len(self._keys)

    def put(self, group_id: int, key: str) -> None:
        """Add a group, or give it another key."""
        self.drop(group_id)
        words = frozenset(key.split())
        self._keys[group_id] = words
        for word in words:
            self._by_word.setdefault(word, set()).add(group_id)
        self.last = max(self.last, group_id)

    def drop(self, group_id: int) -> None:
        """Forget a group."""
        for word in self._keys.pop(group_id, frozenset()):
            self._by_word[word].discard(group_id)

    def most_alike(self, key: str) -> int | None:
        """The group that is most like a key, if any is alike."""
        words = frozenset(key.split())
        scored = [(self.likeness(words, self._keys[g]), -g) for g in self._shortlist(words)]
        best, group = max(scored, default=(0.0, 0))
        return -group if best >= ALIKE else None

    def likeness(self, one: frozenset[str], other: frozenset[str]) -> float:
        """Weight of what two questions have in common, of all they say: 0 to 1."""
        common = one & other
        mine, theirs, shared = self._sum(one - common), self._sum(other - common), 2 * self._sum(common)
        total = mine + theirs + shared
        if not total:
            return 0.0
        if (shared + 2 * min(mine, theirs)) / total >= ALIKE:  # else no slip of the pen would make them alike
            shared += self._slips(one - common, other - common)
        return shared / total

    def _slips(self, one: frozenset[str], other: frozenset[str]) -> float:
        """Weight of the words that are the same but for a slip."""
        weight = 0.0
        rest = sorted(w for w in other if len(w) >= _LONG)
        for word in sorted(w for w in one if len(w) >= _LONG and not w.isdigit()):
            near = extractOne(word, rest, scorer=OSA.distance, score_cutoff=1)
            if near is not None:
                rest.remove(near[0])
                weight += self._weigh(word) + self._weigh(near[0])
        return weight

    def _sum(self, words: frozenset[str]) -> float:
        return sum(map(self._weigh, words))

    def _shortlist(self, words: frozenset[str]) -> list[int]:
        """The groups that share most, the rarest syllables first."""
        shared: dict[int, float] = {}
        seen = 0
        for word in sorted(words, key=lambda w: (len(self._by_word.get(w, ())), w)):
            found = self._by_word.get(word, ())
            seen += len(found)
            if shared and seen > _MANY:
                break
            weight = self._weigh(word)
            for group in found:
                shared[group] = shared.get(group, 0.0) + weight
        return nlargest(_SHORTLIST, shared, key=lambda g: (shared[g], -g))
