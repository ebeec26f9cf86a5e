"""A request of somebody who is logged in, and what a page may answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from bot.web.console.parts import Parts
from office.clock import ZONE
from office.people import Person
from office.refusal import Refused
from office.rights import Action, allowed

ROOT = "/van-phong"
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with a form."""

    name: str
    media_type: str
    content: bytes


class Form:
    """The fields of a form, NFC, without surrounding blanks; a field that wasn't sent is empty."""

    def __init__(self, data: FormData | None = None) -> None:
        self._data = data or FormData()

    def __bool__(self) -> bool:
        return bool(self._data)

    def text(self, name: str) -> str:
        """One field."""
        value = self._data.get(name, "")
        return _clean(value) if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """All fields of one name: what was ticked of several."""
        return tuple(_clean(value) for value in self._data.getlist(name) if isinstance(value, str))

    def files(self, name: str) -> tuple[Upload, ...]:
        """The files of one name; a field left empty is none."""
        sent = [value for value in self._data.getlist(name) if isinstance(value, UploadFile)]
        return tuple(_upload(value) for value in sent if value.filename)

    def as_dict(self) -> dict[str, Any]:
        """For pydantic: a list where a name occurs several times, the texts else."""
        return {
            name: values[0] if len(values) == 1 else list(values)
            for name in self._data
            if (values := self.texts(name))
        }


def _clean(value: str) -> str:
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\0", "")).strip()


def _upload(sent: UploadFile) -> Upload:
    sent.file.seek(0)
    name = _clean(sent.filename or "").replace("\\", "/").rpartition("/")[2]
    return Upload(name[:200], sent.content_type or "", sent.file.read())


class FormErrors(Refused):
    """A form that can't be used: what is wrong with each field, in Vietnamese."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("Biểu mẫu chưa đúng.", "Xin sửa các chỗ được đánh dấu rồi gửi lại.")
        self.fields = dict(fields)


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request. `session` is read-only when a page is shown, the transaction of a deed when one is done.

    After a deed was refused the page is shown again with `refused`, the `form` as it was sent, and no change
    made.
    """

    request: Request
    parts: Parts
    person: Person
    session: Session
    now: datetime
    session_id: int = 0  # of the console's session
    csrf: str = field(default="", repr=False)
    form: Form = field(default_factory=Form)
    refused: Refused | None = None

    @property
    def today(self) -> date:
        """The day in Việt Nam."""
        return self.now.astimezone(ZONE).date()

    @property
    def errors(self) -> Mapping[str, str]:
        """What is wrong with the fields of the form that was refused."""
        return self.refused.fields if isinstance(self.refused, FormErrors) else {}

    @property
    def channels(self) -> Mapping[str, Mapping[str, Any]]:
        """How each channel that runs is doing, as /healthz tells of it."""
        told: Mapping[str, Mapping[str, Any]] = self.parts.health()[1].get("channels", {})
        return told

    def may(self, action: Action) -> bool:
        """Whether one's roles allow it: to show a button, never instead of `demand`."""
        return allowed(self.person.roles, action)

    def arg(self, name: str) -> str:
        """A parameter of the address, "" for none."""
        return _clean(self.request.query_params.get(name, ""))[:500]

    def args(self, name: str) -> tuple[str, ...]:
        """All parameters of one name."""
        return tuple(_clean(value)[:500] for value in self.request.query_params.getlist(name))

    def number(self, name: str) -> int:
        """A number in the path or, if it isn't there, of the form or the address; -1 for none."""
        text = str(self.request.path_params.get(name) or self.form.text(name) or self.arg(name))
        fits = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
        return int(text) if fits else -1

    def kept(self, name: str, value: Any = "") -> Any:
        """What was typed into a field that is shown again, else `value`."""
        return self.form.text(name) if self.form else value

    def kept_all(self, name: str, values: Sequence[Any] = ()) -> tuple[str, ...]:
        """The same for what is ticked of several."""
        return self.form.texts(name) if self.form else tuple(map(str, values))


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: a template of bot/web/console/templates and what it is given beside `visit`."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Done:
    """A deed is done: the browser goes to a page (below /van-phong), which says so once."""

    to: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """One has logged out; `everywhere` or here."""

    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be kept."""

    name: str
    media_type: str
    content: bytes


Answer = Shown | Done | Left | Download


class Missing(Exception):
    """There is no such thing: the page that says so."""
