"""The fake Official Account's API is as strict as what it stands for."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.fakes.zalo_oa import (
    CS_PATH,
    OA_ID,
    User,
    bad_gateway,
    drop_after,
    drop_before,
    garbled,
    refuse,
    slow,
)
from tests.fakes.zalo_oa_office import START, Office, buttons, office_with, query

V2_PATH = "/v2.0/oa/message"
TEMPLATE_PATH = "/v3.0/oa/message/template"
GROUP_PATH = "/v3.0/oa/group/message"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


@pytest.fixture
def office() -> Iterator[Office]:
    with office_with() as running:
        yield running


@pytest.fixture
def an(office: Office) -> User:
    """Somebody who has just written."""
    return office.fake.person("Nguyễn Văn An", wrote_at=START)


def test_windows_go_by_the_last_interaction(office: Office, an: User) -> None:
    office.wait(hours=48)
    answer = office.post(CS_PATH, {"recipient": {"user_id": an.id}, "message": {"text": "a"}}).json()["data"]
    assert answer["quota"] == {"quota_type": "reply"}
    assert answer["user_id"] == an.id
    assert answer["sent_time"] == str(round(office.clock.at.timestamp() * 1000))
    office.wait(seconds=1)
    answer = office.post(CS_PATH, {"recipient": {"user_id": an.id}, "message": {"text": "b"}}).json()["data"]
    assert "quota" not in answer
    office.wait(days=5)
    assert office.text(an) == -230
    assert [(m.text, m.billed, m.version) for m in office.fake.received(an)] == [
        ("a", False, "v3"),
        ("b", True, "v3"),
    ]
    office.fake.say(an, "tôi đây")
    assert office.text(an) == 0


def test_a_message_that_comes_late_or_out_of_order_does_not_move_the_window_back(office: Office) -> None:
    binh = office.fake.person("Bình")
    office.fake.say(binh, "hai", at=START)
    office.fake.say(binh, "một", at=START - timedelta(days=8))
    assert office.text(binh) == 0


def test_who_cannot_be_reached(office: Office, an: User) -> None:
    never = office.fake.person("Chưa nhắn")
    office.fake.follow(never)
    assert office.text(never) == -230
    office.fake.unfollow(never)
    assert office.text(never) == -213
    office.fake.unfollow(an)
    assert office.text(an) == 0, "who wrote may be answered"
    office.fake.block(an)
    assert office.text(an) == -227
    for user_id in ("404", "zid", 7):
        assert office.error(CS_PATH, {"recipient": {"user_id": user_id}, "message": {"text": "a"}}) == -201
    with office_with(window_error=-232, follow_opens=True) as other:
        new = other.fake.person("Mới")
        assert other.text(new) == -232
        other.fake.follow(new)
        assert other.text(new) == 0


def test_a_state_agency_sends_by_the_old_api_alone(office: Office, an: User) -> None:
    assert office.text(an, path=V2_PATH) == -240
    assert office.get("/v2.0/oa/getoa")["data"]["oa_type"] == 2
    with office_with(state_agency=True) as agency:
        binh = agency.fake.person("Bình", wrote_at=START)
        assert agency.text(binh) == -235
        assert agency.text(binh, path=V2_PATH) == 0
        assert [message.version for message in agency.fake.sent] == ["v2"]
        data = agency.get("/v2.0/oa/getoa")["data"]
        assert (data["oa_id"], data["oa_type"], data["is_verified"]) == (OA_ID, 4, True)


# --- what a message may hold


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"text": "a" * 2001},
        {"text": unicodedata.normalize("NFD", "ế" * 700)},
        {"text": 7},
        {"text": "a", "attachment": {"type": "template"}},
        {"text": "a", "attachment": {"type": "template", "payload": {"template_type": "poll"}}},
        {"text": "a", "attachment": {"type": "file", "payload": {"token": "unknown"}}},
    ],
)
def test_bad_messages_are_refused(office: Office, an: User, message: dict[str, Any]) -> None:
    assert office.error(CS_PATH, {"recipient": {"user_id": an.id}, "message": message}) == -201
    assert office.fake.sent == []


def test_long_but_allowed_texts_pass(office: Office, an: User) -> None:
    assert office.text(an, "ế" * 2000) == 0
    assert office.text(an, "trả lời", quote_message_id="m1") == 0
    assert office.fake.sent[-1].quote == "m1"


def test_a_message_is_json(office: Office, an: User) -> None:
    headers = {"access_token": office.access}
    form = office.client.post(office.fake.url + CS_PATH, data={"message": "a"}, headers=headers)
    assert form.json()["error"] == -201
    assert office.error(CS_PATH, {"recipient": an.id, "message": {"text": "a"}}) == -201


@pytest.mark.parametrize(
    "bad",
    [
        buttons(),
        buttons(*[query()] * 6),
        buttons("Hồ sơ"),
        buttons(query(title="")),
        buttons(query(title="a" * 101)),
        buttons(query(payload="")),
        buttons(query(payload="a" * 1001)),
        buttons(query(payload={"x": 1})),
        buttons(query(kind="oa.query.shown")),
        buttons(query(kind="oa.open.url", payload="https://a.vn")),
        buttons(query(kind="oa.open.url", payload={"url": "a.vn"})),
        buttons(query(kind="oa.open.phone", payload="0900")),
    ],
)
def test_bad_buttons_are_refused(office: Office, an: User, bad: dict[str, Any]) -> None:
    assert office.text(an, attachment=bad) == -201


def test_buttons_have_types_and_limits(office: Office, an: User) -> None:
    link = query("Mở", {"url": "https://a.vn"}, "oa.open.url")
    phone = query("Gọi", {"phone_code": "84900000000"}, "oa.open.phone")
    shown = buttons(query("a" * 100, "p" * 1000), query(kind="oa.query.show"), link, phone, query())
    assert office.text(an, attachment=shown) == 0
    assert office.text(an, "", attachment=shown) == -201
    [message] = office.fake.sent
    assert message.labels == ["a" * 100, "Hồ sơ", "Mở", "Gọi", "Hồ sơ"]
    with pytest.raises(AssertionError, match="sends nothing"):
        office.fake.tap(an, message, "Mở")


def test_an_account_may_have_no_buttons() -> None:
    with office_with(buttons=False) as office:
        an = office.fake.person("An", wrote_at=START)
        assert office.text(an, attachment=buttons(query())) == -201
        assert office.text(an) == 0


# --- files


def test_uploads_have_kinds_sizes_and_a_life(office: Office, an: User) -> None:
    image = office.upload("image", "a.png", PNG)["data"]["attachment_id"]
    file = office.upload("file", "Đơn.PDF", b"%PDF")["data"]["token"]
    assert office.upload("image", "a.png", b"GIF89a")["error"] == -201
    assert office.upload("gif", "a.gif", b"GIF89a")["error"] == 0
    assert office.upload("image", "a.png", PNG + b"\0" * 1024 * 1024)["error"] == -210
    assert office.upload("file", "a.xlsx", b"PK")["error"] == -201
    assert office.upload("file", "a.csv", b"a" * (5 * 1024 * 1024 + 1))["error"] == -210

    def media(token: str) -> dict[str, Any]:
        elements = [{"media_type": "image", "attachment_id": token}]
        return {"type": "template", "payload": {"template_type": "media", "elements": elements}}

    def attached(token: str) -> dict[str, Any]:
        return {"type": "file", "payload": {"token": token}}

    assert office.text(an, "", attachment=media(image)) == 0
    assert office.text(an, "", attachment=attached(file)) == 0
    assert office.text(an, "", attachment=media(file)) == -201
    assert office.text(an, "", attachment=attached(image)) == -201
    assert [message.file.name for message in office.fake.sent if message.file] == ["a.png", "Đơn.PDF"]
    office.wait(days=7, seconds=1)
    office.fake.say(an, "vâng")
    assert office.text(an, "", attachment=attached(file)) == -201


# --- profiles, groups, templates, limits


def test_profiles_and_lists_are_asked_with_json_in_the_query(office: Office, an: User) -> None:
    office.fake.person("Bình", follows=False)

    def asked(path: str, **data: Any) -> dict[str, Any]:
        return office.get(path, data=json.dumps(data))

    detail = asked("/v3.0/oa/user/detail", user_id=an.id)["data"]
    assert (detail["display_name"], detail["user_is_follower"]) == ("Nguyễn Văn An", True)
    assert detail["user_last_interaction_date"] == "02/03/2026"
    assert office.get("/v3.0/oa/user/detail", user_id=an.id)["error"] == -201
    assert asked("/v3.0/oa/user/getlist", offset=0, count=50)["data"]["users"] == [{"user_id": an.id}]
    assert asked("/v3.0/oa/user/getlist", offset=0, count=51)["error"] == -210
    assert asked("/v3.0/oa/user/getlist", offset=9952, count=1)["error"] == -210


def test_groups_take_text_and_files_but_no_buttons(office: Office) -> None:
    group = office.fake.gmf_group("Phòng QLTM")
    other = office.fake.gmf_group("Phòng KT")

    def sent(**message: Any) -> int:
        return office.error(GROUP_PATH, {"recipient": {"group_id": group.id}, "message": message})

    assert sent(text="Có hồ sơ mới") == 0
    assert sent(text="a", attachment=buttons(query())) == -201
    token = office.upload("file", "a.pdf", b"%PDF")["data"]["token"]
    assert sent(attachment={"type": "file", "payload": {"token": token}}) == 0
    listed = office.get("/v3.0/oa/group/getgroupsofoa", offset=1, count=5)["data"]
    assert [g["name"] for g in listed["groups"]] == ["Phòng KT"]
    assert listed["total"] == 2
    office.fake.expire_group(group)
    assert sent(text="a") == -237
    office.fake.remove_from(group)
    assert sent(text="a") == -403
    assert office.error(GROUP_PATH, {"recipient": {"group_id": "404"}, "message": {"text": "a"}}) == -403
    assert len(office.fake.received(group)) == 2
    assert office.fake.received(other) == []


def test_templates_must_be_known_and_filled(office: Office) -> None:
    office.fake.add_template("t1", "title", "due")
    never = office.fake.person("Chưa nhắn", follows=False)

    def sent(template: str, **filled: str) -> int:
        body = {"user_id": never.id, "template_id": template, "template_data": filled}
        return office.error(TEMPLATE_PATH, body)

    assert sent("t2", title="a", due="b") == -201
    assert sent("t1", title="a") == -201
    assert sent("t1", title="a", due="b") == 0
    [message] = office.fake.received(never)
    assert message.billed
    assert message.template == {"template_id": "t1", "template_data": {"title": "a", "due": "b"}}
    with office_with(zca=False) as other:
        body = {"user_id": other.fake.person("An").id, "template_id": "t1", "template_data": {}}
        assert other.error(TEMPLATE_PATH, body) == -320


def test_what_was_shut_is_shut(office: Office, an: User) -> None:
    for kind in ("transaction", "promotion"):
        assert office.text(an, path=f"/v3.0/oa/message/{kind}") < 0
    assert office.post("/v3.0/oa/nothing", {}).status_code == 404
    assert office.client.get(office.fake.url + CS_PATH).status_code == 404


def test_a_minute_holds_so_many_calls() -> None:
    with office_with(per_minute=2) as office:
        an = office.fake.person("An", wrote_at=START)
        body = {"recipient": {"user_id": an.id}, "message": {"text": "a"}}
        left = [office.post(CS_PATH, body).headers["X-RateLimit-Remain"] for _ in range(2)]
        assert left == ["1", "0"]
        third = office.post(CS_PATH, body)
        assert third.json()["error"] == -32
        assert third.headers["X-RateLimit-Limit"] == "2"
        assert office.fake.rate_refusals == 1
        office.clock.advance(minutes=1)
        assert office.text(an) == 0


# --- calls that end badly


def test_calls_end_as_planned(office: Office, an: User) -> None:
    office.fake.plan(
        CS_PATH, refuse(-200, "no"), drop_before(), drop_after(), garbled(), bad_gateway(), slow(0.05)
    )
    assert office.text(an, "1") == -200
    for text in ("2", "3"):
        with pytest.raises(httpx.RemoteProtocolError):
            office.text(an, text)
    body = {"recipient": {"user_id": an.id}, "message": {"text": "4"}}
    with pytest.raises(json.JSONDecodeError):
        office.post(CS_PATH, body).json()
    assert office.post(CS_PATH, body).status_code == 502
    started = time.monotonic()
    assert office.text(an, "6") == 0
    assert time.monotonic() - started >= 0.05
    assert [message.text for message in office.fake.sent] == ["3", "4", "6"]
    assert len(office.fake.called(CS_PATH)) == 6
