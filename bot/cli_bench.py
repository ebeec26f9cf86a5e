"""`xinluon bench`: how fast it searches, starts and sends; needs the source folder."""

from __future__ import annotations

import typer

from bot.cli_common import BAD_USE, JsonOption, fail
from bot.cli_words import Command, Group

bench_app = typer.Typer(
    cls=Group, help="Đo tốc độ tìm kiếm, khởi động và gửi tin.", no_args_is_help=True, rich_markup_mode=None
)


@bench_app.command("all", cls=Command)
def bench_all(as_json: JsonOption = False) -> None:
    """Đo tất cả: tìm kiếm, khởi động, bộ nhớ, gửi tin.

    Tìm kiếm đo ở cỡ hiện có và ở 100.000 cụm từ.
    """
    _bench("all", as_json)


@bench_app.command("search", cls=Command)
def bench_search(as_json: JsonOption = False) -> None:
    """Đo tìm kiếm, bên cạnh rapidfuzz WRatio và bm25s.

    Trong cùng một lần chạy.
    """
    _bench("search", as_json)


@bench_app.command("start", cls=Command)
def bench_start(as_json: JsonOption = False) -> None:
    """Đo khởi động nguội và bộ nhớ."""
    _bench("start", as_json)


@bench_app.command("delivery", cls=Command)
def bench_delivery(as_json: JsonOption = False) -> None:
    """Đo việc gửi tin: đúng giờ, tốc độ, giới hạn của Telegram.

    Bên cạnh cách gửi thường gặp.
    """
    _bench("delivery", as_json)


@bench_app.command("console", cls=Command)
def bench_console(as_json: JsonOption = False) -> None:
    """Đo trang của Văn phòng trên dữ liệu một năm.

    Và một thông báo tới 10.000 cuộc trò chuyện.
    """
    _bench("console", as_json)


def _bench(what: str, as_json: bool) -> None:
    try:
        from bench.run import run as measure
    except ImportError as exc:
        fail(f"thiếu thư viện để đo ({exc.name}): chạy «make setup-dev» trong thư mục mã nguồn", BAD_USE)
    measure(what, as_json=as_json)
