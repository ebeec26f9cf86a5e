"""What the measurements of delivery run on: the program and a Bot API as processes, and a full database."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.orm import Session, sessionmaker

from bot.config import read_settings
from bot.staff import quiet_hours
from office.assignments import Assignment, AssignmentState, Priority, Responsible
from office.bot_tokens import account_of
from office.database import make_engine, session_factory, upgrade
from office.deliveries import Delivery, Occurrence, Source
from office.groups import Group, GroupState
from office.messages import ChatAddress, Line, Reply
from office.people import ChatAccount, Department, Member
from office.reminders import Origin, Reminder, ReminderKind
from scheduler.calendar import WorkCalendar
from scheduler.ladder import Ladder
from scheduler.outbox import Outbox, Recipient

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "123456789:AAtoken-of-the-measurements"  # noqa: S105 - opens nothing
_BOT = {"channel": "telegram", "account": account_of(TOKEN)}
FIRST_GROUP, FIRST_PRIVATE = -100_700_0000, 7_000_000
READY_SECONDS = 30.0

_SERVING = "đang phục vụ"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_RSS = re.compile(r"^(VmRSS|VmHWM):\s+(\d+) kB", re.MULTILINE)
_CHUNK = 5_000
_YEAR = timedelta(days=365)


class NotRunning(Exception):
    """A process did not come up or did not finish in time, so nothing can be measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message at the platform; `at`: seconds since 1970."""

    chat: str
    text: str
    at: float


class Api:
    """The tests' Bot API in a process of its own."""

    def __init__(self, *, limits: bool = False, latency_ms: float = 0.0) -> None:
        self._arguments = [
            "--token",
            TOKEN,
            "--latency-ms",
            str(latency_ms),
            *(["--limits"] if limits else []),
        ]
        self._client = httpx.Client(timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.fakes.telegram", *self._arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603 - our own command
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().decode().strip()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._client.close()
        self._process.terminate()
        self._process.communicate(timeout=15)

    def wait(self, count: int, *, within: float) -> list[Arrival]:
        """The messages, once there are so many. Raises NotRunning."""
        deadline = time.monotonic() + within
        while (came := int(self.stats()["sent"])) < count:
            if time.monotonic() > deadline:
                raise NotRunning(f"{came} of {count} messages within {within:.0f} s")
            time.sleep(0.25)  # seldom: its answer costs the server time
        rows = self._client.get(f"{self.url}/_control/sent").raise_for_status().json()
        return [Arrival(chat=row["chat"], text=row["text"], at=row["at"]) for row in rows]

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get(f"{self.url}/_control/stats").raise_for_status().json()
        return found


class Service:
    """`xinluon run` on a database in `folder`; what its settings don't say is as shipped."""

    def __init__(self, folder: Path, *, delivery: Mapping[str, float] | None = None) -> None:
        self._folder = folder
        self._delivery = {
            **(delivery or {}),
            "quiet": {"since": "0:00", "until": "0:00", "days_off": False},
        }
        self.database = f"sqlite:///{folder}/bench.db"

    def config(self, url: str = "") -> Path:
        """Write its settings."""
        tree: dict[str, Any] = {
            "web": {"port": 0, "trusted_proxies": ["127.0.0.1"]},
            "database": {"url": self.database},
            "log": {"level": "warning"},
            "delivery": self._delivery,
        }
        if url:
            tree["telegram"] = {"enabled": True, "base_url": url}
        path = self._folder / "config.yaml"
        path.write_text(json.dumps(tree), "utf-8")
        return path

    def start(self, api: Api) -> None:
        """Raises NotRunning."""
        command = [sys.executable, "-m", "bot", "run", "--config", str(self.config(api.url))]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("XINLUON_")}
        log = self._folder / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                cwd=ROOT,
                env={**kept, "XINLUON_TELEGRAM_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + READY_SECONDS
        while _SERVING not in log.read_text("utf-8", "replace"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise NotRunning(log.read_text("utf-8", "replace")[-2000:])
            time.sleep(0.05)

    def address(self) -> str:
        """Of its pages. Raises NotRunning."""
        match = _ADDRESS.search((self._folder / "log").read_text("utf-8", "replace"))
        if match is None:
            raise NotRunning("it doesn't say where it serves")
        return match[0]

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def cpu_seconds(self) -> float:
        """What it has used of the processors so far."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> tuple[float, float]:
        """Resident now and at its highest, in MB."""
        found = {name: int(size) / 1024 for name, size in _RSS.findall(self._proc("status"))}
        return found["VmRSS"], found["VmHWM"]

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self._process.pid}/{name}").read_text("utf-8")


class Stock:
    """Fills a service's database."""

    def __init__(self, service: Service) -> None:
        settings = read_settings(service.config(), {})
        self._engine: Engine = make_engine(service.database)
        upgrade(self._engine)
        self._sessions: sessionmaker[Session] = session_factory(self._engine)
        self._outbox = Outbox(quiet=quiet_hours(settings.delivery, WorkCalendar.shipped()))
        self._rules = self._works = self._departments = 0

    def close(self) -> None:
        self._engine.dispose()

    def future(self, *, reminders: int, assignments: int, seed: int = 1) -> None:
        """Rules and open work whose next moments lie in the coming year, none within a day."""
        chance = random.Random(seed)
        now = datetime.now(UTC)

        def later() -> datetime:
            return now + timedelta(days=1) + chance.random() * (_YEAR - timedelta(days=1))

        self._add(
            Reminder, (self._rule(f"năm {n}", later(), {"groups": "all"}, now) for n in range(reminders))
        )
        ladder, today = Ladder().as_dict(), now.date()
        self._works = assignments
        self._add(Assignment, (_work(n, later(), today, ladder, now) for n in range(assignments)))

    def groups(self, count: int, *, departments: int) -> None:
        """Approved groups, the first of them with a department each."""
        now = datetime.now(UTC)
        self._departments = departments
        names = ({"key": _department(n), "name": f"Phòng {n}"} for n in range(departments))
        self._add(Department, names)
        with self._sessions() as session:
            ids = list(session.scalars(select(Department.id).order_by(Department.id)))
        common = {**_BOT, "state": GroupState.APPROVED, "added_at": now}
        self._add(
            Group,
            (
                {**common, "chat": str(FIRST_GROUP - n), "department_id": ids[n] if n < len(ids) else None}
                for n in range(count)
            ),
        )

    def due(self, moments: Sequence[datetime], *, name: str) -> None:
        """A rule for each moment, called "name n", to the departments in turn."""
        now = datetime.now(UTC)
        keys = (_department(n % self._departments) for n in range(len(moments)))
        rows = zip(moments, keys, strict=True)
        self._add(
            Reminder,
            (self._rule(f"{name} {n}", at, {"departments": [to]}, now) for n, (at, to) in enumerate(rows)),
        )

    def due_to_all(self, at: datetime, *, name: str) -> None:
        """One rule to every group."""
        self._add(Reminder, [self._rule(name, at, {"groups": "all"}, datetime.now(UTC))])

    def rungs_due(self, at: datetime, *, count: int) -> None:
        """Work whose next rung is due, each with a person of its own who is reminded privately."""
        now = datetime.now(UTC)
        numbers = range(1, count + 1)
        ladder, first = Ladder().as_dict(), self._works + 1
        works = (_work(n, at, now.date(), ladder, now) for n in numbers)
        self._add(Member, ({"id": n, "name": f"Người {n}", "joined_at": now} for n in numbers))
        chats = ((n, str(FIRST_PRIVATE + n)) for n in numbers)
        self._add(
            ChatAccount,
            ({**_BOT, "member_id": n, "sender": chat, "chat": chat, "tied_at": now} for n, chat in chats),
        )
        self._add(Assignment, (work | {"id": first + n} for n, work in enumerate(works)))
        self._add(
            Responsible, ({"assignment_id": first + n - 1, "member_id": n, "named": True} for n in numbers)
        )

    def queue(self, texts: Iterable[tuple[int, bool, str]]) -> None:
        """Messages that wait already: (chat, whether it is a group, text)."""
        now = datetime.now(UTC)
        with self._sessions.begin() as session:
            for number, (chat, group, text) in enumerate(texts):
                to = ChatAddress(**_BOT, chat=str(chat), topic="", group=group)
                occurrence = self._outbox.occasion(session, Source.EVENT, number, text[:64], now, now=now)
                assert occurrence is not None
                reply = Reply(lines=(Line(text),))
                self._outbox.tell(session, occurrence, [Recipient(to=to)], reply, due_at=now, now=now)

    def forget_deliveries(self) -> None:
        """Empty the outbox between two measurements."""
        with self._sessions.begin() as session:
            session.execute(delete(Delivery))
            session.execute(delete(Occurrence))

    def _rule(self, title: str, at: datetime, to: dict[str, Any], now: datetime) -> dict[str, Any]:
        self._rules += 1
        return {
            "key": f"do-{self._rules}",
            "title": title,
            "origin": Origin.CHAT,
            "kind": ReminderKind.MESSAGE,
            "schedule": "mỗi ngày 8:00",
            "shift": "keep",
            "audience": to,
            "texts": [{"key": "t1", "text": "Đề nghị các phòng thực hiện nghiêm giờ giấc làm việc."}],
            "template": None,
            "rotate": False,
            "active": True,
            "next_at": at,
            "changed_at": now,
        }

    def _add(self, table: type[Any], rows: Iterable[dict[str, Any]]) -> None:
        every = list(rows)
        with self._sessions.begin() as session:
            for at in range(0, len(every), _CHUNK):
                session.execute(insert(table), every[at : at + _CHUNK])


def _department(number: int) -> str:
    return f"phong-{number}"


def _work(number: int, at: datetime, today: date, ladder: dict[str, Any], now: datetime) -> dict[str, Any]:
    due_on = at.date() + timedelta(days=7)
    return {
        "title": f"Báo cáo số {number}",
        "priority": Priority.ORDINARY,
        "assigned_on": today,
        "due_on": due_on,
        "first_due_on": due_on,
        "ladder": ladder,
        "next_rung": "-7",
        "next_rung_at": at,
        "state": AssignmentState.OPEN,
        "created_at": now,
    }
