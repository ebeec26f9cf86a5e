"""Is the knowledge fit to serve."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from knowledge import checking
from knowledge.checking import Case, NumberedCase
from knowledge.loader import Knowledge
from knowledge.schema import Facet
from knowledge.search import Outcome, Searcher, build
from knowledge.strict_yaml import BadYaml, Problem
from tests.unit.knowledge.conftest import Read

TODAY = date(2026, 8, 1)


def guidance(entry_id: str, extra: str, *, kind: str = "guidance") -> str:
    return (
        f"- id: {entry_id}\n  kind: {kind}\n  title: Việc {entry_id}\n  label: Việc {entry_id}\n"
        f"  sources: {{s1: {{kind: official, document: QĐ 1}}}}\n  as_of: 2026\n  {extra}\n"
    )


def checked(yaml: str, read: Read, today: date = TODAY) -> list[Problem]:
    loaded = read(yaml)
    assert loaded.ok, [str(p) for p in loaded.problems]
    return checking.check(build(loaded.knowledge), today, ())


def test_the_same_words_for_two_entries_are_an_error_marks_apart(read: Read) -> None:
    yaml = guidance("mot", "aliases: [Bán rượu, bán bia]") + guidance(
        "hai", "aliases: ['ban  RUOU', bán bánh]"
    )
    (problem,) = checked(yaml, read)
    assert problem.error
    assert "trùng với «mot»" in problem.message
    assert problem.line == read(yaml).knowledge.entries["hai"].line


def test_the_same_words_twice_in_one_entry_are_a_warning(read: Read) -> None:
    (problem,) = checked(guidance("mot", "aliases: [bán rượu, bàn rượu]"), read)
    assert not problem.error
    assert "hai lần" in problem.message


@pytest.mark.parametrize(
    ("review_by", "said"),
    [
        ("2026-07-31", "đã quá hạn rà soát (31/07/2026)"),
        ("2026-08-01", "cần rà soát trước 01/08/2026"),
        ("2026-08-31", "cần rà soát trước 31/08/2026"),
        ("2026-09-01", None),
    ],
)
def test_entries_due_for_review_are_named_with_who_looks_after_them(
    review_by: str, said: str | None, read: Read
) -> None:
    problems = checked(guidance("mot", f"aliases: [a b]\n  review_by: {review_by}"), read)
    assert [p.error for p in problems] == [False] * (said is not None)
    assert all(said and said in p.message and "Văn phòng" in p.message for p in problems)


@pytest.mark.parametrize(
    ("fees", "said"),
    [
        ("{amount: 5, until: 2026-08-31}", "hết hiệu lực ngày 31/08/2026"),
        ("{amount: 5, until: 2026-08-01}", "hết hiệu lực ngày 01/08/2026"),
        ("{amount: 5, until: 2026-09-01}", None),
        ("{amount: 5, until: 2026-08-31}, {amount: 9, from: 2026-09-01}", None),
        ("{amount: 5, until: 2026-07-31}", "mọi mức phí"),
        ("{amount: 5, until: 2026-07-31}, {amount: 9}", None),
    ],
)
def test_validity_that_ends_unfollowed_is_a_warning(fees: str, said: str | None, read: Read) -> None:
    problems = checked(guidance("mot", f"aliases: [a b]\n  fees: [{fees}]"), read)
    assert [p.error for p in problems] == [False] * (said is not None)
    assert all(said and said in p.message for p in problems)


def test_an_entry_nobody_has_a_name_for_is_a_warning_but_not_a_variant_or_one_for_the_staff(
    read: Read,
) -> None:
    yaml = (
        guidance("mot", "aliases: [a b]")
        + guidance("hai", "variant_of: mot")
        + guidance("ba", "", kind="staff")
    )
    assert checked(yaml, read) == []
    (problem,) = checked(yaml + guidance("bon", ""), read)
    assert "chưa có tên gọi" in problem.message
    assert not problem.error


def test_errors_come_before_warnings(read: Read) -> None:
    yaml = guidance("mot", "review_by: 2020-01-01\n  aliases: [a b]") + guidance("hai", "aliases: [a b]")
    assert [p.error for p in checked(yaml, read)] == [True, False]


def broken(searcher: Searcher, **case: object) -> list[Problem]:
    numbered = NumberedCase(Case.model_validate(case), "ca.yaml", 7)
    return list(checking.broken_cases(searcher, [numbered]))


def test_a_case_that_holds_is_silent_and_one_that_does_not_says_where_it_leads(searcher: Searcher) -> None:
    question = "thủ tục 2.000648 nộp phí bao nhiêu tiền"
    reached = searcher.search(question).entry
    assert broken(searcher, question=question, entry=reached, facet=Facet.FEE) == []
    (wrong_entry,) = broken(searcher, question=question, entry="thuoc_la_ban_le_cap")
    assert (wrong_entry.file, wrong_entry.line, wrong_entry.error) == ("ca.yaml", 7, True)
    assert f"answer {reached}" in wrong_entry.message
    (wrong_facet,) = broken(searcher, question=question, entry=reached, facet=Facet.POSTAL)
    assert "hỏi về «postal»" in wrong_facet.message
    (wrong_outcome,) = broken(searcher, question=question, outcome=Outcome.OUT)
    assert "«out»" in wrong_outcome.message


def test_a_case_for_an_entry_that_is_gone_is_broken(searcher: Searcher) -> None:
    (problem,) = broken(searcher, question="gì cũng được", entry="da_xoa")
    assert "không có mục «da_xoa»" in problem.message


def test_a_case_may_follow_another_question(searcher: Searcher) -> None:
    entry = searcher.search("2.000648").entry
    assert broken(searcher, after="2.000648", question="bao nhiêu tiền", entry=entry, facet=Facet.FEE) == []


def test_cases_are_read_with_their_lines_and_the_topics_left_aside(tmp_path: Path) -> None:
    (tmp_path / "topics.yaml").write_text("a: [b]\n", "utf-8")
    (tmp_path / "x.yaml").write_text(
        "cases:\n  - question: một\n\n  - {question: hai, outcome: out}\n", "utf-8"
    )
    assert [(c.case.question, c.line) for c in checking.read_cases(tmp_path)] == [("một", 2), ("hai", 4)]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("cases:\n  - question: một\n    entyr: x\n", 3, "không có khoá nào tên «entyr»"),
        ("cases:\n  - question: một\n  - facet: fee\n", 3, "thiếu «question»"),
        ("cases:\n  - question: ''\n", 2, "để trống"),
        ("cases:\n  - {question: a, outcome: không}\n", 2, "chọn một trong"),
        ("- a\n", 1, "nhóm"),
    ],
)
def test_a_bad_case_file_names_its_line(text: str, line: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    with pytest.raises(BadYaml) as caught:
        checking.read_cases(tmp_path)
    assert [(p.line, said in str(p)) for p in caught.value.problems] == [(line, True)]


def test_the_shipped_aliases_do_not_collide(shipped: Knowledge) -> None:
    assert [str(p) for p in checking.colliding_aliases(shipped) if p.error] == []
