"""The report to the leaders in chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from office import questions
from tests.unit.handlers.staff.work_office import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path)
    with made.sessions.begin() as session:
        questions.record(
            session,
            "nộp ở đâu",
            at=made.now,
            channel="web",
            person="x" * 32,
            outcome="answer",
            knowledge_version="1",
            entry_id="dvcqg_nop_ho_so_cac_buoc",
            facet="online",
        )
    return made


@pytest.mark.parametrize("who", ["Văn", "Lãnh"])
def test_van_phong_and_leaders_get_figures_and_files(office: Office, who: str) -> None:
    said = office.say(who, "/baocao tháng 11")
    assert said.startswith("Báo cáo tháng 11 năm 2026")
    assert "Tiếp nhận 1 lượt hỏi" in said
    assert "trực tuyến 1 lượt" in said
    assert office.replies
    assert [file.name for file in office.replies[0].files] == ["tháng 11 năm 2026.docx"]


def test_without_words_it_is_this_month_and_any_days_can_be_named(office: Office) -> None:
    assert office.say("Văn", "/baocao").startswith("Báo cáo tháng 11 năm 2026")
    assert office.say("Văn", "/baocao tháng trước").startswith("Báo cáo tháng 10 năm 2026")
    said = office.say("Văn", "/baocao từ 02/11 đến 20/11")
    assert said.startswith("Báo cáo từ ngày 02/11/2026 đến ngày 20/11/2026")
    assert "không có câu hỏi" in said


@pytest.mark.parametrize("who", ["An", "Trưởng"])
def test_others_are_refused(office: Office, who: str) -> None:
    assert "Việc này dành cho" in office.say(who, "/baocao")


def test_a_month_to_come_is_refused_with_what_to_do(office: Office) -> None:
    assert "chưa tới" in office.say("Văn", "/baocao tháng 12")
