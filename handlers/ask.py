"""A citizen's question: decide, and say it. Pure: no database, no clock of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from handlers import followups, payloads
from handlers.library import Library
from handlers.texts import menu_items, texts
from knowledge.answer import Answer
from knowledge.schema import Entry, Facet, Kind
from knowledge.search import MAX_CHOICES, Decision, Outcome
from knowledge.vietnamese import fold
from knowledge.wording import AnswerLine, Part
from office.messages import Choice, ChoiceKind, Line, Reply, Style

_STYLES = {
    Part.TITLE: Style.TITLE,
    Part.TEXT: Style.TEXT,
    Part.ITEM: Style.ITEM,
    Part.WARNING: Style.WARNING,
    Part.SOURCE: Style.SOURCE,
}
_MAX_OPTIONS = 8
_ORDINALS = {
    "dau tien": 1, "dau": 1, "nhat": 1, "mot": 1, "hai": 2, "nhi": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5,
}  # fmt: skip
_THING = r"(?:so|cau|cai|muc|viec|y)(?: thu)? "
_ORDINAL = re.compile(
    rf"(?:da )?(?:chon |lay )?(?:(?:{_THING})?(\d{{1,2}})|{_THING}({'|'.join(_ORDINALS)}))"
    r"(?: a| nhe| di| do)*"
)
MAX_TEXT = 2000  # characters of a question


@dataclass(frozen=True, slots=True)
class Response:
    """What was decided and what is said. `entry`: what the conversation is about from now on ("" = as
    before)."""

    decision: Decision
    reply: Reply
    entry: str = ""


def ask(
    library: Library,
    text: str,
    today: date,
    *,
    last: str = "",
    pending: str = "",
    max_text: int = MAX_TEXT,
) -> Response:
    """Answer a question. `last`: the entry the conversation was about; `pending`: a question that was asked
    back. Of a text longer than `max_text` only that much is read, and that is said."""
    decision = followups.decide(library.searcher, text[:max_text], library.knowledge.get(last), pending)
    reply, entry = _say(library, decision, today, last)
    if len(text) > max_text:
        note = Line(texts()("cut", limit=f"{max_text:,}".replace(",", ".")))
        reply = replace(reply, lines=(*reply.lines, note))
    return Response(decision, reply, entry)


def number_of(text: str) -> int | None:
    """The number that a message consists of, to pick a choice with."""
    plain = fold(text).strip(" .)!?")
    if plain.isascii() and plain.isdigit() and len(plain) <= 3:
        return int(plain)
    said = _ORDINAL.fullmatch(plain)
    if said is None:
        return None
    digits, word = said.groups()
    return int(digits) if digits else _ORDINALS[word]


def _say(library: Library, decision: Decision, today: date, last: str) -> tuple[Reply, str]:
    entry = library.knowledge.get(decision.entry)
    if decision.outcome is Outcome.ANSWER and entry:
        return entry_reply(library, entry, decision.facet, today, about_last=entry.id == last), entry.id
    if decision.outcome is Outcome.CHOOSE:
        return _choose(library, decision), ""
    if decision.outcome is Outcome.SMALLTALK and entry:
        return _smalltalk(entry, decision), ""
    if decision.outcome is Outcome.HUMAN:
        return human_reply(library), ""
    if decision.question and decision.question.empty:
        return menu_reply(library), ""
    return _outside(library, entry), ""


def entry_reply(
    library: Library,
    entry: Entry,
    facet: Facet | None,
    today: date,
    *,
    about_last: bool = False,
    replaces: bool = False,
    again: bool = False,
) -> Reply:
    """An entry's answer with what one can go on to. `about_last`: the question named no matter, so the
    answer does; `again`: an answer about it stands above, so its warnings aren't repeated."""
    if entry.kind in (Kind.OUTSIDE, Kind.STAFF, Kind.SMALLTALK):
        return _outside(library, entry)
    if entry.kind is Kind.HUMAN:
        return human_reply(library)
    answer = library.answerer.answer(entry, facet, today, again=again or about_last)
    lines = [_line(line) for line in answer.lines]
    if about_last and lines and lines[0].style is not Style.TITLE:
        lines.insert(0, Line(texts()("about_last", label=entry.label), Style.TITLE))
    return Reply(lines=tuple(lines), choices=tuple(_choices(library, entry, answer)), replaces=replaces)


def _line(line: AnswerLine) -> Line:
    return Line(line.text, _STYLES[line.part])


