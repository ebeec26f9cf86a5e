"""What choices are called: short enough for a phone, and different where they begin."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest

from handlers.ask import ask, options
from handlers.library import Library
from knowledge.schema import Entry, Kind
from knowledge.vietnamese import fold

_SEEN = 34  # characters of a button that a phone shows
_BEGINNING = 18  # what people read of a line before they go on to the next
_NEVER_OFFERED = (Kind.STAFF, Kind.OUTSIDE, Kind.SMALLTALK)


@pytest.fixture(scope="module")
def offered(library: Library) -> list[Entry]:
    return [e for e in library.knowledge.entries.values() if e.kind not in _NEVER_OFFERED]


def matter(label: str) -> str:
    """What stands before the colon: "Bán lẻ rượu: cấp lại"."""
    return label.partition(":")[0]


def alike(offered: list[Entry], size: int) -> set[tuple[str, str]]:
    """Labels that are the same over their first `size` characters."""
    pairs = combinations([e.listed for e in offered], 2)
    return {(one, other) for one, other in pairs if fold(one)[:size] == fold(other)[:size]}


def test_no_two_choices_are_cut_alike(offered: list[Entry]) -> None:
    assert alike(offered, _SEEN) == set()


def test_choices_that_begin_alike_are_of_one_matter(offered: list[Entry]) -> None:
    begin_alike = alike(offered, _BEGINNING)
    assert {pair for pair in begin_alike if matter(pair[0]) != matter(pair[1])} == set()


def test_a_label_for_lists_is_shorter_than_the_name_or_says_the_matter_first(offered: list[Entry]) -> None:
    own = [e for e in offered if e.choice]
    assert len(own) > 50
    assert [e.id for e in own if len(e.listed) > len(e.label) and ":" not in e.listed] == []


def test_a_question_that_could_mean_several_permits_for_liquor_lists_them_so_that_they_can_be_told_apart(
    library: Library,
) -> None:
    reply = ask(library, "bán rượu", date(2026, 11, 25)).reply
    labels = [choice.label for choice in reply.choices]
    assert {"Bán lẻ rượu: cấp mới", "Bán lẻ rượu: cấp lại"} <= set(labels)
    every = [c.label for c in options(library, library.knowledge.entries["tong_quan_ruou"].children)]
    assert len({fold(label)[:_BEGINNING] for label in every}) >= len(every) - 1
    assert all(len(label) <= _SEEN for label in every)
