"""When somebody wrote last and what may be sent to them; who follows; who answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from office import contacts
from office.contacts import FREE_WINDOW, LAST_WINDOW, Window, window_at

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
OA = ("zalo_oa", "388")
AN = (*OA, "a" * 32)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ago", "window"),
    [
        (timedelta(0), Window.FREE),
        (FREE_WINDOW, Window.FREE),
        (FREE_WINDOW + SECOND, Window.BILLED),
        (LAST_WINDOW, Window.BILLED),
        (LAST_WINDOW + SECOND, Window.CLOSED),
    ],
)
def test_a_window_is_free_for_48_hours_and_closes_after_seven_days(ago: timedelta, window: Window) -> None:
    assert window_at(NOW - ago, NOW) is window


def test_who_never_wrote_has_no_window(sessions: sessionmaker[Session]) -> None:
    assert window_at(None, NOW) is Window.CLOSED
    with sessions() as session:
        assert contacts.window(session, *AN, now=NOW) is Window.CLOSED


@given(ago=st.timedeltas(timedelta(0), timedelta(days=30)), later=st.timedeltas(timedelta(0)))
def test_a_window_never_opens_by_waiting(ago: timedelta, later: timedelta) -> None:
    order = [Window.FREE, Window.BILLED, Window.CLOSED]
    later = min(later, timedelta(days=365))
    assert order.index(window_at(NOW - ago, NOW)) <= order.index(window_at(NOW - ago, NOW + later))


def test_news_that_come_late_do_not_put_the_window_back(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        contacts.wrote(session, *AN, at=NOW)
        contacts.wrote(session, *AN, at=NOW - timedelta(days=3))
    with sessions() as session:
        assert contacts.window(session, *AN, now=NOW + FREE_WINDOW) is Window.FREE
        assert contacts.count(session, *OA) == 1


def test_following_goes_by_the_events_moment(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        assert contacts.followed(session, *AN, follows=True, at=NOW)
        assert not contacts.followed(session, *AN, follows=False, at=NOW - SECOND)
        assert contacts.followed(session, *AN, follows=False, at=NOW + SECOND)
    with sessions() as session:
        assert contacts.window(session, *AN, now=NOW) is Window.CLOSED  # following isn't writing


def test_a_window_that_following_did_not_open_is_shut_and_one_that_writing_did_is_not(
    sessions: sessionmaker[Session],
) -> None:
    with sessions.begin() as session:
        contacts.followed(session, *AN, follows=True, at=NOW)
        contacts.wrote(session, *AN, at=NOW)
        contacts.following_opened_nothing(session, *AN)
        assert contacts.window(session, *AN, now=NOW) is Window.CLOSED
        contacts.wrote(session, *AN, at=NOW + SECOND)
        contacts.following_opened_nothing(session, *AN)
        assert contacts.window(session, *AN, now=NOW + SECOND) is Window.FREE


def test_a_person_of_the_office_answers_until_the_latest_moment(sessions: sessionmaker[Session]) -> None:
    until = NOW + timedelta(minutes=30)
    with sessions.begin() as session:
        contacts.handed_over(session, *AN, until=until, at=NOW)
        contacts.handed_over(session, *AN, until=NOW + timedelta(minutes=5), at=NOW)
    with sessions() as session:
        assert contacts.with_human(session, *AN, now=until - SECOND)
        assert not contacts.with_human(session, *AN, now=until)


def test_people_hear_once_a_month_that_it_is_spent(sessions: sessionmaker[Session]) -> None:
    said = []
    for month in ("2026-11", "2026-11", "2026-12"):
        with sessions.begin() as session:
            said.append(contacts.tell_spent(session, *AN, month=month, now=NOW))
    assert said == [True, False, True]
    with sessions() as session:
        assert contacts.count(session, *OA) == 0  # told in a group, they have written nothing in private


def test_many_are_looked_up_at_once_and_strangers_are_left_out(sessions: sessionmaker[Session]) -> None:
    people = [f"{number:032d}" for number in range(1200)]
    with sessions.begin() as session:
        contacts.wrote(session, *OA, people[0], at=NOW)
        contacts.wrote(session, *OA, people[1199], at=NOW - timedelta(days=1))
        contacts.followed(session, *OA, people[7], follows=True, at=NOW)
        contacts.wrote(session, "zalo_oa", "other", people[3], at=NOW)
    with sessions() as session:
        assert contacts.last_wrote(session, *OA, people) == {
            people[0]: NOW,
            people[7]: None,
            people[1199]: NOW - timedelta(days=1),
        }
