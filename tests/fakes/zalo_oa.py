"""A Zalo Official Account of our own on a real socket: OpenAPI, OAuth server and webhook posting.

Strict where the platform is known to be, and as unkind as a test asks for. Errors come with HTTP 200.

    with FakeZaloOa() as fake:
        access, refresh = fake.tokens()    # the channel talks to fake.url and fake.oauth_url
        fake.webhook_url = "http://127.0.0.1:8080/zalo/oa"
        an = fake.person("Nguyễn Văn An")
        fake.say(an, "lệ phí?")
        fake.wait_for(lambda: fake.sent)
        fake.tap(an, fake.sent[-1], "Hồ sơ")

`fake.plan("/v3.0/oa/message/cs", refuse(-32), drop_after())` decides how the next calls of a path end. As a
process: `python -m tests.fakes.zalo_oa --port 8082 --webhook http://127.0.0.1:8080/zalo/oa`, looked into by
GET /_control/sent and /_control/stats, made to act by POST /_control/tokens, /_control/expire,
/_control/consent {"address"}, /_control/webhook {"url"}, /_control/group {"name"}, /_control/say {"user",
"text", "group"?}, /_control/tap {"user", "label"}, /_control/human {"user", "text"}, /_control/follow and
/_control/unfollow {"user"}, /_control/reset. There any id of digits exists.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
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
    held,
    passes,
    slow,
)
from tests.fakes.platform import CONTROL, PASSES, FakePlatform, UnknownCommand, command_line, serve
from tests.fakes.zalo_oa_oauth import ConsentRefused, oauth_error
from tests.fakes.zalo_oa_parts import (
    CS_PATH,
    TOKEN_PATH,
    Call,
    Group,
    Message,
    Refusal,
    Switches,
    User,
    error,
    refuse,
)
from tests.fakes.zalo_oa_people import People

OA_ID = "388613280878808645"
APP_ID = "360846524940903967"
APP_SECRET = "app-secret-that-must-not-be-seen"
WEBHOOK_SECRET = "oa-secret-that-must-not-be-seen"
_COMMANDS = (
    "say {user, text} (người dân nhắn; user là một dãy số tự chọn; thêm group thì nhắn trong nhóm), "
    "tap {user, label} (bấm nút), follow, unfollow {user}, human {user, text} (cán bộ trả lời bằng tay), "
    "consent {address} (đồng ý cấp quyền, trả về địa chỉ để dán lại), tokens (cặp mã cho --by-hand), "
    "expire (mã truy cập hết hạn), webhook {url}, group {name}"
)


def _now() -> datetime:
    return datetime.now(UTC)


class FakeZaloOa(FakePlatform[Call], People):
    """The servers and the people who write to the account. Its methods are for the test's thread."""

    called_by = "path"

    def __init__(
        self,
        *,
        oa_id: str = OA_ID,
        app_id: str = APP_ID,
        app_secret: str = APP_SECRET,
        webhook_secret: str = WEBHOOK_SECRET,
        per_minute: int | None = None,
        now: Callable[[], datetime] = _now,
        latency_ms: float = 0.0,
        port: int = 0,
        redirect_urls: tuple[str, ...] = (),
        retries: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0),
        answer_within: float = 2.0,
        any_chat: bool = False,
        **switches: Any,
    ) -> None:
        """`now`: what windows, tokens and the rate go by, aware. `redirect_urls`: the app's callbacks.

        `retries`: seconds before each repeated posting, `answer_within`: how soon a webhook must answer.
        `switches`: see Switches. `latency_ms`: how long a call takes; half of it goes by before its effect.
        """
        super().__init__(
            oa_id=oa_id,
            app_id=app_id,
            app_secret=app_secret,
            webhook_secret=webhook_secret,
            per_minute=per_minute,
            now=now,
            redirect_urls=redirect_urls,
            retries=tuple(retries),
            answer_within=answer_within,
            any_chat=any_chat,
            switches=Switches(**switches),
        )
        self._set_up_server(port=port, latency_ms=latency_ms, waits=lambda request: False)

    @property
    def oauth_url(self) -> str:
        """The OAuth server's."""
        return self.url

    # --- what a test looks at

    @property
    def sent(self) -> list[Message]:
        """Our messages in the order of sending."""
        with self._changed:
            return list(self._messages)

    def received(self, chat: User | Group) -> list[Message]:
        """Everything of ours that a person or group was sent, in order."""
        with self._changed:
            return [message for message in self._messages if message.chat is chat]

    # --- inside: requests

    def _handle(self, request: HttpRequest) -> Handled:
        if request.path.startswith(CONTROL):
            return self._control(request)
        outcome = self._record(
            Call(request.method, request.path, request.parameters, request.headers, self.now())
        )
        if outcome is PASSES and not self.latency_ms:
            return self._answered(request)
        return self._slowly(request, outcome)

    async def _slowly(self, request: HttpRequest, outcome: Outcome) -> HttpResponse:
        async def apply() -> HttpResponse:
            return self._answered(request)

        refused = oauth_error if request.path == TOKEN_PATH else error
        return await self._in_time(partial(end, outcome, apply, refused=refused, cut_off=b'{"error":0,"mess'))

    def _in_words(self) -> list[str]:
        return [message.text for message in self.sent]

    def _answered(self, request: HttpRequest) -> HttpResponse:
        match request.method, request.path:
            case "POST", "/v4/oa/access_token":
                response = self._exchange(request)
            case "GET", "/v4/oa/permission":
                response = self._permission(request)
            case _:
                response = self._api(request)
        with self._changed:
            self._changed.notify_all()
        return response

    # --- inside: for other processes

    def _sent_json(self, message: Message) -> dict[str, Any]:
        return {
            "chat": message.chat.id,
            "text": message.text,
            "message_id": message.message_id,
            "at": message.at.timestamp(),
            "version": message.version,
            "billed": message.billed,
            "labels": message.labels,
            "file": message.file.name if message.file else "",
        }

    def _figures(self) -> dict[str, int]:
        return {
            "rate_refusals": self.rate_refusals,
            "unanswered": len(self.unanswered),
            "late": len(self.late),
        }

    def _reset(self) -> None:
        self._messages.clear()
        self._late.clear()
        self.rate_refusals = 0

    def _command(self, command: str, given: Mapping[str, Any]) -> Any:
        match command:
            case "tokens":
                return self.tokens()
            case "expire":
                self.expire_access()
                return True
            case "consent":
                return self.consent(given["address"])
            case "webhook":
                self.webhook_url = given["url"]
                return self.webhook_url
            case "say":
                user, text = self._known(given["user"]), str(given["text"])
                group = self._groups[given["group"]] if "group" in given else None
                return self.say(group, text, user=user) if group else self.say(user, text)
            case "group":
                return self.gmf_group(given["name"]).id
            case "tap":
                user = self._known(given["user"])
                message = [m for m in self.received(user) if m.buttons][-1]
                return self.tap(user, message, given["label"])
            case "human":
                return self.human_says(self._known(given["user"]), str(given["text"]))
            case "follow" | "unfollow" as what:
                return getattr(self, what)(self._known(given["user"]))
            case _:
                raise UnknownCommand

    def _known(self, user_id: Any) -> User:
        return self._users.get(str(user_id)) or self._user(str(user_id))


