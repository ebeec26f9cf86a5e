"""Judging answers to labelled questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from knowledge.evaluation import (
    BadCases,
    Case,
    Given,
    Report,
    Verdict,
    evaluate,
    failure_line,
    judge,
    read_cases,
    read_topics,
)
from knowledge.loader import Knowledge
from knowledge.search import Outcome
from knowledge.strict_yaml import BadYaml

TOPICS = {"ruou": ("ruou_cap", "ruou_khac"), "gas": ("gas_cap",), "g_ng": ("gap_can_bo",)}
ANSWER, CHOOSE = Outcome.ANSWER, Outcome.CHOOSE


def case(topic: str, *acceptable: str, style: tuple[str, ...] = (), facet: str = "") -> Case:
    return Case(id="1", text="hỏi", topic_code=topic, acceptable=acceptable, style=style, facet=facet)


@pytest.mark.parametrize(
    ("asked", "given", "verdict"),
    [
        (case("ruou"), Given(ANSWER, "ruou_cap"), Verdict.RIGHT),
        (case("ruou"), Given(ANSWER, "ruou_khac"), Verdict.RIGHT),
        (case("ruou"), Given(ANSWER, "gas_cap"), Verdict.WRONG),
        (case("ruou", "gas"), Given(ANSWER, "gas_cap"), Verdict.RIGHT),
        (case("ruou"), Given(CHOOSE, choices=("gas_cap", "ruou_cap")), Verdict.AMONG_CHOICES),
        (case("ruou"), Given(CHOOSE, choices=("gas_cap",)), Verdict.MISSED),
        (case("ruou"), Given(CHOOSE), Verdict.MISSED),
        (case("ruou"), Given(Outcome.OUT), Verdict.MISSED),
        (case("ruou"), Given(Outcome.OUT, "ruou_cap"), Verdict.MISSED),
        (case("ruou"), Given(Outcome.SMALLTALK, "chao"), Verdict.MISSED),
        (case("ruou"), Given(Outcome.HUMAN, "gap_can_bo"), Verdict.MISSED),
        (case("ruou", "OUT"), Given(Outcome.OUT), Verdict.RIGHT),
        (case("ruou", "hoi_lai"), Given(CHOOSE, choices=("gas_cap",)), Verdict.AMONG_CHOICES),
        (case("hoi_lai"), Given(CHOOSE, choices=("gas_cap",)), Verdict.AMONG_CHOICES),
        (case("hoi_lai"), Given(ANSWER, "gas_cap"), Verdict.WRONG),
        (case("g_ng"), Given(Outcome.HUMAN, "gap_can_bo"), Verdict.RIGHT),
        (case("g_ng"), Given(Outcome.OUT), Verdict.MISSED),
        (case("OUT"), Given(ANSWER, "ruou_cap"), Verdict.FALSE_ANSWER),
        (case("OUT", "gas"), Given(ANSWER, "gas_cap"), Verdict.RIGHT),
        (case("OUT"), Given(CHOOSE, choices=("ruou_cap",)), Verdict.ASKED_BACK),
        (case("OUT", "hoi_lai"), Given(CHOOSE, choices=("ruou_cap",)), Verdict.AMONG_CHOICES),
        (case("OUT"), Given(Outcome.OUT), Verdict.REFUSED),
        (case("OUT"), Given(Outcome.SMALLTALK, "chao"), Verdict.REFUSED),
        (case("OUT"), Given(Outcome.HUMAN, "gap_can_bo"), Verdict.REFUSED),
        (case("chua_co_ma"), Given(ANSWER, "ruou_cap"), Verdict.WRONG),
    ],
)
def test_the_verdict_on_each_outcome(asked: Case, given: Given, verdict: Verdict) -> None:
    assert judge(asked, given, TOPICS) is verdict


def test_a_report_counts_by_scope_style_and_facet_and_keeps_what_went_wrong() -> None:
    cases = [
        case("ruou", style=("tu_nhien", "cut"), facet="fee"),
        case("gas", style=("cut",)),
        case("OUT"),
        case("OUT"),
    ]
    given = iter(
        [
            Given(ANSWER, "ruou_cap", "time", ms=4),
            Given(CHOOSE, ms=1),
            Given(ANSWER, "gas_cap", ms=2),
            Given(Outcome.OUT, ms=3),
        ]
    )
    report = evaluate(cases, lambda _: next(given), TOPICS)
    figures = report.as_dict()
    assert figures["right_or_among_choices"] == 0.5
    assert figures["missed"] == 0.5
    assert figures["out_of_scope_answered"] == 0.5
    assert figures["facet_right"] == 0
    assert figures["by_style"] == {"cut": [1, 2], "tu_nhien": [1, 1], "—": [1, 2]}
    assert (figures["ms_p50"], figures["ms_p99"]) == (3, 4)
    assert [verdict for _, _, verdict in report.failures] == [Verdict.MISSED, Verdict.FALSE_ANSWER]
    assert json.loads(failure_line(*report.failures[0]))["expected"] == "gas"


def test_an_empty_report_divides_by_nothing() -> None:
    figures = Report().as_dict()
    assert (figures["right_or_among_choices"], figures["ms_p99"]) == (0, 0)


def test_labelled_questions_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    # U+2028 and U+0085 end a line for str.splitlines, but not in JSON Lines.
    text = "hỏi\u2028tiếp\u0085nữa"
    rows = [
        {"id": "1", "text": text, "topic_code": "a", "note": "thừa"},
        {"id": "2", "text": "", "topic_code": "b"},
    ]
    path.write_text(
        "\n\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\r\n", "utf-8", newline=""
    )
    assert [c.text for c in read_cases(path)] == [text, ""]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"id": "1", "text": "a", "topic_code": "x"}\n{"id": "2"}\n', r":2: .*text.*topic_code"),
        (b'{"id": "1", "text": "a", "topic_code": "x"}\nkhong\n', r":2: .*JSON"),
        (b"[1]\n", r":1: "),
        (b'{"id": "", "text": "a", "topic_code": "x"}\n', r":1: .*id"),
        (b"\n \n", "không có câu hỏi nào"),
        (b"\xff\xfe", "không đọc được"),
    ],
)
def test_a_bad_labelled_file_says_where_and_why(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadCases, match=said):
        read_cases(path)


def test_a_missing_labelled_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BadCases, match="không đọc được"):
        read_cases(tmp_path / "không có.jsonl")


def test_the_shipped_topics_lead_to_entries_that_exist(shipped: Knowledge) -> None:
    dead = {e for entries in read_topics().values() for e in entries} - set(shipped.entries)
    assert dead == set()


def test_a_bad_topics_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text("a: [b]\nc: chữ\n", "utf-8")
    with pytest.raises(BadYaml, match=r"topics\.yaml:2: .*danh sách"):
        read_topics(path)
