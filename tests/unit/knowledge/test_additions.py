"""Wordings that an office adds to entries of other files."""

from __future__ import annotations

from knowledge.checking import all_cases, check_reload
from knowledge.loader import SHIPPED, load
from knowledge.search import Outcome, build
from tests.unit.knowledge.conftest import Write

ENTRY = """\
- {id: thu_lan, kind: topic, title: Múa lân, label: Lân, facts: [{text: x}], aliases: [lân],
   sources: {s1: {kind: official, url: "https://example.gov.vn"}}, as_of: 2026-01-01}
"""


def test_an_entry_of_another_file_gets_more_wordings(write: Write) -> None:
    write(ENTRY)
    folder = write("- {id: thu_lan, aliases: [con lân đất, lân]}", name="b.yaml", header="them_cach_hoi:\n")
    loaded = load([folder])
    assert loaded.problems == ()
    entry = loaded.knowledge.entries["thu_lan"]
    assert entry.aliases == ("lân", "con lân đất")
    assert entry.added == ("con lân đất",)


def test_what_is_wrong_is_told_with_its_line(write: Write) -> None:
    write(ENTRY)
    text = "- {id: thu_rong, aliases: [rồng]}\n- {id: thu_lan}\n- {id: thu_lan, aliases: []}\n"
    loaded = load([write(text, name="b.yaml", header="them_cach_hoi:\n")])
    found = {(p.line, p.message) for p in loaded.problems}
    assert found == {
        (2, "thêm cách hỏi cho mục «thu_rong» không có trong kho"),
        (3, "thiếu «aliases»"),
        (4, "«aliases» cần ít nhất 1 mục"),
    }
    assert "thu_lan" in loaded.knowledge.entries


def test_a_list_that_is_none_is_told(write: Write) -> None:
    folder = write("", name="b.yaml", header="them_cach_hoi: rượu\n")
    assert [(p.line, p.message) for p in load([folder]).problems] == [
        (1, "«them_cach_hoi» phải là danh sách")
    ]


def test_a_shipped_entry_is_found_by_what_the_office_added(write: Write) -> None:
    words = "- {id: ruou_ban_le_cap_huyen, aliases: [mở quán cồn nhỏ nhỏ]}"
    folder = write(words, name="b.yaml", header="them_cach_hoi:\n")
    loaded = load([SHIPPED, folder])
    assert not [p for p in loaded.problems if p.error]
    searcher = build(loaded.knowledge)
    for question in ("mở quán cồn nhỏ nhỏ", "em muốn mở quán cồn nhỏ nhỏ thì làm sao"):
        decision = searcher.search(question)
        assert (decision.outcome, decision.entry) == (Outcome.ANSWER, "ruou_ban_le_cap_huyen")


def test_an_offices_own_cases_are_run_too_and_win_over_shipped_ones(write: Write) -> None:
    folder = write(ENTRY)
    (folder / "cases").mkdir()
    (folder / "cases" / "a.yaml").write_text(
        "cases:\n"
        "  - {question: múa lân, entry: thu_lan}\n"
        "  - {question: múa lân, entry: khong_co, after: x}\n"
        "  - {question: Làm giấy bán sỉ rượu mất mấy bữa, outcome: choose}\n",
        "utf-8",
    )
    cases = all_cases([folder])
    assert len(cases) == len(all_cases()) + 2
    searcher = build(load([SHIPPED, folder]).knowledge)
    broken = [(p.file.rpartition("/")[2], p.line) for p in check_reload(searcher, [folder]) if p.error]
    assert broken == [("a.yaml", 3), ("a.yaml", 4)]
