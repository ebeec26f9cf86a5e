"""What an office may set of the platforms it talks on, and what each of them needs before it can start."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr

from office.secrets import BadSetting
from office.setting_kinds import Count, HttpUrl, Route, Section

_TELEGRAM_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")  # Telegram's rule for secret_token
_ZALO_BOT_SECRET = re.compile(r"[!-~][ -~]{6,254}[!-~]\Z")  # its length is Zalo's rule, the rest any header's
_ZALO_OA_SECRET = re.compile(r"[!-~]([ -~]*[!-~])?\Z")  # one goes in a header, too
_ZALO_BOT_TOKEN = re.compile(r"\d{1,32}:\S+\Z")
_ZALO_ID = re.compile(r"\d{1,32}\Z")
_PRIVATE = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "10.0.0.0/8", "192.168.0.0/16")))  # Zalo's rule


def _quoted(value: Any) -> Any:
    """A number where YAML was given no quotes: what it would make of one isn't always what is meant."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'mã phải đặt trong dấu nháy: "{value}"')  # noqa: TRY004 - as pydantic wants it
    return value


Digits = Annotated[str, BeforeValidator(_quoted)]


class Webhook(Section):
    """Where Telegram posts updates: `url` as Telegram sees it, `path` as our own server does."""

    url: HttpUrl | None = None
    path: Route = "/telegram/webhook"
    secret: SecretStr | None = None


class Telegram(Section):
    """One Telegram bot. `base_url` is the API server, without «/bot»."""

    enabled: bool = False
    token: SecretStr | None = None
    mode: Literal["polling", "webhook"] = "polling"
    base_url: HttpUrl = "https://api.telegram.org"
    proxy: SecretStr | None = None
    webhook: Webhook = Webhook()


class ZaloBotWebhook(Section):
    """Where the Zalo Bot Platform posts events: `url` as it sees it, `path` as our own server does."""

    url: HttpUrl | None = None
    path: Route = "/zalo/bot"
    secret: SecretStr | None = None


class ZaloBotQuota(Section):
    """The plan of a bot. Of a month's messages the last `for_deadlines` (a share) is for deadline pings."""

    messages_per_month: Count = 3000
    users: Count = 50
    groups: Annotated[int, Field(ge=0)] = 3
    for_deadlines: Annotated[float, Field(ge=0, le=0.9)] = 0.2


class ZaloBot(Section):
    """One bot of the Zalo Bot Platform. `base_url` is the API server, without «/bot»."""

    enabled: bool = False
    token: SecretStr | None = None
    mode: Literal["polling", "webhook"] = "polling"
    base_url: HttpUrl = "https://bot-api.zaloplatforms.com"
    webhook: ZaloBotWebhook = ZaloBotWebhook()
    quota: ZaloBotQuota = ZaloBotQuota()
    per_minute: Count = 60  # messages; the platform publishes no rate


class ZaloTemplate(Section):
    """A ZBS template for deadline pings outside the window. `fields`: its parameter → what of the ping goes
    in (title, number, due, office, text)."""

    id: Digits | None = None
    fields: dict[str, Literal["title", "number", "due", "office", "text"]] = Field(default_factory=dict)


class ZaloOa(Section):
    """One Zalo Official Account and the app that speaks for it.

    `buttons`: False where Zalo takes them without showing them; choices are then numbered. `billed`: what may
    go 48 hours to 7 days after somebody wrote last, which costs. `redirect_url`: the app's callback address.
    `group_minutes`: how often its groups are looked up.
    """

    enabled: bool = False
    app_id: Digits | None = None
    oa_id: Digits | None = None
    app_secret: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    webhook_path: Route = "/zalo/oa"
    redirect_url: HttpUrl | None = None
    base_url: HttpUrl = "https://openapi.zalo.me"
    oauth_url: HttpUrl = "https://oauth.zaloapp.com"
    buttons: bool = True
    billed: Literal["none", "deadlines", "all"] = "deadlines"
    per_minute: Count = 90  # requests; the plan allows 100
    human_minutes: Count = 30  # silence after a person of the office has written in the OA's own tool
    group_minutes: Count = 60
    template: ZaloTemplate = ZaloTemplate()


def of_telegram(telegram: Telegram) -> Iterator[BadSetting]:
    """What is missing or unfit."""
    if telegram.token is None:
        yield BadSetting(
            ("telegram", "token"),
            "đã bật Telegram nhưng chưa có token",
            "lấy token từ @BotFather, đặt trong XINLUON_TELEGRAM_TOKEN hoặc XINLUON_TELEGRAM_TOKEN_FILE",
        )
    if telegram.proxy is not None and "://" not in telegram.proxy.get_secret_value():
        yield BadSetting(
            ("telegram", "proxy"),
            "địa chỉ proxy không đúng dạng",
            "viết dạng http://may-chu:3128 hoặc socks5://…",
        )
    if telegram.mode == "webhook":
        yield from _not_https(("telegram", "webhook", "url"), telegram.webhook.url, "Telegram")
        if not _TELEGRAM_SECRET.match(_value(telegram.webhook.secret)):
            yield BadSetting(
                ("telegram", "webhook", "secret"),
                "chế độ webhook cần một chuỗi bí mật từ 1 đến 256 ký tự, chỉ gồm A-Z a-z 0-9 _ -",
                "đặt XINLUON_TELEGRAM_WEBHOOK_SECRET hoặc XINLUON_TELEGRAM_WEBHOOK_SECRET_FILE",
            )


