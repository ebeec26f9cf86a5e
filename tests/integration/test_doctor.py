"""`xinluon doctor` on real sockets: what each platform's answers come to, and that nothing is changed."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.zalo_oa_tokens import store_pair
from bot.doctor import probe
from bot.doctor.examination import examine
from bot.doctor.findings import Report
from bot.doctor.probe import Answer, Question, Silence, Why, ask
from office import contacts, membership, people, quotas
from office.database import make_engine, session_factory
from office.privacy import person_hash
from office.settings import Settings
from tests.acceptance.zalo import settings_for
from tests.databases import fresh_sqlite
from tests.fakes.http_server import HttpRequest, HttpResponse, HttpServer
from tests.fakes.telegram import FakeTelegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOa

KEY = "k" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fresh_sqlite(tmp_path)
    (tmp_path / "hash.key").write_text(KEY)
    (tmp_path / "hash.key").chmod(0o600)
    return tmp_path


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[HttpRequest], HttpResponse]], str]]:
    servers: list[HttpServer] = []

    def start(handler: Callable[[HttpRequest], HttpResponse]) -> str:
        servers.append(HttpServer(handler))
        servers[-1].start()
        return f"http://127.0.0.1:{servers[-1].port}"

    yield start
    for server in servers:
        server.stop()


def settings_of(folder: Path, **sections: dict[str, Any]) -> Settings:
    web = {"port": 0, **sections.pop("web", {})}
    database = {"url": f"sqlite:///{folder}/xinluon.db"}
    return Settings.model_validate({"database": database, "web": web, **sections})


def oa_settings(folder: Path, fake: FakeZaloOa, **values: Any) -> Settings:
    section = settings_for(oa=fake)["zalo_oa"]
    secret = {"app_secret": fake.app_secret, "webhook_secret": fake.webhook_secret}
    return settings_of(folder, zalo_oa={**section, **secret}, **values)


async def lines(settings: Settings, part: str) -> list[str]:
    """What is said of a part."""
    reports = await examine(settings, now=datetime.now(UTC))
    [report] = [r for r in reports if r.part == part]
    check_secrets(reports, settings)
    return [f"{f.level.mark} {f.what}: {f.found} → {f.mend}" for f in report.findings]


def check_secrets(reports: tuple[Report, ...], settings: Settings) -> None:
    said = repr(reports)
    for secret in (settings.telegram.token, settings.zalo_bot.token, settings.zalo_oa.app_secret):
        assert secret is None or secret.get_secret_value() not in said


def tie(folder: Path, oa: str, *ages: timedelta) -> None:
    """Members with an account on the OA, who wrote so long ago."""
    engine = make_engine(f"sqlite:///{folder}/xinluon.db")
    now = datetime.now(UTC)
    with session_factory(engine).begin() as session:
        for number, age in enumerate(ages):
            who = membership.add_member(session, f"Người {number}", department_id=None, actor=None, now=now)
            sender = f"2468{number}"
            chat = {"channel": "zalo_oa", "account": oa, "sender": sender, "chat": sender}
            session.add(people.ChatAccount(member_id=who.id, tied_at=now, **chat))
            hashed = person_hash("zalo_oa", sender, KEY.encode())
            contacts.wrote(session, "zalo_oa", oa, hashed, at=now - age)
    engine.dispose()


async def test_telegram_is_asked_for_its_bot_and_its_webhook(folder: Path) -> None:
    with FakeTelegram() as fake:
        telegram = {"enabled": True, "token": fake.token, "base_url": fake.url}
        assert await lines(settings_of(folder, telegram=telegram), "telegram") == [
            "✔ Token: đúng, bot @XinLuonBot → ",
            "✔ Cách nhận tin: chương trình tự hỏi tin (polling), không có webhook → ",
            "✔ Tin đang chờ: 0 → ",
        ]
        assert {call.method for call in fake.calls} == {"getMe", "getWebhookInfo"}
        webhook = {"url": "https://a.example.vn/telegram/webhook", "secret": "s"}
        telegram |= {"mode": "webhook", "webhook": webhook}
        assert "✘ Cách nhận tin: cấu hình dùng webhook nhưng bot chưa có" in "\n".join(
            await lines(settings_of(folder, telegram=telegram), "telegram")
        )
        telegram["token"] = "123:wrong"
        [line] = await lines(settings_of(folder, telegram=telegram), "telegram")
        assert line.startswith("✘ Token: Telegram không nhận token → lấy lại token từ @BotFather")


async def test_telegram_s_failed_calls_and_clock_are_told(
    folder: Path, serve: Callable[[Callable[[HttpRequest], HttpResponse]], str]
) -> None:
    def handler(request: HttpRequest) -> HttpResponse:
        hook = {
            "url": "https://a.example.vn/t",
            "pending_update_count": 150,
            "last_error_message": "Wrong response from the webhook: 502 Bad Gateway",
            "last_error_date": 1795568400,
        }
        result = hook if request.path.endswith("getWebhookInfo") else {"username": "b"}
        slow = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
        body = json.dumps({"ok": True, "result": result}).encode()
        return HttpResponse(200, body, headers={"Date": slow})

    webhook = {"url": "https://a.example.vn/t", "secret": "s"}
    telegram = {"enabled": True, "token": "1:x", "base_url": serve(handler), "mode": "webhook"}
    said = await lines(settings_of(folder, telegram={**telegram, "webhook": webhook}), "telegram")
    assert said[1:] == [
        "✔ Cách nhận tin: webhook đúng địa chỉ trong cấu hình → ",
        "⚠ Telegram gọi tới máy chủ: lần gần nhất có lỗi, lúc 08:00 ngày 25/11/2026: Wrong response from the "
        "webhook: 502 Bad Gateway → kiểm tra địa chỉ công khai, chứng thư https, proxy và webhook.secret",
        "⚠ Tin đang chờ: 150 tin của người dân đang chờ chương trình nhận → xem chương trình có đang chạy "
        "không («xinluon run»)",
        "✘ Đồng hồ của máy: chạy nhanh 10 phút; lời nhắc sẽ sai giờ, chữ ký và mã có thể bị từ chối → bật "
        "đồng bộ giờ của máy (timedatectl set-ntp true) rồi khởi động lại chương trình",
    ]


async def test_the_end_that_an_address_must_not_have_is_named(folder: Path) -> None:
    with FakeZaloBot() as fake:
        section = {"enabled": True, "token": fake.token, "base_url": f"{fake.url}/bot"}
        said = await lines(settings_of(folder, zalo_bot=section), "zalo_bot")
        assert "bỏ «/bot» ở cuối zalo_bot.base_url" in said[0]


async def test_what_can_not_be_reached_is_a_finding_with_advice(folder: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    telegram = {"enabled": True, "token": "1:secret", "base_url": nowhere}
    bot = {"enabled": True, "token": "1:secret", "base_url": nowhere}
    settings = settings_of(folder, telegram=telegram, zalo_bot=bot, web={"public_url": nowhere})
    [line] = await lines(settings, "telegram")
    assert line.startswith("✘ Token: không tới được 127.0.0.1:9: không ai nhận kết nối ở địa chỉ ấy → ")
    assert "XINLUON_TELEGRAM_PROXY" in line
    assert (await lines(settings, "zalo_bot"))[0].startswith("✘ Token: không tới được 127.0.0.1:9")
    assert (await lines(settings, "web"))[1].startswith("✘ Địa chỉ công khai: không tới được")
    proxied = settings_of(folder, telegram={**telegram, "proxy": nowhere})
    assert "qua proxy" in (await lines(proxied, "telegram"))[0]


async def test_a_zalo_bot_is_asked_for_its_webhook_and_its_plan_is_told(folder: Path) -> None:
    engine = make_engine(f"sqlite:///{folder}/xinluon.db")
    with FakeZaloBot() as fake:
        account = fake.token.partition(":")[0]
        with session_factory(engine).begin() as session:
            quotas.spend(session, "zalo_bot", account, now=datetime.now(UTC))
            contacts.wrote(session, "zalo_bot", account, "h", at=datetime.now(UTC))
        bot: dict[str, Any] = {"enabled": True, "token": fake.token, "base_url": fake.url}
        bot["quota"] = {"messages_per_month": 1, "users": 2}
        said = await lines(settings_of(folder, zalo_bot=bot), "zalo_bot")
        assert [line[0] for line in said] == ["✔", "✔", "✘", "✔", "✔"]
        assert "đã gửi hết 1/1" in said[2]
        assert "1/2" in said[3]
        assert {call.method for call in fake.calls} == {"getMe", "getWebhookInfo"}

        bot |= {"mode": "webhook", "webhook": {"url": "https://10.0.0.1/zalo", "secret": "s" * 8}}
        told = "\n".join(await lines(settings_of(folder, zalo_bot=bot), "zalo_bot"))
        assert "✘ Cách nhận tin: cấu hình dùng webhook nhưng bot chưa có webhook" in told
        assert "✘ Địa chỉ webhook: «10.0.0.1» là địa chỉ trong mạng nội bộ" in told
        bot["token"] = "1:wrong"
        assert (
            "✘ Token: Zalo không nhận token"
            in (await lines(settings_of(folder, zalo_bot=bot), "zalo_bot"))[0]
        )
    engine.dispose()


async def test_an_official_account_is_looked_at_without_touching_its_tokens(
    folder: Path, serve: Callable[[Callable[[HttpRequest], HttpResponse]], str]
) -> None:
    asked: list[HttpRequest] = []

    def office(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        if request.path == "/healthz":
            return HttpResponse(200, b'{"channels":{}}')
        return HttpResponse(401, b"unauthorized", "text/plain")

    engine = make_engine(f"sqlite:///{folder}/xinluon.db")
    with FakeZaloOa(state_agency=True) as fake:
        access, refresh = fake.tokens()
        with session_factory(engine).begin() as session:
            now = datetime.now(UTC)
            store_pair(session, fake.oa_id, fake.app_id, access, refresh, "90000", now)
        tie(folder, fake.oa_id, timedelta(hours=1), timedelta(days=3), timedelta(days=9))
        ours = {"name": "UBND phường Thí Điểm"}
        settings = oa_settings(folder, fake, office=ours, web={"public_url": serve(office)})
        said = await lines(settings, "zalo_oa")
        assert [line[:2] for line in said] == ["✔ ", "✔ ", "⚠ ", "✘ ", "⚠ ", "– "]
        assert "«UBND phường Thí Điểm», mã 388613280878808645, đã xác thực, gói Nâng cao" in said[1]
        assert "v2.0" in said[2]
        assert "không có https" in said[3]
        assert "3 người; 1 người đã quá 48 giờ (gửi có phí), 1 người đã quá 7 ngày" in said[4]
        [posted] = [request for request in asked if request.path == "/zalo/oa"]
        assert posted.headers["x-zevent-signature"] == f"mac={'0' * 64}"

        fake.expire_access()
        assert "Zalo không nhận mã truy cập đang lưu" in (await lines(settings, "zalo_oa"))[1]
        assert {call.path for call in fake.calls} == {"/v2.0/oa/getoa"}
        assert access not in repr(said)
    engine.dispose()


async def test_an_account_without_consent_is_told_what_to_run(folder: Path) -> None:
    with FakeZaloOa() as fake:
        said = await lines(oa_settings(folder, fake), "zalo_oa")
        assert said[0] == "✘ Quyền và mã truy cập: chưa cấp quyền → chạy «xinluon zalo login»"
        assert said[1].startswith("⚠ Tài khoản OA: chưa hỏi được Zalo")
        assert fake.calls == []


async def test_an_office_that_has_not_run_yet_is_told_to_and_open_secrets_are_named(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("x")
    file.chmod(0o644)
    with FakeZaloOa() as fake:
        settings = oa_settings(tmp_path / "new", fake)
        environ = {"XINLUON_ZALO_OA_APP_SECRET_FILE": str(file)}
        reports = await examine(settings, now=datetime.now(UTC), environ=environ)
        nowhere = {"port": 9, "public_url": "http://127.0.0.1:9"}
        stopped = oa_settings(tmp_path / "new", fake, web=nowhere)
        for part, what in (("zalo_oa", "webhook"), ("web", "công khai")):
            [line] = [one for one in await lines(stopped, part) if f"Địa chỉ {what}" in one]
            assert "⚠" in line
            assert "chương trình chưa chạy trên máy này" in line
    account, *_, base, secrets = reports
    first = account.findings[0]
    assert (first.level.mark, first.found) == ("–", "chưa có cơ sở dữ liệu; chạy «xinluon run» lần đầu")
    assert "chưa có cơ sở dữ liệu" in base.findings[0].found
    [warned] = secrets.findings
    assert (warned.level.mark, warned.mend) == ("⚠", f"chạy: chmod 600 {file}")


async def test_a_wrong_key_of_a_running_program_is_told(
    folder: Path, serve: Callable[[Callable[[HttpRequest], HttpResponse]], str]
) -> None:
    state = {"up": True, "detail": "Chữ ký sai.", "last_bad_signature": "2026-11-25T01:00:00.000+00:00"}
    body = json.dumps({"channels": {"zalo_oa": state}}).encode()
    port = int(serve(lambda request: HttpResponse(200, body)).rpartition(":")[2])
    local, _ = await lines(settings_of(folder, web={"port": port}), "web")
    assert local.startswith(
        "✘ Chương trình trên máy này: đang chạy nhưng Zalo OA từ chối mọi tin tới. Chữ ký"
    )
    body = json.dumps({"channels": {"zalo_oa": {"up": True}}}).encode()
    right, unheard, _ = await lines(settings_of(folder, web={"port": port}), "web")
    assert right.startswith("✔")
    assert unheard.startswith("– Chương trình trên máy này: Zalo OA chưa nhận sự kiện nào từ lúc chạy → nếu")
    body = json.dumps({"channels": {"zalo_oa": {"up": True, "last_event": "2026-11-25"}}}).encode()
    assert len(await lines(settings_of(folder, web={"port": port}), "web")) == 2


async def test_the_office_s_own_pages_are_asked_how_they_are(
    folder: Path, serve: Callable[[Callable[[HttpRequest], HttpResponse]], str]
) -> None:
    health = {"channels": {"telegram": {"up": False, "detail": "sai token"}}, "database": {"ok": True}}
    ill = serve(lambda request: HttpResponse(503, json.dumps(health).encode()))
    foreign = serve(lambda request: HttpResponse(200, b"<html>", "text/html"))
    good = serve(lambda request: HttpResponse(200, b'{"channels":{}}'))
    for address, told in (
        (ill, "✘ Địa chỉ công khai: {} trả lời, nhưng chương trình có phần trục trặc: Telegram (sai token)"),
        (foreign, "✘ Địa chỉ công khai: {} trả lời lạ (HTTP 200)"),
        (good, "⚠ Địa chỉ công khai: {} trả lời, nhưng không có https"),
    ):
        port = int(address.rpartition(":")[2])
        local, public = await lines(settings_of(folder, web={"public_url": address, "port": port}), "web")
        assert public.startswith(told.format(address))
        assert local[0] == ("✔" if address == good else "✘")


async def test_a_slow_server_a_strange_name_and_a_broken_connection_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.1)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def why(url: str) -> Why | None:
        found = await ask(Question(method="GET", url=url))
        assert isinstance(found, Answer | Silence)
        return found.why if isinstance(found, Silence) else None

    assert await why(f"http://127.0.0.1:{port}") is Why.SLOW
    monkeypatch.setattr(probe, "SECONDS", 20.0)
    assert await why(f"http://127.0.0.1:{port}") is Why.OTHER
    assert await why("http://127.0.0.1:9") is Why.REFUSED

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert await why("http://khong-co.example.vn") is Why.NAME
    server.close()
    await server.wait_closed()


async def test_a_server_that_is_not_what_it_should_be_says_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    found = await ask(Question(method="GET", url=f"https://127.0.0.1:{port}"))
    assert found == Silence(Why.TLS)
    server.close()
    await server.wait_closed()


async def test_a_fault_of_ours_in_one_part_leaves_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("token 1:secret")

    monkeypatch.setattr("bot.doctor.telegram._ask", broken)
    telegram = {"enabled": True, "token": "1:secret"}
    settings = settings_of(folder, telegram=telegram)
    [line] = await lines(settings, "telegram")
    assert line.startswith("✘ Kiểm tra: không kiểm được (RuntimeError)")
    assert len(await lines(settings, "database")) == 4
