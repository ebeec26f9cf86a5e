"""The pacer keeps below the platform's limits, uses what it may, and forgets nothing over a restart."""

from __future__ import annotations

import json
from bisect import bisect_left

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.pacer import Limits, Pacer

LIMITS = Limits()
SENDS = st.lists(
    st.tuples(st.floats(0, 2), st.integers(0, 4), st.booleans()), min_size=1, max_size=200
)  # pause before, chat, whether a restart comes before


def _most_within(moments: list[float], seconds: float) -> int:
    """The most moments in any half-open window of so many seconds."""
    ordered = sorted(moments)
    return max(bisect_left(ordered, at + seconds - 1e-6) - i for i, at in enumerate(ordered))


@given(sends=SENDS)
@settings(max_examples=60, deadline=None)
def test_no_window_ever_holds_more_than_is_allowed_also_over_restarts(
    sends: list[tuple[float, int, bool]],
) -> None:
    pacer, now = Pacer(LIMITS), 1000.0
    every: list[float] = []
    by_chat: dict[int, list[float]] = {}
    for pause, chat, restart in sends:
        now += pause
        if restart:
            kept = json.loads(json.dumps(pacer.snapshot(now)))
            pacer = Pacer(LIMITS)
            pacer.restore(kept, elapsed=0.0, now=now)
        at = pacer.reserve(str(chat), group=chat > 1, now=now)
        assert at >= now
        every.append(at)
        by_chat.setdefault(chat, []).append(at)
        now = max(now, at)
    assert _most_within(every, 1.0) <= 30
    for chat, moments in by_chat.items():
        assert _most_within(moments, 0.998) == 1
        if chat > 1:
            assert _most_within(moments, 60.0) <= LIMITS.per_group_minute


def test_many_chats_are_served_at_the_full_rate() -> None:
    pacer, now = Pacer(LIMITS), 0.0
    for number in range(2800):
        now = pacer.reserve(
            str(number), group=False, now=now + 0.002
        )  # a sender that is a bit late each time
    assert 99.0 < now < 101.0


def test_a_group_may_burst_to_its_limit_and_then_waits_for_the_minute() -> None:
    pacer, now = Pacer(LIMITS), 0.0
    moments = []
    for _ in range(19):
        now = pacer.reserve("g", group=True, now=now)
        moments.append(now)
    assert moments[17] < 18.0
    assert moments[18] == moments[0] + 60.0


def test_a_pause_holds_one_chat_for_exactly_so_long_and_no_other() -> None:
    pacer = Pacer(LIMITS)
    pacer.pause(7.0, chat="a", now=100.0)
    assert pacer.wait("a", group=False, now=103.0) == 4.0
    assert pacer.wait("b", group=False, now=103.0) == 0.0
    assert pacer.wait("a", group=False, now=107.0) == 0.0
    pacer.pause(2.0, chat="a", now=106.0)
    pacer.pause(0.5, chat="a", now=106.0)
    assert pacer.wait("a", group=False, now=106.0) == 2.0
    assert pacer.blocked(106.0, within=1.0) == {"a": 2.0}


def test_a_pause_of_the_account_holds_every_chat_and_survives_a_restart() -> None:
    pacer = Pacer(LIMITS)
    pacer.pause(30.0, now=0.0)
    kept = pacer.snapshot(1.0)
    other = Pacer(LIMITS)
    other.restore(kept, elapsed=9.0, now=500.0)
    assert other.wait("x", group=False, now=500.0) == 20.0
    assert other.account_wait(500.0) == 20.0


def test_a_clock_set_back_before_the_restart_neither_blocks_for_ever_nor_bursts() -> None:
    pacer = Pacer(LIMITS)
    for _ in range(18):
        pacer.reserve("g", group=True, now=0.0)
    other = Pacer(LIMITS)
    other.restore(pacer.snapshot(20.0), elapsed=-86_400.0, now=0.0)
    assert 0.0 < other.wait("g", group=True, now=0.0) <= 60.0


def test_an_unreadable_snapshot_is_forgotten() -> None:
    pacer = Pacer(LIMITS)
    pacer.restore({"next": "soon"}, elapsed=0.0, now=0.0)
    pacer.restore({"chats": 3}, elapsed=0.0, now=0.0)
    assert pacer.wait("a", group=True, now=0.0) == 0.0


def test_what_is_in_the_air_counts_against_the_second() -> None:
    pacer = Pacer(Limits(per_second=3))
    for _ in range(4):
        assert pacer.crowded(0.0) == 0.0
        pacer.started()
    assert pacer.crowded(0.0) > 0.0
    pacer.landed("a", now=0.5)
    assert pacer.crowded(1.0) == 0.5
    assert pacer.crowded(1.5) == 0.0


def test_the_next_message_to_a_chat_waits_from_the_answer_to_the_last() -> None:
    pacer = Pacer(LIMITS)
    pacer.reserve("a", group=False, now=0.0)
    pacer.landed("a", now=0.8)
    assert pacer.wait("a", group=False, now=1.0) == 0.8


def test_chats_that_may_go_again_are_not_remembered_for_ever() -> None:
    pacer = Pacer(Limits(per_second=1000))
    for number in range(20_000):
        pacer.reserve(str(number), group=False, now=number * 0.01)
    assert len(json.dumps(pacer.snapshot(200.0))) < 20_000
