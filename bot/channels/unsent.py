"""Which errors of httpx say that a request has certainly not left, so that it may be made again."""

from __future__ import annotations

import httpx

UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
