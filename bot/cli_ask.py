"""`xinluon ask` and `xinluon chat`: questions at the terminal, one, many or a conversation."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer

from bot.cli_common import (
    BAD_USE,
    ConfigOption,
    JsonOption,
    current_day,
    database,
    fail,
    key_of_office,
    library_of,
    settings_of,
)


def ask(
    question: Annotated[
        str | None, typer.Argument(metavar="CÂU-HỎI", help="Câu hỏi, đặt trong dấu nháy.")
    ] = None,
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help='Đọc từng dòng {"id","text","prev"?} từ đầu vào, in từng dòng kết quả.'),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Trả lời một câu hỏi."""
    library = library_of(settings_of(config))
    if jsonl:
        from bot.batch import answer_lines

        try:
            for row in answer_lines(library, sys.stdin.buffer, current_day()):
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        except BrokenPipeError:
            # The reader has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if question is None:
        fail('thiếu câu hỏi: xinluon ask "quay số trúng thưởng cần giấy gì"', BAD_USE)
    if as_json:
        from bot.batch import answer_row

        row = answer_row(library, {"id": "1", "text": question}, current_day())
        typer.echo(json.dumps(row, ensure_ascii=False, indent=2))
        return
    from bot.channels.terminal import print_reply
    from handlers.ask import ask as answer

    print_reply(answer(library, question, current_day()).reply)


def chat(config: ConfigOption = None) -> None:
    """Hỏi đáp trong cửa sổ dòng lệnh (gõ /thoat để ra)."""
    from bot.channels.terminal import Terminal
    from bot.console_address import console_address
    from bot.files_by_link import FileLinks
    from bot.logs import set_up_logs
    from bot.staff import Staff
    from handlers.desk import FrontDesk
    from office.clock import SystemClock
    from office.database import session_factory

    settings = settings_of(config)
    set_up_logs(settings.log)
    library = library_of(settings)
    with database(settings) as engine:
        key, sessions = key_of_office(settings), session_factory(engine)
        staff = Staff(
            settings,
            sessions=sessions,
            readers=session_factory(engine, read_only=True),
            clock=SystemClock(),
            hash_key=key,
            library=lambda: library,
            console_address=lambda: console_address(settings),
        )
        code = staff.prepare()
        if code:
            typer.echo(f"Chưa có quản trị. Gõ: /nhanquyen {code} Họ và tên (hạn 24 giờ)")
        desk = FrontDesk(
            library=lambda: library,
            sessions=sessions,
            clock=SystemClock(),
            hash_key=key,
            limits=settings.limits,
            staff=staff.router,
        )
        links = FileLinks(
            sessions=sessions,
            clock=SystemClock(),
            public_url=settings.web.public_url,
            days=settings.web.file_days,
        )
        Terminal(desk, addresses=links).run()
