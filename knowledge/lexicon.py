"""The table of words that mean other words (`lexicon.yaml`), and how text is put into those words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from knowledge import strict_yaml
from knowledge.schema import Action, Facet
from knowledge.vietnamese import Syllable, clean, syllable, words

Phrase = Annotated[str, StringConstraints(min_length=1, max_length=80)]
V = TypeVar("V")


class LexiconFile(BaseModel):
    """The shape of `lexicon.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rewrite: dict[str, Phrase]
    stop: str
    generic: str
    facets: dict[Facet, tuple[Phrase, ...]]
    hints: dict[Facet, tuple[Phrase, ...]]
    not_facets: tuple[Phrase, ...]
    actions: dict[Action, tuple[Phrase, ...]]
    polite: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Match(Generic[V]):
    """A phrase found at `start` over `size` syllables."""

    start: int
    size: int
    value: V


class PhraseTable(Generic[V]):
    """Finds the longest known phrase at each place of a list of syllables."""

    def __init__(self, phrases: Iterable[tuple[Sequence[Syllable], V]]) -> None:
        self._by_folded: dict[tuple[str, ...], list[tuple[tuple[Syllable, ...], V]]] = {}
        sizes: dict[str, set[int]] = {}
        for key, value in phrases:
            if key:
                self._by_folded.setdefault(tuple(s.folded for s in key), []).append((tuple(key), value))
                sizes.setdefault(key[0].folded, set()).add(len(key))
        self._sizes = {first: sorted(found, reverse=True) for first, found in sizes.items()}

    def find(self, syllables: Sequence[Syllable], *, overlapping: bool = False) -> list[Match[V]]:
        """Longest matches from left to right. Marks that were typed must not contradict the phrase's."""
        found = []
        folded = tuple(s.folded for s in syllables)
        at = 0
        while at < len(syllables):
            sizes = self._sizes.get(folded[at])
            match = self._at(syllables, folded, at, sizes) if sizes else None
            if match:
                found.append(match)
            at += match.size if match and not overlapping else 1
        return found

    def _at(
        self, syllables: Sequence[Syllable], folded: tuple[str, ...], at: int, sizes: Sequence[int]
    ) -> Match[V] | None:
        for size in sizes:
            for key, value in self._by_folded.get(folded[at : at + size], ()):
                # At the end fewer syllables may be left than the size: then it is a shorter phrase's turn.
                if len(key) == size and not any(
                    _refuses(typed, known, alone=size == 1)
                    for typed, known in zip(syllables[at : at + size], key, strict=True)
                ):
                    return Match(at, size, value)
        return None


def _refuses(typed: Syllable, known: Syllable, *, alone: bool) -> bool:
    if typed.contradicts(known) >= 1:
        return True
    # A single plain syllable is too short to stand for a marked word: "chi" may be chi, chỉ, chị.
    return (
        alone
        and len(typed.folded) < 4
        and not typed.tone
        and not typed.marks
        and bool(known.tone or known.marks)
    )


def syllables_of(text: str) -> list[Syllable]:
    """Plain text as syllables, as it stands."""
    return [syllable(word) for word in words(clean(text))]


class Lexicon:
    """The tables of `lexicon.yaml`, ready to use. Raises strict_yaml.BadYaml when the file is wrong."""

    def __init__(self, data: LexiconFile) -> None:
        self._rewrite = PhraseTable(
            (syllables_of(key), syllables_of(value)) for key, value in data.rewrite.items()
        )
        self._facets: PhraseTable[Facet | None] = PhraseTable(
            [
                *(
                    (self.canonical(syllables_of(p)), f)
                    for f, phrases in data.facets.items()
                    for p in phrases
                ),
                *((self.canonical(syllables_of(p)), None) for p in data.not_facets),
            ]
        )
        self.hints = PhraseTable(
            (self.canonical(syllables_of(phrase)), facet)
            for facet, phrases in data.hints.items()
            for phrase in phrases
        )
        self.actions = PhraseTable(
            (self.canonical(syllables_of(phrase)), action)
            for action, phrases in data.actions.items()
            for phrase in phrases
        )
        self.polite = PhraseTable((self.canonical(syllables_of(phrase)), True) for phrase in data.polite)
        self.stop = frozenset(syllables_of(data.stop))
        self.stop_folded = frozenset(s.folded for s in self.stop)
        self.generic = frozenset(s.folded for s in syllables_of(data.generic))
        self.spellings = frozenset(s.folded for key in data.rewrite for s in syllables_of(key))

    def facets(self, syllables: Sequence[Syllable]) -> list[Match[Facet]]:
        """Where facets are asked for; parts of names that look like one ("đủ điều kiện") are passed over."""
        return [Match(m.start, m.size, m.value) for m in self._facets.find(syllables) if m.value is not None]

    def rewrites(self, syllables: Sequence[Syllable]) -> list[Match[list[Syllable]]]:
        """What is said in other words, and which words of ours it stands for."""
        return self._rewrite.find(syllables)

    def canonical(self, syllables: Sequence[Syllable]) -> list[Syllable]:
        """The same text in the knowledge base's words ("bán sỉ" → "bán buôn"), one pass, longest phrases
        first."""
        out: list[Syllable] = []
        at = 0
        for match in self.rewrites(syllables):
            out.extend(syllables[at : match.start])
            out.extend(match.value)
            at = match.start + match.size
        out.extend(syllables[at:])
        return out


_adapter: TypeAdapter[LexiconFile] = TypeAdapter(LexiconFile)


def load_lexicon(path: Path) -> Lexicon:
    """Read `lexicon.yaml`."""
    document = strict_yaml.read(path)
    try:
        return Lexicon(_adapter.validate_python(_words_as_text(document.data)))
    except ValidationError as exc:
        raise strict_yaml.BadYaml(strict_yaml.explain(exc, document)) from exc


def _words_as_text(data: Any) -> Any:
    # "1022", "true" and the like are words here, whatever YAML makes of them.
    if isinstance(data, Mapping):
        return {key: _words_as_text(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_words_as_text(value) for value in data]
    return data if isinstance(data, str) else str(data)
