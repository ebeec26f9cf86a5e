"""Hỏi đáp → Mọi câu hỏi: what was asked and answered, where a wrong answer can be marked."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from bot.web.console import tables
from bot.web.console.entries import get, post
from bot.web.console.pages.questions_words import words
from bot.web.console.render import capfirst
from bot.web.console.tables import Column, Filter, Query, Table
from bot.web.console.visit import Answer, Done, Visit
from handlers.improving import triage
from knowledge.search import Outcome
from office.channel_names import label
from office.improvements import Trouble
from office.questions import Question
from office.rights import Action

_FACES = {1: "👍", -1: "👎"}


def show(visit: Visit) -> Answer:
    """The questions, the newest first."""
    query = Query(statement=_query(visit), entity=True, tie=Question.id)
    return tables.answer(
        visit,
        _table(visit),
        query,
        "questions_all.html",
        filters=_filters(),
        may_be_wrong=triage.may_be_wrong,
    )


def wrong(visit: Visit) -> Answer:
    """Say that an answer was the wrong one."""
    triage.mark_wrong(visit.session, visit.number("cau"), actor=visit.person, now=visit.now)
    return Done("/hoi-dap/cau-hoi", words()("done.wrong"))


def _query(visit: Visit) -> Select[Any]:
    query = select(Question).order_by(Question.id.desc())
    said, outcome, trouble = visit.arg("chu"), visit.arg("tra-loi"), visit.arg("loai")
    if said:
        query = query.where(Question.text.contains(said, autoescape=True))
    if outcome in tuple(Outcome):
        query = query.where(Question.outcome == outcome)
    if trouble in tuple(Trouble):
        query = query.where(Question.trouble == Trouble(trouble))
    since, until = tables.day_of(visit, "tu"), tables.day_of(visit, "den")
    return query.where(*tables.between(Question.asked_at, since, until))


def _filters() -> tuple[Filter, ...]:
    outcomes = [(o.value, words()(f"outcomes.{o}")) for o in Outcome]
    return (
        Filter("chu", "Có chữ"),
        Filter("tra-loi", "Đã trả lời", "choice", outcomes),
        Filter("loai", "Vì sao chưa tốt", "choice", [(t.value, t.label) for t in Trouble]),
        Filter("tu", "Từ ngày", "date"),
        Filter("den", "Đến ngày", "date"),
    )


def _table(visit: Visit) -> Table:
    knowledge = visit.parts.library().knowledge

    def answered(question: Question) -> str:
        entry = knowledge.get(question.entry_id or "")
        said = words()(f"outcomes.{question.outcome}") if question.outcome in tuple(Outcome) else ""
        return f"{said}: {entry.label}" if entry else said

    return Table(
        name="cau-hoi",
        caption="Câu hỏi của người dân",
        columns=(
            Column("cau", "Câu hỏi", lambda q: q.text, width=60, main=True),
            Column("luc", "Lúc", lambda q: q.asked_at, order=Question.asked_at, width=18),
            Column("kenh", "Kênh", lambda q: capfirst(label(q.channel)), width=22),
            Column("tra", "Đã trả lời", answered, width=44),
            Column("cham", "Chấm", lambda q: _FACES.get(q.vote or 0, ""), width=8),
            Column("vi", "Vì sao chưa tốt", lambda q: q.trouble.label if q.trouble else "", width=22),
        ),
        empty="Chưa có câu hỏi nào.",
    )


ENTRIES = (
    get("/hoi-dap/cau-hoi", show, action=Action.QUESTIONS),
    post("/hoi-dap/cau-hoi/nham", wrong, action=Action.PROPOSE_KNOWLEDGE, again=show),
)