def _choices(library: Library, entry: Entry, answer: Answer) -> Iterable[Choice]:
    yield from options(library, answer.options[:_MAX_OPTIONS])
    say = texts()
    if answer.rest:
        whole = payloads.entry(entry.id, Facet.OVERVIEW)
        yield Choice(kind=ChoiceKind.FACET, label=say("buttons.rest"), payload=whole)
    if answer.checklist:
        case = 0 if len(entry.documents) == 1 else -1
        yield Choice(
            kind=ChoiceKind.FACET, label=say("buttons.checklist"), payload=payloads.checklist(entry.id, case)
        )
    phrases = library.answerer.phrases
    if answer.facets and answer.facet is not Facet.OVERVIEW:
        yield Choice(
            kind=ChoiceKind.FACET, label=phrases(f"facets.{Facet.OVERVIEW}"), payload=payloads.entry(entry.id)
        )
    for facet in answer.facets:
        yield Choice(
            kind=ChoiceKind.FACET, label=phrases(f"facets.{facet}"), payload=payloads.entry(entry.id, facet)
        )
    if answer.link:
        portal = answer.link == library.office.portal_url
        yield Choice(
            kind=ChoiceKind.LINK, label=say("buttons.portal" if portal else "buttons.source"), url=answer.link
        )
    yield from closing()


def options(library: Library, ids: Iterable[str]) -> Iterable[Choice]:
    """Entries to choose from, those of the staff left out."""
    for entry in _shown(library, ids):
        yield Choice(kind=ChoiceKind.OPTION, label=entry.listed, payload=payloads.entry(entry.id))


def _shown(library: Library, ids: Iterable[str]) -> Iterable[Entry]:
    for entry_id in ids:
        entry = library.knowledge.get(entry_id)
        if entry and entry.kind not in (Kind.STAFF, Kind.HUMAN):
            yield entry


def closing() -> tuple[Choice, ...]:
    """What every answer ends with."""
    say = texts()
    return (
        Choice(kind=ChoiceKind.MENU, label=say("buttons.other"), payload=payloads.OTHER),
        Choice(kind=ChoiceKind.MENU, label=say("buttons.human"), payload=payloads.HUMAN),
    )


def _to_menu(payload: str = payloads.MENU) -> Choice:
    return Choice(kind=ChoiceKind.MENU, label=texts()("buttons.menu"), payload=payload)


def _choose(library: Library, decision: Decision) -> Reply:
    say = texts()
    vague = bool(decision.question and decision.question.vague)
    chosen: list[Choice] = []
    for entry in _shown(library, decision.choices[:MAX_CHOICES]):
        facet = decision.facet if entry.kind in (Kind.PROCEDURE, Kind.GUIDANCE) else None
        payload = payloads.entry(entry.id, facet)
        chosen.append(Choice(kind=ChoiceKind.OPTION, label=entry.listed, payload=payload))
    menu = _to_menu(payloads.FIELDS)
    return Reply(
        lines=(Line(say("choose_vague" if vague else "choose")),), choices=(*chosen, menu, *closing()[1:])
    )


def _smalltalk(entry: Entry, decision: Decision) -> Reply:
    said = decision.question.text if decision.question else ""
    # The same words get the same reply; different ones vary it.
    reply = entry.reply[sum(said.encode()) % len(entry.reply)] if entry.reply else texts()("new_question")
    return Reply(lines=(Line(reply),), choices=(_to_menu(), *closing()[1:]))


def _outside(library: Library, entry: Entry | None) -> Reply:
    say = texts()
    lines = [Line(r) for r in entry.reply] if entry and entry.reply else [Line(say("out"))]
    if not entry:
        lines.append(Line(say("out_again")))
    if not (entry and entry.no_office):
        lines.append(Line(say("out_hint", url=library.office.portal_url)))
    near = options(library, entry.related if entry else ())
    return Reply(lines=tuple(lines), choices=(*near, _to_menu(), *closing()[1:]))


def human_reply(library: Library) -> Reply:
    """Where people are to be found."""
    say = texts()
    office = library.office
    lines = [Line(say("human")), Line(office.contact(library.answerer.phrases))]
    lines += [Line(say("human_hours", hours=h)) for h in office.hours]
    return Reply(lines=tuple(lines), choices=(_to_menu(), *closing()[:1]))


def paused_reply(library: Library) -> Reply:
    """That the office has paused answering, and where people are to be found meanwhile."""
    say, office = texts(), library.office
    lines = [Line(say("paused"), Style.WARNING), Line(office.contact(library.answerer.phrases))]
    return Reply(lines=(*lines, *(Line(say("human_hours", hours=h)) for h in office.hours)))


def menu_reply(library: Library, *, greet: bool = True) -> Reply:
    """The first menu."""
    say = texts()
    lines = []
    if greet:
        lines += [Line(say("hello", office=library.office.name), Style.TITLE), Line(say("hello_how"))]
    lines.append(Line(say("menu") if greet else say("new_question")))
    shown = [m for m in menu_items() if library.knowledge.get(m.entry)]
    choices = [Choice(kind=ChoiceKind.OPTION, label=say("menu_fields"), payload=payloads.FIELDS)]
    choices += [Choice(kind=ChoiceKind.OPTION, label=m.label, payload=payloads.entry(m.entry)) for m in shown]
    choices.append(Choice(kind=ChoiceKind.MENU, label=say("buttons.human"), payload=payloads.HUMAN))
    return Reply(lines=tuple(lines), choices=tuple(choices))
