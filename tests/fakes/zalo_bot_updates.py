"""How the fake Zalo Bot Platform hands out events: by long polling or to a webhook."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from tests.fakes.zalo_bot_parts import Event, Post, Refusal, State, Update, Webhook, encoded, milliseconds
from tests.fakes.zalo_bot_rules import check_webhook, on_this_machine, seconds_of

_T = TypeVar("_T")

SECRET_HEADER = "X-Bot-Api-Secret-Token"

_CALLER = "Java/17"
_WEBHOOK_SET = "You cannot use this API while a webhook is set. Please remove the webhook first"


class Updates(State):
    """getUpdates, webhooks and posting to them.

    Assumed, as no source says it: what waits when a webhook is set is posted to it, and what couldn't be
    posted is lost after `retries` more attempts, `retry_pause` seconds apart.
    """

    replay = False  # whether the newest event that was read is answered again at once
    wrapped = False  # whether a post's event is wrapped in an envelope
    poll_seconds: float | None = None  # the longest that a poll waits
    retries = 3
    retry_pause = 0.1
    answer_within = 5.0  # seconds that a webhook has
    behind = ""  # the server that public addresses of webhooks lead to, "" for none
    tells_verification = True  # whether setWebhook says how the first ping went
    _last: Event | None = None
    _wake: asyncio.Event
    _client: httpx.AsyncClient
    _delivering: set[asyncio.Task[None]]

    def _notify(self) -> None:
        self._changed.notify_all()
        with suppress(RuntimeError):  # not started yet, or closed
            self._server.loop.call_soon_threadsafe(self._stir)

    def _stir(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()
        with self._changed:
            fresh = [u for u in self._updates if not u.posting] if self.webhook else []
            for update in fresh:
                update.posting = True
                task = asyncio.ensure_future(self._deliver(update))
                self._delivering.add(task)
                task.add_done_callback(self._delivering.discard)

    # --- polling

    async def _do_getUpdates(self, given: dict[str, Any]) -> Event:
        """One event. Two pollers take them from each other."""
        seconds = seconds_of(given)
        if self.poll_seconds is not None:
            seconds = min(seconds, self.poll_seconds)
        deadline = time.monotonic() + seconds
        while True:
            wake = self._wake
            with self._changed:
                if self.webhook is not None:
                    raise Refusal(400, _WEBHOOK_SET)
                if self._updates:
                    self._last = self._updates.pop(0).event
                    self._changed.notify_all()
                    return self._last
                if self.replay and self._last is not None:
                    return self._last
            left = deadline - time.monotonic()
            if left <= 0:
                raise Refusal(408, "Request timeout")
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await wake.wait()

    # --- webhooks

    async def _do_setWebhook(self, given: dict[str, Any]) -> dict[str, Any]:
        """It is kept also when nobody answers the ping there."""
        url, secret = given.get("url"), given.get("secret_token")
        check_webhook(url, secret, local=self.local_webhooks)
        webhook = Webhook(str(url), str(secret), milliseconds())
        with self._changed:
            self.webhook = webhook
        ping = await self._ping(webhook)
        with self._changed:
            self._notify()
        result: dict[str, Any] = {"url": webhook.url, "updated_at": webhook.updated_at}
        if self.tells_verification:
            result["verification"] = {
                "ok": ping.ok,
                "status_code": ping.status,
                "outcome": ping.outcome,
                "latency_ms": ping.milliseconds,
                "hint": "" if ping.ok else "Check that the URL answers 2xx",
            }
        return result

    def _do_deleteWebhook(self, _: dict[str, Any]) -> dict[str, Any]:
        self.webhook = None
        self._notify()
        return {"url": "", "updated_at": milliseconds()}

    def _do_getWebhookInfo(self, _: dict[str, Any]) -> dict[str, Any]:
        if self.webhook is None:
            raise Refusal(404, "Not Found")
        return {"url": self.webhook.url, "updated_at": self.webhook.updated_at}

    # --- posting

    def ping(self) -> int:
        """An empty request as the platform makes to see whether the webhook lives: its status, 0 for none.

        It blocks: from a loop that serves the webhook call it with asyncio.to_thread, and `post` too.
        """
        assert self.webhook is not None
        return self._run(self._ping(self.webhook)).status

    def post(self, event: Any, secret: str | None = None) -> int:
        """Post any event, or bytes as they are; the status, 0 for none. `secret`: not the one that is set;
        "" for no header."""
        assert self.webhook is not None
        body = event if isinstance(event, bytes) else encoded(event)
        return self._run(self._request(self.webhook, body, secret=secret)).status

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._server.loop).result(self.answer_within + 5)

    async def _deliver(self, update: Update) -> None:
        """Post an event until it is taken, the webhook is gone, or it was tried too often."""
        for attempt in range(1 + self.retries):
            await asyncio.sleep(self.retry_pause if attempt else 0)
            webhook = self.webhook
            if webhook is None:
                update.posting = False
                return
            body = {"ok": True, "result": update.event} if self.wrapped else update.event
            post = await self._request(webhook, encoded(body), event=update.event)
            if post.ok:
                break
        with self._changed:
            if update in self._updates:
                self._updates.remove(update)
                if not post.ok:
                    self.lost.append(update)
            self._changed.notify_all()

    async def _ping(self, webhook: Webhook) -> Post:
        return await self._request(webhook, None, secret="")

    async def _request(
        self, webhook: Webhook, body: bytes | None, *, secret: str | None = None, event: Event | None = None
    ) -> Post:
        secret = webhook.secret if secret is None else secret
        headers = {"User-Agent": _CALLER} | ({SECRET_HEADER: secret} if secret else {})
        if body is not None:
            headers["Content-Type"] = "application/json"
        started = time.monotonic()
        status, outcome = 0, "webhook.err.dns"  # nothing leaves this machine
        if on_this_machine(webhook.url):
            status, outcome = await self._exchange(webhook.url, body, headers)
        elif self.behind:
            address = self.behind.rstrip("/") + urlsplit(webhook.url).path
            status, outcome = await self._exchange(address, body, headers)
        post = Post(status, outcome, int((time.monotonic() - started) * 1000), event)
        with self._changed:
            self.posts.append(post)
            self._changed.notify_all()
        return post

    async def _exchange(self, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, str]:
        try:
            async with asyncio.timeout(self.answer_within):
                response = await self._client.post(url, content=body, headers=headers)
        except (TimeoutError, httpx.TimeoutException):
            return 0, "webhook.err.timeout"
        except httpx.ConnectError as failure:
            return 0, "webhook.err.tls" if _is_of_tls(failure) else "webhook.err.conn"
        except httpx.HTTPError:
            return 0, "webhook.err.other"
        return response.status_code, _outcome(response.status_code)


def new_client() -> httpx.AsyncClient:
    """For posting: a connection each time; trusts no certificate, as no test has one."""
    return httpx.AsyncClient(
        trust_env=False,
        timeout=60,  # what a webhook has is less
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        limits=httpx.Limits(max_keepalive_connections=0),
    )


def _is_of_tls(failure: BaseException | None) -> bool:
    """Whether TLS is at the root of it."""
    while failure is not None:
        if isinstance(failure, ssl.SSLError):
            return True
        failure = failure.__cause__ or failure.__context__
    return False


def _outcome(status: int) -> str:
    if 200 <= status < 300:
        return "webhook.ok"
    if status in (403, 404):
        return f"webhook.http.{status}"
    return "webhook.http.5xx" if status >= 500 else "webhook.http.other"
