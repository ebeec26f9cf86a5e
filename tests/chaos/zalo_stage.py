"""What the tests of trouble on Zalo share: a program on both platforms, who asks there, what came of it."""

from __future__ import annotations

import random
import socket
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from bot.channels.zalo_oa_tokens import store_pair
from office import contacts
from office.bot_tokens import account_of
from office.channel_names import ZALO_BOT, ZALO_OA
from office.database import make_engine, session_factory, upgrade
from office.deliveries import Doubt, Source
from office.messages import ChatAddress, Line, Reply
from office.privacy import person_hash
from office.secrets import key_in
from scheduler.outbox import Manner, Outbox, Recipient
from scheduler.quiet import QuietHours
from tests.acceptance.program import Program, until
from tests.acceptance.zalo import secrets_for, settings_for
from tests.chaos.stage import Arrival, database_of
from tests.chaos.stage import settings as unhurried
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOa

MATTERS = ("phí bán lẻ thuốc lá", "xin chào", "mở cây xăng cần giấy gì", "giấy phép", "đăng ký xe máy")
_PERSON = 246_845_883_000_000_000  # the first of the account's people that deliveries go to


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def bot_account(bot: FakeZaloBot) -> str:
    return account_of(bot.token)


def program_on(
    folder: Path,
    bot: FakeZaloBot | None = None,
    oa: FakeZaloOa | None = None,
    *,
    per_minute: int = 60_000,
    database: Path | None = None,
    **more: Mapping[str, Any],
) -> Program:
    """A program that always serves on the same port, so that the platform finds it again after a kill.

    `per_minute`: messages that may go on each platform; `more`: sections of the configuration.
    """
    tree: dict[str, dict[str, Any]] = {**unhurried(database=database), **settings_for(bot, oa)}
    tree["delivery"] |= {"per_chat_second": 100, "per_group_minute": 1000}
    tree["limits"] = {"messages_per_minute": 100_000}
    tree["web"] = {"port": free_port(), "trusted_proxies": ["127.0.0.1"]}
    if bot:
        tree["zalo_bot"] |= {"quota": {"messages_per_month": 10**6, "users": 10**6}, "per_minute": per_minute}
    if oa:
        tree["zalo_oa"] |= {"per_minute": per_minute}
    for section, values in more.items():
        tree[section] = {**tree.get(section, {}), **values}
    program = Program(folder, settings=tree, environ=secrets_for(bot, oa))
    program.port = tree["web"]["port"]
    return program


def change(folder: Path, statement: str, *values: object) -> None:
    """Turn something forward in a program's database."""
    with closing(sqlite3.connect(database_of(folder), timeout=10)) as connection, connection:
        connection.execute(statement, values)


# --- asking


