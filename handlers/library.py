"""One version of the knowledge with everything that works on it, so that an answer never mixes two
versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge import loader, search
from knowledge.answer import Answerer, OfficeProfile
from knowledge.loader import Knowledge, Loaded
from knowledge.phrases import Phrases
from knowledge.search import Searcher


@dataclass(frozen=True, slots=True)
class Library:
    """The entries, the search over them and the way to say them."""

    knowledge: Knowledge
    searcher: Searcher
    answerer: Answerer

    @property
    def version(self) -> str:
        return self.knowledge.version

    @property
    def office(self) -> OfficeProfile:
        return self.answerer.office


def open_library(folders: Sequence[Path], office: OfficeProfile) -> tuple[Library, Loaded]:
    """Read the knowledge folders (the shipped one first) and build the search. Raises strict_yaml.BadYaml
    only when the program's own tables (lexicon, weights, phrases) are broken; bad entries are in
    Loaded.problems."""
    loaded = loader.load([loader.SHIPPED, *folders])
    return library_of(loaded.knowledge, office), loaded


def library_of(knowledge: Knowledge, office: OfficeProfile) -> Library:
    """Build the search and the answers over knowledge that was read already."""
    return Library(knowledge, search.build(knowledge), Answerer(knowledge, Phrases.read(), office))
