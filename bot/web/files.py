"""Files that chats got an address of instead of the file itself."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.files_by_link import PATH
from office.file_links import Linked

_SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg"})  # by browsers themselves, harmlessly
_LONGEST_SECRET = 100

log = structlog.get_logger(__name__)

FindFile = Callable[[str], Linked | None]


class Files:
    """The address of every file that was linked."""

    def __init__(self, find: FindFile, *, admit: Callable[[Request], None]) -> None:
        """`find`: secret → file, called in threads; `admit` refuses who asks too often."""
        self._find = find
        self._admit = admit

    def routes(self) -> list[Route]:
        """The one address, for GET and HEAD."""
        return [Route(PATH + "/{secret}/{name}", self.file, methods=["GET"])]

    async def file(self, request: Request) -> Response:
        """A file under its own name; 404 for an unknown or old address."""
        self._admit(request)
        found = await self._found(request.path_params["secret"])
        if found is None:
            raise HTTPException(404)
        shown = found.media_type in _SHOWN
        how = "inline" if shown else "attachment"
        headers = {
            "Content-Disposition": f"{how}; filename*=UTF-8''{_quoted(found)}",
            "Cache-Control": "private, no-store",
            "X-Robots-Tag": "noindex, nofollow",
        }
        # Of other kinds the browser is told nothing that it could run as a page of ours.
        kind = found.media_type if shown else "application/octet-stream"
        return Response(found.content, media_type=kind, headers=headers)

    async def _found(self, secret: str) -> Linked | None:
        if len(secret) > _LONGEST_SECRET:
            return None
        try:
            return await run_in_threadpool(self._find, secret)
        except Exception as error:
            # What the error says may quote the secret.
            log.error("linked_file_failed", error=type(error).__name__)  # noqa: TRY400
        raise HTTPException(500)


def _quoted(found: Linked) -> str:
    return quote(found.name.encode("utf-8", "replace"), safe="")
