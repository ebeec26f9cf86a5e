"""The console over a real socket: logging in and out, what stands at the door, roles, deeds, errors."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import Event, Thread

import httpx
import openpyxl
import pytest
from sqlalchemy import select, text

from bot.web.console import mount
from bot.web.console.entries import Section, get, live, post
from bot.web.console.live import Step
from bot.web.console.sections import SECTIONS
from bot.web.console.visit import Answer, Done, Shown, Visit
from office import membership, switches
from office.audit import Deed
from office.people import Role
from office.rights import Action
from tests.console_office import ADMIN, CLERK, LEADER, MEMBER, ConsoleOffice, serving
from tests.console_office import post as send

KEY = "audience.citizens"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    with serving(tmp_path_factory.mktemp("console")) as office:
        yield office


def actions(office: ConsoleOffice) -> list[str]:
    with office.sessions() as session:
        return list(session.scalars(select(Deed.action).order_by(Deed.id)))


class TestDoor:
    def test_a_link_opens_the_console_once(self, office: ConsoleOffice) -> None:
        client, link = office.client(), office.link(CLERK)
        assert "Vào trang Văn phòng" in client.get(link).text
        data = {"ma": link.partition("ma=")[2]}
        response = client.post("/van-phong/vao", data=data)
        assert (response.status_code, response.headers["location"]) == (303, "/van-phong")
        assert CLERK in client.get("/van-phong").text
        again = office.client().post("/van-phong/vao", data=data)
        assert (again.status_code, "đã dùng" in again.text) == (422, True)
        assert actions(office)[-2:] == ["console.link", "console.login"]

    def test_looking_at_a_link_does_not_use_it_up(self, office: ConsoleOffice) -> None:
        link = office.link()
        for _ in range(3):
            office.client().get(link)
        response = office.client().post("/van-phong/vao", data={"ma": link.partition("ma=")[2]})
        assert response.status_code == 303

    def test_a_link_dies_after_ten_minutes(self, office: ConsoleOffice) -> None:
        token = office.link().partition("ma=")[2]
        office.clock.advance(minutes=10, seconds=1)
        assert office.client().post("/van-phong/vao", data={"ma": token}).status_code == 422

    def test_a_new_link_kills_the_one_before(self, office: ConsoleOffice) -> None:
        old = office.link().partition("ma=")[2]
        office.link()
        assert office.client().post("/van-phong/vao", data={"ma": old}).status_code == 422

    def test_strangers_get_the_same_page_whatever_they_ask_for(self, office: ConsoleOffice) -> None:
        client = office.client()
        pages = [client.get(f"/van-phong{path}") for path in ("", "/nhat-ky", "/khong-co", "/cai-dat")]
        assert {(page.status_code, page.text) for page in pages} == {(401, pages[0].text)}
        assert "/vaoban" in pages[0].text
        assert client.post("/van-phong/cai-dat/cong-tac", data={"key": KEY}).status_code == 401

    def test_attempts_are_limited_by_address(self, office: ConsoleOffice) -> None:
        client = office.client()
        answers = [client.post("/van-phong/vao", data={"ma": "x"}) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [422] * 10 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        assert "Xin chờ" in answers[-1].text

    def test_another_website_can_not_log_somebody_in(self, office: ConsoleOffice) -> None:
        token = office.link().partition("ma=")[2]
        headers = {"Origin": "https://xau.example"}
        response = office.client().post("/van-phong/vao", data={"ma": token}, headers=headers)
        assert response.status_code == 403

    def test_only_keyed_hashes_of_links_and_sessions_are_kept(self, office: ConsoleOffice) -> None:
        token = office.link().partition("ma=")[2]
        client = office.login(CLERK)
        secret = client.cookies["xinluon_van_phong"]
        assert len(token) >= 40
        with office.sessions() as session:
            rows = [*session.execute(text("SELECT * FROM login_links")).all()]
            rows += session.execute(text("SELECT * FROM console_sessions")).all()
        assert rows
        assert token not in str(rows)
        assert secret not in str(rows)


class TestSession:
    def test_it_ends_when_nobody_uses_it(self, office: ConsoleOffice) -> None:
        client = office.login()
        office.clock.advance(minutes=59)
        assert client.get("/van-phong").status_code == 200
        office.clock.advance(minutes=59)
        assert client.get("/van-phong").status_code == 200
        office.clock.advance(minutes=61)
        assert client.get("/van-phong").status_code == 401

    def test_it_ends_after_its_hours_however_busy(self, office: ConsoleOffice) -> None:
        client = office.login()
        for _ in range(16):
            assert client.get("/van-phong").status_code == 200
            office.clock.advance(minutes=44, seconds=50)
        office.clock.advance(minutes=3)
        assert client.get("/van-phong").status_code == 401

    def test_the_cookie_is_for_the_console_alone_and_no_script(self, office: ConsoleOffice) -> None:
        token = office.link().partition("ma=")[2]
        cookie = office.client().post("/van-phong/vao", data={"ma": token}).headers["set-cookie"]
        assert {"HttpOnly", "Path=/van-phong", "SameSite=lax"} <= set(cookie.split("; "))

    def test_over_https_the_cookie_is_secure_by_name_and_nature(self, tmp_path: Path) -> None:
        with serving(tmp_path, {"web": {"public_url": "https://hoidap.example.vn"}}) as office:
            token = office.link().partition("ma=")[2]
            cookie = office.client().post("/van-phong/vao", data={"ma": token}).headers["set-cookie"]
        assert cookie.startswith("__Secure-")
        assert "; Secure" in cookie

    def test_logging_out_ends_it_on_the_server(self, office: ConsoleOffice) -> None:
        client = office.login()
        secret = client.cookies["xinluon_van_phong"]
        response = send(client, "/ra")
        assert "đăng xuất" in client.get(response.headers["location"]).text
        other = office.client()
        other.cookies.set("xinluon_van_phong", secret, path="/van-phong")
        assert other.get("/van-phong").status_code == 401

    def test_logging_out_everywhere_ends_all_of_ones_sessions_and_nobody_elses(
        self, office: ConsoleOffice
    ) -> None:
        here, there, other = office.login(CLERK), office.login(CLERK), office.login(ADMIN)
        send(here, "/ra-moi-noi")
        answers = [client.get("/van-phong").status_code for client in (here, there, other)]
        assert answers == [401, 401, 200]
        assert actions(office)[-1] == "console.logout_everywhere"

    def test_who_loses_the_role_is_out_at_once(self, tmp_path: Path) -> None:
        with serving(tmp_path) as office:
            client = office.login(CLERK)
            with office.sessions.begin() as session:
                membership.take_role(
                    session,
                    office.ids[CLERK],
                    Role.VAN_PHONG,
                    actor=office.ids[ADMIN],
                    reason="Chuyển việc",
                    now=office.clock.now(),
                )
            assert client.get("/van-phong").status_code == 401


class TestGuard:
    def test_no_page_may_stand_in_a_frame_or_run_scripts_of_others(self, office: ConsoleOffice) -> None:
        client = office.login()
        for response in (client.get("/van-phong"), office.client().get("/van-phong/vao?ma=x")):
            policy = response.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert response.headers["x-frame-options"] == "DENY"
            assert response.headers["cache-control"] == "no-store"
            assert response.headers["referrer-policy"] == "no-referrer"
            assert not re.search(r"<script(?! src=)|<style| style=|\son[a-z]+=", response.text)

    def test_websites_that_embed_the_chat_can_not_embed_or_open_the_console(self, tmp_path: Path) -> None:
        friend = "https://sct.example.vn"
        with serving(tmp_path, {"web": {"allowed_origins": [friend]}}) as office:
            client = office.client()
            assert friend in client.get("/").headers["content-security-policy"]
            assert friend not in client.get("/van-phong").headers["content-security-policy"]
            data = {"ma": office.link().partition("ma=")[2]}
            refused = client.post("/van-phong/vao", data=data, headers={"Origin": friend})
            assert refused.status_code == 403

    def test_a_deed_without_the_forms_token_is_refused(self, office: ConsoleOffice) -> None:
        client = office.login()
        data = {"key": KEY, "stop": "1", "reason": "Thử"}
        for token in ({}, {"csrf": "0" * 64}):
            response = client.post("/van-phong/cai-dat/cong-tac", data=data | token)
            assert (response.status_code, "Trang đã cũ" in response.text) == (403, True)
        with office.sessions() as session:
            assert session.get(switches.Switch, KEY) is None

    def test_a_token_of_another_session_is_refused(self, office: ConsoleOffice) -> None:
        clerk, admin = office.login(CLERK), office.login(ADMIN)
        token = re.search(r'name="csrf" value="(\w+)"', admin.get("/van-phong").text)
        assert token
        response = clerk.post("/van-phong/ra", data={"csrf": token[1]})
        assert response.status_code == 403

    def test_a_deed_from_another_website_is_refused(self, office: ConsoleOffice) -> None:
        client = office.login()
        response = send(client, "/ra", headers={"Origin": "https://xau.example"})
        assert response.status_code == 403
        assert client.get("/van-phong").status_code == 200

    def test_a_body_that_is_too_long_is_refused(self, office: ConsoleOffice) -> None:
        client = office.login()
        response = send(client, "/cai-dat/cong-tac", {"key": KEY, "reason": "a" * 600_000})
        assert (response.status_code, "quá lớn" in response.text) == (413, True)
        chunks = (b"reason=" + b"a" * 100_000 for _ in range(10))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = client.post("/van-phong/cai-dat/cong-tac", content=chunks, headers=headers)
        assert response.status_code == 413

    def test_what_is_no_form_is_refused(self, office: ConsoleOffice) -> None:
        response = office.login().post("/van-phong/ra", json={"csrf": "x"})
        assert response.status_code == 415


class TestPages:
    def test_the_menu_shows_what_ones_roles_allow(self, office: ConsoleOffice) -> None:
        assert 'href="/van-phong/cai-dat"' in office.login(CLERK).get("/van-phong").text
        leader = office.login(LEADER)
        page = leader.get("/van-phong").text
        assert 'href="/van-phong/cai-dat"' not in page
        assert 'href="/van-phong/nhat-ky"' in page
        refused = leader.get("/van-phong/cai-dat")
        assert (refused.status_code, "Chưa được phép" in refused.text) == (403, True)

    def test_a_deed_asks_for_its_right_too(self, office: ConsoleOffice) -> None:
        data = {"key": KEY, "stop": "1", "reason": "Thử"}
        assert send(office.login(LEADER), "/cai-dat/cong-tac", data).status_code == 403

    def test_what_is_not_there_is_said_within_the_layout(self, office: ConsoleOffice) -> None:
        client = office.login()
        for response in (client.get("/van-phong/khong-co"), client.put("/van-phong/khong-co")):
            assert (response.status_code, "Không tìm thấy" in response.text) == (404, True)
            assert CLERK in response.text

    def test_a_switch_is_turned_with_a_reason_and_says_so_once(self, tmp_path: Path) -> None:
        with serving(tmp_path) as office:
            client = office.login()
            refused = send(client, "/cai-dat/cong-tac", {"key": KEY, "stop": "1", "reason": " "})
            assert refused.status_code == 422
            assert "Xin điền chỗ này" in refused.text
            data = {"key": KEY, "stop": "1", "reason": "Bảo trì máy chủ"}
            done = send(client, "/cai-dat/cong-tac", data)
            assert done.status_code == 303
            page = client.get(done.headers["location"]).text
            assert "Đã dừng: trả lời người dân." in page
            assert "Bảo trì máy chủ" in page
            assert "Đã dừng:" not in client.get("/van-phong/cai-dat").text
            assert "tạm dừng trả lời" in client.get("/").text
            assert actions(office)[-1] == "switch.stop"

    def test_a_switch_that_does_not_exist_can_not_be_made(self, office: ConsoleOffice) -> None:
        data = {"key": "audience.everybody", "stop": "1", "reason": "Thử"}
        assert send(office.login(), "/cai-dat/cong-tac", data).status_code == 404

    def test_the_settings_in_force_show_no_secret(self, tmp_path: Path) -> None:
        with serving(tmp_path) as office:
            page = office.login().get("/van-phong/cai-dat").text
            assert office.office.hash_key.decode() not in page
        assert "Sở Công Thương tỉnh Kiên Giang" in page
        assert not re.search(r"<dt>[a-z_.]+</dt>", page)  # every setting has a name for people
        chosen = (
            "polling",
            "webhook",
            "deadlines",
            "none",
            "all",
            "debug",
            "info",
            "warning",
            "error",
            "auto",
        )
        assert not re.search(rf"<dd>\s*(?:{'|'.join(chosen)})\s*</dd>", page)  # and so has what is chosen

    def test_nobody_may_say_something_in_our_name(self, office: ConsoleOffice) -> None:
        client = office.login()
        client.cookies.set("xinluon_van_phong_bao", "xYz.abc", path="/van-phong")
        assert 'class="said"' not in client.get("/van-phong").text

    def test_the_journal_is_filtered_sorted_and_exported_as_it_is_shown(self, office: ConsoleOffice) -> None:
        client = office.login(ADMIN)
        page = client.get("/van-phong/nhat-ky?viec=role.give&xep=luc").text
        assert "vai trò: lãnh đạo cơ quan" in page
        assert "thêm người</td>" not in page
        file = client.get("/van-phong/nhat-ky?viec=role.give&xep=-so&xuat=xlsx")
        assert "filename*=UTF-8''nhat-ky-2026-11-" in file.headers["content-disposition"]
        sheet = openpyxl.load_workbook(BytesIO(file.content)).active
        assert sheet is not None
        heading, first, *rest = sheet.iter_rows(values_only=True)
        assert heading[:4] == ("Dòng", "Lúc", "Người làm", "Việc")
        assert len(rest) == 3  # four roles were given
        assert str(first[1]).startswith("2026-11-24 12:")
        assert {row[3] for row in (first, *rest)} == {"giao vai trò"}

    def test_the_chain_of_the_journal_is_checked_on_demand(self, tmp_path: Path) -> None:
        with serving(tmp_path) as office:
            client = office.login()
            assert "nguyên vẹn: " in send(client, "/nhat-ky/kiem").text
            with office.sessions.begin() as session:
                session.execute(text("UPDATE audit SET reason = 'khác' WHERE serial = 3"))
            assert "không nguyên vẹn: dòng số 3" in send(client, "/nhat-ky/kiem").text


class TestFirstStart:
    def test_the_first_admin_claims_the_office_in_the_browser(self, tmp_path: Path) -> None:
        with serving(tmp_path, people=()) as office:
            code = office.office.claim_code
            assert code
            client = office.client()
            assert code in client.get(f"/van-phong/nhan-quyen?ma={code}").text
            empty = client.post("/van-phong/nhan-quyen", data={"ma": code, "ten": " "})
            assert (empty.status_code, "Chưa có họ tên" in empty.text) == (422, True)
            done = client.post("/van-phong/nhan-quyen", data={"ma": code, "ten": "Nguyễn Văn An"})
            assert done.status_code == 303
            assert "Nguyễn Văn An" in client.get("/van-phong").text
            again = office.client().post("/van-phong/nhan-quyen", data={"ma": code, "ten": "Kẻ Gian"})
            assert again.status_code == 422

    def test_a_member_without_the_right_gets_no_link(self, office: ConsoleOffice) -> None:
        with pytest.raises(Exception, match="dành cho"):
            office.link(MEMBER)

    def test_an_office_without_the_console_has_no_such_pages(self, tmp_path: Path) -> None:
        with serving(tmp_path, {"console": {"enabled": False}}) as office:
            assert office.client().get("/van-phong").status_code == 404


# --- what the frame does with pages that misbehave, and with long work


GO_ON = Event()


def broken(visit: Visit) -> Answer:
    raise RuntimeError("secret detail")


def held(visit: Visit) -> Step:
    return Step(value=1, most=4, text="Đã gửi 1/4")


def long_deed(visit: Visit) -> Answer:
    assert GO_ON.wait(20)
    return Done("/thu", "Xong.")


def take_files(visit: Visit) -> Answer:
    files = visit.form.files("tep")
    return Done("/thu", "; ".join(f"{file.name} {len(file.content)}" for file in files))


def plain(visit: Visit) -> Answer:
    return Shown("trouble.html", {"title": "Thử", "text": "Trang thử"})


TRIAL = Section(
    key="thu",
    label="Thử",
    path="/thu",
    action=Action.CONSOLE,
    entries=(
        get("/thu", plain),
        get("/thu/hong", broken),
        post("/thu/hong", broken),
        post("/thu/lau", long_deed, writes=False),
        post("/thu/tep", take_files, uploads=True),
        live("/thu/tien-do", held),
    ),
)


class TestFrame:
    @pytest.fixture
    def trial(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConsoleOffice]:
        sections = (*SECTIONS, TRIAL)
        monkeypatch.setattr(mount, "SECTIONS", sections)
        with serving(tmp_path) as office:
            yield office

    def test_a_fault_of_ours_is_said_politely_without_what_it_was(self, trial: ConsoleOffice) -> None:
        client = trial.login()
        for response in (client.get("/van-phong/thu/hong"), send(client, "/thu/hong")):
            assert (response.status_code, "trục trặc" in response.text) == (500, True)
            assert "secret" not in response.text

    def test_long_work_does_not_keep_others_waiting(self, trial: ConsoleOffice) -> None:
        client, other = trial.login(CLERK), trial.login(ADMIN)
        worker = Thread(target=send, args=(client, "/thu/lau"))
        worker.start()
        data = {"key": KEY, "stop": "1", "reason": "Thử"}
        assert send(other, "/cai-dat/cong-tac", data).status_code == 303
        assert worker.is_alive()
        GO_ON.set()
        worker.join()

    def test_progress_is_told_and_stopping_does_not_wait_for_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mount, "SECTIONS", (*SECTIONS, TRIAL))
        told, ended = Event(), Event()

        def listen(client: httpx.Client) -> None:
            with client.stream("GET", "/van-phong/thu/tien-do") as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                for line in stream.iter_lines():
                    if "Đã gửi 1/4" in line:
                        told.set()
            ended.set()

        with serving(tmp_path) as office:
            client = office.login()
            listener = Thread(target=listen, args=(client,))
            listener.start()
            assert told.wait(20)
            started = time.perf_counter()
            office.stop()
            assert time.perf_counter() - started < 4
            listener.join(20)
        assert ended.is_set()

    def test_files_come_with_a_form_up_to_the_limits_of_the_settings(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mount, "SECTIONS", (*SECTIONS, TRIAL))
        with serving(tmp_path, {"notices": {"max_files": 2, "max_file_mb": 1}}) as office:
            client = office.login()

            def sent(*sizes: int) -> httpx.Response:
                files = [("tep", (f"C:\\Công văn {size}.pdf", b"x" * size)) for size in sizes]
                return send(client, "/thu/tep", files=files)

            assert sent(1000, 2000).status_code == 303
            assert "Công văn 1000.pdf 1000; Công văn 2000.pdf 2000" in client.get("/van-phong/thu").text
            assert sent(1, 2, 3).status_code == 400
            assert sent(3_000_000).status_code == 413
            stranger = office.client().post("/van-phong/thu/tep", files={"tep": b"x" * 3_000_000})
            assert stranger.status_code == 401

    def test_progress_is_not_told_to_strangers(self, trial: ConsoleOffice) -> None:
        assert trial.client().get("/van-phong/thu/tien-do").status_code == 401
