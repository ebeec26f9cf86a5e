"""The OAuth v4 server of the fake Official Account: consent, codes, and pairs that replace themselves."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fakes.http_server import HttpRequest, HttpResponse
from tests.fakes.zalo_oa_parts import Refusal, State

ACCESS_LASTS = timedelta(seconds=90000)
REFRESH_LASTS = timedelta(days=90)
CODE_LASTS = timedelta(minutes=10)
INVALID_APP, INVALID_REDIRECT, INVALID_SECRET, REFRESH_SPENT = -14002, -14003, -14004, -14020
BAD_CODE = -14099  # no list of these numbers is published: this stands for any that isn't known

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43}\Z")
_CHALLENGE = {
    "base64url": re.compile(r"[A-Za-z0-9_-]{43}\Z"),
    "base64": re.compile(r"[A-Za-z0-9+/]{43}\Z"),
}


class ConsentRefused(AssertionError):
    """The page of the permission URL shows an error instead of the question."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.error} {refusal.message}")
        self.error = refusal.error


@dataclass(slots=True)
class _Code:
    challenge: str
    made_at: datetime


class OAuth(State):
    """Only the newest pair is good: what replaces it kills both of its tokens at once."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._access = self._refresh = ""
        self._access_ends: datetime | None = None
        self._refresh_ends: datetime | None = None
        self._codes: dict[str, _Code] = {}

    def tokens(self) -> tuple[str, str]:
        """A fresh pair (access, refresh), as the API Explorer hands out."""
        with self._changed:
            now = self.now()
            self._access, self._refresh = (f"{kind}-{secrets.token_urlsafe(24)}" for kind in ("at", "rt"))
            self._access_ends, self._refresh_ends = now + ACCESS_LASTS, now + REFRESH_LASTS
            return self._access, self._refresh

    def expire_access(self) -> None:
        """The access token's 25 hours are over."""
        with self._changed:
            self._access_ends = self.now()

    def revoke(self) -> None:
        """The refresh token is no longer taken; the access token lives on."""
        with self._changed:
            self._refresh, self._refresh_ends = "", None

    def consent(self, address: str) -> str:
        """An administrator opens the permission URL and agrees: where the browser is sent then.

        Raises ConsentRefused where the page would show an error.
        """
        url = urlsplit(address)
        assert url.path == "/v4/oa/permission", f"not the permission page: {url.path}"
        given = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        with self._changed:
            try:
                return self._agreed(given)
            except Refusal as refusal:
                raise ConsentRefused(refusal) from None

    def _agreed(self, given: dict[str, str]) -> str:
        redirect, challenge = given.get("redirect_uri", ""), given.get("code_challenge", "")
        if given.get("app_id") != self.app_id:
            raise Refusal(INVALID_APP, "Invalid app id")
        known = redirect in self.redirect_urls if self.redirect_urls else urlsplit(redirect).scheme
        if not known:
            raise Refusal(INVALID_REDIRECT, "Invalid redirect uri")
        if challenge and not _CHALLENGE[self.switches.challenge].match(challenge):
            raise Refusal(BAD_CODE, "Invalid code challenge")
        code = f"code-{secrets.token_urlsafe(24)}"
        self._codes[code] = _Code(challenge, self.now())
        back = {"code": code, "oa_id": self.oa_id}
        if "state" in given:
            back["state"] = given["state"]
        return f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(back)}"

    # --- inside: requests

    def _permission(self, request: HttpRequest) -> HttpResponse:
        """The page itself, whose reader agrees at once."""
        with self._changed:
            try:
                return HttpResponse(302, b"", "text/html", {"Location": self._agreed(request.parameters)})
            except Refusal as refusal:
                return HttpResponse(200, f"<p>{refusal.error} {refusal.message}</p>".encode(), "text/html")

    def _exchange(self, request: HttpRequest) -> HttpResponse:
        """POST /v4/oa/access_token. Errors come with HTTP 200, too."""
        try:
            with self._changed:
                pair = self._exchanged(request)
        except Refusal as refusal:
            return oauth_error(refusal)
        return HttpResponse(200, json.dumps(pair).encode())

    def _exchanged(self, request: HttpRequest) -> dict[str, str]:
        kind = request.headers.get("content-type", "")
        form = request.parameters if kind.startswith("application/x-www-form-urlencoded") else {}
        if form.get("app_id") != self.app_id:
            raise Refusal(INVALID_APP, "Invalid app id")
        if request.headers.get("secret_key") != self.app_secret:
            raise Refusal(INVALID_SECRET, "Invalid secret key")
        match form.get("grant_type"):
            case "refresh_token":
                self._check_refresh(str(form.get("refresh_token", "")))
            case "authorization_code":
                self._check_code(str(form.get("code", "")), str(form.get("code_verifier", "")))
            case _:
                raise Refusal(BAD_CODE, "Invalid grant type")
        access, refresh = self.tokens()
        lasts = str(round(ACCESS_LASTS.total_seconds()))
        return {"access_token": access, "refresh_token": refresh, "expires_in": lasts}

    def _check_refresh(self, token: str) -> None:
        ends = self._refresh_ends
        if not token or token != self._refresh or ends is None or self.now() >= ends:
            raise Refusal(REFRESH_SPENT, "Invalid refresh token")

    def _check_code(self, code: str, verifier: str) -> None:
        known = self._codes.pop(code, None)  # a code is spent by the attempt
        if known is None or self.now() - known.made_at > CODE_LASTS:
            raise Refusal(BAD_CODE, "Invalid authorization code")
        if known.challenge and known.challenge != self._challenge_of(verifier):
            raise Refusal(BAD_CODE, "Invalid code verifier")

    def _challenge_of(self, verifier: str) -> str:
        """What a verifier's challenge must be; "" for one that isn't a verifier."""
        if not _VERIFIER.match(verifier):
            return ""
        digest = hashlib.sha256(verifier.encode()).digest()
        encode = base64.urlsafe_b64encode if self.switches.challenge == "base64url" else base64.b64encode
        return encode(digest).decode().rstrip("=")

    def _check_access(self, request: HttpRequest) -> None:
        token = request.headers.get("access_token", "")
        if not token or token != self._access:
            raise Refusal(-216, "Access token is invalid")
        if self._access_ends is None or self.now() >= self._access_ends:
            code = self.switches.expired_error
            raise Refusal(code, "Access token has expired" if code == -220 else "Access token is invalid")


def oauth_error(refusal: Refusal) -> HttpResponse:
    """Only `error` is known for sure of this body."""
    body = {"error": refusal.error, "error_name": refusal.message, "error_description": refusal.message}
    return HttpResponse(200, json.dumps(body).encode())
