"""Picks what handles a message: a tap, a command, a number that stands for a choice, or a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from handlers import browse, checklist, feedback, payloads
from handlers.ask import ask, human_reply, menu_reply, number_of
from handlers.conversation import Talk
from handlers.improving import marks
from handlers.library import Library
from handlers.picking import ticks_of, wants_several
from handlers.texts import texts
from knowledge.search import Outcome
from knowledge.vietnamese import fold
from office import questions
from office.messages import Choice, ChoiceKind, Incoming, Line, Reply, Style
from office.privacy import redact

_MENU_WORDS = frozenset({"/start", "/menu", "/help", "menu", "/trogiup"})
_ENOUGH = frozenset({"thoi", "thoi a", "thoi nhe", "thoi khong hoi nua", "khong hoi nua", "du roi"})
_PREFIXES = ("/hoi", "/ask")


@dataclass(slots=True)
class Request:
    """A message with all that handling it needs. `talk` is changed in place.

    `picked`: payloads of the choices that its words pick (handlers.picking).
    """

    incoming: Incoming
    library: Library
    session: Session
    talk: Talk
    person: str
    now: datetime
    today: date
    max_text: int
    picked: tuple[str, ...] = ()


def route(request: Request) -> tuple[Reply, ...]:
    """Handle a message; the replies in order."""
    payload = request.incoming.payload
    if payload:
        return (_tapped(request, payload),)
    if request.picked:
        return _picked(request, request.picked)
    text = request.incoming.text
    command, _, rest = text.strip().partition(" ")
    command = command.casefold().partition("@")[0]
    if command in _PREFIXES:
        text = rest
    if request.incoming.file is not None and not text.strip():
        return (_only_words(request),)
    if not text.strip() or command in _MENU_WORDS:
        request.talk.pending = ""
        return (menu_reply(request.library),)
    number = number_of(text)
    if number is not None:
        if not request.talk.choices:
            return (_nothing_to_pick(request),)
        return (Reply(lines=(Line(texts()("no_such_choice", count=len(request.talk.choices))),)),)
    items = ticks_of(request.talk)
    if items and wants_several(text):
        return (Reply(lines=(Line(texts()("checklist.no_such_item", count=len(items))),)),)
    if request.talk.choices and wants_several(text):
        return (Reply(lines=(Line(texts()("one_at_a_time", count=len(request.talk.choices))),)),)
    if fold(text).strip(" .!") in _ENOUGH:
        return (Reply(lines=(Line(texts()("enough")),)),)
    reply = _asked(request, text)
    if request.incoming.file is None:
        return (reply,)
    return (replace(reply, lines=(Line(texts()("file_unseen"), Style.WARNING), *reply.lines)),)


def _only_words(request: Request) -> Reply:
    """A picture or a file alone: what is in it is not looked at."""
    again = menu_reply(request.library, greet=False)
    return Reply(lines=(Line(texts()("only_words")),), choices=again.choices)


def _nothing_to_pick(request: Request) -> Reply:
    """A number alone when nothing was offered, or too long ago."""
    again = menu_reply(request.library, greet=False)
    return Reply(lines=(Line(texts()("nothing_to_pick")),), choices=again.choices)


def _asked(request: Request, text: str) -> Reply:
    """A question: decide, keep it, and add the votes."""
    talk = request.talk
    response = ask(
        request.library,
        text,
        request.today,
        last=talk.entry,
        pending=talk.pending,
        max_text=request.max_text,
    )
    decision = response.decision
    marks.completed(request.session, talk, text, decision)
    talk.question = questions.record(
        request.session,
        text[: request.max_text],
        at=request.now,
        channel=request.incoming.channel,
        person=request.person,
        outcome=decision.outcome,
        knowledge_version=request.library.version,
        entry_id=decision.entry or None,
        facet=decision.facet,
        choices=decision.choices,
        score=round(decision.score, 4),
        trouble=marks.trouble_of(decision, request.library.knowledge),
    )
    marks.asked(talk, decision)
    talk.entry = response.entry or talk.entry
    talk.pending = redact(text)[:200] if decision.outcome is Outcome.CHOOSE else ""
    reply = response.reply
    return _with_votes(reply, talk.question) if decision.outcome is Outcome.ANSWER else reply


def _with_votes(reply: Reply, question: int) -> Reply:
    """The votes on the answer to a question, before the way elsewhere."""
    choices = reply.choices
    end = next((i for i, c in enumerate(choices) if c.kind is ChoiceKind.MENU), len(choices))
    choices = (*choices[:end], *feedback.vote_choices(question), *choices[end:])
    return Reply(lines=reply.lines, choices=choices, replaces=reply.replaces)


def _picked(request: Request, picked: tuple[str, ...]) -> tuple[Reply, ...]:
    """One choice, several items of one checklist, or several answers, of which the last alone offers
    choices: a number means one thing."""
    if all(payloads.parse(payload).verb == payloads.ENTRY for payload in picked):
        replies = [_tapped(request, payload) for payload in picked]
        bare = [replace(reply, choices=_links(reply)) for reply in replies[:-1]]
        return (*bare, replies[-1])
    more = [payloads.parse(payload).number(2) for payload in picked[1:]]
    return (_tapped(request, picked[0], more),)


def _links(reply: Reply) -> tuple[Choice, ...]:
    return tuple(choice for choice in reply.choices if choice.kind is ChoiceKind.LINK)


def _tapped(request: Request, payload: str, more: Sequence[int] = ()) -> Reply:
    """What a choice does. `more`: further items of the same checklist."""
    tap = payloads.parse(payload)
    library, talk = request.library, request.talk
    if tap.verb != "v":
        talk.pending = ""
    marks.tapped(request.session, talk, tap, library.knowledge)
    match tap.verb:
        case payloads.ENTRY:
            typed = not request.incoming.payload
            reply, entry = browse.tapped_entry(
                library, tap.text(0), tap.text(1), request.today, last=talk.entry, typed=typed
            )
            about_question = talk.question and entry == talk.entry
            talk.entry = entry or talk.entry
            return _with_votes(reply, talk.question) if about_question else reply
        case "k":
            return checklist.open_checklist(library, tap.text(0), tap.number(1), talk)
        case "t":
            return checklist.tick(library, tap.text(0), tap.number(1), (tap.number(2), *more), talk)
        case "r":
            return checklist.reset(library, tap.text(0), tap.number(1), talk)
        case "v":
            return feedback.vote(request.session, tap.number(0), tap.number(1), request.person, request.now)
        case "f":
            return browse.field_reply(library, tap.text(0), tap.number(1, 0))
        case payloads.FIELDS:
            return browse.fields_reply(library)
        case payloads.HUMAN:
            return human_reply(library)
        case payloads.MENU:
            return menu_reply(library)
        case payloads.OTHER:
            talk.entry = ""
            return menu_reply(library, greet=False)
    return browse.gone_reply(library)
