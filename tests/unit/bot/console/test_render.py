"""What the shared parts of the templates make: forms, lists, progress, charts."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from jinja2 import Environment
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request

from bot.web.assets import load_assets
from bot.web.console import charts, tables
from bot.web.console.live import Step
from bot.web.console.parts import Parts
from bot.web.console.render import Renderer, number
from bot.web.console.visit import Form, FormErrors, Visit
from office.people import Person, Role
from office.settings import Office
from tests.console_office import NOON

HEAD = (
    '{% import "forms.html" as forms with context %}{% import "tables.html" as tables with context %}'
    '{% import "charts.html" as charts with context %}'
)
TABLE = tables.Table(
    name="thu",
    caption="Danh sách thử",
    columns=(
        tables.Column("so", "Số", lambda row: row[0], order=lambda row: row[0]),
        tables.Column("ten", "Tên", lambda row: row[1], main=True),
    ),
    empty="Chưa có gì.",
)
ROWS = tuple((at, f"Mục <{at}>") for at in range(1, 8))


def visit_of(query: str = "", *, form: Form | None = None, wrong: dict[str, str] | None = None) -> Visit:
    scope = {"type": "http", "path": "/van-phong/thu", "query_string": query.encode(), "headers": []}
    who = Person(id=1, name="An", title="", department_id=None, roles=frozenset({Role.VAN_PHONG}))
    return Visit(
        request=Request(scope),
        parts=cast(Parts, None),
        person=who,
        session=cast(Session, None),
        now=NOON,
        csrf="c5rf",
        form=form or Form(),
        refused=FormErrors(wrong) if wrong else None,
    )


@pytest.fixture(scope="module")
def env() -> Environment:
    return Renderer(load_assets(), (), Office())._env


def made(env: Environment, source: str, visit: Visit, **values: Any) -> str:
    html = env.from_string(HEAD + source).render(visit=visit, **values)
    return re.sub(r"\s+", " ", html)


class TestForms:
    def test_a_field_names_its_hint_and_its_fault(self, env: Environment) -> None:
        visit = visit_of(form=Form(FormData([("ten", "<Họp>")])), wrong={"ten": "Xin điền chỗ này."})
        html = made(env, '{{ forms.text("ten", "Tên", hint="Ngắn gọn", required=true) }}', visit)
        assert 'aria-describedby="g-ten l-ten" aria-invalid="true"' in html
        assert '<small id="g-ten" class="hint">Ngắn gọn</small>' in html
        assert '<small id="l-ten" class="wrong">Xin điền chỗ này.</small>' in html
        assert 'value="&lt;Họp&gt;"' in html
        assert "(bắt buộc)" in html

    def test_every_form_carries_the_token(self, env: Environment) -> None:
        html = made(
            env, '{% call forms.form("/thu") %}{% endcall %}{{ forms.button("/x", "Xoá") }}', visit_of()
        )
        assert html.count('name="csrf" value="c5rf"') == html.count("<form") == 2
        assert 'action="/van-phong/thu"' in html

    def test_what_was_ticked_stays_ticked(self, env: Environment) -> None:
        source = '{{ forms.choices("nhom", "Nhóm", [(1, "A"), (2, "B")], values=[1]) }}'
        assert re.findall(r'value="(\d)" checked', made(env, source, visit_of())) == ["1"]
        typed = visit_of(form=Form(FormData([("nhom", "2")])))
        assert re.findall(r'value="(\d)" checked', made(env, source, typed)) == ["2"]

    def test_progress_can_be_followed_with_and_without_script(self, env: Environment) -> None:
        step = Step(value=3, most=10, text="Đã gửi 3/10")
        html = made(env, '{{ forms.progress("/thu/td", "/thu", step) }}', visit_of(), step=step)
        assert 'data-watch="/van-phong/thu/td"' in html
        assert '<progress value="3" max="10">' in html
        assert '<a href="/van-phong/thu">Tải lại</a>' in html


class TestTables:
    def shown(self, env: Environment, query: str = "", rows: Any = ROWS, source: str = "") -> str:
        visit = visit_of(query)
        filters = (tables.Filter("q", "Tìm"), tables.Filter("loai", "Loại", "choice", [("a", "A")]))
        listing = tables.listing(visit, TABLE, tables.Given(rows), filters=filters, page=3)
        return made(env, source or "{{ tables.show(listing) }}", visit, listing=listing)

    def test_rows_are_a_table_with_caption_and_headings(self, env: Environment) -> None:
        html = self.shown(env)
        assert "<caption" in html
        assert html.count('scope="col"') == 2
        assert "Mục &lt;1&gt;" in html
        assert "1–3 trong 7 mục" in html

    def test_pages_follow_each_other_and_keep_what_is_filtered(self, env: Environment) -> None:
        html = self.shown(env, "q=giao+ban&trang=2")
        assert 'href="?q=giao+ban&amp;trang=1"' in html
        assert 'href="?q=giao+ban&amp;trang=3"' in html
        assert 'href="?q=giao+ban&amp;xuat=xlsx"' in html
        assert 'value="giao ban"' in html
        assert "4–6 trong 7 mục" in html

    def test_a_heading_turns_the_order_and_says_which_it_is(self, env: Environment) -> None:
        html = self.shown(env, "xep=-so")
        assert 'aria-sort="descending"' in html
        assert 'href="?xep=so"' in html
        assert "Mục &lt;7&gt;" in html
        assert '<input type="hidden" name="xep" value="-so">' in html

    @pytest.mark.parametrize("page", ["0", "-1", "99", "x", "٣", "9" * 30])
    def test_a_page_that_is_not_there_is_the_nearest(self, env: Environment, page: str) -> None:
        assert "trong 7 mục" in self.shown(env, f"trang={page}") or "7 trong 7" in self.shown(
            env, f"trang={page}"
        )

    def test_an_empty_list_says_so_and_offers_no_file(self, env: Environment) -> None:
        assert "Chưa có gì." in self.shown(env, rows=())
        assert "Không có mục nào hợp với bộ lọc." in self.shown(env, "q=x", rows=())
        assert "Xuất Excel" not in self.shown(env, rows=())

    def test_a_column_of_buttons_may_stand_at_the_end(self, env: Environment) -> None:
        html = self.shown(env, source="{% call(row) tables.show(listing) %}[{{ row[0] }}]{% endcall %}")
        assert re.findall(r"\[(\d)\]", html) == ["1", "2", "3"]
        assert html.count('scope="col"') == 3


def test_a_chart_has_its_numbers_as_a_table(env: Environment) -> None:
    chart = charts.bars([("8 giờ", 1200), ("9 giờ", 0)])
    html = made(
        env, '{{ charts.columns("Câu hỏi", chart, heading="Giờ", unit="câu hỏi") }}', visit_of(), chart=chart
    )
    assert '<th scope="row">8 giờ</th><td>1.200</td>' in html
    assert "style=" not in html


@pytest.mark.parametrize(
    ("value", "written"), [(0, "0"), (1234567, "1.234.567"), (12.55, "12,6"), (1234.5, "1.234,5")]
)
def test_numbers_are_written_as_vietnamese_write_them(value: float, written: str) -> None:
    assert number(value) == written
