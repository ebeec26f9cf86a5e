"""What a measurement gives: figures for information, and targets that are reached or missed."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A measured value with the bound that was promised for it (`at_most`, else at least)."""

    name: str
    value: float
    bound: float
    unit: str
    at_most: bool = True

    @property
    def reached(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound


@dataclass(slots=True)
class Section:
    """The figures of one measurement, ready to be shown or written as JSON."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str = "") -> None:
        self.figures.append(Figure(name, value, unit))

    def as_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "figures": [{"name": f.name, "value": round(f.value, 4), "unit": f.unit} for f in self.figures],
            "targets": [
                {
                    "name": t.name,
                    "value": round(t.value, 4),
                    "bound": t.bound,
                    "at_most": t.at_most,
                    "unit": t.unit,
                    "reached": t.reached,
                }
                for t in self.targets
            ],
            "notes": self.notes,
        }


def percentile(values: Iterable[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie."""
    ordered: Sequence[float] = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured. `load`: other programs' share of the cores at the start."""

    cpu: str
    cores: int
    memory_mb: int
    python: str
    date: str
    load: float

    @classmethod
    def here(cls) -> Machine:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        today = datetime.now(UTC).date().isoformat()
        load = round(os.getloadavg()[0], 2)
        return cls(_cpu(), os.cpu_count() or 1, memory, platform.python_version(), today, load)


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()
