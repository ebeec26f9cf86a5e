"""Understand the wording of a question: its matter, the facet asked, what is to be done, what is mere
politeness."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from rapidfuzz.distance import OSA

from knowledge.keystrokes import decode_keystrokes, split_joined
from knowledge.lexicon import Lexicon
from knowledge.schema import Action, Facet
from knowledge.vietnamese import Syllable, clean, is_syllable, syllable, words

MAX_WORDS = 120

# 000.00.12.H33-250901-0014: the number of a file that was handed in; 2.000648: a procedure's national code.
_DOSSIER = re.compile(r"\b(?:\d{3}\.\d{2}\.\d{2}\.)?[hg]\d{2}(?:\.\d+)*-\d{6}-\d{3,5}\b", re.IGNORECASE)
_PROCEDURE_CODE = re.compile(r"\b([12]\.\d{6})(?:\.|\b)")


class Role(IntEnum):
    """What a syllable does in the question."""

    MATTER = 0
    FACET = 1
    POLITE = 2
    STOP = 3


@dataclass(frozen=True, slots=True)
class Term:
    """A syllable of the question in the knowledge base's words; `trust` < 1 when it was guessed from a
    misspelling."""

    syllable: Syllable
    role: Role
    trust: float = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart. `vague`: only generic words ("cấp lại giấy phép"), no matter to look for."""

    text: str
    terms: tuple[Term, ...]
    facet: Facet | None
    actions: frozenset[Action]
    dossier: str = ""  # number of a file handed in
    procedure_code: str = ""
    vague: bool = False
    empty: bool = False  # no letter at all
    noise: bool = False  # letters, but no word of any language we read


class Vocabulary(Protocol):
    """What the index knows of the words in use."""

    def has(self, folded: str) -> bool: ...

    def has_pair(self, first: str, second: str) -> bool: ...

    def near(self, folded: str) -> Collection[str]:
        """Known syllables one edit away."""
        ...


