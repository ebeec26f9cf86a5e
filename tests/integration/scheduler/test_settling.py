"""A database that was restored by its server's own tools, made safe to go on with, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from bot.backup.settling import settle
from office import audit, inbox
from office.deliveries import Delivery, Lane, OccurrenceState, Status
from office.inbox import InboxState, Update
from office.messages import Line, Reply
from tests.integration.scheduler.conftest import NOW, Clock
from tests.integration.scheduler.office import CALENDAR, Bureau


def test_what_may_have_gone_is_uncertain_and_nothing_due_is_made_up_for(
    engine: Engine, sessions: sessionmaker[Session], clock: Clock
) -> None:
    bureau = Bureau(sessions, clock)
    bureau.sync()
    bureau.give()
    with sessions.begin() as session:
        session.add(Lane(channel="telegram", account="42", token=3, owner="somebody"))
        inbox.receive(session, "telegram", "42", "1", at=NOW, raw=None)
        inbox.mark_handled(session, "telegram", "42", "1", [Reply(lines=(Line("Chào"),))])
        waiting = session.scalars(select(Delivery)).all()
        assert waiting
        for row in waiting:
            row.status = Status.QUEUED
    now = clock.forward(days=7)
    done = settle(
        engine, NOW, source="pg_restore", before=None, calendar=CALENDAR, now=now - timedelta(seconds=1)
    )
    assert done.uncertain == len(waiting)
    assert done.moments > 0
    assert bureau.plan() == 0
    with sessions() as session:
        assert {row.status for row in session.scalars(select(Delivery))} == {Status.UNCERTAIN}
        assert session.scalars(select(Update.state)).all() == [InboxState.ANSWERED]
        lane = session.get_one(Lane, ("telegram", "42"))
        assert lane.token > 1_000_000
        assert (lane.owner, audit.verify(session).broken_at) == ("", None)
        deed = session.scalars(select(audit.Deed).order_by(audit.Deed.id.desc())).first()
        assert deed is not None
        assert (deed.action, deed.reason) == ("database.restore", "pg_restore")
    assert {row.state for row in bureau.occurrences() if row.planned_at > NOW} == {OccurrenceState.STALE}
