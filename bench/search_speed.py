"""How fast questions are decided, side by side with rapidfuzz's WRatio and bm25s over the same phrases.

Each question is timed in several rounds and counts with its median, so that what else runs on the machine
says little.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import bm25s
import rapidfuzz

from bench.figures import Section, Target, percentile
from bench.synthetic import PHRASES, grow, phrases_of, questions
from knowledge.evaluation import Case, read_cases, read_topics
from knowledge.index import Index
from knowledge.loader import Knowledge, load
from knowledge.names import searched_items
from knowledge.schema import Kind
from knowledge.search import Searcher, build
from knowledge.vietnamese import fold, syllable

QUESTIONS = Path(__file__).parent / "questions" / "test.jsonl"
ROUNDS = 5
_SYNTHETIC_QUESTIONS = 300
_WRATIO_QUESTIONS = 40
_WRATIO_ROUNDS = 2  # of half a second each question at 100,000 phrases

Finder = Callable[[str], object]
T = TypeVar("T")


class Rivals:
    """The two ready-made ways to search the same phrases."""

    def __init__(self, knowledge: Knowledge) -> None:
        entries = [e for e in knowledge.entries.values() if e.kind is not Kind.STAFF]
        self.phrases = [fold(p) for e in entries for p in phrases_of(e)]
        self.owners = [e.id for e in entries for _ in phrases_of(e)]
        started = time.perf_counter()
        self._bm25 = bm25s.BM25(backend="numpy")
        # Its list of English stop words would drop "an", "to", "no", which are Vietnamese words here.
        corpus = bm25s.tokenize(self.phrases, stopwords=[], show_progress=False)
        self._bm25.index(corpus, show_progress=False)
        self.bm25_seconds = time.perf_counter() - started

    def wratio(self, question: str) -> str:
        """The entry of the phrase that WRatio likes best."""
        found = rapidfuzz.process.extractOne(
            fold(question), self.phrases, scorer=rapidfuzz.fuzz.WRatio, processor=None
        )
        return self.owners[found[2]]

    def bm25(self, question: str) -> str:
        """The entry of the phrase that BM25 puts first of four."""
        tokens = bm25s.tokenize(fold(question), stopwords=[], show_progress=False)
        documents, scores = self._bm25.retrieve(tokens, k=4, show_progress=False)
        return self.owners[int(documents[0, 0])] if scores[0, 0] > 0 else ""


def measure_shipped() -> Section:
    """At the size of the shipped knowledge base."""
    knowledge = load().knowledge
    searcher = build(knowledge)
    rivals = Rivals(knowledge)
    cases = read_cases(QUESTIONS)
    texts = [case.text for case in cases]
    section = Section("Tìm kiếm ở cỡ kho hiện có")
    section.add("Mục", len(searcher.index.entries))
    section.add("Cụm từ", len(rivals.phrases))
    section.add("Câu hỏi", len(texts))
    ours = _milliseconds(searcher.search, texts)
    wratio = _milliseconds(rivals.wratio, texts)
    bm25 = _milliseconds(rivals.bm25, texts)
    _compare(section, ours, wratio, bm25)
    _add_first_right(section, cases, searcher, rivals)
    section.targets += [
        Target("Kho hiện có: p50", percentile(ours, 0.5), 1, "ms"),
        Target("Kho hiện có: p99", percentile(ours, 0.99), 5, "ms"),
    ]
    return section


def measure_synthetic(phrases: int = PHRASES) -> Section:
    """At 100,000 phrases: the shipped questions and as many about the grown entries."""
    shipped = load().knowledge
    knowledge = grow(shipped, phrases)
    seconds, searcher = _timed(lambda: build(knowledge))
    rivals = Rivals(knowledge)
    spoken = [case.text for case in read_cases(QUESTIONS)]
    made = questions(knowledge, spoken, _SYNTHETIC_QUESTIONS)
    texts = [*spoken, *(asked.text for asked in made)]
    few = texts[:: len(texts) // _WRATIO_QUESTIONS]
    section = Section("Tìm kiếm ở 100.000 cụm từ tổng hợp")
    section.add("Mục", len(searcher.index.entries))
    section.add("Cụm từ", len(rivals.phrases))
    section.add("Câu hỏi", len(texts))
    section.add("Câu hỏi cho WRatio", len(few))
    ours = _milliseconds(searcher.search, texts)
    bm25 = _milliseconds(rivals.bm25, texts)
    wratio = _milliseconds(rivals.wratio, few, rounds=_WRATIO_ROUNDS)
    same = dict(zip(texts, ours, strict=True))
    ours_few = [same[text] for text in few]
    _compare(section, ours, wratio, bm25, ours_few=ours_few)
    found = sum(asked.entry in _best(searcher, asked.text, 1) for asked in made) / len(made)
    offered = sum(asked.entry in _best(searcher, asked.text, 4) for asked in made) / len(made)
    section.add("Câu tổng hợp: đúng mục đứng đầu", 100 * found, "%")
    section.add("Câu tổng hợp: đúng mục trong 4 mục đầu", 100 * offered, "%")
    section.add("Dựng chỉ mục (cả bộ)", seconds, "s")
    section.targets += [
        Target("100.000 cụm từ: p99", percentile(ours, 0.99), 15, "ms"),
        # The smaller of both, so that neither usual nor hard questions are hidden.
        Target(
            "100.000 cụm từ: nhanh hơn WRatio",
            min(percentile(wratio, part) / percentile(ours_few, part) for part in (0.5, 0.99)),
            30,
            "lần",
            at_most=False,
        ),
        Target("100.000 cụm từ: dựng chỉ mục, mỗi 10.000 cụm", seconds / phrases * 10_000, 3, "s"),
    ]
    return section


def measure_build() -> Section:
    """Building the index of the shipped entries, reading YAML not counted; best of five."""
    knowledge = load().knowledge
    searcher = build(knowledge)
    lexicon, common, usage = searcher.reader.lexicon, searcher.weights.common, searcher.index.usage
    phrases = sum(len(item.phrases) for item in searched_items(knowledge, lexicon))
    seconds = min(
        _timed(lambda: Index(searched_items(knowledge, lexicon), lexicon, common, usage))[0]
        for _ in range(ROUNDS)
    )
    section = Section("Dựng chỉ mục ở cỡ kho hiện có")
    section.add("Cụm từ", phrases)
    section.add("Dựng cả chỉ mục", seconds, "s")
    section.targets.append(
        Target("Kho hiện có: dựng chỉ mục, mỗi 10.000 cụm", seconds / phrases * 10_000, 3, "s")
    )
    return section


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of the work when nothing of it is remembered from before, and what it gave."""
    syllable.cache_clear()
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _milliseconds(find: Finder, texts: Sequence[str], *, rounds: int = ROUNDS) -> list[float]:
    """The median of the rounds for each text, after a round that isn't counted."""
    for text in texts:
        find(text)
    taken: list[list[float]] = [[] for _ in texts]
    for _ in range(rounds):
        for text, times in zip(texts, taken, strict=True):
            started = time.perf_counter()
            find(text)
            times.append((time.perf_counter() - started) * 1000)
    return [statistics.median(times) for times in taken]


