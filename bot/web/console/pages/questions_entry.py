"""Hỏi đáp → Viết mục mới, Trả lời là ngoài phạm vi: the forms for a new entry."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from bot.web.console import forms
from bot.web.console.entries import get, post
from bot.web.console.pages.questions_words import propose, words
from bot.web.console.visit import Answer, FormErrors, Shown, Visit
from handlers.improving import content, triage
from handlers.improving.content import EntryContent
from handlers.library import Library
from knowledge.schema import Facet, Kind, SourceKind
from office.improvements import ChangeKind
from office.rights import Action

_REVIEW_DAYS = 180
_SOURCES = (SourceKind.OFFICIAL, SourceKind.LEGAL_DATABASE, SourceKind.PRESS)
_FACT = re.compile(r"^\[([a-z]+)\]\s*(.+)$")

Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _New(forms.FormModel):
    label: Name
    aliases: Annotated[str, Field(min_length=1, max_length=3000)]
    question: Annotated[str, Field(max_length=300)] = ""
    owner: Line
    review_by: date

    @property
    def wordings(self) -> list[str]:
        return list(dict.fromkeys(_lines(self.aliases)))


class NewEntry(_New):
    """The form of a new entry; each line of `facts` is a fact, a side of it in front: [fee] …"""

    field: Line
    title: Line
    facts: Annotated[str, Field(min_length=1, max_length=8000)]
    source_kind: SourceKind
    url: Annotated[str, Field(max_length=800)] = ""
    document: Annotated[str, Field(max_length=500)] = ""
    as_of: Line


class NewOutside(_New):
    """The form of an entry that says whose business something is."""

    reply: Annotated[str, Field(min_length=1, max_length=1000)]


def show(visit: Visit) -> Answer:
    """The form of a new entry."""
    library = visit.parts.library()
    return Shown(
        "question_entry.html",
        {
            **_common(visit),
            "fields": [(f.name, f.name) for f in library.knowledge.fields if f.menu],
            "sources": [(k.value, words()(f"sources.{k}")) for k in _SOURCES],
            "facets": [(f.value, library.answerer.phrases(f"facets.{f}")) for f in Facet],
        },
    )


def show_outside(visit: Visit) -> Answer:
    """The form of an entry that is out of scope."""
    return Shown("question_outside.html", _common(visit))


def _common(visit: Visit) -> dict[str, Any]:
    return {
        "group": triage.group_of(visit.session, visit.number("id")),
        "owner": visit.parts.library().office.name,
        "review_by": (visit.today + timedelta(days=_REVIEW_DAYS)).isoformat(),
    }


def write(visit: Visit) -> Answer:
    """Propose a new entry."""
    wanted = forms.read(visit.form, NewEntry)
    if not wanted.url and not wanted.document:
        raise FormErrors({"url": words()("form.source")})
    head = {"field": wanted.field, "owner": wanted.owner, "review_by": wanted.review_by}
    entry = _entry(wanted, visit.parts.library())
    made = content.made(EntryContent, {**head, "entry": entry, "question": wanted.question})
    return propose(visit, ChangeKind.ENTRY, made, visit.number("id"))


def outside(visit: Visit) -> Answer:
    """Propose an entry that is out of scope, with its reply."""
    wanted = forms.read(visit.form, NewOutside)
    made = content.outside(
        wanted.label,
        wanted.reply,
        tuple(wanted.wordings),
        knowledge=visit.parts.library().knowledge,
        owner=wanted.owner,
        review_by=wanted.review_by,
        question=wanted.question,
    )
    return propose(visit, ChangeKind.OUTSIDE, made, visit.number("id"))


def _entry(wanted: NewEntry, library: Library) -> dict[str, Any]:
    source = {"kind": wanted.source_kind.value}
    if wanted.url:
        source["url"] = wanted.url
    if wanted.document:
        source["document"] = wanted.document
    return {
        "id": content.free_id(wanted.label, library.knowledge),
        "kind": Kind.TOPIC.value,
        "title": wanted.title,
        "label": wanted.label,
        "aliases": wanted.wordings,
        "facts": [_fact(line) for line in _lines(wanted.facts)],
        "sources": {"s1": source},
        "as_of": wanted.as_of,
    }


def _fact(line: str) -> dict[str, str]:
    """«[fee] Không thu phí.» → the fact with its side."""
    match = _FACT.match(line)
    if match is None:
        return {"text": line}
    if match[1] not in tuple(Facet):
        raise FormErrors({"facts": words()("form.facet", facet=match[1])})
    return {"text": match[2], "facet": match[1]}


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


_PROPOSE = Action.PROPOSE_KNOWLEDGE

ENTRIES = (
    get("/hoi-dap/{id:int}/muc-moi", show, action=_PROPOSE),
    post("/hoi-dap/{id:int}/muc-moi", write, action=_PROPOSE, again=show, writes=False),
    get("/hoi-dap/{id:int}/tra-loi-ngoai", show_outside, action=_PROPOSE),
    post("/hoi-dap/{id:int}/tra-loi-ngoai", outside, action=_PROPOSE, again=show_outside, writes=False),
)
