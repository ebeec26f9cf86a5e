"""A Zalo Bot Platform of our own on a real socket: strict where the real one is, unkind where a test asks.

    with FakeZaloBot() as fake:
        # the bot talks to fake.url with fake.token
        an = fake.person("Nguyễn Văn An")
        fake.say(an, "lệ phí?")
        fake.wait_for(lambda: fake.received(an))

`fake.plan("sendMessage", too_many(), drop_after())` decides how the next calls of a method end. As a process:
`python -m tests.fakes.zalo_bot --port 8082 [--latency-ms 40]`, looked into by GET /_control/sent and
/_control/stats, made to speak by POST /_control/say {"chat": "an", "text": "lệ phí?"}, emptied by POST
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
from tests.fakes.zalo_bot_parts import (
    DISPLAY_NAME,
    TOKEN,
    Call,
    Chat,
    Event,
    Message,
    Plan,
    Refusal,
    error,
    ok,
    refuse,
    too_many,
)
from tests.fakes.zalo_bot_people import People
from tests.fakes.zalo_bot_updates import SECRET_HEADER, Updates, new_client

_WAITING = ("getUpdates", "setWebhook")  # methods that take their time


class FakeZaloBot(FakePlatform[Call], Updates, People):
    """The server and the people who write to its one bot. Its methods are for the test's thread.

    Assumed, as nobody has seen it: the 51st person's words don't reach the bot, nor those of a 4th group, and
    the bot can't write to them; people of a group don't count as users.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        replay: bool = False,
        wrapped: bool = False,
        photo_key: str = "photo_url",
        messages_per_month: int = 3000,
        users: int = 50,
        groups: int = 3,
        local_webhooks: bool = True,
        poll_seconds: float | None = None,
        latency_ms: float = 0.0,
        any_chat: bool = False,
        port: int = 0,
        quota_status: int = 429,
        zero_code: bool = False,
        mention_in_text: bool = True,
        tells_verification: bool = True,
        retries: int = 3,
        retry_pause: float = 0.1,
        answer_within: float = 5.0,
        behind: str = "",
    ) -> None:
        """`latency_ms`: how long a call takes; half of it goes by before it has its effect. `behind`: the
        server that public addresses of webhooks lead to. `zero_code`: a success carries the error code 0.
        `quota_status`: of HTTP, 200 or 429, when the quota is used up."""
        limits = Plan(messages_per_month=messages_per_month, users=users, groups=groups)
        super().__init__(token=token, plan=limits, any_chat=any_chat)
        self.replay, self.wrapped, self.photo_key = replay, wrapped, photo_key
        self.local_webhooks, self.poll_seconds = local_webhooks, poll_seconds
        self.quota_status, self.zero_code = quota_status, zero_code
        self.mention_in_text, self.tells_verification = mention_in_text, tells_verification
        self.retries, self.retry_pause, self.answer_within = retries, retry_pause, answer_within
        self.behind = behind
        self._set_up_server(port=port, latency_ms=latency_ms, waits=lambda r: r.path.endswith("/getUpdates"))
        self._client = new_client()
        self._delivering = set()
        self._wake = asyncio.Event()

    # --- running

    def __exit__(self, *_: object) -> None:
        self._server.call(self._close())
        super().__exit__()

    async def _close(self) -> None:
        self.webhook = None
        posting = list(self._delivering)
        for task in posting:
            task.cancel()
        await asyncio.gather(*posting, return_exceptions=True)
        await self._client.aclose()

    # --- what a test looks at

    @property
    def sent(self) -> list[Message]:
        """What the bot sent and chats have got, in order."""
        with self._changed:
            return list(self._messages)

    def received(self, chat: Chat) -> list[Message]:
        """What one chat has got, in order."""
        return [message for message in self.sent if message.chat is chat]

    @property
    def pending(self) -> list[Event]:
        """Events that nobody has read yet, or that haven't been posted with success (the lost ones too)."""
        with self._changed:
            return [update.event for update in (*self.lost, *self._updates)]

    # --- inside: requests

    def _handle(self, request: HttpRequest) -> Handled:
        if request.path.startswith(CONTROL):
            return self._control(request)
        _, bot, method = parts if len(parts := request.path.split("/")) == 3 else ("", "", "")
        outcome = self._record(Call(method, request.parameters, time.monotonic()))
        if outcome is PASSES and not self.latency_ms and method not in _WAITING:
            return self._answered(bot, method, request)
        return self._slowly(bot, method, request, outcome)

    async def _slowly(self, bot: str, method: str, request: HttpRequest, outcome: Outcome) -> HttpResponse:
        async def apply() -> HttpResponse:
            if method in _WAITING:
                return await self._waited(bot, method, request)
            return self._answered(bot, method, request)

        ending = partial(end, outcome, apply, refused=error, cut_off=b'{"ok":true,"resu')
        return await (ending() if method == "getUpdates" else self._in_time(ending))

    def _in_words(self) -> list[str]:
        return [message.text or message.photo for message in self.sent]

    async def _waited(self, bot: str, method: str, request: HttpRequest) -> HttpResponse:
        try:
            self._check(bot, request)
            result = await getattr(self, f"_do_{method}")(request.parameters)
        except Refusal as refusal:
            return error(refusal)
        return ok(result, zero=self.zero_code)

    def _answered(self, bot: str, method: str, request: HttpRequest) -> HttpResponse:
        """Apply a method."""
        try:
            self._check(bot, request)
            function = getattr(self, f"_do_{method}", None)
            if function is None:
                raise Refusal(404, "Not Found")
            with self._changed:
                result = function(request.parameters)
                self._changed.notify_all()
        except Refusal as refusal:
            return error(refusal)
        return ok(result, zero=self.zero_code)

    def _check(self, bot: str, request: HttpRequest) -> None:
        if not bot.startswith("bot") or request.method not in ("GET", "POST"):
            raise Refusal(404, "Not Found")
        if bot != f"bot{self.token}":
            raise Refusal(401, "Unauthorized")

    # --- inside: for other processes

    def _sent_json(self, message: Message) -> dict[str, Any]:
        return {
            "chat": message.chat.id,
            "text": message.text,
            "photo": message.photo,
            "caption": message.caption,
            "message_id": message.message_id,
            "at": message.at - time.monotonic() + time.time(),
        }

    def _figures(self) -> dict[str, int]:
        return {"used": self.used, "polls": len(self.called("getUpdates")), "pending": len(self.pending)}

    def _reset(self) -> None:
        self._messages.clear()
        self.used = 0

    def _command(self, command: str, given: Mapping[str, Any]) -> Any:
        match command:
            case "say":
                return self._said(str(given["chat"]), str(given["text"]), group=bool(given.get("group")))
            case _:
                raise UnknownCommand

    def _said(self, chat_id: str, text: str, *, group: bool) -> str:
        """A chat that isn't there yet comes to be; in a group the bot is mentioned."""
        with self._changed:
            chat = self._chats.get(chat_id)
            if chat is None:
                chat = self._new_chat("GROUP" if group else "PRIVATE", f"Người {chat_id}", chat_id)
            return self.say(chat, text, mention=chat.group)


