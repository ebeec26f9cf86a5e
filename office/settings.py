"""What an office may set: a typed tree from its YAML, with the secrets from the environment.

Reading the file is the caller's part: `settings_from` takes plain data and says by path what is wrong, so
that the caller can add the line.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from office.secrets import HASH_KEY_LENGTH, BadSetting, key_in, put_secret, refuse_written, secret_from

PREFIX = "XINLUON_"
CONFIG_VARIABLE = PREFIX + "CONFIG"

_CLOCK_TIME = re.compile(r"([01]?\d|2[0-3])[:hg]([0-5]\d)")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")  # Telegram's rule for secret_token


def _http(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"«{value}» không phải địa chỉ web: viết cả «https://» ở đầu")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(_http(value))
    if f"{parts.scheme}://{parts.netloc}" != value:
        raise ValueError(f"«{value}» phải viết dạng «https://ten-mien.vn», không có gì phía sau")
    return value


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as exc:
        raise ValueError(f"«{value}» không phải địa chỉ mạng: viết dạng 10.0.0.1 hoặc 10.0.0.0/8") from exc
    return value


def _route(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError(f"«{value}» phải bắt đầu bằng «/»")
    return value


def _database_url(value: str) -> str:
    if not value.startswith(("sqlite://", "postgresql://", "postgresql+")):
        raise ValueError("cơ sở dữ liệu phải bắt đầu bằng «sqlite:///» hoặc «postgresql://»")
    if urlsplit(value).password:
        raise ValueError("không viết mật khẩu trong địa chỉ này: đặt trong PGPASSWORD hoặc PGPASSFILE")
    return value


def _clock_time(value: Any) -> Any:
    if isinstance(value, str):
        match = _CLOCK_TIME.fullmatch(value.strip())
        if match is None:
            raise ValueError(f"«{value}» không phải giờ trong ngày: viết dạng 7:30 hoặc 20:00")
        return time(int(match[1]), int(match[2]))
    return value


ClockTime = Annotated[time, BeforeValidator(_clock_time)]
HttpUrl = Annotated[str, AfterValidator(_http)]
Count = Annotated[int, Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Department(_Section):
    """A phòng or đơn vị. `key`: its name in files and commands, made of `name` if None."""

    name: str = Field(min_length=1)
    phone: str | None = None
    key: str | None = Field(default=None, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)


class Office(_Section):
    """Who answers. What is not known stays None: the program makes nothing up."""

    name: str = Field(default="Cơ quan chưa đặt tên", min_length=1)
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    website: HttpUrl | None = None
    hours: tuple[str, ...] = ()  # one line each, as people read them
    departments: tuple[Department, ...] = ()
    portal_url: HttpUrl = "https://dichvucong.gov.vn"


class Web(_Section):
    """The web page of ours. `trusted_proxies`: whose X-Forwarded-For is believed (addresses or networks)."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)  # 0: any free one
    public_url: HttpUrl | None = None
    allowed_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    trusted_proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ()


class Database(_Section):
    """Where rows are kept: an SQLAlchemy URL without a password."""

    url: Annotated[str, AfterValidator(_database_url)] = "sqlite:///var/xinluon.db"


class Knowledge(_Section):
    """The office's own folders beside the shipped one, and how often to look for changes (0: never)."""

    folders: tuple[Path, ...] = ()
    reload_seconds: float = Field(default=2, ge=0)


class Webhook(_Section):
    """Where Telegram posts updates: `url` as Telegram sees it, `path` as our own server does."""

    url: HttpUrl | None = None
    path: Annotated[str, AfterValidator(_route)] = "/telegram/webhook"
    secret: SecretStr | None = None


class Telegram(_Section):
    """One Telegram bot. `base_url` is the API server, without «/bot»."""

    enabled: bool = False
    token: SecretStr | None = None
    mode: Literal["polling", "webhook"] = "polling"
    base_url: HttpUrl = "https://api.telegram.org"
    proxy: SecretStr | None = None
    webhook: Webhook = Webhook()


class Limits(_Section):
    """How much one person may ask: above `messages_per_minute`, silence for `pause_seconds`."""

    messages_per_minute: Count = 20
    pause_seconds: Count = 60
    max_text: Count = 2000  # characters of one message
    conversation_minutes: Count = 30


class Calendar(_Section):
    """Folders with the office's own calendar files, which win over the shipped ones."""

    folders: tuple[Path, ...] = ()


class Reminders(_Section):
    """Folders with the office's own reminder rules, and when the daily digests go out."""

    folders: tuple[Path, ...] = ()
    digest_at: ClockTime = time(7, 30)


class Assignments(_Section):
    """The ladder of reminders of an assignment: working days before and after its last day."""

    before: tuple[Annotated[int, Field(ge=1, le=60)], ...] = (7, 3, 1)
    on_the_day: bool = True
    at: ClockTime = time(8, 0)
    overdue_every: Annotated[int, Field(ge=1, le=30)] = 1  # working days
    head_from: Annotated[int, Field(ge=1, le=30)] = 1  # working days overdue
    leader_from: Annotated[int, Field(ge=1, le=60)] = 3
    overdue_limit: Annotated[int, Field(ge=1, le=250)] = 60  # working days; after that the digests alone


class Quiet(_Section):
    """When nothing unasked is sent: from `since` to `until` (over midnight) and on days off."""

    since: ClockTime = time(20, 0)
    until: ClockTime = time(6, 30)
    days_off: bool = True


