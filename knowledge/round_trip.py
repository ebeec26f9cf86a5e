"""Change a YAML text so that whatever isn't changed stays as it was written: comments, order, quotes, breaks.

ruamel.yaml makes the change; of what it writes only the changed lines are taken, the others stay the file's.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from difflib import SequenceMatcher, unified_diff
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark, YAMLError
from ruamel.yaml.tokens import CommentToken

from knowledge import strict_yaml
from knowledge.strict_yaml import BadYaml

_LIST = re.compile(r"^( *)[^\s#-][^\n]*:[ ]*\n(?:[ ]*(?:#[^\n]*)?\n)*( *)-( +)\S", re.MULTILINE)
_ENDLESS = 1_000_000  # lines are never folded
_CONTEXT = 2  # unchanged lines shown around a change
_BOM = "\ufeff"


class CannotEdit(Exception):
    """A file can't be changed by the program: why and what to do, in Vietnamese."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(f"{message} → {mend}")
        self.message = message
        self.mend = mend


def edit(text: str, change: Callable[[CommentedMap], None]) -> str:
    """The text after `change` has worked on its data; the same text where nothing was changed.

    Raises CannotEdit for a text that the strict reader refuses: a person has to mend it first.
    """
    plain = text.removeprefix(_BOM).replace("\r\n", "\n")
    given = _strictly(plain)
    yaml = _writer(plain)
    try:
        data = yaml.load(plain)
    except YAMLError as exc:
        raise CannotEdit("chương trình không sửa được tệp này", "nhờ người quản trị sửa tay") from exc
    data = CommentedMap() if data is None else data
    before = _written(yaml, data)
    change(data)
    after = _written(yaml, data)
    if after == before:
        return text
    made = _strictly(after)
    spliced = _spliced(plain, before, after)
    result = spliced if spliced and _says(spliced, made) else after
    if given == made:
        return text
    if "\r\n" in text:
        result = result.replace("\n", "\r\n")
    return _BOM + result if text.startswith(_BOM) else result


def diff(name: str, before: str | None, after: str | None) -> str:
    """What changes between two texts of a file (None: there is none), for people to read."""
    lines = unified_diff(
        (before or "").splitlines(), (after or "").splitlines(), name, name, n=_CONTEXT, lineterm=""
    )
    return "\n".join(list(lines)[2:])  # the first two only name the file


def append(items: CommentedSeq, value: Any) -> None:
    """Add to a list; a comment that stands below its last item stays below."""
    below = _take_below(items)
    items.append(value)
    _put_below(items, below)


def insert_key(mapping: CommentedMap, at: int, key: str, value: Any) -> None:
    """Add a key; a comment that stands below the mapping stays below."""
    below = _take_below(mapping)
    mapping.insert(at, key, value)
    _put_below(mapping, below)


def remove(items: CommentedSeq, at: int) -> None:
    """Take out an item; a comment below it stays."""
    below = _take_below(items[at] if isinstance(items[at], CommentedMap | CommentedSeq) else items, at)
    last = at == len(items) - 1
    del items[at]
    if last and items:
        _put_below(items, below)


def _writer(text: str) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _ENDLESS
    style = _LIST.search(text)
    offset = len(style[2]) - len(style[1]) if style else 2
    sequence = offset + 1 + len(style[3]) if style else 4
    yaml.indent(mapping=2, sequence=max(sequence, 2), offset=max(offset, 0))
    return yaml


def _written(yaml: YAML, data: Any) -> str:
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def _strictly(text: str) -> Any:
    try:
        return strict_yaml.loads(text, name="tệp").data
    except BadYaml as exc:
        first = exc.problems[0]
        raise CannotEdit(f"tệp đang có lỗi ở dòng {first.line}: {first.message}", first.mend) from exc


def _says(text: str, data: Any) -> bool:
    try:
        return bool(strict_yaml.loads(text, name="").data == data)
    except BadYaml:
        return False


def _spliced(original: str, before: str, after: str) -> str:
    """The original with the lines between which `before` and `after` differ replaced; "" where their place in
    the original can't be told."""
    theirs, old, new = (t.splitlines(keepends=True) for t in (original, before, after))
    shorter = min(len(old), len(new))
    top = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - top
    bottom = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    place = _places(theirs, old)
    start = place.get(top - 1, -1 if top == 0 else None)
    end = place.get(len(old) - bottom, len(theirs) if bottom == 0 else None)
    if start is None or end is None:
        return ""
    return "".join([*theirs[: start + 1], *new[top : len(new) - bottom], *theirs[end:]])


def _places(theirs: list[str], old: list[str]) -> dict[int, int]:
    """Line of the rewritten text → the same line in the original."""
    matcher = SequenceMatcher(None, [t.strip() for t in theirs], [o.strip() for o in old], autojunk=False)
    if len(theirs) == len(old) and matcher.ratio() == 1.0:
        return {n: n for n in range(len(old))}
    return {block.b + n: block.a + n for block in matcher.get_matching_blocks() for n in range(block.size)}


def _holder(node: Any, at: int | None = None) -> tuple[Any, Any]:
    """The innermost last thing of a node (or of its item `at`): ruamel ties what stands below to it."""
    if not isinstance(node, CommentedMap | CommentedSeq) or not node or node.fa.flow_style():
        return None, None
    key = list(node)[-1] if isinstance(node, CommentedMap) else (len(node) - 1 if at is None else at)
    inner = _holder(node[key])
    return inner if inner[0] is not None else (node, key)


def _slot(holder: Any) -> int:
    return 2 if isinstance(holder, CommentedMap) else 0


def _take_below(node: Any, at: int | None = None) -> str:
    """Cut off the comment lines below a node; what stands on its last line stays."""
    holder, key = _holder(node, at)
    if holder is None:
        return ""
    tokens = holder.ca.items.get(key)
    token = tokens[_slot(holder)] if tokens else None
    if token is None:
        return ""
    own, newline, below = token.value.partition("\n")
    if not below:
        return ""
    if own.strip():
        token.value = own + newline
    else:
        tokens[_slot(holder)] = None
    return str(below)


def _put_below(node: Any, below: str) -> None:
    if not below:
        return
    holder, key = _holder(node)
    if holder is None:
        return
    tokens = holder.ca.items.setdefault(key, [None] * 4)
    token = tokens[_slot(holder)]
    if token is None:
        tokens[_slot(holder)] = CommentToken("\n" + below, CommentMark(0), None)
    else:
        token.value = token.value.partition("\n")[0] + "\n" + below
