"""What of a plan's month has been used, kept in the database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from office import quotas
from office.quotas import ANSWERS, DEADLINES, MESSAGES, Month

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
BOT = ("zalo_bot", "7")


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 11, 30, 16, 59, tzinfo=UTC), "2026-11"),
        (datetime(2026, 11, 30, 17, 0, tzinfo=UTC), "2026-12"),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), "2027-01"),
    ],
)
def test_a_month_begins_at_midnight_in_vietnam(moment: datetime, month: str) -> None:
    assert quotas.month_of(moment) == month


def test_what_is_sent_is_counted_by_what_it_is_for(sessions: sessionmaker[Session]) -> None:
    for kinds in ((MESSAGES,), (MESSAGES, DEADLINES), (MESSAGES, ANSWERS), (MESSAGES, DEADLINES)):
        with sessions.begin() as session:
            quotas.spend(session, *BOT, now=NOW, kinds=kinds)
    with sessions() as session:
        found = quotas.month(session, *BOT, now=NOW)
        assert found == Month(used=4, deadlines=2, answers=1)
        assert found.others == 1
        assert quotas.used(session, *BOT, now=NOW, kind=DEADLINES) == 2


def test_a_month_without_messages_is_empty(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        assert quotas.month(session, *BOT, now=NOW) == Month()
        assert quotas.history(session, *BOT) == {}


def test_accounts_and_months_are_counted_apart(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        quotas.spend(session, *BOT, now=NOW)
        quotas.spend(session, "zalo_bot", "8", now=NOW)
        quotas.spend(session, *BOT, now=datetime(2026, 10, 3, tzinfo=UTC))
    with sessions() as session:
        assert quotas.history(session, *BOT) == {"2026-11": 1, "2026-10": 1}
        assert list(quotas.history(session, *BOT)) == ["2026-11", "2026-10"]


def test_what_the_platform_says_holds_until_a_message_goes(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        quotas.spend(session, *BOT, now=NOW)
        quotas.ran_out(session, *BOT, now=NOW)
    with sessions() as session:
        assert quotas.month(session, *BOT, now=NOW) == Month(used=1, ran_out_at=NOW)
    with sessions.begin() as session:
        quotas.spend(session, *BOT, now=NOW)
    with sessions() as session:
        assert quotas.month(session, *BOT, now=NOW) == Month(used=2)


def test_it_may_say_so_before_we_have_sent_anything(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        quotas.ran_out(session, *BOT, now=NOW)
    with sessions() as session:
        assert quotas.month(session, *BOT, now=NOW) == Month(used=0, ran_out_at=NOW)
