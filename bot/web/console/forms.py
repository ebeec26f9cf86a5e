"""Reads what was sent with a form into a model, and says what is wrong field by field, in Vietnamese."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot.web.console.texts import named, texts
from bot.web.console.visit import Form, FormErrors, Upload

Model = TypeVar("Model", bound=BaseModel)


class FormModel(BaseModel):
    """What a form holds; other fields (the CSRF token) are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


Several = BeforeValidator(_several)
"""For fields that may be ticked several times: `Annotated[tuple[int, ...], Several] = ()`."""
Blank = BeforeValidator(_empty_is_none)
"""For fields that may stay empty: `Annotated[date | None, Blank] = None`."""
Ticked = Annotated[bool, BeforeValidator(bool)]
"""A single box: `express: Ticked = False`."""


def read(form: Form, model: type[Model]) -> Model:
    """The model's values. Raises FormErrors."""
    try:
        return model.model_validate(form.as_dict())
    except ValidationError as error:
        raise FormErrors(
            {str(e["loc"][0]) if e["loc"] else "": _complaint(e) for e in error.errors()}
        ) from error


def _complaint(error: Any) -> str:
    """What is wrong, by pydantic's kind of error; a ValueError of ours speaks for itself."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_too_short" or (kind != "missing" and error.get("input") == ""):
        kind = "missing"
    name = kind if named(texts(), f"form.errors.{kind}", "") else "other"
    return texts()(f"form.errors.{name}", **{k: v for k, v in context.items() if k != "error"})


def only(uploads: tuple[Upload, ...], name: str) -> Upload:
    """The one file that was sent in a field. Raises FormErrors for none or several."""
    if len(uploads) != 1:
        raise FormErrors({name: texts()("form.one_file")})
    return uploads[0]
