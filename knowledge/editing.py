"""Changes of an office's own knowledge files, text to text: what is there already is not written twice, and
what is taken out is exactly what was put in. All raise round_trip.CannotEdit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from knowledge import additions
from knowledge.round_trip import CannotEdit, append, edit, insert_key, remove
from knowledge.vietnamese import clean

_HEAD_ADDITIONS = (
    f"# Cách hỏi thêm cho các mục ở tệp khác: người dân hỏi thế nào thì ghi thế ấy.\n{additions.KEY}: []\n"
)
_HEAD_CASES = (
    "# Câu hỏi → mục phải dẫn tới. Sửa nội dung làm sai một ca thì bản sửa không được nhận.\ncases: []\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands above the entries of a new file."""

    field: str
    owner: str
    review_by: date
    menu: bool = True


def add_alias(text: str, entry_id: str, alias: str) -> str:
    """Another wording for an entry of this file."""

    def change(data: CommentedMap) -> None:
        entry = _find(data, "entries", entry_id)
        if entry is None:
            raise CannotEdit(f"tệp không có mục «{entry_id}»", "xem lại mã của mục")
        _add_to_aliases(entry, alias)

    return edit(text, change)


def remove_alias(text: str, entry_id: str, alias: str) -> str:
    """Take a wording out of an entry of this file."""
    return edit(text, lambda data: _drop_alias(_find(data, "entries", entry_id), alias))


def add_elsewhere(text: str | None, entry_id: str, alias: str) -> str:
    """Another wording for an entry that stands in another file (`them_cach_hoi`)."""

    def change(data: CommentedMap) -> None:
        listed = _list(data, additions.KEY)
        entry = _find(data, additions.KEY, entry_id)
        if entry is None:
            append(listed, _tree({"id": entry_id, "aliases": [clean(alias)]}))
        else:
            _add_to_aliases(entry, alias)

    return edit(text or _HEAD_ADDITIONS, change)


def remove_elsewhere(text: str, entry_id: str, alias: str) -> str:
    """Take such a wording out again; the last one of an entry with its place."""

    def change(data: CommentedMap) -> None:
        entry = _find(data, additions.KEY, entry_id)
        _drop_alias(entry, alias)
        if entry is not None and not entry.get("aliases"):
            remove(data[additions.KEY], _at(data, additions.KEY, entry_id))

    return edit(text, change)


def add_entry(text: str | None, header: Header, entry: Mapping[str, Any]) -> str:
    """A new entry at the end of a file, or in a new one. Raises CannotEdit where the file has that id."""

    def change(data: CommentedMap) -> None:
        for key, value in _head(header).items():
            data.setdefault(key, value)
        there = _find(data, "entries", str(entry["id"]))
        if there is None:
            append(_list(data, "entries"), _tree(entry))
        elif there != _tree(entry):
            raise CannotEdit(f"tệp đã có mục «{entry['id']}»", "đặt mã khác cho mục mới")

    return edit(text or "", change)


def remove_entry(text: str, entry_id: str) -> str:
    """Take an entry out of a file."""

    def change(data: CommentedMap) -> None:
        at = _at(data, "entries", entry_id)
        if at >= 0:
            remove(data["entries"], at)

    return edit(text, change)


def add_case(text: str | None, case: Mapping[str, Any]) -> str:
    """Another case at the end of a file of cases."""

    def change(data: CommentedMap) -> None:
        listed = _list(data, "cases")
        if not any(dict(there) == dict(case) for there in listed):
            one = _tree(case)
            one.fa.set_flow_style()
            append(listed, one)

    return edit(text or _HEAD_CASES, change)


def remove_cases(text: str, question: str, entry_id: str) -> str:
    """Take the cases of a question for an entry out of a file of cases."""

    def change(data: CommentedMap) -> None:
        listed = data.get("cases") or CommentedSeq()
        for at in reversed(range(len(listed))):
            if (listed[at].get("question"), listed[at].get("entry")) == (question, entry_id):
                remove(listed, at)

    return edit(text, change)


def is_bare(text: str) -> bool:
    """Whether nothing is left in a file but its head."""
    found: list[int] = []

    def look(data: CommentedMap) -> None:
        found.extend(len(data.get(key) or ()) for key in ("entries", "cases", additions.KEY))

    edit(text, look)
    return not any(found)


def _find(data: CommentedMap, key: str, entry_id: str) -> CommentedMap | None:
    at = _at(data, key, entry_id)
    return data[key][at] if at >= 0 else None


def _at(data: CommentedMap, key: str, entry_id: str) -> int:
    listed = data.get(key)
    if not isinstance(listed, CommentedSeq):
        return -1
    return next(
        (n for n, e in enumerate(listed) if isinstance(e, CommentedMap) and e.get("id") == entry_id), -1
    )


def _list(data: CommentedMap, key: str) -> CommentedSeq:
    """The list of a key, made where there is none; an empty one is written in block style from now on."""
    listed = data.get(key)
    if isinstance(listed, CommentedSeq) and listed:
        return listed
    made = data[key] = CommentedSeq()
    return made


def _add_to_aliases(entry: CommentedMap, alias: str) -> None:
    new = clean(alias)
    there = entry.get("aliases")
    if not isinstance(there, CommentedSeq) or not there:
        entry.pop("aliases", None)
        keys = list(entry)
        at = keys.index("label") + 1 if "label" in keys else len(keys)
        insert_key(entry, at, "aliases", _tree([new]))
    elif new not in there:
        append(there, new)


def _drop_alias(entry: CommentedMap | None, alias: str) -> None:
    listed = entry.get("aliases") if entry is not None else None
    if entry is None or not isinstance(listed, CommentedSeq) or clean(alias) not in listed:
        return
    remove(listed, listed.index(clean(alias)))
    if not listed:
        del entry["aliases"]


def _head(header: Header) -> dict[str, Any]:
    head: dict[str, Any] = {"field": header.field}
    if not header.menu:
        head["menu"] = False
    return {**head, "owner": header.owner, "review_by": header.review_by}


def _tree(value: Any) -> Any:
    """Plain data as ruamel keeps it, in block style."""
    if isinstance(value, Mapping):
        made = CommentedMap()
        for key, item in value.items():
            made[key] = _tree(item)
        return made
    if isinstance(value, Sequence) and not isinstance(value, str):
        listed = CommentedSeq(_tree(item) for item in value)
        listed.fa.set_block_style()
        return listed
    return value
