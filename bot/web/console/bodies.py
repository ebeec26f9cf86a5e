"""Reads the body of a form, refused (413) as soon as it is seen to be too long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from office.settings import Notices

MAX_FIELDS = 3000  # as many boxes as an office has chats
_MEGABYTE = 1024 * 1024
_KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come: bytes in all, and files."""

    size: int
    files: int = 0


SMALL = Limits(512 * 1024)


def limits_of(notices: Notices) -> Limits:
    """For forms with files, by the settings."""
    files = max(1, notices.max_files)
    return Limits(SMALL.size + files * notices.max_file_mb * _MEGABYTE, files)


@asynccontextmanager
async def form_of(request: Request, limits: Limits) -> AsyncIterator[FormData]:
    """The fields of a form. Raises HTTPException (413, 415) and MultiPartException."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS:
        raise HTTPException(415)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.size:
        raise HTTPException(413)
    counted = Request(request.scope, _Counting(request, limits.size))
    async with counted.form(max_files=limits.files, max_fields=MAX_FIELDS, max_part_size=SMALL.size) as data:
        yield data


class _Counting:
    """Hands the body on and counts."""

    def __init__(self, request: Request, most: int) -> None:
        self._receive = request.receive
        self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413)
        return message
