"""A lane at work on a real database, above a platform of ours."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from office.clock import SystemClock
from office.database import make_engine, session_factory, upgrade
from office.deliveries import Delivery, Doubt, Lane, Source, Status
from office.messages import ChatAddress, Line, Reply
from office.switches import Switch, of_channel
from scheduler.courier import Failed, Moved, Paused, Retry, Uncertain
from scheduler.delivery import Policy
from scheduler.lane import LaneWorker
from scheduler.lane_ledger import Trouble
from scheduler.lanes import Lanes
from scheduler.outbox import Manner, Outbox, Recipient
from scheduler.pacer import Limits, Pacer
from scheduler.quiet import QuietHours
from tests.fakes.courier import FakeCourier
from tests.integration.scheduler.conftest import Clock

FAST = Limits(per_second=1000, per_chat_second=1000, per_group_minute=100_000)


def queue(
    sessions: sessionmaker[Session],
    outbox: Outbox,
    clock: Clock | SystemClock,
    *chats: int,
    text: str = "Nhắc việc",
    number: int = 1,
    doubt: Doubt = Doubt.REPEAT,
) -> None:
    now = clock.now()
    to = [Recipient(to=ChatAddress(channel="telegram", account="42", chat=str(c))) for c in chats]
    with sessions.begin() as session:
        occurrence = outbox.occasion(session, Source.REMINDER, number, "", now, now=now)
        assert occurrence is not None
        reply = Reply(lines=(Line(text),))
        outbox.tell(session, occurrence, to, reply, due_at=now, now=now, manner=Manner(doubt=doubt))


def counts(sessions: sessionmaker[Session]) -> dict[Status, int]:
    with sessions() as session:
        rows = session.execute(select(Delivery.status, func.count()).group_by(Delivery.status))
        return dict(iter(rows))


class Worker:
    def __init__(
        self,
        sessions: sessionmaker[Session],
        clock: Clock,
        policy: Policy,
        courier: FakeCourier,
        *,
        limits: Limits = FAST,
        owner: str = "a",
        trouble: Trouble | None = None,
    ) -> None:
        self.pacer = Pacer(limits)
        self.worker = LaneWorker(
            courier,
            sessions=sessions,
            clock=clock,
            policy=policy,
            pacer=self.pacer,
            owner=owner,
            trouble=trouble,
        )

    async def drain(self) -> object:
        return await asyncio.wait_for(self.worker.drain(), 30)


@pytest.fixture
def courier() -> FakeCourier:
    return FakeCourier()


@pytest.fixture
def worker(sessions: sessionmaker[Session], clock: Clock, policy: Policy, courier: FakeCourier) -> Worker:
    return Worker(sessions, clock, policy, courier)


async def test_all_that_is_due_is_sent_once_and_the_lane_is_let_go(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, worker: Worker, courier: FakeCourier
) -> None:
    queue(sessions, outbox, clock, *range(200))
    assert await worker.drain() is None
    assert Counter(chat for chat, _ in courier.received) == Counter(str(n) for n in range(200))
    assert counts(sessions) == {Status.SENT: 200}
    with sessions() as session:
        [lane] = session.scalars(select(Lane))
        assert lane.lease_until is None


async def test_no_more_than_the_window_is_ever_in_the_air(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, worker: Worker, courier: FakeCourier
) -> None:
    courier.seconds = 0.02
    queue(sessions, outbox, clock, *range(150))
    worst = []

    def look(parcel: object) -> None:
        worst.append(counts(sessions).get(Status.SENDING, 0))

    courier.before = look
    await worker.drain()
    assert max(worst) <= 32
    assert courier.most_in_air > 4


@pytest.mark.alone
async def test_the_account_keeps_its_pace(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, policy: Policy, courier: FakeCourier
) -> None:
    worker = Worker(sessions, clock, policy, courier, limits=Limits(per_second=50))
    for number in range(3):  # a machine that does something else for a moment makes it slower, never faster
        queue(sessions, outbox, clock, *range(75), number=number)
        await worker.drain()
        took = courier.at[-1] - courier.at[-75]
        assert took > 74 / 50 - 0.15
        if took < 74 / 50 + 0.15:
            break
    assert took < 74 / 50 + 0.15


async def test_a_flooded_chat_waits_alone(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, worker: Worker, courier: FakeCourier
) -> None:
    courier.outcomes.append(Paused(seconds=40))
    queue(sessions, outbox, clock, 1, 2, 3)
    wanted = await worker.drain()
    assert counts(sessions) == {Status.SENT: 2, Status.RETRY: 1}
    assert wanted is not None
    assert worker.pacer.wait("1", group=False, now=asyncio.get_running_loop().time()) > 30


async def test_a_platform_out_of_reach_is_tried_ever_more_rarely_and_nothing_is_lost(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, worker: Worker, courier: FakeCourier
) -> None:
    courier.outcomes.extend([Retry(reason="mạng", network=True)] * 3)
    queue(sessions, outbox, clock, 1, 2, 3, 4, 5)
    await worker.drain()
    assert counts(sessions).get(Status.FAILED, 0) == 0
    clock.forward(minutes=2)
    for _ in range(5):
        await asyncio.sleep(1.1)
        await worker.drain()
        if counts(sessions) == {Status.SENT: 5}:
            break
    assert counts(sessions) == {Status.SENT: 5}
    assert len(courier.received) == 5


async def test_a_fault_of_the_courier_is_uncertain_not_sent_and_not_lost(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, worker: Worker, courier: FakeCourier
) -> None:
    courier.outcomes.append(RuntimeError("boom"))
    queue(sessions, outbox, clock, 1, 2, doubt=Doubt.ASK)
    await worker.drain()
    assert counts(sessions) == {Status.UNCERTAIN: 1, Status.SENT: 1}


async def test_moved_and_unreachable_chats_are_told_of_in_the_same_transaction(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, policy: Policy, courier: FakeCourier
) -> None:
    told: list[tuple[str, str]] = []

    class Noting(Trouble):
        def moved(self, session: Session, old: ChatAddress, chat: str, now: object) -> None:
            told.append((old.chat, chat))

        def unreachable(self, session: Session, to: ChatAddress, reason: str, now: object) -> None:
            told.append((to.chat, reason))

    worker = Worker(sessions, clock, policy, courier, trouble=Noting())
    courier.outcomes.extend([Moved(chat="-1001"), Failed(reason="bị chặn", unreachable=True)])
    queue(sessions, outbox, clock, 1, 2)
    await worker.drain()
    assert sorted(told) == [("1", "-1001"), ("2", "bị chặn")]
    assert ("-1001", "Nhắc việc") in courier.received


async def test_stopping_lets_the_air_clear_and_hands_back_the_rest(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, policy: Policy, courier: FakeCourier
) -> None:
    courier.seconds = 0.3
    worker = Worker(sessions, clock, policy, courier, limits=Limits(per_second=20))
    queue(sessions, outbox, clock, *range(40))
    task = asyncio.create_task(worker.drain())
    async with asyncio.timeout(20):
        while len(courier.received) <= 3:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    kept = counts(sessions)
    assert Status.SENDING not in kept
    assert Status.UNCERTAIN not in kept
    assert kept[Status.SENT] == len(courier.received) > 3
    assert sum(kept.values()) == 40


async def test_two_processes_at_one_account_send_each_message_once(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, policy: Policy, database_url: str
) -> None:
    couriers = [FakeCourier(seconds=0.002) for _ in range(2)]
    engines = [make_engine(database_url) for _ in range(2)]
    workers = [
        Worker(sessionmaker(e, expire_on_commit=False), clock, policy, c, owner=f"p{n}")
        for n, (e, c) in enumerate(zip(engines, couriers, strict=True))
    ]
    for number in range(6):
        queue(sessions, outbox, clock, *range(number * 50, number * 50 + 50), number=number)
    for _ in range(3):
        await asyncio.gather(*(w.drain() for w in workers))
    for engine in engines:
        engine.dispose()
    arrived = Counter(chat for c in couriers for chat, _ in c.received)
    assert arrived == Counter(str(n) for n in range(300))


async def test_a_worker_that_loses_its_lane_still_books_what_it_sent(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, worker: Worker, courier: FakeCourier
) -> None:
    courier.seconds = 0.3
    queue(sessions, outbox, clock, 1, doubt=Doubt.ASK)

    def steal(parcel: object) -> None:
        with sessions.begin() as session:
            session.execute(update(Lane).values(token=Lane.token + 1, owner="thief"))

    courier.before = steal
    await worker.drain()
    assert counts(sessions) == {Status.SENT: 1}


async def test_lanes_send_at_the_commit_and_at_the_moment(tmp_path: Path, quiet: QuietHours) -> None:
    clock = SystemClock()
    engine = make_engine(f"sqlite:///{tmp_path}/x.db")
    upgrade(engine)
    sessions = session_factory(engine)
    no_quiet = QuietHours(since=quiet._until, until=quiet._until, days_off=False, calendar=_Always())
    lanes = Lanes(
        sessions=sessions,
        readers=session_factory(engine, read_only=True),
        clock=clock,
        policy=Policy(quiet=no_quiet),
        limits=FAST,
    )
    courier = FakeCourier()
    outbox = Outbox(quiet=no_quiet, wake=lanes.wake)
    task = asyncio.create_task(lanes.run([courier]))
    await asyncio.sleep(0.3)
    started = asyncio.get_running_loop().time()
    await asyncio.to_thread(queue, sessions, outbox, clock, 1)
    async with asyncio.timeout(20):
        while not courier.received:
            await asyncio.sleep(0.01)
    assert courier.at[0] - started < 5  # a scan would come later
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    engine.dispose()


async def test_a_stopped_channel_is_left_alone_until_its_switch_is_turned(
    engine: Engine,
    sessions: sessionmaker[Session],
    outbox: Outbox,
    clock: Clock,
    policy: Policy,
    courier: FakeCourier,
) -> None:
    lanes = Lanes(sessions=sessions, readers=sessions, clock=clock, policy=policy, limits=FAST)
    queue(sessions, outbox, clock, 1)
    switch = Switch(key=of_channel("telegram"), stopped=True, reason="thử", changed_at=clock.now())
    with sessions.begin() as session:
        session.add(switch)
    task = asyncio.create_task(lanes.run([courier]))
    looks = 0

    def note(*args: object) -> None:
        nonlocal looks
        looks += 1

    event.listen(engine, "before_cursor_execute", note)
    before = -1
    async with asyncio.timeout(20):
        while not looks or looks != before:  # until it has looked, and looks no more
            before = looks
            await asyncio.sleep(0.5)
    event.remove(engine, "before_cursor_execute", note)
    assert courier.received == []
    with sessions.begin() as session:
        session.execute(update(Switch).values(stopped=False))
    lanes.wake_all()
    async with asyncio.timeout(20):
        while not courier.received:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class _Always:
    def is_working(self, day: object) -> bool:
        return True


async def test_a_message_left_in_the_air_by_the_dead_is_found(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, policy: Policy, courier: FakeCourier
) -> None:
    queue(sessions, outbox, clock, 1, doubt=Doubt.ASK)
    with sessions.begin() as session:
        session.execute(update(Delivery).values(status=Status.SENDING, token=7))
        session.add(Lane(channel="telegram", account="42", owner="gone:1:1:x", token=7))
    lanes = Lanes(
        sessions=sessions, readers=sessions, clock=clock, policy=policy, limits=FAST, scan_seconds=0.1
    )
    task = asyncio.create_task(lanes.run([courier]))
    async with asyncio.timeout(20):
        while counts(sessions) != {Status.UNCERTAIN: 1}:
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert courier.received == []


async def test_a_database_that_is_locked_for_a_while_costs_nothing(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, policy: Policy, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/locked.db"
    engine, impatient = make_engine(url), make_engine(url, busy_seconds=0.1)
    upgrade(engine)
    mine = session_factory(engine)
    queue(mine, outbox, clock, *range(20))
    courier = FakeCourier(seconds=0.05)
    worker = Worker(session_factory(impatient), clock, policy, courier)
    task = asyncio.create_task(worker.drain())
    async with asyncio.timeout(20):
        while not courier.received:
            await asyncio.sleep(0.005)
    blocker = mine()
    blocker.connection()  # BEGIN IMMEDIATE
    await asyncio.sleep(1.0)
    blocker.rollback()
    await task
    assert Counter(chat for chat, _ in courier.received) == Counter(str(n) for n in range(20))
    assert counts(mine) == {Status.SENT: 20}
    engine.dispose()
    impatient.dispose()


async def test_an_uncertain_message_is_not_sent_again_by_a_later_drain(
    sessions: sessionmaker[Session], outbox: Outbox, clock: Clock, worker: Worker, courier: FakeCourier
) -> None:
    courier.outcomes.append(Uncertain(reason="mất kết nối"))
    queue(sessions, outbox, clock, 1, doubt=Doubt.ASK)
    for _ in range(3):
        await worker.drain()
        clock.forward(hours=1)
    assert courier.received == []
