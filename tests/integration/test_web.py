"""The web application by its HTTP: the API, the page without script, and what stands at the door."""

from __future__ import annotations

import asyncio
import re
import socket
from datetime import UTC, datetime

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from uvicorn import Config

from bot.channels import noting
from bot.channels.base import ChannelDown
from bot.channels.platform import WebRoute
from bot.channels.web import Server, Web
from bot.web.app import create_app
from bot.web.assets import linkify, load_apologies
from bot.web.guard import MAX_BODY, RateLimit
from bot.web.pages import COOKIE
from tests.fakes.page_desk import PageDesk
from tests.integration.channel_stage import until

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
HOME = "https://hoidap.example.vn"
FRIEND = "https://sct.example.vn"
SESSION = "0123456789abcdef" * 2
JSON = {"Content-Type": "application/json"}


async def take_update(request: Request) -> Response:
    return PlainTextResponse("taken")


def client_of(desk: PageDesk, *, peer: str = "203.0.113.9", **settings: object) -> TestClient:
    defaults: dict[str, object] = {
        "health": lambda: (True, {"database": "ok"}),
        "metrics": lambda: b"questions_total 1\n",
        "now": lambda: NOW,
        "office_name": "Sở Công Thương",
        "public_url": HOME,
        "allowed_origins": [FRIEND],
    }
    app = create_app(desk=desk, **(defaults | settings))  # type: ignore[arg-type]  # settings of mixed types
    return TestClient(app, base_url=HOME, client=(peer, 50000))


@pytest.fixture
def desk() -> PageDesk:
    return PageDesk()


@pytest.fixture
def client(desk: PageDesk) -> TestClient:
    return client_of(desk)


def message_of(response: httpx2.Response) -> str:
    text: str = response.json()["error"]["message"]
    return text


