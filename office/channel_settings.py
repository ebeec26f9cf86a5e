"""What an office may set of the platforms it talks on, and what each of them needs before it can start."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from office.secrets import BadSetting
from office.setting_kinds import Count, HttpUrl, Route, Section

_TELEGRAM_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")  # Telegram's rule for secret_token
_ZALO_BOT_TOKEN = re.compile(r"\d{1,32}:\S+\Z")
_ZALO_ID = re.compile(r"\d{1,32}\Z")


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

    id: str | None = None
    fields: dict[str, Literal["title", "number", "due", "office", "text"]] = Field(default_factory=dict)


class ZaloOa(Section):
    """One Zalo Official Account and the app that speaks for it.

    `billed`: what may go 48 hours to 7 days after somebody wrote last, which costs. `redirect_url`: the app's
    callback address. `group_minutes`: how often its groups are looked up.
    """

    enabled: bool = False
    app_id: str | None = None
    oa_id: str | None = None
    app_secret: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    webhook_path: Route = "/zalo/oa"
    redirect_url: HttpUrl | None = None
    base_url: HttpUrl = "https://openapi.zalo.me"
    oauth_url: HttpUrl = "https://oauth.zaloapp.com"
    billed: Literal["none", "deadlines", "all"] = "deadlines"
    per_minute: Count = 90  # requests; the plan allows 100
    human_minutes: Count = 30  # silence after a person of the office has written in the OA's own tool
    group_minutes: Count = 60
    template: ZaloTemplate = ZaloTemplate()


def check_telegram(telegram: Telegram) -> None:
    """Raises BadSetting for what is missing or unfit."""
    if telegram.token is None:
        raise BadSetting(
            ("telegram", "token"),
            "đã bật Telegram nhưng chưa có token",
            "lấy token từ @BotFather, đặt trong XINLUON_TELEGRAM_TOKEN hoặc XINLUON_TELEGRAM_TOKEN_FILE",
        )
    if telegram.proxy is not None and "://" not in telegram.proxy.get_secret_value():
        raise BadSetting(
            ("telegram", "proxy"),
            "địa chỉ proxy không đúng dạng",
            "viết dạng http://may-chu:3128 hoặc socks5://…",
        )
    if telegram.mode == "webhook":
        _check_https(("telegram", "webhook", "url"), telegram.webhook.url, "Telegram")
        if not _TELEGRAM_SECRET.match(_value(telegram.webhook.secret)):
            raise BadSetting(
                ("telegram", "webhook", "secret"),
                "chế độ webhook cần một chuỗi bí mật từ 1 đến 256 ký tự, chỉ gồm A-Z a-z 0-9 _ -",
                "đặt XINLUON_TELEGRAM_WEBHOOK_SECRET hoặc XINLUON_TELEGRAM_WEBHOOK_SECRET_FILE",
            )


def check_zalo_bot(bot: ZaloBot) -> None:
    """Raises BadSetting for what is missing or unfit."""
    if bot.token is None:
        raise BadSetting(
            ("zalo_bot", "token"),
            "đã bật Zalo Bot nhưng chưa có token",
            "lấy trong Zalo Bot Creator, đặt trong XINLUON_ZALO_BOT_TOKEN hoặc XINLUON_ZALO_BOT_TOKEN_FILE",
        )
    if not _ZALO_BOT_TOKEN.match(bot.token.get_secret_value()):
        raise BadSetting(
            ("zalo_bot", "token"),
            "token của Zalo Bot không đúng dạng",
            "chép lại cả token, dạng «số:chuỗi», không có khoảng trắng",
        )
    if bot.mode == "webhook":
        _check_https(("zalo_bot", "webhook", "url"), bot.webhook.url, "Zalo")
        if not 8 <= len(_value(bot.webhook.secret)) <= 256:
            raise BadSetting(
                ("zalo_bot", "webhook", "secret"),
                "chế độ webhook cần một chuỗi bí mật từ 8 đến 256 ký tự",
                "đặt XINLUON_ZALO_BOT_WEBHOOK_SECRET hoặc XINLUON_ZALO_BOT_WEBHOOK_SECRET_FILE",
            )


def check_zalo_oa(oa: ZaloOa) -> None:
    """Raises BadSetting for what is missing or unfit."""
    for key, named, where in (
        ("app_id", oa.app_id, "trang ứng dụng ở developers.zalo.me"),
        ("oa_id", oa.oa_id, "trang quản trị OA ở oa.zalo.me"),
    ):
        if named is None or not _ZALO_ID.match(named):
            raise BadSetting(
                ("zalo_oa", key),
                "đã bật Zalo OA nhưng thiếu mã này, hoặc mã không phải dãy số",
                f"chép dãy số từ {where}, viết trong dấu nháy",
            )
    for key, secret, where in (
        ("app_secret", oa.app_secret, "Khoá bí mật của ứng dụng"),
        ("webhook_secret", oa.webhook_secret, "OA Secret Key ở trang Webhook của ứng dụng"),
    ):
        if not _value(secret):
            variable = f"XINLUON_ZALO_OA_{key.upper()}"
            raise BadSetting(
                ("zalo_oa", key),
                f"đã bật Zalo OA nhưng chưa có «{where}»",
                f"đặt {variable} hoặc {variable}_FILE",
            )


def _check_https(path: tuple[str, ...], url: str | None, who: str) -> None:
    if url is None or not url.startswith("https://"):
        raise BadSetting(
            path,
            f"chế độ webhook cần địa chỉ «https://» mà {who} gọi tới được",
            "điền địa chỉ công khai của máy chủ, hoặc đặt mode: polling",
        )


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
