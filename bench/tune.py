"""Choose the search's weights and thresholds, and learn how people speak of each matter, from the training
questions.

    python -m bench.tune [bench/questions/train.jsonl]

Writes knowledge/usage.yaml and knowledge/weights.yaml. Everything that is fitted is fitted on questions that
took no part in what it is fitted on: the questions are dealt into five folds, and the word usage and word
factors that a fold's features are made with come from the other four.

1. Words that people use about anything (spread over many topics) get a factor below 1.
2. Usage: the value of words and pairs in each topic (knowledge/usage.py).
3. Ranking weights: listwise logistic regression (softmax over the candidates of each question).
4. Confidence: logistic regression on the signals of the best candidate, right or not; out-of-scope questions
   are "not".
5. Thresholds: the setting with the most good answers while wrong and false answers stay within bounds.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
import yaml

from knowledge.confidence import SIGNALS, signals
from knowledge.evaluation import (
    ASK_BACK,
    OUT_OF_SCOPE,
    Case,
    Given,
    Report,
    Verdict,
    judge,
    read_cases,
    read_topics,
)
from knowledge.lexicon import load_lexicon
from knowledge.loader import Knowledge, load
from knowledge.question import Question
from knowledge.ranking import FEATURES, Scored
from knowledge.schema import Entry, Kind
from knowledge.search import Outcome, Searcher
from knowledge.usage import USAGE, Usage, UsageClass
from knowledge.weights import WeightsFile

ROOT = Path(__file__).resolve().parent.parent
LEXICON = ROOT / "knowledge" / "lexicon.yaml"
TARGET = ROOT / "knowledge" / "weights.yaml"
FOLDS = 5
# The training questions were written to be hard; on others the shares are about half of these.
MAX_WRONG = 0.03
MAX_FALSE = 0.025
SMOOTHING = 40.0
PAIR_SMOOTHING = 80.0

START = {
    "share": 3.0, "covered": 3.0, "phrase": 3.0, "balance": 3.0, "mass": 0.0, "pairs": 1.5,
    "action_agrees": 0.3, "action_differs": -0.8, "action_unasked": -1.0, "last": 3.0, "last_field": 1.5,
    "variant": -0.3, "usage": 1.0, "usage_pairs": 0.5, "usage_base": 0.5, "usage_pair_base": 0.2,
}  # fmt: skip

Topics = Mapping[str, Sequence[str]]
K = TypeVar("K")
_TALK = {"greeting": "chao_hoi", "thanks": "cam_on", "abuse": "xuc_pham", "chitchat": "tro_chuyen"}
_ELSEWHERE = "viec_khac"


def class_of(case: Case, kind: str) -> str:
    """The class a training question teaches."""
    if case.topic_code != OUT_OF_SCOPE:
        return case.topic_code
    return f"OUT:{kind}" if kind else OUT_OF_SCOPE


@dataclass
class Sample:
    case: Case
    out_kind: str
    words: list[str]
    keys: set[str]  # syllables with their marks spelt out


def samples(cases: Sequence[Case], kinds: Mapping[str, str], plain: Searcher) -> list[Sample]:
    found = []
    for case in cases:
        question = plain.reader.read(case.text)
        said = [t.syllable for t in question.terms if not t.syllable.folded.isdigit()]
        found.append(Sample(case, kinds.get(case.id, ""), [s.folded for s in said], {s.key for s in said}))
    return found


def common_words(found: Sequence[Sample], plain: Searcher) -> dict[str, float]:
    """Factor of each syllable that occurs in questions of many topics: 1 for a telling one, towards 0.1 for
    a chatty one."""
    topics: dict[str, set[str]] = defaultdict(set)
    seen: Counter[str] = Counter()
    for at, sample in enumerate(found):
        code = sample.case.topic_code
        for word in sample.keys:
            topics[word].add(code if code != OUT_OF_SCOPE else f"OUT{at % 15}")
            seen[word] += 1
    factors = {}
    for word, codes in topics.items():
        if len(codes) < 6 or seen[word] < 8:
            continue
        posting = plain.index.postings.get(word.partition(".")[0])
        excess = len(codes) / ((len(posting.entries) if posting else 0) + 3)
        if excess > 1:
            factors[word] = round(max(0.1, 1 / excess), 3)
    return factors


def learn_usage(found: Sequence[Sample], topics: Topics, knowledge: Knowledge) -> Usage:
    """Values of words and pairs by class; questions that lean on the one before teach nothing."""
    by_class: dict[str, list[list[str]]] = defaultdict(list)
    for sample in found:
        if not sample.case.prev and sample.case.topic_code != ASK_BACK:
            by_class[class_of(sample.case, sample.out_kind)].append(sample.words)
    names = sorted(by_class)
    words: dict[str, dict[int, int]] = defaultdict(dict)
    pairs: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    sizes, pair_sizes = [], []
    for number, name in enumerate(names):
        counted: Counter[str] = Counter()
        paired: Counter[tuple[str, str]] = Counter()
        for said in by_class[name]:
            counted.update(set(said))
            paired.update(set(pairwise(said)))
        sizes.append(counted.total())
        pair_sizes.append(paired.total())
        for word, n in counted.items():
            words[word][number] = n
        for pair, n in paired.items():
            pairs[pair][number] = n
    classes = [
        UsageClass(
            topic=name,
            entries=_entries_of(name, topics, knowledge),
            base=round(math.log(SMOOTHING / (sizes[n] + SMOOTHING)), 3),
            pair_base=round(math.log(PAIR_SMOOTHING / (pair_sizes[n] + PAIR_SMOOTHING)), 3),
        )
        for n, name in enumerate(names)
    ]
    return Usage(classes, _values(words, SMOOTHING, 2), _values(pairs, PAIR_SMOOTHING, 3))


def _entries_of(name: str, topics: Topics, knowledge: Knowledge) -> tuple[str, ...]:
    if name.startswith(OUT_OF_SCOPE):
        return (_TALK.get(name.partition(":")[2], _ELSEWHERE),)
    return tuple(e for e in topics.get(name, ()) if e in knowledge.entries)


def _values(
    counts: Mapping[K, Mapping[int, int]], smoothing: float, least: int
) -> dict[K, list[tuple[int, float]]]:
    total = sum(n for by_class in counts.values() for n in by_class.values()) or 1
    found = {}
    for key, by_class in counts.items():
        everywhere = sum(by_class.values())
        if everywhere < least:
            continue
        expected = smoothing * everywhere / total
        found[key] = [(number, math.log1p(n / expected)) for number, n in sorted(by_class.items())]
    return found


def choose_by(report: Report) -> float:
    """How good a setting of the thresholds is: good answers, straight ones preferred, harm punished."""
    wrong = report.share(Verdict.WRONG)
    false = report.share(Verdict.FALSE_ANSWER, out=True)
    return (
        report.share(Verdict.RIGHT, Verdict.AMONG_CHOICES)
        + 0.3 * report.share(Verdict.RIGHT)
        - 4 * max(0.0, wrong - MAX_WRONG)
        - 4 * max(0.0, false - MAX_FALSE)
        - 0.5 * wrong
        - 0.3 * false
        - 0.25 * report.share(Verdict.ASKED_BACK, out=True)
    )


@dataclass
class Row:
    """A training question with its ranked candidates, made without itself."""

    case: Case
    question: Question
    ranked: list[Scored]
    last: Entry | None
    good: list[bool]
    searcher: Searcher


def rows(found: Sequence[Sample], searcher: Searcher, topics: Topics) -> list[Row]:
    made = []
    for sample in found:
        case = sample.case
        last = None
        if case.prev:
            before = searcher.search(case.prev)
            last = searcher.knowledge.get(before.entry)
        question = searcher.reader.read(case.text)
        ranked = searcher.rank(question, last)
        codes = (case.topic_code, *case.acceptable)
        allowed = {e for c in codes for e in topics.get(c, ())}
        good = [
            s.entry.id in allowed
            or (OUT_OF_SCOPE in codes and s.entry.kind in (Kind.OUTSIDE, Kind.SMALLTALK))
            or (case.topic_code == OUT_OF_SCOPE and s.entry.kind is Kind.HUMAN)
            for s in ranked
        ]
        made.append(Row(case, question, ranked, last, good, searcher))
    return made


def fit_ranking(train: list[Row], start: np.ndarray, steps: int = 300) -> np.ndarray:
    """Adam on the listwise loss −log P(a good candidate), with a pull towards the start."""
    usable = [r for r in train if any(r.good) and not all(r.good) and r.case.topic_code != ASK_BACK]
    widest = max(len(r.ranked) for r in usable)
    x = np.zeros((len(usable), widest, len(start)))
    here = np.zeros((len(usable), widest), dtype=bool)
    good = np.zeros((len(usable), widest), dtype=bool)
    for at, row in enumerate(usable):
        size = len(row.ranked)
        x[at, :size] = [s.features for s in row.ranked]
        here[at, :size] = True
        good[at, :size] = row.good
    weights = start.copy()
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        z = np.where(here, x @ weights, -1e9)
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        q = np.where(good, p, 0.0)
        q /= q.sum(axis=1, keepdims=True) + 1e-12
        gradient = np.einsum("nk,nkf->f", p - q, x) / len(usable) + 0.5 * (weights - start) / len(usable)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        weights -= 0.08 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return np.asarray(weights)


def fit_confidence(train: list[Row], rounds: int = 25) -> np.ndarray:
    """Newton's method on the logistic loss with a small ridge."""
    usable = [r for r in train if r.ranked and not r.question.vague and r.case.topic_code != ASK_BACK]
    x = np.array([signals(r.question, r.ranked, r.searcher.index) for r in usable])
    y = np.array([float(r.good[0]) for r in usable])
    scale = x.std(axis=0)
    scale[scale == 0] = 1.0
    x = x / scale
    weights = np.zeros(x.shape[1])
    ridge = 0.5 * np.eye(x.shape[1])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - y) + ridge @ weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + ridge
        weights -= np.linalg.solve(curvature, gradient)
    return np.asarray(weights / scale)