class TestApi:
    def test_answers_a_question_with_lines_and_choices(self, client: TestClient) -> None:
        answer = client.post("/api/chat", json={"text": "phí bán lẻ rượu"}).json()
        assert re.fullmatch("[0-9a-f]{32}", answer["session"])
        (reply,) = answer["replies"]
        assert reply["lines"][0] == {"style": "title", "text": "Cấp Giấy phép bán lẻ rượu"}
        assert reply["replaces"] is False
        kinds = {choice["kind"]: choice for choice in reply["choices"]}
        assert kinds["facet"] == {
            "kind": "facet",
            "label": "Nộp trực tuyến",
            "payload": "tructuyen",
            "number": 4,
        }
        assert kinds["link"] == {
            "kind": "link",
            "label": "Nộp trực tuyến",
            "url": "https://dichvucong.gov.vn/",
        }
        assert kinds["vote"] == {
            "kind": "vote",
            "label": "👎",
            "payload": "vote:0",
            "number": 6,
            "ticked": False,
        }

    def test_a_tick_replaces_its_message(self, client: TestClient) -> None:
        (reply,) = client.post("/api/chat", json={"payload": "tick:1"}).json()["replies"]
        assert reply["replaces"] is True
        assert [c["ticked"] for c in reply["choices"] if c["kind"] == "tick"] == [True, False, False]

    def test_the_desk_gets_the_session_as_chat_and_sender(self, client: TestClient, desk: PageDesk) -> None:
        answer = client.post("/api/chat", json={"text": "rượu", "session": SESSION, "key": "1"}).json()
        assert answer["session"] == SESSION
        (asked,) = desk.asked
        assert (asked.channel, asked.account, asked.chat, asked.sender) == ("web", "web", SESSION, SESSION)
        assert (asked.at, asked.text, asked.payload) == (NOW, "rượu", "")
        assert desk.sent == [asked]

    def test_the_same_key_is_applied_once_and_answered_again(
        self, client: TestClient, desk: PageDesk
    ) -> None:
        body = {"text": "rượu", "session": SESSION, "key": "m-1"}
        first, again = (client.post("/api/chat", json=body).json() for _ in range(2))
        assert first == again
        assert len(desk.asked) == 1

    def test_keys_of_different_sessions_are_different_messages(
        self, client: TestClient, desk: PageDesk
    ) -> None:
        for session in (SESSION, SESSION[::-1]):
            client.post("/api/chat", json={"text": "rượu", "session": session, "key": "1"})
        assert len({asked.key for asked in desk.asked}) == 2

    def test_without_a_key_the_same_text_is_a_new_message(self, client: TestClient, desk: PageDesk) -> None:
        for _ in range(2):
            client.post("/api/chat", json={"text": "rượu", "session": SESSION})
        assert len(desk.asked) == 2

    def test_an_empty_and_a_very_long_text_are_passed_on(self, client: TestClient, desk: PageDesk) -> None:
        for text in ("", "á" * 20_000):
            assert client.post("/api/chat", json={"text": text}).status_code == 200
        assert [len(asked.text) for asked in desk.asked] == [0, 20_000]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'"text"',
            b"{}",
            b'{"text": 5}',
            b'{"text": null}',
            b'{"text": "a", "payload": "b"}',
            b'{"payload": ""}',
            '{"payload": "%s"}'.replace("%s", "ấ" * 22).encode(),
            b'{"text": "a", "session": "ABC"}',
            b'{"text": "a", "session": "%s\\n"}' % SESSION.encode(),
            b'{"text": "a", "key": ""}',
            b'{"text": "a", "key": "a b"}',
            b'{"text": "a", "admin": true}',
            b'{"text": "\\ud800"}',
            b'{"text": "\xff"}',
            b"[" * 30_000,
        ],
    )
    def test_what_has_the_wrong_shape_is_told_so(
        self, client: TestClient, desk: PageDesk, body: bytes
    ) -> None:
        response = client.post("/api/chat", content=body, headers=JSON)
        assert response.status_code == 400
        assert "payload" in message_of(response)
        assert desk.asked == []

    @pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
    def test_only_json_is_taken(self, client: TestClient, media: str) -> None:
        response = client.post("/api/chat", content=b'{"text": "a"}', headers={"Content-Type": media})
        assert response.status_code == 415

    def test_too_long_a_body_is_refused(self, client: TestClient, desk: PageDesk) -> None:
        declared = client.post("/api/chat", content=b" " * (MAX_BODY + 1), headers=JSON)
        streamed = client.post("/api/chat", content=iter([b" " * MAX_BODY, b" "]), headers=JSON)
        assert (declared.status_code, streamed.status_code) == (413, 413)
        assert desk.asked == []

    def test_a_failing_desk_is_excused_without_detail_and_can_be_asked_again(
        self, client: TestClient, desk: PageDesk
    ) -> None:
        body = {"text": "rượu", "session": SESSION, "key": "1"}
        desk.broken = True
        response = client.post("/api/chat", json=body)
        assert response.status_code == 500
        assert "Xin thử lại" in message_of(response)
        assert "secret" not in response.text
        desk.broken = False
        assert client.post("/api/chat", json=body).json()["replies"]

    def test_an_answer_that_cannot_be_noted_yet_is_given_and_noted_later(
        self, client: TestClient, desk: PageDesk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(noting, "_PAUSES", (0.01, 0.01))
        body = {"text": "rượu", "session": SESSION, "key": "1"}
        desk.locked = 1
        first = client.post("/api/chat", json=body)
        assert first.status_code == 200
        assert [sent.text for sent in desk.sent] == ["rượu"]
        assert client.post("/api/chat", json=body).json() == first.json()
        assert len(desk.asked) == 1

    def test_another_method_is_not_allowed(self, client: TestClient) -> None:
        response = client.get("/api/chat")
        assert response.status_code == 405
        assert "POST" in response.headers["allow"]
        assert message_of(response)


class TestOrigins:
    @pytest.mark.parametrize("origin", [HOME, FRIEND])
    def test_our_pages_and_allowed_ones_may_ask(self, client: TestClient, origin: str) -> None:
        assert client.post("/api/chat", json={"text": "a"}, headers={"Origin": origin}).status_code == 200

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            FRIEND + ".evil.example",
            FRIEND + ":8443",
            "http://sct.example.vn",
            "null",
            "",
        ],
    )
    def test_others_may_not(self, client: TestClient, desk: PageDesk, origin: str) -> None:
        for path in ("/api/chat", "/", "/moi"):
            response = client.post(path, json={"text": "a"}, headers={"Origin": origin})
            assert response.status_code == 403
            assert "access-control-allow-origin" not in response.headers
        assert desk.asked == []

    def test_only_an_allowed_origin_may_read_the_answer(self, client: TestClient) -> None:
        friend = client.post("/api/chat", json={"text": "a"}, headers={"Origin": FRIEND})
        assert friend.headers["access-control-allow-origin"] == FRIEND
        assert "Origin" in friend.headers["vary"]
        nobody = client.post("/api/chat", json={"text": "a"})
        assert "access-control-allow-origin" not in nobody.headers

    def test_an_allowed_origin_may_read_an_error_too(self, client: TestClient) -> None:
        response = client.post("/api/chat", content=b"{", headers=JSON | {"Origin": FRIEND})
        assert response.status_code == 400
        assert response.headers["access-control-allow-origin"] == FRIEND

    def test_preflight_lets_only_allowed_origins_through(self, client: TestClient) -> None:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        friend = client.options("/api/chat", headers=asked | {"Origin": FRIEND})
        assert friend.status_code == 204
        assert friend.headers["access-control-allow-headers"] == "Content-Type"
        assert "access-control-allow-credentials" not in friend.headers
        assert (
            client.options("/api/chat", headers=asked | {"Origin": "https://evil.example"}).status_code == 403
        )

    @pytest.mark.parametrize(
        "bad", ["sct.example.vn", "https://a.vn; script-src *", "https://a.vn/trang", "*"]
    )
    def test_what_is_not_an_origin_can_not_be_allowed(self, desk: PageDesk, bad: str) -> None:
        with pytest.raises(ValueError, match="not an origin"):
            client_of(desk, allowed_origins=[bad])


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/", "/nowhere", "/healthz", "/static/chat.js", "/widget.js", "/api/chat"]
    )
    def test_every_answer_carries_the_security_headers(self, client: TestClient, path: str) -> None:
        headers = client.get(path).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self' {FRIEND}"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "x-frame-options" not in headers

    def test_without_allowed_origins_old_browsers_are_told_too(self, desk: PageDesk) -> None:
        headers = client_of(desk, allowed_origins=[]).get("/").headers
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert headers["content-security-policy"].endswith("frame-ancestors 'self'")

    def test_pages_and_answers_are_not_stored(self, client: TestClient) -> None:
        assert client.get("/").headers["cache-control"] == "no-store"
        assert client.post("/api/chat", json={"text": "a"}).headers["cache-control"] == "no-store"

    def test_static_files_are_kept_for_ever_by_their_hash(self, client: TestClient) -> None:
        addresses = re.findall(r'"(/static/[^"]+)"', client.get("/").text)
        assert len(addresses) == 2
        for address in addresses:
            assert "immutable" in client.get(address).headers["cache-control"]
        assert client.get("/static/chat.js?v=old").headers["cache-control"] == "no-cache"
        assert client.get("/static/..%2fapp.py").status_code == 404

    def test_script_and_style_stay_small(self, client: TestClient) -> None:
        assert sum(len(client.get(f"/static/{name}").content) for name in ("chat.js", "chat.css")) < 25_000

    def test_the_page_holds_nothing_inline_and_nothing_from_elsewhere(self, client: TestClient) -> None:
        page = client.get("/").text
        assert not re.search(r"<style|style=|<script(?![^>]* src=\"/static/)|\son\w+=", page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


class TestPage:
    def test_the_menu_is_there_at_once(self, client: TestClient, desk: PageDesk) -> None:
        page = client.get("/").text
        assert '<html lang="vi">' in page
        assert "Sở Công Thương" in page
        assert "chương trình trả lời tự động" in page
        assert "Xin chào, bạn cần hỏi việc gì?" in page
        assert [asked.text for asked in desk.asked] == ["/start"]
        assert desk.sent == desk.asked

    def test_the_session_is_a_cookie_that_scripts_can_not_read(
        self, client: TestClient, desk: PageDesk
    ) -> None:
        cookie = client.get("/").headers["set-cookie"]
        assert re.match(rf"{COOKIE}=[0-9a-f]{{32}}; ", cookie)
        assert {"HttpOnly", "SameSite=lax", "Secure", "Path=/"} <= set(cookie.split("; "))
        assert desk.asked[0].chat in cookie

    def test_without_https_the_cookie_is_not_secure(self, desk: PageDesk) -> None:
        cookie = client_of(desk, public_url="http://127.0.0.1:8080").get("/").headers["set-cookie"]
        assert "Secure" not in cookie

    def test_the_session_is_kept_and_a_reload_leaves_its_conversation_alone(
        self, client: TestClient, desk: PageDesk
    ) -> None:
        client.get("/")
        assert "set-cookie" not in client.get("/").headers
        session = client.post("/api/chat", json={"text": "rượu"}).json()["session"]
        first, reload, question = desk.asked
        assert first.chat == question.chat == session
        assert reload.chat != session

    def test_a_cookie_of_a_strange_shape_is_replaced(self, client: TestClient) -> None:
        response = client.get("/", headers={"Cookie": f"{COOKIE}=../../etc"})
        assert COOKIE in response.headers["set-cookie"]

    def test_without_script_a_question_is_a_form(self, client: TestClient, desk: PageDesk) -> None:
        client.get("/")
        form = {"text": "phí bán lẻ rượu", "key": "k"}
        page = client.post("/", data=form, headers={"Origin": HOME}).text
        assert "phí bán lẻ rượu" in page
        assert "1.200.000 đồng" in page
        assert desk.asked[0].chat == desk.asked[1].chat
        assert client.post("/", data=form).text.count("1.200.000 đồng") == 1
        assert len(desk.asked) == 2

    def test_without_script_a_choice_is_a_button_of_a_form(self, client: TestClient, desk: PageDesk) -> None:
        page = client.post("/", data={"payload": "giayto", "key": "k"}).text
        assert desk.asked[0].payload == "giayto"
        button = r'<button form="choices" name="payload" value="tick:1" data-number="1" aria-pressed="false">'
        assert re.search(button, page)
        assert "☐" in page

    @pytest.mark.parametrize("form", [b"", b"payload=", b"text=%FF", b"other=1", b"a=1&" * 20])
    def test_a_broken_form_gets_a_page_that_says_so(self, client: TestClient, form: bytes) -> None:
        media = {"Content-Type": "application/x-www-form-urlencoded"}
        response = client.post("/", content=form, headers=media)
        assert response.status_code == 400
        assert "Yêu cầu chưa đúng" in response.text

    def test_markup_in_a_question_and_an_answer_is_shown_not_obeyed(self, client: TestClient) -> None:
        text = "<script>alert(1)</script><img src=x onerror=alert(1)>"
        page = client.post("/", data={"text": text}).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2

    def test_an_office_name_with_markup_is_escaped_everywhere(self, desk: PageDesk) -> None:
        client = client_of(desk, office_name='Sở "</script><b>&')
        assert "<b>" not in client.get("/").text
        assert "<b>" not in client.get("/widget.js").text

    def test_empty_particulars_leave_no_trace(self, desk: PageDesk) -> None:
        bare = client_of(desk, office_name="").get("/").text
        assert "Địa chỉ" not in bare
        assert "tel:" not in bare
        full = client_of(desk, office_phone="0297 123", office_hours="7:00–17:00").get("/").text
        assert 'href="tel:0297123"' in full
        assert "Giờ làm việc: 7:00–17:00" in full

    def test_starting_anew_gives_a_new_session(self, client: TestClient) -> None:
        client.get("/")
        before = client.cookies[COOKIE]
        response = client.post("/moi?nhung=1", headers={"Origin": HOME}, follow_redirects=False)
        assert (response.status_code, response.headers["location"]) == (303, "/?nhung=1")
        assert client.cookies[COOKIE] != before

    def test_the_widget_s_page_is_compact(self, client: TestClient) -> None:
        page = client.get("/?nhung=1").text
        assert "<footer" not in page
        assert 'action="/?nhung=1"' in page

    def test_links_are_only_http_and_end_before_the_full_stop(self) -> None:
        assert linkify("javascript:alert(1) www.a.vn") == "javascript:alert(1) www.a.vn"
        link = '<a href="https://a.vn/?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">'
        assert linkify("Xem https://a.vn/?b=1&c=2.") == f"Xem {link}https://a.vn/?b=1&amp;c=2</a>."


class TestErrors:
    def test_a_page_that_is_not_there_is_regretted_in_vietnamese(self, client: TestClient) -> None:
        response = client.get("/khong-co")
        assert response.status_code == 404
        assert "Không tìm thấy trang" in response.text
        assert 'href="/"' in response.text

    def test_a_wrong_method_and_a_broken_desk_have_their_pages(
        self, client: TestClient, desk: PageDesk
    ) -> None:
        assert "Không thực hiện được" in client.delete("/").text
        desk.broken = True
        response = client.get("/")
        assert response.status_code == 500
        assert "Xin lỗi" in response.text
        assert "secret" not in response.text

    def test_what_breaks_elsewhere_is_excused_with_the_same_headers(self, desk: PageDesk) -> None:
        def fail() -> bytes:
            raise RuntimeError("secret")

        response = client_of(desk, peer="127.0.0.1", metrics=fail).get("/metrics")
        assert response.status_code == 500
        assert "secret" not in response.text
        assert "content-security-policy" in response.headers

    def test_every_status_we_send_has_its_words(self) -> None:
        assert set(load_apologies()) == {400, 403, 404, 405, 413, 415, 429, 500}


class TestMachines:
    def test_health_is_200_or_503_with_the_particulars(self, desk: PageDesk) -> None:
        well = client_of(desk).get("/healthz")
        assert (well.status_code, well.json()) == (200, {"database": "ok"})
        ill = client_of(desk, health=lambda: (False, {"database": "down"})).get("/healthz")
        assert (ill.status_code, ill.json()) == (503, {"database": "down"})

    def test_a_health_check_that_fails_is_503(self, desk: PageDesk) -> None:
        def fail() -> tuple[bool, dict[str, object]]:
            raise RuntimeError("secret")

        response = client_of(desk, health=fail).get("/healthz")
        assert (response.status_code, response.json()) == (503, {})

    @pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    def test_metrics_are_for_programs_on_this_machine(self, desk: PageDesk, peer: str) -> None:
        client = client_of(desk, peer=peer)
        assert client.get("/metrics").text == "questions_total 1\n"
        assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404

    def test_metrics_are_not_for_others(self, client: TestClient) -> None:
        assert client.get("/metrics").status_code == 404

    def test_small_things_browsers_ask_for(self, client: TestClient) -> None:
        assert "Disallow: /api/" in client.get("/robots.txt").text
        assert client.get("/favicon.ico").headers["content-type"].startswith("image/svg+xml")

    def test_the_telegram_webhook_is_posted_to_its_own_path(self, desk: PageDesk) -> None:
        client = client_of(desk, platforms=[WebRoute("/telegram/x", take_update)])
        assert client.post("/telegram/x", content=b"{}").text == "taken"
        assert client.get("/telegram/x").status_code == 405


class TestRateLimit:
    def test_one_address_gets_so_many_answers_a_minute(self, desk: PageDesk) -> None:
        client = client_of(desk, requests_per_minute=3)
        responses = [client.post("/api/chat", json={"text": "a"}) for _ in range(4)]
        assert [response.status_code for response in responses] == [200, 200, 200, 429]
        assert 1 <= int(responses[-1].headers["retry-after"]) <= 60
        assert len(desk.asked) == 3

    def test_the_next_minute_is_a_new_one_and_memory_is_bounded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.web.guard.MAX_ADDRESSES", 2)
        now = 0.0
        limit = RateLimit(1, monotonic=lambda: now)
        assert [limit.wait("a"), limit.wait("a")] == [0, 60]
        now = 30
        assert limit.wait("a") == 30
        now = 60
        assert limit.wait("a") == 0
        assert [limit.wait("b"), limit.wait("c"), limit.wait("a")] == [0, 0, 0]

    @pytest.mark.parametrize(
        ("trusted", "first", "second", "is_same"),
        [
            ([], "198.51.100.1", "198.51.100.2", True),  # nobody's word is taken
            (["203.0.113.0/24"], "198.51.100.1", "198.51.100.2", False),
            (
                ["203.0.113.9"],
                "1.1.1.1, 198.51.100.1",
                "2.2.2.2, 198.51.100.1",
                True,
            ),  # only the last hop's word
            (["203.0.113.0/24"], "198.51.100.1, 203.0.113.7", "198.51.100.2, 203.0.113.7", False),
            (["203.0.113.9"], "2001:db8::1", "2001:db8::2", True),  # one household
            (["203.0.113.9"], "2001:db8::1", "2001:db8:1::1", False),
            (["203.0.113.9"], "not an address", "neither", True),
        ],
    )
    def test_forwarded_addresses_are_believed_from_trusted_proxies_only(
        self, desk: PageDesk, trusted: list[str], first: str, second: str, is_same: bool
    ) -> None:
        client = client_of(desk, requests_per_minute=1, trusted_proxies=trusted)
        for address in (first, second):
            response = client.post("/api/chat", json={"text": "a"}, headers={"X-Forwarded-For": address})
        assert response.status_code == (429 if is_same else 200)


class TestServing:
    async def test_the_channel_serves_until_it_is_cancelled(self, desk: PageDesk) -> None:
        web = Web(client_of(desk, public_url="").app, host="127.0.0.1", port=0, now=lambda: NOW)
        serving = asyncio.create_task(web.run())
        await asyncio.sleep(0)
        assert web.state.up
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{web.state.facts['port']}") as http:
            assert (await http.get("/healthz")).status_code == 200
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert not web.state.up

    async def test_a_connection_that_comes_while_it_stops_is_closed(self) -> None:
        server = Server(Config(client_of(PageDesk()).app, port=0, lifespan="off", ws="none", log_config=None))
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        with socket.create_connection(server.servers[0].sockets[0].getsockname(), timeout=5) as caller:
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # accepted in this round of the loop, made a connection in the next
            await server.shutdown()
            assert await asyncio.to_thread(caller.recv, 1) == b""
        server.should_exit = True
        await serving

    async def test_a_taken_port_is_reported(self, desk: PageDesk) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            web = Web(client_of(desk).app, host="127.0.0.1", port=port, now=lambda: NOW)
            with pytest.raises(ChannelDown, match=f"cổng {port}"):
                await web.run()
        assert str(port) in web.state.detail
