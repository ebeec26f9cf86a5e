"""Texts take turns, and none comes twice in a cycle."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.rotation import Rotation, next_text

KEYS = st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True)


@given(keys=KEYS, cycles=st.integers(1, 4))
def test_each_text_comes_once_a_cycle_in_its_order_over_restarts(keys: list[str], cycles: int) -> None:
    rotation, said = Rotation(), []
    for _ in range(len(keys) * cycles):
        key, rotation = next_text(keys, rotation)
        rotation = Rotation.from_dict(json.loads(json.dumps(rotation.as_dict())))
        said.append(key)
    for at in range(cycles):
        assert sorted(said[at * len(keys) : (at + 1) * len(keys)]) == sorted(keys)
    assert said[: len(keys)] == keys
    assert len(keys) == 1 or all(one != two for one, two in pairwise(said))


@given(before=KEYS, after=KEYS, steps=st.integers(0, 8))
def test_texts_added_in_mid_cycle_have_their_turn_and_removed_ones_are_passed_over(
    before: list[str], after: list[str], steps: int
) -> None:
    rotation, said = Rotation(), []
    for _ in range(min(steps, len(before))):
        key, rotation = next_text(before, rotation)
        said.append(key)
    cycle = rotation.cycle
    rest = [key for key in after if key not in said]
    for expected in rest:
        key, rotation = next_text(after, rotation)
        assert (key, rotation.cycle) == (expected, cycle)


def test_a_state_that_cannot_be_read_starts_anew() -> None:
    for data in ({"cycle": "x"}, {"used": 3}, {}, None):
        assert Rotation.from_dict(data) == Rotation()


def test_no_texts_are_an_error() -> None:
    with pytest.raises(ValueError, match="no texts"):
        next_text([], Rotation())
