"""The fake Zalo Bot Platform is as strict as what it stands for."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.zalo_bot import (
    DISPLAY_NAME,
    TOKEN,
    Chat,
    FakeZaloBot,
    Outcome,
    bad_gateway,
    drop_after,
    drop_before,
    garbled,
    passes,
    refuse,
    slow,
    too_many,
)
from tests.fakes.zalo_bot_client import acquaintance, call, polled, refused, request


@pytest.fixture
def fake() -> Iterator[FakeZaloBot]:
    with FakeZaloBot(poll_seconds=0.05, retry_pause=0.01) as running:
        yield running


@pytest.fixture
def an(fake: FakeZaloBot) -> Chat:
    return acquaintance(fake)


def test_token_and_method_are_checked(fake: FakeZaloBot) -> None:
    me = call(fake, "getMe").json()["result"]
    assert (me["id"], me["account_type"]) == (fake.bot_id, "BASIC")
    assert fake.token.startswith(f"{fake.bot_id}:")
    assert me["display_name"].startswith("Bot")
    for method in ("getNothing", "getme", "GetMe", "editMessageText", "testWebhook", "getMe/x", ""):
        assert refused(call(fake, method), 404), method
    assert refused(request(fake, "POST", "/bot1:x/getMe"), 401)
    assert refused(request(fake, "POST", "/bot1:x/getUpdates"), 401)
    assert refused(request(fake, "POST", f"/{fake.token}/getMe"), 404)
    assert refused(request(fake, "PUT", f"/bot{fake.token}/getMe"), 404)


def test_parameters_come_as_query_form_json_or_multipart(fake: FakeZaloBot, an: Chat) -> None:
    path = f"/bot{fake.token}/sendMessage"
    given = {"chat_id": an.id, "text": "lệ phí 50.000 đ"}
    request(fake, "GET", path, params=given)
    request(fake, "POST", path, data=given)
    request(fake, "POST", path, json=given)
    request(fake, "POST", path, files={name: (None, value) for name, value in given.items()})
    assert [(message.chat, message.text) for message in fake.sent] == [(an, given["text"])] * 4


def test_a_sent_message_has_an_id_and_a_date_in_milliseconds(fake: FakeZaloBot, an: Chat) -> None:
    body = call(fake, "sendMessage", chat_id=an.id, text="a").json()
    assert set(body) == {"ok", "result"}
    assert body["result"]["message_id"] == fake.sent[0].message_id
    assert abs(body["result"]["date"] / 1000 - time.time()) < 30
    assert fake.received(an) == fake.sent
    fake.zero_code = True
    assert call(fake, "sendMessage", chat_id=an.id, text="a").json()["error_code"] == 0
    typing = call(fake, "sendChatAction", chat_id=an.id, action="typing")
    assert typing.json() == {"ok": True, "error_code": 0}


def test_what_is_wrong_is_refused(fake: FakeZaloBot, an: Chat) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("sendMessage", {}),
        ("sendMessage", {"text": ""}),
        ("sendMessage", {"text": " \n"}),
        ("sendMessage", {"text": 5}),
        ("sendMessage", {"text": "đ" * 2001}),
        ("sendMessage", {"text": "😀" * 1001}),
        ("sendMessage", {"text": "e\u0302" * 1001}),
        ("sendMessage", {"text": "a", "parse_mode": "HTML"}),
        ("sendMessage", {"text": "a", "parse_mode": "Markdown"}),
        ("sendMessage", {"text": "a", "chat_id": ""}),
        ("sendMessage", {"text": "a", "chat_id": 5}),
        ("sendMessage", {"text": "a", "chat_id": "a1b2c3d4e5f60718293a"}),
        ("sendMessage", {"text": "a", "text_styles": [{"start": 0, "len": 2, "st": ["b"]}]}),
        ("sendMessage", {"text": "a", "text_styles": [{"start": 0, "len": 1, "st": ["x"]}]}),
        ("sendMessage", {"text": "a", "text_styles": 5}),
        ("sendPhoto", {}),
        ("sendPhoto", {"photo": "http://a.vn/a.jpg"}),
        ("sendPhoto", {"photo": "a.jpg"}),
        ("sendPhoto", {"photo": "https://a.vn/a.jpg", "caption": ""}),
        ("sendPhoto", {"photo": "https://a.vn/a.jpg", "caption": "a" * 2001}),
        ("sendSticker", {"sticker": ""}),
        ("sendVoice", {"voice_url": "https://a.vn/a.mp3"}),
        ("sendVoice", {"voice_url": "http://a.vn/a.aac"}),
        ("sendChatAction", {"action": "upload_photo"}),
        ("getUpdates", {"timeout": "soon"}),
        ("getUpdates", {"timeout": -1}),
    ]
    for method, parameters in calls:
        assert refused(call(fake, method, **({"chat_id": an.id} | parameters)), 400), (method, parameters)
    assert (fake.sent, fake.used) == ([], 0)


def test_what_is_right_is_taken(fake: FakeZaloBot, an: Chat) -> None:
    styles = [{"start": 0, "len": 2, "st": ["b", "c_db342e", "f_18"]}]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("sendMessage", {"text": "đ" * 2000}),
        ("sendMessage", {"text": "**a**", "parse_mode": "markdown"}),
        ("sendMessage", {"text": "<b>a</b>", "parse_mode": "html", "text_styles": "ignored"}),
        ("sendMessage", {"text": "😀", "text_styles": styles}),
        ("sendMessage", {"text": "ab", "text_styles": json.dumps(styles)}),
        ("sendPhoto", {"photo": "https://a.vn/a.jpg", "caption": "Sơ đồ"}),
        ("sendPhoto", {"photo": "http://127.0.0.1:5000/a.jpg"}),
        ("sendSticker", {"sticker": "0123"}),
        ("sendVoice", {"voice_url": "https://a.vn/a.aac"}),
    ]
    for method, parameters in calls:
        assert call(fake, method, chat_id=an.id, **parameters).json()["ok"], parameters
    sent = fake.sent
    assert (sent[1].text, sent[1].parse_mode) == ("**a**", "markdown")
    assert (sent[5].photo, sent[5].caption) == ("https://a.vn/a.jpg", "Sơ đồ")
    assert (sent[7].sticker, sent[8].voice, fake.used) == ("0123", "https://a.vn/a.aac", 9)
    fake.local_webhooks = False
    assert refused(call(fake, "sendPhoto", chat_id=an.id, photo="http://127.0.0.1:5000/a.jpg"), 400)


def test_nobody_can_be_written_to_before_they_wrote(fake: FakeZaloBot) -> None:
    person, group = fake.person(), fake.group()
    for chat in (person, group):
        assert refused(call(fake, "sendMessage", chat_id=chat.id, text="a"), 400)
        fake.say(chat, "a", mention=True)
        assert call(fake, "sendMessage", chat_id=chat.id, text="a").json()["ok"]
    fake.any_chat = True
    assert call(fake, "sendMessage", chat_id="a1b2c3d4e5f60718293a", text="a").json()["ok"]


@pytest.mark.parametrize("status", [200, 429])
def test_the_months_messages_come_to_an_end(status: int) -> None:
    with FakeZaloBot(messages_per_month=2, quota_status=status) as fake:
        chat_id = acquaintance(fake).id
        assert call(fake, "sendMessage", chat_id=chat_id, text="a").json()["ok"]
        assert call(fake, "sendPhoto", chat_id=chat_id, photo="https://a.vn/a.jpg").json()["ok"]
        assert refused(call(fake, "sendMessage", chat_id=chat_id, text="a"), status, 429)
        assert call(fake, "sendChatAction", chat_id=chat_id, action="typing").json() == {"ok": True}
        assert (fake.used, len(fake.sent)) == (2, 2)


def test_one_user_and_one_group_too_many_are_shut_out() -> None:
    with FakeZaloBot(users=2, groups=1) as fake:
        people, groups = [fake.person() for _ in range(3)], [fake.group() for _ in range(2)]
        for chat in (*people, *groups) * 2:
            fake.say(chat, "a", mention=True)
        heard = [event["message"]["chat"]["id"] for event in fake.pending]
        assert heard == [chat.id for chat in (*people[:2], groups[0])] * 2
        answers = [call(fake, "sendMessage", chat_id=c.id, text="a").json()["ok"] for c in (*people, *groups)]
        assert answers == [True, True, False, True, False]


def test_a_group_is_heard_only_when_it_speaks_to_the_bot(fake: FakeZaloBot, an: Chat) -> None:
    group = fake.group()
    fake.say(group, "chuyện riêng", user=an)
    fake.send_photo(group, caption="ảnh riêng", user=an)
    assert fake.pending == []
    fake.say(group, "việc của tôi", user=an, mention=True)
    call(fake, "sendMessage", chat_id=group.id, text="Có 2 việc.")
    fake.say(group, "xong việc 1", user=an, reply_to=fake.sent[-1])
    fake.send_photo(group, user=an, mention=True)
    first, second, photo = (event["message"] for event in fake.pending)
    assert first["chat"] == {"chat_type": "GROUP", "id": group.id}
    assert first["from"] == {"id": an.id, "is_bot": False, "display_name": "Nguyễn Văn An"}
    assert first["text"] == f"@{DISPLAY_NAME} việc của tôi"
    assert (second["text"], photo["caption"]) == ("xong việc 1", f"@{DISPLAY_NAME}")
    fake.mention_in_text = False
    fake.say(group, "việc của tôi", user=an, mention=True)
    assert fake.pending[-1]["message"]["text"] == "việc của tôi"


def test_a_voice_for_a_group_is_said_to_be_sent_but_does_not_arrive(fake: FakeZaloBot) -> None:
    group = fake.group()
    fake.say(group, "a", mention=True)
    assert call(fake, "sendVoice", chat_id=group.id, voice_url="https://a.vn/a.aac").json()["ok"]
    assert (fake.received(group), fake.used) == ([], 1)


def test_each_kind_of_message_looks_as_it_does_on_the_wire(fake: FakeZaloBot, an: Chat) -> None:
    at = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
    key = fake.say(an, "lệ phí?", at=at)
    fake.send_photo(an, "https://photo-stal-1.zdn.vn/a.jpg", caption="đây")
    fake.send_sticker(an)
    fake.send_voice(an)
    fake.send_unsupported(an)
    fake.say(an, "a", event="message.video.received")
    text, image, sticker, voice, unsupported, unknown = fake.pending
    assert text == {
        "event_name": "message.text.received",
        "message": {
            "date": 1793581200000,
            "chat": {"chat_type": "PRIVATE", "id": an.id},
            "message_id": key,
            "from": {"id": an.id, "is_bot": False, "display_name": "Nguyễn Văn An"},
            "text": "lệ phí?",
        },
    }
    assert len(an.id) == len(key) == 20
    int(an.id, 16)
    assert image["event_name"] == "message.image.received"
    assert image["message"]["photo_url"] == "https://photo-stal-1.zdn.vn/a.jpg"
    assert (image["message"]["caption"], image["message"]["message_type"]) == ("đây", "CHAT_PHOTO")
    assert sticker["event_name"] == "message.sticker.received"
    assert {"sticker", "url"} <= set(sticker["message"])
    assert voice["message"]["voice_url"].endswith(".aac")
    assert unsupported["event_name"] == "message.unsupported.received"
    assert set(unsupported["message"]) == {"date", "chat", "message_id", "from"}
    assert unknown["event_name"] == "message.video.received"
    fake.photo_key = "photo"
    fake.send_photo(an, "https://photo-stal-1.zdn.vn/b.jpg")
    assert fake.pending[-1]["message"]["photo"] == "https://photo-stal-1.zdn.vn/b.jpg"
    assert not {"photo_url", "caption"} & set(fake.pending[-1]["message"])


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(too_many(), 429), (too_many(status=200), 200), (refuse(403, "Sai", status=200), 200)],
)
def test_a_refusal_may_come_with_any_status(
    fake: FakeZaloBot, an: Chat, outcome: Outcome, status: int
) -> None:
    fake.plan("sendMessage", passes(), outcome)
    assert call(fake, "sendMessage", chat_id=an.id, text="a").json()["ok"]
    assert outcome.refusal is not None
    assert refused(call(fake, "sendMessage", chat_id=an.id, text="b"), status, outcome.refusal.code)
    assert call(fake, "sendMessage", chat_id=an.id, text="c").json()["ok"]
    assert [message.text for message in fake.sent] == ["a", "c"]


def test_answers_may_be_lost_or_make_no_sense(fake: FakeZaloBot, an: Chat) -> None:
    fake.plan("sendMessage", drop_before(), drop_after(), garbled(), bad_gateway(), slow(0.1))
    for sent in (0, 1):
        with pytest.raises(httpx.TransportError):
            call(fake, "sendMessage", chat_id=an.id, text="a")
        assert len(fake.sent) == sent
    response = call(fake, "sendMessage", chat_id=an.id, text="a")
    with pytest.raises(ValueError, match="Unterminated"):
        response.json()
    assert (response.status_code, len(fake.sent)) == (200, 2)
    assert call(fake, "sendMessage", chat_id=an.id, text="a").status_code == 502
    assert len(fake.sent) == 2
    started = time.monotonic()
    assert call(fake, "sendMessage", chat_id=an.id, text="a").json()["ok"]
    assert time.monotonic() - started >= 0.1


def test_polls_can_go_wrong_too(fake: FakeZaloBot, an: Chat) -> None:
    fake.say(an, "a")
    fake.plan("getUpdates", bad_gateway(), refuse(408), garbled())
    assert [call(fake, "getUpdates").status_code for _ in range(3)] == [502, 408, 200]
    assert polled(fake) == ""  # it was read, though nobody could read it


def test_what_has_arrived_is_carried_out_although_the_client_is_gone(fake: FakeZaloBot, an: Chat) -> None:
    fake.latency_ms = 200
    given = {"chat_id": an.id, "text": "a"}
    with pytest.raises(httpx.ReadTimeout):
        request(fake, "POST", f"/bot{fake.token}/sendMessage", json=given, read_timeout=0.05)
    fake.wait_for(lambda: fake.received(an))


def test_waiting_in_vain_says_so(fake: FakeZaloBot) -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.01 s"):
        fake.wait_for(lambda: fake.sent, 0.01)


async def test_a_loop_can_wait_as_well(fake: FakeZaloBot) -> None:
    timer = threading.Timer(0.02, fake.say, (fake.person(), "a"))
    timer.start()
    await fake.until(lambda: fake.pending)
    timer.join()


def test_it_runs_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "tests.fakes.zalo_bot", "--latency-ms", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert process.stdout.readline() == f"XINLUON_ZALO_BOT_TOKEN: {TOKEN}\n"
        guide = Path("docs/zalo.md").read_text(encoding="utf-8")
        assert f"export XINLUON_ZALO_BOT_TOKEN={TOKEN}\n" in guide
        with httpx.Client(trust_env=False, base_url=url, timeout=20) as client:
            client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": "an", "text": "một"})
            [sent] = client.get("/_control/sent").json()
            assert (sent["chat"], sent["text"]) == ("an", "một")
            assert abs(sent["at"] - time.time()) < 30
            key = client.post("/_control/say", json={"chat": "an", "text": "lệ phí?"}).json()
            client.post("/_control/say", json={"chat": "to", "text": "việc", "group": True})
            assert client.get("/_control/stats").json()["pending"] == 2
            event = client.post(f"/bot{TOKEN}/getUpdates").json()["result"]
            assert (event["message"]["message_id"], event["message"]["text"]) == (key, "lệ phí?")
            event = client.post(f"/bot{TOKEN}/getUpdates").json()["result"]
            assert event["message"]["chat"] == {"chat_type": "GROUP", "id": "to"}
            client.post("/_control/reset")
            assert client.get("/_control/sent").json() == []
            assert client.get("/_control/stats").json()["used"] == 0
            assert client.get("/_control/nothing").status_code == 404
        process.terminate()
    assert process.returncode == 0
