"""Judge answers to labelled questions: right, right among the choices, wrong, missed, false answer to what
is out of scope."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from knowledge import strict_yaml
from knowledge.search import Outcome

OUT_OF_SCOPE = "OUT"
ASK_BACK = "hoi_lai"
HUMAN = "g_ng"
TOPICS = Path(__file__).parent / "cases" / "topics.yaml"


class Case(BaseModel):
    """A line of a labelled file. `topic_code` and `acceptable` are codes of `cases/topics.yaml`."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    id: Annotated[str, StringConstraints(min_length=1)]
    text: str
    prev: str = ""
    style: tuple[str, ...] = ()
    topic_code: str
    facet: str = ""
    acceptable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What the program did with a question. `ms`: search time in milliseconds."""

    outcome: Outcome
    entry: str = ""
    facet: str = ""
    choices: tuple[str, ...] = ()
    ms: float = 0.0


class Verdict(StrEnum):
    RIGHT = "right"
    AMONG_CHOICES = "among_choices"
    WRONG = "wrong"
    MISSED = "missed"
    FALSE_ANSWER = "false_answer"
    ASKED_BACK = "asked_back"  # out of scope, but a question was asked back
    REFUSED = "refused"  # out of scope, and said so


GOOD = frozenset({Verdict.RIGHT, Verdict.AMONG_CHOICES})


class BadCases(Exception):
    """A labelled file can't be used; the message says where and why."""


def read_cases(path: Path) -> list[Case]:
    """Read a JSON Lines file of labelled questions. Raises BadCases."""
    cases = []
    try:
        lines = path.read_text("utf-8").split("\n")  # splitlines() would cut at U+2028 inside a question
    except (OSError, UnicodeDecodeError) as exc:
        raise BadCases(f"{path}: không đọc được tệp câu hỏi") from exc
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cases.append(Case.model_validate_json(line))
        except ValidationError as exc:
            names = ", ".join(str(e["loc"][0]) if e["loc"] else "JSON" for e in exc.errors())
            raise BadCases(f"{path}:{number}: dòng không đúng mẫu (xem lại: {names})") from exc
    if not cases:
        raise BadCases(f"{path}: tệp không có câu hỏi nào")
    return cases


_topics_adapter: TypeAdapter[dict[str, tuple[str, ...]]] = TypeAdapter(dict[str, tuple[str, ...]])


def read_topics(path: Path = TOPICS) -> dict[str, tuple[str, ...]]:
    """Topic code → entry ids that answer it. Raises strict_yaml.BadYaml."""
    document = strict_yaml.read(path)
    try:
        return _topics_adapter.validate_python(document.data)
    except ValidationError as exc:
        raise strict_yaml.BadYaml(strict_yaml.explain(exc, document)) from exc


def judge(case: Case, given: Given, topics: Mapping[str, Sequence[str]]) -> Verdict:
    """The verdict on one answer."""
    codes = {case.topic_code, *case.acceptable}
    allowed = {entry for code in codes for entry in topics.get(code, ())}
    if given.outcome is Outcome.ANSWER:
        if given.entry in allowed:
            return Verdict.RIGHT
        return Verdict.FALSE_ANSWER if case.topic_code == OUT_OF_SCOPE else Verdict.WRONG
    if given.outcome is Outcome.CHOOSE:
        if ASK_BACK in codes or allowed.intersection(given.choices):
            return Verdict.AMONG_CHOICES
        return Verdict.ASKED_BACK if case.topic_code == OUT_OF_SCOPE else Verdict.MISSED
    if case.topic_code == OUT_OF_SCOPE:
        return Verdict.REFUSED
    if OUT_OF_SCOPE in codes or (given.outcome is Outcome.HUMAN and HUMAN in codes):
        return Verdict.RIGHT
    return Verdict.MISSED


@dataclass(slots=True)
class Report:
    """Counts over a set, by style tag too, and the rows that went wrong."""

    in_scope: Counter[Verdict] = field(default_factory=Counter)
    out_of_scope: Counter[Verdict] = field(default_factory=Counter)
    by_style: dict[str, Counter[bool]] = field(default_factory=dict)
    facets: Counter[bool] = field(default_factory=Counter)
    failures: list[tuple[Case, Given, Verdict]] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def add(self, case: Case, given: Given, verdict: Verdict) -> None:
        good = verdict in GOOD or verdict is Verdict.REFUSED
        (self.out_of_scope if case.topic_code == OUT_OF_SCOPE else self.in_scope)[verdict] += 1
        for tag in case.style or ("—",):
            self.by_style.setdefault(tag, Counter())[good] += 1
        if given.outcome is Outcome.ANSWER and verdict is Verdict.RIGHT and case.facet not in ("", "none"):
            self.facets[given.facet == case.facet] += 1
        if not good:
            self.failures.append((case, given, verdict))
        self.milliseconds.append(given.ms)

    def share(self, *verdicts: Verdict, out: bool = False) -> float:
        """Share of verdicts among the in-scope (or out-of-scope) questions, 0 to 1."""
        counter = self.out_of_scope if out else self.in_scope
        total = sum(counter.values())
        return sum(counter[v] for v in verdicts) / total if total else 0.0

    def percentile(self, part: float) -> float:
        """Search time in milliseconds below which `part` of the questions were decided."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0

    def as_dict(self) -> dict[str, object]:
        """The figures for programs."""
        return {
            "in_scope": {v.value: n for v, n in self.in_scope.items()},
            "out_of_scope": {v.value: n for v, n in self.out_of_scope.items()},
            "right_or_among_choices": round(self.share(*GOOD), 4),
            "answered_right": round(self.share(Verdict.RIGHT), 4),
            "wrong": round(self.share(Verdict.WRONG), 4),
            "missed": round(self.share(Verdict.MISSED), 4),
            "out_of_scope_answered": round(self.share(Verdict.FALSE_ANSWER, out=True), 4),
            "out_of_scope_asked_back": round(self.share(Verdict.ASKED_BACK, out=True), 4),
            "facet_right": round(self.facets[True] / max(1, self.facets.total()), 4),
            "ms_p50": round(self.percentile(0.5), 3),
            "ms_p99": round(self.percentile(0.99), 3),
            "by_style": {k: [c[True], c.total()] for k, c in sorted(self.by_style.items())},
        }


def evaluate(
    cases: Iterable[Case], ask: Callable[[Case], Given], topics: Mapping[str, Sequence[str]]
) -> Report:
    """Ask each question and judge what comes."""
    report = Report()
    for case in cases:
        given = ask(case)
        report.add(case, given, judge(case, given, topics))
    return report


def failure_line(case: Case, given: Given, verdict: Verdict) -> str:
    """One wrong row as a JSON line, for people who mend the knowledge."""
    return json.dumps(
        {
            "id": case.id,
            "verdict": verdict.value,
            "text": case.text[:160],
            "prev": case.prev,
            "expected": case.topic_code,
            "outcome": given.outcome.value,
            "entry": given.entry,
            "choices": given.choices,
        },
        ensure_ascii=False,
    )
