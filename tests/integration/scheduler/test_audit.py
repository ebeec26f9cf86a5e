"""Many who write deeds at once, and the deeds from before there was a chain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, make_url, text, update
from sqlalchemy.orm import Session, sessionmaker

from office import audit
from office.assignments import Assignment
from office.database import MIGRATIONS, make_engine, session_factory, upgrade
from office.deliveries import Delivery
from office.people import Role
from scheduler import progress
from tests.integration.scheduler.conftest import NOW, Clock
from tests.integration.scheduler.office import Bureau

WRITERS, DEEDS = 4, 15
PATIENCE = 20.0


def write(session: Session, number: int, **more: object) -> None:
    audit.record(
        session,
        "test.deed",
        at=NOW,
        actor=None,
        subject="test",
        subject_id=number,
        after={"số": number, **more},
    )


def verdict(sessions: sessionmaker[Session]) -> audit.Verdict:
    with sessions() as session:
        return audit.verify(session)


def together(*jobs: Callable[[], object]) -> None:
    """Run all at once; raises what any of them raises."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        start.wait(PATIENCE)
        job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(run, job) for job in jobs]:
            done.result(PATIENCE)


def test_many_who_write_at_once_make_one_chain(sessions: sessionmaker[Session]) -> None:
    """From the very first deed on, when the head is not there yet."""
    whole: list[bool] = []

    def write_some() -> None:
        for number in range(DEEDS):
            with sessions.begin() as session:
                write(session, number)

    def look_on() -> None:
        while verdict(sessions).rows < WRITERS * DEEDS:
            whole.append(verdict(sessions).broken_at is None)

    together(*[write_some] * WRITERS, look_on)
    found = verdict(sessions)
    assert (found.rows, found.broken_at) == (WRITERS * DEEDS, None)
    assert all(whole)


def test_the_first_rows_locked_in_either_order_never_wait_for_each_other_in_a_ring(
    sessions: sessionmaker[Session], clock: Clock
) -> None:
    """Deed then row, and row then deed: with the head locked at once this would be a deadlock."""
    bureau = Bureau(sessions, clock)
    number = bureau.give()
    rounds = 8

    def touch(session: Session) -> None:
        change = update(Assignment).where(Assignment.id == number)
        session.execute(change.values(document=Assignment.document))
        session.execute(update(Delivery).values(attempts=Delivery.attempts + 1))

    def deed_first() -> None:
        for turn in range(rounds):
            with sessions.begin() as session:
                write(session, turn)
                touch(session)

    def row_first() -> None:
        for turn in range(rounds):
            with sessions.begin() as session:
                touch(session)
                write(session, turn)

    before = verdict(sessions).rows
    together(deed_first, row_first, deed_first, row_first)
    found = verdict(sessions)
    assert (found.rows, found.broken_at) == (before + 4 * rounds, None)


def test_giving_and_cancelling_work_while_the_planner_plans_and_people_change(
    sessions: sessionmaker[Session], clock: Clock
) -> None:
    bureau = Bureau(sessions, clock)
    numbers = [bureau.give(title=f"Việc {n}") for n in range(6)]
    clock.forward(days=13)

    def cancel() -> None:
        for number in numbers:
            with sessions.begin() as session:
                progress.cancel(
                    session, bureau.work, number, bureau.people["Phòng"], reason="thôi", now=clock.now()
                )

    def give() -> None:
        for _ in range(6):
            bureau.give()

    together(cancel, give, bureau.plan, bureau.plan)
    assert verdict(sessions).broken_at is None


def test_a_whole_chain_is_seen_while_a_deed_is_on_its_way(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        write(session, 1)
    if sessions.kw["bind"].dialect.name == "sqlite":
        sessions = session_factory(sessions.kw["bind"], read_only=True)
        with sessions() as reader:
            assert audit.verify(reader).rows == 1
        return
    with sessions() as writer, sessions() as reader:
        write(writer, 2)
        assert audit.verify(reader).rows == 1
        writer.commit()
        assert audit.verify(reader).rows == 2


# --- from before the chain


@pytest.fixture
def older(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """A database of its own, as the version before left it."""
    url = f"sqlite:///{tmp_path}/older.db"
    if not database_url.startswith("sqlite"):
        name = f"older_{uuid4().hex}"
        server = make_engine(database_url)
        with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        server.dispose()
        url = make_url(database_url).set(database=name).render_as_string(hide_password=False)
    engine = make_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    yield engine
    engine.dispose()


INSERT = text(
    "INSERT INTO audit (at, actor_id, action, subject, subject_id, before, after, reason) "
    "VALUES (:at, NULL, 'role.give', 'member', :id, :before, :after, :reason)"
)
ROWS_BEFORE: list[dict[str, object]] = [
    {"id": 1, "before": None, "after": '{"role": "admin", "tên": "Nguyễn Ánh"}', "reason": "lần đầu"},
    {
        "id": 2,
        "before": '{"b": 1, "a": [1, 2.50, null]}',
        "after": '{"đường": "\\u0110\\u01b0"}',
        "reason": "",
    },
    {"id": None, "before": "{}", "after": None, "reason": "«»\n"},
]


def test_deeds_from_before_are_chained_by_the_upgrade_and_go_on(older: Engine) -> None:
    with older.begin() as connection:
        for number, row in enumerate(ROWS_BEFORE):
            at = datetime(2026, 1, 2, 3, 4, number, 120000 * number, tzinfo=UTC)
            written = (
                at
                if older.dialect.name == "postgresql"
                else at.replace(tzinfo=None).isoformat(" ", "microseconds")
            )
            connection.execute(INSERT, {**row, "at": written})
    upgrade(older)
    sessions = session_factory(older)
    first = verdict(sessions)
    assert (first.rows, first.broken_at) == (len(ROWS_BEFORE), None)
    with sessions.begin() as session:
        write(session, 4, role=Role.ADMIN)
    second = verdict(sessions)
    assert (second.rows, second.broken_at) == (len(ROWS_BEFORE) + 1, None)
    assert second.head != first.head


def test_an_upgrade_without_deeds_begins_an_empty_chain(older: Engine) -> None:
    upgrade(older)
    sessions = session_factory(older)
    assert verdict(sessions) == audit.Verdict(rows=0, head=audit.START)
    with sessions.begin() as session:
        write(session, 1)
    assert verdict(sessions).rows == 1
