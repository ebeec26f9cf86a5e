"""The page Kênh over a real socket: what it says of plans, windows and tokens, to whom, and safely."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from office import codes, contacts, groups, quotas
from office.privacy import person_hash
from office.zalo_tokens import ZaloTokens
from tests.console_office import ADMIN, CLERK, LEADER, MEMBER, NOON, ConsoleOffice, serving

BOT, OA = "1459232241454765289", "388613280878808645"
SECRETS = {
    "XINLUON_ZALO_BOT_TOKEN": f"{BOT}:geheim-token",
    "XINLUON_ZALO_OA_APP_SECRET": "geheim-app",
    "XINLUON_ZALO_OA_WEBHOOK_SECRET": "geheim-webhook",
}
SETTINGS = {
    "zalo_bot": {"enabled": True},
    "zalo_oa": {"enabled": True, "app_id": "1", "oa_id": OA},
}
HOUR = timedelta(hours=1)


def fill(office: ConsoleOffice) -> None:
    """A month at four fifths, three members on the Official Account, one on two channels."""
    key = office.office.hash_key
    with office.sessions.begin() as session:
        spent = {quotas.MESSAGES: 2412, quotas.DEADLINES: 300, quotas.ANSWERS: 2000}
        for kind, used in spent.items():
            row = {"channel": "zalo_bot", "account": BOT, "month": "2026-11", "kind": kind}
            session.add(quotas.Usage(**row, used=used))
        row = {"channel": "zalo_bot", "account": BOT, "month": "2026-10", "kind": quotas.MESSAGES}
        session.add(quotas.Usage(**row, used=1777))
        for name, ago in ((ADMIN, HOUR), (CLERK, 50 * HOUR), (LEADER, 200 * HOUR)):
            where = {"channel": "zalo_oa", "account": OA, "sender": name, "chat": name}
            codes.tie(session, office.ids[name], **where, now=NOON)
            contacts.wrote(session, "zalo_oa", OA, person_hash("zalo_oa", name, key), at=NOON - ago)
        codes.tie(
            session, office.ids[ADMIN], channel="zalo_bot", account=BOT, sender="an", chat="an", now=NOON
        )
        for number in range(12):
            contacts.wrote(session, "zalo_bot", BOT, f"{number:032d}", at=NOON)
        groups.met(
            session, channel="zalo_bot", account=BOT, chat="g", title="", added_by="", now=NOON
        )  # fmt: skip
        session.add(
            ZaloTokens(
                oa_id=OA, app_id="1", access_token="geheim-access", refresh_token="geheim-refresh",
                obtained_at=NOON, access_expires_at=NOON + 20 * HOUR,
                refresh_expires_at=NOON + timedelta(days=10), trouble="", version="v2.0",
            )
        )  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    folder = tmp_path_factory.mktemp("channels")
    with serving(folder, SETTINGS, environ=SECRETS, fill=fill) as office:
        yield office


def words(html: str) -> str:
    """What a reader of the page reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture(scope="module")
def page(office: ConsoleOffice) -> str:
    response = office.login(CLERK).get("/van-phong/kenh")
    assert response.status_code == 200
    return response.text


class TestFigures:
    def test_the_months_budget_is_a_bar_with_its_numbers(self, page: str) -> None:
        assert '<progress value="2412" max="3000">' in page
        said = words(page)
        assert "Đã dùng 2.412/3.000 tin của tháng 11" in said
        assert "600 tin cuối chỉ dành cho nhắc hạn" in said
        assert "Thông báo và lời nhắc khác hiện không gửi qua Zalo Bot." in said

    def test_it_says_what_they_were_for_and_what_else_the_plan_limits(self, page: str) -> None:
        said = words(page)
        assert (
            "Nhắc hạn, trả lời công chức 300 tin Trả lời người dân 2.000 tin Thông báo, nhắc khác 112 tin"
            in said
        )
        assert "Người dùng 12/50 Nhóm 1/3" in said

    def test_the_last_months_are_shown(self, page: str) -> None:
        assert re.search(r"11/2026 2\.412 10/2026 1\.777", words(page))

    def test_each_member_on_the_official_account_has_a_window_the_closed_ones_first(self, page: str) -> None:
        rows = [words(row) for row in re.findall(r"<tr role=\"row\">(.*?)</tr>", page, re.DOTALL)[1:]]
        assert [row.split(" ngày ")[0].rpartition(" ")[0] for row in rows] == [LEADER, CLERK, ADMIN]
        assert "không gửi được Đề nghị nhắn OA một tin, hoặc nối thêm kênh khác." in rows[0]
        assert "chỉ nhắc hạn, có tính phí" in rows[1]
        assert "11:00 ngày 24/11/2026 gửi được Không phải làm gì." in rows[2]
        assert "1 người gửi miễn phí được 1 người gửi có tính phí 1 người không gửi được" in words(page)

    def test_tokens_are_told_by_their_ends_alone(self, page: str) -> None:
        said = words(page)
        assert "Quyền đến 12:00 ngày 04/12/2026" in said
        assert "Cách gửi tin API v2.0" in said
        assert "geheim" not in page

    def test_what_needs_somebody_stands_at_the_top(self, page: str) -> None:
        said = words(page)
        assert "Quyền gửi tin của Zalo OA hết hạn lúc 12:00 ngày 04/12/2026" in said
        assert "xinluon zalo login" in said
        assert "Zalo Bot đã dùng 2.412/3.000 tin của tháng 11" in said

    def test_members_are_counted_by_their_channels(self, page: str) -> None:
        assert "1 người chưa có kênh nào 2 người có một kênh 1 người có từ hai kênh" in words(page)

    def test_every_channel_has_its_card(self, page: str) -> None:
        cards = re.findall(r'<h2 id="k-(\w+)">', page)
        assert {"web", "zalo_bot", "zalo_oa"} <= set(cards)
        assert f"Tài khoản {BOT}" in words(page)
        assert f"Tài khoản {OA}" in words(page)


