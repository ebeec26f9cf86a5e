"""Hỏi đáp: groups of questions that were not answered well, and what is done about each."""

from __future__ import annotations

from typing import Annotated, Any

from markupsafe import Markup
from pydantic import Field
from sqlalchemy import Select, case, func, or_, select

from bot.web.console import forms, tables
from bot.web.console.entries import Section, get, post
from bot.web.console.pages import questions_all, questions_changes, questions_entry
from bot.web.console.pages.questions_words import kinds_of, propose, words
from bot.web.console.tables import Column, Filter, Query, Table
from bot.web.console.visit import ROOT, Answer, Done, FormErrors, Shown, Visit
from handlers.improving import triage
from handlers.improving.candidates import candidates_of
from handlers.improving.content import AliasContent, made
from handlers.improving.naming import entry_named
from knowledge.schema import Entry, Facet
from office.improvements import ChangeKind, ChangeState, GroupState, KnowledgeChange, QuestionGroup, Trouble
from office.people import name_of, plain
from office.questions import Question
from office.refusal import Refused
from office.rights import Action

_SHOWN = 20  # questions of a group on its page
_COLUMNS = {
    Trouble.UNANSWERED: QuestionGroup.unanswered,
    Trouble.DISLIKED: QuestionGroup.disliked,
    Trouble.MISMATCHED: QuestionGroup.mismatched,
}


class Tied(forms.FormModel):
    """The form that ties a group to an entry. `other`: an entry's id or name, where none of the candidates
    fits."""

    entry: Annotated[str, Field(max_length=200)] = ""
    other: Annotated[str, Field(max_length=200)] = ""
    alias: Annotated[str, Field(min_length=1, max_length=200)]
    question: Annotated[str, Field(max_length=300)] = ""
    facet: Annotated[Facet | None, forms.Blank] = None


class Said(forms.FormModel):
    """A reason that may be left out."""

    reason: Annotated[str, Field(max_length=500)] = ""


def show(visit: Visit) -> Answer:
    """The groups: those to be dealt with first, and of these those asked for most."""
    query = Query(statement=_query(visit), entity=True, tie=QuestionGroup.id)
    return tables.answer(
        visit, _table(), query, "questions.html", filters=_filters(), waiting=_waiting(visit)
    )


def one(visit: Visit) -> Answer:
    """A group: its questions, what they may mean, and what can be done."""
    group = triage.group_of(visit.session, visit.number("id"))
    library = visit.parts.library()
    changes = visit.session.scalars(
        select(KnowledgeChange)
        .where(KnowledgeChange.group_id == group.id)
        .order_by(KnowledgeChange.id.desc())
    ).all()
    phrases = library.answerer.phrases
    return Shown(
        "question_group.html",
        {
            "group": group,
            "kinds": kinds_of(group),
            "questions": visit.session.scalars(
                select(Question)
                .where(Question.group_id == group.id)
                .order_by(Question.id.desc())
                .limit(_SHOWN)
            ).all(),
            "candidates": candidates_of(visit.session, library, group),
            "was": library.knowledge.get(group.entry_id or ""),
            "changes": changes,
            "busy": any(change.state is ChangeState.PROPOSED for change in changes),
            "decided_by": name_of(visit.session, group.decided_by),
            "facets": [(f.value, phrases(f"facets.{f}")) for f in Facet],
            "owner": library.office.name,
        },
    )


def tie(visit: Visit) -> Answer:
    """The question becomes a wording of an entry, once a second person agrees."""
    wanted = forms.read(visit.form, Tied)
    entry = _meant(visit, wanted)
    said = {"entry": entry.id, "alias": wanted.alias, "question": wanted.question, "facet": wanted.facet}
    content = made(AliasContent, said)
    return propose(visit, ChangeKind.ALIAS, content, visit.number("id"))


def _meant(visit: Visit, wanted: Tied) -> Entry:
    """What is typed goes before what is ticked. Raises FormErrors."""
    said = wanted.other or wanted.entry
    if not said:
        raise FormErrors({"other": words()("form.entry")})
    try:
        return entry_named(visit.parts.library(), said)
    except Refused as refused:
        raise FormErrors({"other": f"{refused.message} {refused.mend}".strip()}) from refused