class Delivery(_Section):
    """How fast one account may send, and how patiently it tries."""

    per_second: Annotated[float, Field(gt=0, le=1000)] = 28.0
    per_chat_second: Annotated[float, Field(gt=0, le=100)] = 1.0
    per_group_minute: Annotated[int, Field(ge=1, le=1000)] = 18
    quiet: Quiet = Quiet()
    late_minutes: Count = 10  # later than this it is marked late
    keep_days: Count = 400  # finished deliveries


class Notices(_Section):
    """Notices of Văn phòng. `approval`: whether a second person approves every notice; hoả tốc then needs it
    too, and without it a reason. `max_file_mb`, `max_files`: of one notice."""

    approval: bool = True
    max_files: Annotated[int, Field(ge=0, le=10)] = 5
    max_file_mb: Annotated[int, Field(ge=1, le=50)] = 20


class Console(_Section):
    """Văn phòng's pages at /van-phong. A session ends after so long, sooner when nobody uses it."""

    enabled: bool = True
    session_hours: Annotated[int, Field(ge=1, le=720)] = 12
    idle_minutes: Annotated[int, Field(ge=5, le=1440)] = 60


class Privacy(_Section):
    """How long questions are kept, and the key that platform ids are hashed with."""

    keep_questions_days: Count = 365
    hash_key: SecretStr | None = None


class Log(_Section):
    """`as_json` «auto»: lines for people on a terminal, JSON elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    as_json: Literal["auto"] | bool = Field(default="auto", alias="json")


class Settings(_Section):
    """All that an office may set."""

    office: Office = Office()
    web: Web = Web()
    database: Database = Database()
    knowledge: Knowledge = Knowledge()
    telegram: Telegram = Telegram()
    limits: Limits = Limits()
    calendar: Calendar = Calendar()
    reminders: Reminders = Reminders()
    assignments: Assignments = Assignments()
    delivery: Delivery = Delivery()
    notices: Notices = Notices()
    console: Console = Console()
    privacy: Privacy = Privacy()
    log: Log = Log()


def _secret_paths(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        kind: Any = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _secret_paths(kind, (*at, name))
        elif SecretStr in get_args(kind):
            yield (*at, name)


SECRETS: Mapping[str, tuple[str, ...]] = {PREFIX + "_".join(p).upper(): p for p in _secret_paths(Settings)}
"""Environment variable → path of the secret it sets; each also has a variant ending in _FILE."""


def config_path(environ: Mapping[str, str]) -> Path | None:
    """The file that XINLUON_CONFIG names, if it names one."""
    named = environ.get(CONFIG_VARIABLE)
    return Path(named) if named else None


def settings_from(data: Mapping[str, Any] | None, environ: Mapping[str, str]) -> Settings:
    """Check the data of a YAML file (None: no file) and add the secrets of the environment.

    A key without a value counts as not written. Raises pydantic.ValidationError for values of the wrong kind,
    and BadSetting for secrets: written in the file, unreadable, missing or unfit. Neither shows a secret.
    """
    tree = _written({} if data is None else data)
    for variable, path in SECRETS.items():
        refuse_written(tree, path, variable)
        value = secret_from(variable, path, environ)
        if value is not None:
            put_secret(tree, path, SecretStr(value))
    settings = Settings.model_validate(tree)
    _check_hash_key(settings.privacy)
    if settings.telegram.enabled:
        _check_telegram(settings.telegram)
    return settings


def hash_key(settings: Settings, folder: Path) -> bytes:
    """The key for hashing platform ids: the one set, else the one kept in `folder`. Raises BadSetting."""
    if settings.privacy.hash_key is not None:
        return settings.privacy.hash_key.get_secret_value().encode()
    return key_in(folder)


def _written(data: Any) -> Any:
    """A copy of nested mappings without the keys that have no value."""
    if not isinstance(data, Mapping):
        return data
    return {key: _written(value) for key, value in data.items() if value is not None}


def _check_hash_key(privacy: Privacy) -> None:
    if privacy.hash_key is not None and len(privacy.hash_key.get_secret_value()) < HASH_KEY_LENGTH:
        raise BadSetting(
            ("privacy", "hash_key"),
            f"khoá băm ngắn hơn {HASH_KEY_LENGTH} ký tự",
            "đặt khoá dài hơn, hoặc bỏ XINLUON_PRIVACY_HASH_KEY để chương trình tự tạo",
        )


def _check_telegram(telegram: Telegram) -> None:
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
        _check_webhook(telegram.webhook)


def _check_webhook(webhook: Webhook) -> None:
    if webhook.url is None or not webhook.url.startswith("https://"):
        raise BadSetting(
            ("telegram", "webhook", "url"),
            "chế độ webhook cần địa chỉ «https://» mà Telegram gọi tới được",
            "điền địa chỉ công khai của máy chủ, hoặc đặt mode: polling",
        )
    secret = webhook.secret.get_secret_value() if webhook.secret else ""
    if not _WEBHOOK_SECRET.match(secret):
        raise BadSetting(
            ("telegram", "webhook", "secret"),
            "chế độ webhook cần một chuỗi bí mật từ 1 đến 256 ký tự, chỉ gồm A-Z a-z 0-9 _ -",
            "đặt XINLUON_TELEGRAM_WEBHOOK_SECRET hoặc XINLUON_TELEGRAM_WEBHOOK_SECRET_FILE",
        )
