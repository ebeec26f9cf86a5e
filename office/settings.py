"""What an office may set: a typed tree from its YAML, with the secrets from the environment.

Reading the file is the caller's part: `settings_from` takes plain data and says by path what is wrong, so
that the caller can add the line.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, SecretStr, ValidationError

from office.channel_settings import (
    Telegram,
    ZaloBot,
    ZaloOa,
    of_paths,
    of_telegram,
    of_zalo_bot,
    of_zalo_oa,
)
from office.secrets import (
    HASH_KEY_LENGTH,
    BadSetting,
    BadSettings,
    key_in,
    open_files,
    put_secret,
    refuse_written,
    secret_from,
)
from office.setting_kinds import ClockTime, Count, DatabaseUrl, HttpUrl, Network, Origin, Section

PREFIX = "XINLUON_"
CONFIG_VARIABLE = PREFIX + "CONFIG"


class Department(Section):
    """A phòng or đơn vị. `key`: its name in files and commands, made of `name` if None."""

    name: str = Field(min_length=1)
    phone: str | None = None
    key: str | None = Field(default=None, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)


class Office(Section):
    """Who answers. What is not known stays None: the program makes nothing up."""

    name: str = Field(default="Cơ quan chưa đặt tên", min_length=1)
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    website: HttpUrl | None = None
    hours: tuple[str, ...] = ()  # one line each, as people read them
    departments: tuple[Department, ...] = ()
    portal_url: HttpUrl = "https://dichvucong.gov.vn"


class Web(Section):
    """The web page of ours. `trusted_proxies`: whose X-Forwarded-For is believed (addresses or networks).
    `file_days`: how long a link to a file works that a chat without files was given."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)  # 0: any free one
    public_url: HttpUrl | None = None
    allowed_origins: tuple[Origin, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    file_days: Count = 7


class Database(Section):
    """Where rows are kept: an SQLAlchemy URL without a password."""

    url: DatabaseUrl = "sqlite:///var/xinluon.db"


class Knowledge(Section):
    """The office's own folders beside the shipped one, and how often to look for changes (0: never)."""

    folders: tuple[Path, ...] = ()
    reload_seconds: float = Field(default=2, ge=0)


class Limits(Section):
    """How much one person may ask: above `messages_per_minute`, silence for `pause_seconds`."""

    messages_per_minute: Count = 20
    pause_seconds: Count = 60
    max_text: Count = 2000  # characters of one message
    conversation_minutes: Count = 30


class Calendar(Section):
    """Folders with the office's own calendar files, which win over the shipped ones."""

    folders: tuple[Path, ...] = ()


class Reminders(Section):
    """Folders with the office's own reminder rules, and when the daily digests go out."""

    folders: tuple[Path, ...] = ()
    digest_at: ClockTime = time(7, 30)


class Assignments(Section):
    """The ladder of reminders of an assignment: working days before and after its last day."""

    before: tuple[Annotated[int, Field(ge=1, le=60)], ...] = (7, 3, 1)
    on_the_day: bool = True
    at: ClockTime = time(8, 0)
    overdue_every: Annotated[int, Field(ge=1, le=30)] = 1  # working days
    head_from: Annotated[int, Field(ge=1, le=30)] = 1  # working days overdue
    leader_from: Annotated[int, Field(ge=1, le=60)] = 3
    overdue_limit: Annotated[int, Field(ge=1, le=250)] = 60  # working days; after that the digests alone


class Quiet(Section):
    """When nothing unasked is sent: from `since` to `until` (over midnight) and on days off."""

    since: ClockTime = time(20, 0)
    until: ClockTime = time(6, 30)
    days_off: bool = True


class Delivery(Section):
    """How fast one account may send, and how patiently it tries."""

    per_second: Annotated[float, Field(gt=0, le=1000)] = 28.0
    per_chat_second: Annotated[float, Field(gt=0, le=100)] = 1.0
    per_group_minute: Annotated[int, Field(ge=1, le=1000)] = 18
    quiet: Quiet = Quiet()
    late_minutes: Count = 10  # later than this it is marked late
    fallback_minutes: Count = 10  # a channel out of reach for so long gives way to a person's next one
    keep_days: Count = 400  # finished deliveries


class Notices(Section):
    """Notices of Văn phòng. `approval`: whether a second person approves every notice; hoả tốc then needs it
    too, and without it a reason. `max_file_mb`, `max_files`: of one notice."""

    approval: bool = True
    max_files: Annotated[int, Field(ge=0, le=10)] = 5
    max_file_mb: Annotated[int, Field(ge=1, le=50)] = 20


class Console(Section):
    """Văn phòng's pages at /van-phong. A session ends after so long, sooner when nobody uses it."""

    enabled: bool = True
    session_hours: Annotated[int, Field(ge=1, le=720)] = 12
    idle_minutes: Annotated[int, Field(ge=5, le=1440)] = 60


class Privacy(Section):
    """How long questions are kept, and the key that platform ids are hashed with."""

    keep_questions_days: Count = 365
    hash_key: SecretStr | None = None


class Log(Section):
    """`as_json` «auto»: lines for people on a terminal, JSON elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    as_json: Literal["auto"] | bool = Field(default="auto", alias="json")


class Settings(Section):
    """All that an office may set."""

    office: Office = Office()
    web: Web = Web()
    database: Database = Database()
    knowledge: Knowledge = Knowledge()
    telegram: Telegram = Telegram()
    zalo_bot: ZaloBot = ZaloBot()
    zalo_oa: ZaloOa = ZaloOa()
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

    A key without a value counts as not written. All that is wrong is told at once. Raises
    pydantic.ValidationError for values of the wrong kind alone, BadSetting for a secret that is written in
    the file, unreadable, missing or unfit, BadSettings for several such and for both. None shows a secret.
    """
    tree = _written({} if data is None else data)
    faults = _put_secrets(tree, environ)
    told = {fault.path for fault in faults}
    invalid, wrong = None, set[int | str]()
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        invalid, wrong = error, {found["loc"][0] for found in error.errors() if found["loc"]}
        settings = Settings.model_validate(_without(tree, wrong))
    faults += [fault for fault in _faults(settings) if fault.path not in told and fault.path[0] not in wrong]
    if len(faults) > 1 or (faults and invalid):
        raise BadSettings(faults, invalid)
    if faults or invalid:
        raise invalid or faults[0]
    return settings


def _put_secrets(tree: Any, environ: Mapping[str, str]) -> list[BadSetting]:
    """Put the secrets in their places; what is wrong with some."""
    faults = []
    for variable, path in SECRETS.items():
        try:
            refuse_written(tree, path, variable)
            value = secret_from(variable, path, environ)
        except BadSetting as fault:
            faults.append(fault)
            continue
        if value is not None:
            put_secret(tree, path, SecretStr(value))
    return faults


def _without(tree: Any, wrong: Container[int | str]) -> dict[str, Any]:
    """The sections that nothing is wrong in."""
    return {key: value for key, value in tree.items() if key not in wrong} if isinstance(tree, dict) else {}


def _faults(settings: Settings) -> Iterator[BadSetting]:
    """What is missing or unfit though each value is of its kind."""
    yield from _of_hash_key(settings.privacy)
    if settings.telegram.enabled:
        yield from of_telegram(settings.telegram)
    if settings.zalo_bot.enabled:
        yield from of_zalo_bot(settings.zalo_bot)
    if settings.zalo_oa.enabled:
        yield from of_zalo_oa(settings.zalo_oa)
    yield from of_paths(settings.telegram, settings.zalo_bot, settings.zalo_oa)


def open_secrets(environ: Mapping[str, str]) -> Mapping[str, Path]:
    """The files of secrets that others on this machine may read, by the variable that names them."""
    return open_files((variable + "_FILE" for variable in SECRETS), environ)


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


def _of_hash_key(privacy: Privacy) -> Iterator[BadSetting]:
    if privacy.hash_key is not None and len(privacy.hash_key.get_secret_value()) < HASH_KEY_LENGTH:
        yield BadSetting(
            ("privacy", "hash_key"),
            f"khoá băm ngắn hơn {HASH_KEY_LENGTH} ký tự",
            "đặt khoá dài hơn, hoặc bỏ XINLUON_PRIVACY_HASH_KEY để chương trình tự tạo",
        )