def _compare(
    section: Section,
    ours: Sequence[float],
    wratio: Sequence[float],
    bm25: Sequence[float],
    *,
    ours_few: Sequence[float] | None = None,
) -> None:
    """Rows for the three ways. `ours_few`: our times for the few questions that WRatio was asked."""
    for name, times in (("Xin Luôn", ours), ("WRatio", wratio), ("bm25s", bm25)):
        section.add(f"{name}: p50", percentile(times, 0.5), "ms")
        section.add(f"{name}: p99", percentile(times, 0.99), "ms")
    for name, theirs, mine in (("WRatio", wratio, ours_few or ours), ("bm25s", bm25, ours)):
        section.add(f"Nhanh hơn {name}: p50", percentile(theirs, 0.5) / percentile(mine, 0.5), "lần")
        section.add(f"Nhanh hơn {name}: p99", percentile(theirs, 0.99) / percentile(mine, 0.99), "lần")


def _add_first_right(section: Section, cases: Sequence[Case], searcher: Searcher, rivals: Rivals) -> None:
    """How often each puts a right entry first, so that speed isn't bought by nonsense."""
    topics = read_topics()
    wanted = [
        (case.text, {entry for code in (case.topic_code, *case.acceptable) for entry in topics.get(code, ())})
        for case in cases
        if case.topic_code in topics and not case.prev
    ]
    section.add("Câu hỏi trong phạm vi, không nối tiếp câu khác", len(wanted))
    ways: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("Xin Luôn", lambda text: next(iter(_best(searcher, text, 1)), "")),
        ("WRatio", rivals.wratio),
        ("bm25s", rivals.bm25),
    )
    for name, first in ways:
        right = sum(first(text) in entries for text, entries in wanted)
        section.add(f"{name}: đúng mục đứng đầu", 100 * right / max(1, len(wanted)), "%")


def _best(searcher: Searcher, text: str, size: int) -> list[str]:
    """The first entries of the ranking, whatever is decided then."""
    decision = searcher.search(text)
    ranked = [s.entry.id for s in decision.candidates[:size]]
    return ranked or [decision.entry]  # a procedure's code or whole name needs no ranking
