"""The other side of the fake Zalo Bot Platform, as plain as can be: calls to it and a place for its posts."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import httpx

from tests.fakes.http_server import Handled, HttpRequest, HttpResponse, HttpServer
from tests.fakes.zalo_bot import Chat, FakeZaloBot

SECRET = "a secret of ours"
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the machine's certificates takes its time


def call(fake: FakeZaloBot, method: str, **parameters: Any) -> httpx.Response:
    return request(fake, "POST", f"/bot{fake.token}/{method}", json=parameters)


def request(
    fake: FakeZaloBot, method: str, path: str, *, read_timeout: float = 10.0, **more: Any
) -> httpx.Response:
    timeout = httpx.Timeout(10, read=read_timeout)
    with httpx.Client(trust_env=False, timeout=timeout, verify=_NO_TLS) as client:
        return client.request(method, f"{fake.url}{path}", **more)


def refused(response: httpx.Response, status: int, code: int | None = None) -> bool:
    """Whether it is an error of this HTTP status and, inside, this code (else the same)."""
    body = response.json()
    assert set(body) == {"ok", "description", "error_code"}
    return (response.status_code, body["ok"], body["error_code"]) == (status, False, code or status)


def polled(fake: FakeZaloBot, **parameters: Any) -> str:
    """The text that a poll brings; "" for nothing."""
    response = call(fake, "getUpdates", **parameters)
    if response.status_code == 408 and refused(response, 408):
        return ""
    return str(response.json()["result"]["message"]["text"])


def acquaintance(fake: FakeZaloBot) -> Chat:
    """Somebody who has written to the bot, which has read it."""
    person = fake.person("Nguyễn Văn An")
    fake.say(person, "xin chào")
    assert polled(fake) == "xin chào"
    return person


class Receiver:
    """The bot's own server, which gets the posts. `statuses`: of the next answers; then 200."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.statuses: list[int] = []
        self.seconds = 0.0
        self.server = HttpServer(self._take)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/zalo/bot"

    @property
    def events(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests if request.body]

    def _take(self, request: HttpRequest) -> Handled:
        self.requests.append(request)
        answer = HttpResponse(self.statuses.pop(0) if self.statuses else 200, b"{}")
        return self._later(answer) if self.seconds else answer

    async def _later(self, answer: HttpResponse) -> HttpResponse:
        await asyncio.sleep(self.seconds)
        return answer
