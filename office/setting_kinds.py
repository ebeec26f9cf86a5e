"""The kinds of values that settings have, each refused with a sentence in Vietnamese."""

from __future__ import annotations

import ipaddress
import re
from datetime import time
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_CLOCK_TIME = re.compile(r"([01]?\d|2[0-3])[:hg]([0-5]\d)")


def _http(value: str) -> str:
    if not _is_web_address(value):
        raise ValueError(
            f"«{value}» không phải địa chỉ web: viết dạng «https://ten-mien.vn» hoặc «http://10.0.0.5:8330»"
        )
    return value


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port or an IPv6 address
        return False
    return sound and parts.scheme in ("http", "https") and len(value.split()) == 1


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
Origin = Annotated[str, AfterValidator(_origin)]
Network = Annotated[str, AfterValidator(_network)]
Route = Annotated[str, AfterValidator(_route)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A part of the settings: nothing unknown in it, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