def report_of(made: Sequence[Row], weights: WeightsFile, topics: Topics) -> Report:
    report = Report()
    for row in made:
        row.searcher.weights = weights
        if row.question.empty or row.question.dossier or row.question.procedure_code:
            decision = row.searcher.search(row.case.text, row.last)
        else:
            decision = row.searcher.decide(row.question, row.ranked, row.last)
        facet = decision.facet.value if decision.facet else "overview"
        given = Given(Outcome(decision.outcome), decision.entry, facet, decision.choices)
        report.add(row.case, given, judge(row.case, given, topics))
    return report


def choose_thresholds(made: Sequence[Row], base: WeightsFile, topics: Topics) -> WeightsFile:
    """Random settings first, then one threshold after the other around the best of them."""
    steps = {
        "answer_at": [n / 100 for n in range(45, 96, 3)],
        "choose_at": [n / 100 for n in range(4, 40, 3)],
        "refuse_at": [n / 100 for n in range(10, 95, 5)],
        "out_at": [n / 100 for n in range(30, 100, 5)],
        "choice_gap": [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0],
        "follow_at": [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    }
    random = Random(20261121)
    tried = [base.model_copy(update={k: random.choice(v) for k, v in steps.items()}) for _ in range(250)]
    best = max(tried, key=lambda w: choose_by(report_of(made, w, topics)))
    for name in [*steps, *steps]:
        near = [best, *(best.model_copy(update={name: level}) for level in steps[name])]
        best = max(near, key=lambda w: choose_by(report_of(made, w, topics)))
    return best


def file_for(
    common: Mapping[str, float], rank: Mapping[str, float], confidence: Mapping[str, float]
) -> WeightsFile:
    return WeightsFile(
        rank=dict(rank),
        confidence=dict(confidence),
        answer_at=0.7,
        choose_at=0.3,
        refuse_at=0.5,
        follow_at=0.5,
        choice_gap=2.0,
        out_at=0.4,
        dossier_entry="tra_cuu_ho_so",
        elsewhere_entry=_ELSEWHERE,
        common=dict(sorted(common.items())),
    )


def write(weights: WeightsFile, usage: Usage) -> None:
    header = "# Made by bench/tune.py from bench/questions/train.jsonl; don't edit by hand, run it again.\n"
    TARGET.write_text(
        header + yaml.safe_dump(weights.model_dump(), allow_unicode=True, sort_keys=False), "utf-8"
    )
    lines = [header, "classes:\n"]
    for found in usage.classes:
        entries = ", ".join(found.entries)
        lines.append(
            f'  - {{topic: "{found.topic}", entries: [{entries}], '
            f"base: {found.base}, "
            f"pair_base: {found.pair_base}}}\n"
        )
    lines.append("words:\n")
    lines += [f'  "{word}": "{_compact(values)}"\n' for word, values in sorted(usage.words.items())]
    lines.append("pairs:\n")
    lines += [f'  "{a} {b}": "{_compact(values)}"\n' for (a, b), values in sorted(usage.pairs.items())]
    USAGE.write_text("".join(lines), "utf-8")


def _compact(values: Sequence[tuple[int, float]]) -> str:
    return " ".join(f"{number}:{round(value * 100)}" for number, value in values)


def main(path: Path) -> None:
    cases = read_cases(path)
    kinds = out_kinds(path)
    topics = read_topics()
    knowledge = load().knowledge
    lexicon = load_lexicon(LEXICON)
    plain = Searcher(knowledge, lexicon, file_for({}, START, {}))
    found = samples(cases, kinds, plain)
    folds = [found[n::FOLDS] for n in range(FOLDS)]

    def deal(rank: Mapping[str, float]) -> list[Row]:
        made: list[Row] = []
        for own in range(FOLDS):
            others = [s for n, fold in enumerate(folds) if n != own for s in fold]
            usage = learn_usage(others, topics, knowledge)
            weights = file_for(common_words(others, plain), rank, {})
            made += rows(folds[own], Searcher(knowledge, lexicon, weights, usage), topics)
        return made

    weights = fit_ranking(deal(START), np.array([START.get(name, 0.0) for name in FEATURES]))
    rank = {name: round(float(w), 3) for name, w in zip(FEATURES, weights, strict=True)}
    made = deal(rank)
    inside = [r for r in made if r.case.topic_code not in (OUT_OF_SCOPE, ASK_BACK)]
    print(f"best candidate right: {sum(any(r.good[:1]) for r in inside) / len(inside):.3f}", end=" ")
    print(f"among the best four: {sum(any(r.good[:4]) for r in inside) / len(inside):.3f} of {len(inside)}")
    confidence = {name: round(float(w), 3) for name, w in zip(SIGNALS, fit_confidence(made), strict=True)}
    chosen = choose_thresholds(made, file_for({}, rank, confidence), topics)
    print({k: v for k, v in report_of(made, chosen, topics).as_dict().items() if k != "by_style"})
    final = chosen.model_copy(update={"common": dict(sorted(common_words(found, plain).items()))})
    write(final, learn_usage(found, topics, knowledge))


def out_kinds(path: Path) -> dict[str, str]:
    """The sort of each out-of-scope question (greeting, other_dept …), by id."""
    rows_read = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return {row["id"]: row.get("out_kind", "") for row in rows_read}


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "bench" / "questions" / "train.jsonl")
