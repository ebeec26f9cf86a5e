"""Hỏi đáp → Đề nghị sửa: what waits for a second person, with the lines that change and the figures."""

from __future__ import annotations

from typing import Annotated

from markupsafe import Markup
from pydantic import Field
from sqlalchemy import select

from bot.web.console import forms, tables
from bot.web.console.entries import get, post
from bot.web.console.pages.questions_words import words
from bot.web.console.tables import Column, Filter, Query, Table
from bot.web.console.visit import ROOT, Answer, Done, Shown, Visit
from handlers.improving import changes, telling
from handlers.improving.measuring import Figures
from office.improvements import ChangeState, KnowledgeChange, QuestionGroup
from office.people import name_of
from office.rights import Action


class Reasoned(forms.FormModel):
    """A reason that may be left out."""

    reason: Annotated[str, Field(max_length=500)] = ""


class Returned(forms.FormModel):
    """Why a change is given back."""

    return_reason: Annotated[str, Field(min_length=1, max_length=500)]


def listing(visit: Visit) -> Answer:
    """All changes, the newest first."""
    query = select(KnowledgeChange).order_by(KnowledgeChange.id.desc())
    state = visit.arg("tinh-trang")
    if state in tuple(ChangeState):
        query = query.where(KnowledgeChange.state == ChangeState(state))
    states = [(state.value, state.label) for state in ChangeState]
    return tables.answer(
        visit,
        _table(visit),
        Query(statement=query, entity=True, tie=KnowledgeChange.id),
        "knowledge_changes.html",
        filters=(Filter("tinh-trang", "Tình trạng", "choice", states),),
    )


def one(visit: Visit) -> Answer:
    """A change: what it writes, what that does, and who decides."""
    change = changes.change_of(visit.session, visit.number("id"))
    knowledge = visit.parts.library().knowledge
    report = change.report or {}
    return Shown(
        "knowledge_change.html",
        {
            "change": change,
            "summary": telling.summary(change, knowledge),
            "group": visit.session.get(QuestionGroup, change.group_id) if change.group_id else None,
            "proposed_by": name_of(visit.session, change.proposed_by),
            "decided_by": name_of(visit.session, change.decided_by),
            "report": report,
            "before": Figures.from_dict(report["before"]) if report else None,
            "after": Figures.from_dict(report["after"]) if report else None,
            "mine": change.proposed_by == visit.person.id,
            "others": [p.name for p in changes.approvers(visit.session) if p.id != visit.person.id],
        },
    )


def examine(visit: Visit) -> Answer:
    """Try it again: the files or the cases may have changed since."""
    number = visit.number("id")
    visit.parts.improver.examine(number)
    return Done(f"/hoi-dap/de-nghi/{number}", words()("done.examined"))


def approve(visit: Visit) -> Answer:
    """Make the change."""
    number, reason = visit.number("id"), forms.read(visit.form, Reasoned).reason
    trial = visit.parts.improver.approve(number, actor=visit.person, reason=reason)
    return Done(f"/hoi-dap/de-nghi/{number}", words()("done.applied" if trial.accepted else "done.refused"))


def undo(visit: Visit) -> Answer:
    """Take the change back."""
    number, reason = visit.number("id"), forms.read(visit.form, Reasoned).reason
    trial = visit.parts.improver.undo(number, actor=visit.person, reason=reason)
    said = words()("done.undone") if trial.accepted else words()("done.not_undone", why=trial.faults[0])
    return Done(f"/hoi-dap/de-nghi/{number}", said)


def give_back(visit: Visit) -> Answer:
    """Don't make it, and say why."""
    number, reason = visit.number("id"), forms.read(visit.form, Returned).return_reason
    change = changes.give_back(visit.session, number, actor=visit.person, now=visit.now, reason=reason)
    mine = change.proposed_by == visit.person.id
    return Done(f"/hoi-dap/de-nghi/{number}", words()("done.withdrawn" if mine else "done.returned"))


def _table(visit: Visit) -> Table:
    knowledge = visit.parts.library().knowledge

    def what(change: KnowledgeChange) -> str:
        return telling.summary(change, knowledge)

    def link(change: KnowledgeChange) -> Markup:
        return Markup('<a href="{}/hoi-dap/de-nghi/{}">{}</a>').format(ROOT, change.id, what(change))

    return Table(
        name="de-nghi",
        caption="Đề nghị sửa kho tri thức",
        columns=(
            Column("so", "Số", lambda c: c.id, order=KnowledgeChange.id, width=8),
            Column("viec", "Sửa gì", what, show=link, width=70, main=True),
            Column("nguoi", "Người đề nghị", lambda c: name_of(visit.session, c.proposed_by), width=24),
            Column("luc", "Lúc", lambda c: c.proposed_at, order=KnowledgeChange.proposed_at, width=18),
            Column("tinh", "Tình trạng", lambda c: c.state.label, order=KnowledgeChange.state, width=22),
        ),
        empty="Chưa có đề nghị nào.",
    )


_AT = "/hoi-dap/de-nghi/{id:int}"
_APPROVE = Action.APPROVE_KNOWLEDGE

ENTRIES = (
    get("/hoi-dap/de-nghi", listing, action=Action.QUESTIONS),
    get(_AT, one, action=Action.QUESTIONS),
    post(f"{_AT}/thu", examine, action=Action.PROPOSE_KNOWLEDGE, again=one, writes=False),
    post(f"{_AT}/duyet", approve, action=_APPROVE, again=one, writes=False),
    post(f"{_AT}/hoan-lai", undo, action=_APPROVE, again=one, writes=False),
    post(f"{_AT}/tra-lai", give_back, action=Action.PROPOSE_KNOWLEDGE, again=one),
)
