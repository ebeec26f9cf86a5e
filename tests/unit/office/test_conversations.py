"""Where a conversation stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from office import conversations
from office.conversations import conversation_key

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TTL = timedelta(minutes=30)


def test_a_key_differs_by_channel_account_chat_and_sender() -> None:
    keys = {
        conversation_key(*names, hash_key=b"k" * 16)
        for names in [("c", "a", "1", "2"), ("d", "a", "1", "2"), ("c", "b", "1", "2"), ("c", "a", "12", "")]
    }
    assert len(keys) == 4


def test_what_was_saved_is_loaded(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        conversations.save(session, "k", {"entry": "ruou", "chọn": [1, 2]}, now=NOW)
    with sessions.begin() as session:
        loaded = conversations.load(session, "k", now=NOW + TTL / 2, ttl=TTL)
    assert loaded == {"entry": "ruou", "chọn": [1, 2]}


def test_saving_again_replaces_and_renews(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        conversations.save(session, "k", {"n": 1}, now=NOW)
        conversations.save(session, "k", {"n": 2}, now=NOW + TTL)
        assert conversations.load(session, "k", now=NOW + TTL, ttl=TTL) == {"n": 2}


def test_a_conversation_is_over_after_a_while(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        conversations.save(session, "k", {"n": 1}, now=NOW)
        assert conversations.load(session, "k", now=NOW + TTL, ttl=TTL) is None


def test_an_unknown_conversation_is_none(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        assert conversations.load(session, "k", now=NOW, ttl=TTL) is None


def test_a_conversation_can_be_forgotten(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        conversations.save(session, "k", {}, now=NOW)
        conversations.forget(session, "k")
        conversations.forget(session, "k")
        assert conversations.load(session, "k", now=NOW, ttl=TTL) is None


def test_old_conversations_are_purged(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        conversations.save(session, "old", {}, now=NOW - TTL)
        conversations.save(session, "new", {"n": 1}, now=NOW)
        assert conversations.purge(session, NOW) == 1
        assert conversations.load(session, "new", now=NOW, ttl=TTL) == {"n": 1}