class Reader:
    """Reads questions with a lexicon and the vocabulary of an index."""

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary) -> None:
        self.lexicon = lexicon
        self.vocabulary = vocabulary

    def read(self, text: str) -> Question:
        text = clean(text)[:2000]
        dossier = _DOSSIER.search(text)
        code = _PROCEDURE_CODE.search(text)
        typed = [s for word in words(text)[:MAX_WORDS] for s in self._syllables(word)]
        spelled = self._respell(typed)
        canonical = self._rewrite(spelled)
        syllables = [s for s, _ in canonical]
        roles = self._roles(syllables)
        terms = tuple(Term(s, role, trust) for (s, trust), role in zip(canonical, roles, strict=True))
        actions = self.lexicon.actions.find(syllables)
        # "mất giấy", "gia hạn giấy phép": what is to be done, but of what?
        said = self.lexicon.generic.union(
            s.folded for m in actions for s in syllables[m.start : m.start + m.size]
        )
        matter = [t for t in terms if t.role is Role.MATTER and not t.syllable.folded.isdigit()]
        return Question(
            text=text,
            terms=terms,
            facet=self._facet(syllables),
            actions=frozenset(m.value for m in actions),
            dossier=dossier.group() if dossier else "",
            procedure_code=code.group(1) if code else "",
            vague=bool(terms) and all(t.syllable.folded in said for t in matter),
            empty=not any(c.isalpha() for c in text),
            noise=not any(self._readable(s.folded) for s in typed),
        )

    def _readable(self, folded: str) -> bool:
        return (
            len(folded) > 1 and (self._known(folded) or is_syllable(folded))
        ) or folded in self.lexicon.spellings

    def _known(self, folded: str) -> bool:
        return (
            self.vocabulary.has(folded)
            or folded in self.lexicon.stop_folded
            or folded in self.lexicon.spellings
        )

    def _syllables(self, word: str) -> list[Syllable]:
        """One written word as syllables: raw keystrokes decoded, run-together words cut."""
        plain = syllable(word)
        if self._known(plain.folded):
            return [plain]
        decoded = decode_keystrokes(word)
        if decoded and self._known(decoded.folded):
            return [decoded]
        if not is_syllable(plain.folded) and word.isalpha():
            pieces = split_joined(word, self._piece_cost)
            if pieces:
                return [syllable(piece) for piece in pieces]
        return [plain]

    def _piece_cost(self, folded: str) -> float:
        if self.vocabulary.has(folded):
            return 0.0
        return 1.0 if is_syllable(folded) else -1.0

    def _respell(self, typed: Sequence[Syllable]) -> list[tuple[Syllable, float]]:
        """Mend misspelt syllables: an unknown one of four letters or more by itself, a shorter or a valid
        one only when a neighbour vouches for it (the pair with the neighbour is known, as it stands it is
        not)."""
        out: list[tuple[Syllable, float]] = []
        for at, s in enumerate(typed):
            mended = self._mend(typed, at, out[-1][0].folded if out else "")
            out.append((Syllable(mended), 0.7) if mended else (s, 1.0))
        return out

    def _mend(self, typed: Sequence[Syllable], at: int, before: str) -> str:
        folded = typed[at].folded
        if len(folded) < 2 or folded.isdigit() or folded in self.lexicon.spellings:
            return ""
        after = typed[at + 1].folded if at + 1 < len(typed) else ""
        pair = self.vocabulary.has_pair
        known = self._known(folded)
        if pair(before, folded) or pair(folded, after):
            return ""
        if known and typed[at].tone and folded in self.lexicon.stop_folded:
            return ""
        candidates = [c for c in self.vocabulary.near(folded) if pair(before, c) or pair(c, after)]
        if candidates:
            both = [c for c in candidates if pair(before, c) and pair(c, after)]
            if known and not both:
                return ""
            return min(
                both or candidates, key=lambda c: (OSA.distance(folded, c), abs(len(c) - len(folded)), c)
            )
        if known or is_syllable(folded) or len(folded) < 4:
            return ""
        near = self.vocabulary.near(folded)
        return min(near, key=lambda c: (OSA.distance(folded, c), c)) if len(near) == 1 else ""

    def _rewrite(self, spelled: Sequence[tuple[Syllable, float]]) -> list[tuple[Syllable, float]]:
        syllables = [s for s, _ in spelled]
        out: list[tuple[Syllable, float]] = []
        at = 0
        for match in self.lexicon.rewrites(syllables):
            out.extend(spelled[at : match.start])
            end = match.start + match.size
            trust = min(t for _, t in spelled[match.start : end])
            out.extend((s, trust) for s in match.value)
            at = end
        out.extend(spelled[at:])
        return out

    def _roles(self, syllables: Sequence[Syllable]) -> list[Role]:
        roles = [Role.STOP if self._is_stop(syllables, at) else Role.MATTER for at in range(len(syllables))]
        asides = (
            # "cấp lại" asks for a procedure of its own rather than for a side of another.
            (Role.FACET, [m for m in self.lexicon.hints.find(syllables) if m.value is not Facet.RENEWAL]),
            (Role.FACET, self.lexicon.facets(syllables)),
            (Role.POLITE, self.lexicon.polite.find(syllables)),
        )
        for role, matches in asides:
            for match in matches:
                roles[match.start : match.start + match.size] = [role] * match.size
        return roles

    def _is_stop(self, syllables: Sequence[Syllable], at: int) -> bool:
        s = syllables[at]
        if s.tone or s.marks:
            return s in self.lexicon.stop
        if s.folded not in self.lexicon.stop_folded:
            return False
        # Without marks "ban" may be bạn or bán: it is the matter only when it makes a known pair.
        before = syllables[at - 1].folded if at else ""
        after = syllables[at + 1].folded if at + 1 < len(syllables) else ""
        return not (self.vocabulary.has_pair(before, s.folded) or self.vocabulary.has_pair(s.folded, after))

    def _facet(self, syllables: Sequence[Syllable]) -> Facet | None:
        found = self.lexicon.facets(syllables) or self.lexicon.hints.find(syllables)
        if not found:
            return None
        order = list(Facet)
        best = max(found, key=lambda m: (min(m.size, 3), -_FACET_ORDER.get(m.value, order.index(m.value))))
        return best.value


_FACET_ORDER = {
    Facet.FEE: 0,
    Facet.TIME: 1,
    Facet.POSTAL: 2,
    Facet.WHERE: 3,
    Facet.FORM: 4,
    Facet.RESULT: 5,
    Facet.ONLINE: 6,
    Facet.DOCUMENTS: 7,
    Facet.RENEWAL: 8,
    Facet.STATUS: 9,
    Facet.ELIGIBILITY: 10,
    Facet.LEGAL: 11,
}


def deletes(folded: str) -> set[str]:
    """The word itself and each form with one letter left out (two words one edit apart share one of them)."""
    return {folded, *(folded[:i] + folded[i + 1 :] for i in range(len(folded)))}


def one_edit_apart(vocabulary: Collection[str]) -> Callable[[str], Collection[str]]:
    """A function that gives the words of `vocabulary` at optimal-string-alignment distance 1 of a word."""
    by_delete: dict[str, list[str]] = {}
    for word in vocabulary:
        if len(word) >= 2:
            for form in deletes(word):
                by_delete.setdefault(form, []).append(word)

    def near(folded: str) -> Collection[str]:
        found = {w for form in deletes(folded) for w in by_delete.get(form, ())}
        return [w for w in found if OSA.distance(folded, w, score_cutoff=1) == 1]

    return near
