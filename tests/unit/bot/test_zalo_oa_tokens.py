"""How long an access token lives, as Zalo may say it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.zalo_oa_oauth import Pair, lifetime_of

DAY_AND_HOUR = timedelta(hours=25)


@pytest.mark.parametrize("said", ["90000", 90000, 90000.0, " 90000 "])
def test_seconds_come_as_a_string_or_a_number(said: object) -> None:
    assert lifetime_of(said) == DAY_AND_HOUR


@pytest.mark.parametrize("said", [None, "", "soon", 0, "-5", "nan", "inf", 1e12, [], True])
def test_what_is_no_lifetime_counts_as_the_usual_one(said: object) -> None:
    assert lifetime_of(said) == DAY_AND_HOUR


def test_a_pair_does_not_show_its_tokens() -> None:
    pair = Pair(access="at-secret", refresh="rt-secret", lifetime=DAY_AND_HOUR)
    assert "secret" not in repr(pair)
