"""Read folders of knowledge files into one immutable Knowledge; what is wrong is reported with file and line.

A bad entry is left out and reported, the rest is served. Later folders win: an office's own entry replaces
the shipped one with the same id; what an office adds to an entry (`additions`) is added to the one that won.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from knowledge import additions, strict_yaml
from knowledge.additions import Addition
from knowledge.schema import Duration, Entry, EntryFile, Fact, Fee, Kind
from knowledge.strict_yaml import BadYaml, Document, Problem

SHIPPED = Path(__file__).parent / "data"

_file_adapter: TypeAdapter[EntryFile] = TypeAdapter(EntryFile)
_entry_adapter: TypeAdapter[Entry] = TypeAdapter(Entry)

# Kinds whose words are facts, so that each needs a source and a date.
FACTUAL = frozenset({Kind.PROCEDURE, Kind.GUIDANCE, Kind.TOPIC, Kind.REFORM, Kind.STAFF})


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the menu with its entries in file order."""

    name: str
    order: int
    menu: bool
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All entries of one reading. `version` changes when any file does."""

    entries: Mapping[str, Entry]
    fields: tuple[Field, ...]
    version: str

    def get(self, entry_id: str) -> Entry | None:
        return self.entries.get(entry_id)

    def main(self, entry: Entry) -> Entry:
        """The entry a variant stands for."""
        return self.entries.get(entry.variant_of or "", entry)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What reading gave: the knowledge, and what to mend."""

    knowledge: Knowledge
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not any(p.error for p in self.problems)


def knowledge_files(folders: Iterable[Path]) -> list[Path]:
    """The YAML files of the folders in reading order."""
    return [path for folder in folders for path in sorted(folder.glob("*.y*ml")) if path.is_file()]


def load(folders: Sequence[Path] = (SHIPPED,)) -> Loaded:
    """Read all folders, the shipped one first. Raises nothing for bad content: see Loaded.problems."""
    digest = hashlib.sha256()
    problems: list[Problem] = []
    entries: dict[str, Entry] = {}
    fields: dict[str, Field] = {}
    added: list[Addition] = []
    for at, folder in enumerate(folders):
        if not folder.is_dir():
            problems.append(
                Problem(str(folder), 1, "không có thư mục kho tri thức này", "tạo thư mục hoặc sửa cấu hình")
            )
            continue
        own: dict[str, Entry] = {}
        for path in knowledge_files([folder]):
            try:
                raw = path.read_bytes()
                digest.update(path.name.encode() + b"\0" + raw)
                document = strict_yaml.loads(raw, name=display(path))
                header, found = _read_file(document, problems, added)
            except OSError as exc:
                problems.append(
                    Problem(display(path), 1, f"không đọc được: {strict_yaml.cause_of(exc)}", "kiểm tra tệp")
                )
                continue
            except BadYaml as exc:
                problems.extend(exc.problems)
                continue
            for entry in found:
                if entry.id in own:
                    other = own[entry.id]
                    problems.append(
                        Problem(
                            entry.file,
                            entry.line,
                            f"mã «{entry.id}» đã có ở {other.file}:{other.line}",
                            "đổi mã hoặc bỏ bớt một mục",
                        )
                    )
                    continue
                own[entry.id] = entry
            if header:
                _add_field(fields, header, [e.id for e in found])
        entries.update({i: replace(e, own=True) for i, e in own.items()} if at else own)
    entries = additions.with_additions(entries, added, problems)
    problems.extend(_dead_references(entries))
    entries = {entry_id: _with_living_references(entry, entries) for entry_id, entry in entries.items()}
    ordered = tuple(
        sorted((_only_known(f, entries) for f in fields.values()), key=lambda f: (f.order, f.name))
    )
    return Loaded(Knowledge(entries, ordered, digest.hexdigest()[:12]), tuple(problems))


def problems_of(text: str) -> list[Problem]:
    """What is wrong with the text of a file, taken by itself."""
    problems: list[Problem] = []
    try:
        _read_file(strict_yaml.loads(text, name=""), problems, [])
    except BadYaml as exc:
        problems += exc.problems
    return problems


