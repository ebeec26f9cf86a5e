"""Thông báo in the console: written, approved, corrected; what is refused changes nothing and is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from office.deliveries import Delivery, Status
from office.notices import Notice, NoticeFile, NoticeState
from scheduler.notices.audience import Audience
from tests.console_notices import (
    HOME,
    PDF,
    WRITTEN,
    deed,
    delivery,
    drafted,
    left,
    newest,
    row,
    serving_notices,
    table,
    text_of,
    written,
)
from tests.console_office import CLERK, LEADER, ConsoleOffice, post


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


class TestWriting:
    def test_what_is_typed_becomes_a_draft_with_its_files_and_recipients(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        data = {
            **WRITTEN,
            "document": "12/TB-SCT",
            "document_date": "2026-11-20",
            "confirm": "1",
            "send_at": "2026-11-30T08:00",
            "departments": ["1", "2"],
            "roles": ["leader"],
            "names": "Phạm Thị Dung\nVõ Văn Hai (Văn phòng Sở)",
        }
        files = [("files", ("Lich truc.pdf", PDF, "application/pdf"))]
        response = post(clerk, "/thong-bao/moi", data, files=files)
        assert response.status_code == 303, text_of(response)
        made = newest(office)
        assert response.headers["location"] == f"{HOME}/{made.id}"
        assert (made.state, made.document, made.confirm) == (NoticeState.DRAFT, "12/TB-SCT", True)
        assert made.send_at is not None
        assert made.send_at.isoformat() == "2026-11-30T01:00:00+00:00"
        assert made.audience["departments"] == [1, 2]
        assert len(made.audience["members"]) == 2
        page = text_of(clerk.get(f"{HOME}/{made.id}"))
        assert "3 nơi nhận được tin: 2 nhóm, 1 người nhắn riêng" in page
        assert "Phạm Thị Dung: chưa nối tài khoản" in page
        assert "Gửi lúc 8:00 ngày 30/11/2026" in page
        assert "Lich truc.pdf" in page

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"title": ""}, "Xin điền chỗ này."),
            ({"priority": "express"}, "Thông báo hoả tốc cần nêu lý do."),
            ({"send_at": "2026-11-23T08:00"}, "Giờ này đã qua."),
            ({"document_date": "2026-11-31"}, "Ngày này không có."),
            ({"names": "Phạm Thị Dung\nVõ Văn Hai"}, "Dòng 2: Có 2 người tên «Võ Văn Hai»"),
            ({"names": "Không Có Ai"}, "Dòng 1: Không có ai tên «Không Có Ai»."),
        ],
        ids=["title", "express", "past", "no day", "ambiguous", "nobody"],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
        self, office: ConsoleOffice, clerk: httpx.Client, typed: dict[str, str], said: str
    ) -> None:
        before = written(office)
        response = post(clerk, "/thong-bao/moi", {**WRITTEN, "groups": ["3"], **typed})
        assert response.status_code == 422
        assert said in text_of(response)
        assert "Theo lịch kèm theo." in response.text
        assert re.search(r'name="groups" value="3" checked', response.text)
        assert written(office) == before

    def test_a_file_that_can_t_be_sent_leaves_nothing_behind(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        before = written(office)
        files = [("files", ("chay.exe", b"MZ\x90", "application/octet-stream"))]
        response = post(clerk, "/thong-bao/moi", WRITTEN, files=files)
        assert response.status_code == 422
        assert "không phải PDF, Word" in text_of(response)
        assert "Xin chọn lại tệp" in text_of(response)
        assert written(office) == before

    def test_recipients_come_out_of_a_table_and_its_bad_rows_are_named(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        good = table([("Tên", "Loại"), ("Nhóm Thương mại", "nhóm"), (LEADER, "người")])
        response = post(clerk, "/thong-bao/moi", WRITTEN, files=[("table", ("nhan.xlsx", good, ""))])
        assert response.status_code == 303, text_of(response)
        assert newest(office).audience == {"groups": [1], "members": [office.ids[LEADER]]}
        bad = table([("Tên", "Loại"), ("Nhóm Thương mại", "nhóm"), ("Nhóm Lạ", "nhóm")])
        refused = post(clerk, "/thong-bao/moi", WRITTEN, files=[("table", ("nhan.xlsx", bad, ""))])
        assert refused.status_code == 422
        assert "Dòng 3: Không có nhóm đang dùng nào tên «Nhóm Lạ»." in text_of(refused)
        empty = clerk.get(f"{HOME}/noi-nhan.xlsx")
        assert load_workbook(BytesIO(empty.content)).worksheets

    def test_a_copy_has_the_words_files_and_recipients_but_no_time(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        number = left(office, "Bản gốc")
        with office.sessions.begin() as session:
            session.add(
                NoticeFile(
                    notice_id=number, file_id=1, position=1, name="Cu.pdf", media_type="application/pdf"
                )
            )
        form = clerk.get(f"{HOME}/moi?sao={number}").text
        assert 'value="Bản gốc"' in form
        assert "Cu.pdf" in form
        post(clerk, "/thong-bao/moi", {**WRITTEN, "title": "Bản sao", "sao": number, "all_groups": "1"})
        copied = newest(office)
        assert (copied.title, copied.state, copied.send_at) == ("Bản sao", NoticeState.DRAFT, None)
        with office.sessions() as session:
            assert (
                session.scalar(select(NoticeFile.name).where(NoticeFile.notice_id == copied.id)) == "Cu.pdf"
            )

    def test_a_changed_notice_that_waits_is_a_draft_again(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        number = drafted(office)
        post(clerk, f"/thong-bao/{number}/trinh")
        assert row(office, number).state is NoticeState.WAITING
        response = post(clerk, f"/thong-bao/{number}/sua", {**WRITTEN, "title": "Khác", "all_groups": "1"})
        assert response.status_code == 303, text_of(response)
        assert (row(office, number).state, row(office, number).title) == (NoticeState.DRAFT, "Khác")


class TestLife:
    def test_one_s_own_is_not_approved_and_another_may(
        self, office: ConsoleOffice, clerk: httpx.Client, leader: httpx.Client
    ) -> None:
        number = drafted(office)
        assert post(clerk, f"/thong-bao/{number}/trinh").status_code == 303
        own = post(clerk, f"/thong-bao/{number}/duyet")
        assert own.status_code == 422
        assert "Không ai được tự duyệt" in text_of(own)
        assert "/duyet" not in clerk.get(f"{HOME}/{number}").text
        response = post(leader, f"/thong-bao/{number}/duyet")
        assert response.status_code == 303
        assert "Đã duyệt thông báo số" in text_of(leader.get(f"{HOME}/{number}"))
        assert row(office, number).approved_by == office.ids[LEADER]
        assert deed(office, "notice.approve").actor_id == office.ids[LEADER]

    @pytest.mark.parametrize(
        ("path", "field"),
        [("tra-lai", "why_back"), ("huy", "why_cancel")],
    )
    def test_what_needs_a_reason_is_not_done_without(
        self, office: ConsoleOffice, clerk: httpx.Client, leader: httpx.Client, path: str, field: str
    ) -> None:
        number = drafted(office)
        post(clerk, f"/thong-bao/{number}/trinh")
        client = leader if path == "tra-lai" else clerk
        refused = post(client, f"/thong-bao/{number}/{path}")
        assert refused.status_code == 422
        assert "Xin ghi lý do." in text_of(refused)
        assert row(office, number).state is NoticeState.WAITING
        assert post(client, f"/thong-bao/{number}/{path}", {field: "Sai ngày"}).status_code == 303
        assert row(office, number).remark == "Sai ngày"

    def test_what_it_lacks_is_said_before_and_refused_after(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        number = drafted(office, audience=Audience())
        assert "Chưa chọn nơi nhận." in text_of(clerk.get(f"{HOME}/{number}"))
        assert post(clerk, f"/thong-bao/{number}/trinh").status_code == 422

    def test_a_trial_goes_to_oneself_or_a_group(self, office: ConsoleOffice, clerk: httpx.Client) -> None:
        number = drafted(office)
        post(clerk, f"/thong-bao/{number}/thu", {"group": ""})
        post(clerk, f"/thong-bao/{number}/thu", {"group": "3"})
        with office.sessions() as session:
            query = select(Delivery).order_by(Delivery.id.desc()).limit(2)
            found = {one.chat: str(one.body) for one in session.scalars(query)}
        assert set(found) == {"2", "-3"}
        assert all("BẢN THỬ" in body for body in found.values())

    def test_it_is_paused_goes_on_and_is_taken_back(self, office: ConsoleOffice, clerk: httpx.Client) -> None:
        number = left(office, "Dừng lại")
        with office.sessions.begin() as session:
            session.get_one(Notice, number).state = NoticeState.SENDING
        delivery(office, number, "-1", status=Status.QUEUED)
        post(clerk, f"/thong-bao/{number}/dung", {"why_pause": "Chờ ý kiến"})
        page = text_of(clerk.get(f"{HOME}/{number}"))
        assert "Tạm dừng: đã gửi 2/3 nơi, còn 1 nơi chờ." in page
        post(clerk, f"/thong-bao/{number}/tiep")
        assert row(office, number).state is NoticeState.SENDING
        post(clerk, f"/thong-bao/{number}/thu-hoi", {"why_retract": "Nhầm"})
        assert row(office, number).state is NoticeState.RETRACTED

    def test_a_correction_keeps_who_gets_it_and_needs_a_reason(
        self, office: ConsoleOffice, clerk: httpx.Client
    ) -> None:
        number = left(office, "Họp 8 giờ")
        typed = {"title": "Họp 9 giờ", "body": "Mời các phòng dự.", "confirm": "1"}
        refused = post(clerk, f"/thong-bao/{number}/dinh-chinh", typed)
        assert refused.status_code == 422
        assert 'value="Họp 9 giờ"' in refused.text
        response = post(clerk, f"/thong-bao/{number}/dinh-chinh", {**typed, "reason": "Đổi giờ"})
        assert response.status_code == 303, text_of(response)
        changed = row(office, number)
        assert (changed.title, changed.revision, changed.audience) == ("Họp 9 giờ", 2, {"all_groups": True})
        assert "Đang sửa ở những nơi đã nhận" in text_of(clerk.get(f"{HOME}/{number}"))
