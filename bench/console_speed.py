"""How fast the console's pages are over a full database, and how a notice to very many chats leaves.

The program and the Bot API run as processes of their own; pages and questions come over a socket. What is
measured on the full office is measured on an empty one in the same run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from bench.console_stage import ASSIGNMENTS, DEEDS, DELIVERIES, QUESTIONS, FullOffice
from bench.delivery_stage import Api, NotRunning, Service
from bench.figures import Section, Target, percentile
from bot.config import read_settings
from bot.web.console.cookies import Cookies
from bot.web.console.sections import SECTIONS
from bot.web.console.visit import ROOT
from office.settings import hash_key

VISITS = 30  # of each page
CHATS = 10_000
ASKED, PAUSE = 300, 0.05  # questions of citizens, seconds between them
_LEAD = 3.0
_MORE = (
    "/thong-bao/1",
    "/thong-bao?trang=2",
    "/hoi-dap?trang=3",
    "/nhiem-vu?trang=4",
    "/nhiem-vu/1",
    "/nhat-ky?trang=5",
)
_QUESTIONS = (
    "xin giay phep ban le ruou can giay to gi",
    "cap lai giay phep xang dau o dau",
    "phi ban le thuoc la",
    "nop ho so qua buu dien duoc khong",
)


def measure_console() -> list[Section]:
    """All of it; takes about three minutes."""
    return [_measure_pages(), _measure_notice()]


def _measure_pages() -> Section:
    section = Section(
        f"Trang /van-phong với {QUESTIONS:,} câu hỏi, {DELIVERIES:,} lượt gửi, {ASSIGNMENTS:,} nhiệm vụ, "
        f"{DEEDS:,} dòng nhật ký"
    )
    paths = [f"{ROOT}{s.path}" for s in SECTIONS] + [f"{ROOT}{path}" for path in _MORE]
    with _office(full=False) as (client, _, _):
        empty = [t for path in paths for t in _visits(client, path, may_miss=True)]
    with _office(full=True) as (client, _, service):
        begun = time.perf_counter()
        client.get(f"{ROOT}/bao-cao").raise_for_status()
        first = 1000 * (time.perf_counter() - begun)
        times = {path: _visits(client, path) for path in paths}
        resident, _ = service.memory()
    worst = 0.0
    for path, seconds in times.items():
        p95 = 1000 * percentile(seconds, 0.95)
        worst = max(worst, p95)
        section.add(f"{path}: p50", 1000 * statistics.median(seconds), "ms")
        section.add(f"{path}: p95", p95, "ms")
    section.add("Báo cáo, lần đầu trong một phút", first, "ms")
    section.add("Cơ sở dữ liệu trống, mọi trang: p95", 1000 * percentile(empty, 0.95), "ms")
    section.add("Bộ nhớ sau đó (VmRSS)", resident, "MB")
    section.targets.append(Target("Trang chậm nhất (p95)", worst, 200, "ms"))
    return section


def _measure_notice() -> Section:
    section = Section(f"Một thông báo tới {CHATS:,} cuộc trò chuyện, trong khi người dân vẫn hỏi")
    with _office(full=True, chats=CHATS) as (client, office, service):
        idle = _ask(client)
        due = datetime.now(UTC) + timedelta(seconds=_LEAD)
        notice = office.notice_to_everyone(due)
        busy = _ask(client, until=lambda: _queued(office, notice))
        started, ended, count = office.queued(notice)
        if started is None or ended is None:
            raise NotRunning("the notice was not queued in time")
        leaving = _ask(client)
        office.call_off()
        resident, _ = service.memory()
    section.add("Tin đã ghi vào hàng đợi", count)
    section.add("Trả lời người dân khi rảnh: p50", 1000 * statistics.median(idle), "ms")
    section.add("Trả lời người dân khi rảnh: p95", 1000 * percentile(idle, 0.95), "ms")
    section.add("Trong khi ghi hàng đợi: p95", 1000 * percentile(busy, 0.95), "ms")
    section.add("Trong khi ghi hàng đợi: lâu nhất", 1000 * max(busy), "ms")
    section.add("Trong khi đang gửi: p95", 1000 * percentile(leaving, 0.95), "ms")
    section.add("Bộ nhớ (VmRSS)", resident, "MB")
    both = [*busy, *leaving]
    section.targets += [
        Target("Ghi hàng đợi", (ended - due).total_seconds(), 5, "s"),
        Target(
            "Trả lời người dân so với khi rảnh (p95)",
            percentile(both, 0.95) / percentile(idle, 0.95),
            2,
            "lần",
        ),
    ]
    return section


@contextmanager
def _office(*, full: bool, chats: int = 0) -> Iterator[tuple[httpx.Client, FullOffice, Service]]:
    """A running office and somebody of Văn phòng who is logged in."""
    with tempfile.TemporaryDirectory(prefix="xinluon-bench-") as folder, Api(limits=True) as api:
        service = Service(Path(folder))
        key = hash_key(read_settings(service.config(), {}), Path(folder))
        office = FullOffice(service, hash_key=key)
        if full:
            office.fill()
        if chats:
            office.private_chats(chats)
        clerk = office.clerk()
        service.start(api)
        try:
            address = service.address()
            cookies = {Cookies(secure=False).session_name: clerk.secret}
            with httpx.Client(base_url=address, cookies=cookies, timeout=30, trust_env=False) as client:
                yield client, office, service
        finally:
            service.stop()
            office.close()


def _visits(client: httpx.Client, path: str, *, may_miss: bool = False) -> Sequence[float]:
    """How long a page took each time, in seconds; the first visit of each isn't counted."""
    seconds = []
    for _ in range(VISITS + 1):
        begun = time.perf_counter()
        response = client.get(path)
        seconds.append(time.perf_counter() - begun)
        if response.status_code == 404 and may_miss:
            return ()
        response.raise_for_status()
    return seconds[1:]


def _ask(client: httpx.Client, *, until: Callable[[], bool] | None = None) -> Sequence[float]:
    """How long citizens waited for an answer, in seconds: so many, or `until` it is enough (checked now and
    then; at most four times as many)."""
    seconds: list[float] = []
    address = str(client.base_url)
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as citizen:
        for n in range(ASKED * (4 if until else 1)):
            begun = time.perf_counter()
            body = {"text": f"{_QUESTIONS[n % len(_QUESTIONS)]} {n}"}
            citizen.cookies.clear()
            # Each of them from an address of their own: one address may not ask that often.
            there = {"X-Forwarded-For": f"10.{n // 250 % 250}.{n % 250}.1"}
            citizen.post("/api/chat", json=body, headers=there).raise_for_status()
            seconds.append(time.perf_counter() - begun)
            if until and n % 20 == 19 and until():
                break
            time.sleep(PAUSE)
    return seconds


def _queued(office: FullOffice, notice: int) -> bool:
    return office.queued(notice)[1] is not None
