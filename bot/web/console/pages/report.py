"""Báo cáo: the report to the leaders for any days, with charts, and as Word, Excel and a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from bot.files.office_report import DOCX
from bot.files.office_report_docx import report_docx
from bot.files.office_report_png import report_png
from bot.files.office_report_words import file_name
from bot.files.office_report_xlsx import report_xlsx
from bot.files.workbook import XLSX
from bot.web.console import charts, tables
from bot.web.console.entries import Section, get
from bot.web.console.kept import Recent
from bot.web.console.visit import Answer, Download, Missing, Shown, Visit
from handlers.office_report import making
from handlers.office_report.figures import OfficeReport, Questions
from handlers.office_report.indicators import indicators, shown
from handlers.office_report.tables import Kind, cell_text
from handlers.office_report.tables import tables as report_tables
from handlers.office_report.wording import how, not_over, remarks, sentences
from handlers.staff.periods import parse_period
from office.refusal import Refused
from office.rights import Action, demand

PRESETS = ("Tháng này", "Tháng trước", "Quý này", "Năm nay")
_DRAWN = frozenset({"indicators", "hours", "days"})  # shown otherwise than as tables
_recent: Recent[OfficeReport] = Recent()
_MOST_DAYS = 62  # that are drawn one by one; more are drawn by months

_FILES: dict[str, tuple[str, Callable[[OfficeReport], bytes]]] = {
    "docx": (DOCX, report_docx),
    "xlsx": (XLSX, report_xlsx),
    "png": ("image/png", report_png),
}


@dataclass(frozen=True, slots=True)
class Preset:
    """Days to choose with one tap."""

    label: str
    since: date
    until: date
    chosen: bool

    @property
    def query(self) -> str:
        """The address of the page of these days."""
        return urlencode({"tu": self.since.isoformat(), "den": self.until.isoformat()})


def show(visit: Visit) -> Answer:
    """The report of the chosen days; of this month where none are chosen."""
    trouble = ""
    since, until = _days(visit)
    try:
        report, counted_at = _made(visit, since, until)
    except Refused as refused:
        trouble = f"{refused.message} {refused.mend}".strip()
        since, until = parse_period("", visit.today)
        report, counted_at = _made(visit, since, until)
    values = _values(visit, report, since, until)
    return Shown("report.html", {"trouble": trouble, "counted_at": counted_at, **values})


def download(visit: Visit) -> Answer:
    """The report of the chosen days as a file."""
    kind = str(visit.request.path_params["kind"])
    if kind not in _FILES:
        raise Missing
    media_type, make = _FILES[kind]
    report, _ = _made(visit, *_days(visit))
    return Download(f"{file_name(report)}.{kind}", media_type, make(report))


def _days(visit: Visit) -> tuple[date, date]:
    since, until = tables.day_of(visit, "tu"), tables.day_of(visit, "den")
    if since is None and until is None:
        return parse_period("", visit.today)
    last = until or visit.today
    return since or last.replace(day=1), last


def _made(visit: Visit, since: date, until: date) -> tuple[OfficeReport, datetime]:
    """The report and when it was counted: the page and the files of the same minute agree."""
    demand(visit.person.roles, Action.OFFICE_REPORT)
    library = visit.parts.library()

    def make() -> OfficeReport:
        return making.office_report(
            visit.session,
            library,
            since,
            until,
            today=visit.today,
            calendar=visit.parts.work.calendar(),
        )

    key = (visit.parts.settings.database.url, library.version, since, until, visit.today)
    return _recent.get(key, make, now=visit.now)


def _values(visit: Visit, report: OfficeReport, since: date, until: date) -> dict[str, object]:
    query = urlencode({"tu": since.isoformat(), "den": until.isoformat()})
    return {
        "report": report,
        "since": since,
        "until": until,
        "presets": [_preset(visit, label, since, until) for label in PRESETS],
        "files": [(kind, f"/bao-cao/tep/{kind}?{query}") for kind in _FILES],
        "not_over": not_over(report),
        "remarks": remarks(report),
        "how": how(report),
        "sentences": sentences(report),
        "indicators": [
            (one.name, shown(one.now), shown(one.before), one.change) for one in indicators(report)
        ],
        "tables": {table.key: table for table in report_tables(report) if table.key not in _DRAWN},
        "kinds": Kind,
        "cell_text": cell_text,
        "hours": charts.bars([(str(hour), n) for hour, n in enumerate(report.questions.hours)], every=3),
        "days": _days_chart(report.questions),
    }


def _preset(visit: Visit, label: str, since: date, until: date) -> Preset:
    first, last = _preset_days(label, visit.today)
    return Preset(label, first, last, chosen=(first, last) == (since, until))


def _preset_days(label: str, today: date) -> tuple[date, date]:
    if label == "Quý này":
        return parse_period(f"quý {(today.month - 1) // 3 + 1}", today)
    return parse_period(label, today)


def _days_chart(questions: Questions) -> charts.Chart:
    days = questions.days
    if len(days) <= _MOST_DAYS:
        every = max(1, len(days) // 6)
        return charts.bars([(f"{day:%d/%m}", count) for day, count in days], every=every)
    months = Counter[str]()
    for day, count in days:
        months[f"{day:%m/%Y}"] += count
    return charts.bars(list(months.items()), every=max(1, len(months) // 6))


SECTION = Section(
    key="bao-cao",
    label="Báo cáo",
    path="/bao-cao",
    action=Action.OFFICE_REPORT,
    entries=(
        get("/bao-cao", show, action=Action.OFFICE_REPORT),
        get("/bao-cao/tep/{kind}", download, action=Action.OFFICE_REPORT),
    ),
)