def display(path: Path) -> str:
    """A file as problems and entries name it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _read_file(
    document: Document, problems: list[Problem], added: list[Addition]
) -> tuple[EntryFile | None, list[Entry]]:
    """The file's header (None: it only adds to other files' entries) and its good entries; what it adds goes
    to `added`, what is bad to `problems`."""
    data = document.data
    if not isinstance(data, dict):
        raise BadYaml(
            [document.problem((), "tệp không có nội dung", "viết field, owner, review_by và entries")]
        )
    if additions.KEY in data:
        added.extend(additions.read_additions(document, data[additions.KEY], problems))
        data = {key: value for key, value in data.items() if key != additions.KEY}
        if not data:
            return None, []
    raw_entries = data.get("entries") or []
    try:
        header = _file_adapter.validate_python({**data, "entries": []})
    except ValidationError as exc:
        raise BadYaml(strict_yaml.explain(exc, document)) from exc
    if not isinstance(raw_entries, list):
        raise BadYaml(
            [document.problem(("entries",), "«entries» phải là danh sách", "mỗi mục bắt đầu bằng «- id:»")]
        )
    found = []
    for at, raw in enumerate(raw_entries):
        entry = _read_entry(document, at, raw, header, problems)
        if entry:
            found.append(entry)
    return header, found


def _read_entry(
    document: Document, at: int, raw: Any, header: EntryFile, problems: list[Problem]
) -> Entry | None:
    where = ("entries", at)
    try:
        entry = _entry_adapter.validate_python(raw)
    except ValidationError as exc:
        problems.extend(strict_yaml.explain(exc, document, at=where))
        return None
    entry = replace(
        entry,
        field=header.field,
        file=document.file,
        line=document.line(where),
        owner=entry.owner or header.owner,
        review_by=entry.review_by or header.review_by,
    )
    wrong = list(_entry_problems(entry, document, where))
    problems.extend(wrong)
    return None if wrong else entry


def _entry_problems(entry: Entry, document: Document, where: tuple[str | int, ...]) -> Iterable[Problem]:
    if entry.kind in FACTUAL:
        if not entry.sources:
            yield document.problem(
                where, f"mục «{entry.id}» không có nguồn", "thêm sources: {s1: {kind: …, url: …}}"
            )
        elif not next(iter(entry.sources.values())).shown:
            yield document.problem(
                (*where, "sources"),
                "nguồn đầu tiên là trang giả mạo",
                "đưa nguồn dùng được lên đầu, hoặc bỏ mục này",
            )
        if not entry.as_of and not any(True for _ in _facts(entry)):
            yield document.problem(
                where, f"mục «{entry.id}» chưa ghi thông tin tính đến lúc nào", "thêm as_of"
            )
    for key, source in entry.sources.items():
        if not source.url and not source.document:
            yield document.problem(
                (*where, "sources", key),
                f"nguồn «{key}» không có url hay document",
                "điền địa chỉ hoặc số văn bản",
            )
        if source.url and not _has_host(source.url):
            yield document.problem(
                (*where, "sources", key, "url"),
                f"địa chỉ của nguồn «{key}» không đúng",
                "chép lại địa chỉ của trang",
            )
    for path, fact in _facts(entry):
        yield from _fact_problems(entry, fact, document, (*where, *path))


def _facts(entry: Entry) -> Iterable[tuple[tuple[str | int, ...], Fact]]:
    """Each fact of an entry with its place under it."""
    for name in (
        "documents",
        "fees",
        "times",
        "filing",
        "online_levels",
        "conditions",
        "renewal",
        "facts",
        "warnings",
    ):
        for at, fact in enumerate(getattr(entry, name)):
            yield (name, at), fact
    for name in ("copies", "who", "result", "validity"):
        fact = getattr(entry, name)
        if fact:
            yield (name,), fact


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _fact_problems(
    entry: Entry, fact: Fact, document: Document, where: tuple[str | int, ...]
) -> Iterable[Problem]:
    if fact.source and fact.source not in entry.sources:
        yield document.problem(
            (*where, "source"), f"không có nguồn nào tên «{fact.source}»", "xem lại tên trong sources"
        )
    elif fact.source and not entry.sources[fact.source].shown and getattr(fact, "shown", True):
        yield document.problem(
            (*where, "source"),
            f"nguồn «{fact.source}» là trang giả mạo",
            "tìm nguồn khác, hoặc chuyển vào remarks",
        )
    if isinstance(fact, Fee) and fact.amount is None and not fact.free and not fact.text:
        yield document.problem(where, f"«{fact.name}» không có mức nào", "ghi amount, free hoặc text")
    if isinstance(fact, Duration) and fact.number is None and not fact.text:
        yield document.problem(where, f"«{fact.step}» không có thời hạn nào", "ghi number hoặc text")
    if entry.kind in FACTUAL and not (fact.as_of or entry.as_of):
        yield document.problem(where, f"mục «{entry.id}» chưa ghi thông tin tính đến lúc nào", "thêm as_of")
    if fact.from_ and fact.until and fact.from_ > fact.until:
        yield document.problem(
            (*where, "until"), "ngày kết thúc (until) trước ngày bắt đầu (from)", "sửa lại ngày"
        )


def _add_field(fields: dict[str, Field], header: EntryFile, ids: Sequence[str]) -> None:
    known = fields.get(header.field)
    ids = tuple(dict.fromkeys([*(known.entries if known else ()), *ids]))
    # The first file of a field says where it stands in the menu; others only add to it.
    order, menu = (known.order, known.menu) if known else (header.order, header.menu)
    fields[header.field] = Field(header.field, order, menu, ids)


def _only_known(field: Field, entries: Mapping[str, Entry]) -> Field:
    return replace(
        field, entries=tuple(i for i in field.entries if i in entries and entries[i].field == field.name)
    )


def _dead_references(entries: Mapping[str, Entry]) -> Iterable[Problem]:
    for entry in entries.values():
        pointed = [*entry.children, *entry.related, *(entry.replaced.entries if entry.replaced else ())]
        pointed += [target for target in (entry.variant_of, entry.opening) if target]
        for target in pointed:
            if target not in entries:
                yield Problem(
                    entry.file,
                    entry.line,
                    f"mục «{entry.id}» trỏ tới «{target}» không có trong kho",
                    "sửa mã hoặc bỏ đi",
                )


def _with_living_references(entry: Entry, entries: Mapping[str, Entry]) -> Entry:
    """The entry without references to what isn't there, so that nobody is led to it."""

    def living(ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(i for i in ids if i in entries)

    replaced = entry.replaced and replace(entry.replaced, entries=living(entry.replaced.entries))
    return replace(
        entry,
        children=living(entry.children),
        related=living(entry.related),
        replaced=replaced,
        variant_of=entry.variant_of if entry.variant_of in entries else None,
        opening=entry.opening if entry.opening in entries else None,
    )


def days_left(day: date | None, today: date) -> int | None:
    """Days from today until `day` (negative when past)."""
    return (day - today).days if day else None
