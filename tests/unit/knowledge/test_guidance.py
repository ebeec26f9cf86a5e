"""Which ways of filing an answer tells agrees with what the answer says."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from knowledge import loader
from knowledge.answer import Answerer, OfficeProfile
from knowledge.guidance import ways_told
from knowledge.loader import Knowledge
from knowledge.phrases import Phrases
from knowledge.schema import (
    Action,
    Entry,
    Facet,
    Filing,
    Kind,
    OnlineLevel,
    Source,
    SourceKind,
    Standing,
    Statement,
    Way,
)

TODAY = date(2026, 11, 24)
ONLINE, POSTAL = frozenset({Way.ONLINE}), frozenset({Way.POSTAL})
BOTH = ONLINE | POSTAL
FILING = (Filing(way=Way.IN_PERSON), Filing(way=Way.ONLINE), Filing(way=Way.POSTAL, at="Bưu điện tỉnh"))


def entry(kind: Kind = Kind.PROCEDURE, **fields: object) -> Entry:
    source = Source(kind=SourceKind.OFFICIAL, url="https://example.gov.vn")
    return Entry(id="thu", kind=kind, title="Thử", label="Thử", sources={"s": source}, **fields)  # type: ignore[arg-type]


@cache
def knowledge() -> Knowledge:
    return loader.load().knowledge


@pytest.mark.parametrize(
    ("facet", "told"),
    [
        (None, BOTH),
        (Facet.OVERVIEW, BOTH),
        (Facet.WHERE, BOTH),
        (Facet.ONLINE, ONLINE),
        (Facet.POSTAL, POSTAL),
        (Facet.FEE, frozenset()),
        (Facet.RENEWAL, frozenset()),
    ],
)
def test_a_procedure_tells_the_ways_where_its_answer_names_them(
    facet: Facet | None, told: frozenset[Way]
) -> None:
    assert ways_told(entry(filing=FILING), facet, TODAY) == told


def test_an_answer_that_knows_nothing_of_a_way_is_no_guidance() -> None:
    silent = entry(filing=(Filing(way=Way.IN_PERSON), Filing(way=Way.EMAIL)))
    assert {ways_told(silent, facet, TODAY) for facet in (None, *Facet)} == {frozenset()}


def test_a_way_that_no_longer_holds_is_not_told() -> None:
    past = entry(filing=(Filing(way=Way.ONLINE, until=date(2026, 11, 23)),))
    assert ways_told(past, Facet.ONLINE, TODAY) == frozenset()
    assert ways_told(past, Facet.ONLINE, date(2026, 11, 23)) == ONLINE


def test_how_far_it_runs_online_is_guidance_too() -> None:
    level = entry(online_levels=(OnlineLevel(level="full"),))
    assert ways_told(level, Facet.ONLINE, TODAY) == ONLINE
    assert ways_told(level, Facet.POSTAL, TODAY) == frozenset()


def test_an_extension_asked_for_its_renewal_is_answered_with_its_summary() -> None:
    renewing = entry(filing=FILING, action=Action.EXTEND)
    assert ways_told(renewing, Facet.RENEWAL, TODAY) == BOTH


def test_what_is_abolished_guides_nobody() -> None:
    assert ways_told(entry(filing=FILING, standing=Standing.ABOLISHED), None, TODAY) == frozenset()


def test_a_subject_counts_only_what_is_shown_of_it() -> None:
    others = tuple(Statement(text=f"Điều {n}") for n in range(6))
    far_down = entry(Kind.TOPIC, facts=(*others, Statement(text="Nộp qua mạng", facet=Facet.ONLINE)))
    assert ways_told(far_down, None, TODAY) == frozenset()
    assert ways_told(far_down, Facet.ONLINE, TODAY) == ONLINE
    hidden = entry(Kind.TOPIC, facts=(Statement(text="Nội bộ", facet=Facet.POSTAL, shown=False),))
    assert ways_told(hidden, Facet.POSTAL, TODAY) == frozenset()


@pytest.mark.parametrize("kind", [Kind.PROCEDURE, Kind.GUIDANCE, Kind.STUB, Kind.OVERVIEW, Kind.OFFICE])
def test_the_shipped_answers_say_the_ways_that_are_counted_and_no_others(kind: Kind) -> None:
    phrases = Phrases.read()
    answerer = Answerer(knowledge(), phrases, OfficeProfile(name="Sở thử"))
    names = {way: phrases(f"ways.{way}").casefold() for way in BOTH}
    for one in (e for e in knowledge().entries.values() if e.kind is kind):
        for facet in (Facet.OVERVIEW, Facet.WHERE, Facet.POSTAL, Facet.FEE, Facet.RENEWAL):
            lines = answerer.answer(one, facet, TODAY).lines
            ways = ("Cách nộp: ", *(phrases(f"ways.{way}") for way in Way))
            said = " ".join(line.text for line in lines if line.text.startswith(ways)).casefold()
            expected = {way for way, name in names.items() if name in said}
            assert ways_told(one, facet, TODAY) == expected, (one.id, facet)


def test_the_shipped_subjects_show_a_fact_on_each_way_that_is_counted() -> None:
    answerer = Answerer(knowledge(), Phrases.read(), OfficeProfile(name="Sở thử"))
    seen: set[Way] = set()
    for one in (e for e in knowledge().entries.values() if e.kind in (Kind.TOPIC, Kind.REFORM)):
        for facet in (None, *Facet):
            text = " ".join(line.text for line in answerer.answer(one, facet, TODAY).lines)
            shown = {f.facet for f in one.facts if f.text in text and f.holds(TODAY) and f.shown}
            told = ways_told(one, facet, TODAY)
            assert {Facet(way) for way in told} <= shown, (one.id, facet)
            seen |= told
    assert seen == BOTH
