"""The frame's small parts: forms, lists, exports, charts, deeds in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Annotated, Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from starlette.datastructures import FormData

from bot.web.console import charts, deeds, export, forms, tables
from bot.web.console.cookies import csrf_of, sign
from bot.web.console.visit import Form, FormErrors
from office.assignments import Priority


class Wanted(forms.FormModel):
    title: Annotated[str, Field(min_length=1, max_length=10)]
    priority: Priority = Priority.ORDINARY
    on: Annotated[date | None, forms.Blank] = None
    groups: Annotated[tuple[int, ...], forms.Several] = ()
    confirm: forms.Ticked = False


def form(*fields: tuple[str, str]) -> Form:
    return Form(FormData([*fields]))


class TestForms:
    def test_fields_are_read_into_the_model_nfc_and_without_blanks(self) -> None:
        sent = form(("title", "  Ho\u0323p "), ("groups", "3"), ("groups", "5"), ("on", ""), ("confirm", "1"))
        assert forms.read(sent, Wanted) == Wanted(title="Họp", groups=(3, 5), confirm=True)

    def test_one_ticked_box_of_several_is_a_list_too(self) -> None:
        assert forms.read(form(("title", "Họp"), ("groups", "3")), Wanted).groups == (3,)

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("title", "", "Xin điền chỗ này."),
            ("title", "quá dài lắm rồi", "Dài quá 10 ký tự"),
            ("priority", "gap", "Xin chọn một mục"),
            ("on", "31/02", "Ngày này không có"),
            ("groups", "ba", "Xin ghi một số nguyên"),
        ],
    )
    def test_what_is_wrong_is_said_of_each_field(self, field: str, value: str, said: str) -> None:
        fields = {"title": "Họp", field: value}
        with pytest.raises(FormErrors) as caught:
            forms.read(form(*fields.items()), Wanted)
        assert said in caught.value.fields[field]
        assert list(caught.value.fields) == [field]

    def test_a_form_that_was_not_sent_keeps_nothing(self) -> None:
        assert not Form()
        assert form(("a", "b"))


class TestTables:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (None, ""),
            (date(2026, 11, 4), "04/11/2026"),
            (datetime(2026, 11, 24, 1, 5, tzinfo=UTC), "24/11/2026 8:05"),
            (12.5, "12,5"),
            (3, "3"),
        ],
    )
    def test_values_are_shown_as_people_write_them(self, value: Any, shown: str) -> None:
        assert tables.as_text(value) == shown

    def test_a_day_of_vietnam_begins_at_seventeen_o_clock_utc(self) -> None:
        assert tables.start_of(date(2026, 11, 24)).astimezone(UTC) == datetime(2026, 11, 23, 17, tzinfo=UTC)

    def test_rows_that_are_there_already_are_sorted_and_cut_in_pages(self) -> None:
        source = tables.Given([3, 1, 2])
        found = source.rows(None, order=lambda n: n, descending=True, offset=1, limit=5)  # type: ignore[arg-type]
        assert found == [2, 1]

    def test_moments_are_dates_in_excel_and_formulas_stay_text(self) -> None:
        moment = datetime(2026, 11, 24, 1, 5, tzinfo=UTC)
        rows = [(moment, date(2026, 11, 4), "=1+1"), (None, None, "Họp")]
        content = export.workbook("Nhật ký: [thử]", [("Lúc", 18), ("Ngày", 12), ("Việc", 30)], rows)
        sheet = openpyxl.load_workbook(BytesIO(content)).worksheets[0]
        heading, first, second = sheet.iter_rows(values_only=True)
        assert heading == ("Lúc", "Ngày", "Việc")
        assert str(first[0]) == "2026-11-24 08:05:00"
        assert str(first[1]) == "2026-11-04 00:00:00"
        assert (first[2], second[2]) == ("=1+1", "Họp")
        assert sheet["C2"].data_type == "s"


class TestCharts:
    @given(st.lists(st.integers(0, 10**7), max_size=60))
    def test_no_bar_is_higher_than_the_drawing_or_beside_it(self, values: list[int]) -> None:
        chart = charts.bars([(str(at), value) for at, value in enumerate(values)])
        assert all(0 <= bar.height <= charts.HEIGHT for bar in chart.bars)
        assert all(0 <= bar.x < chart.width for bar in chart.bars)
        assert chart.top >= max(values, default=0)

    def test_the_scale_ends_at_a_round_number(self) -> None:
        assert [charts.bars([("", value)]).top for value in (0, 1, 3, 7, 11, 34, 51, 120)] == [
            1, 1, 5, 10, 20, 50, 100, 200,
        ]  # fmt: skip


class Names(deeds.Names):
    """Names without a database."""

    def __init__(self) -> None:
        self._of = {"member": {7: "Trần Thị Bình"}, "department": {2: "Phòng Thương mại"}, "group": {}}


class TestDeeds:
    @pytest.mark.parametrize(
        ("subject", "before", "after", "lines"),
        [
            ("assignment", {"due_on": "2026-11-20"}, {"due_on": "2026-11-30"},
             ["hạn: 20/11/2026 → 30/11/2026"]),
            ("assignment", {"member_id": 7}, {"member_id": 9}, ["người thực hiện: Trần Thị Bình → số 9"]),
            ("assignment", None, {"priority": "express"}, ["mức độ: hoả tốc"]),
            ("group", {"state": "pending"}, {"state": "approved"}, ["tình trạng: chờ duyệt → đang dùng"]),
            ("member", {"department_id": None}, {"department_id": 2}, ["phòng: (trống) → Phòng Thương mại"]),
            ("member", {"role": "van_phong"}, None, ["vai trò: Văn phòng"]),
            ("switch", None, {"key": "channel.telegram", "stopped": True},
             ["tên gọi: tin chủ động qua Telegram", "dừng: có"]),
            ("notice", {"title": "A"}, {"title": "A"}, ["tiêu đề hoặc chức danh: A"]),
            ("notice", {"audience": {"groups": [1, 2]}}, {}, ["nơi nhận: các nhóm 1, 2 → (không còn)"]),
        ],
    )  # fmt: skip
    def test_a_change_is_told_in_words(self, subject: str, before: Any, after: Any, lines: list[str]) -> None:
        assert deeds.changes(subject, before, after, Names()) == lines


def test_marks_differ_by_session_and_purpose() -> None:
    marks = {csrf_of("a"), csrf_of("b"), sign("a", "said", ""), sign("a", "csrf", "x")}
    assert len(marks) == 4
