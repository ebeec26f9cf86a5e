"""Who talks to the fake Official Account in its tests: a caller of its API, a receiver of its events."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.fakes.http_server import Broken, HttpRequest, HttpResponse, HttpServer
from tests.fakes.zalo_oa import APP_ID, APP_SECRET, CS_PATH, TOKEN_PATH, FakeZaloOa, User

_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # saves reading the certificates
START = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **much: float) -> None:
        self.at += timedelta(**much)


@dataclass
class Office:
    """The account, and somebody who talks to it with a good access token."""

    fake: FakeZaloOa
    clock: Clock
    client: httpx.Client
    access: str = ""
    refresh: str = ""

    def __post_init__(self) -> None:
        self.wait()

    def wait(self, **much: float) -> None:
        """Time goes by, and there is a good pair of tokens then."""
        self.clock.at += timedelta(**much)
        self.access, self.refresh = self.fake.tokens()

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.client.post(self.fake.url + path, json=body, headers={"access_token": self.access})

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        headers = {"access_token": self.access}
        answer: dict[str, Any] = self.client.get(self.fake.url + path, params=query, headers=headers).json()
        return answer

    def error(self, path: str, body: Any) -> int:
        """Its error, which comes with HTTP 200."""
        response = self.post(path, body)
        assert response.status_code == 200
        return int(response.json()["error"])

    def text(self, user: User, text: str = "Chào ông bà", path: str = CS_PATH, **message: Any) -> int:
        return self.error(path, {"recipient": {"user_id": user.id}, "message": {"text": text} | message})

    def upload(self, kind: str, name: str, content: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post(
            f"{self.fake.url}/v2.0/oa/upload/{kind}",
            files={"file": (name, content)},
            headers={"access_token": self.access},
        ).json()
        return answer

    def token(self, *, secret: str = APP_SECRET, **form: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post(
            self.fake.oauth_url + TOKEN_PATH, data={"app_id": APP_ID} | form, headers={"secret_key": secret}
        ).json()
        return answer

    def refreshed(self, refresh: str) -> dict[str, Any]:
        return self.token(grant_type="refresh_token", refresh_token=refresh)


@contextmanager
def office_with(**given: Any) -> Iterator[Office]:
    clock = Clock()
    with (
        FakeZaloOa(**({"now": clock} | given)) as fake,
        httpx.Client(trust_env=False, timeout=10, verify=_TLS) as client,
    ):
        yield Office(fake, clock, client)


@dataclass
class Receiver:
    """Where events are posted; answers in turn what a test wants, then 200."""

    answers: list[Any] = field(default_factory=list)
    got: list[HttpRequest] = field(default_factory=list)
    url: str = ""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.got.append(request)
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "drop":
            raise Broken
        if isinstance(answer, float):
            time.sleep(answer)
            answer = 200
        return HttpResponse(answer, b"")

    @property
    def texts(self) -> list[str]:
        return [request.parameters["message"]["text"] for request in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a socket of its own."""
    receiver = Receiver()
    server = HttpServer(receiver)
    server.start()
    receiver.url = f"http://127.0.0.1:{server.port}/zalo/oa"
    yield receiver
    server.stop()
    assert server.errors == []


def query(title: str = "Hồ sơ", payload: Any = "e:x", kind: str = "oa.query.hide") -> dict[str, Any]:
    return {"title": title, "type": kind, "payload": payload}


def buttons(*shown: Any) -> dict[str, Any]:
    return {"type": "template", "payload": {"buttons": list(shown)}}
