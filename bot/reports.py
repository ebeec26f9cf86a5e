"""Figures for people at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from knowledge.evaluation import Report, Verdict

_NAMES = {
    Verdict.RIGHT: "Trả lời đúng",
    Verdict.AMONG_CHOICES: "Đúng trong các lựa chọn",
    Verdict.WRONG: "Trả lời sai",
    Verdict.MISSED: "Bỏ lỡ",
    Verdict.REFUSED: "Từ chối đúng",
    Verdict.ASKED_BACK: "Hỏi lại",
    Verdict.FALSE_ANSWER: "Trả lời nhầm là trong phạm vi",
}


def print_evaluation(report: Report, name: str) -> None:
    """The verdicts in and out of scope, the shares that matter, and each style."""
    console = Console()
    table = Table(title=f"Kết quả chấm {name}")
    table.add_column("Loại")
    table.add_column("Số câu", justify="right")
    table.add_column("Tỉ lệ", justify="right")
    for title, counter in (("trong phạm vi", report.in_scope), ("ngoài phạm vi", report.out_of_scope)):
        total = sum(counter.values())
        if not total:
            continue
        table.add_row(f"Câu {title}", str(total), "")
        for verdict, count in counter.most_common():
            table.add_row(f"  {_NAMES[verdict]}", str(count), f"{count / total:.1%}")
    console.print(table)
    good = report.share(Verdict.RIGHT, Verdict.AMONG_CHOICES)
    console.print(
        f"Đúng hoặc đúng trong lựa chọn {good:.1%} · sai {report.share(Verdict.WRONG):.1%} · "
        f"ngoài phạm vi mà trả lời {report.share(Verdict.FALSE_ANSWER, out=True):.1%}"
    )
    console.print(
        "Đúng mục được hỏi (trong các câu trả lời đúng): "
        f"{report.facets[True] / max(1, report.facets.total()):.1%} · "
        f"tìm kiếm p50 {report.percentile(0.5):.2f} ms, p99 {report.percentile(0.99):.2f} ms"
    )
    styles = Table(title="Theo cách viết")
    styles.add_column("Cách viết")
    styles.add_column("Tốt", justify="right")
    styles.add_column("Số câu", justify="right")
    for style, hits in sorted(report.by_style.items(), key=lambda item: -item[1].total()):
        styles.add_row(style, f"{hits[True] / hits.total():.0%}", str(hits.total()))
    console.print(styles)
