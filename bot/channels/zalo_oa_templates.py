"""What a ZBS template message says of a piece of work whose deadline comes near."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session, sessionmaker

from office.assignments import Assignment
from office.channel_settings import ZaloTemplate
from office.messages import split_text
from scheduler.courier import Parcel
from scheduler.ration import is_of_deadline

_LONGEST = {"title": 100, "number": 20, "due": 20, "office": 100, "text": 200}  # no limits are published
_NOTHING = "…"  # Zalo refuses an empty parameter


class Pings:
    """Fills in the office's template. Synchronous; raises DatabaseUnavailable."""

    def __init__(
        self, template: ZaloTemplate, *, readers: sessionmaker[Session], office_name: str = ""
    ) -> None:
        self._template = template
        self._readers = readers
        self._office = office_name

    @property
    def id(self) -> str:
        """The template's, "" where the office has none."""
        return self._template.id or ""

    def data(self, parcel: Parcel) -> dict[str, str] | None:
        """The template's parameters for a message; None when its assignment isn't kept any more."""
        if not is_of_deadline(parcel):
            return None
        with self._readers() as session:
            row = session.get(Assignment, parcel.source_id)
            if row is None:
                return None
            values = {
                "title": row.title,
                "number": str(row.id),
                "due": f"{row.due_on:%d/%m/%Y}",
                "office": self._office,
                "text": parcel.reply.text(),
            }
        return filled(self._template.fields, values)


def filled(fields: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a template: each its value in one line, cut where it is long."""
    return {parameter: _cut(values[field], _LONGEST[field]) for parameter, field in fields.items()}


def _cut(text: str, limit: int) -> str:
    line = " ".join(text.split())
    if len(line) <= limit:
        return line or _NOTHING
    return split_text(line, limit - 1)[0].rstrip(" .;,") + "…"
