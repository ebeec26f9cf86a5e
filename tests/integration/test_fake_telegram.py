"""The fake Bot API is as strict as what it stands for."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fakes.telegram import TOKEN, FakeTelegram, drop_after, drop_before, flood
from tests.fakes.telegram_html import BadMarkup, shown


@pytest.fixture
def fake() -> Iterator[FakeTelegram]:
    with FakeTelegram() as running:
        running.private(1)
        yield running


def call(fake: FakeTelegram, method: str, *, token: str = "", **parameters: Any) -> httpx.Response:
    url = f"{fake.url}/bot{token or fake.token}/{method}"
    with httpx.Client(trust_env=False, timeout=10) as client:
        return client.post(
            url, data={k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
        )


def refusal(fake: FakeTelegram, method: str, **parameters: Any) -> tuple[int, str]:
    response = call(fake, method, **parameters)
    assert response.json()["ok"] is False
    return response.status_code, response.json()["description"]


def keyboard(**button: str) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


def test_token_and_method_are_checked(fake: FakeTelegram) -> None:
    assert call(fake, "getMe").json()["result"]["username"] == fake.username
    assert call(fake, "getMe", token="1:x").status_code == 401
    assert refusal(fake, "getNothing")[0] == 404


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n"}, "message text is empty"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "<b>a", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "<b>a</i>", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "a <script>", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "a < b", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "a", "parse_mode": "Markdown"}, "unsupported parse_mode"),
        ({"text": "a", "chat_id": 404}, "chat not found"),
        ({"text": "a", "message_thread_id": 9}, "thread not found"),
        ({"text": "a", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "a", "reply_markup": "{"}, "can't parse reply keyboard markup"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [1]}}, "object expected"),
        ({"text": "a", "reply_markup": keyboard(text="", callback_data="x")}, "non-empty"),
        ({"text": "a", "reply_markup": keyboard(text="a")}, "unallowed"),
        ({"text": "a", "reply_markup": keyboard(text="a", callback_data="")}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "reply_markup": keyboard(text="a", callback_data="ă" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "reply_markup": keyboard(text="a", url="http://localhost/")}, "Wrong HTTP URL"),
    ],
)
def test_bad_messages_are_refused(fake: FakeTelegram, parameters: dict[str, Any], words: str) -> None:
    code, description = refusal(fake, "sendMessage", **({"chat_id": 1} | parameters))
    assert code == 400
    assert words in description
    assert fake.sent == []


def test_markup_is_read_as_telegram_reads_it() -> None:
    assert shown("<b>a &lt;b&gt; &amp;</b> <i>&quot;</i> &copy;") == 'a <b> & " &copy;'
    with pytest.raises(BadMarkup, match="byte offset 3"):
        shown("đ <x>")


def test_messages_can_be_edited_but_not_into_themselves(fake: FakeTelegram) -> None:
    sent = call(fake, "sendMessage", chat_id=1, text="a").json()["result"]
    where = {"chat_id": 1, "message_id": sent["message_id"]}
    assert "not modified" in refusal(fake, "editMessageText", text="a", **where)[1]
    assert call(fake, "editMessageText", text="b", **where).status_code == 200
    markup = keyboard(text="x", callback_data="y")
    assert call(fake, "editMessageReplyMarkup", reply_markup=markup, **where).status_code == 200
    assert (fake.sent[0].text, fake.sent[0].labels, fake.sent[0].edits) == ("b", ["x"], 2)
    assert call(fake, "deleteMessage", **where).status_code == 200
    assert "not found" in refusal(fake, "editMessageText", text="c", **where)[1]
    assert fake.sent == []


def test_a_text_can_be_deleted_for_two_days_and_only_our_own_can_be_changed(fake: FakeTelegram) -> None:
    old = call(fake, "sendMessage", chat_id=1, text="a").json()["result"]["message_id"]
    fake.sent[0].at -= 48 * 3600 + 1
    assert "can't be deleted for everyone" in refusal(fake, "deleteMessage", chat_id=1, message_id=old)[1]
    assert call(fake, "editMessageText", chat_id=1, message_id=old, text="b").status_code == 200
    group = fake.group(-5)
    fake.say(group, "/viec")
    theirs = fake.pending[-1]["message"]["message_id"]
    assert "can't be edited" in refusal(fake, "editMessageText", chat_id=-5, message_id=theirs, text="b")[1]
    assert "can't be deleted" in refusal(fake, "deleteMessage", chat_id=-5, message_id=theirs)[1]
    assert "to delete not found" in refusal(fake, "deleteMessage", chat_id=-5, message_id=999)[1]
    chart = post_file(fake, "sendDocument", "a", b"x", chat_id=1).json()["result"]["message_id"]
    assert "no text" in refusal(fake, "editMessageText", chat_id=1, message_id=chart, text="b")[1]


def test_get_updates_confirms_what_is_below_the_offset(fake: FakeTelegram) -> None:
    ids = [fake.say(fake.private(1), str(n)) for n in range(4)]

    def polled(**parameters: Any) -> list[int]:
        return [u["update_id"] for u in call(fake, "getUpdates", **parameters).json()["result"]]

    assert polled(limit=2) == ids[:2]
    assert polled(limit=0) == ids[:1]
    assert polled(offset=ids[1]) == ids[1:]
    assert polled(offset=-1) == ids[3:]
    assert polled() == ids[3:]
    assert polled(offset=ids[3] + 1) == []


def test_a_long_poll_wakes_for_a_new_update(fake: FakeTelegram) -> None:
    timer = threading.Timer(0.2, fake.say, (fake.private(1), "a"))
    timer.start()
    started = time.monotonic()
    assert len(call(fake, "getUpdates", timeout=50).json()["result"]) == 1
    assert 0.1 < time.monotonic() - started < 10
    timer.join()


def test_updates_that_nobody_asked_for_are_not_kept(fake: FakeTelegram) -> None:
    call(fake, "getUpdates", allowed_updates=["message"])
    fake.push("edited_message", {})
    assert fake.pending == []


def test_the_older_of_two_polls_ends_with_a_conflict(fake: FakeTelegram) -> None:
    codes: list[int] = []
    older = threading.Thread(target=lambda: codes.append(call(fake, "getUpdates", timeout=50).status_code))
    older.start()
    fake.wait_for(lambda: fake.called("getUpdates"))
    assert call(fake, "getUpdates").status_code == 200
    older.join(20)
    assert codes == [409]


def test_webhooks_have_rules(fake: FakeTelegram) -> None:
    fake.local_webhooks = False
    assert "HTTPS" in refusal(fake, "setWebhook", url="http://a.vn/")[1]
    assert "ports" in refusal(fake, "setWebhook", url="https://a.vn:9000/")[1]
    assert "secret" in refusal(fake, "setWebhook", url="https://a.vn/", secret_token="đ")[1]
    assert call(fake, "setWebhook", url="https://a.vn/", secret_token="d").status_code == 200
    assert call(fake, "getWebhookInfo").json()["result"]["url"] == "https://a.vn/"
    assert refusal(fake, "getUpdates")[0] == 409
    assert call(fake, "deleteWebhook").status_code == 200
    assert call(fake, "getUpdates").status_code == 200


def test_limits_hold(fake: FakeTelegram) -> None:
    fake.limits = True
    assert call(fake, "sendMessage", chat_id=1, text="a").status_code == 200
    response = call(fake, "sendMessage", chat_id=1, text="b")
    assert response.status_code == 429
    assert response.json()["parameters"] == {"retry_after": 1}
    statuses = []
    for user in range(2, 34):
        statuses.append(call(fake, "sendMessage", chat_id=fake.private(user).id, text="a").status_code)
    assert statuses.count(200) >= 29


def test_groups_take_twenty_a_minute(fake: FakeTelegram) -> None:
    group = fake.group()
    group.sent_at.extend([time.monotonic() - 30] * 20)
    fake.limits = True
    response = call(fake, "sendMessage", chat_id=group.id, text="a")
    assert 28 <= response.json()["parameters"]["retry_after"] <= 31


def test_blocking_and_migration(fake: FakeTelegram) -> None:
    fake.private(1).blocked = "Forbidden: bot was blocked by the user"
    assert refusal(fake, "sendMessage", chat_id=1, text="a")[0] == 403
    fake.migrate(fake.group(-5), -1005)
    response = call(fake, "sendMessage", chat_id=-5, text="a")
    assert response.json()["parameters"] == {"migrate_to_chat_id": -1005}
    assert call(fake, "getChat", chat_id=-1005).json()["result"]["type"] == "supergroup"


def test_taps_are_answered_once(fake: FakeTelegram) -> None:
    call(fake, "sendMessage", chat_id=1, text="a", reply_markup=keyboard(text="Hồ sơ", callback_data="x"))
    fake.tap(fake.sent[0], "Hồ sơ")
    query = fake.pending[0]["callback_query"]
    assert query["data"] == "x"
    assert call(fake, "answerCallbackQuery", callback_query_id=query["id"]).status_code == 200
    assert "too old" in refusal(fake, "answerCallbackQuery", callback_query_id=query["id"])[1]


def test_planned_outcomes_come_in_order(fake: FakeTelegram) -> None:
    fake.plan("sendMessage", flood(3), drop_before(), drop_after())
    assert refusal(fake, "sendMessage", chat_id=1, text="a")[0] == 429
    for sent in (0, 1):
        with pytest.raises(httpx.TransportError):
            call(fake, "sendMessage", chat_id=1, text="a")
        assert len(fake.sent) == sent
    assert call(fake, "sendMessage", chat_id=1, text="a").status_code == 200


def test_waiting_in_vain_says_so(fake: FakeTelegram) -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.1 s"):
        fake.wait_for(lambda: fake.sent, 0.1)


def post_file(fake: FakeTelegram, method: str, name: str, content: bytes, **data: Any) -> httpx.Response:
    field = method.removeprefix("send").lower()
    with httpx.Client(trust_env=False, timeout=10) as client:
        return client.post(f"{fake.url}/bot{fake.token}/{method}", data=data, files={field: (name, content)})


def test_files_arrive_with_name_and_content(fake: FakeTelegram) -> None:
    content = bytes(range(256)) * 40 + b"\r\n--x\r\n"
    sent = post_file(fake, "sendDocument", "Thống kê.xlsx", content, chat_id=1).json()["result"]
    assert sent["document"]["file_name"] == "Thống kê.xlsx"
    [message] = fake.received(fake.private(1))
    assert message.file is not None
    assert (message.file.name, message.file.content, message.picture) == ("Thống kê.xlsx", content, False)


@pytest.mark.parametrize(
    ("method", "content", "words"),
    [
        ("sendDocument", b"", "non-empty"),
        ("sendPhoto", b"GIF89a", "IMAGE_PROCESS_FAILED"),
        ("sendPhoto", b"\x89PNG\r\n" + b"0" * (10 * 2**20), "too big"),
    ],
)
def test_bad_files_are_refused(fake: FakeTelegram, method: str, content: bytes, words: str) -> None:
    response = post_file(fake, method, "a", content, chat_id=1)
    assert response.status_code == 400
    assert words in response.json()["description"]
    assert "there is no document" in refusal(fake, "sendDocument", chat_id=1)[1]


def test_a_file_that_was_sent_can_be_sent_again_by_its_id_as_the_same_kind(fake: FakeTelegram) -> None:
    sent = post_file(fake, "sendDocument", "a.pdf", b"%PDF", chat_id=1).json()["result"]["document"][
        "file_id"
    ]
    again = call(fake, "sendDocument", chat_id=1, document=sent).json()["result"]["document"]
    assert (again["file_name"], again["file_id"] != sent) == ("a.pdf", True)
    assert "can't use file of type Document as Photo" in refusal(fake, "sendPhoto", chat_id=1, photo=sent)[1]
    wrong = "wrong file identifier"
    assert wrong in refusal(fake, "sendDocument", chat_id=1, document="nothing")[1]
    fake.forget_files()
    assert wrong in refusal(fake, "sendDocument", chat_id=1, document=sent)[1]
    assert len(fake.sent) == 2


def test_a_file_of_a_person_can_be_fetched(fake: FakeTelegram) -> None:
    fake.upload(fake.private(1), "việc.csv", b"a;b", caption="/nhap")
    sent = fake.pending[0]["message"]
    assert (sent["caption"], sent["document"]["file_name"]) == ("/nhap", "việc.csv")
    path = call(fake, "getFile", file_id=sent["document"]["file_id"]).json()["result"]["file_path"]
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"{fake.url}/file/bot{fake.token}/{path}").content == b"a;b"
        assert client.get(f"{fake.url}/file/bot1:x/{path}").status_code == 401
    assert "wrong file_id" in refusal(fake, "getFile", file_id="none")[1]


def test_edits_and_files_count_against_a_groups_minute(fake: FakeTelegram) -> None:
    group = fake.group()
    sent = call(fake, "sendMessage", chat_id=group.id, text="a").json()["result"]
    group.sent_at.clear()
    group.sent_at.extend([time.monotonic() - 30] * 20)
    fake.limits = True
    where = {"chat_id": group.id, "message_id": sent["message_id"], "text": "b"}
    assert call(fake, "editMessageText", **where).status_code == 429
    assert post_file(fake, "sendDocument", "a", b"a", chat_id=group.id).status_code == 429
    assert fake.floods == 2


def test_a_message_that_is_refused_does_not_count(fake: FakeTelegram) -> None:
    fake.limits = True
    assert call(fake, "sendMessage", chat_id=1, text="").status_code == 400
    assert call(fake, "sendMessage", chat_id=1, text="a").status_code == 200
    assert call(fake, "sendMessage", chat_id=1, text="b").status_code == 429


def test_membership_is_told_and_kept(fake: FakeTelegram) -> None:
    group, chat = fake.group(), fake.private(1)
    fake.mute(group)
    assert "not enough rights" in refusal(fake, "sendMessage", chat_id=group.id, text="a")[1]
    fake.kick(group, by=7)
    assert "kicked from the supergroup" in refusal(fake, "sendMessage", chat_id=group.id, text="a")[1]
    fake.add_to(group)
    assert call(fake, "sendMessage", chat_id=group.id, text="a").status_code == 200
    fake.block(chat)
    assert refusal(fake, "sendMessage", chat_id=1, text="a")[0] == 403
    fake.unblock(chat)
    assert call(fake, "sendMessage", chat_id=1, text="a").status_code == 200
    told = [update["my_chat_member"]["new_chat_member"]["status"] for update in fake.pending]
    assert told == ["restricted", "kicked", "member", "kicked", "member"]


def test_a_move_is_told_in_both_chats(fake: FakeTelegram) -> None:
    fake.migrate(fake.group(-5, kind="group"), -1005)
    old, new = [update["message"] for update in fake.pending]
    assert (old["chat"]["id"], old["migrate_to_chat_id"]) == (-5, -1005)
    assert (new["chat"]["id"], new["migrate_from_chat_id"]) == (-1005, -5)


def test_what_has_arrived_is_carried_out_although_the_client_is_gone(fake: FakeTelegram) -> None:
    fake.latency_ms = 400
    soon = httpx.Timeout(10, read=0.05)
    with pytest.raises(httpx.ReadTimeout), httpx.Client(trust_env=False, timeout=soon) as client:
        client.post(f"{fake.url}/bot{fake.token}/sendMessage", data={"chat_id": 1, "text": "a"})
    fake.wait_for(lambda: fake.received(fake.private(1)))


def test_it_runs_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "tests.fakes.telegram", "--limits", "--latency-ms", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(trust_env=False, base_url=url, timeout=20) as client:
            for text in ("một", "hai"):
                client.post(f"/bot{TOKEN}/sendMessage", data={"chat_id": -55, "text": text})
            [sent] = client.get("/_control/sent").json()
            assert (sent["chat"], sent["text"], sent["message_id"]) == ("-55", "một", 1)
            assert abs(sent["at"] - time.time()) < 30
            assert client.get("/_control/stats").json()["floods"] == 1
            client.post("/_control/say", json={"chat": 7, "text": "/viec"})
            [update] = client.get(f"/bot{TOKEN}/getUpdates").json()["result"]
            assert update["message"]["text"] == "/viec"
            client.post("/_control/reset")
            assert client.get("/_control/sent").json() == []
        process.terminate()
    assert process.returncode == 0
