"""What a change of the knowledge is to write; kept as plain JSON with the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator

from handlers.improving.words import cannot, refuse
from handlers.improving.words import words as texts
from knowledge import editing, loader
from knowledge.loader import Knowledge
from knowledge.round_trip import CannotEdit
from knowledge.schema import Facet, Id, Kind, Short
from knowledge.search import Outcome
from knowledge.vietnamese import clean, fold, words
from office.improvements import ChangeKind

OUTSIDE_FIELD = "Ngoài phạm vi"
_MAX_QUESTION = 300
_MAX_ID = 40

Asked = Annotated[str, StringConstraints(max_length=_MAX_QUESTION)]


class _Content(BaseModel):
    """`question`: the case that comes with the change ("": none); `facet`: the side it asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    question: Asked = ""
    facet: Facet | None = None

    @field_validator("question", mode="before")
    @classmethod
    def _one_line(cls, value: Any) -> Any:
        return clean(value)[:_MAX_QUESTION] if isinstance(value, str) else value


class AliasContent(_Content):
    """Another wording of an entry."""

    entry: Id
    alias: Short


class EntryContent(_Content):
    """A new entry, as it stands in YAML, in a field's file."""

    field: Short
    owner: Short
    review_by: date
    entry: dict[str, Any]
    menu: bool = True

    @property
    def id(self) -> str:
        return str(self.entry["id"])

    @property
    def header(self) -> editing.Header:
        return editing.Header(field=self.field, owner=self.owner, review_by=self.review_by, menu=self.menu)


Content = AliasContent | EntryContent
Made = TypeVar("Made", AliasContent, EntryContent)


def read(kind: ChangeKind, data: Mapping[str, Any]) -> Content:
    """From what the database has. Raises Refused."""
    return made(AliasContent, data) if kind is ChangeKind.ALIAS else made(EntryContent, data)


def made(model: type[Made], data: Mapping[str, Any]) -> Made:
    """From what people wrote. Raises Refused, which names the first part that can't be used."""
    try:
        return model.model_validate(data)
    except ValidationError as exc:
        name = str(next(iter(exc.errors()[0]["loc"]), ""))
        raise refuse("bad_part", part=_part(name)) from exc


def _part(name: str) -> str:
    try:
        return texts()(f"parts.{name}")
    except KeyError:
        return name


def check(content: Content, knowledge: Knowledge) -> None:
    """Raises Refused for what can't be meant: the rest is found when the change is tried."""
    if isinstance(content, AliasContent):
        _check_alias(content, knowledge)
    else:
        _check_entry(content, knowledge)


def _check_alias(content: AliasContent, knowledge: Knowledge) -> None:
    entry = knowledge.get(content.entry)
    if entry is None:
        raise refuse("no_entry", entry=content.entry)
    if entry.kind is Kind.STAFF:
        raise refuse("staff_entry", label=entry.label)
    if len(words(clean(content.alias))) < 2:
        raise refuse("short_alias")
    if fold(clean(content.alias)) in {fold(clean(alias)) for alias in entry.aliases}:
        raise refuse("has_alias", label=entry.label)


def _check_entry(content: EntryContent, knowledge: Knowledge) -> None:
    if content.entry.get("id") in knowledge.entries:
        raise refuse("id_taken", entry=content.entry["id"])
    try:
        text = editing.add_entry(None, content.header, content.entry)
    except CannotEdit as exc:
        raise cannot(exc) from exc
    for problem in loader.problems_of(text):
        raise refuse("bad_entry", problem=problem.message)


def outside(
    label: str,
    reply: str,
    aliases: tuple[str, ...],
    *,
    knowledge: Knowledge,
    owner: str,
    review_by: date,
    question: str = "",
) -> EntryContent:
    """An entry that says whose business something is."""
    entry = {
        "id": free_id(label, knowledge),
        "kind": Kind.OUTSIDE.value,
        "title": label,
        "label": label[:60],
        "aliases": [clean(alias) for alias in aliases],
        "reply": [reply],
    }
    head = {"field": OUTSIDE_FIELD, "owner": owner, "review_by": review_by, "menu": False}
    return made(EntryContent, {**head, "entry": entry, "question": question})


def free_id(label: str, knowledge: Knowledge) -> str:
    """An id made of a label that no entry has."""
    letters = "".join(c if c.isalnum() and c.isascii() else " " for c in fold(clean(label)))
    base = "_".join(letters.split())[:_MAX_ID].strip("_")
    base = base if len(base) > 1 and base[0].isalpha() else f"muc_{base}".rstrip("_")
    found, number = base, 2
    while found in knowledge.entries:
        found, number = f"{base}_{number}", number + 1
    return found


def target_of(content: Content) -> str:
    """The entry that a change is about."""
    return content.entry if isinstance(content, AliasContent) else content.id


def case_of(content: Content, knowledge: Knowledge) -> dict[str, Any] | None:
    """The case that comes with a change."""
    if not content.question:
        return None
    if isinstance(content, AliasContent):
        entry_id, kind = content.entry, knowledge.entries[content.entry].kind
    else:
        entry_id, kind = content.id, Kind(content.entry["kind"])
    outcome = _OUTCOMES.get(kind)
    case: dict[str, Any] = {"question": content.question, "entry": entry_id}
    if outcome is not None:
        case["outcome"] = outcome.value
    elif content.facet is not None:
        case["facet"] = content.facet.value
    return case


_OUTCOMES = {Kind.OUTSIDE: Outcome.OUT, Kind.SMALLTALK: Outcome.SMALLTALK, Kind.HUMAN: Outcome.HUMAN}
