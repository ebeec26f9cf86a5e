"""What Văn phòng decides about a group of questions without changing the knowledge."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from handlers.improving.words import refuse
from knowledge.search import Outcome
from office import audit, questions
from office.improvements import ChangeState, GroupState, KnowledgeChange, QuestionGroup, Trouble
from office.people import Person
from office.questions import Question
from office.rights import Action, demand

GROUP = "question_group"


def group_of(session: Session, group_id: int | None) -> QuestionGroup:
    """A group, read anew. Raises Refused."""
    group = session.get(QuestionGroup, group_id or 0, populate_existing=True)
    if group is None:
        raise refuse("no_group")
    return group


def ignore(
    session: Session, group_id: int, *, actor: Person, now: datetime, reason: str = ""
) -> QuestionGroup:
    """Nothing is to be done about these questions, nor about others like them."""
    return _settle(session, group_id, GroupState.IGNORED, actor=actor, now=now, reason=reason)


def mark_outside(
    session: Session, group_id: int, *, actor: Person, now: datetime, reason: str = ""
) -> QuestionGroup:
    """They are not the office's business, and the general answer to such questions will do."""
    return _settle(session, group_id, GroupState.OUTSIDE, actor=actor, now=now, reason=reason)


def reopen(
    session: Session, group_id: int, *, actor: Person, now: datetime, reason: str = ""
) -> QuestionGroup:
    """Something is to be done about them after all."""
    return _settle(session, group_id, GroupState.OPEN, actor=actor, now=now, reason=reason)


def may_be_wrong(question: Question) -> bool:
    """Whether an entry was given in answer, be it one about a matter of others, and nothing is said of it."""
    answered = question.outcome in (Outcome.ANSWER, Outcome.OUT) and question.entry_id is not None
    return answered and question.trouble is None


def mark_wrong(session: Session, question_id: int, *, actor: Person, now: datetime, reason: str = "") -> None:
    """Văn phòng says that an answer was the wrong one. Raises Refused."""
    demand(actor.roles, Action.PROPOSE_KNOWLEDGE)
    question = session.get(Question, question_id)
    if question is None:
        raise refuse("no_question")
    before = question.trouble
    if questions.mark(session, question_id, Trouble.MISMATCHED):
        audit.record(
            session,
            "question.wrong",
            at=now,
            actor=actor.id,
            subject="question",
            subject_id=question_id,
            before={"trouble": before},
            after={"trouble": Trouble.MISMATCHED},
            reason=reason,
        )


def waiting_change(session: Session, group_id: int) -> KnowledgeChange | None:
    """The change that waits for a second person, if there is one for this group."""
    return session.scalar(
        select(KnowledgeChange).where(
            KnowledgeChange.group_id == group_id, KnowledgeChange.state == ChangeState.PROPOSED
        )
    )


def set_state(group: QuestionGroup, state: GroupState, *, actor: int, now: datetime) -> dict[str, Any]:
    """Note the decision; returns what the state was, for the audit."""
    before = {"state": group.state.value}
    group.state, group.decided_by, group.decided_at = state, actor, now
    return before


def _settle(
    session: Session, group_id: int, state: GroupState, *, actor: Person, now: datetime, reason: str
) -> QuestionGroup:
    demand(actor.roles, Action.PROPOSE_KNOWLEDGE)
    group = group_of(session, group_id)
    if waiting_change(session, group_id) is not None:
        raise refuse("waiting_already")
    if group.state is state:
        return group
    before = set_state(group, state, actor=actor.id, now=now)
    session.flush()
    audit.record(
        session,
        f"questions.{state}",
        at=now,
        actor=actor.id,
        subject=GROUP,
        subject_id=group_id,
        before=before,
        after={"state": state.value, "text": group.text},
        reason=reason,
    )
    return group
