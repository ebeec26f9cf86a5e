"""Rows for the pages Hỏi đáp and Kho tri thức: questions asked in vain, grouped."""

from __future__ import annotations

from datetime import timedelta

from office import questions
from office.improvements import Trouble
from tests.console_office import ConsoleOffice

ALIKE = ("mở quán cồn nhỏ nhỏ bán lẻ rượu vỉa hè", "quán cồn nhỏ nhỏ vỉa hè bán lẻ rượu mở")
ALONE = "thuê xe đạp nước ở hồ"
OTHERS = "chợ đầu mối cấp đất sạp"
LIKED = "phí làm giấy phép phân phối rượu liên tỉnh"


def fill_questions(office: ConsoleOffice) -> None:
    """Three in two groups (1: ALIKE, 2: ALONE), one that was answered (4), and one that was said
    to be the matter of others (5)."""
    asked_at = office.clock.now() - timedelta(hours=3)
    with office.sessions.begin() as session:
        for text in (*ALIKE, ALONE):
            questions.record(
                session,
                text,
                at=asked_at,
                channel="web",
                person="p",
                outcome="out",
                knowledge_version="1",
                trouble=Trouble.UNANSWERED,
            )
        questions.record(
            session,
            LIKED,
            at=asked_at,
            channel="web",
            person="p",
            outcome="answer",
            entry_id="ruou_phan_phoi_cap",
            knowledge_version="1",
        )
        questions.record(
            session,
            OTHERS,
            at=asked_at,
            channel="web",
            person="p",
            outcome="out",
            entry_id="ngoai_dat_dai",
            knowledge_version="1",
        )
    office.office.upkeep.group_some()
