"""Tick off the papers of a file before it is handed in, and see what is missing."""

from __future__ import annotations

from collections.abc import Collection

from handlers import payloads
from handlers.ask import closing
from handlers.browse import HIDDEN, gone_reply
from handlers.conversation import Talk
from handlers.library import Library
from handlers.texts import texts
from knowledge.schema import DocumentSet, Entry, Facet
from office.messages import Choice, ChoiceKind, Line, Reply, Style


def open_checklist(library: Library, entry_id: str, case: int, talk: Talk) -> Reply:
    """The checklist of a case; case -1 asks which one."""
    entry, sets = _lists_of(library, entry_id)
    if entry is None or not sets:
        return gone_reply(library)
    if case == -1 and len(sets) > 1:
        return _pick_case(entry, sets)
    case = max(case, 0)
    if case >= len(sets):
        return gone_reply(library)
    ticked = talk.ticks.get(_key(entry_id, case), [])
    return _render(entry, sets, case, ticked, replaces=False)


def tick(library: Library, entry_id: str, case: int, items: Collection[int], talk: Talk) -> Reply:
    """Turn items on, or off where all of them were on, and show the list again in its place."""
    entry, sets = _lists_of(library, entry_id)
    if entry is None or not 0 <= case < len(sets):
        return gone_reply(library)
    if not all(0 <= item < len(sets[case].items) for item in items):
        return gone_reply(library)
    ticked = talk.tick(_key(entry_id, case), *items)
    return _render(entry, sets, case, ticked, replaces=True)


def reset(library: Library, entry_id: str, case: int, talk: Talk) -> Reply:
    """Forget the ticks of a list."""
    talk.ticks.pop(_key(entry_id, case), None)
    reply = open_checklist(library, entry_id, case, talk)
    return Reply(lines=reply.lines, choices=reply.choices, replaces=True)


def _lists_of(library: Library, entry_id: str) -> tuple[Entry | None, tuple[DocumentSet, ...]]:
    """A citizens' entry and its lists; None where a payload names another."""
    entry = library.knowledge.get(entry_id)
    if entry is None or entry.kind in HIDDEN:
        return None, ()
    return entry, library.answerer.checklist(entry)


def _key(entry_id: str, case: int) -> str:
    return f"{entry_id}:{case}"


def _pick_case(entry: Entry, sets: Collection[DocumentSet]) -> Reply:
    say = texts()
    choices = tuple(
        Choice(
            kind=ChoiceKind.OPTION,
            label=_case_name(documents, at),
            payload=payloads.checklist(entry.id, at),
        )
        for at, documents in enumerate(sets)
    )
    return Reply(lines=(Line(say("checklist.pick_case", label=entry.label)),), choices=(*choices, *closing()))


def _case_name(documents: DocumentSet, at: int) -> str:
    return documents.case or documents.place or texts()("checklist.case", case=at + 1)


def _render(
    entry: Entry, sets: tuple[DocumentSet, ...], case: int, ticked: Collection[int], *, replaces: bool
) -> Reply:
    say = texts()
    documents = sets[case]
    lines = [Line(say("checklist.title", label=entry.label), Style.TITLE)]
    if len(sets) > 1:
        lines.append(Line(say("checklist.case", case=_case_name(documents, case))))
    cut = not documents.complete or (Facet.DOCUMENTS in entry.truncated and len(sets) == 1)
    lines += _verdict(documents, ticked, cut)
    choices = [
        Choice(
            kind=ChoiceKind.TICK,
            label=item.text + (f" – {item.copies}" if item.copies else ""),
            payload=payloads.tick(entry.id, case, at),
            ticked=at in ticked,
        )
        for at, item in enumerate(documents.items)
    ]
    if ticked:
        again = payloads.reset(entry.id, case)
        choices.append(Choice(kind=ChoiceKind.MENU, label=say("buttons.reset"), payload=again))
    back = Choice(
        kind=ChoiceKind.MENU, label=say("buttons.back", label=entry.label), payload=payloads.entry(entry.id)
    )
    return Reply(lines=tuple(lines), choices=(*choices, back, *closing()[1:]), replaces=replaces)


def _verdict(documents: DocumentSet, ticked: Collection[int], cut: bool) -> list[Line]:
    say = texts()
    total = len(documents.items)
    missing = [item.text for at, item in enumerate(documents.items) if at not in ticked]
    if not missing:
        name = "checklist.complete_cut" if cut else "checklist.complete"
        return [Line(say(name, total=total), Style.WARNING if cut else Style.TEXT)]
    lines = [Line(say("checklist.how"))]
    if ticked:
        lines.append(Line(say("checklist.missing", count=len(missing), total=total)))
        lines += [Line(text, Style.ITEM) for text in missing]
    if cut:
        lines.append(Line(say("checklist.cut"), Style.WARNING))
    return lines
