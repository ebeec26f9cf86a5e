"""The page Báo cáo over a socket: its days, its figures, its files, and who may see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from docx import Document
from openpyxl import load_workbook

from office import questions
from tests.console_office import CLERK, LEADER, ConsoleOffice, serving

PAGE = "/van-phong/bao-cao"


def fill(office: ConsoleOffice) -> None:
    """Three questions of November, one of October."""
    with office.sessions.begin() as session:
        for at, outcome, entry in (
            (datetime(2026, 11, 3, 2, tzinfo=UTC), "answer", "dvcqg_nop_ho_so_cac_buoc"),
            (datetime(2026, 11, 3, 2, tzinfo=UTC), "answer", "dvcqg_nop_ho_so_cac_buoc"),
            (datetime(2026, 11, 9, 8, tzinfo=UTC), "out", None),
            (datetime(2026, 10, 9, 8, tzinfo=UTC), "answer", "dvcqg_nop_ho_so_cac_buoc"),
        ):
            questions.record(
                session,
                "nộp <b>qua mạng</b>",
                at=at,
                channel="web",
                person="x" * 32,
                outcome=outcome,
                entry_id=entry,
                facet="online",
                knowledge_version="1",
            )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console"), fill=fill) as office:
        yield office


@pytest.mark.parametrize("name", [CLERK, LEADER])
def test_this_month_is_shown_first_with_its_figures(office: ConsoleOffice, name: str) -> None:
    page = office.login(name).get(PAGE)
    assert page.status_code == 200
    assert "Báo cáo tháng 11 năm 2026" in page.text
    assert "Tiếp nhận 3 lượt hỏi" in page.text
    assert "kỳ trước 1, tăng 200%" in page.text
    assert "nộp &lt;b&gt;qua mạng&lt;/b&gt;" in page.text


def test_any_days_can_be_chosen_and_wrong_ones_are_said_to_be_so(office: ConsoleOffice) -> None:
    client = office.login()
    chosen = client.get(PAGE, params={"tu": "2026-11-09", "den": "2026-11-09"}).text
    assert "Tiếp nhận 1 lượt hỏi" in chosen
    for days in ({"tu": "2026-11-20", "den": "2026-11-10"}, {"tu": "2027-01-01", "den": "2027-01-31"}):
        page = client.get(PAGE, params=days)
        assert page.status_code == 200
        assert 'role="alert"' in page.text
        assert "Báo cáo tháng 11 năm 2026" in page.text
    nothing = client.get(PAGE, params={"tu": "2026-01-01", "den": "2026-01-31"}).text
    assert "không có câu hỏi, nhiệm vụ đến hạn hay thông báo nào" in nothing


def test_the_files_are_of_the_days_that_are_shown(office: ConsoleOffice) -> None:
    client = office.login()
    days = {"tu": "2026-11-01", "den": "2026-11-09"}
    word = client.get(f"{PAGE}/tep/docx", params=days)
    assert "bao-cao-20261101-20261109.docx" in word.headers["content-disposition"]
    text = " ".join(p.text for p in Document(BytesIO(word.content)).paragraphs)
    assert "từ ngày 01/11/2026 đến ngày 09/11/2026" in text
    excel = load_workbook(BytesIO(client.get(f"{PAGE}/tep/xlsx", params=days).content))
    assert excel["Theo ngày"].max_row == 10
    assert client.get(f"{PAGE}/tep/png", params=days).content.startswith(b"\x89PNG")
    assert client.get(f"{PAGE}/tep/exe").status_code == 404


def test_who_is_not_logged_in_gets_neither_page_nor_files(office: ConsoleOffice) -> None:
    client = office.client()
    for address in (PAGE, f"{PAGE}/tep/docx", f"{PAGE}/tep/xlsx"):
        answer = client.get(address)
        assert answer.status_code in (303, 401, 403)
        assert "lượt hỏi" not in answer.text
