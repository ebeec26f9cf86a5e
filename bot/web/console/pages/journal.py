"""Nhật ký: who did what, when and why; whether it is whole; and the same as an Excel file."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import Select, select

from bot.files import audit as audit_words
from bot.web.console import deeds, tables
from bot.web.console.entries import Section, get, post
from bot.web.console.tables import Column, Filter, Table
from bot.web.console.texts import texts
from bot.web.console.visit import Answer, Shown, Visit
from office import audit
from office.audit import Deed
from office.people import Member
from office.rights import Action, demand

PROGRAM = "0"  # the filter's value for what the program did itself


def show(visit: Visit) -> Answer:
    """The deeds, the newest first."""
    return tables.answer(
        visit,
        _table(deeds.Names(visit.session)),
        tables.Query(statement=_query(visit), entity=True, tie=Deed.id),
        "journal.html",
        filters=_filters(visit),
    )


def verify(visit: Visit) -> Answer:
    """Go through the whole chain: long with many rows, so on demand, and while others write on."""
    demand(visit.person.roles, Action.AUDIT)
    found = audit.verify(visit.session)
    if found.broken_at is not None:
        lines = [texts()("journal.broken", why=found.why)]
    else:
        rows = f"{found.rows:,}".replace(",", ".")
        lines = [texts()("journal.whole", rows=rows), texts()("journal.seal", head=found.head)]
    return Shown("verdict.html", {"lines": lines, "whole": found.broken_at is None})


def _query(visit: Visit) -> Select[Any]:
    query = select(Deed).order_by(Deed.id.desc())
    who, what, about = visit.arg("nguoi"), visit.arg("viec"), visit.arg("ve")
    if who == PROGRAM:
        query = query.where(Deed.actor_id.is_(None))
    elif who.isdecimal():
        query = query.where(Deed.actor_id == int(who[:18]))
    if what:
        query = query.where(Deed.action == what)
    if about:
        query = query.where(Deed.subject == about)
    if visit.number("so") >= 0:
        query = query.where(Deed.subject_id == visit.number("so"))
    since, until = tables.day_of(visit, "tu"), tables.day_of(visit, "den")
    return query.where(*tables.between(Deed.at, since, until))


def _filters(visit: Visit) -> tuple[Filter, ...]:
    people = visit.session.execute(select(Member.id, Member.name).order_by(Member.name)).all()
    who = [(PROGRAM, texts()("journal.program")), *((str(row.id), row.name) for row in people)]
    return (
        Filter("nguoi", "Người làm", "choice", who),
        Filter("viec", "Việc", "choice", audit_words.actions()),
        Filter("ve", "Đối tượng", "choice", audit_words.subjects()),
        Filter("so", "Số của đối tượng"),
        Filter("tu", "Từ ngày", "date"),
        Filter("den", "Đến ngày", "date"),
    )


def _table(names: deeds.Names) -> Table:
    def changed(deed: Deed) -> list[str]:
        return deeds.changes(deed.subject, deed.before, deed.after, names)

    def about(deed: Deed) -> str:
        number = f" số {deed.subject_id}" if deed.subject_id is not None else ""
        name = names.subject(deed.subject, deed.subject_id)
        return f"{audit_words.subject_label(deed.subject)}{number}{f': {name}' if name else ''}"

    return Table(
        name="nhat-ky",
        caption="Nhật ký",
        columns=(
            Column("so", "Dòng", lambda deed: deed.serial, order=Deed.serial, width=8),
            Column("luc", "Lúc", lambda deed: deed.at, order=Deed.at, width=18),
            Column(
                "nguoi",
                "Người làm",
                lambda deed: (
                    names.of("member", deed.actor_id) if deed.actor_id else texts()("journal.program")
                ),
                width=26,
            ),
            Column("viec", "Việc", lambda deed: audit_words.action_label(deed.action), width=30, main=True),
            Column("ve", "Đối tượng", about, width=36),
            Column(
                "gi",
                "Thay đổi",
                lambda deed: "\n".join(changed(deed)),
                show=lambda deed: Markup("<br>").join(escape(line) for line in changed(deed)),
                width=60,
            ),
            Column("vi", "Lý do", lambda deed: deed.reason, width=40),
        ),
        empty="Chưa có việc nào được ghi.",
    )


SECTION = Section(
    key="nhat-ky",
    label="Nhật ký",
    path="/nhat-ky",
    action=Action.AUDIT,
    entries=(
        get("/nhat-ky", show, action=Action.AUDIT),
        post("/nhat-ky/kiem", verify, action=Action.AUDIT, again=show, writes=False),
    ),
)
