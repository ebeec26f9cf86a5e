"""A Bot API server of our own on a real socket: strict where Telegram is, and as unkind as a test asks for.

    with FakeTelegram() as fake:
        # the bot talks to fake.url with fake.token
        fake.say(fake.private(), "lệ phí?")
        fake.wait_for(lambda: fake.sent)
        fake.tap(fake.sent[-1], "Hồ sơ")

`fake.plan("sendMessage", flood(2), drop_after())` decides how the next calls of a method end. As a process:
`python -m tests.fakes.telegram --port 8081 [--limits] [--latency-ms 40]`, looked into by GET /_control/sent
and /_control/stats, made to speak by POST /_control/say {"chat": 7001, "text": "/viec"}, emptied by POST
/_control/reset.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from tests.fakes.http_server import Handled, HttpRequest, HttpResponse
from tests.fakes.outcomes import (
    Outcome,
    bad_gateway,
    drop_after,
    drop_before,
    end,
    garbled,
    passes,
    slow,
)
from tests.fakes.platform import CONTROL, PASSES, FakePlatform, UnknownCommand, command_line, serve
from tests.fakes.telegram_parts import (
    TOKEN,
    Call,
    Chat,
    Message,
    Refusal,
    error,
    flood,
    ok,
    refuse,
)
from tests.fakes.telegram_people import People
from tests.fakes.telegram_updates import SECRET_HEADER, Updates


class FakeTelegram(FakePlatform[Call], Updates, People):
    """The server and the people who write to its one bot. Its methods are for the test's thread."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "XinLuonBot",
        limits: bool = False,
        local_webhooks: bool = True,
        any_chat: bool = False,
        latency_ms: float = 0.0,
        port: int = 0,
    ) -> None:
        """`latency_ms`: how long a call takes; half of it goes by before it has its effect."""
        super().__init__(
            token=token, username=username, limits=limits, local_webhooks=local_webhooks, any_chat=any_chat
        )
        self._set_up_server(port=port, latency_ms=latency_ms, waits=lambda r: r.path.endswith("/getUpdates"))
        self._wake = asyncio.Event()

    # --- what a test looks at

    @property
    def sent(self) -> list[Message]:
        """Our messages in the order of sending, as they look now."""
        with self._changed:
            return [m for m in self._messages.values() if m.by_bot and not m.deleted]

    def received(self, chat: Chat) -> list[Message]:
        """Everything of ours that a chat was sent, in order, also what was deleted since."""
        with self._changed:
            return [m for m in self._messages.values() if m.by_bot and m.chat is chat]

    @property
    def pending(self) -> list[dict[str, Any]]:
        """Updates that haven't been confirmed."""
        with self._changed:
            return list(self._updates)

    def forget_files(self) -> None:
        """No file_id that the bot was given so far is valid any more."""
        with self._changed:
            self._sent_files.clear()

    # --- inside: requests

    def _handle(self, request: HttpRequest) -> Handled:
        if request.path.startswith(CONTROL):
            return self._control(request)
        if request.path.startswith("/file/"):
            return self._download(request.path)
        _, bot, method = [*request.path.split("/"), "", ""][:3]
        outcome = self._record(Call(method, request.parameters, time.monotonic()))
        if outcome is PASSES and not self.latency_ms and method != "getUpdates":
            return self._answered(bot, method, request)
        return self._slowly(bot, method, request, outcome)

    async def _slowly(self, bot: str, method: str, request: HttpRequest, outcome: Outcome) -> HttpResponse:
        async def apply() -> HttpResponse:
            if method == "getUpdates":
                return await self._polled(bot, request)
            return self._answered(bot, method, request)

        ending = partial(end, outcome, apply, refused=self._refused, cut_off=b'{"ok":true,"resu')
        return await (ending() if method == "getUpdates" else self._in_time(ending))

    def _in_words(self) -> list[str]:
        return [message.text for message in self.sent]

    async def _polled(self, bot: str, request: HttpRequest) -> HttpResponse:
        try:
            self._check_token(bot)
            return ok(await self._get_updates(request.parameters))
        except Refusal as refusal:
            return self._refused(refusal)
        finally:
            with self._changed:
                self._changed.notify_all()

    def _answered(self, bot: str, method: str, request: HttpRequest) -> HttpResponse:
        """Apply a method."""
        try:
            self._check_token(bot)
            function = getattr(self, f"_do_{method}", None)
            if function is None:
                return error(Refusal(404, "Not Found: method not found"))
            with self._changed:
                result = function(request)
                self._changed.notify_all()
            return ok(result)
        except Refusal as refusal:
            return self._refused(refusal)

    def _check_token(self, bot: str) -> None:
        if bot != f"bot{self.token}":
            raise Refusal(401, "Unauthorized")

    def _refused(self, refusal: Refusal) -> HttpResponse:
        with self._changed:
            self.floods += refusal.code == 429
            self._changed.notify_all()
        return error(refusal)

    # --- inside: for other processes

    def _sent_json(self, message: Message) -> dict[str, Any]:
        return {
            "chat": str(message.chat.id),
            "text": message.text,
            "message_id": message.message_id,
            "at": message.at,
            "edits": message.edits,
            "file": message.file.name if message.file else "",
        }

    def _figures(self) -> dict[str, int]:
        return {"floods": self.floods, "pending": len(self.pending)}

    def _reset(self) -> None:
        self._messages.clear()
        self.floods = 0

    def _command(self, command: str, given: Mapping[str, Any]) -> Any:
        match command:
            case "say":
                chat, text = int(given["chat"]), str(given["text"])
                return self.say(self.private(chat) if chat > 0 else self.group(chat), text)
            case _:
                raise UnknownCommand


def main() -> None:
    """Serve until SIGINT or SIGTERM; any chat that is written to exists."""
    parser = command_line("Telegram", "telegram", "say {chat, text} (chat là một số tự chọn; số âm là nhóm)")
    parser.add_argument("--token", default=TOKEN, help="token của bot")
    parser.add_argument("--limits", action="store_true", help="gửi dồn quá mức thì từ chối (429)")
    given = parser.parse_args()
    fake = FakeTelegram(
        token=given.token,
        limits=given.limits,
        latency_ms=given.latency_ms,
        port=given.port,
        any_chat=True,
    )
    serve(fake, XINLUON_TELEGRAM_TOKEN=fake.token)


__all__ = [
    "SECRET_HEADER",
    "TOKEN",
    "Chat",
    "FakeTelegram",
    "Message",
    "Outcome",
    "Refusal",
    "bad_gateway",
    "drop_after",
    "drop_before",
    "flood",
    "garbled",
    "passes",
    "refuse",
    "slow",
]

if __name__ == "__main__":
    main()