def main() -> None:
    """Serve until SIGINT or SIGTERM; unless told otherwise any chat exists, and the plan has no bounds."""
    commands = "say {chat, text} (chat là một chuỗi tự chọn; thêm group: true thì là nhóm)"
    parser = command_line("Zalo Bot", "zalo_bot", commands)
    parser.add_argument("--token", default=TOKEN, help="token của bot")
    parser.add_argument("--replay", action="store_true", help="hỏi tin (polling) thì đưa lại tin đã đọc")
    parser.add_argument("--wrapped", action="store_true", help="gói sự kiện webhook trong «result»")
    parser.add_argument("--messages-per-month", type=int, default=10**9, help="số tin của gói mỗi tháng")
    parser.add_argument("--users", type=int, default=10**9, help="số người của gói")
    parser.add_argument("--groups", type=int, default=10**9, help="số nhóm của gói")
    parser.add_argument("--quota-status", type=int, default=429, help="mã HTTP khi hết tin")
    parser.add_argument("--known-only", action="store_true", help="từ chối gửi tới người chưa từng nhắn")
    parser.add_argument("--behind", default="", help="máy chủ mà địa chỉ https của webhook dẫn tới")
    given = vars(parser.parse_args())
    any_chat = not given.pop("known_only")
    fake = FakeZaloBot(**given, any_chat=any_chat)
    serve(fake, XINLUON_ZALO_BOT_TOKEN=fake.token)


__all__ = [
    "DISPLAY_NAME",
    "SECRET_HEADER",
    "TOKEN",
    "Call",
    "Chat",
    "Event",
    "FakeZaloBot",
    "Message",
    "Outcome",
    "Refusal",
    "bad_gateway",
    "drop_after",
    "drop_before",
    "garbled",
    "passes",
    "refuse",
    "slow",
    "too_many",
]

if __name__ == "__main__":
    main()
