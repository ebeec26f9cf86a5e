"""Changes of an office's own files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge import editing
from knowledge.loader import load
from knowledge.round_trip import CannotEdit

HEADER = editing.Header(field="Việc mới", owner="Văn phòng", review_by=date(2030, 1, 1))
ENTRY: dict[str, Any] = {
    "id": "viec_moi",
    "kind": "topic",
    "title": "Một việc mới",
    "label": "Việc mới",
    "aliases": ["việc mới: làm sao"],
    "facts": [{"text": "Nộp đơn.", "facet": "documents"}],
    "sources": {"s1": {"kind": "official", "url": "https://example.gov.vn/moi"}},
    "as_of": "2026-11-01",
}
CASE = {"question": "mua rượu, ở đâu", "entry": "ruou", "facet": "where"}


def test_wordings_for_entries_of_other_files_are_gathered_by_entry() -> None:
    text = editing.add_elsewhere(None, "ruou_le", "bán rượu  quán nhậu")
    text = editing.add_elsewhere(text, "ruou_le", "mở quán nhậu")
    text = editing.add_elsewhere(text, "xang", "cây xăng")
    assert text.endswith(
        "them_cach_hoi:\n"
        "  - id: ruou_le\n    aliases:\n      - bán rượu quán nhậu\n      - mở quán nhậu\n"
        "  - id: xang\n    aliases:\n      - cây xăng\n"
    )


def test_what_is_there_is_not_written_twice() -> None:
    text = editing.add_elsewhere(None, "ruou_le", "quán nhậu")
    assert editing.add_elsewhere(text, "ruou_le", " quán nhậu") is text
    cases = editing.add_case(None, CASE)
    assert editing.add_case(cases, CASE) is cases
    entries = editing.add_entry(None, HEADER, ENTRY)
    assert editing.add_entry(entries, HEADER, ENTRY) is entries
    assert editing.add_alias(entries, "viec_moi", "việc mới: làm sao") is entries


def test_what_was_put_in_can_be_taken_out_whatever_came_after() -> None:
    one = editing.add_elsewhere(None, "a1", "một")
    two = editing.add_elsewhere(editing.add_elsewhere(one, "a1", "hai"), "b1", "ba")
    assert editing.remove_elsewhere(editing.remove_elsewhere(two, "a1", "hai"), "b1", "ba") == one
    cases = editing.add_case(None, CASE)
    more = editing.add_case(cases, {"question": "khác", "entry": "xang"})
    assert editing.remove_cases(more, "khác", "xang") == cases
    entries = editing.add_entry(None, HEADER, ENTRY)
    assert editing.remove_entry(editing.add_entry(entries, HEADER, ENTRY | {"id": "b1"}), "b1") == entries
    assert editing.remove_alias(editing.add_alias(entries, "viec_moi", "x y"), "viec_moi", "x y") == entries


def test_a_file_that_holds_nothing_any_more_is_told() -> None:
    text = editing.add_elsewhere(None, "a1", "một")
    assert not editing.is_bare(text)
    assert editing.is_bare(editing.remove_elsewhere(text, "a1", "một"))
    assert editing.add_elsewhere(editing.remove_elsewhere(text, "a1", "một"), "a1", "một") == text


def test_taking_out_what_is_gone_changes_nothing() -> None:
    text = editing.add_elsewhere(None, "a1", "một")
    assert editing.remove_elsewhere(text, "a1", "hai") is text
    assert editing.remove_elsewhere(text, "b1", "một") is text
    cases = editing.add_case(None, CASE)
    assert editing.remove_cases(cases, CASE["question"], "xang") is cases
    entries = editing.add_entry(None, HEADER, ENTRY)
    assert editing.remove_entry(entries, "b1") is entries


def test_a_new_entry_can_be_read_and_stands_in_its_field(tmp_path: Path) -> None:
    (tmp_path / "moi.yaml").write_text(editing.add_entry(None, HEADER, ENTRY), "utf-8")
    loaded = load([tmp_path])
    assert loaded.problems == ()
    entry = loaded.knowledge.entries["viec_moi"]
    assert (entry.field, entry.owner, entry.review_by) == ("Việc mới", "Văn phòng", date(2030, 1, 1))


def test_an_id_that_is_taken_is_refused() -> None:
    text = editing.add_entry(None, HEADER, ENTRY)
    with pytest.raises(CannotEdit, match="đã có mục «viec_moi»"):
        editing.add_entry(text, HEADER, ENTRY | {"title": "Khác"})
    with pytest.raises(CannotEdit, match="không có mục «b1»"):
        editing.add_alias(text, "b1", "x")
