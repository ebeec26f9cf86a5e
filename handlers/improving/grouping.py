"""New questions that were not answered well join the group they are like, or open one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from handlers.improving.likeness import Groups, key_of, weigher
from handlers.library import Library
from knowledge.search import Searcher
from office import improvements
from office.database import execute
from office.improvements import GroupState, QuestionGroup, Trouble
from office.questions import Question

SETTLED = timedelta(minutes=10)  # until then the person may still pick a choice or take a vote back
_LOCK = 8_420_770_103  # any number of our own, for pg_advisory_xact_lock


class Grouper:
    """Groups questions; keeps the groups' words in memory between calls. For one thread at a time."""

    def __init__(self) -> None:
        self._groups = Groups(lambda word: 1.0)
        self._version = ""

    def group_new(self, session: Session, library: Library, *, now: datetime, most: int = 50) -> int:
        """Give at most so many questions a group, the longest waiting first; returns how many.

        Call it again, each time in a transaction of its own, until it returns 0.
        """
        if session.get_bind().dialect.name == "postgresql":  # on SQLite whoever writes is alone
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        waiting = _waiting(session, now - SETTLED, most)
        if not waiting:
            return 0
        self._catch_up(session, library)
        for question in waiting:
            self._assign(session, question, library.searcher)
        return len(waiting)

    def _catch_up(self, session: Session, library: Library) -> None:
        """Read what groups others have made or taken away since."""
        if self._version != library.version:
            self._version = library.version
            self._groups = Groups(weigher(library.searcher))
        nameless = select(QuestionGroup).where(QuestionGroup.key == "")
        for group in session.scalars(nameless):
            group.key = key_of(group.text, library.searcher)
            self._groups.put(group.id, group.key)
        number, last = session.execute(select(func.count(), func.max(QuestionGroup.id))).one()
        if (number, last or 0) == (len(self._groups), self._groups.last):
            return
        self._read(session, since=self._groups.last)
        if number != len(self._groups):
            self._groups = Groups(weigher(library.searcher))
            self._read(session, since=0)

    def _read(self, session: Session, *, since: int) -> None:
        rows = session.execute(select(QuestionGroup.id, QuestionGroup.key).where(QuestionGroup.id > since))
        for group_id, key in rows:
            self._groups.put(group_id, key)

    def _assign(self, session: Session, question: Question, searcher: Searcher) -> None:
        trouble = question.trouble
        if trouble is None:
            return
        key = key_of(question.text, searcher)
        group_id = self._groups.most_alike(key)
        group = session.get(QuestionGroup, group_id) if group_id is not None else None
        if group is None:
            group = _open(session, question, key)
            self._groups.put(group.id, key)
        execute(session, update(Question).where(Question.id == question.id).values(group_id=group.id))
        improvements.count(session, group.id, trouble, 1)
        _note(session, group, question, trouble)


def _waiting(session: Session, before: datetime, most: int) -> Sequence[Question]:
    """Troubled questions without a group. By trouble, so that the index gives them in order."""
    found: list[Question] = []
    for trouble in Trouble:
        query = (
            select(Question)
            .where(Question.trouble == trouble, Question.group_id.is_(None), Question.asked_at <= before)
            .order_by(Question.id)
            .limit(most - len(found))
        )
        found += session.scalars(query).all() if len(found) < most else []
    return found


def _open(session: Session, question: Question, key: str) -> QuestionGroup:
    group = QuestionGroup(
        text=question.text,
        key=key,
        state=GroupState.OPEN,
        count=0,
        unanswered=0,
        disliked=0,
        mismatched=0,
        first_at=question.asked_at,
        last_at=question.asked_at,
    )
    session.add(group)
    session.flush()
    return group


def _note(session: Session, group: QuestionGroup, question: Question, trouble: Trouble) -> None:
    """When it was asked, and what was answered where that was wrong. What was solved and is asked in vain
    again is open again."""
    if question.asked_at < group.first_at:
        group.first_at = question.asked_at
    if question.asked_at > group.last_at:
        group.last_at = question.asked_at
    if trouble is not Trouble.UNANSWERED and group.entry_id is None:
        group.entry_id = question.entry_id
    again = group.decided_at is not None and question.asked_at > group.decided_at
    if group.state is GroupState.SOLVED and again:
        group.state = GroupState.OPEN
    session.flush()
