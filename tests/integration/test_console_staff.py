"""Người và nhóm in the console: the same deeds as in chat, by those who may, told to whom they concern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from office import codes, groups, people
from office.audit import Deed
from office.groups import Group, GroupState
from office.people import Absence, Person, Role
from scheduler.work import Draft
from tests.console_office import ADMIN, CLERK, LEADER, MEMBER, ConsoleOffice, post, serving


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console-staff")) as office:
        yield office


@pytest.fixture(scope="module")
def admin(office: ConsoleOffice) -> httpx.Client:
    return office.login(ADMIN)


@pytest.fixture(scope="module")
def clerk(office: ConsoleOffice) -> httpx.Client:
    return office.login(CLERK)


def person(office: ConsoleOffice, number: int) -> Person:
    with office.sessions() as session:
        found = people.person(session, number)
        assert found
        return found


def add(office: ConsoleOffice, clerk: httpx.Client, name: str, department: str = "1") -> int:
    done = post(clerk, "/nguoi/moi", {"name": name, "title": "chuyên viên", "department": department})
    assert done.status_code == 303, done.text
    return int(done.headers["location"].rpartition("/")[2])


def last_deed(office: ConsoleOffice) -> Deed:
    with office.sessions() as session:
        found = session.scalars(select(Deed).order_by(Deed.id.desc())).first()
        assert found
        return found


def test_an_account_is_shown_with_its_state_and_untied_with_a_reason(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    number = add(office, clerk, "Lê Văn Máy")
    where = {"channel": "telegram", "account": "42", "sender": "may", "chat": "may"}
    with office.sessions.begin() as session:
        codes.tie(session, number, **where, now=office.clock.now())
        [account] = people.accounts_of(session, number)
    page = clerk.get(f"/van-phong/nguoi/{number}").text
    assert "1. Telegram –" in page
    assert "Gỡ tài khoản số 1 (Telegram)" in page
    form = {"account": str(account.id), "untie_reason": ""}
    assert post(clerk, f"/nguoi/{number}/go-tai-khoan", form).status_code == 422
    form["untie_reason"] = "mất điện thoại"
    assert post(clerk, f"/nguoi/{number}/go-tai-khoan", form).status_code == 303
    assert "Chưa gắn tài khoản nào" in clerk.get(f"/van-phong/nguoi/{number}").text
    deed = last_deed(office)
    assert (deed.action, deed.reason, deed.subject_id) == ("account.untie", "mất điện thoại", number)
    assert post(clerk, f"/nguoi/{number}/go-tai-khoan", form).status_code != 303


def test_a_member_is_added_moved_and_given_a_code_that_works(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    number = add(office, clerk, "Hoàng Thị Em")
    page = post(clerk, f"/nguoi/{number}/ma")
    assert page.status_code == 200
    code = re.search(r"Mã của Hoàng Thị Em: ([A-Z0-9]{4}-[A-Z0-9]{4})", page.text)
    assert "Tin soạn sẵn để chép: «Anh/chị Hoàng Thị Em mở " in page.text
    assert re.search(r"họ mở [^<]+ và nhắn ở cửa sổ riêng: <code>/ma ", page.text)
    assert code
    assert code[1] not in clerk.get(f"/van-phong/nguoi/{number}").text  # only this once
    with office.sessions.begin() as session:
        who = codes.use_code(
            session,
            code[1],
            channel="web",
            account="1",
            sender="9",
            chat="9",
            name="",
            now=office.clock.now(),
            hash_key=office.office.hash_key,
        )
    assert who.id == number
    assert post(clerk, f"/nguoi/{number}/phong", {"move_department": "99"}).status_code == 422
    moved = post(clerk, f"/nguoi/{number}/phong", {"move_department": "2", "move_title": "phó phòng"})
    assert moved.status_code == 303
    assert (person(office, number).department_id, person(office, number).title) == (2, "phó phòng")
    assert "đã gắn" in clerk.get("/van-phong/nguoi", params={"tim": "hoang thi em"}).text


def test_only_an_admin_may_code_an_admin_or_touch_roles(office: ConsoleOffice, clerk: httpx.Client) -> None:
    chief = office.ids[ADMIN]
    refused = post(clerk, f"/nguoi/{chief}/ma")
    assert refused.status_code == 422
    role = {"role": "admin", "role_reason": "x"}
    before = person(office, office.ids[CLERK]).roles
    assert post(clerk, f"/nguoi/{office.ids[CLERK]}/vai-tro", role).status_code in (403, 422)
    assert person(office, office.ids[CLERK]).roles == before
    assert "Giao vai trò" not in clerk.get(f"/van-phong/nguoi/{chief}").text


def test_a_role_is_given_and_taken_with_a_reason(office: ConsoleOffice, admin: httpx.Client) -> None:
    number = add(office, admin, "Vũ Văn Phú")
    at = f"/nguoi/{number}"
    assert post(admin, f"{at}/vai-tro", {"role": "head", "role_reason": ""}).status_code == 422
    assert post(admin, f"{at}/vai-tro", {"role": "member", "role_reason": "x"}).status_code == 422
    assert post(admin, f"{at}/vai-tro", {"role": "head", "role_reason": "bổ nhiệm"}).status_code == 303
    assert person(office, number).has(Role.HEAD)
    deed = last_deed(office)
    assert (deed.action, deed.actor_id, deed.reason) == ("role.give", office.ids[ADMIN], "bổ nhiệm")
    assert "bổ nhiệm" in admin.get(f"/van-phong{at}").text
    moved = post(admin, f"{at}/phong", {"move_department": "2"})
    assert moved.status_code == 422
    assert "đang là trưởng phòng" in moved.text
    assert post(admin, f"{at}/thoi-vai-tro", {"role": "head", "role_reason": "thôi"}).status_code == 303
    assert not person(office, number).has(Role.HEAD)


def test_there_is_a_warning_below_two_admins_and_the_last_one_stays(
    office: ConsoleOffice, admin: httpx.Client
) -> None:
    warning = "Nên có ít nhất hai"
    assert warning in admin.get("/van-phong/nguoi").text
    me = office.ids[ADMIN]
    last = post(admin, f"/nguoi/{me}/thoi-vai-tro", {"role": "admin", "role_reason": "x"})
    assert last.status_code == 422
    assert "quản trị duy nhất" in last.text
    second = add(office, admin, "Đỗ Thị Quỳnh")
    post(admin, f"/nguoi/{second}/vai-tro", {"role": "admin", "role_reason": "dự phòng"})
    assert warning not in admin.get("/van-phong/nguoi").text
    post(admin, f"/nguoi/{second}/thoi-vai-tro", {"role": "admin", "role_reason": "hết dự phòng"})


def test_somebody_is_away_with_a_stand_in_and_comes_back(office: ConsoleOffice, clerk: httpx.Client) -> None:
    number = add(office, clerk, "Trịnh Văn Sơn")
    at, days = f"/nguoi/{number}", {"since": "2026-11-24", "until": "2026-11-30"}
    assert post(clerk, f"{at}/nghi", {**days, "until": "2026-11-20"}).status_code == 422
    assert post(clerk, f"{at}/nghi", {**days, "stand_in": str(number)}).status_code == 422
    done = post(clerk, f"{at}/nghi", {**days, "stand_in": str(office.ids[MEMBER]), "away_reason": "phép"})
    assert done.status_code == 303
    page = clerk.get(f"/van-phong{at}").text
    assert f"người thay: {MEMBER.lower()}" in page.lower()
    assert "đến 30/11/2026" in clerk.get("/van-phong/nguoi", params={"tim": "Trịnh"}).text
    assert post(clerk, f"{at}/het-nghi").status_code == 303
    with office.sessions() as session:
        row = session.scalars(select(Absence).where(Absence.member_id == number)).one()
    assert row.cancelled_at is not None


def test_a_leader_records_only_their_own_absence(office: ConsoleOffice) -> None:
    leader = office.login(LEADER)
    days = {"since": "2026-12-01", "until": "2026-12-02"}
    assert post(leader, f"/nguoi/{office.ids[MEMBER]}/nghi", days).status_code in (403, 422)
    assert post(leader, f"/nguoi/{office.ids[LEADER]}/nghi", days).status_code == 303
    with office.sessions() as session:
        away = set(session.scalars(select(Absence.member_id).where(Absence.since == date(2026, 12, 1))))
    assert away == {office.ids[LEADER]}
    assert leader.get("/van-phong/nguoi/nhom").status_code == 403
    assert leader.get("/van-phong/nguoi/moi").status_code == 403


def test_who_leaves_hands_their_work_over(office: ConsoleOffice, admin: httpx.Client) -> None:
    number = add(office, admin, "Mai Văn Tú")
    with office.sessions.begin() as session:
        draft = Draft(title="Việc", member_ids=(number,), due_on=date(2026, 12, 10))
        clerk = people.person(session, office.ids[CLERK])
        office.office.staff.work.create(session, draft, actor=clerk, now=office.clock.now())
    at = f"/nguoi/{number}/roi"
    assert "1 nhiệm vụ chưa xong" in post(admin, at, {"leave_reason": "nghỉ hưu"}).text
    done = post(admin, at, {"leave_reason": "nghỉ hưu", "heir": str(office.ids[MEMBER])})
    assert done.status_code == 303
    assert admin.get(f"/van-phong/nguoi/{number}").status_code == 404
    assert last_deed(office).action == "member.leave"


def test_a_department_is_added_once(office: ConsoleOffice, clerk: httpx.Client) -> None:
    assert post(clerk, "/nguoi/phong", {"name": "Phòng Kỹ thuật an toàn"}).status_code == 303
    page = clerk.get("/van-phong/nguoi/phong").text
    assert "ky-thuat-an-toan" in page
    assert re.search(r"Văn phòng Sở</a></strong>: \d+ người", page)
    assert post(clerk, "/nguoi/phong", {"name": "Phòng kỹ thuật an toàn"}).status_code == 422


def meet(office: ConsoleOffice, chat: str) -> int:
    with office.sessions.begin() as session:
        where = {"channel": "telegram", "account": "42", "chat": chat}
        row, _ = groups.met(session, **where, title=f"Nhóm {chat}", added_by="An", now=office.clock.now())
        return row.id


def group(office: ConsoleOffice, number: int) -> Group:
    with office.sessions() as session:
        return session.get_one(Group, number)


def test_a_group_is_approved_for_a_department_and_greeted_once(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    number = meet(office, "-1001")
    page = clerk.get("/van-phong/nguoi/nhom").text
    assert "Nhóm -1001" in page
    assert post(clerk, f"/nguoi/nhom/{number}/duyet", {"department": "99"}).status_code == 422
    assert post(clerk, f"/nguoi/nhom/{number}/duyet", {"department": "2"}).status_code == 303
    assert post(clerk, f"/nguoi/nhom/{number}/duyet", {"department": "0"}).status_code == 303
    found = group(office, number)
    assert (found.state, found.department_id) == (GroupState.APPROVED, None)
    assert (found.decided_by, last_deed(office).action) == (office.ids[CLERK], "group.approve")
    assert post(clerk, f"/nguoi/nhom/{number}/chu-de", {"topic": "12"}).status_code == 303
    assert post(clerk, f"/nguoi/nhom/{number}/chu-de", {"topic": "x"}).status_code == 422
    assert group(office, number).topic == "12"


def test_a_group_is_refused_with_a_reason(office: ConsoleOffice, clerk: httpx.Client) -> None:
    number = meet(office, "-1002")
    assert post(clerk, f"/nguoi/nhom/{number}/tu-choi", {"reason": ""}).status_code == 422
    assert post(clerk, f"/nguoi/nhom/{number}/tu-choi", {"reason": "nhóm riêng"}).status_code == 303
    assert group(office, number).state is GroupState.REFUSED
    assert post(clerk, "/nguoi/nhom/9999/duyet", {"department": "0"}).status_code == 422


def test_the_list_of_people_is_filtered_and_written_as_a_workbook(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    path = "/van-phong/nguoi"
    assert LEADER in clerk.get(path, params={"vai": "leader"}).text
    assert MEMBER not in clerk.get(path, params={"vai": "leader"}).text
    assert MEMBER in clerk.get(path, params={"tai-khoan": "chua", "phong": "1"}).text
    book = load_workbook(BytesIO(clerk.get(path, params={"vai": "leader", "xuat": "xlsx"}).content))
    [head, line] = book.worksheets[0].iter_rows(values_only=True)
    assert head[:4] == ("Họ tên", "Chức danh", "Phòng", "Vai trò")
    assert (line[0], line[3]) == (LEADER, "lãnh đạo cơ quan")
