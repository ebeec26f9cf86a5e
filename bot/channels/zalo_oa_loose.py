"""How an Official Account's JSON is read: what isn't known is passed over, numbers may stand for strings."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _or_empty(value: Any) -> Any:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_or_empty)]


class Loose(BaseModel):
    """Something that Zalo sends."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
