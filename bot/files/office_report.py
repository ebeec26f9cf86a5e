"""The files of the report to the leaders."""

from __future__ import annotations

from bot.files.office_report_docx import report_docx
from bot.files.office_report_png import report_png
from bot.files.office_report_words import file_name
from bot.files.office_report_xlsx import report_xlsx
from bot.files.workbook import XLSX
from handlers.office_report.figures import OfficeReport
from office.messages import File

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def report_files(report: OfficeReport) -> tuple[File, ...]:
    """The picture, the Word document and the workbook."""
    name = file_name(report)
    return (
        File(name=f"{name}.png", media_type="image/png", content=report_png(report), picture=True),
        File(name=f"{name}.docx", media_type=DOCX, content=report_docx(report)),
        File(name=f"{name}.xlsx", media_type=XLSX, content=report_xlsx(report)),
    )
