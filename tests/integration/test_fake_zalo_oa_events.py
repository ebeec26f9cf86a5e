"""The fake Official Account posts events as the platform does: signed, repeated, late, out of order."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.zalo_oa import (
    APP_ID,
    CS_PATH,
    OA_ID,
    WEBHOOK_SECRET,
    User,
)
from tests.fakes.zalo_oa_office import START, Office, Receiver, buttons, office_with, query, receiving


@pytest.fixture
def office() -> Iterator[Office]:
    with office_with() as running:
        yield running


@pytest.fixture
def an(office: Office) -> User:
    """Somebody who has just written."""
    return office.fake.person("Nguyễn Văn An", wrote_at=START)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def test_events_are_signed_over_their_bytes(office: Office, an: User, receiver: Receiver) -> None:
    office.fake.webhook_url = receiver.url
    office.fake.say(an, "lệ phí?", msg_id="m1", quote="m0")
    office.fake.wait_for(lambda: office.fake.events and not office.fake.unanswered)
    [request] = receiver.got
    stamp = str(round(START.timestamp() * 1000))
    plain = APP_ID.encode() + request.body + stamp.encode() + WEBHOOK_SECRET.encode()
    assert request.headers["x-zevent-signature"] == f"mac={hashlib.sha256(plain).hexdigest()}"
    assert "num_retry" not in request.headers
    assert json.loads(request.body) == {
        "app_id": APP_ID,
        "sender": {"id": an.id},
        "user_id_by_app": an.id_by_app,
        "recipient": {"id": OA_ID},
        "event_name": "user_send_text",
        "message": {"text": "lệ phí?", "msg_id": "m1", "quote_msg_id": "m0"},
        "timestamp": stamp,
    }


def test_the_signature_has_other_shapes(receiver: Receiver) -> None:
    with office_with(signature_prefix=False, signature_header="X-Mac") as office:
        office.fake.webhook_url = receiver.url
        assert office.fake.post({"timestamp": "1"}) == 200
        assert len(receiver.got[0].headers["x-mac"]) == 64
        office.fake.post(b'{ "timestamp" : "1" }', signature="mac=00", num_retry=2)
        assert receiver.got[1].headers["x-mac"] == "mac=00"
        assert receiver.got[1].headers["num_retry"] == "2"
        office.fake.post({}, signature=False)
        assert "x-mac" not in receiver.got[2].headers


def names(office: Office) -> list[str]:
    return [event["event_name"] for event in office.fake.events]


def test_following_names_neither_sender_nor_recipient(office: Office, an: User) -> None:
    office.fake.follow(an, source="qr")
    office.fake.unfollow(an)
    follow, unfollow = office.fake.events
    assert set(unfollow) == {"oa_id", "follower", "user_id_by_app", "event_name", "app_id", "timestamp"}
    assert (unfollow["oa_id"], unfollow["follower"]) == (OA_ID, {"id": an.id})
    assert follow["source"] == "qr"
    assert (an.follows, names(office)) == (False, ["follow", "unfollow"])


def test_files_and_places_come_as_attachments(office: Office, an: User) -> None:
    office.fake.send(an, "image", {"url": "https://a.vn/a.jpg"}, text="đây")
    office.fake.send(an, "location")
    image, place = (event["message"] for event in office.fake.events)
    assert image["attachments"] == [{"type": "image", "payload": {"url": "https://a.vn/a.jpg"}}]
    assert image["text"] == "đây"
    assert isinstance(place["attachments"][0]["payload"]["coordinates"]["latitude"], str)
    assert names(office) == ["user_send_image", "user_send_location"]


def test_a_tap_comes_as_a_text(office: Office, an: User) -> None:
    office.text(an, attachment=buttons(query("Hồ sơ", "e:x")))
    office.fake.tap(an, office.fake.sent[-1], "Hồ sơ")
    [event] = office.fake.events
    assert (event["event_name"], event["message"]["text"]) == ("user_send_text", "e:x")


def test_only_a_human_echo_names_an_administrator(office: Office, an: User) -> None:
    office.text(an, "một")
    office.fake.echoes = True
    office.text(an, "hai")
    office.fake.human_says(an, "Tôi trả lời", admin_id="9")
    ours, human = office.fake.events
    assert names(office) == ["oa_send_text"] * 2
    assert (ours["sender"], human["sender"]) == ({"id": OA_ID}, {"id": OA_ID, "admin_id": "9"})
    assert ours["message"] == {"text": "hai", "msg_id": office.fake.sent[-1].message_id}
    assert human["recipient"] == {"id": an.id}


@pytest.mark.parametrize(
    ("key", "message", "recipient"),
    [
        ("both", "group", {"id": OA_ID, "group_id": "group"}),
        ("message.group_id", "group", {"id": OA_ID}),
        ("recipient.group_id", None, {"id": OA_ID, "group_id": "group"}),
        ("recipient.id", None, {"id": "group"}),
    ],
)
def test_a_group_is_named_by_switch(key: str, message: str | None, recipient: dict[str, str]) -> None:
    with office_with(group_key=key) as office:
        group, an = office.fake.gmf_group("Phòng QLTM"), office.fake.person("An")
        office.fake.say(group, "/viec", user=an)
        office.fake.send(group, "file", user=an)
        assert names(office) == ["user_send_group_text", "user_send_group_file"]
        event = office.fake.events[0]
        assert event["sender"] == {"id": an.id}
        assert event["message"].get("group_id") == (group.id if message else None)
        assert event["recipient"] == {k: group.id if v == "group" else v for k, v in recipient.items()}
        assert office.text(an) == -230, "a group is no conversation with the account"


def test_an_event_is_posted_until_it_is_taken(receiver: Receiver) -> None:
    receiver.answers = [500, "drop", 204]
    with office_with(retries=[0.01] * 5) as office:
        an = office.fake.person("An")
        office.fake.say(an, "một")
        assert len(office.fake.unanswered) == 1
        office.fake.webhook_url = receiver.url
        office.fake.wait_for(lambda: not office.fake.unanswered)
        assert [request.headers.get("num_retry") for request in receiver.got] == [None, "1", "2", "3"]
        assert len({request.body for request in receiver.got}) == 1


def test_a_webhook_that_stays_deaf_is_disabled_until_it_is_set_again(receiver: Receiver) -> None:
    receiver.answers = [500, 500]
    with office_with(retries=(0.01,)) as office:
        office.fake.webhook_url = receiver.url
        an = office.fake.person("An")
        office.fake.say(an, "một")
        office.fake.wait_for(lambda: office.fake.webhook_disabled)
        office.fake.say(an, "hai")
        office.fake.webhook_url = receiver.url
        office.fake.say(an, "ba")
        office.fake.wait_for(lambda: len(receiver.got) == 3 and len(office.fake.unanswered) == 1)
        assert receiver.texts == ["một", "một", "ba"]


def test_any_answer_may_be_enough(receiver: Receiver) -> None:
    receiver.answers = ["drop", 500]
    with office_with(retries=(0.01, 0.01, 0.01), retry_on="connection") as office:
        office.fake.webhook_url = receiver.url
        office.fake.say(office.fake.person("An"), "một")
        office.fake.wait_for(lambda: len(receiver.got) == 2)
        time.sleep(0.05)
        assert len(receiver.got) == 2
        assert len(office.fake.unanswered) == 1


def test_a_late_answer_counts_for_nothing(receiver: Receiver) -> None:
    receiver.answers = [0.3]
    with office_with(retries=(0.15, 0.3, 1.0, 3.0), answer_within=0.2) as office:
        office.fake.webhook_url = receiver.url
        office.fake.say(office.fake.person("An"), "một")
        office.fake.wait_for(lambda: not office.fake.unanswered)
        assert office.fake.late[0] == office.fake.events[0]
        assert len(receiver.got) > 1


def test_one_person_is_heard_in_order_unless_a_test_shuffles(
    office: Office, an: User, receiver: Receiver
) -> None:
    office.fake.webhook_url = receiver.url
    for number in range(5):
        office.fake.say(an, str(number))
    office.fake.wait_for(lambda: len(receiver.got) == 5)
    with office.fake.shuffled():
        for number in range(5, 8):
            office.fake.say(an, str(number))
    office.fake.wait_for(lambda: len(receiver.got) == 8)
    assert receiver.texts == ["0", "1", "2", "3", "4", "7", "6", "5"]


def test_an_event_can_come_twice(office: Office, an: User, receiver: Receiver) -> None:
    office.fake.webhook_url = receiver.url
    office.fake.say(an, "một")
    office.fake.repeat(office.fake.events[0])
    office.fake.wait_for(lambda: len(receiver.got) == 2)
    assert receiver.got[0].body == receiver.got[1].body
    assert receiver.got[1].headers["num_retry"] == "1"


def test_many_people_are_heard_at_once(office: Office, receiver: Receiver) -> None:
    office.fake.webhook_url = receiver.url
    for number in range(30):
        office.fake.say(office.fake.person(f"Người {number}"), str(number))
    office.fake.wait_for(lambda: not office.fake.unanswered)
    assert sorted(receiver.texts, key=int) == [str(number) for number in range(30)]


def test_it_runs_as_a_process_of_its_own(receiver: Receiver) -> None:
    command = [sys.executable, "-m", "tests.fakes.zalo_oa", "--webhook", receiver.url, "--latency-ms", "1"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        httpx.Client(trust_env=False, timeout=20) as client,
    ):
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        guide = Path("docs/zalo.md").read_text(encoding="utf-8")
        for name in ("app_id", "oa_id", "XINLUON_ZALO_OA_APP_SECRET", "XINLUON_ZALO_OA_WEBHOOK_SECRET"):
            said, value = process.stdout.readline().strip().split(": ")
            assert said == name
            assert f'{name}: "{value}"' in guide or f"export {name}={value}\n" in guide

        def control(what: str, /, **given: Any) -> Any:
            return client.post(f"{url}/_control/{what}", json=given).json()

        access, _ = control("tokens")
        body = {
            "recipient": {"user_id": "7001"},
            "message": {"text": "Chào", "attachment": buttons(query())},
        }
        assert client.post(url + CS_PATH, json=body, headers={"access_token": access}).json()["error"] == 0
        control("tap", user="7001", label="Hồ sơ")
        group = control("group", name="Phòng QLTM")
        assert control("say", text="/viec") == {"missing": "user"}
        control("say", user="7002", text="/viec", group=group)
        [sent] = control("sent")
        assert (sent["chat"], sent["text"], sent["labels"]) == ("7001", "Chào", ["Hồ sơ"])
        while control("stats")["unanswered"]:
            time.sleep(0.01)
        assert sorted(receiver.texts) == ["/viec", "e:x"]
        assert control("reset") is True
        assert control("stats")["sent"] == 0
        process.terminate()
        assert process.wait(20) == 0
