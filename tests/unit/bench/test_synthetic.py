"""The grown knowledge base is what the figures claim it is."""

from __future__ import annotations

import pytest

from bench.synthetic import count, grow, phrases_of, questions
from knowledge.loader import Knowledge, load
from knowledge.vietnamese import fold


@pytest.fixture(scope="module")
def shipped() -> Knowledge:
    return load().knowledge


@pytest.fixture(scope="module")
def grown(shipped: Knowledge) -> Knowledge:
    return grow(shipped)


def test_it_has_the_promised_number_of_phrases_and_entries(shipped: Knowledge, grown: Knowledge) -> None:
    assert count(grown) == 100_000
    assert len(grown.entries) - len(shipped.entries) >= 10_000


def test_the_shipped_entries_are_in_it_as_they_are(shipped: Knowledge, grown: Knowledge) -> None:
    assert all(grown.entries[entry_id] is entry for entry_id, entry in shipped.entries.items())


def test_a_new_entry_has_different_phrases_of_usual_length(shipped: Knowledge, grown: Knowledge) -> None:
    new = [entry for entry_id, entry in grown.entries.items() if entry_id not in shipped.entries]
    sizes = [len(phrases_of(entry)) for entry in new]
    assert all(8 <= size <= 10 for size in sizes[:-1])
    assert all(len(set(phrases_of(entry))) == size for entry, size in zip(new, sizes, strict=True))
    assert max(len(phrase.split()) for entry in new for phrase in phrases_of(entry)) <= 20


def test_common_words_stay_common_and_most_words_stay_rare(shipped: Knowledge, grown: Knowledge) -> None:
    def shares(knowledge: Knowledge) -> dict[str, float]:
        found: dict[str, int] = {}
        for entry in knowledge.entries.values():
            for word in {w for phrase in phrases_of(entry) for w in fold(phrase).split()}:
                found[word] = found.get(word, 0) + 1
        return {word: number / len(knowledge.entries) for word, number in found.items()}

    before, after = shares(shipped), shares(grown)
    commonest = max(before, key=lambda word: before[word])
    assert after[commonest] > 0.5 * before[commonest]
    assert sum(share < 0.01 for share in after.values()) > 0.7 * len(after)


def test_it_is_the_same_every_time(shipped: Knowledge) -> None:
    assert grow(shipped, 12_000).entries == grow(shipped, 12_000).entries
    assert grow(shipped, 12_000).entries != grow(shipped, 12_000, seed=1).entries


def test_questions_are_the_same_every_time_and_about_grown_entries(shipped: Knowledge) -> None:
    knowledge = grow(shipped, 12_000)
    asked = questions(knowledge, ["cho hỏi lệ phí bao nhiêu"], 50)
    assert asked == questions(knowledge, ["cho hỏi lệ phí bao nhiêu"], 50)
    assert len(asked) == 50
    assert all(
        one.text and one.entry in knowledge.entries and one.entry not in shipped.entries for one in asked
    )
