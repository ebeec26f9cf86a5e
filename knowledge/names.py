"""What the entries are called: the names that are searched, and those that mean one entry alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from knowledge.index import Item
from knowledge.lexicon import Lexicon, PhraseTable, syllables_of
from knowledge.loader import Knowledge
from knowledge.schema import Entry, Kind
from knowledge.vietnamese import Syllable

_NAME_WORDS = 5


def searched_items(knowledge: Knowledge, lexicon: Lexicon) -> list[Item]:
    """What of the knowledge is searched: everything but what is for the staff alone."""
    found = []
    for entry in knowledge.entries.values():
        if entry.kind is Kind.STAFF:
            continue
        names = (entry.title, entry.label, *entry.aliases)
        phrases = [lexicon.canonical(syllables_of(name)) for name in names]
        found.append(
            Item(
                entry.id,
                entry.kind,
                phrases,
                entry.action,
                general=entry.kind is Kind.STUB and entry.general,
                field=entry.field,
                main=entry.variant_of or "",
            )
        )
    return found


def exact_names(found: Sequence[Item]) -> dict[str, str]:
    """Folded names and aliases → entry: who types just that means that entry. What two entries share is left
    out."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    for item in found:
        for phrase in item.phrases:
            said = folded_text(s.folded for s in phrase)
            if names.setdefault(said, item.id) != item.id:
                shared.add(said)
    return {said: entry for said, entry in names.items() if said not in shared}


def long_names(knowledge: Knowledge, found: Sequence[Item]) -> PhraseTable[str]:
    """Titles and labels long enough to mean nothing else, those of main entries before those of variants."""
    main_first = sorted(found, key=lambda i: bool(i.main))
    # Title and label come first among the phrases, the aliases after them.
    long = [(name, i.id) for i in main_first for name in i.phrases[:2] if len(name) >= _NAME_WORDS]
    # What an office calls its own entries counts as their name: nothing was learnt about them from questions.
    own = [(name, i.id) for i in main_first for name in _own_names(knowledge.entries[i.id], i)]
    return PhraseTable([*(o for o in own if len(o[0]) > 1), *long])


def _own_names(entry: Entry, item: Item) -> Sequence[Sequence[Syllable]]:
    """The aliases that an office gave; those it added to a shipped entry stand last."""
    return item.phrases[2:] if entry.own else item.phrases[len(item.phrases) - len(entry.added) :]


def folded_text(folded: Iterable[str]) -> str:
    """Folded syllables as one text, as `exact_names` keeps them."""
    return " ".join(folded)
