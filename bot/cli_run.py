"""`xinluon run`: the service, in the foreground until it is stopped."""

from __future__ import annotations

import typer

from bot.cli_common import BAD_USE, PROBLEMS, UNAVAILABLE, ConfigOption, fail, settings_of
from knowledge.strict_yaml import BadYaml


def run(config: ConfigOption = None) -> None:
    """Chạy dịch vụ: trang web và các kênh đã bật (Zalo, Telegram)."""
    settings = settings_of(config)  # before the heavy parts: what is wrong with it is told at once
    import asyncio

    from bot.app import Office
    from bot.carriers import carriers
    from bot.channels.base import ChannelDown
    from bot.console_address import claim_link
    from bot.logs import set_up_logs
    from office.database import DatabaseUnavailable
    from office.secrets import BadSetting

    set_up_logs(settings.log)

    async def serve() -> None:
        office = Office(settings)

        def ready(address: str) -> None:
            typer.echo(f"Xin Luôn đang phục vụ tại {address} (Ctrl+C để dừng)")
            if office.claim_code:
                where = "Nhắn riêng cho bot" if carriers(settings) else "Gõ trong xinluon chat"
                said = f"/nhanquyen {office.claim_code} Họ và tên"
                typer.echo(f"Chưa có quản trị. {where}: {said} (hạn 24 giờ)")
                if link := claim_link(settings, office.claim_code, office.port):
                    typer.echo(f"Hoặc mở trên trình duyệt: {link}")

        await office.serve(ready=ready)

    try:
        asyncio.run(serve())
    except DatabaseUnavailable as exc:
        fail(f"{exc.message} → {exc.mend}", UNAVAILABLE)
    except ChannelDown as exc:
        fail(exc.reason, UNAVAILABLE)
    except BadSetting as exc:
        fail(f"{exc.message} → {exc.mend}", BAD_USE)
    except BadYaml as exc:
        fail(str(exc), PROBLEMS)
    typer.echo("Đã dừng.")
