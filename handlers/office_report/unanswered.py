"""The questions that were asked most in vain."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, String, and_, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from handlers.office_report.figures import Unanswered
from knowledge.search import Outcome
from office.improvements import GroupState, QuestionGroup, Trouble
from office.questions import Question

MOST = 10
_READ = 500  # groups and wordings that are looked at
_SETTLED = (GroupState.IGNORED, GroupState.OUTSIDE)  # Văn phòng says that no answer is owed


def most_unanswered(
    session: Session, chosen: ColumnElement[bool], stubs: Collection[str]
) -> tuple[Unanswered, ...]:
    """The groups of like questions, and the questions in no group by their wording; most asked first.

    `stubs`: the entries of which nothing verified is known.
    """
    wording = case((Question.group_id.is_(None), Question.text))
    count = func.count()
    query = (
        select(Question.group_id, wording, count)
        .where(chosen, in_vain(stubs))
        .group_by(Question.group_id, wording)
        .order_by(count.desc(), Question.group_id, wording)
        .limit(_READ)
    )
    groups: dict[int, int] = {}
    loose: dict[str, tuple[str, int]] = {}
    for group_id, text, number in session.execute(query):
        if group_id is not None:
            groups[group_id] = number
        else:
            key = " ".join(text.casefold().split())
            first, so_far = loose.get(key, (text, 0))
            loose[key] = (first, so_far + number)
    found = [*_named(session, groups), *(Unanswered(text=text, count=n) for text, n in loose.values())]
    return tuple(sorted(found, key=lambda one: (-one.count, one.text))[:MOST])


def in_vain(stubs: Collection[str]) -> ColumnElement[bool]:
    """The questions without an answer: those marked so, and what else wasn't understood or met a stub."""
    # Not by the index of troubles, which holds those of all the years: the days choose far fewer.
    trouble = func.coalesce(type_coerce(Question.trouble, String), "")
    unclear = and_(Question.outcome == Outcome.OUT, Question.entry_id.is_(None))
    missing = and_(Question.outcome == Outcome.ANSWER, Question.entry_id.in_(stubs))
    return or_(trouble == Trouble.UNANSWERED, unclear, missing)


def _named(session: Session, counts: dict[int, int]) -> list[Unanswered]:
    query = select(QuestionGroup.id, QuestionGroup.text, QuestionGroup.state).where(
        QuestionGroup.id.in_(counts), QuestionGroup.state.not_in(_SETTLED)
    )
    return [
        Unanswered(text=text, count=counts[key], state=state) for key, text, state in session.execute(query)
    ]
