"""Wordings that an office adds to entries of other files: `them_cach_hoi`, a list of {id, aliases}.

So an office's folder can say how its people ask for a shipped entry without copying the entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from knowledge import strict_yaml
from knowledge.schema import Entry, Id, Short
from knowledge.strict_yaml import Document, Problem

KEY = "them_cach_hoi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """More wordings for the entry `id`; `file` and `line` say where they stand."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", str_strip_whitespace=True)
    id: Id
    aliases: Annotated[tuple[Short, ...], Field(min_length=1)]
    file: str = ""
    line: int = 0


_adapter: TypeAdapter[Addition] = TypeAdapter(Addition)


def read_additions(document: Document, raw: Any, problems: list[Problem]) -> list[Addition]:
    """The good ones of a file's list; the others go to `problems`."""
    if not isinstance(raw, list):
        problems.append(
            document.problem((KEY,), f"«{KEY}» phải là danh sách", "mỗi mục bắt đầu bằng «- id:»")
        )
        return []
    found = []
    for at, item in enumerate(raw):
        where = (KEY, at)
        try:
            addition = _adapter.validate_python(item)
        except ValidationError as exc:
            problems.extend(strict_yaml.explain(exc, document, at=where))
            continue
        found.append(replace(addition, file=document.file, line=document.line(where)))
    return found


def with_additions(
    entries: Mapping[str, Entry], additions: Iterable[Addition], problems: list[Problem]
) -> dict[str, Entry]:
    """The entries with what was added to them; an addition to what isn't there goes to `problems`."""
    extended = dict(entries)
    for addition in additions:
        entry = extended.get(addition.id)
        if entry is None:
            problems.append(
                Problem(
                    addition.file,
                    addition.line,
                    f"thêm cách hỏi cho mục «{addition.id}» không có trong kho",
                    "sửa mã hoặc bỏ đi",
                )
            )
            continue
        new = tuple(alias for alias in addition.aliases if alias not in entry.aliases)
        extended[entry.id] = replace(entry, aliases=(*entry.aliases, *new), added=(*entry.added, *new))
    return extended
