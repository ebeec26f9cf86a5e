"""The pace over a slow connection, and over one that is away for a while."""

from __future__ import annotations

from collections import deque

import pytest

from scheduler.pacer import Limits, Pacer


def steadily(pacer: Pacer, *, trip: float, seconds: float) -> list[float]:
    """When messages leave that each take so long to be answered, as many as the pacer lets."""
    left: list[float] = []
    flying: deque[float] = deque()
    for tick in range(int(seconds * 1000)):
        now = tick / 1000
        while flying and flying[0] + trip <= now:
            pacer.landed("a", now=now, took=now - flying.popleft())
        if pacer.wait(str(len(left)), group=False, now=now) == 0.0 and pacer.crowded(now) == 0.0:
            pacer.reserve(str(len(left)), group=False, now=now)
            pacer.started()
            flying.append(now)
            left.append(now)
    return left


@pytest.mark.parametrize("trip", [0.005, 0.04, 0.25, 0.5])
def test_a_slow_connection_costs_little_of_the_rate(trip: float) -> None:
    left = steadily(Pacer(Limits()), trip=trip, seconds=12)
    assert (len(left) - 1) / (left[-1] - left[0]) > 0.97 * 28


@pytest.mark.parametrize("trip", [0.005, 0.04, 0.25, 0.5])
def test_no_second_at_the_platform_sees_too_many_wherever_the_time_is_spent(trip: float) -> None:
    left = steadily(Pacer(Limits()), trip=trip, seconds=12)
    assert max(sum(at <= other < at + 1.0 for other in left) for at in left) <= 30


def test_an_answer_that_takes_longer_than_the_others_still_counts_when_it_comes() -> None:
    pacer = Pacer(Limits(per_second=3))
    pacer.landed("a", now=0.0, took=0.2)
    for now in (1.0, 1.1, 1.2, 1.3):
        pacer.started()
        pacer.landed("b", now=now, took=0.9)
    assert pacer.crowded(1.4) == pytest.approx(0.4)  # 0.8 s after the first of them


def test_what_gets_through_ends_the_wait_for_the_network() -> None:
    pacer = Pacer(Limits())
    pacer.unreached(8.0, now=0.0)
    assert pacer.account_wait(1.0) == 7.0
    assert pacer.wait("a", group=False, now=1.0) == 7.0
    pacer.reached()
    assert pacer.account_wait(1.0) == 0.0


def test_what_gets_through_does_not_end_a_pause_that_the_platform_demands() -> None:
    pacer = Pacer(Limits())
    pacer.pause(8.0, now=0.0)
    pacer.unreached(2.0, now=0.0)
    pacer.reached()
    assert pacer.account_wait(1.0) == 7.0


def test_a_group_is_counted_from_the_answer_and_not_only_from_its_turn() -> None:
    pacer = Pacer(Limits(per_group_minute=2))
    for turn in (0.0, 2.0):
        pacer.reserve("-1", group=True, now=turn)
        pacer.started()
        pacer.landed("-1", now=turn + 0.5, took=0.5)
    assert pacer.wait("-1", group=True, now=10.0) == pytest.approx(50.5)
