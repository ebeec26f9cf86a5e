"""kill -9 at any moment on Zalo: no question, answer, message or pair of tokens is lost or doubled unseen.

What the platforms themselves make impossible is allowed, and counted. XINLUON_CHAOS_KILLS=40 makes it long;
XINLUON_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from scheduler.lane import WINDOW
from tests.acceptance.program import Program, command, until
from tests.acceptance.zalo import connect, log_in
from tests.chaos.stage import MARK, SEED, database_of, judge, number_in, rows_of, states, waiting
from tests.chaos.zalo_stage import (
    Crowd,
    arrivals,
    by_chat,
    counted,
    end_lease,
    fill,
    give_tokens,
    hasten_repeats,
    outcome_of,
    pair_of,
    program_on,
    serving,
    soon,
    state_of,
)
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_bot import drop_after as bot_drops
from tests.fakes.zalo_bot import passes as bot_passes
from tests.fakes.zalo_oa import CS_PATH, TOKEN_PATH, FakeZaloOa, User, drop_after, passes

KILLS = int(os.environ.get("XINLUON_CHAOS_KILLS", "1"))
LONG = KILLS > 20
FOR_EVER = (0.2,) * 1000  # how often the platform posts an event again: a run has more kills than a year

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 25 * KILLS)]


def unlimited_bot(*, latency_ms: float = 0.0) -> FakeZaloBot:
    """Whoever is written to exists."""
    most = 10**6
    return FakeZaloBot(
        users=most, messages_per_month=most, any_chat=True, latency_ms=latency_ms, poll_seconds=1.0
    )


# --- questions


def test_no_kill_loses_a_question_or_stores_it_twice(tmp_path: Path) -> None:
    """Allowed to be lost: what a polled platform has handed out and a kill kept from being stored."""
    chance = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")  # shown when it fails
    with (
        unlimited_bot() as bot,
        FakeZaloOa(retries=FOR_EVER) as oa,
        program_on(tmp_path, bot, oa) as program,
    ):
        give_tokens(tmp_path, oa)
        connect(program, oa)
        crowd = Crowd(bot, oa, chance)
        in_hand: set[str] = set()  # keys of events that were handled, perhaps answered, at a kill
        replays_first = chance.random() < 0.5
        handed_out: set[str] = set()  # events that the polled platform had handed out and we hadn't stored
        replayed = 0  # of them, those that the platform hands out again
        for number in range(KILLS):
            bot.replay = (number < KILLS / 2) is replays_first
            _live_and_die(program, crowd, chance)
            in_hand |= {key for (key,) in program.rows("SELECT key FROM inbox WHERE state = 'handled'")}
            if bot._last is not None and not _is_stored(program, last := bot._last["message"]["message_id"]):
                handed_out.add(last)
                replayed += bot.replay
        program.start()
        crowd.until_settled(program, within=30 + 3 * KILLS)
        assert program.stop() == 0

        outcome = outcome_of(crowd, program)
        print(
            f"{len(crowd.asked)} questions; {len(handed_out)} handed out but not stored at a kill "
            f"({replayed} of them by a platform that replays), {len(outcome.lost)} lost; "
            f"{len(in_hand)} in hand at a kill, {len(outcome.doubled)} answered twice"
        )
        assert all(crowd.is_on_bot(question) for question in outcome.lost)
        assert {crowd.asked[question] for question in outcome.lost} <= handed_out
        assert {crowd.asked[question] for question in outcome.doubled} <= in_hand
        [(answered,)] = program.rows("SELECT count(*) FROM inbox WHERE state = 'answered'")
        assert answered == len(crowd.asked) - len(outcome.lost)
        assert program.rows("SELECT key FROM inbox WHERE state != 'answered'") == []


def _is_stored(program: Program, key: str) -> bool:
    return bool(program.rows("SELECT key FROM inbox WHERE key = ?", key))


def _live_and_die(program: Program, crowd: Crowd, chance: random.Random) -> None:
    """Start, have some questions asked, and kill at a moment that is likely to hurt."""
    polls, said = len(crowd.bot.called("getUpdates")), len(crowd.oa.called(CS_PATH))
    crowd.ask_oa()
    program.start(wait=False)
    aim = chance.choice(("starting", "polling", "answering", "taking"))
    if aim != "starting":
        until(lambda: len(crowd.bot.called("getUpdates")) > polls, within=30)
    if aim == "polling":
        last = crowd.bot._last
        crowd.ask_bot()
        until(lambda: crowd.bot._last is not last, within=20, every=0.001)
    elif aim == "answering":
        crowd.ask_bot()
        crowd.ask_oa()
        until(lambda: len(crowd.oa.called(CS_PATH)) > said, within=20, every=0.001)
    elif aim == "taking":
        for _ in range(5):
            crowd.ask_oa()
    soon(chance, 0.05 if chance.random() < 0.7 else 1.5)
    assert program.running, program.logs()
    program.kill()


# --- deliveries


def test_no_kill_loses_a_message_repeats_one_in_silence_or_forgets_what_the_month_has_cost(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)
    people = max(50, 8 * KILLS)
    print(f"seed {SEED}, {KILLS} kills")  # shown when it fails
    with (
        unlimited_bot(latency_ms=20) as bot,
        FakeZaloOa(any_chat=True, latency_ms=20) as oa,
        program_on(tmp_path, bot, oa, per_minute=3600) as program,
    ):
        give_tokens(tmp_path, oa)
        total = fill(tmp_path, bot=bot, oa=oa, people=people)
        drops = 2 + KILLS // 4  # connections that break after the message has arrived, on either platform
        bot.plan("sendMessage", *[*[bot_passes()] * 12, bot_drops()] * drops)
        oa.plan(CS_PATH, *[*[passes()] * 12, drop_after()] * drops)
        in_the_air: dict[int, str] = {}  # delivery → its channel, at the moments of the kills
        for left in range(KILLS, 0, -1):
            so_far = len(bot.sent) + len(oa.sent)
            program.start(wait=False)
            wanted = so_far + chance.randint(1, max(1, 2 * waiting(program) // (left + 1)))
            until(partial(_sent_or_idle, bot, oa, wanted, program), within=60)
            soon(chance, 0.05)
            program.kill()
            sending = program.rows("SELECT id, channel FROM deliveries WHERE status = 'sending'")
            assert len(sending) <= 2 * WINDOW
            in_the_air |= dict(sending)
        _let_all_go(program, tmp_path)

        rows, came = rows_of(program), arrivals(bot, oa)
        verdict = judge(rows, came, total=total)
        print(
            f"{total} messages: {states(rows)}; {verdict.marked_twice} came twice, marked; "
            f"{len(in_the_air)} in the air at kills, {2 * drops} answers lost; "
            f"the platform counted {bot.used} of the month, we {counted(program, bot)}"
        )
        verdict.check()
        assert len(verdict.uncertain) <= len(in_the_air) + 2 * drops
        assert all(row.status in ("sent", "uncertain") for row in rows if LONG or not row.repeat)
        for texts in by_chat(came).values():
            numbers = [number_in(text) for text in texts if MARK not in text]
            assert numbers == sorted(numbers)
        on_bot = sum(channel == "zalo_bot" for channel in in_the_air.values())
        assert 0 <= bot.used - counted(program, bot) <= on_bot


def _sent_or_idle(bot: FakeZaloBot, oa: FakeZaloOa, wanted: int, program: Program) -> bool:
    return len(bot.sent) + len(oa.sent) >= wanted or not waiting(program, repeats=False)


def _let_all_go(program: Program, folder: Path) -> None:
    """Let everything go that is left, in a long run marked repeats too, without their half minute; stop."""
    program.start()
    until(lambda: not waiting(program, repeats=False), within=60, every=0.1)
    assert program.stop() == 0
    if LONG and waiting(program):
        hasten_repeats(folder)
        program.start()
        until(lambda: not waiting(program), within=30, every=0.1)
        assert program.stop() == 0


# --- tokens


def test_a_kill_around_a_refresh_leaves_a_good_pair_or_asks_for_consent_which_heals(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")  # shown when it fails
    kept = 0
    healed: list[float] = []  # seconds from the login's end until the channel serves again
    with (
        FakeZaloOa(retries=FOR_EVER, latency_ms=120) as oa,
        program_on(tmp_path, oa=oa) as program,
    ):
        give_tokens(tmp_path, oa)
        connect(program, oa)
        program.start()
        serving(program, "zalo_oa")
        people = []
        for _ in range(max(1, KILLS // 2)):
            asked = len(oa.called(TOKEN_PATH))
            people.append(oa.person("Trần Thị Bình"))
            oa.expire_access()
            oa.say(people[-1], "phí bán lẻ thuốc lá")
            oa.wait_for(partial(_more_than, oa, asked))
            time.sleep(chance.random() * 0.25)
            program.kill()
            time.sleep(0.15)  # what has arrived there is carried out
            end_lease(tmp_path)
            good = pair_of(program) == (oa._access, oa._refresh)
            program.start()
            if good:
                kept += 1
            else:
                healed.append(_ask_for_consent_and_heal(program, oa))
            serving(program, "zalo_oa")
            oa.wait_for(lambda: oa.received(people[-1]) and not oa.unanswered)
        assert all(oa.received(person) for person in people)
        assert program.stop() == 0
        print(f"{kept} pairs kept, {len(healed)} lost; healed after {[f'{s:.1f} s' for s in healed]}")
        for token in (oa._access, oa._refresh, oa.app_secret):
            assert token not in program.logs() + program.output()


def _more_than(oa: FakeZaloOa, asked: int) -> bool:
    return len(oa.called(TOKEN_PATH)) > asked


def _all_answered(oa: FakeZaloOa, people: Sequence[User]) -> bool:
    return all(oa.received(person) for person in people)


def _ask_for_consent_and_heal(program: Program, oa: FakeZaloOa) -> float:
    until(lambda: "xinluon zalo login" in state_of(program, "zalo_oa")["detail"], within=30)
    code, facts = program.health()
    assert (code, facts["channels"]["web"]["up"]) == (503, True)
    assert "31/12/2026" in str(program.chat(text="phí bán lẻ thuốc lá"))
    told = command(
        "zalo", "status", "--config", str(program.config), folder=program.folder, environ=program.environ
    )
    assert told.returncode == 1
    assert "xinluon zalo login" in told.stdout
    log_in(program, oa)
    since = time.monotonic()
    serving(program, "zalo_oa", within=30)
    return time.monotonic() - since


def test_two_programs_refresh_a_token_once_and_both_go_on(tmp_path: Path) -> None:
    with (
        FakeZaloOa(retries=FOR_EVER, latency_ms=200) as oa,
        program_on(tmp_path, oa=oa) as one,
        program_on(tmp_path / "other", oa=oa, database=database_of(tmp_path)) as two,
    ):
        give_tokens(tmp_path, oa)
        for program in (one, two):
            program.start()
            serving(program, "zalo_oa")
        oa.expire_access()
        asked = len(oa.called(TOKEN_PATH))
        people = []
        for program in (one, two):
            people.append(oa.person("Trần Thị Bình"))
            connect(program, oa)
            oa.say(people[-1], "phí bán lẻ thuốc lá")
            oa.wait_for(lambda: not oa.unanswered)
        oa.wait_for(partial(_all_answered, oa, people))
        assert len(oa.called(TOKEN_PATH)) == asked + 1
        assert pair_of(one) == (oa._access, oa._refresh)
        assert all(len(oa.received(person)) == 1 for person in people)
        for program in (one, two):
            serving(program, "zalo_oa")
            assert program.stop() == 0
