"""Departments that rules and calendars name and the office doesn't have."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bot.cli_check import staff_problems
from office.settings import settings_from

RULES = """\
reminders:
  - key: rieng
    title: Nhắc riêng
    schedule: mỗi ngày làm việc 7:00
    audience:
      departments:
        - thuong-mai
        - thương mại
        - thuong-maj
    texts: [{key: a, text: Xin chào}]
  - key: viec
    title: Việc
    schedule: mỗi ngày làm việc 7:00
    kind: assignment
    assignment:
      title: Báo cáo
      departments: ["*", "nang-luong"]
      due_working_days: 3
  - key: bao
    title: Báo
    schedule: mỗi ngày làm việc 7:00
    kind: notice
    notice: {title: Báo, body: Nội dung, audience: {departments: [ke-toan]}}
"""
HOURS = """\
departments:
  thuong-mai: {default: ["7:00-11:00"]}
  mot-cua: {default: ["7:00-11:00"]}
"""


def test_every_department_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    for name, text in (("nhac", RULES), ("lich", HOURS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rieng.yaml").write_text(text, "utf-8")
    tree = {
        "office": {"departments": [{"name": "Phòng Quản lý thương mại", "key": "thuong-mai"}]},
        "reminders": {"folders": [tmp_path / "nhac"]},
        "calendar": {"folders": [tmp_path / "lich"]},
    }
    _, problems = staff_problems(settings_from(tree, {}), date(2026, 11, 25))
    told = [problem for problem in problems if "không có phòng" in problem.message]
    assert [(problem.line, problem.message.split("»")[0].split("«")[1]) for problem in told] == [
        (9, "thuong-maj"),
        (17, "nang-luong"),
        (23, "ke-toan"),
        (3, "mot-cua"),
    ]
    assert not any(problem.error for problem in told)
    assert all("đang có: thuong-mai" in problem.mend for problem in told)


def test_the_shipped_rules_and_calendars_name_no_department() -> None:
    _, problems = staff_problems(settings_from(None, {}), date(2026, 11, 25))
    assert not any("không có phòng" in problem.message for problem in problems)
