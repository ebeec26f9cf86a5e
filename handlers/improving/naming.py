"""Which entry is meant by what a clerk types: its code, its name, or words that lead to it."""

from __future__ import annotations

from collections.abc import Iterable

from handlers.improving.words import refuse, words
from handlers.library import Library
from knowledge.schema import Entry, Kind
from knowledge.search import Outcome
from knowledge.vietnamese import clean, fold

_NEVER = frozenset({Kind.STAFF, Kind.SMALLTALK})
_MOST = 5  # names told where several are meant


def entry_named(library: Library, said: str) -> Entry:
    """The entry that is meant. Raises Refused: there is none, or there are several, with their codes."""
    found = library.knowledge.get(said.strip())
    if found is not None:
        return found
    named = _named(library, said)
    if len(named) == 1:
        return named[0]
    if not named:
        decision = library.searcher.search(said)
        answered = library.knowledge.get(decision.entry) if decision.outcome is Outcome.ANSWER else None
        if answered is not None and answered.kind not in _NEVER:
            return answered
        named = [entry for i in decision.choices if (entry := library.knowledge.get(i)) is not None]
    if named:
        raise refuse("many_named", name=said, entries=listed(named))
    raise refuse("none_named", name=said)


def listed(entries: Iterable[Entry]) -> str:
    """Names with their codes."""
    return ", ".join(words()("named", label=e.label, id=e.id) for e in list(entries)[:_MOST])


def _named(library: Library, said: str) -> list[Entry]:
    """The entries of that name; without those, the entries whose name has that and a remark in brackets."""
    wanted = fold(clean(said))
    if not wanted:
        return []
    entries = [e for e in library.knowledge.entries.values() if e.kind not in _NEVER]
    exact = [e for e in entries if wanted in {fold(clean(name)) for name in (e.label, e.title)}]
    return exact or [e for e in entries if fold(clean(e.label)).startswith(f"{wanted} (")]
