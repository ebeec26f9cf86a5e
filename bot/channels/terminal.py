"""The terminal as a channel: a conversation line by line, choices picked by number."""

from __future__ import annotations

import asyncio
import getpass
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from bot.channels.base import Desk, FileAddresses, addresses_of
from office.messages import Capabilities, ChannelState, ChoiceKind, Incoming, Reply, Style, with_links

NAME = "terminal"
_LEAVE = frozenset({"/thoat", "/exit", "/quit", "exit", "quit"})
_STYLES = {
    Style.TITLE: "bold",
    Style.TEXT: "",
    Style.ITEM: "",
    Style.WARNING: "yellow",
    Style.SOURCE: "dim",
}


def print_reply(reply: Reply, console: Console | None = None, *, choices: bool = False) -> None:
    """Show a reply; with `choices`, the numbers that pick them, else only what there is to choose from."""
    console = console or Console(soft_wrap=not sys.stdout.isatty())
    for line in reply.lines:
        if line.style is Style.ITEM:
            console.print(Text(f"  • {line.text}"))
        else:
            prefix = "⚠ " if line.style is Style.WARNING else ""
            console.print(Text(prefix + line.text, style=_STYLES[line.style.shown]))
    for choice in reply.choices:
        if choice.kind is ChoiceKind.LINK:
            console.print(Text(f"{choice.label}: {choice.url}", style="dim"))
    if choices:
        _print_choices(reply, console)
    else:
        for choice in reply.choices:
            if choice.kind is ChoiceKind.OPTION:
                console.print(Text(f"  – {choice.label}", style="cyan"))


def _print_choices(reply: Reply, console: Console) -> None:
    for number, choice in enumerate(reply.numbered(), 1):
        box = ("[x] " if choice.ticked else "[ ] ") if choice.kind is ChoiceKind.TICK else ""
        console.print(Text(f"  {number}. {box}{choice.label}", style="cyan"))


class Terminal:
    """A conversation on standard input and output; it has the program to itself."""

    name = NAME
    capabilities = Capabilities(buttons=False, edit=False, links=False, max_text=100_000)

    def __init__(
        self,
        desk: Desk,
        *,
        read: Callable[[], str] | None = None,
        console: Console | None = None,
        addresses: FileAddresses | None = None,
    ) -> None:
        """`read` gives the next line and raises EOFError at the end; `addresses`: for files, which the
        terminal takes as links."""
        self.state = ChannelState(NAME, up=True)
        self._desk = desk
        self._addresses = addresses
        self._console = console or Console(soft_wrap=not sys.stdout.isatty())
        self._read = read or self._prompt
        self._chat = secrets.token_hex(8)

    def _prompt(self) -> str:
        return input("\nAnh/chị hỏi: ") if sys.stdin.isatty() else input()

    def run(self) -> None:
        """Talk until /thoat, Ctrl+D or Ctrl+C. Not in a loop: there Ctrl+C would wait for the next line."""
        self._say("/start")
        while True:
            try:
                line = self._read()
            except (EOFError, KeyboardInterrupt):
                break
            if line.strip().casefold() in _LEAVE:
                break
            self._say(line)
        self._console.print("Tạm biệt anh/chị.")

    def _say(self, text: str) -> None:
        incoming = Incoming(
            channel=NAME,
            account=NAME,
            key=secrets.token_hex(16),
            chat=self._chat,
            sender=getpass.getuser(),
            at=datetime.now(UTC),
            text=text,
        )
        replies = self._desk.handle(incoming)
        for reply in replies:
            self._console.print()
            print_reply(self._linked(reply), self._console, choices=True)
        self._desk.answered(incoming)

    def _linked(self, reply: Reply) -> Reply:
        return with_links(reply, asyncio.run(addresses_of(reply, self._addresses)) if reply.files else {})
