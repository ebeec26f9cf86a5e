"""What these tests share: a Bot API in a process of its own, a full outbox, the judgment of what came."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from office.bot_tokens import account_of
from office.database import make_engine, session_factory, upgrade
from office.deliveries import Doubt, Source
from office.messages import ChatAddress, Line, Reply
from office.wire import replies_from_json
from scheduler.outbox import Manner, Outbox, Recipient
from scheduler.quiet import QuietHours
from tests.acceptance.program import Program
from tests.fakes.telegram import TOKEN, FakeTelegram

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("XINLUON_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
MARK = "có thể đã đến"
PRIVATE, GROUP = 8_000_000, -100_800_0000  # the first chat of each kind, counted away from zero

_NUMBER = re.compile(r"Tin thử số (\d+)\.")


class FakeProcess:
    """The fake Bot API as a process, so that it costs the test no time of its own."""

    token = TOKEN

    def __init__(self, *, latency_ms: float = 0.0) -> None:
        self._latency = latency_ms
        self._client = httpx.Client(timeout=20, trust_env=False)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.fakes.telegram", "--latency-ms", str(self._latency)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().decode().strip()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._client.close()
        self._process.terminate()
        self._process.communicate(timeout=10)

    def count(self) -> int:
        """How many messages it has taken."""
        return int(self._get("stats")["sent"])

    def sent(self) -> list[Arrival]:
        return [Arrival(chat=row["chat"], text=row["text"]) for row in self._get("sent")]

    def _get(self, what: str) -> Any:
        return self._client.get(f"{self.url}/_control/{what}").raise_for_status().json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message of ours at the platform."""

    chat: str
    text: str


def arrivals(*fakes: FakeTelegram) -> list[Arrival]:
    """What fakes in this process were sent, one after the other."""
    return [Arrival(chat=str(m.chat.id), text=m.text) for fake in fakes for m in fake.sent]


def settings(
    *, url: str = "", database: Path | None = None, per_second: float = 200
) -> dict[str, dict[str, Any]]:
    """Nothing held by quiet hours or days off, and a pace that suits a test."""
    quiet = {"since": "0:00", "until": "0:00", "days_off": False}
    tree: dict[str, dict[str, Any]] = {"delivery": {"per_second": per_second, "quiet": quiet}}
    if url:
        tree["telegram"] = {"enabled": True, "base_url": url}
    if database:
        tree["database"] = {"url": f"sqlite:///{database}"}
    return tree


class _EveryDay:
    def is_working(self, day: date) -> bool:
        return True


def database_of(folder: Path) -> Path:
    """The database of a program in this folder."""
    return folder / "var" / "xinluon.db"


def fill(
    folder: Path,
    *,
    private: int,
    groups: int = 0,
    each: int = 0,
    due_in: float = 0.0,
    doubts: tuple[Doubt, ...] = (Doubt.REPEAT, Doubt.ASK),
) -> int:
    """Queue a message to each of so many private chats, and `each` to every group, in the program's database.

    Doubts take turns. Returns how many messages that makes; they are numbered from 0.
    """
    engine = make_engine(f"sqlite:///{database_of(folder)}")
    upgrade(engine)
    quiet = QuietHours(since=time(0), until=time(0), days_off=False, calendar=_EveryDay())
    outbox = Outbox(quiet=quiet)
    chats = [(PRIVATE + n, False) for n in range(private)]
    rounds = [chats, *([(GROUP - n, True) for n in range(groups)] for _ in range(each))]
    now = datetime.now(UTC)
    due_at = now + timedelta(seconds=due_in)
    number = 0
    with session_factory(engine).begin() as session:
        for at, some in enumerate(rounds):
            occurrence = outbox.occasion(session, Source.EVENT, at, "thử", due_at, now=now)
            assert occurrence is not None
            for chat, group in some:
                to = ChatAddress(
                    channel="telegram", account=account_of(TOKEN), chat=str(chat), topic="", group=group
                )
                outbox.tell(
                    session,
                    occurrence,
                    [Recipient(to=to)],
                    Reply(lines=(Line(f"Tin thử số {number}."),)),
                    due_at=due_at,
                    now=now,
                    manner=Manner(doubt=doubts[number % len(doubts)]),
                )
                number += 1
    engine.dispose()
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A delivery as the program has booked it."""

    id: int
    number: int
    chat: str
    status: str
    repeat: int
    doubt: str


def rows_of(program: Program) -> list[Row]:
    found = program.rows("SELECT id, body, chat, status, repeat, doubt FROM deliveries ORDER BY id")
    return [
        Row(id=id, number=number_in(_text(body)), chat=chat, status=status, repeat=repeat, doubt=doubt)
        for id, body, chat, status, repeat, doubt in found
    ]


def _text(body: str) -> str:
    return replies_from_json(json.loads(body))[0].text()


def number_in(text: str) -> int:
    """The number of a test message, whatever stands around it."""
    match = _NUMBER.search(text)
    assert match, text
    return int(match[1])


def waiting(program: Program, *, repeats: bool = True) -> int:
    """How many deliveries are still to go, with or without marked repeats."""
    open_ = "status IN ('queued', 'held', 'sending', 'retry')"
    only = "" if repeats else " AND repeat = 0"
    [(count,)] = program.rows(f"SELECT count(*) FROM deliveries WHERE {open_}{only}")  # noqa: S608 - ours
    return int(count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong with a run, and how often a message is uncertain or came twice with its mark."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    uncertain: frozenset[int]  # ids of deliveries
    arrived_of_them: int
    marked_twice: int

    def check(self) -> None:
        assert not self.lost
        assert not self.doubled


def judge(rows: Iterable[Row], came: Iterable[Arrival], *, total: int) -> Verdict:
    """Compare what was booked with what came.

    Lost: not come and not uncertain, or come to another chat. Doubled: come twice without both an uncertain
    row and the mark on all but one.
    """
    booked: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        booked[row.number].append(row)
    texts: dict[int, list[Arrival]] = defaultdict(list)
    for arrival in came:
        texts[number_in(arrival.text)].append(arrival)
    uncertain = {row.id: row for some in booked.values() for row in some if row.status == "uncertain"}
    lost, doubled, marked_twice = [], [], 0
    for number in range(total):
        mine, got = booked[number], texts[number]
        doubtful = any(row.status == "uncertain" for row in mine)
        if (not got and not doubtful) or any(a.chat != mine[0].chat for a in got):
            lost.append(f"{number}: {mine} {got}")
        plain = sum(MARK not in arrival.text for arrival in got)
        if len(got) > 1 and doubtful and plain <= 1 and len(got) == 2 and mine[0].doubt == Doubt.REPEAT:
            marked_twice += 1
        elif len(got) > 1:
            doubled.append(f"{number}: {mine} {got}")
    return Verdict(
        lost=lost,
        doubled=doubled,
        uncertain=frozenset(uncertain),
        arrived_of_them=sum(bool(texts[row.number]) for row in uncertain.values()),
        marked_twice=marked_twice,
    )


def states(rows: Iterable[Row]) -> Mapping[str, int]:
    """How many rows are in each state."""
    counted: dict[str, int] = defaultdict(int)
    for row in rows:
        counted[row.status] += 1
    return dict(counted)
