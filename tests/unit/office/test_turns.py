"""Turns are given in the order of asking, and writers of one SQLite file take them."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from office import database
from office.database import DatabaseUnavailable, make_engine, session_factory
from office.turns import Turns


def test_who_came_first_goes_first() -> None:
    turns = Turns()
    assert turns.take(0)
    came: list[int] = []

    def come(number: int) -> None:
        assert turns.take(5)
        came.append(number)
        turns.give()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=come, args=(number,)))
        threads[-1].start()
        while len(turns._waiting) <= number:
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join(5)
    assert came == [0, 1, 2, 3, 4]
    assert turns.take(0)


def test_who_has_waited_in_vain_leaves_the_row() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0)


@pytest.mark.alone
def test_in_a_crowd_of_writers_nobody_waits_much_longer_than_the_others(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/crowd.db")
    sessions = session_factory(engine)
    with sessions.begin() as session:
        session.execute(text("CREATE TABLE kept (number INTEGER)"))
    order: list[int] = []
    ends = time.monotonic() + 1.0

    def write(number: int) -> None:
        while time.monotonic() < ends:
            with sessions.begin() as session:
                session.execute(text("INSERT INTO kept VALUES (:n)"), {"n": number})  # takes the turn
                order.append(number)
                time.sleep(0.005)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    with sessions() as session:
        counts = session.execute(text("SELECT count(*) FROM kept GROUP BY number")).scalars().all()
    engine.dispose()
    assert len(counts) == 8
    assert min(counts) >= max(counts) / 2
    for number in range(8):  # counted in others' turns: however slow the machine, it is slow for all
        turns = [at for at, whose in enumerate(order) if whose == number]
        assert max(after - before for before, after in pairwise(turns)) < 10 * 8


def test_a_turn_comes_back_however_a_transaction_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bool] = []

    class Noting(Turns):
        def take(self, seconds: float) -> bool:
            taken.append(super().take(seconds))
            return taken[-1]

    monkeypatch.setattr(database, "Turns", Noting)
    engine = make_engine(f"sqlite:///{tmp_path}/ends.db", busy_seconds=0.2)
    other = make_engine(f"sqlite:///{tmp_path}/ends.db", busy_seconds=0.2)
    sessions = session_factory(engine)
    with sessions.begin() as session:
        session.execute(text("CREATE TABLE kept (number INTEGER)"))
    with pytest.raises(SQLAlchemyError), sessions.begin() as session:
        session.execute(text("INSERT INTO nowhere VALUES (1)"))
    with other.begin(), pytest.raises(DatabaseUnavailable), sessions.begin() as session:
        session.execute(text("INSERT INTO kept VALUES (2)"))
    left = engine.connect()
    left.execute(text("INSERT INTO kept VALUES (3)"))
    left.close()
    with sessions.begin() as session:
        assert session.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0
    assert len(taken) == 6
    assert all(taken)
    engine.dispose()
    other.dispose()
