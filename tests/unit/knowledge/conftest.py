"""Knowledge for the tests: what ships, and small folders made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from knowledge.answer import Answerer, OfficeProfile
from knowledge.loader import Knowledge, Loaded, load
from knowledge.phrases import Phrases
from knowledge.search import Searcher, build

OFFICE = OfficeProfile(name="Sở Thử Nghiệm")
HEADER = "field: Lĩnh vực thử\nowner: Văn phòng\nreview_by: 2030-01-01\nentries:\n"

Write = Callable[..., Path]
Read = Callable[..., Loaded]


@pytest.fixture(scope="session")
def shipped() -> Knowledge:
    """The knowledge base that ships."""
    return load().knowledge


@pytest.fixture(scope="session")
def phrases() -> Phrases:
    return Phrases.read()


@pytest.fixture(scope="session")
def answerer(shipped: Knowledge, phrases: Phrases) -> Answerer:
    """Answers from the shipped knowledge, for an office that has told nothing but its name."""
    return Answerer(shipped, phrases, OFFICE)


@pytest.fixture(scope="session")
def searcher(shipped: Knowledge) -> Searcher:
    return build(shipped)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes entries (YAML list items) into a file of a folder, under a header; gives the folder."""

    def write_file(entries: str, *, name: str = "a.yaml", folder: str = "data", header: str = HEADER) -> Path:
        target = tmp_path / folder
        target.mkdir(exist_ok=True)
        (target / name).write_text(header + indent(dedent(entries).strip("\n"), "  ") + "\n", "utf-8")
        return target

    return write_file


@pytest.fixture
def read(write: Write) -> Read:
    """Writes entries into a folder and reads it."""

    def read_entries(entries: str) -> Loaded:
        return load([write(entries)])

    return read_entries