def ignore(visit: Visit) -> Answer:
    """Nothing is to be done."""
    return _settled(visit, triage.ignore, "ignored")


def outside(visit: Visit) -> Answer:
    """Not the office's business, and no reply of its own is needed."""
    return _settled(visit, triage.mark_outside, "outside")


def reopen(visit: Visit) -> Answer:
    """Something is to be done after all."""
    return _settled(visit, triage.reopen, "reopened")


def _settled(visit: Visit, deed: Any, said: str) -> Answer:
    reason = forms.read(visit.form, Said).reason
    number = visit.number("id")
    deed(visit.session, number, actor=visit.person, now=visit.now, reason=reason)
    return Done(f"/hoi-dap/{number}", words()(f"done.{said}"))


def _waiting(visit: Visit) -> int:
    query = select(func.count()).select_from(KnowledgeChange)
    return visit.session.scalar(query.where(KnowledgeChange.state == ChangeState.PROPOSED)) or 0


def _query(visit: Visit) -> Select[Any]:
    query = select(QuestionGroup).where(QuestionGroup.count > 0)
    state, kind, said = visit.arg("tinh-trang"), visit.arg("loai"), visit.arg("chu")
    if state in tuple(GroupState):
        query = query.where(QuestionGroup.state == GroupState(state))
    if kind in tuple(Trouble):
        query = query.where(_COLUMNS[Trouble(kind)] > 0)
    if said:
        query = query.where(
            or_(QuestionGroup.text.contains(said, autoescape=True), QuestionGroup.key.contains(plain(said)))
        )
    open_first = case((QuestionGroup.state == GroupState.OPEN, 0), else_=1)
    return query.order_by(open_first, QuestionGroup.count.desc(), QuestionGroup.id)


def _filters() -> tuple[Filter, ...]:
    states = [(state.value, state.label) for state in GroupState]
    return (
        Filter("tinh-trang", "Tình trạng", "choice", states),
        Filter("loai", "Vì sao", "choice", [(t.value, t.label) for t in Trouble]),
        Filter("chu", "Có chữ"),
    )


def _link(group: QuestionGroup) -> Markup:
    return Markup('<a href="{}/hoi-dap/{}">{}</a>').format(ROOT, group.id, group.text[:200])


def _table() -> Table:
    return Table(
        name="hoi-dap",
        caption="Nhóm câu hỏi chưa trả lời tốt",
        columns=(
            Column("cau", "Câu hỏi", lambda g: g.text, show=_link, width=60, main=True),
            Column("lan", "Số lần", lambda g: g.count, order=QuestionGroup.count, width=10),
            Column("vi", "Vì sao", kinds_of, width=36),
            Column("gan", "Lần gần nhất", lambda g: g.last_at, order=QuestionGroup.last_at, width=18),
            Column("tinh", "Tình trạng", lambda g: g.state.label, order=QuestionGroup.state, width=16),
        ),
        empty="Không có nhóm câu hỏi nào.",
    )


_PROPOSE = Action.PROPOSE_KNOWLEDGE

SECTION = Section(
    key="hoi-dap",
    label="Hỏi đáp",
    path="/hoi-dap",
    action=Action.QUESTIONS,
    entries=(
        get("/hoi-dap", show, action=Action.QUESTIONS),
        get("/hoi-dap/{id:int}", one, action=Action.QUESTIONS),
        post("/hoi-dap/{id:int}/gan", tie, action=_PROPOSE, again=one, writes=False),
        post("/hoi-dap/{id:int}/bo-qua", ignore, action=_PROPOSE, again=one),
        post("/hoi-dap/{id:int}/ngoai", outside, action=_PROPOSE, again=one),
        post("/hoi-dap/{id:int}/mo-lai", reopen, action=_PROPOSE, again=one),
        *questions_entry.ENTRIES,
        *questions_changes.ENTRIES,
        *questions_all.ENTRIES,
    ),
)
