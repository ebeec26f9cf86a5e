"""What the report says: figures as clerks write them, and of nothing that there is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from handlers.office_report.figures import OfficeReport, Ratio
from handlers.office_report.indicators import Figure, change, indicators, shown
from handlers.office_report.spans import span
from handlers.office_report.tables import tables
from handlers.office_report.wording import as_lines, how, sentences
from tests.report_figures import NOTHING, empty, report


def text(found: OfficeReport) -> str:
    return "\n".join(line.text for line in as_lines(found))


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (134, 100, "+34 (+34%)"),
        (88, 100, "-12 (-12%)"),
        (3, 7, "-4 (-57,1%)"),
        (5000, 1000, "+4.000 (+400%)"),
        (35, 0, "+35"),
        (0, 0, "không đổi"),
        (7, None, "–"),
        (Ratio(3, 4), Ratio(1, 2), "+25 điểm %"),
        (Ratio(1, 3), Ratio(1, 2), "-16,7 điểm %"),
        (Ratio(1, 2), Ratio(2, 4), "không đổi"),
        (Ratio(1, 2), Ratio(0, 0), "–"),
        (Ratio(0, 0), Ratio(1, 2), "–"),
    ],
)
def test_what_has_changed_is_said_as_counted(now: Figure, before: Figure, said: str) -> None:
    assert change(now, before) == said


@pytest.mark.parametrize(
    ("figure", "said"),
    [(1234567, "1.234.567"), (Ratio(2, 3), "66,7%"), (Ratio(9999, 10000), "99,9%"), (Ratio(0, 0), "–")],
)
def test_figures_are_written_the_vietnamese_way(figure: Figure, said: str) -> None:
    assert shown(figure) == said


def test_shares_are_of_the_questions_on_the_offices_business() -> None:
    said = sentences(report()).questions
    assert said[0].startswith("Tiếp nhận 200 lượt hỏi")
    assert "(kỳ trước 100, tăng 100%)" in said[0]
    assert "150 câu hỏi về công việc của cơ quan" in said[0]
    assert said[1].startswith("Trả lời được 66,7%; phải hỏi lại mới rõ việc 20%; chưa trả lời được 13,3%")
    assert said[2] == "Người hỏi đánh giá 20 lượt, trong đó 19 lượt hữu ích (95%)."


def test_the_guidance_is_a_share_of_the_answers() -> None:
    [said] = sentences(report()).guidance
    assert "trực tuyến 33 lượt (33% số câu đã trả lời)" in said
    assert "bưu chính 21 lượt (21%)" in said


def test_chat_has_every_part_and_names_the_departments() -> None:
    found = text(report())
    for part in (
        "Báo cáo tháng 11 năm 2026",
        "phí bán pháo hoa",
        "7 nhiệm vụ đến hạn",
        "Văn phòng: 2/3",
        "91,7%",
    ):
        assert part in found


def test_a_report_of_nothing_says_so_and_has_no_tables() -> None:
    found = text(empty())
    assert "không có câu hỏi, nhiệm vụ đến hạn hay thông báo nào" in found
    assert "Không còn số liệu câu hỏi của kỳ trước" in found
    assert "%" not in found
    assert tables(empty()) == ()


@pytest.mark.parametrize("missing", ["questions", "work", "notices"])
def test_a_part_without_figures_says_so_beside_the_others(missing: str) -> None:
    nothing = empty()
    parts: dict[str, dict[str, object]] = {
        "questions": {"questions": NOTHING},
        "work": {"work": nothing.work, "departments": ()},
        "notices": {"notices": nothing.notices},
    }
    found = replace(report(), **parts[missing])  # type: ignore[arg-type]
    said = getattr(sentences(found), missing)
    assert len(said) == 1
    assert "không" in said[0].lower()
    assert not {
        "questions": {"results", "guidance", "hours"},
        "work": {"departments"},
        "notices": {"notices"},
    }[missing] & {table.key for table in tables(found)}


def test_nothing_is_compared_with_a_span_of_which_no_questions_are_kept() -> None:
    found = replace(report(), before=replace(report().before, questions=None))
    changes = {one.name: (one.before, one.change) for one in indicators(found)}
    assert changes["Lượt hỏi tiếp nhận"] == (None, "–")
    assert "kỳ trước" not in sentences(found).questions[0]


def test_a_new_office_is_told_that_the_span_before_had_no_figures() -> None:
    new = replace(report(), before=replace(report().before, questions=None, never=True))
    assert "Kỳ trước chưa có số liệu câu hỏi" in text(new)
    assert "Không còn" not in text(new)


def test_a_channels_share_stands_beside_what_it_is_of() -> None:
    [channels] = [table for table in tables(report()) if table.key == "channels"]
    assert channels.rows == (("Telegram", 200, 150, 100, Ratio(100, 150)),)


def test_a_month_that_is_not_over_warns_of_it() -> None:
    days = span(date(2026, 11, 1), date(2026, 11, 30), today=date(2026, 11, 24))
    assert "Kỳ báo cáo chưa hết" in text(replace(report(), span=days))
    assert "Kỳ báo cáo chưa hết" not in text(report())


def test_how_it_is_counted_tells_of_guidance_trials_and_the_seal() -> None:
    found = replace(report(), questions=replace(report().questions, trials=4), kept_since=date(2026, 10, 5))
    said = " ".join(how(found))
    for part in ("chỉ dẫn địa chỉ cổng", "4 câu hỏi thử", "từ ngày 05/10/2026", "1.234 dòng", "3f" * 32):
        assert part in said


def test_the_rows_of_each_table_fit_its_columns_and_the_totals_are_right() -> None:
    found = {table.key: table for table in tables(report())}
    for table in found.values():
        assert {len(row) for row in table.rows} == {len(table.columns)}
    assert found["results"].rows[-1][1] == sum(row[1] for row in found["results"].rows[:-1])  # type: ignore[misc]
    assert found["notices"].rows[0][1:6] == (date(2026, 11, 3), 42, 38, 3, 1)
