"""Nhiệm vụ in the console: the same deeds as in chat, seen, filtered, exported and counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from office import people
from office.assignments import Assignment, AssignmentState, Extension, ProofKind
from office.audit import Deed
from office.people import Person
from scheduler import extensions, progress
from scheduler.work import Draft
from tests.console_office import CLERK, LEADER, MEMBER, ConsoleOffice, post, serving

DUE = date(2026, 12, 10)  # the office's day is 24/11/2026
TABLE = """Nội dung;Phòng;Người thực hiện;Hạn
Báo cáo quý;Văn phòng Sở;;15/12/2026
Rà soát;;Phạm Thị Dung;10 ngày làm việc
Việc lạ;Phòng Không Có;;15/12/2026
Việc đã qua;Văn phòng Sở;;01/01/2020
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console-work")) as office:
        yield office


@pytest.fixture(scope="module")
def clerk(office: ConsoleOffice) -> httpx.Client:
    return office.login(CLERK)


def person(office: ConsoleOffice, name: str) -> Person:
    with office.sessions() as session:
        found = people.person(session, office.ids[name])
        assert found
        return found


def give(office: ConsoleOffice, title: str, due: date = DUE) -> int:
    with office.sessions.begin() as session:
        draft = Draft(title=title, member_ids=(office.ids[MEMBER],), due_on=due)
        return office.office.staff.work.create(
            session, draft, actor=person(office, CLERK), now=office.clock.now()
        ).id


def report(office: ConsoleOffice, number: int) -> None:
    with office.sessions.begin() as session:
        progress.report_done(
            session,
            office.office.staff.work,
            number,
            person(office, MEMBER),
            kind=ProofKind.DOCUMENT,
            proof="12/BC-SCT",
            now=office.clock.now(),
        )


def row(office: ConsoleOffice, number: int) -> Assignment:
    with office.sessions() as session:
        return session.get_one(Assignment, number)


def deeds(office: ConsoleOffice, number: int) -> list[tuple[str, int | None]]:
    with office.sessions() as session:
        query = select(Deed.action, Deed.actor_id).where(
            Deed.subject == "assignment", Deed.subject_id == number
        )
        return [(action, actor) for action, actor in session.execute(query.order_by(Deed.id))]


def test_work_is_given_by_the_form_and_stands_on_the_board(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    values = {"title": "Lập kế hoạch năm", "department": "1", "working_days": "10", "priority": "urgent"}
    done = post(clerk, "/nhiem-vu/moi", {**values, "document": "375/SCT-VP"})
    assert done.status_code == 303, done.text
    number = int(done.headers["location"].rpartition("/")[2])
    made = row(office, number)
    assert (made.title, made.department_id, made.created_by) == ("Lập kế hoạch năm", 1, office.ids[CLERK])
    assert made.state is AssignmentState.OPEN
    page = clerk.get(done.headers["location"]).text
    assert "Đã giao nhiệm vụ số" in page
    assert "375/SCT-VP" in page
    board = clerk.get("/van-phong/nhiem-vu").text
    assert "Lập kế hoạch năm" in board
    assert deeds(office, number) == [("assignment.create", office.ids[CLERK])]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"title": ""}, "Xin điền chỗ này."),
        ({"title": "Việc"}, "Chưa rõ phòng hay người thực hiện."),
        ({"title": "Việc", "members": "Ai Đó"}, "Không thấy ai tên «Ai Đó»."),
        ({"title": "Việc", "department": "1", "due_on": "2020-01-01"}, "không còn ở phía trước"),
        (
            {"title": "Việc", "department": "1", "due_on": "2026-12-01", "working_days": "3"},
            "Chỉ ghi ngày hạn",
        ),
        ({"title": "Việc", "department": "1", "working_days": "3", "priority": "express"}, "hoả tốc"),
    ],
)
def test_what_can_not_be_given_is_said_and_nothing_is_given(
    office: ConsoleOffice, clerk: httpx.Client, values: dict[str, str], said: str
) -> None:
    with office.sessions() as session:
        before = len(session.scalars(select(Assignment.id)).all())
    done = post(clerk, "/nhiem-vu/moi", values)
    assert done.status_code == 422
    assert said in done.text
    with office.sessions() as session:
        assert len(session.scalars(select(Assignment.id)).all()) == before


