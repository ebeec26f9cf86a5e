"""The terminal: choices by number, files as links."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from bot.channels.terminal import Terminal
from office.messages import Choice, ChoiceKind, File, Incoming, Line, Reply

PDF = File(name="Kế hoạch.pdf", media_type="application/pdf", content=b"%PDF-1.4")


class Desk:
    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.answered_: list[str] = []

    def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        return (self.reply,)

    def answered(self, incoming: Incoming) -> None:
        self.answered_.append(incoming.text)


class Addresses:
    async def address(self, file: File) -> str | None:
        return f"https://sct.example.vn/tep/s/{file.name}"


def said(reply: Reply, addresses: Addresses | None = None) -> str:
    out = StringIO()

    def read() -> str:
        raise EOFError

    desk = Desk(reply)
    console = Console(file=out, width=200)
    Terminal(desk, read=read, console=console, addresses=addresses).run()
    assert desk.answered_ == ["/start"]
    return out.getvalue()


def test_a_file_is_shown_as_a_link_where_an_address_can_be_made() -> None:
    choice = Choice(kind=ChoiceKind.OPTION, label="Tiếp", payload="m")
    reply = Reply(lines=(Line("Đây ạ."),), choices=(choice,), files=(PDF,))
    shown = said(reply, Addresses())
    assert "Tệp Kế hoạch.pdf: https://sct.example.vn/tep/s/Kế hoạch.pdf" in shown
    assert "1. Tiếp" in shown
    assert "không gửi được" not in shown


def test_a_file_without_an_address_is_named_with_where_to_get_it() -> None:
    shown = said(Reply(lines=(Line("Đây ạ."),), files=(PDF,)))
    assert "Kênh này không gửi được tệp (Kế hoạch.pdf)" in shown
    assert "bàn làm việc của Văn phòng" in shown
