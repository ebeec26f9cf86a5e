"""The fake Zalo Bot Platform hands out events as the real one does."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.fakes.zalo_bot import SECRET_HEADER, Chat, FakeZaloBot
from tests.fakes.zalo_bot_client import SECRET, Receiver, acquaintance, call, polled, refused, request


@pytest.fixture
def fake() -> Iterator[FakeZaloBot]:
    with FakeZaloBot(poll_seconds=0.05, retry_pause=0.01) as running:
        yield running


@pytest.fixture
def an(fake: FakeZaloBot) -> Chat:
    return acquaintance(fake)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.server.start()
    yield receiver
    receiver.server.stop()


@pytest.fixture
def webhook(fake: FakeZaloBot, receiver: Receiver) -> Receiver:
    """A receiver that is set as the webhook and has had its ping."""
    assert call(fake, "setWebhook", url=receiver.url, secret_token=SECRET).json()["ok"]
    receiver.requests.clear()
    return receiver


def test_a_poll_gives_one_event_and_it_is_gone(fake: FakeZaloBot, an: Chat) -> None:
    for text in ("một", "hai"):
        fake.say(an, text)
    assert [polled(fake), len(fake.pending), polled(fake), fake.pending] == ["một", 1, "hai", []]
    assert polled(fake, timeout=0) == ""


def test_with_replay_the_last_event_comes_again_at_once_until_a_newer_one(
    fake: FakeZaloBot, an: Chat
) -> None:
    fake.replay, fake.poll_seconds = True, None
    assert polled(fake) == "xin chào"
    fake.say(an, "một")
    started = time.monotonic()
    assert [polled(fake, timeout="30") for _ in range(3)] == ["một"] * 3
    assert time.monotonic() - started < 5
    fake.say(an, "hai")
    assert [polled(fake), polled(fake), fake.pending] == ["hai", "hai", []]


@pytest.mark.parametrize("timeout", [30, "30", None])
def test_a_poll_in_vain_ends_with_408(fake: FakeZaloBot, timeout: int | str | None) -> None:
    started = time.monotonic()
    response = call(fake, "getUpdates", **({} if timeout is None else {"timeout": timeout}))
    assert response.json() == {"ok": False, "description": "Request timeout", "error_code": 408}
    assert refused(response, 408)
    assert 0.05 <= time.monotonic() - started < 9


def test_a_poll_wakes_for_a_message(fake: FakeZaloBot, an: Chat) -> None:
    fake.poll_seconds = None
    started = time.monotonic()
    fake.say(an, "muộn", late=0.1)
    assert polled(fake, timeout=30) == "muộn"
    assert 0.09 < time.monotonic() - started < 9


def test_two_pollers_split_the_messages(fake: FakeZaloBot, an: Chat) -> None:
    fake.poll_seconds = 9
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(polled, fake) for _ in range(2)]
        fake.wait_for(lambda: len(fake.called("getUpdates")) == 3)
        for text in ("một", "hai"):
            fake.say(an, text)
        texts = {answer.result(20) for answer in answers}
    assert texts == {"một", "hai"}


def test_a_poller_that_has_gone_away_takes_nothing_with_it(fake: FakeZaloBot, an: Chat) -> None:
    fake.poll_seconds = 5
    with pytest.raises(httpx.ReadTimeout):
        request(fake, "POST", f"/bot{fake.token}/getUpdates", read_timeout=0.05)
    fake.wait_for(lambda: len(fake.called("getUpdates")) == 2)
    while fake._server.transports or fake._server.tasks:  # until it is known to have gone
        time.sleep(0.01)
    fake.say(an, "một")
    assert polled(fake) == "một"


def test_webhooks_have_rules(fake: FakeZaloBot) -> None:
    fake.local_webhooks = False
    for url, secret in (
        ("", SECRET),
        (None, SECRET),
        ("a.vn", SECRET),
        ("https://", SECRET),
        ("http://a.vn/", SECRET),
        ("http://127.0.0.1:5000/", SECRET),
        ("https://127.1.2.3/", SECRET),
        ("https://localhost/", SECRET),
        ("https://10.0.0.1/", SECRET),
        ("https://192.168.1.1/", SECRET),
        ("https://a.vn/", None),
        ("https://a.vn/", "1234567"),
        ("https://a.vn/", "x" * 257),
    ):
        given = {"url": url, "secret_token": secret}
        answer = call(fake, "setWebhook", **{k: v for k, v in given.items() if v is not None})
        assert refused(answer, 400), given
    assert fake.webhook is None


def test_only_this_machine_is_exempt(fake: FakeZaloBot) -> None:
    for url in ("http://a.vn/", "https://10.0.0.1/", "http://192.168.1.1/"):
        assert refused(call(fake, "setWebhook", url=url, secret_token=SECRET), 400)


@pytest.mark.parametrize("secret", ["12345678", "x" * 256])
def test_a_webhook_is_kept_although_nobody_answers_there(fake: FakeZaloBot, secret: str) -> None:
    assert refused(call(fake, "getWebhookInfo"), 404)
    result = call(fake, "setWebhook", url="https://a.example/zalo", secret_token=secret).json()["result"]
    assert result["verification"]["ok"] is False
    assert result["verification"]["outcome"] == "webhook.err.dns"
    info = call(fake, "getWebhookInfo").json()["result"]
    assert info == {"url": "https://a.example/zalo", "updated_at": result["updated_at"]}
    assert fake.webhook is not None
    assert (fake.webhook.url, fake.webhook.secret) == ("https://a.example/zalo", secret)
    refusal = call(fake, "getUpdates")
    assert refused(refusal, 400)
    assert refusal.json()["description"] == (
        "You cannot use this API while a webhook is set. Please remove the webhook first"
    )
    for _ in range(2):  # also when there is none
        assert call(fake, "deleteWebhook").json()["result"]["url"] == ""
    assert refused(call(fake, "getWebhookInfo"), 404)
    assert refused(call(fake, "getUpdates"), 408)


def outcome_at(fake: FakeZaloBot, url: str) -> str:
    result = call(fake, "setWebhook", url=url, secret_token=SECRET).json()["result"]
    return str(result["verification"]["outcome"])


def test_setting_a_webhook_pings_it_with_an_empty_request(fake: FakeZaloBot, receiver: Receiver) -> None:
    result = call(fake, "setWebhook", url=receiver.url, secret_token=SECRET).json()["result"]
    assert result["verification"] | {"latency_ms": 0} == {
        "ok": True,
        "status_code": 200,
        "outcome": "webhook.ok",
        "latency_ms": 0,
        "hint": "",
    }
    receiver.statuses = [403, 404, 500, 302]
    outcomes = [outcome_at(fake, receiver.url) for _ in range(4)]
    assert outcomes == [f"webhook.http.{kind}" for kind in ("403", "404", "5xx", "other")]
    assert fake.ping() == 200
    assert len(receiver.requests) == 6
    for ping in receiver.requests:
        assert (ping.method, ping.body, ping.headers["user-agent"]) == ("POST", b"", "Java/17")
        assert not {"content-type", SECRET_HEADER.lower()} & set(ping.headers)
    fake.tells_verification = False
    assert set(call(fake, "setWebhook", url=receiver.url, secret_token=SECRET).json()["result"]) == {
        "url",
        "updated_at",
    }


def test_a_webhook_without_tls_or_server_is_told_apart(fake: FakeZaloBot, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        pool.submit(_answer_plainly, listening)
        assert outcome_at(fake, f"https://127.0.0.1:{listening.getsockname()[1]}/") == "webhook.err.tls"
    assert outcome_at(fake, "http://127.0.0.1:1/") == "webhook.err.conn"
    assert fake.ping() == 0
    receiver.seconds, fake.answer_within = 5, 0.05
    assert outcome_at(fake, receiver.url) == "webhook.err.timeout"


def _answer_plainly(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_events_are_posted_with_the_secret(fake: FakeZaloBot, an: Chat, webhook: Receiver) -> None:
    fake.say(an, "lệ phí?")
    fake.wait_for(lambda: not fake.pending)
    [post] = webhook.requests
    assert post.headers[SECRET_HEADER.lower()] == SECRET
    assert (post.headers["user-agent"], post.headers["content-type"]) == (
        "Java/17",
        "application/json",
    )
    assert set(webhook.events[0]) == {"event_name", "message"}
    assert webhook.events[0]["message"]["text"] == "lệ phí?"
    fake.wrapped = True
    fake.say(an, "lệ phí?")
    fake.wait_for(lambda: not fake.pending)
    assert webhook.events[1]["ok"] is True
    assert webhook.events[1]["result"]["message"]["text"] == "lệ phí?"


def test_what_waited_is_posted_when_a_webhook_is_set(fake: FakeZaloBot, an: Chat, receiver: Receiver) -> None:
    fake.say(an, "a")
    call(fake, "setWebhook", url=receiver.url, secret_token=SECRET)
    fake.wait_for(lambda: not fake.pending)
    assert [event["message"]["text"] for event in receiver.events] == ["a"]


def test_an_event_is_posted_again_until_it_is_taken(fake: FakeZaloBot, an: Chat, webhook: Receiver) -> None:
    webhook.statuses = [500, 404]
    fake.say(an, "a")
    fake.wait_for(lambda: not fake.pending)
    assert len(webhook.events) == 3
    assert webhook.events[0] == webhook.events[2]
    assert [post.status for post in fake.posts[-3:]] == [500, 404, 200]


def test_an_event_that_nobody_takes_is_lost_in_the_end(
    fake: FakeZaloBot, an: Chat, webhook: Receiver
) -> None:
    fake.retries = 1
    webhook.statuses = [500, 500]
    fake.say(an, "a")
    fake.wait_for(lambda: fake.lost)
    assert (len(webhook.events), len(fake.pending)) == (2, 1)
    call(fake, "deleteWebhook")
    assert refused(call(fake, "getUpdates"), 408)


def test_a_slow_answer_counts_as_none(fake: FakeZaloBot, an: Chat, webhook: Receiver) -> None:
    fake.answer_within, webhook.seconds, fake.retries = 0.05, 5.0, 100
    fake.say(an, "a")
    fake.wait_for(lambda: fake.posts[-1].outcome == "webhook.err.timeout")
    fake.answer_within, webhook.seconds = 5.0, 0.0
    fake.wait_for(lambda: not fake.pending)
    assert len(webhook.events) >= 2


def test_a_public_address_leads_to_the_server_behind_it(fake: FakeZaloBot, receiver: Receiver) -> None:
    public = "https://hoi.example.vn/zalo/bot"
    assert call(fake, "setWebhook", url=public, secret_token=SECRET).json()["result"]["verification"][
        "outcome"
    ] == ("webhook.err.dns")
    fake.behind = receiver.url.removesuffix("/zalo/bot")
    assert call(fake, "setWebhook", url=public, secret_token=SECRET).json()["result"]["verification"]["ok"]
    fake.say(fake.person(), "một")
    fake.wait_for(lambda: not fake.pending)
    assert [event["message"]["text"] for event in receiver.events] == ["một"]
    assert {request.path for request in receiver.requests} == {"/zalo/bot"}


def test_without_its_webhook_an_event_waits_for_a_poll(
    fake: FakeZaloBot, an: Chat, webhook: Receiver
) -> None:
    webhook.statuses = [500] * 9
    fake.retry_pause = 5.0  # by then it has none any more
    fake.say(an, "a")
    fake.wait_for(lambda: fake.posts[-1].status == 500)
    call(fake, "deleteWebhook")
    assert polled(fake) == "a"
    fake.say(an, "b")
    assert (polled(fake), fake.pending, len(webhook.events)) == ("b", [], 1)


def test_duplicates_and_stragglers_come_when_asked_for(
    fake: FakeZaloBot, an: Chat, webhook: Receiver
) -> None:
    first = fake.say(an, "một", late=0.3)
    second = fake.say(an, "hai", duplicate=1)
    fake.say(an, "hai", message_id=second)
    fake.wait_for(lambda: len([post for post in fake.posts if post.event]) == 4)
    assert [event["message"]["message_id"] for event in webhook.events] == [second] * 3 + [first]
    assert webhook.events[3]["message"]["date"] <= webhook.events[0]["message"]["date"]
    call(fake, "deleteWebhook")
    fake.say(an, "ba", duplicate=1)
    assert [polled(fake), polled(fake), polled(fake)] == ["ba", "ba", ""]


def test_a_test_may_post_what_it_likes(fake: FakeZaloBot, webhook: Receiver) -> None:
    webhook.statuses = [403]
    assert fake.post({"event_name": "x"}, secret="wrong") == 403
    assert fake.post(b"{ }") == 200
    assert fake.post({}, secret="") == 200
    secrets = [post.headers.get(SECRET_HEADER.lower()) for post in webhook.requests]
    assert secrets == ["wrong", SECRET, None]
    assert [post.body for post in webhook.requests] == [b'{"event_name": "x"}', b"{ }", b"{}"]
