"""Thông báo in the console: what became of a notice, templates, lists, campaigns; and who may do what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from office import codes, membership
from office.deliveries import Delivery, Status
from office.notices import Notice, NoticeState, RecipientList
from office.people import Role
from office.reminders import Reminder, ReminderKind
from scheduler.notices import approval, drafts, reading, templates
from scheduler.notices.audience import Audience
from tests.console_notices import (
    HOME,
    PDF,
    TELEGRAM,
    WRITTEN,
    deed,
    delivery,
    drafted,
    left,
    newest,
    person,
    row,
    serving_notices,
    text_of,
)
from tests.console_office import ADMIN, CLERK, LEADER, MEMBER, ConsoleOffice, post


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving_notices(tmp_path_factory.mktemp("console-notices")) as office:
        yield office


@pytest.fixture(scope="module")
def clerk(office: ConsoleOffice) -> httpx.Client:
    return office.login(CLERK)


@pytest.fixture(scope="module")
def leader(office: ConsoleOffice) -> httpx.Client:
    return office.login(LEADER)


class TestResult:
    def test_the_doubtful_are_settled_by_a_tap_and_once(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        number = left(office, "Chưa rõ")
        lost = delivery(office, number, "-1", status=Status.UNCERTAIN, reason="Mất kết nối.")
        failed = delivery(office, number, "-2", status=Status.FAILED, reason="Nhóm chặn.")
        page = text_of(clerk.get(f"{HOME}/{number}"))
        assert "1 nơi chưa rõ đã tới chưa" in page
        assert "Mất kết nối. Hỏi người nhận" in page
        data = {"message": lost, "name": "Nhóm Thương mại"}
        assert post(clerk, f"/thong-bao/{number}/da-toi", data).status_code == 303
        assert "Đã ghi là đã tới: Nhóm Thương mại." in text_of(clerk.get(f"{HOME}/{number}"))
        assert post(clerk, f"/thong-bao/{number}/da-toi", data).status_code == 422
        post(clerk, f"/thong-bao/{number}/gui-lai", {"message": failed, "name": "Nhóm Văn phòng"})
        with office.sessions() as session:
            assert session.get_one(Delivery, lost).status is Status.SENT
            assert session.get_one(Delivery, failed).status is Status.QUEUED
        assert deed(office, "delivery.again").actor_id == office.ids[CLERK]

    def test_only_a_page_of_chats_is_shown_and_the_wanted_ones(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        with office.sessions.begin() as session:
            now = office.clock.now()
            for at in range(60):
                who = membership.add_member(
                    session, f"Người {at:02}", department_id=None, actor=None, now=now
                )
                codes.tie(session, who.id, **TELEGRAM, sender=f"9{at}", chat=f"9{at}", now=now)
        number = left(office, "Mọi người", audience=Audience(roles=(Role.MEMBER,)))
        delivery(office, number, "959", status=Status.FAILED, reason="Đã chặn.")
        first = clerk.get(f"{HOME}/{number}").text
        assert "1–50 trong 63 mục" in first
        assert first.count('data-label="Tình trạng"') == 50
        assert "51–63 trong 63 mục" in clerk.get(f"{HOME}/{number}?trang=2").text
        lost = clerk.get(f"{HOME}/{number}?tinh-trang=failed").text
        assert lost.count('data-label="Tình trạng"') == 1
        assert "Người 59" in lost

    def test_who_has_confirmed_is_named_and_only_the_others_are_nudged(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        number = left(office, "Xác nhận", audience=Audience(members=(office.ids[ADMIN], office.ids[LEADER])))
        with office.sessions.begin() as session:
            reading.confirm(
                session, number, person(session, office, LEADER), **TELEGRAM, chat="3", now=office.clock.now()
            )
        page = text_of(clerk.get(f"{HOME}/{number}"))
        assert "1/2 người đã xác nhận" in page
        assert f"Đã xác nhận (1) {LEADER}" in page
        assert f"Chưa xác nhận (1) {ADMIN}" in page
        post(clerk, f"/thong-bao/{number}/nhac")
        with office.sessions() as session:
            last = session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(1)).one()
        assert (last.member_id, "Nhắc đọc thông báo" in str(last.body)) == (office.ids[ADMIN], True)
        listed = text_of(clerk.get(f"{HOME}?tim=Xác nhận"))
        assert "2/2 1/2" in listed

    def test_the_report_and_the_list_open_in_excel(self, office: ConsoleOffice, clerk: httpx.Client) -> None:
        number = left(office, "Ra Excel")
        report = clerk.get(f"{HOME}/{number}?xuat=xlsx")
        assert f"thong-bao-{number}" in report.headers["content-disposition"]
        cells = [c for sheet in load_workbook(BytesIO(report.content)) for r in sheet.values for c in r]
        assert "Nhóm Thương mại" in cells
        listed = load_workbook(BytesIO(clerk.get(f"{HOME}?xuat=xlsx&tim=Ra+Excel").content)).worksheets[0]
        assert [r[1] for r in listed.values] == ["Tiêu đề", "Ra Excel"]

    @pytest.mark.parametrize("seen", ["", "?tu=sending"])
    def test_the_progress_ends_once_it_is_over_or_the_page_shows_another_state(
        self, office: ConsoleOffice, clerk: httpx.Client, seen: str
    ) -> None:
        number = left(office, "Xong rồi")
        with clerk.stream("GET", f"{HOME}/{number}/tien-do{seen}") as response:
            assert "event: done" in "".join(response.iter_text())

    def test_a_paused_page_learns_that_it_goes_on(self, office: ConsoleOffice, clerk: httpx.Client) -> None:
        number = left(office, "Tạm dừng")
        with office.sessions.begin() as session:
            session.get_one(Notice, number).state = NoticeState.PAUSED
        with clerk.stream("GET", f"{HOME}/{number}/tien-do?tu=paused") as response:
            told = response.iter_text()
            assert "Tạm dừng: đã gửi 3/3 nơi" in next(told)
            with office.sessions.begin() as session:
                session.get_one(Notice, number).state = NoticeState.SENDING
            assert "event: done" in next(told)

    def test_an_attachment_is_read_by_who_approves_and_not_through_another_notice(
        self, office: ConsoleOffice, clerk: httpx.Client, leader: httpx.Client
    ) -> None:
        number, other = drafted(office), drafted(office)
        with office.sessions.begin() as session:
            file = drafts.attach(
                session,
                office.office.staff.notices,
                number,
                name="Công văn.pdf",
                media_type="",
                content=PDF,
                actor=person(session, office, CLERK),
                now=office.clock.now(),
            ).id
        assert leader.get(f"{HOME}/{number}/tep/{file}").content == PDF
        assert leader.get(f"{HOME}/{other}/tep/{file}").status_code == 404


class TestBeside:
    def test_a_template_s_blanks_become_a_draft(self, office: ConsoleOffice, clerk: httpx.Client) -> None:
        data = {"name": "Mời tập huấn", "title": "Tập huấn {nội dung}", "body": "Lúc {thời gian}."}
        assert post(clerk, "/thong-bao/mau/moi", data).status_code == 303
        with office.sessions() as session:
            made = next(one for one in templates.templates(session) if one.name == "Mời tập huấn")
        assert post(clerk, "/thong-bao/mau/moi", data).status_code == 422  # the name is taken
        form = clerk.get(f"{HOME}/moi?mau={made.id}", follow_redirects=True)
        assert "Nội dung" in form.text
        assert "Thời gian" in form.text
        refused = post(clerk, f"/thong-bao/mau/{made.id}/dung", {"blank0": "an toàn"})
        assert "Chưa điền: thời gian." in text_of(refused)
        assert 'value="an toàn"' in refused.text
        filled = {"blank0": "an toàn", "blank1": "8 giờ"}
        response = post(clerk, f"/thong-bao/mau/{made.id}/dung", filled)
        assert response.headers["location"] == f"{HOME}/{newest(office).id}/sua"
        assert (newest(office).title, newest(office).body) == ("Tập huấn an toàn", "Lúc 8 giờ.")
        assert newest(office).template_id == made.id
        post(clerk, f"/thong-bao/mau/{made.id}/dung-lai")
        assert "Đã ngừng dùng mẫu" in text_of(clerk.get(f"{HOME}/mau"))
        with office.sessions() as session:
            assert made.id not in {one.id for one in templates.templates(session)}

    def test_a_list_is_saved_counted_used_and_not_deleted_while_used(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        data = {"name": "Khối văn phòng", "departments": ["1"], "names": LEADER}
        assert post(clerk, "/thong-bao/danh-sach/moi", data).status_code == 303
        with office.sessions() as session:
            number = session.scalars(select(RecipientList.id)).one()
        assert "2 nơi nhận được hôm nay" in text_of(clerk.get(f"{HOME}/danh-sach"))
        assert LEADER in clerk.get(f"{HOME}/danh-sach/{number}").text
        used = drafted(office, audience=Audience(lists=(number,)))
        assert post(clerk, f"/thong-bao/danh-sach/{number}/xoa").status_code == 422
        post(clerk, f"/thong-bao/{used}/huy", {"why_cancel": "Thôi"})
        assert post(clerk, f"/thong-bao/danh-sach/{number}/xoa").status_code == 303

    def test_a_campaign_is_switched_off_with_a_reason(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        with office.sessions() as session:
            rule = session.scalars(select(Reminder).where(Reminder.kind == ReminderKind.NOTICE)).first()
        assert rule
        assert "8:00 ngày" in text_of(clerk.get(f"{HOME}/dinh-ky"))
        path = f"/thong-bao/dinh-ky/{rule.id}"
        assert post(clerk, f"{path}/tat").status_code == 422
        assert post(clerk, f"{path}/tat", {f"reason{rule.id}": "Đã tuyên truyền xong"}).status_code == 303
        assert deed(office, "reminder.off").reason == "Đã tuyên truyền xong"
        assert post(clerk, f"{path}/bat").status_code == 303
        with office.sessions() as session:
            again = session.get_one(Reminder, rule.id)
            assert (again.active, again.next_at) == (True, rule.next_at)


class TestRights:
    def test_who_is_no_clerk_and_no_leader_doesn_t_come_in(self, office: ConsoleOffice) -> None:
        stranger = office.client()
        assert stranger.get(HOME).status_code == 401
        assert MEMBER not in stranger.get(HOME).text

    @pytest.mark.parametrize(
        ("path", "data"),
        [
            ("moi", WRITTEN),
            ("{id}/sua", WRITTEN),
            ("{id}/trinh", {}),
            ("{id}/gui", {}),
            ("{id}/thu", {}),
            ("{id}/huy", {"why_cancel": "x"}),
            ("{id}/dung", {"why_pause": "x"}),
            ("{id}/tiep", {}),
            ("{id}/thu-hoi", {"why_retract": "x"}),
            ("{id}/nhac", {}),
            ("{id}/dinh-chinh", {**WRITTEN, "reason": "x"}),
            ("{id}/da-toi", {"message": "1"}),
            ("mau/moi", {"name": "x", "title": "y"}),
            ("danh-sach/moi", {"name": "x", "all_groups": "1"}),
            ("dinh-ky/1/bat", {}),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_leader_approves_and_does_nothing_else(
        self, office: ConsoleOffice, leader: httpx.Client, path: str, data: Mapping[str, Any]
    ) -> None:
        number = drafted(office)
        before = row(office, number).changed_at
        response = post(leader, f"/thong-bao/{path.format(id=number)}", data)
        assert response.status_code in (403, 422)
        assert "dành cho" in text_of(response) or "Chưa được phép" in text_of(response)
        assert row(office, number).changed_at == before
        assert row(office, number).state is NoticeState.DRAFT

    def test_a_leader_sees_notices_and_no_button_that_isn_t_theirs(
        self, office: ConsoleOffice, clerk: httpx.Client, leader: httpx.Client
    ) -> None:
        number = drafted(office)
        assert leader.get(f"{HOME}/moi").status_code == 403
        page = leader.get(f"{HOME}/{number}")
        assert page.status_code == 200
        assert "/trinh" not in page.text
        assert "/huy" not in page.text
        post(clerk, f"/thong-bao/{number}/trinh")
        assert f"/thong-bao/{number}/duyet" in leader.get(f"{HOME}/{number}").text

    def test_without_a_second_person_it_is_sent_where_the_office_allows_that(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        number = drafted(office)
        refused = post(clerk, f"/thong-bao/{number}/gui")
        assert "phải có người thứ hai duyệt" in text_of(refused)
        notices = office.office.staff.notices
        alone = replace(notices, settings=notices.settings.model_copy(update={"approval": False}))
        with office.sessions.begin() as session:
            approval.send(
                session, alone, number, actor=person(session, office, CLERK), now=office.clock.now()
            )
        assert row(office, number).state is NoticeState.SENDING

    def test_what_is_not_there_is_not_found(self, clerk: httpx.Client) -> None:
        for path in ("999999", "999999/sua", "999999/tien-do", "mau/9999", "danh-sach/9999"):
            response = clerk.get(f"{HOME}/{path}")
            assert response.status_code == 404 or not response.text.strip()
