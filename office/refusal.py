"""What the program can't do for somebody, said to them."""

from __future__ import annotations


class Refused(Exception):
    """What can't be done, and what to do instead, in Vietnamese. Nothing has been changed."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(f"{message} {mend}".strip())
        self.message = message
        self.mend = mend