def main() -> None:
    """Serve until SIGINT or SIGTERM; any person who is written to exists."""
    parser = command_line("Zalo OA", "zalo_oa", _COMMANDS)
    parser.add_argument("--app-secret", default=APP_SECRET, help="khoá bí mật của ứng dụng")
    parser.add_argument("--webhook-secret", default=WEBHOOK_SECRET, help="OA Secret Key, để ký các sự kiện")
    parser.add_argument(
        "--webhook", default="", help="địa chỉ nhận sự kiện, ví dụ http://127.0.0.1:8080/zalo/oa"
    )
    parser.add_argument("--state-agency", action="store_true", help="OA cơ quan nhà nước: v3.0 bị lỗi -235")
    parser.add_argument("--per-minute", type=int, help="hơn số lần gọi này mỗi phút thì từ chối (-32)")
    given = parser.parse_args()
    fake = FakeZaloOa(
        app_secret=given.app_secret,
        webhook_secret=given.webhook_secret,
        per_minute=given.per_minute,
        latency_ms=given.latency_ms,
        port=given.port,
        state_agency=given.state_agency,
        any_chat=True,
    )
    fake._ids = itertools.count(int(time.time()))  # no number twice, though it is started anew
    fake.webhook_url = given.webhook
    serve(
        fake,
        app_id=fake.app_id,
        oa_id=fake.oa_id,
        XINLUON_ZALO_OA_APP_SECRET=fake.app_secret,
        XINLUON_ZALO_OA_WEBHOOK_SECRET=fake.webhook_secret,
    )


__all__ = [
    "APP_ID",
    "APP_SECRET",
    "CS_PATH",
    "OA_ID",
    "TOKEN_PATH",
    "WEBHOOK_SECRET",
    "ConsentRefused",
    "FakeZaloOa",
    "Group",
    "Message",
    "Outcome",
    "Refusal",
    "Switches",
    "User",
    "bad_gateway",
    "drop_after",
    "drop_before",
    "garbled",
    "held",
    "passes",
    "refuse",
    "slow",
]

if __name__ == "__main__":
    main()
