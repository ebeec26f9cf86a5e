"""Posting a great many requests at once, and asking like a citizen meanwhile; how long each of them took."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.acceptance.program import Program

_PAUSE = 0.1  # seconds from a citizen's answer to their next question


@dataclass(frozen=True, slots=True)
class Post:
    """A request to be posted."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """Its HTTP status, 0 for none, and how long it took."""

    status: int
    seconds: float


def flood(port: int, posts: Sequence[Post], *, patience: float = 30.0) -> list[Answered]:
    """Post all at once, each by a connection of its own; the answers in the same order."""

    async def all_of_them() -> list[Answered]:
        return await asyncio.gather(*(_post(port, post, patience) for post in posts))

    return asyncio.run(all_of_them())


async def _post(port: int, post: Post, patience: float) -> Answered:
    head = [f"POST {post.path} HTTP/1.1", "Host: xinluon", "Connection: close"]
    head += [f"Content-Length: {len(post.body)}", "Content-Type: application/json"]
    head += [f"{name}: {value}" for name, value in post.headers.items()]
    started = time.monotonic()
    status = 0
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write("\r\n".join([*head, "", ""]).encode() + post.body)
                status = int((await reader.readline()).split()[1])
            finally:
                writer.close()
    except (OSError, TimeoutError, IndexError):
        pass  # no answer: a body that is too large may be cut off
    return Answered(status, time.monotonic() - started)


@contextmanager
def citizens(program: Program, count: int = 2) -> Iterator[list[float]]:
    """So many people ask on the web page, one question after another; how long each answer took.

    Every question is somebody else's, as the page's own limits are no matter here. The block's end waits for
    the last answers, each of which must be a good one.
    """
    took: list[float] = []
    wrong: list[str] = []
    over = threading.Event()

    def ask(number: int) -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not over.is_set():
                started = time.monotonic()
                address = {"X-Forwarded-For": f"10.{number}.{len(took) // 250}.{len(took) % 250}"}
                body = {"text": "phí bán lẻ thuốc lá"}
                answer = client.post(f"{program.url}/api/chat", json=body, headers=address)
                took.append(time.monotonic() - started)
                if answer.status_code != 200 or "31/12/2026" not in answer.text:
                    wrong.append(f"{answer.status_code} {answer.text[:200]}")
                client.cookies.clear()
                over.wait(_PAUSE)

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield took
    finally:
        over.set()
        for thread in threads:
            thread.join(90)
    assert not wrong, wrong[:3]
    assert took


def p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[max(0, round(len(seconds) * 0.95) - 1)]


def memory_of(program: Program) -> float:
    """MB of RAM that the program has."""
    assert program._process is not None
    lines = Path(f"/proc/{program._process.pid}/status").read_text("ascii").splitlines()
    [resident] = [line for line in lines if line.startswith("VmRSS:")]
    return int(resident.split()[1]) / 1024
