"""Updates: handled once, answered after a crash."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office import inbox
from office.conversations import Conversation, load, save
from office.inbox import AlreadyHandled, InboxState, Stored, Update
from office.messages import Choice, ChoiceKind, Line, Reply

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TTL = timedelta(minutes=30)
ME = ("telegram", "bot")
UPDATE = (*ME, "1001")
RAW = {"update_id": 1001, "message": {"text": "phí bao nhiêu?"}}
REPLIES = (
    Reply(
        lines=(Line("Phí: 1.200.000 đồng."),),
        choices=(Choice(kind=ChoiceKind.VOTE, label="👍", payload="v:1:1"),),
    ),
)


def receive(sessions: sessionmaker[Session], key: str = "1001", at: datetime = NOW) -> Stored:
    with sessions.begin() as session:
        return inbox.receive(session, *ME, key, at=at, raw=RAW)


def handle(sessions: sessionmaker[Session], key: str = "1001", replies: tuple[Reply, ...] = REPLIES) -> None:
    with sessions.begin() as session:
        inbox.mark_handled(session, *ME, key, replies)


def left(sessions: sessionmaker[Session]) -> list[Stored]:
    with sessions.begin() as session:
        return inbox.unanswered(session, *ME)


def row(sessions: sessionmaker[Session]) -> Update:
    with sessions.begin() as session:
        return session.scalars(select(Update)).one()


def test_an_update_seen_for_the_first_time_is_new(sessions: sessionmaker[Session]) -> None:
    stored = receive(sessions)
    assert (stored.new, stored.state, stored.attempts, stored.raw) == (True, InboxState.RECEIVED, 1, RAW)


def test_an_update_that_was_not_handled_is_to_be_handled_again(sessions: sessionmaker[Session]) -> None:
    receive(sessions)
    again = receive(sessions)
    assert (again.new, again.state, again.attempts) == (False, InboxState.RECEIVED, 2)


def test_an_update_that_was_handled_comes_with_its_replies(sessions: sessionmaker[Session]) -> None:
    receive(sessions)
    handle(sessions)
    again = receive(sessions)
    assert (again.new, again.state, again.attempts, again.replies) == (False, InboxState.HANDLED, 1, REPLIES)


def test_an_update_that_was_answered_is_done_with_and_its_content_forgotten(
    sessions: sessionmaker[Session],
) -> None:
    receive(sessions)
    handle(sessions)
    with sessions.begin() as session:
        assert inbox.mark_answered(session, *UPDATE)
        assert not inbox.mark_answered(session, *UPDATE)
    again = receive(sessions)
    assert (again.state, again.raw, again.replies) == (InboxState.ANSWERED, None, ())


def test_an_update_without_replies_is_done_with_once_handled(sessions: sessionmaker[Session]) -> None:
    receive(sessions)
    handle(sessions, replies=())
    assert receive(sessions).state is InboxState.ANSWERED
    assert row(sessions).raw is None
    assert left(sessions) == []


def test_an_update_is_not_answered_before_it_was_handled(sessions: sessionmaker[Session]) -> None:
    receive(sessions)
    with sessions.begin() as session:
        assert not inbox.mark_answered(session, *UPDATE)


def test_the_same_key_of_another_account_or_channel_is_another_update(
    sessions: sessionmaker[Session],
) -> None:
    receive(sessions)
    with sessions.begin() as session:
        assert inbox.receive(session, "telegram", "bot2", "1001", at=NOW, raw=None).new
        assert inbox.receive(session, "zalo", "bot", "1001", at=NOW, raw=None).new


def test_an_update_can_be_given_up(sessions: sessionmaker[Session]) -> None:
    receive(sessions)
    with sessions.begin() as session:
        assert inbox.mark_poisoned(session, *UPDATE, "KeyError: 'x'" + "y" * 1000)
        assert not inbox.mark_poisoned(session, *UPDATE, "again")
    assert receive(sessions).state is InboxState.POISONED
    assert (row(sessions).error or "").startswith("KeyError: 'x'")
    assert len(row(sessions).error or "") == 500
    assert left(sessions) == []


def test_an_answered_update_cannot_be_given_up(sessions: sessionmaker[Session]) -> None:
    receive(sessions)
    handle(sessions, replies=())
    with sessions.begin() as session:
        assert not inbox.mark_poisoned(session, *UPDATE, "late")


def test_after_a_crash_what_is_left_comes_oldest_first(sessions: sessionmaker[Session]) -> None:
    for key in ("3", "1", "2"):
        receive(sessions, key)
    handle(sessions, "1")
    handle(sessions, "2", ())
    assert [(s.key, s.state, s.replies) for s in left(sessions)] == [
        ("3", InboxState.RECEIVED, ()),
        ("1", InboxState.HANDLED, REPLIES),
    ]


def test_another_account_s_updates_are_not_ours(sessions: sessionmaker[Session]) -> None:
    receive(sessions)
    with sessions.begin() as session:
        assert inbox.unanswered(session, "telegram", "bot2") == []


def test_an_update_never_received_cannot_be_handled(sessions: sessionmaker[Session]) -> None:
    with pytest.raises(AlreadyHandled):
        handle(sessions)


def test_a_crash_while_handling_leaves_no_effect(sessions: sessionmaker[Session]) -> None:
    receive(sessions)

    def crash() -> None:
        with sessions.begin() as session:
            save(session, "k", {"n": 1}, now=NOW)
            inbox.mark_handled(session, *UPDATE, REPLIES)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    with sessions.begin() as session:
        assert load(session, "k", now=NOW, ttl=TTL) is None
    assert receive(sessions).state is InboxState.RECEIVED


def test_of_two_that_receive_together_one_sees_a_new_update(sessions: sessionmaker[Session]) -> None:
    start = threading.Barrier(2)

    def race(_: int) -> bool:
        start.wait()
        return receive(sessions).new

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(race, range(2))) == [False, True]


def test_of_two_that_handle_together_one_has_its_effects_undone(sessions: sessionmaker[Session]) -> None:
    receive(sessions)
    start = threading.Barrier(2)

    def race(name: str) -> str | None:
        start.wait()
        try:
            with sessions.begin() as session:
                save(session, name, {}, now=NOW)
                inbox.mark_handled(session, *UPDATE, REPLIES)
        except AlreadyHandled:
            return None
        return name

    with ThreadPoolExecutor(2) as pool:
        winners = [name for name in pool.map(race, ("first", "second")) if name]
    with sessions.begin() as session:
        assert list(session.scalars(select(Conversation.key))) == winners
    assert len(winners) == 1


def test_old_updates_are_purged(sessions: sessionmaker[Session]) -> None:
    receive(sessions, "old", NOW - timedelta(days=8))
    receive(sessions, "new")
    with sessions.begin() as session:
        assert inbox.purge(session, NOW - timedelta(days=7)) == 1
    assert [stored.key for stored in left(sessions)] == ["new"]