class TestRights:
    @pytest.mark.parametrize(("name", "status"), [(ADMIN, 200), (CLERK, 200), (LEADER, 403)])
    def test_it_is_for_who_may_look_at_deliveries(
        self, office: ConsoleOffice, name: str, status: int
    ) -> None:
        client = office.login(name)
        assert client.get("/van-phong/kenh").status_code == status
        today = client.get("/van-phong").text
        assert ('href="/van-phong/kenh"' in today) == (status == 200)
        assert ("2.412/3.000" in today) == (status == 200)

    def test_strangers_are_shown_the_door(self, office: ConsoleOffice) -> None:
        assert office.client().get("/van-phong/kenh").status_code == 401

    def test_it_belongs_to_the_section_of_the_day(self, page: str) -> None:
        assert 'href="/van-phong" aria-current="page">Hôm nay' in page


def test_names_and_reasons_are_escaped_and_a_clear_office_is_quiet(tmp_path: Path) -> None:
    def fill(office: ConsoleOffice) -> None:
        with office.sessions.begin() as session:
            where = {"channel": "zalo_oa", "account": OA, "sender": "1", "chat": "1"}
            codes.tie(session, office.ids[MEMBER], **where, now=NOON)
            session.add(
                ZaloTokens(
                    oa_id=OA, app_id="1", access_token="a", refresh_token="b", obtained_at=NOON,
                    access_expires_at=NOON, refresh_expires_at=NOON + timedelta(days=80),
                    trouble="Zalo đáp <b>-14020</b>.",
                )
            )  # fmt: skip

    with serving(tmp_path, SETTINGS, environ=SECRETS, fill=fill) as office:
        client = office.login(ADMIN)
        html = client.get("/van-phong/kenh").text
        assert "<b>-14020" not in html
        assert "&lt;b&gt;-14020&lt;/b&gt;" in html
        assert "Đã dùng 0/3.000 tin của tháng 11" in words(html)
        assert "chưa nhắn lần nào" in html
        said = words(html)
        assert (said.count("-14020"), said.count("xinluon zalo login")) == (1, 1)
        assert "Cần cấp quyền lại, xem đầu trang." in said
        assert "Quyền đến" not in said
        assert "Zalo OA cần được cấp quyền lại" in client.get("/van-phong").text


def test_what_a_channel_says_of_itself_is_shown(office: ConsoleOffice) -> None:
    [state] = [channel.state for channel in office.office.channels if channel.name == "zalo_bot"]
    state.detail, state.since = "Sai <token>.", NOON
    state.facts |= {"name": "Bot Sở", "package": "BASIC", "last_event": NOON.isoformat()}
    html = office.login(CLERK).get("/van-phong/kenh").text
    assert "Sai &lt;token&gt;." in html
    said = words(html)
    assert "Đang dừng từ 12:00 ngày 24/11/2026. Sai" in said
    assert f"Tài khoản {BOT} Tên Bot Sở Gói dịch vụ BASIC Nhận tin máy chủ tự hỏi (polling)" in said
    assert "Tin tới gần nhất 12:00 ngày 24/11/2026" in said


def test_a_channel_that_refuses_all_that_comes_is_no_success(office: ConsoleOffice) -> None:
    [state] = [channel.state for channel in office.office.channels if channel.name == "zalo_oa"]
    client = office.login(CLERK)
    state.up, state.detail = True, ""
    unheard = "Chưa nhận sự kiện nào từ lúc chạy; nếu người dân đã nhắn mà không thấy, vào trang Webhook"
    assert unheard in client.get("/van-phong/kenh").text
    state.detail = "Chữ ký webhook Zalo OA sai."
    state.facts |= {"bad_signatures": 2, "last_bad_signature": "2026-11-25T01:00:00.100+00:00"}
    assert unheard not in client.get("/van-phong/kenh").text
    assert "✘ Đang chạy nhưng từ chối mọi tin tới" in words(client.get("/van-phong/kenh").text)
    state.facts["last_good_signature"] = "2026-11-25T01:00:00.200+00:00"
    assert "từ chối mọi tin tới" not in client.get("/van-phong/kenh").text


def test_an_office_without_zalo_sees_no_plan(tmp_path: Path) -> None:
    with serving(tmp_path) as office:
        said = words(office.login(ADMIN).get("/van-phong/kenh").text)
        assert "hạn mức" not in said
        assert "4 người chưa có kênh nào" in said
        assert "Trang web Đang chạy từ" in said
