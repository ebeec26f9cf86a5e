"""How punctually and how fast messages leave, beside the usual ways to send (Linux).

The program and the Bot API run as processes of their own; the Bot API is the tests', with Telegram's limits
where it says so. Quiet hours are switched off, whatever the time of day.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.delivery_naive import all_at_once, one_by_one
from bench.delivery_stage import FIRST_GROUP, FIRST_PRIVATE, Api, Arrival, NotRunning, Service, Stock
from bench.figures import Section, Target, percentile
from office.settings import Delivery

REMINDERS, ASSIGNMENTS = 100_000, 10_000
DUE, EVERY = 400, 0.05  # rules due one after another, seconds between them
DEPARTMENTS = 25  # whose groups are told in turn
AT_ONCE = 1_000
PRIVATE, GROUPS, EACH = 600, 3, 25  # against the limits
IDLE_SECONDS = 20.0
LATENCY_MS = 40.0  # of one call, there and back
UNPACED = {"per_second": 1000.0, "per_chat_second": 100.0, "per_group_minute": 1000}
_NUMBER = re.compile(r"^đúng giờ (\d+)$", re.MULTILINE)
_LEAD = 12.0  # seconds until the first moment: the program has to be up by then


def measure_delivery() -> list[Section]:
    """All of it; takes about four minutes."""
    with tempfile.TemporaryDirectory(prefix="xinluon-bench-") as folder:
        punctual = Service(Path(folder))
        stock = Stock(punctual)
        stock.future(reminders=REMINDERS, assignments=ASSIGNMENTS)
        stock.groups(AT_ONCE, departments=DEPARTMENTS)
        sections = [_measure_lateness(punctual, stock)]
        stock.forget_deliveries()
        sections.append(_measure_at_once(Service(Path(folder), delivery=UNPACED), stock))
        stock.close()
    sections.append(_measure_limits())
    return sections


def _measure_lateness(service: Service, stock: Stock) -> Section:
    section = Section(f"Đúng giờ, với {REMINDERS:,} quy tắc nhắc và {ASSIGNMENTS:,} nhiệm vụ đang mở")
    with Api() as api:
        first = datetime.now(UTC) + timedelta(seconds=_LEAD)
        moments = [first + n * timedelta(seconds=EVERY) for n in range(DUE)]
        stock.due(moments, name="đúng giờ")
        service.start(api)
        try:
            if datetime.now(UTC) >= first:
                raise NotRunning("the program took longer to start than the first rule could wait")
            came = api.wait(DUE, within=_LEAD + DUE * EVERY + 30)
            late = [arrival.at - moments[_number(arrival)].timestamp() for arrival in came]
            time.sleep(3)  # what the last message has set going ends
            used = service.cpu_seconds()
            time.sleep(IDLE_SECONDS)
            idle = 100 * (service.cpu_seconds() - used) / IDLE_SECONDS
            resident, peak = service.memory()
        finally:
            service.stop()
    section.add("Tin đến hạn lần lượt", DUE)
    section.add("Cách nhau", 1000 * EVERY, "ms")
    section.add("Đến trễ so với giờ hẹn: p50", 1000 * percentile(late, 0.5), "ms")
    section.add("Đến trễ so với giờ hẹn: p99", 1000 * percentile(late, 0.99), "ms")
    section.add("Đến trễ so với giờ hẹn: nhiều nhất", 1000 * max(late), "ms")
    section.add(f"CPU khi không có việc, trong {IDLE_SECONDS:.0f} giây", idle, "% một nhân")
    section.add("Bộ nhớ (VmRSS)", resident, "MB")
    section.targets += [
        Target("Tin đến trễ so với giờ hẹn (p99)", percentile(late, 0.99), 1, "s"),
        Target("CPU khi không có việc", idle, 1, "%"),
        Target("Bộ nhớ của xinluon run (cao nhất)", peak, 150, "MB"),
    ]
    return section


def _measure_at_once(service: Service, stock: Stock) -> Section:
    section = Section(f"{AT_ONCE:,} tin cùng lúc, nền tảng không giới hạn")
    with Api() as api:
        at = datetime.now(UTC) + timedelta(seconds=_LEAD)
        stock.due_to_all(at, name="cùng lúc")
        service.start(api)
        try:
            came = api.wait(AT_ONCE, within=_LEAD + 60)
        finally:
            service.stop()
    ours = _rate(came)
    stock.forget_deliveries()
    with Api() as api:
        at = datetime.now(UTC) + timedelta(seconds=_LEAD)
        stock.rungs_due(at, count=AT_ONCE)
        service.start(api)
        try:
            each = api.wait(AT_ONCE, within=_LEAD + 60)
        finally:
            service.stop()
    with Api() as api:
        asyncio.run(all_at_once(api.url, range(FIRST_PRIVATE, FIRST_PRIVATE + AT_ONCE)))
        naive = _rate(api.wait(AT_ONCE, within=10))
    section.add("Xin Luôn, một quy tắc tới mọi nhóm: từ tin đầu tới tin cuối", ours, "tin/s")
    section.add(
        f"Xin Luôn, {AT_ONCE} nhiệm vụ, mỗi người một việc: từ tin đầu tới tin cuối", _rate(each), "tin/s"
    )
    section.add("  từ giờ hẹn tới tin cuối", max(a.at for a in each) - at.timestamp(), "s")
    section.add("asyncio.gather, mỗi tin một tác vụ, không lưu gì", naive, "tin/s")
    section.targets.append(Target("Tin cùng lúc, SQLite", ours, 300, "tin/s", at_most=False))
    return section


def _measure_limits() -> Section:
    section = Section(f"{PRIVATE} tin riêng và {GROUPS} × {EACH} tin nhóm, theo giới hạn của Telegram")
    chats = range(FIRST_PRIVATE, FIRST_PRIVATE + PRIVATE)
    allowed = Delivery().per_second
    with tempfile.TemporaryDirectory(prefix="xinluon-bench-") as folder:
        service = Service(Path(folder))
        stock = Stock(service)
        stock.queue(
            [
                *((chat, False, f"Tin gửi tới {chat}") for chat in chats),
                *(
                    (FIRST_GROUP - g, True, f"Tin {n} của nhóm {g}")
                    for n in range(EACH)
                    for g in range(GROUPS)
                ),
            ]
        )
        stock.close()
        with Api(limits=True, latency_ms=LATENCY_MS) as api:
            service.start(api)
            try:
                came = api.wait(PRIVATE + GROUPS * EACH, within=150)
            finally:
                service.stop()
            floods = int(api.stats()["floods"])
    before_last = max(a.at for a in came if int(a.chat) > 0)
    rate = _rate([arrival for arrival in came if arrival.at <= before_last])
    section.add("Xin Luôn: tốc độ", rate, "tin/s")
    section.add("Xin Luôn: bị từ chối (429)", floods)
    section.add("Xin Luôn: nhiều nhất trong một phút ở một nhóm", _busiest_minute(came))
    with Api(limits=True, latency_ms=LATENCY_MS) as api:
        asyncio.run(one_by_one(api.url, chats, pause=1 / allowed))
        section.add("Gửi lần lượt, nghỉ sau mỗi tin: tốc độ", _rate(api.wait(PRIVATE, within=10)), "tin/s")
        section.add("Gửi lần lượt, nghỉ sau mỗi tin: bị từ chối (429)", api.stats()["floods"])
    with Api(limits=True, latency_ms=LATENCY_MS) as api:
        asyncio.run(all_at_once(api.url, chats))
        section.add("asyncio.gather: tốc độ", _rate(api.wait(PRIVATE, within=10)), "tin/s")
        section.add("asyncio.gather: bị từ chối (429)", api.stats()["floods"])
    section.targets += [
        Target("Tốc độ so với mức được phép", 100 * rate / allowed, 97, "%", at_most=False),
        Target("Lần bị Telegram từ chối vì quá nhanh", floods, 0, ""),
    ]
    section.notes.append("«Từ chối» là lỗi 429: máy chủ thử bắt chờ rồi gửi lại.")
    return section


def _number(arrival: Arrival) -> int:
    match = _NUMBER.search(arrival.text)
    if match is None:
        raise NotRunning(f"an unknown message: {arrival.text!r}")
    return int(match[1])


def _rate(came: Sequence[Arrival]) -> float:
    """Messages a second from the first to the last."""
    moments = [arrival.at for arrival in came]
    return (len(moments) - 1) / (max(moments) - min(moments))


def _busiest_minute(came: Sequence[Arrival]) -> int:
    """The most messages that any group was sent within a minute."""
    most = 0
    for chat in {arrival.chat for arrival in came if int(arrival.chat) < 0}:
        moments = sorted(arrival.at for arrival in came if arrival.chat == chat)
        most = max(most, *(sum(at <= other < at + 60 for other in moments) for at in moments))
    return most
