"""Changing YAML texts: what isn't changed stays as it was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml.comments import CommentedMap

from knowledge import round_trip, strict_yaml
from knowledge.loader import SHIPPED
from knowledge.round_trip import CannotEdit, append, diff, edit, insert_key, remove

TEXT = """\
# đầu tệp
field: "Rượu"   # lĩnh vực
owner: 'VP'
entries:
  - id: a1
    aliases:
      - mot   # ghi chú
      - hai

  # về b
  - id: b1
    aliases: [ba, bon]
    label: y

  # về c
  - id: c1
    label: z
# cuối
"""
TIGHT = """\
entries:
- id: a1
  title: một câu
    dài hai dòng
  aliases:
  - x
- id: b1
"""


def alias(at: int, words: str) -> Callable[[CommentedMap], None]:
    def change(data: CommentedMap) -> None:
        entry = data["entries"][at]
        if "aliases" in entry:
            append(entry["aliases"], words)
        else:
            insert_key(entry, 1, "aliases", [words])

    return change


def changed(text: str, change: Callable[[CommentedMap], None]) -> list[str]:
    """The lines that a change adds and takes away."""
    return [line for line in diff("x", text, edit(text, change)).splitlines() if line.startswith(("+", "-"))]


def test_an_item_is_one_more_line_and_the_comment_below_stays_below() -> None:
    assert changed(TEXT, alias(0, "ba")) == ["+      - ba"]
    assert "      - hai\n      - ba\n\n  # về b\n" in edit(TEXT, alias(0, "ba"))


def test_a_list_in_brackets_stays_one() -> None:
    assert changed(TEXT, alias(1, "nam")) == ["-    aliases: [ba, bon]", "+    aliases: [ba, bon, nam]"]


def test_a_new_key_stands_above_the_comment_at_the_end() -> None:
    made = edit(TEXT, alias(2, "x"))
    assert made.endswith("  - id: c1\n    aliases:\n      - x\n    label: z\n# cuối\n")


@pytest.mark.parametrize("words", ["null", "2026-01-01", "12", "true", "a: b", "# a", "- a", "«a» [b]", "'"])
def test_words_stay_words(words: str) -> None:
    made = edit(TEXT, alias(0, words))
    assert strict_yaml.loads(made, name="x").data["entries"][0]["aliases"][-1] == words


def test_taking_out_is_the_reverse_of_putting_in() -> None:
    for at in range(3):
        with_it = edit(TEXT, alias(at, "mới"))

        def take_out(data: CommentedMap, at: int = at) -> None:
            aliases = data["entries"][at]["aliases"]
            remove(aliases, len(aliases) - 1)
            if not aliases:
                del data["entries"][at]["aliases"]

        assert edit(with_it, take_out) == TEXT


def test_the_last_entry_goes_with_what_is_written_about_it_and_what_stands_below_stays() -> None:
    assert edit(TEXT, lambda data: remove(data["entries"], 2)).endswith("    label: y\n# cuối\n")


def test_another_style_of_lists_and_folded_lines_are_kept() -> None:
    assert changed(TIGHT, alias(0, "y")) == ["+  - y"]


def test_line_ends_and_a_byte_order_mark_are_kept() -> None:
    text = "\ufeff" + TIGHT.replace("\n", "\r\n")
    assert edit(text, alias(0, "y")) == text.replace("  - x\r\n", "  - x\r\n  - y\r\n")


def test_no_change_is_the_same_text() -> None:
    assert edit(TEXT, lambda data: None) is TEXT


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml"), key=lambda p: p.stat().st_size)[:5])
def test_whoever_copied_a_shipped_file_sees_only_what_was_changed(path: Path) -> None:
    text = path.read_text("utf-8")
    entries = len(strict_yaml.loads(text, name="x").data["entries"])
    for at in (0, entries // 2, entries - 1):
        lines = changed(text, alias(at, "một cách hỏi mới"))
        assert lines[-1].strip("+- ") == "một cách hỏi mới"
        assert len(lines) <= 2


def test_a_file_with_a_mistake_is_left_to_a_person() -> None:
    with pytest.raises(CannotEdit, match=r"dòng 2: .*viết hai lần"):
        edit("a: 1\na: 2\n", lambda data: None)
    with pytest.raises(CannotEdit, match="bí danh"):
        edit("a: &x 1\nb: *x\n", lambda data: None)


def test_where_the_place_can_not_be_told_the_data_is_still_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trip, "_spliced", lambda *texts: "")
    made = strict_yaml.loads(edit(TIGHT, alias(0, "y")), name="x").data
    assert made["entries"][0] == {"id": "a1", "title": "một câu dài hai dòng", "aliases": ["x", "y"]}
