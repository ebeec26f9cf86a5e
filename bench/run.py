"""Measure, print what was found beside what was promised, and fail when a promise is broken.

From the command line: `xinluon bench all|search|start|delivery|console [--json]`.
`python -m bench.run start --verbose` also names the slowest imports.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from bench import console_speed, delivery_speed, search_speed, start_speed
from bench.figures import Machine, Section

PARTS = ("all", "search", "start", "delivery", "console")
_MISSED = 1


def run(what: str, *, as_json: bool = False, verbose: bool = False) -> None:
    """Measure a part or all. Exits with 1 when a target is missed."""
    machine = Machine.here()
    started = time.perf_counter()
    sections = measure(what, verbose=verbose)
    seconds = time.perf_counter() - started
    if as_json:
        rows = [section.as_dict() for section in sections]
        report = {"machine": asdict(machine), "seconds": round(seconds, 1), "sections": rows}
        sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    else:
        show(machine, sections, seconds)
    if not all(target.reached for section in sections for target in section.targets):
        sys.exit(_MISSED)


def measure(what: str, *, verbose: bool = False) -> list[Section]:
    """The measurements of a part, one after the other."""
    sections = []
    if what in ("all", "start"):
        sections += [start_speed.measure_start(verbose=verbose), start_speed.measure_memory()]
    if what in ("all", "search"):
        sections += [
            search_speed.measure_shipped(),
            search_speed.measure_build(),
            search_speed.measure_synthetic(),
        ]
    if what in ("all", "delivery"):
        sections += delivery_speed.measure_delivery()
    if what in ("all", "console"):
        sections += console_speed.measure_console()
    return sections


def show(machine: Machine, sections: Sequence[Section], seconds: float) -> None:
    """Tables for people at a terminal."""
    console = Console()
    console.print(
        f"Máy: {machine.cpu}, {machine.cores} nhân, {machine.memory_mb} MB; "
        f"Python {machine.python}; ngày {machine.date}; tải lúc bắt đầu {machine.load}",
        soft_wrap=True,
    )
    for section in sections:
        table = Table(title=section.title, title_justify="left", min_width=64)
        table.add_column("Số đo")
        table.add_column("Giá trị", justify="right")
        for figure in section.figures:
            table.add_row(figure.name, f"{_number(figure.value)} {figure.unit}".rstrip())
        console.print(table)
        for note in section.notes:
            console.print(f"  {note}")
    table = Table(title="Mục tiêu", title_justify="left", min_width=64)
    for name in ("Mục tiêu", "Đo được", "Cần", ""):
        table.add_column(name, justify="left" if name in ("Mục tiêu", "") else "right")
    for section in sections:
        for target in section.targets:
            bound = f"{'≤' if target.at_most else '≥'} {_number(target.bound)} {target.unit}"
            verdict = "[green]đạt[/]" if target.reached else "[red]chưa đạt[/]"
            table.add_row(target.name, f"{_number(target.value)} {target.unit}", bound, verdict)
    console.print(table)
    console.print(f"Đo trong {seconds:.0f} giây; mỗi câu tính theo trung vị của {search_speed.ROUNDS} lượt.")


def _number(value: float) -> str:
    """As people write it: 100.000, 0,53, 12."""
    if value == int(value) or value >= 100:
        text = f"{value:,.0f}"
    else:
        text = f"{value:,.2f}" if value < 10 else f"{value:,.1f}"
    return text.translate(str.maketrans(",.", ".,"))


def main() -> None:
    """The same from `python -m bench.run`."""
    parser = argparse.ArgumentParser(description="Đo tốc độ, khởi động, bộ nhớ và việc gửi tin.")
    parser.add_argument("what", choices=PARTS, nargs="?", default="all")
    parser.add_argument("--json", action="store_true", help="in dạng JSON")
    parser.add_argument("--verbose", action="store_true", help="kèm mười module nạp lâu nhất")
    args = parser.parse_args()
    run(args.what, as_json=args.json, verbose=args.verbose)


if __name__ == "__main__":
    main()
