"""The questions that the program itself gives as examples are answered well."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from handlers.ask import ask
from handlers.library import Library
from handlers.texts import texts
from knowledge.loader import load
from knowledge.schema import Facet, Kind
from knowledge.search import Outcome

TODAY = date(2026, 11, 25)
ROOT = Path(__file__).parents[3]
PROMOTION = ("xttm_khuyen_mai_may_rui_dang_ky", Facet.DOCUMENTS)
# Each example with the entry and the side of it that it must be answered with.
EXPECTED = {
    "quay số trúng thưởng cần giấy gì": PROMOTION,
    "phí bán lẻ thuốc lá": ("thuoc_la_ban_le_cap", Facet.FEE),
    "phi ban le thuoc la": ("thuoc_la_ban_le_cap", Facet.FEE),
    "bán lẻ rượu": ("ruou_ban_le_cap_huyen", None),
    "văn phòng đại diện": ("tong_quan_vpdd", None),
}


def examples() -> list[str]:
    """All that is quoted after «ví dụ» where people are told how to ask, and asked in the guides."""
    said = [texts()("hello_how"), texts()("choose_vague")]
    kinds = (Kind.SMALLTALK, Kind.OUTSIDE, Kind.HUMAN)
    said += [line for e in load().knowledge.entries.values() if e.kind in kinds for line in e.reply]
    after = [line[found.end() :] for line in said if (found := re.search("ví dụ", line, re.IGNORECASE))]
    quoted = [example for line in after for example in re.findall("«(.+?)»", line)]
    guides = [ROOT / "README.md", ROOT / "bot/cli_ask.py", *sorted((ROOT / "docs").glob("*.md"))]
    asked = [q for guide in guides for q in re.findall(r'xinluon ask "(.+?)"', guide.read_text("utf-8"))]
    return list(dict.fromkeys([*quoted, *(q for q in asked if q != "câu người dân hay hỏi")]))


def test_all_examples_are_looked_at() -> None:
    assert set(examples()) == set(EXPECTED)


@pytest.mark.parametrize("example", examples())
def test_an_example_is_answered_with_facts_of_the_right_entry(example: str, library: Library) -> None:
    response = ask(library, example, TODAY)
    facet = EXPECTED[example][1]
    decision = response.decision
    assert decision.outcome is Outcome.ANSWER
    assert (decision.entry, decision.facet) == EXPECTED[example]
    missing = library.answerer.phrases("answer.no_fact", facet="»").partition("»")[0]
    told = [line.text for line in response.reply.lines]
    assert not any(line.startswith(missing) for line in told)
    assert facet is None or facet in library.answerer.facets(library.knowledge.entries[decision.entry], TODAY)
