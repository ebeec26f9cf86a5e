"""kill -9 at any moment loses no question and asks none twice.

XINLUON_KILLS=200 makes it long; XINLUON_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.program import Program, until
from tests.fakes.telegram import FakeTelegram

KILLS = int(os.environ.get("XINLUON_KILLS", "10"))
SEED = int(os.environ.get("XINLUON_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
QUESTIONS_A_LIFE = 3
CHATS = 6
MATTERS = ("phí bán lẻ thuốc lá", "xin chào", "mở cây xăng cần giấy gì", "giấy phép", "đăng ký xe máy")


@pytest.mark.slow
@pytest.mark.timeout(60 + 4 * KILLS)
def test_no_kill_loses_a_question_or_asks_it_twice(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")  # shown when it fails
    generous = {
        "limits": {"messages_per_minute": 1000},
        "delivery": {"per_second": 1000, "per_chat_second": 100, "per_group_minute": 1000},
    }
    with FakeTelegram() as fake, Program(tmp_path, telegram=fake, settings=generous) as program:
        private = [fake.private(9_000_000 + n) for n in range(CHATS)]
        group = fake.group(-100_9000)
        program.approve(group.id, account=str(fake.bot_id))
        asked: list[str] = []
        in_group: dict[int, str] = {}  # number of the message → question

        def ask() -> None:
            question = f"{chance.choice(MATTERS)} câu thứ {len(asked)}x"
            asked.append(question)
            if chance.random() < 0.4:
                fake.say(group, f"/hoi {question}", user=9_100_000 + chance.randrange(3))
                in_group[fake.pending[-1]["message"]["message_id"]] = question
            else:
                fake.say(chance.choice(private), question)

        def await_next(method: str, within: float) -> None:
            before = calls[method]
            until(lambda: len(fake.called(method)) > before or not program.running, within=within)

        for _ in range(KILLS):
            calls = {method: len(fake.called(method)) for method in ("getUpdates", "sendMessage")}
            program.start(wait=False)
            for _ in range(QUESTIONS_A_LIFE):
                ask()
            if chance.random() < 0.85:  # else while it is still starting
                await_next("getUpdates", 30)
            if chance.random() < 0.5:
                await_next("sendMessage", 30)
            time.sleep(chance.random() ** 2 * 0.2)
            assert program.running, program.logs()
            program.kill()
        program.start()
        fake.wait_for(lambda: not fake.pending)
        assert program.stop() == 0

        assert len(asked) == KILLS * QUESTIONS_A_LIFE
        kept = Counter(text for (text,) in program.rows("SELECT text FROM questions"))
        assert kept == Counter(asked)
        assert program.rows("SELECT state, count(*) FROM inbox GROUP BY state") == [("answered", len(asked))]

        answered = Counter(m.reply_to for m in fake.sent if m.chat is group)
        assert set(answered) == set(in_group)
        twice = 0
        for chat in [*private, group]:
            questions = [m for m in fake._messages.values() if m.chat is chat and not m.by_bot]
            answers = [m for m in fake.sent if m.chat is chat]
            assert len(answers) >= len(questions)
            twice += len(answers) - len(questions)
        # Only what was in flight may come again: of each chat one answer at most, each time.
        assert twice <= KILLS * (CHATS + 1)
        print(f"{twice} answers came twice")
