"""`xinluon vaoban`: a link to the console from the server, for offices without a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_common import (
    BAD_USE,
    PROBLEMS,
    ConfigOption,
    current_moment,
    fail,
    key_of_office,
    office_session,
    settings_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from office.people import Person


def enter(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NGƯỜI", help="Họ tên hoặc #số của người vào; bỏ trống: quản trị.", show_default=False
        ),
    ] = "",
    config: ConfigOption = None,
) -> None:
    """In liên kết vào trang Văn phòng, dùng một lần trong 10 phút."""
    settings = settings_of(config)
    from bot.console_address import console_address
    from office import console_access
    from office.refusal import Refused

    address = console_address(settings)
    if address is None:
        fail("trang Văn phòng đang tắt (console.enabled)", BAD_USE)
    if not address.public and settings.web.port == 0:
        fail("cổng để tự chọn (web.port: 0) nên không biết địa chỉ: đặt một cổng cố định", BAD_USE)
    with office_session(settings) as session:
        who = _chosen(session, name)
        try:
            token = console_access.make_link(
                session, who, now=current_moment(), hash_key=key_of_office(settings)
            )
        except Refused as refused:
            fail(f"{who.name}: {refused.message}", PROBLEMS)
        session.commit()
    typer.echo(f"Liên kết của {who.name}, dùng một lần trong {console_access.LINK_MINUTES} phút:")
    typer.echo(f"{address.url}{token}")


def _chosen(session: Session, name: str) -> Person:
    """Who is meant: by name, or the first admin. Ends the command when that is nobody, or several."""
    from office import people

    found: Sequence[Person] = (
        people.find_people(session, name) if name else people.with_role(session, people.Role.ADMIN)[:1]
    )
    if not found and not name:
        fail("cơ quan chưa có quản trị: lấy mã nhận quyền bằng «xinluon people admin»", PROBLEMS)
    if not found:
        fail(f"không thấy ai tên «{name}»", PROBLEMS)
    if len(found) > 1:
        several = "; ".join(f"#{p.id} {p.name}" for p in found[:10])
        fail(f"có {len(found)} người tên «{name}»: {several}. Gõ #số để chọn", PROBLEMS)
    return found[0]
