"""The report to the leaders in chat: /baocao tháng 11."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.office_report.making import office_report
from handlers.office_report.wording import as_lines
from handlers.staff.periods import parse_period
from handlers.staff.request import Command, Replies, StaffRequest, Tapped
from office.messages import Reply
from office.rights import Action, demand


def _report(request: StaffRequest, rest: str) -> Replies:
    """/baocao tháng 11, /baocao từ 01/11 đến 20/11: a summary, a picture, Word and Excel."""
    demand(request.me.roles, Action.OFFICE_REPORT)
    since, until = parse_period(rest, request.today)
    found = office_report(
        request.session,
        request.library(),
        since,
        until,
        today=request.today,
        calendar=request.work.calendar(),
    )
    return (Reply(lines=as_lines(found), files=request.papers.office_report(found)),)


COMMANDS = (
    Command(
        words=("baocao",),
        run=_report,
        help="/baocao tháng 11: báo cáo gửi lãnh đạo (chữ, hình, Word, Excel)",
        action=Action.OFFICE_REPORT,
    ),
)
TAPS: Mapping[str, Tapped] = {}
