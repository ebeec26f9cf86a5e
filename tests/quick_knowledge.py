"""Reading and checking the knowledge again and again, quickly: for tests that change it.

The search over the same knowledge is built once, and of the shipped cases those of one field are run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from handlers.library import Library
from knowledge import checking
from knowledge.answer import Answerer, OfficeProfile
from knowledge.checking import NumberedCase
from knowledge.loader import Knowledge
from knowledge.phrases import Phrases
from knowledge.search import Searcher, build

_built: dict[str, Searcher] = {}
_read = checking.read_cases


@contextmanager
def quick_knowledge() -> Iterator[None]:
    """While it lasts."""
    with (
        patch("bot.shelf.library_of", _library_of),
        patch("handlers.improving.trials.library_of", _library_of),
        patch("knowledge.checking.read_cases", _cases_of_one_field),
    ):
        yield


def _library_of(knowledge: Knowledge, office: OfficeProfile) -> Library:
    searcher = _built.get(knowledge.version) or build(knowledge)
    _built[knowledge.version] = searcher
    return Library(knowledge, searcher, Answerer(knowledge, Phrases.read(), office))


def _cases_of_one_field(folder: Path = checking.CASES) -> list[NumberedCase]:
    return [c for c in _read(folder) if folder != checking.CASES or c.file.endswith("ruou.yaml")]
