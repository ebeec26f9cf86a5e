"""Taps on the menu: fields, entries, their facets."""

from __future__ import annotations

from datetime import date

from handlers import payloads
from handlers.ask import closing, entry_reply, menu_reply, options
from handlers.library import Library
from handlers.texts import texts
from knowledge.loader import Field
from knowledge.schema import Facet, Kind
from office.messages import Choice, ChoiceKind, Line, Reply

_PAGE = 12
_FACETS = frozenset(facet.value for facet in Facet)
HIDDEN = frozenset({Kind.STAFF, Kind.OUTSIDE, Kind.SMALLTALK})


def fields_reply(library: Library) -> Reply:
    """The fields that have something to show."""
    choices = [
        Choice(kind=ChoiceKind.OPTION, label=field.name, payload=payloads.field(field.name))
        for field in library.knowledge.fields
        if field.menu and field.entries
    ]
    return Reply(lines=(Line(texts()("pick_field")),), choices=(*choices, *closing()[1:]), replaces=True)


def field_reply(library: Library, key: str, page: int) -> Reply:
    """The entries of a field, a page at a time; variants are reached from their main entry."""
    field = next((f for f in library.knowledge.fields if f.menu and payloads.field_key(f.name) == key), None)
    if field is None:
        return gone_reply(library)
    shown = _visible(library, field)
    start = page * _PAGE if 0 <= page * _PAGE < len(shown) else 0
    choices = list(options(library, shown[start : start + _PAGE]))
    if start + _PAGE < len(shown):
        more = f"{payloads.field(field.name)}:{start // _PAGE + 1}"
        choices.append(Choice(kind=ChoiceKind.MENU, label=texts()("buttons.more"), payload=more))
    up = Choice(kind=ChoiceKind.MENU, label=texts()("buttons.menu"), payload=payloads.FIELDS)
    return Reply(
        lines=(Line(texts()("field", field=field.name)),),
        choices=(*choices, up, *closing()[1:]),
        replaces=True,
    )


def _visible(library: Library, field: Field) -> list[str]:
    entries = [library.knowledge.entries[i] for i in field.entries]
    return [e.id for e in entries if e.kind not in HIDDEN and not e.variant_of and _has_words(library, e.id)]


def _has_words(library: Library, entry_id: str) -> bool:
    entry = library.knowledge.entries[entry_id]
    return entry.kind not in (Kind.TOPIC, Kind.REFORM) or any(f.shown for f in entry.facts)


def tapped_entry(
    library: Library, entry_id: str, facet: str, today: date, *, last: str, typed: bool = False
) -> tuple[Reply, str]:
    """An entry that was tapped, and its id for the conversation ("" when it is gone).

    Another side of the entry in hand (`last`) takes the place of the one that was shown; another entry comes
    anew. `typed`: picked in words, so what was shown stays and its warnings aren't repeated.
    """
    entry = library.knowledge.get(entry_id)
    if entry is None or entry.kind in HIDDEN:
        return gone_reply(library), ""
    asked = Facet(facet) if facet in _FACETS else None
    same = entry.id == last
    return entry_reply(library, entry, asked, today, replaces=same, again=same and typed), entry.id


def gone_reply(library: Library) -> Reply:
    """What was tapped is no longer there; here is the menu."""
    menu = menu_reply(library, greet=False)
    return Reply(lines=(Line(texts()("gone")),), choices=menu.choices)
