"""Connections to Telegram are few, used again, and given back however a request ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from bot.channels.telegram_transport import Spread
from tests.fakes.telegram import FakeTelegram, drop_before, slow


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with FakeTelegram() as running:
        yield running


@pytest.fixture
async def client(fake: FakeTelegram) -> AsyncIterator[httpx.AsyncClient]:
    base = f"{fake.url}/bot{fake.token}"
    timeout = httpx.Timeout(5.0, pool=0.1)
    async with httpx.AsyncClient(transport=Spread(2), base_url=base, timeout=timeout) as client:
        yield client


async def test_a_connection_is_used_again(fake: FakeTelegram, client: httpx.AsyncClient) -> None:
    for _ in range(5):
        assert (await client.post("/getMe")).status_code == 200
    assert len(fake._server.transports) == 1


async def test_who_finds_no_connection_free_is_told_that_nothing_was_sent(
    fake: FakeTelegram, client: httpx.AsyncClient
) -> None:
    fake.plan("getMe", slow(0.4), slow(0.4))
    busy = [asyncio.create_task(client.post("/getMe")) for _ in range(2)]
    await fake.until(lambda: len(fake.called("getMe")) == 2)
    with pytest.raises(httpx.PoolTimeout):
        await client.post("/getMe")
    assert len(fake.called("getMe")) == 2
    assert [response.status_code for response in await asyncio.gather(*busy)] == [200, 200]


async def test_a_connection_is_given_back_however_its_request_ends(
    fake: FakeTelegram, client: httpx.AsyncClient
) -> None:
    for _ in range(3):
        fake.plan("getMe", drop_before())
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/getMe")
        fake.plan("getMe", slow(5))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.post("/getMe")
    assert (await client.post("/getMe")).status_code == 200


async def test_after_closing_there_are_fresh_connections(
    fake: FakeTelegram, client: httpx.AsyncClient
) -> None:
    await client.post("/getMe")
    [before] = fake._server.transports
    await client._transport.aclose()
    assert (await client.post("/getMe")).status_code == 200
    assert len(fake._server.transports - {before}) == 1
