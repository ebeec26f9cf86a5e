"""What `xinluon doctor` says of what it finds: pure judgements, and texts that fit them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.zalo_oa_identity import Identity
from bot.doctor import database, probe, web, zalo_bot, zalo_oa
from bot.doctor.findings import Finding, Level, Report, as_dict, count, words
from bot.doctor.probe import Answer, Silence, Why
from office.channel_settings import ZaloBot, ZaloBotQuota, ZaloBotWebhook, ZaloOa, ZaloTemplate
from office.contacts import Window
from office.database import make_engine
from office.quotas import Month
from office.settings import Settings, Web
from office.zalo_tokens import ZaloTokens
from scheduler.channel_watch import BotFacts
from scheduler.rationing import Standing
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
OA = ZaloOa(app_id="36", oa_id="38")


def answer(status: int = 200, body: dict[str, Any] | None = None) -> Answer:
    return Answer(status, 5, "", NOW, body)


@pytest.mark.parametrize(
    ("off", "level", "said"),
    [
        (0, Level.FINE, "đúng (lệch 0 giây"),
        (60, Level.FINE, "đúng"),
        (61, Level.WARN, "chạy nhanh 61 giây"),
        (-120, Level.WARN, "chạy chậm 2 phút"),
        (300, Level.WARN, "chạy nhanh 5 phút"),
        (301, Level.BAD, "lời nhắc sẽ sai giờ"),
        (-86_400, Level.BAD, "chạy chậm 1440 phút"),
    ],
)
def test_a_clock_that_is_off_is_told_by_how_much(off: int, level: Level, said: str) -> None:
    header = format_datetime(NOW, usegmt=True)
    found = probe.clock_finding(header, NOW + timedelta(seconds=off))
    assert found
    assert (found.level, said in found.found) == (level, True)
    assert bool(found.mend) == (level is not Level.FINE)


@pytest.mark.parametrize("header", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_a_server_that_does_not_say_the_time_says_nothing_of_the_clock(header: str) -> None:
    assert probe.clock_finding(header, NOW) is None


def consent(**values: Any) -> zalo_oa.Known:
    row = ZaloTokens(
        oa_id="38",
        app_id="36",
        access_token="at-secret",
        refresh_token="rt-secret",
        access_expires_at=NOW + timedelta(hours=5),
        refresh_expires_at=NOW + timedelta(days=60),
        trouble="",
    )
    for name, value in values.items():
        setattr(row, name, value)
    return zalo_oa.Known(row=row, windows=Counter())


@pytest.mark.parametrize(
    ("known", "level", "said"),
    [
        (None, Level.WARN, "không đọc được cơ sở dữ liệu"),
        (zalo_oa.Known(row=None, windows=Counter()), Level.BAD, "chưa cấp quyền"),
        (consent(), Level.FINE, "mã truy cập đến 13:00 ngày 25/11/2026, quyền đến 08:00 ngày 24/01/2027"),
        (consent(app_id="1"), Level.BAD, "của ứng dụng 1, còn cấu hình là ứng dụng 36"),
        (consent(trouble="Zalo từ chối"), Level.BAD, "Zalo từ chối"),
        (consent(refresh_expires_at=NOW), Level.BAD, "quyền đã hết lúc 08:00 ngày 25/11/2026"),
        (consent(refresh_expires_at=NOW + timedelta(days=14)), Level.WARN, "còn 14 ngày"),
        (consent(refresh_expires_at=NOW + timedelta(days=15)), Level.FINE, "quyền đến"),
        (consent(access_expires_at=NOW), Level.WARN, "mã truy cập đã hết hạn"),
    ],
)
def test_how_long_consent_lasts_is_told(known: zalo_oa.Known | None, level: Level, said: str) -> None:
    found = zalo_oa.token_finding(OA, known, NOW)
    assert (found.level, said in found.found) == (level, True), found
    assert "secret" not in repr((found, known))
    assert bool(found.mend) == (level is not Level.FINE and "Zalo từ chối" not in said)


@pytest.mark.parametrize(
    ("asked", "level", "said"),
    [
        (None, Level.WARN, "không có mã truy cập còn hạn"),
        (Silence(Why.NAME), Level.BAD, "không tới được openapi.zalo.me: máy không tìm ra tên miền"),
        (answer(502), Level.BAD, "trả lời không giống Zalo (HTTP 502)"),
        (answer(200, {"x": 1}), Level.BAD, "không giống Zalo"),
        (answer(200, {"error": -216}), Level.WARN, "không nhận mã truy cập"),
        (answer(200, {"error": -224, "message": "x"}), Level.BAD, "Gói dịch vụ của OA"),
        (answer(200, {"error": 0, "data": {"oa_id": "39", "name": "Khác"}}), Level.BAD, "OA 39 «Khác»"),
        (answer(200, {"error": 0, "data": {"is_verified": False}}), Level.BAD, "chưa được xác thực"),
        (answer(200, {"error": 0, "data": {"oa_id": 38}}), Level.INFO, "chưa rõ đã xác thực chưa"),
        (answer(200, {"error": 0, "data": None}), Level.BAD, "Không đọc được"),
        (
            answer(200, {"error": 0, "data": {"name": "A", "is_verified": True, "package_name": "B"}}),
            Level.FINE,
            "«A», mã 38, đã xác thực, gói B",
        ),
    ],
)
def test_what_the_account_says_of_itself_is_judged(
    asked: Answer | Silence | None, level: Level, said: str
) -> None:
    found = zalo_oa.account_finding(OA, asked)
    assert (found.level, said in found.found) == (level, True), found
    assert bool(found.mend) == (level not in (Level.FINE, Level.INFO))


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("Sở Công Thương An Giang", True),
        ("SỞ CÔNG THƯƠNG", True),
        ("SCT An Giang", True),
        ("SCT-AG", True),
        ("socongthuongangiang", True),
        ("Cổng thông tin", True),  # nothing in it to go by
        ("", True),
        ("UBND phường Thí Điểm", False),
        ("Bếp nhà Lan", False),
    ],
)
def test_an_account_whose_name_is_another_s_is_asked_to_be_checked(name: str, alike: bool) -> None:
    asked = answer(200, {"error": 0, "data": {"name": name, "is_verified": True}})
    found = zalo_oa.account_finding(OA, asked, "Sở Công Thương tỉnh An Giang")
    assert found.level is (Level.FINE if alike else Level.WARN), found
    assert alike or "«Sở Công Thương tỉnh An Giang»: hai tên không giống nhau" in found.found
    assert zalo_oa.account_finding(OA, asked, Settings().office.name).level is Level.FINE  # none was given


def test_a_state_agency_s_account_is_warned_of_until_a_message_has_gone() -> None:
    agency = Identity(oa_type="4")
    assert "Cơ quan nhà nước" in zalo_oa.sending_finding(agency, "").found
    assert zalo_oa.sending_finding(agency, "").level is Level.WARN
    assert zalo_oa.sending_finding(agency, "v2.0").found.startswith("v2.0")
    assert zalo_oa.sending_finding(agency, "v3.0").found.startswith("v3.0")
    assert zalo_oa.sending_finding(Identity(oa_type="2"), "").level is Level.INFO
    assert zalo_oa.sending_finding(None, "").level is Level.INFO


@pytest.mark.parametrize(
    ("url", "asked", "level", "said"),
    [
        ("https://a.vn/zalo/oa", answer(401), Level.FINE, "từ chối chữ ký sai"),
        ("http://a.vn/zalo/oa", answer(401), Level.BAD, "không có https"),
        ("https://a.vn:8443/zalo/oa", answer(401), Level.BAD, "có số cổng"),
        ("https://a.vn/zalo/oa", answer(404), Level.BAD, "không có (HTTP 404)"),
        ("https://a.vn/zalo/oa", answer(200), Level.BAD, "nhận cả tin có chữ ký sai"),
        ("https://a.vn/zalo/oa", answer(502), Level.BAD, "trả lời lạ (HTTP 502)"),
        ("https://a.vn/zalo/oa", Silence(Why.TLS), Level.BAD, "chứng thư https không hợp lệ"),
    ],
)
def test_our_own_webhook_must_refuse_a_wrong_signature(
    url: str, asked: Answer | Silence, level: Level, said: str
) -> None:
    found = zalo_oa.webhook_finding(url, "/zalo/oa", asked)
    assert (found.level, said in found.found) == (level, True), found


@pytest.mark.parametrize(
    ("windows", "template", "level", "said"),
    [
        ({}, None, Level.INFO, "chưa ai nối tài khoản"),
        ({Window.FREE: 3}, None, Level.FINE, "3 người, đều nhắn OA trong 48 giờ"),
        ({Window.FREE: 3, Window.BILLED: 2}, None, Level.WARN, "5 người; 2 người đã quá 48 giờ"),
        ({Window.CLOSED: 1}, None, Level.WARN, "1 người đã quá 7 ngày nên không gửi được"),
        ({Window.CLOSED: 1}, "77", Level.WARN, "1 người đã quá 7 ngày"),
    ],
)
def test_staff_who_can_not_be_written_to_are_counted(
    windows: dict[Window, int], template: str | None, level: Level, said: str
) -> None:
    settings = ZaloOa(template=ZaloTemplate(id=template))
    found = zalo_oa.windows_finding(settings, Counter(windows))
    assert (found.level, said in found.found) == (level, True), found
    if template:
        assert "không gửi được" not in found.found


def test_an_office_without_a_template_is_told_what_that_means() -> None:
    def level_of(**values: Any) -> Level:
        return zalo_oa.template_finding(ZaloOa(template=ZaloTemplate(**values))).level

    assert level_of() is Level.INFO
    assert level_of(id="7", fields={"viec": "title"}) is Level.FINE


def plan(*, used: int = 0, users: int = 0, groups: int = 0, out: datetime | None = None) -> list[Finding]:
    standing = Standing(at=NOW, month=Month(used=used, ran_out_at=out))
    facts = BotFacts(account="1", standing=standing, users=users, groups=groups)
    return list(zalo_bot.plan_findings(facts, ZaloBotQuota()))


def test_a_plan_is_warned_of_at_four_fifths_and_failed_when_it_is_spent() -> None:
    assert [f.level for f in plan(used=2399, users=39, groups=2)] == [Level.FINE] * 3
    assert [f.level for f in plan(used=2400, users=40, groups=3)] == [Level.WARN] * 3
    assert [f.level for f in plan(used=3000, users=50)] == [Level.BAD, Level.BAD, Level.FINE]
    month, users, _ = plan(used=2400, users=40)
    assert "đã gửi 2400/3000, còn 600; 600 tin cuối chỉ dành cho nhắc hạn" in month.found
    assert "40/50" in users.found
    assert "Zalo báo đã hết tin lúc 08:00 ngày 25/11/2026" in plan(used=9, out=NOW)[0].found


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("hoi.sct.example.vn", True),
        ("8.8.8.8", True),
        ("localhost", False),
        ("may-chu", False),
        ("10.1.2.3", False),
        ("192.168.1.5", False),
        ("127.0.0.1", False),
        ("may-chu.local", False),
    ],
)
def test_an_address_of_a_local_network_is_known(host: str, public: bool) -> None:
    webhook = ZaloBotWebhook(url=f"https://{host}/zalo/bot")
    [found] = zalo_bot.address_findings(ZaloBot(mode="webhook", webhook=webhook))
    assert (found.level is Level.FINE) == public
    assert list(zalo_bot.address_findings(ZaloBot(webhook=webhook))) == []


def test_the_parts_that_are_ill_are_named() -> None:
    channels = {"web": {"up": True}, "zalo_oa": {"up": False, "detail": "hết quyền"}}
    health = {"database": {"ok": False}, "channels": channels}
    assert web.ill_parts(health) == ("cơ sở dữ liệu; Zalo OA (hết quyền)", False)
    assert web.ill_parts({"channels": channels}) == ("Zalo OA (hết quyền)", True)
    assert web.ill_parts({"channels": {"telegram": {"up": False, "detail": ""}}}) == ("Telegram", False)
    assert web.ill_parts({}) == ("không rõ phần nào", False)


def test_a_channel_that_refuses_all_that_comes_is_bad() -> None:
    state = {"up": True, "detail": "Chữ ký sai. Chép lại khoá.", "last_bad_signature": "02"}
    [found] = web.deaf_findings({"channels": {"zalo_oa": state, "web": {"up": True}}})
    assert (found.level, found.mend) == (Level.BAD, "")
    assert found.found == "đang chạy nhưng Zalo OA từ chối mọi tin tới. Chữ ký sai. Chép lại khoá."
    accepted = state | {"last_good_signature": "03"}
    assert list(web.deaf_findings({"channels": {"zalo_oa": accepted}})) == []


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:8080"), ("::", "http://[::1]:8080"), ("::1", "http://[::1]:8080")],  # noqa: S104
)
def test_a_program_that_serves_everywhere_is_asked_on_this_machine(host: str, address: str) -> None:
    assert web.local_address(Web(host=host)) == address


def store_of(url: str) -> tuple[list[str], bool]:
    """The marks and words of what was found, and whether it can be read."""
    with database.opened(Settings.model_validate({"database": {"url": url}})) as store:
        return [f"{f.level.mark} {f.what}: {f.found}" for f in store.findings], store.readers is not None


def test_a_database_is_looked_at_without_making_anything(tmp_path: Path) -> None:
    found, readable = store_of(f"sqlite:///{tmp_path}/var/xinluon.db")
    assert "– Mở được: chưa có cơ sở dữ liệu" in found[0]
    assert "– Khoá băm: chưa có" in found[-1]
    assert (readable, list(tmp_path.iterdir())) == (False, [])


def test_a_good_database_with_its_key_is_fine(tmp_path: Path) -> None:
    url = fresh_sqlite(tmp_path)
    key = tmp_path / "hash.key"
    key.write_text("k" * 64)
    key.chmod(0o600)
    found, readable = store_of(url)
    assert [line[0] for line in found] == ["✔"] * 4
    assert readable
    key.chmod(0o644)
    assert "⚠ Khoá băm: ai trên máy này cũng đọc được" in store_of(url)[0][-1]
    key.write_text("short")
    assert "✘ Khoá băm" in store_of(url)[0][-1]


@pytest.mark.parametrize(
    ("revision", "said"),
    [("0001", "⚠ Phiên bản của bảng: cũ hơn"), ("9999", "✘ Phiên bản của bảng: mới hơn")],
)
def test_tables_of_another_version_are_told_and_left_alone(tmp_path: Path, revision: str, said: str) -> None:
    url = fresh_sqlite(tmp_path)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (revision,))
    found, readable = store_of(url)
    assert any(said in line for line in found), found
    assert not readable
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    assert kept == revision
    engine.dispose()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is no database, whatever its name says" * 20)
    found, readable = store_of(f"sqlite:///{tmp_path}/x.db")
    assert "✘ Mở được: " in found[0]
    assert "không phải cơ sở dữ liệu SQLite" in found[0]
    assert not readable


def test_a_lost_key_is_bad_where_people_were_hashed(tmp_path: Path) -> None:
    url = fresh_sqlite(tmp_path)
    assert "– Khoá băm: chưa có" in store_of(url)[0][-1]
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO contacts (channel, account, person, first_at, told_spent) "
            "VALUES ('zalo_oa', '1', 'h', '2026-11-25 00:00:00', '')"
        )
    engine.dispose()
    assert "✘ Khoá băm: mất tệp" in store_of(url)[0][-1]


def test_a_report_for_programs_says_whether_all_is_well() -> None:
    good = Finding(level=Level.FINE, what="Token", found="đúng")
    ill = Finding(level=Level.BAD, what="Token", found="sai", mend="đổi")
    reports = [Report(part="telegram", title="Telegram", findings=(good, ill))]
    assert as_dict(reports) == {
        "ok": False,
        "parts": [
            {
                "part": "telegram",
                "title": "Telegram",
                "findings": [
                    {"level": "fine", "what": "Token", "found": "đúng", "mend": ""},
                    {"level": "bad", "what": "Token", "found": "sai", "mend": "đổi"},
                ],
            }
        ],
    }
    assert count(reports, Level.BAD) == 1
    assert as_dict([])["ok"]


def test_every_text_that_is_named_is_there() -> None:
    folder = Path(database.__file__).parent
    code = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    parts = "clock|telegram|zalo_bot|zalo_oa|web|database|secrets|broken"
    named = set(re.findall(rf'"((?:{parts})\.\w+\.\w+)"', code))
    assert len(named) > 60
    for name in named - {"web.parts.database", "web.parts.unknown"}:  # words within a finding
        part, thing, case = name.split(".")
        texts = words()
        assert texts(f"{part}.{thing}.what")
        assert texts(f"{part}.{thing}.{case}")
