"""Kho tri thức: browse it, see an entry as citizens do, try a question, see what is to be mended."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from markupsafe import Markup
from pydantic import Field

from bot.web.console import forms, tables
from bot.web.console.entries import Section, get, post
from bot.web.console.pages.questions_words import propose, words
from bot.web.console.tables import Column, Filter, Given, Table
from bot.web.console.visit import ROOT, Answer, Missing, Shown, Visit
from handlers.improving.candidates import explain
from handlers.improving.content import AliasContent, made
from knowledge import checking
from knowledge.loader import Knowledge, days_left
from knowledge.schema import Entry, Facet
from knowledge.strict_yaml import BadYaml, Problem
from office.improvements import ChangeKind
from office.people import plain
from office.rights import Action

_DUE = "den-han"
_plain = lru_cache(maxsize=20_000)(plain)  # of names, which stay the same from page to page


class Wording(forms.FormModel):
    """The form of another wording."""

    alias: Annotated[str, Field(min_length=1, max_length=200)]
    question: Annotated[str, Field(max_length=300)] = ""


def show(visit: Visit) -> Answer:
    """The entries."""
    knowledge = visit.parts.library().knowledge
    given = Given(_found(visit, knowledge))
    due = sum(_due(visit, entry) for entry in knowledge.entries.values())
    return tables.answer(
        visit,
        _table(),
        given,
        "knowledge.html",
        filters=_filters(knowledge),
        due=due,
        total=len(knowledge.entries),
    )


def one(visit: Visit) -> Answer:
    """An entry, as citizens see it, and as it stands in its file."""
    library = visit.parts.library()
    entry = library.knowledge.get(str(visit.request.path_params.get("id", "")))
    if entry is None:
        raise Missing
    answerer = library.answerer
    known: list[Facet | None] = [None, *answerer.facets(entry, visit.today)]
    said = [
        (
            answerer.phrases(f"facets.{side or Facet.OVERVIEW}"),
            answerer.answer(entry, side, visit.today).lines,
        )
        for side in known
    ]
    return Shown(
        "knowledge_entry.html",
        {
            "entry": entry,
            "nature": words()(f"kinds.{entry.kind}"),
            "origin": words()(f"origin.{_origin(entry)}"),
            "sides": said,
            "days": days_left(entry.review_by, visit.today),
        },
    )


def reword(visit: Visit) -> Answer:
    """Propose another wording for an entry."""
    wanted = forms.read(visit.form, Wording)
    entry = visit.parts.library().knowledge.get(str(visit.request.path_params.get("id", "")))
    if entry is None:
        raise Missing
    content = made(AliasContent, {"entry": entry.id, "alias": wanted.alias, "question": wanted.question})
    return propose(visit, ChangeKind.ALIAS, content, None)


def try_out(visit: Visit) -> Answer:
    """What the program makes of a question, and why."""
    text = visit.arg("cau")
    found = explain(visit.parts.library(), text) if text else None
    return Shown("knowledge_try.html", {"text": text, "found": found})


def problems(visit: Visit) -> Answer:
    """What the last reading found, and what is due for review; the cases are run on demand."""
    knowledge = visit.parts.library().knowledge
    found = [*visit.parts.reading().problems, *checking.due(knowledge, visit.today)]
    return _checked(visit, found, cases=0)


def check(visit: Visit) -> Answer:
    """Run everything that `xinluon check` runs on the knowledge."""
    searcher = visit.parts.library().searcher
    found = list(visit.parts.reading().problems)
    try:
        cases = checking.all_cases(visit.parts.improver.place.folders)
    except BadYaml as exc:
        return _checked(visit, [*found, *exc.problems], cases=0)
    return _checked(visit, [*found, *checking.check(searcher, visit.today, cases)], cases=len(cases))


def _checked(visit: Visit, found: list[Problem], *, cases: int) -> Answer:
    unique = list(dict.fromkeys(found))
    values = {
        "errors": [p for p in unique if p.error],
        "warnings": [p for p in unique if not p.error],
        "cases": cases,
        "up_to_date": visit.parts.reading().accepted,
        "folder": visit.parts.improver.place.store,
    }
    return Shown("knowledge_check.html", values)


def _found(visit: Visit, knowledge: Knowledge) -> list[Entry]:
    field, said, review = visit.arg("linh-vuc"), plain(visit.arg("chu")), visit.arg("ra-soat")
    tests: list[Callable[[Entry], bool]] = []
    if field:
        tests.append(lambda entry: entry.field == field)
    if said:
        tests.append(lambda entry: any(said in _plain(n) for n in (entry.title, entry.label, *entry.aliases)))
    if review == _DUE:
        tests.append(lambda entry: _due(visit, entry))
    return [entry for entry in knowledge.entries.values() if all(test(entry) for test in tests)]


def _due(visit: Visit, entry: Entry) -> bool:
    left = days_left(entry.review_by, visit.today)
    return left is not None and left <= checking.SOON_DAYS


def _origin(entry: Entry) -> str:
    if entry.own:
        return "own"
    return "extended" if entry.added else "shipped"


def _filters(knowledge: Knowledge) -> tuple[Filter, ...]:
    fields = [(field.name, field.name) for field in knowledge.fields]
    return (
        Filter("linh-vuc", "Lĩnh vực", "choice", fields),
        Filter("chu", "Có chữ"),
        Filter("ra-soat", "Rà soát", "choice", [(_DUE, "đến hạn rà soát")]),
    )


def _link(entry: Entry) -> Markup:
    return Markup('<a href="{}/kho-tri-thuc/muc/{}">{}</a>').format(ROOT, entry.id, entry.label)


def _table() -> Table:
    kind: Callable[[Any], str] = lambda entry: words()(f"kinds.{entry.kind}")  # noqa: E731
    return Table(
        name="kho-tri-thuc",
        caption="Các mục của kho tri thức",
        columns=(
            Column(
                "ten",
                "Mục",
                lambda e: e.label,
                show=_link,
                order=lambda e: _plain(e.label),
                width=50,
                main=True,
            ),
            Column("linh", "Lĩnh vực", lambda e: e.field, order=lambda e: _plain(e.field), width=28),
            Column("loai", "Loại", kind, order=kind, width=24),
            Column("cach", "Số cách hỏi", lambda e: len(e.aliases), order=lambda e: len(e.aliases), width=12),
            Column(
                "nguoi", "Phụ trách", lambda e: e.owner or "", order=lambda e: _plain(e.owner or ""), width=26
            ),
            Column("han", "Hạn rà soát", lambda e: e.review_by, order=_review_key, width=14),
            Column("tu", "Nguồn gốc", lambda e: words()(f"origin.{_origin(e)}"), order=_origin, width=20),
        ),
        empty="Kho tri thức chưa có mục nào.",
    )


def _review_key(entry: Entry) -> str:
    return entry.review_by.isoformat() if entry.review_by else "9999"


SECTION = Section(
    key="kho-tri-thuc",
    label="Kho tri thức",
    path="/kho-tri-thuc",
    action=Action.QUESTIONS,
    entries=(
        get("/kho-tri-thuc", show, action=Action.QUESTIONS),
        get("/kho-tri-thuc/muc/{id}", one, action=Action.QUESTIONS),
        post(
            "/kho-tri-thuc/muc/{id}/cach-hoi",
            reword,
            action=Action.PROPOSE_KNOWLEDGE,
            again=one,
            writes=False,
        ),
        get("/kho-tri-thuc/thu", try_out, action=Action.QUESTIONS),
        get("/kho-tri-thuc/kiem-tra", problems, action=Action.QUESTIONS),
        post("/kho-tri-thuc/kiem-tra", check, action=Action.QUESTIONS, again=problems, writes=False),
    ),
)
