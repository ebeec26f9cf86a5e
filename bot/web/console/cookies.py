"""What the browser keeps of the console: the session's secret, and once what has just been done."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from bot.web.console.visit import ROOT

_LONGEST_SAID = 1000  # characters; a browser keeps 4096 bytes


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and writes them. `secure`: the office is reached over https."""

    secure: bool

    @property
    def session_name(self) -> str:
        """With the prefix that lets no insecure page set it; `__Host-` would ask for the path «/»."""
        return "__Secure-xinluon_van_phong" if self.secure else "xinluon_van_phong"

    @property
    def said_name(self) -> str:
        return f"{self.session_name}_bao"

    def secret(self, request: Request) -> str:
        """The session's secret, "" for none."""
        return request.cookies.get(self.session_name, "")[:200]

    def keep(self, response: Response, secret: str) -> None:
        """Let the browser remember the session, until it is closed."""
        self._set(response, self.session_name, secret)

    def forget(self, response: Response) -> None:
        """Log out in this browser."""
        for name in (self.session_name, self.said_name):
            response.delete_cookie(name, path=ROOT, secure=self.secure, httponly=True, samesite="lax")

    def say(self, response: Response, text: str, secret: str) -> None:
        """Let the next page say what was done; signed, so that nobody else puts words in our mouth."""
        words = base64.urlsafe_b64encode(text[:_LONGEST_SAID].encode()).decode()
        self._set(response, self.said_name, f"{words}.{sign(secret, 'said', words)}", seconds=60)

    def said(self, request: Request, secret: str) -> str:
        """What was done on the page before, "" for nothing."""
        words, _, mark = request.cookies.get(self.said_name, "").partition(".")
        if not words or not hmac.compare_digest(mark.encode(), sign(secret, "said", words).encode()):
            return ""
        return base64.urlsafe_b64decode(words).decode()

    def hush(self, response: Response) -> None:
        """It has been said."""
        response.delete_cookie(self.said_name, path=ROOT, secure=self.secure, httponly=True, samesite="lax")

    def _set(self, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
        response.set_cookie(
            name, value, max_age=seconds, path=ROOT, secure=self.secure, httponly=True, samesite="lax"
        )


def csrf_of(secret: str) -> str:
    """What every form of a session carries: only our own pages can know it."""
    return sign(secret, "csrf", "")


def sign(secret: str, purpose: str, text: str) -> str:
    """A mark of the text that only who knows the secret can make."""
    return hmac.new(secret.encode(), f"{purpose}\0{text}".encode(), "sha256").hexdigest()