@dataclass
class Crowd:
    """People who each ask one question of their own, on either platform."""

    bot: FakeZaloBot
    oa: FakeZaloOa
    chance: random.Random
    asked: dict[str, str] = field(default_factory=dict)  # question → key of its event
    _people: dict[str, Any] = field(default_factory=dict)  # question → who asked
    _on_bot: set[str] = field(default_factory=set)

    def ask_bot(self) -> None:
        """Sometimes the platform hands the event out twice."""
        person, question = self.bot.person(), self._question()
        self._on_bot.add(question)
        self._people[question] = person
        duplicate = int(self.chance.random() < 0.3)
        self.asked[question] = self.bot.say(person, question, duplicate=duplicate)

    def ask_oa(self) -> None:
        """Sometimes the platform posts the event again, though nothing was amiss."""
        person, question = self.oa.person("Trần Thị Bình"), self._question()
        self._people[question] = person
        self.asked[question] = self.oa.say(person, question)
        if self.chance.random() < 0.3:
            self.oa.repeat(self.oa.events[-1])

    def _question(self) -> str:
        return f"{self.chance.choice(MATTERS)} câu thứ {len(self._people)}x"

    def is_on_bot(self, question: str) -> bool:
        return question in self._on_bot

    def answers(self, question: str) -> list[str]:
        """What its asker was sent."""
        person = self._people[question]
        if question in self._on_bot:
            return [message.text for message in self.bot.received(person)]
        return [message.text for message in self.oa.received(person)]

    def until_settled(self, program: Program, *, within: float) -> None:
        """Wait until the platforms have nothing more to hand out and the program is done with what it has."""
        until(lambda: not self.bot.pending and not self.oa.unanswered, within=within, every=0.1)
        polls = len(self.bot.called("getUpdates"))
        until(
            lambda: len(self.bot.called("getUpdates")) > polls, within=40
        )  # what the last one brought is stored
        open_ = "SELECT key FROM inbox WHERE state IN ('received', 'handled')"
        until(lambda: not program.rows(open_), within=within, every=0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of questions: lost, answered more than once; each a list of questions."""

    lost: list[str]
    doubled: list[str]


def outcome_of(crowd: Crowd, program: Program) -> Outcome:
    """Each question is stored once and answered, or lost; nothing else is stored."""
    kept = Counter(text for (text,) in program.rows("SELECT text FROM questions"))
    assert set(kept) <= set(crowd.asked)
    assert max(kept.values(), default=1) == 1, [text for text, count in kept.items() if count > 1]
    lost = [question for question in crowd.asked if question not in kept]
    silent = [question for question in kept if not crowd.answers(question)]
    assert not silent
    doubled = [q for q in kept if len(crowd.answers(q)) > len(set(crowd.answers(q)))]
    assert not [q for q in lost if crowd.answers(q)]
    return Outcome(lost=lost, doubled=doubled)


# --- deliveries


class _EveryDay:
    def is_working(self, day: Any) -> bool:
        return True


def fill(
    folder: Path,
    *,
    bot: FakeZaloBot,
    oa: FakeZaloOa,
    people: int,
    doubts: tuple[Doubt, ...] = (Doubt.REPEAT, Doubt.ASK),
) -> int:
    """Queue two messages to each of so many people on either platform; those of the account wrote today.

    Returns how many messages that makes; they are numbered from 0, the first to each comes before the second.
    """
    engine = make_engine(f"sqlite:///{database_of(folder)}")
    upgrade(engine)
    key = key_in(folder / "var")
    midnight = datetime.min.time()
    outbox = Outbox(quiet=QuietHours(since=midnight, until=midnight, days_off=False, calendar=_EveryDay()))
    now = datetime.now(UTC)
    to_bot = [_address(ZALO_BOT, bot_account(bot), f"{n:020x}") for n in range(1, people + 1)]
    to_oa = [_address(ZALO_OA, oa.oa_id, str(_PERSON + n)) for n in range(people)]
    number = 0
    with session_factory(engine).begin() as session:
        for to in to_oa:
            contacts.wrote(session, ZALO_OA, oa.oa_id, person_hash(ZALO_OA, to.chat, key), at=now)
        for at in range(2):
            occurrence = outbox.occasion(session, Source.EVENT, at + 1, "thử", now, now=now)
            assert occurrence is not None
            for to in chain.from_iterable(zip(to_bot, to_oa, strict=True)):
                reply = Reply(lines=(Line(f"Tin thử số {number}."),))
                manner = Manner(doubt=doubts[number % len(doubts)])
                outbox.tell(
                    session, occurrence, [Recipient(to=to)], reply, due_at=now, now=now, manner=manner
                )
                number += 1
    engine.dispose()
    return number


def _address(channel: str, account: str, chat: str) -> ChatAddress:
    return ChatAddress(channel=channel, account=account, chat=chat, topic="", group=False)


def arrivals(bot: FakeZaloBot, oa: FakeZaloOa) -> list[Arrival]:
    """What came on both platforms, each in its order."""
    on_bot = [Arrival(chat=message.chat.id, text=message.text) for message in bot.sent]
    return on_bot + [Arrival(chat=message.chat.id, text=message.text) for message in oa.sent]


def by_chat(came: Iterable[Arrival]) -> Mapping[str, list[str]]:
    """The texts of each chat in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    for arrival in came:
        found[arrival.chat].append(arrival.text)
    return found


def counted(program: Program, bot: FakeZaloBot) -> int:
    """How many messages of the month the program has counted for the bot."""
    query = "SELECT coalesce(sum(used), 0) FROM quota_usage WHERE channel = ? AND account = ? AND kind = ?"
    [(used,)] = program.rows(query, ZALO_BOT, bot_account(bot), "messages")
    return int(used)


def hasten_repeats(folder: Path) -> None:
    """Turn the half minute forward that a marked repeat waits."""
    change(folder, "UPDATE deliveries SET ready_at = due_at WHERE repeat = 1 AND status = 'queued'")


# --- tokens


def give_tokens(folder: Path, oa: FakeZaloOa) -> None:
    """Store a program's first pair, as `xinluon zalo login` does."""
    engine = make_engine(f"sqlite:///{database_of(folder)}")
    upgrade(engine)
    access, refresh = oa.tokens()
    with session_factory(engine).begin() as session:
        store_pair(session, oa.oa_id, oa.app_id, access, refresh, "90000", datetime.now(UTC))
    engine.dispose()


def pair_of(program: Program) -> tuple[str, str]:
    """The pair of tokens that the program has (access, refresh)."""
    [(access, refresh)] = program.rows("SELECT access_token, refresh_token FROM zalo_tokens")
    return access, refresh


def end_lease(folder: Path) -> None:
    """Turn the ten seconds forward that a refresher who died keeps others waiting."""
    change(folder, "UPDATE zalo_tokens SET refreshing_by = '', refreshing_until = NULL")


def state_of(program: Program, channel: str) -> dict[str, Any]:
    """What the health page says of a channel."""
    told: dict[str, Any] = program.health()[1]["channels"][channel]
    return told


def is_up(program: Program, *channels: str) -> bool:
    told = program.health()[1]["channels"]
    return all(told[channel]["up"] for channel in channels)


def serving(program: Program, *channels: str, within: float = 20.0) -> None:
    """Wait until these channels serve."""
    until(lambda: is_up(program, *channels), within=within, every=0.05)


def soon(chance: random.Random, most: float) -> None:
    """Wait for a moment, often a very short one."""
    time.sleep(chance.random() ** 2 * most)
