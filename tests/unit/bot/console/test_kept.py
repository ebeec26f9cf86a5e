"""What is kept between looking at something and confirming it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.web.console.kept import Kept

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)


def test_its_owner_gets_it_once_and_nobody_else_at_all() -> None:
    kept: Kept[str] = Kept()
    key = kept.put("bảng", owner=1, now=NOW)
    assert kept.take(key, owner=2, now=NOW) is None
    assert kept.take("khác", owner=1, now=NOW) is None
    assert kept.take(key, owner=1, now=NOW) == "bảng"
    assert kept.take(key, owner=1, now=NOW) is None


def test_after_half_an_hour_it_is_gone() -> None:
    kept: Kept[str] = Kept()
    key = kept.put("bảng", owner=1, now=NOW)
    assert kept.take(key, owner=1, now=NOW + timedelta(minutes=31)) is None


def test_the_oldest_makes_room() -> None:
    kept: Kept[int] = Kept(most=2)
    first, second, third = (kept.put(number, owner=1, now=NOW) for number in range(3))
    assert kept.take(first, owner=1, now=NOW) is None
    assert (kept.take(second, owner=1, now=NOW), kept.take(third, owner=1, now=NOW)) == (1, 2)
