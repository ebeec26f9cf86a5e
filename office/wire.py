"""Replies as JSON, for keeping until they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from office.messages import Reply

_REPLIES = TypeAdapter(tuple[Reply, ...])


def replies_to_json(replies: Sequence[Reply]) -> list[dict[str, Any]]:
    """Plain JSON values, without what is as by default."""
    plain: list[dict[str, Any]] = _REPLIES.dump_python(tuple(replies), mode="json", exclude_defaults=True)
    return plain


def replies_from_json(plain: Any) -> tuple[Reply, ...]:
    """The replies again. Raises pydantic.ValidationError for anything else."""
    return _REPLIES.validate_python(plain)
