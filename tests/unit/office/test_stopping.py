"""A stop that a fault on the way out hides is still known."""

from __future__ import annotations

import asyncio

from office.stopping import told_to_stop


async def test_a_fault_on_the_way_out_leaves_the_stop_known() -> None:
    known: list[bool] = []

    async def faulty() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError

    async def keep() -> None:
        known.append(told_to_stop())
        try:
            await faulty()
        except RuntimeError:
            known.append(told_to_stop())

    keeping = asyncio.create_task(keep())
    await asyncio.sleep(0)
    keeping.cancel()
    await keeping
    assert known == [False, True]


async def test_a_timeout_of_ones_own_is_no_stop() -> None:
    try:
        async with asyncio.timeout(0):
            await asyncio.sleep(60)
    except TimeoutError:
        assert not told_to_stop()
