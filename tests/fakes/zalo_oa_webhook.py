"""How the fake Official Account posts events: signed, again until they are taken, and not always in order."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tests.fakes.zalo_oa_parts import State

_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # webhooks here are http: saves reading the certificates


@dataclass(slots=True, eq=False)
class _Posting:
    event: dict[str, Any]
    body: bytes
    number: int = 0  # of the attempt: 0, then num_retry
    task: asyncio.Task[None] | None = None


class Webhook(State):
    """Posting starts when `webhook_url` is set. An event's first attempt waits for that of the event before
    it from the same sender; retries wait for nobody. After the last retry the webhook is disabled until
    `webhook_url` is set again, and what happens meanwhile is lost."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.webhook_disabled = False
        self._webhook_url = ""
        self._made: list[dict[str, Any]] = []
        self._pending: list[_Posting] = []
        self._late: list[dict[str, Any]] = []
        self._held: list[dict[str, Any]] | None = None
        self._first_done: dict[str, asyncio.Event] = {}

    @property
    def webhook_url(self) -> str:
        return self._webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        with self._changed:
            self._webhook_url, self.webhook_disabled = url, False
            self._stir()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that was made, in order, posted or not."""
        with self._changed:
            return list(self._made)

    @property
    def unanswered(self) -> list[dict[str, Any]]:
        """Events that haven't been taken with a 200 in time."""
        with self._changed:
            return [posting.event for posting in self._pending]

    @property
    def late(self) -> list[dict[str, Any]]:
        """Events whose receiver took longer than allowed; one entry for each time."""
        with self._changed:
            return list(self._late)

    def post(
        self, event: dict[str, Any] | bytes, *, signature: str | bool | None = None, num_retry: int = 0
    ) -> int:
        """Post any body once, from the calling thread; the answer's status.

        `signature`: None for the right one, False for none, or the header's value as it is.
        """
        assert self._webhook_url, "no webhook"
        body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        headers = self._headers(body, num_retry)
        if signature is False:
            del headers[self.switches.signature_header]
        elif isinstance(signature, str):
            headers[self.switches.signature_header] = signature
        with httpx.Client(trust_env=False, timeout=10, verify=_TLS) as client:
            return client.post(self._webhook_url, content=body, headers=headers).status_code

    def repeat(self, event: dict[str, Any], num_retry: int = 1) -> None:
        """Post an event once more, as happens when the first answer was lost."""
        with self._changed:
            self._queue(event, num_retry)

    @contextmanager
    def shuffled(self) -> Iterator[None]:
        """What happens inside is posted afterwards, at once, the last event first."""
        with self._changed:
            held: list[dict[str, Any]] = []
            self._held = held
        yield
        with self._changed:
            self._held = None
            for event in reversed(held):
                self._queue(event)

    def signature(self, body: bytes) -> str:
        """The value of the signature's header for a body."""
        stamp = ""
        with suppress(ValueError, AttributeError):
            stamp = str(json.loads(body).get("timestamp", ""))
        plain = self.app_id.encode() + body + stamp.encode() + self.webhook_secret.encode()
        return ("mac=" if self.switches.signature_prefix else "") + hashlib.sha256(plain).hexdigest()

    # --- inside

    def _emit(self, event: dict[str, Any]) -> None:
        with self._changed:
            self._made.append(event)
            if self._held is not None:
                self._held.append(event)
            else:
                self._queue(event)
            self._changed.notify_all()

    def _queue(self, event: dict[str, Any], number: int = 0) -> None:
        if not self.webhook_disabled:
            body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
            self._pending.append(_Posting(event, body, number))
            self._stir()

    def _stir(self) -> None:
        with suppress(RuntimeError):  # closed
            self._server.loop.call_soon_threadsafe(self._start_posting)

    def _start_posting(self) -> None:
        with self._changed:
            fresh = [p for p in self._pending if p.task is None] if self._posts else []
            for posting in fresh:
                posting.task = asyncio.ensure_future(self._deliver(posting))

    @property
    def _posts(self) -> bool:
        return bool(self._webhook_url) and not self.webhook_disabled

    async def _deliver(self, posting: _Posting) -> None:
        """Post an event until it is taken or given up."""
        key = str(posting.event.get("sender") or posting.event.get("follower"))
        before, done = self._first_done.get(key) if self.switches.in_order else None, asyncio.Event()
        self._first_done[key] = done
        try:
            if before is not None:
                await before.wait()
            again = await self._attempt(posting)
        finally:
            done.set()
        for pause in self.retries:
            if not again:
                return
            await asyncio.sleep(pause)
            posting.number += 1
            again = await self._attempt(posting)
        if again:
            with self._changed:
                self.webhook_disabled = True
                self._changed.notify_all()

    async def _attempt(self, posting: _Posting) -> bool:
        """Whether it must be posted again."""
        status, late = 0, False
        if not self._webhook_url:
            posting.task = None  # until there is one again
            return False
        if self._posts:
            status, late = await self._posted(posting)
        with self._changed:
            if late:
                self._late.append(posting.event)
            taken = status == 200 and not late
            if taken and posting in self._pending:
                self._pending.remove(posting)
            self._changed.notify_all()
        reached = bool(status) or late
        return not taken and not (reached and self.switches.retry_on == "connection")

    async def _posted(self, posting: _Posting) -> tuple[int, bool]:
        """The status, 0 for none, and whether it took too long."""
        headers = self._headers(posting.body, posting.number)
        try:
            async with (
                asyncio.timeout(self.answer_within),
                httpx.AsyncClient(trust_env=False, timeout=None, verify=_TLS) as client,  # noqa: S113
            ):
                response = await client.post(self._webhook_url, content=posting.body, headers=headers)
                return response.status_code, False
        except TimeoutError:
            return 0, True
        except httpx.HTTPError:
            return 0, False

    def _headers(self, body: bytes, number: int) -> dict[str, str]:
        headers = {"Content-Type": "application/json", self.switches.signature_header: self.signature(body)}
        return headers | ({"num_retry": str(number)} if number else {})
