"""The real shelf, real files and a real database, with three people of Văn phòng and somebody who isn't."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from bot.shelf import Shelf
from handlers.improving import content as contents
from handlers.improving.changes import change_of
from handlers.improving.content import Content
from handlers.improving.desk import Improver
from handlers.improving.grouping import Grouper
from handlers.improving.plans import Place
from knowledge.answer import OfficeProfile
from office import people, questions
from office.database import make_engine, session_factory
from office.improvements import ChangeKind, KnowledgeChange, QuestionGroup, Trouble
from office.people import Member, MemberRole, Person, Role
from tests.databases import fresh_sqlite
from tests.quick_knowledge import quick_knowledge

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
QUESTION = "em muốn mở quán cồn nhỏ nhỏ thì làm sao"
ENTRY = "ruou_ban_le_cap_huyen"


class SetClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class Desk:
    """An improver with all that stands around it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "kho-tri-thuc"
        self.folder.mkdir()
        self.engine = make_engine(fresh_sqlite(folder))
        self.sessions: sessionmaker[Session] = session_factory(self.engine)
        self.readers = session_factory(self.engine, read_only=True)
        self.clock = SetClock()
        self.shelf = Shelf([self.folder], OfficeProfile(name="Sở Thử Nghiệm"))
        self.improver = self.another()

    def another(self) -> Improver:
        return Improver(
            sessions=self.sessions,
            readers=self.readers,
            clock=self.clock,
            shelf=self.shelf,
            place=Place(folders=(self.folder,), store=self.folder),
        )

    def person(self, name: str, *roles: Role) -> Person:
        with self.sessions.begin() as session:
            member = Member(name=name, joined_at=NOW)
            session.add(member)
            session.flush()
            for role in roles:
                session.add(MemberRole(member_id=member.id, role=role, given_at=NOW, reason="thử"))
            session.flush()
            found = people.person(session, member.id)
        assert found is not None
        return found

    def asked(self, *texts: str) -> int:
        """Questions asked in vain and grouped; the group of the last."""
        with self.sessions.begin() as session:
            for text in texts:
                questions.record(
                    session,
                    text,
                    at=NOW - timedelta(days=1),
                    channel="web",
                    person="p",
                    outcome="out",
                    knowledge_version="1",
                    trouble=Trouble.UNANSWERED,
                )
        with self.sessions.begin() as session:
            Grouper().group_new(session, self.shelf.current(), now=NOW)
        with self.sessions() as session:
            group = session.get_one(questions.Question, len(texts)).group_id
        assert group is not None
        return group

    def propose(
        self,
        actor: Person,
        kind: ChangeKind = ChangeKind.ALIAS,
        content: Content | None = None,
        *,
        group: int | None = None,
        alias: str = "mở quán cồn nhỏ nhỏ",
    ) -> int:
        content = content or contents.AliasContent(entry=ENTRY, alias=alias, question=QUESTION)
        with self.sessions.begin() as session:
            return self.improver.propose(session, kind, content, group_id=group, actor=actor).id

    def change(self, change_id: int) -> KnowledgeChange:
        with self.sessions() as session:
            return change_of(session, change_id)

    def group(self, group_id: int) -> QuestionGroup:
        with self.sessions() as session:
            return session.get_one(QuestionGroup, group_id)

    def answer(self, text: str = QUESTION) -> str:
        return self.shelf.current().searcher.search(text).entry

    def files(self) -> dict[str, str]:
        return {str(p.relative_to(self.folder)): p.read_text("utf-8") for p in self.folder.rglob("*.yaml")}


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with quick_knowledge():
        yield


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.engine.dispose()


@pytest.fixture
def van(desk: Desk) -> Person:
    return desk.person("Hồ Văn Phòng", Role.VAN_PHONG)


@pytest.fixture
def duyet(desk: Desk) -> Person:
    return desk.person("Trần Duyệt", Role.VAN_PHONG)
