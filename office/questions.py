"""What citizens asked and what was answered: feeds the list of unanswered questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from office import improvements
from office.database import ROW_ID, Base, UtcDateTime, closed_set, execute
from office.improvements import Trouble
from office.privacy import HASH_LENGTH, redact

MAX_TEXT = 2000  # characters kept
VOTES = (-1, 0, 1)  # didn't help, taken back, helped

_LARGEST_ID = 2**63 - 1


class Question(Base):
    """One question, without who asked it and without personal numbers."""

    __tablename__ = "questions"
    __table_args__ = (
        CheckConstraint("vote IN (-1, 0, 1)", name="vote"),
        Index(None, "trouble", "group_id"),
        # A purged question's id must not come back: an old vote button still carries it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    channel: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(String(HASH_LENGTH))
    text: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(32))
    entry_id: Mapped[str | None] = mapped_column(String(200))
    facet: Mapped[str | None] = mapped_column(String(32))
    choices: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    score: Mapped[float | None]
    knowledge_version: Mapped[str] = mapped_column(String(64))
    vote: Mapped[int | None] = mapped_column(SmallInteger)
    voted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble: Mapped[Trouble | None] = mapped_column(closed_set(Trouble))
    group_id: Mapped[int | None] = mapped_column(ROW_ID, index=True)


def record(
    session: Session,
    text: str,
    *,
    at: datetime,
    channel: str,
    person: str,
    outcome: str,
    knowledge_version: str,
    entry_id: str | None = None,
    facet: str | None = None,
    choices: Sequence[str] = (),
    score: float | None = None,
    trouble: Trouble | None = None,
) -> int:
    """Keep a question and return its id. The text is redacted here and cut to 2,000 characters.

    `person` is a person_hash; `choices` are the ids of the entries that were offered in answer.
    """
    question = Question(
        asked_at=at,
        channel=channel,
        person=person,
        text=redact(_storable(text))[:MAX_TEXT],
        outcome=outcome,
        entry_id=entry_id,
        facet=facet,
        choices=list(choices) or None,
        score=score,
        knowledge_version=knowledge_version,
        trouble=trouble,
    )
    session.add(question)
    session.flush()
    return question.id


def vote(session: Session, question_id: int, person: str, value: int, *, at: datetime) -> bool:
    """Set the vote (1, -1, or 0 to take it back) of the person who asked; False for anyone else.

    👎 marks the question as disliked, and taking it back unmarks it; 👍 says that nothing was wrong. The same
    vote again changes nothing, not even `voted_at`. Raises ValueError for any other value.
    """
    if value not in VOTES:
        raise ValueError(f"a vote is one of {VOTES}, not {value!r}")
    if not 0 < question_id <= _LARGEST_ID:
        return False
    theirs = (Question.id == question_id) & (Question.person == person)
    changed = execute(
        session,
        update(Question)
        .where(theirs, or_(Question.vote.is_(None), Question.vote != value))
        .values(vote=value, voted_at=at),
    )
    if not changed:
        return session.scalar(select(Question.id).where(theirs)) is not None
    if value < 0:
        mark(session, question_id, Trouble.DISLIKED)
    else:
        mark(session, question_id, None, instead_of=None if value else Trouble.DISLIKED)
    return True


def mark_first(session: Session, question_id: int, trouble: Trouble) -> bool:
    """Say what was wrong where nobody has said anything, neither with a mark nor a vote."""
    free = (Question.id == question_id) & Question.trouble.is_(None) & (func.coalesce(Question.vote, 0) == 0)
    return execute(session, update(Question).where(free).values(trouble=trouble)) > 0


def mark(
    session: Session, question_id: int, trouble: Trouble | None, *, instead_of: Trouble | None = None
) -> bool:
    """Say what was wrong with the answer (None: nothing); the counts of the question's group follow.

    `instead_of`: only where it is marked like this now. False where nothing was changed.
    """
    row = session.execute(
        select(Question.trouble, Question.group_id).where(Question.id == question_id)
    ).one_or_none()
    if row is None or row.trouble is trouble or (instead_of and row.trouble is not instead_of):
        return False
    if row.group_id is not None:
        if row.trouble is not None:
            improvements.count(session, row.group_id, row.trouble, -1)
        if trouble is not None:
            improvements.count(session, row.group_id, trouble, 1)
    values = {"trouble": trouble, "group_id": row.group_id if trouble is not None else None}
    execute(session, update(Question).where(Question.id == question_id).values(values))
    return True


def purge(session: Session, before: datetime) -> int:
    """Delete the questions asked before a moment; returns how many. Their groups follow."""
    old = Question.asked_at < before
    per_group = session.execute(
        select(Question.group_id, Question.trouble, func.count())
        .where(old, Question.group_id.is_not(None))
        .group_by(Question.group_id, Question.trouble)
    ).all()
    deleted = execute(session, delete(Question).where(old))
    for group_id, trouble, number in per_group:
        if group_id is not None and trouble is not None:
            improvements.count(session, group_id, trouble, -number)
    improvements.forget_empty(session)
    for group in improvements.older_than(session, before):
        first = session.execute(
            select(Question.text, Question.asked_at)
            .where(Question.group_id == group.id)
            .order_by(Question.asked_at, Question.id)
            .limit(1)
        ).one_or_none()
        if first is not None:
            # What stands for the group is forgotten too; `key` is made anew by who groups.
            group.text, group.key, group.first_at = first.text, "", first.asked_at
    return deleted


def _storable(text: str) -> str:
    """Without NUL, which PostgreSQL refuses, and halves of surrogate pairs, which no database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