def of_zalo_bot(bot: ZaloBot) -> Iterator[BadSetting]:
    """What is missing or unfit."""
    if bot.token is None:
        yield BadSetting(
            ("zalo_bot", "token"),
            "đã bật Zalo Bot nhưng chưa có token",
            "lấy trong Zalo Bot Creator, đặt trong XINLUON_ZALO_BOT_TOKEN hoặc XINLUON_ZALO_BOT_TOKEN_FILE",
        )
    elif not _ZALO_BOT_TOKEN.match(bot.token.get_secret_value()):
        yield BadSetting(
            ("zalo_bot", "token"),
            "token của Zalo Bot không đúng dạng",
            "chép lại cả token, dạng «số:chuỗi», không có khoảng trắng",
        )
    if bot.mode == "webhook":
        yield from _not_https(("zalo_bot", "webhook", "url"), bot.webhook.url, "Zalo")
        host = urlsplit(bot.webhook.url or "").hostname or ""
        if is_local(host):
            yield BadSetting(
                ("zalo_bot", "webhook", "url"),
                f"«{host}» là địa chỉ trong mạng nội bộ, Zalo không nhận",
                "điền tên miền công khai, hoặc đặt mode: polling",
            )
        if not _ZALO_BOT_SECRET.match(_value(bot.webhook.secret)):
            yield BadSetting(
                ("zalo_bot", "webhook", "secret"),
                "chế độ webhook cần một chuỗi bí mật từ 8 đến 256 ký tự không dấu",
                "đặt XINLUON_ZALO_BOT_WEBHOOK_SECRET hoặc XINLUON_ZALO_BOT_WEBHOOK_SECRET_FILE",
            )


def of_zalo_oa(oa: ZaloOa) -> Iterator[BadSetting]:
    """What is missing or unfit."""
    for key, what, named, where in (
        ("app_id", "mã ứng dụng", oa.app_id, "trang ứng dụng ở developers.zalo.me"),
        ("oa_id", "mã OA", oa.oa_id, "trang quản trị OA ở oa.zalo.me"),
    ):
        mend = f"chép dãy số từ {where}, viết trong dấu nháy"
        if not named:
            yield BadSetting(("zalo_oa", key), f"Zalo OA chưa có {what}", mend)
        elif not _ZALO_ID.match(named):
            yield BadSetting(("zalo_oa", key), f"{what} «{named[:40]}» không phải dãy số", mend)
    for key, secret, where in (
        ("app_secret", oa.app_secret, "Khoá bí mật của ứng dụng"),
        ("webhook_secret", oa.webhook_secret, "OA Secret Key ở trang Webhook của ứng dụng"),
    ):
        variable = f"XINLUON_ZALO_OA_{key.upper()}"
        if not _value(secret):
            yield BadSetting(
                ("zalo_oa", key),
                f"Zalo OA chưa có «{where}»",
                f"đặt {variable} hoặc {variable}_FILE",
            )
        elif not _ZALO_OA_SECRET.match(_value(secret)):
            yield BadSetting(
                ("zalo_oa", key),
                f"«{where}» có chữ có dấu, khoảng trắng thừa hoặc xuống dòng",
                f"chép lại cả khoá vào {variable} hoặc {variable}_FILE",
            )
    if oa.template.id and not oa.template.fields:
        yield BadSetting(
            ("zalo_oa", "template", "id"),
            f"mẫu {oa.template.id} chưa nối tham số nào nên không gửi được",
            "điền zalo_oa.template.fields theo các tham số của mẫu, hoặc bỏ id",
        )


def check_zalo_oa(oa: ZaloOa) -> None:
    """Raises BadSetting for the first thing that is missing or unfit."""
    for fault in of_zalo_oa(oa):
        raise fault


def of_paths(telegram: Telegram, bot: ZaloBot, oa: ZaloOa) -> Iterator[BadSetting]:
    """Where two platforms that are switched on would be called at the same path."""
    taken: dict[str, str] = {}
    for used, key, path in (
        (telegram.enabled and telegram.mode == "webhook", "telegram.webhook.path", telegram.webhook.path),
        (bot.enabled and bot.mode == "webhook", "zalo_bot.webhook.path", bot.webhook.path),
        (oa.enabled, "zalo_oa.webhook_path", oa.webhook_path),
    ):
        if used and path in taken:
            yield BadSetting(
                tuple(key.split(".")),
                f"đường dẫn «{path}» đã dùng cho {taken[path]}",
                "đặt cho mỗi kênh một đường dẫn riêng, rồi sửa cả địa chỉ webhook đã khai với kênh ấy",
            )
        elif used:
            taken[path] = key


def is_local(host: str) -> bool:
    """Whether the Zalo Bot Platform refuses a host as one of a local network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return any(address in network for network in _PRIVATE)


def _not_https(path: tuple[str, ...], url: str | None, who: str) -> Iterator[BadSetting]:
    if url is None or not url.startswith("https://"):
        yield BadSetting(
            path,
            f"chế độ webhook cần địa chỉ «https://» mà {who} gọi tới được",
            "điền địa chỉ công khai của máy chủ, hoặc đặt mode: polling",
        )


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
