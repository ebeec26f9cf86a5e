"""What a change of the knowledge writes into which files, and what takes it out again. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from handlers.improving.content import AliasContent, Content, EntryContent, case_of
from handlers.payloads import field_key
from knowledge import editing, loader, strict_yaml
from knowledge.checking import OWN_CASES
from knowledge.loader import Knowledge
from knowledge.own_folder import FileEdit, path_of, read_text
from knowledge.round_trip import CannotEdit
from knowledge.strict_yaml import BadYaml

_ADDITIONS = "bo-sung.yaml"
_CASES = "hoi-dap.yaml"
_MOST_FILES = 50  # of one field


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an office's knowledge stands: all its folders, and the one that new things go to."""

    folders: tuple[Path, ...]
    store: Path

    @property
    def cases(self) -> Path:
        return self.store / OWN_CASES / _CASES

    @property
    def additions(self) -> Path:
        return self.store / _ADDITIONS


Change = Callable[[str | None], str]


def plan(content: Content, knowledge: Knowledge, place: Place) -> tuple[FileEdit, ...]:
    """The files as they are and as they shall be; none for what is there already. Raises CannotEdit."""
    edits = [_edit(*_main(content, knowledge, place))]
    case = case_of(content, knowledge)
    if case is not None:
        edits.append(_edit(place.cases, lambda text: editing.add_case(text, case)))
    return tuple(edit for edit in edits if edit.after != edit.before)


def reverse(
    content: Content, before: Mapping[str, str | None], hashes: Mapping[str, str], place: Place
) -> tuple[FileEdit, ...]:
    """Files back to what they were `before`, by name; where one is not what the change made of it (`hashes`),
    only what the change put in is taken out. Raises CannotEdit."""
    edits = []
    for name, old in before.items():
        path = path_of(name, place.folders)
        now = read_text(path) if path is not None else None
        if path is None or now is None:
            continue  # the file is gone, and the change with it
        new = old if digest(now) == hashes.get(name) else _without(content, path, now)
        if old is None and new is not None and editing.is_bare(new):
            new = None
        edits.append(FileEdit(path=path, before=now, after=new))
    return tuple(edit for edit in edits if edit.after != edit.before)


def digest(text: str | None) -> str:
    """By which a text is known again; "" for no file."""
    return sha256(text.encode()).hexdigest() if text is not None else ""


def undo_of(edits: Sequence[FileEdit]) -> dict[str, str | None]:
    """The files before a change, by name."""
    return {edit.name: edit.before for edit in edits}


def hashes_of(edits: Sequence[FileEdit]) -> dict[str, str]:
    """What a change made of the files, by name."""
    return {edit.name: digest(edit.after) for edit in edits}


def _edit(path: Path, change: Change) -> FileEdit:
    before = read_text(path)
    return FileEdit(path=path, before=before, after=change(before))


def _main(content: Content, knowledge: Knowledge, place: Place) -> tuple[Path, Change]:
    if isinstance(content, EntryContent):
        return _file_of_field(content.field, place), lambda text: _put_entry(text, content)
    entry = knowledge.entries.get(content.entry)
    if entry is None:
        raise CannotEdit(f"kho tri thức không còn mục «{content.entry}»", "chọn lại mục")
    if not entry.own:
        return place.additions, lambda text: editing.add_elsewhere(text, content.entry, content.alias)
    path = _file_named(entry.file, place)
    return path, lambda text: editing.add_alias(text or "", content.entry, content.alias)


def _put_entry(text: str | None, content: EntryContent) -> str:
    entry = content.entry
    if text is not None:  # its head was written for other entries
        entry = {**entry, "owner": content.owner, "review_by": content.review_by}
    return editing.add_entry(text, content.header, entry)


def _without(content: Content, path: Path, text: str) -> str:
    if path.parent.name == OWN_CASES:
        return _without_case(content, text)
    if isinstance(content, EntryContent):
        return editing.remove_entry(text, content.id)
    text = editing.remove_elsewhere(text, content.entry, content.alias)
    return editing.remove_alias(text, content.entry, content.alias)


def _without_case(content: Content, text: str) -> str:
    entry = content.entry if isinstance(content, AliasContent) else content.id
    return editing.remove_cases(text, content.question, entry)


def _file_named(name: str, place: Place) -> Path:
    for path in loader.knowledge_files(place.folders):
        if loader.display(path) == name:
            return path
    raise CannotEdit(f"không thấy tệp {name}", "nạp lại nội dung rồi thử lại")


def _file_of_field(field: str, place: Place) -> Path:
    """The file of the store that a field's new entries go to, there or not."""
    key = field_key(field) or "muc"
    for number in range(1, _MOST_FILES):
        path = place.store / (f"{key}.yaml" if number == 1 else f"{key}-{number}.yaml")
        text = read_text(path)
        if text is None or _field_in(text) == field:
            return path
    raise CannotEdit(f"quá nhiều tệp tên «{key}»", "gộp bớt các tệp")


def _field_in(text: str) -> str:
    try:
        data = strict_yaml.loads(text, name="").data
    except BadYaml:
        return ""
    return str(data.get("field", "")) if isinstance(data, dict) else ""