def test_a_report_is_returned_with_a_reason_then_confirmed(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    number = give(office, "Báo cáo tháng")
    report(office, number)
    assert "12/BC-SCT" in clerk.get(f"/van-phong/nhiem-vu/{number}").text
    without = post(clerk, f"/nhiem-vu/{number}/tra-lai", {"return_reason": " "})
    assert without.status_code == 422
    assert row(office, number).state is AssignmentState.REPORTED
    post(clerk, f"/nhiem-vu/{number}/tra-lai", {"return_reason": "thiếu số liệu"})
    assert row(office, number).state is AssignmentState.OPEN
    report(office, number)
    assert post(clerk, f"/nhiem-vu/{number}/xac-nhan").status_code == 303
    assert row(office, number).state is AssignmentState.DONE
    page = clerk.get(f"/van-phong/nhiem-vu/{number}").text
    assert "thiếu số liệu" in page
    assert "<p>Trả lại, " in page
    assert "<p>Đã xác nhận, " in page
    assert "ồng ý" not in page
    assert "Đổi hạn" not in page
    assert post(clerk, f"/nhiem-vu/{number}/xac-nhan").status_code == 422


def ask(office: ConsoleOffice, number: int, until: date) -> int:
    with office.sessions.begin() as session:
        return extensions.ask_extension(
            session,
            office.office.staff.work,
            number,
            person(office, MEMBER),
            until=until,
            reason="chờ số liệu",
            now=office.clock.now(),
        ).id


def test_a_request_for_more_time_is_answered_with_another_day_or_refused(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    number = give(office, "Xin thêm hạn")
    request = ask(office, number, DUE + timedelta(days=20))
    assert "chờ số liệu" in clerk.get(f"/van-phong/nhiem-vu/{number}").text
    answer = {"extension": str(request), "decision": "refused", "answer_reason": ""}
    assert post(clerk, f"/nhiem-vu/{number}/gia-han", answer).status_code == 422
    answer |= {"decision": "approved", "answer_until": "2026-12-18"}
    assert post(clerk, f"/nhiem-vu/{number + 1}/gia-han", answer).status_code == 404  # another's request
    assert post(clerk, f"/nhiem-vu/{number}/gia-han", answer).status_code == 303
    assert row(office, number).due_on == date(2026, 12, 18)
    with office.sessions() as session:
        assert session.get_one(Extension, request).decision == "changed"


def test_a_deadline_is_moved_both_ways_with_a_reason(office: ConsoleOffice, clerk: httpx.Client) -> None:
    number = give(office, "Đổi hạn")
    for until, status in (("2026-12-03", 303), ("2026-12-03", 422), ("2026-11-24", 422), ("2026-12-30", 303)):
        values = {"move_until": until, "move_reason": "lãnh đạo yêu cầu"}
        assert post(clerk, f"/nhiem-vu/{number}/han", values).status_code == status, until
    changed = row(office, number)
    assert (changed.due_on, changed.first_due_on) == (date(2026, 12, 30), DUE)
    request = ask(office, number, date(2027, 1, 10))
    assert request
    blocked = post(clerk, f"/nhiem-vu/{number}/han", {"move_until": "2026-12-31", "move_reason": "x"})
    assert "đang có đề nghị gia hạn" in blocked.text
    assert [action for action, _ in deeds(office, number)].count("assignment.change") == 2


def test_work_is_worded_anew_and_called_off(office: ConsoleOffice, clerk: httpx.Client) -> None:
    number = give(office, "Tên <b>cũ</b>")
    assert "Tên &lt;b&gt;cũ" in clerk.get(f"/van-phong/nhiem-vu/{number}").text
    post(clerk, f"/nhiem-vu/{number}/noi-dung", {"title": "Tên mới"})
    assert row(office, number).title == "Tên mới"
    post(clerk, f"/nhiem-vu/{number}/huy", {"cancel_reason": "không cần nữa"})
    assert row(office, number).state is AssignmentState.CANCELLED


def test_all_of_somebodys_work_goes_to_somebody_else(office: ConsoleOffice, clerk: httpx.Client) -> None:
    number = give(office, "Bàn giao")
    ids = {"frm": str(office.ids[MEMBER]), "to": str(office.ids[CLERK]), "reason": "chuyển công tác"}
    done = post(clerk, "/nhiem-vu/chuyen", ids)
    assert done.status_code == 303
    assert (("assignment.hand_over", office.ids[CLERK])) in deeds(office, number)
    assert post(clerk, "/nhiem-vu/chuyen", {**ids, "frm": "999"}).status_code == 422
    back = {"frm": ids["to"], "to": ids["frm"], "reason": "trở lại"}
    assert post(clerk, "/nhiem-vu/chuyen", back).status_code == 303


def test_a_table_is_looked_at_first_and_given_once(office: ConsoleOffice, clerk: httpx.Client) -> None:
    page = clerk.get("/van-phong/nhiem-vu/nhap").text
    token = re.search(r'name="csrf" value="(\w+)"', page)
    assert token
    files = {"table": ("viec.csv", TABLE.encode(), "text/csv")}
    look = clerk.post("/van-phong/nhiem-vu/nhap", data={"csrf": token[1]}, files=files)
    assert look.status_code == 200, look.text
    assert "Giao 2 nhiệm vụ này" in look.text
    assert "Dòng 4, cột Phòng: Không rõ phòng «Phòng Không Có»." in look.text
    assert "Dòng 5" in look.text
    with office.sessions() as session:
        assert session.scalar(select(Assignment.id).where(Assignment.title == "Báo cáo quý")) is None
    key = re.search(r'name="key" value="([\w-]+)"', look.text)
    assert key
    other = office.login(LEADER)
    assert post(other, "/nhiem-vu/nhap/giao", {"key": key[1]}).status_code == 422  # not theirs
    assert post(clerk, "/nhiem-vu/nhap/giao", {"key": key[1]}).status_code == 303
    assert post(clerk, "/nhiem-vu/nhap/giao", {"key": key[1]}).status_code == 422  # once
    with office.sessions() as session:
        given = session.scalars(select(Assignment.created_by).where(Assignment.title == "Báo cáo quý")).all()
    assert given == [office.ids[CLERK]]
    nothing = clerk.post("/van-phong/nhiem-vu/nhap", data={"csrf": token[1]})
    assert nothing.status_code == 422
    assert "Xin chọn đúng một tệp." in nothing.text
    sample = clerk.get("/van-phong/nhiem-vu/nhap/mau")
    assert load_workbook(BytesIO(sample.content)).sheetnames


def test_the_list_is_filtered_and_written_as_a_workbook(office: ConsoleOffice, clerk: httpx.Client) -> None:
    number = give(office, "Tìm thấy được 100% ngay", date(2027, 2, 1))
    give(office, "Một việc khác", date(2027, 2, 2))
    path = "/van-phong/nhiem-vu/danh-sach"

    def listed(**filters: str) -> str:
        response = clerk.get(path, params=filters)
        assert response.status_code == 200, response.text
        return response.text

    assert "Tìm thấy được 100% ngay" in listed(tim="100%")
    assert "Một việc khác" not in listed(tim="100%")
    assert "Tìm thấy được 100% ngay" in listed(tim=str(number))
    assert "Một việc khác" not in listed(tu="2027-02-01", den="2027-02-01")
    assert "Một việc khác" in listed(nguoi=str(office.ids[MEMBER]), tu="2027-02-02", xep="-han")
    assert "Không có mục nào" in listed(phong="2", muc="express")
    assert "Không có mục nào" in listed(**{"tinh-trang": "qua-han", "tim": "100%"})
    book = load_workbook(BytesIO(clerk.get(path, params={"tim": "100%", "xuat": "xlsx"}).content))
    [head, line] = book.worksheets[0].iter_rows(values_only=True)
    assert head[:4] == ("Số", "Nội dung", "Phòng", "Hạn")
    assert line[:2] == (number, "Tìm thấy được 100% ngay")
    assert str(line[3]).startswith("2027-02-01")


def test_the_figures_of_a_period_are_shown_and_written_as_a_workbook(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    page = clerk.get("/van-phong/nhiem-vu/thong-ke", params={"tu": "2026-11-01", "den": "2026-12-31"})
    assert "việc có hạn trong kỳ" in page.text
    turned = clerk.get("/van-phong/nhiem-vu/thong-ke", params={"tu": "2026-12-31", "den": "2026-11-01"})
    assert turned.status_code == 200
    assert 'class="warning"' in turned.text
    book = clerk.get("/van-phong/nhiem-vu/thong-ke", params={"tu": "2026-11-01", "xuat": "xlsx"})
    assert load_workbook(BytesIO(book.content)).sheetnames


def test_nothing_that_is_not_there_is_shown(clerk: httpx.Client) -> None:
    assert clerk.get("/van-phong/nhiem-vu/999999").status_code == 404
    assert clerk.get(f"/van-phong/nhiem-vu/{10**17}").status_code == 404
    assert post(clerk, "/nhiem-vu/999999/xac-nhan").status_code in (404, 422)


def test_a_leader_looks_and_answers_but_does_not_call_off(office: ConsoleOffice) -> None:
    leader = office.login(LEADER)
    number = give(office, "Lãnh đạo xem")
    page = leader.get(f"/van-phong/nhiem-vu/{number}").text
    assert "Huỷ nhiệm vụ" not in page
    assert post(leader, f"/nhiem-vu/{number}/huy", {"cancel_reason": "x"}).status_code == 403
    assert row(office, number).state is AssignmentState.OPEN
