"""Which updates are confirmed when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_polling import GIVE_UP_AFTER, Backoff, Ledger
from bot.channels.telegram_wire import Pace

PACE = Pace(first=1, longest=30)


def ledger(*ids: int) -> Ledger:
    made = Ledger(PACE)
    made.receive(ids)
    return made


def test_the_offset_stays_below_what_is_not_done() -> None:
    book = ledger(5, 6, 7)
    assert book.offset == 5
    for update_id in (5, 6, 7):
        assert book.take(update_id, 1, now=0)
    book.finish(7)
    book.finish(5)
    assert book.offset == 6
    book.finish(6)
    assert book.offset == 8
    assert book.idle


def test_what_is_done_or_in_hand_does_not_wait_when_it_comes_again() -> None:
    book = ledger(5, 6)
    book.take(5, 1, now=0)
    book.take(6, 2, now=0)
    book.finish(6)
    book.receive([5, 6, 7])
    assert [book.waits(update_id) for update_id in (5, 6, 7)] == [False, False, True]


def test_what_comes_again_after_it_was_confirmed_is_taken_again() -> None:
    book = ledger(5)
    book.take(5, 1, now=0)
    book.finish(5)
    book.ask()
    book.receive([5])
    assert book.waits(5)


def test_what_was_finished_while_a_batch_was_on_its_way_is_not_taken_again() -> None:
    book = ledger(5, 6)
    book.take(5, 1, now=0)
    book.ask()  # answered with 5 and 6, but slowly
    book.finish(5)
    book.receive([5, 6])
    assert [book.waits(update_id) for update_id in (5, 6)] == [False, True]


def test_a_failed_update_holds_its_chat_for_longer_and_longer() -> None:
    book = ledger(5, 6, 7)
    book.take(5, 1, now=0)
    assert book.fail(5, 1, now=0)
    assert not book.take(6, 1, now=0.9)
    assert book.take(7, 2, now=0.9)
    assert book.take(5, 1, now=1)
    assert book.fail(5, 1, now=1)
    assert not book.take(5, 1, now=2.9)
    assert book.take(5, 1, now=3)
    assert book.offset == 5


def test_an_update_is_given_up_only_when_others_went_well() -> None:
    book = ledger(5, 6)
    for n in range(GIVE_UP_AFTER + 3):
        assert book.take(5, 1, now=100.0 * n)
        assert book.fail(5, 1, now=100.0 * n)
    book.take(6, 2, now=0)
    book.finish(6)
    assert book.take(5, 1, now=1e6)
    assert not book.fail(5, 1, now=1e6)
    assert book.offset == 7


def test_what_telegram_has_forgotten_is_not_waited_for() -> None:
    book = ledger(5)
    book.take(5, 1, now=0)
    book.fail(5, 1, now=0)
    book.receive([8])
    assert book.offset == 8


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["finish", "fail", "put_back"])), max_size=40))
def test_the_offset_never_passes_what_is_not_done(steps: list[tuple[int, str]]) -> None:
    book = ledger(*range(10))
    done: set[int] = set()
    for now, (update_id, what) in enumerate(steps):
        if update_id in done or not book.take(update_id, update_id, now=100.0 * now):
            continue
        if what == "finish":
            book.finish(update_id)
            done.add(update_id)
        elif what == "put_back":
            book.put_back(update_id)
        elif not book.fail(update_id, update_id, now=100.0 * now):
            done.add(update_id)
        assert book.offset == min(set(range(10)) - done, default=10)


def test_backoff_doubles_up_to_its_longest_and_starts_anew() -> None:
    backoff = Backoff(first=1, longest=30)
    for bound in (1, 2, 4, 8, 16, 30, 30):
        assert bound / 2 <= backoff.next() <= bound
    backoff.reset()
    assert backoff.next() <= 1
