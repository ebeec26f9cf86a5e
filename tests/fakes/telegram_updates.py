"""How the fake Bot API hands out updates: by long polling or to a webhook."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.fakes.http_server import HttpRequest
from tests.fakes.telegram_parts import Refusal, State, Webhook
from tests.fakes.telegram_rules import list_of

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active;"
    " use deleteWebhook to delete the webhook first"
)
_OTHER_POLL = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
_PORTS = (443, 80, 88, 8443)


class Updates(State):
    """getUpdates and webhooks."""

    _poll = 0  # number of the getUpdates that may go on
    _wake: asyncio.Event

    def _notify(self) -> None:
        self._changed.notify_all()
        with suppress(RuntimeError):  # not started yet, or closed
            self._server.loop.call_soon_threadsafe(self._stir)

    def _stir(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()
        with self._changed:
            fresh = (
                [u for u in self._updates if u["update_id"] not in self._delivering]
                if self.webhook.url
                else []
            )
            for update in fresh:
                task = asyncio.ensure_future(self._deliver(update, self.webhook.url))
                self._delivering[update["update_id"]] = task

    async def _get_updates(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        offset, limit = int(given.get("offset") or 0), min(100, max(1, int(given.get("limit") or 100)))
        deadline = time.monotonic() + min(50, max(0, int(given.get("timeout") or 0)))
        with self._changed:
            if self.webhook.url:
                raise Refusal(409, _WEBHOOK_ACTIVE)
            self._poll += 1  # a poll that waits ends with a conflict
            number = self._poll
            self._remember_allowed(given)
            self._confirm(offset)
            self._notify()
        while True:
            if number != self._poll:
                raise Refusal(409, _OTHER_POLL)
            if self.webhook.url:
                raise Refusal(409, "Conflict: terminated by setWebhook request")
            wake = self._wake
            with self._changed:
                updates = self._updates[:limit]
            left = deadline - time.monotonic()
            if updates or left <= 0:
                return updates
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), left)

    def _confirm(self, offset: int) -> None:
        if offset > 0:
            self._updates = [u for u in self._updates if u["update_id"] >= offset]
        elif offset < 0:
            self._updates = self._updates[offset:]

    def _remember_allowed(self, given: dict[str, Any]) -> None:
        if "allowed_updates" in given:
            self._allowed = list_of(given["allowed_updates"])

    def _do_setWebhook(self, request: HttpRequest) -> bool:
        given = request.parameters
        url, secret = given.get("url", ""), given.get("secret_token", "")
        if url:
            self._check_webhook(url, secret)
        self._remember_allowed(given)
        self.webhook = Webhook(url, secret)
        self._notify()
        return True

    def _check_webhook(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        if not self.local_webhooks:
            if parts.scheme != "https":
                raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
            if (parts.port or 443) not in _PORTS:
                raise Refusal(
                    400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
                )
        if secret and not _SECRET.match(secret):
            raise Refusal(400, "Bad Request: secret token contains unallowed characters")

    def _do_deleteWebhook(self, request: HttpRequest) -> bool:
        given = request.parameters
        if str(given.get("drop_pending_updates", "")).lower() == "true":
            self._updates.clear()
        self.webhook = Webhook()
        for task in self._delivering.values():
            task.cancel()
        self._delivering.clear()
        return True

    def _do_getWebhookInfo(self, _: HttpRequest) -> dict[str, Any]:
        return {
            "url": self.webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        } | ({"last_error_message": self.webhook.last_error} if self.webhook.last_error else {})

    async def _deliver(self, update: dict[str, Any], url: str) -> None:
        """Post an update until it is taken."""
        delay = self.webhook_retry
        headers = {SECRET_HEADER: self.webhook.secret} if self.webhook.secret else {}
        async with httpx.AsyncClient(trust_env=False) as client:
            while self.webhook.url == url:
                try:
                    response = await client.post(url, json=update, headers=headers, timeout=30)
                    error = (
                        ""
                        if response.is_success
                        else f"Wrong response from the webhook: {response.status_code}"
                    )
                except httpx.HTTPError as failure:
                    error = type(failure).__name__
                with self._changed:
                    self.webhook.last_error = error
                    if not error:
                        self._updates.remove(update)
                        del self._delivering[update["update_id"]]
                    self._changed.notify_all()
                if not error:
                    return
                await asyncio.sleep(delay)
                delay *= 2
