"""The picture of the on-time shares."""

from __future__ import annotations

import struct
import subprocess
import sys
from datetime import date

import pytest
from matplotlib.figure import Figure

from bot.files.chart import MAX_BARS, on_time_png
from scheduler.statistics import Share

SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 30)


def share(name: str, total: int, on_time: int, late: int = 0) -> Share:
    return Share(
        name=name,
        key_id=1,
        total=total,
        on_time=on_time,
        late=late,
        open_late=total - on_time - late,
        extended=0,
        mean_late_days=None,
    )


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures as they are saved."""
    figures: list[Figure] = []
    save = Figure.savefig

    def keep(self: Figure, *args: object, **more: object) -> None:
        figures.append(self)
        save(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", keep)
    return figures


def texts(figure: Figure) -> list[str]:
    found = [t.get_text() for t in figure.texts]
    return found + [t.get_text() for axes in figure.axes for t in axes.texts]


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_each_bar_has_its_name_and_numbers(drawn: list[Figure]) -> None:
    on_time_png([share("Phòng Kỹ thuật an toàn", 3, 2, 1), share("Thanh tra", 0, 0)], "Tỷ lệ", SINCE, UNTIL)
    found = texts(drawn[0])
    assert "Phòng Kỹ thuật an toàn" in found
    assert "66,7%  (2/3)" in found
    assert "chưa có nhiệm vụ đến hạn" in found
    assert "Nhiệm vụ có hạn từ 01/11/2026 đến 30/11/2026" in found


def test_the_parts_of_a_bar_are_as_long_as_their_counts(drawn: list[Figure]) -> None:
    on_time_png([share("Văn phòng", 10, 7, 2)], "Tỷ lệ", SINCE, UNTIL)
    widths = [round(patch.get_width(), 3) for patch in drawn[0].axes[0].patches]  # type: ignore[attr-defined]
    assert widths == [1, 0.7, 0.2, 0.1]


def test_nothing_counted_gives_a_picture_that_says_so(drawn: list[Figure]) -> None:
    for shares in ([], [share("Thanh tra", 0, 0)]):
        assert size(on_time_png(shares, "Tỷ lệ", SINCE, UNTIL))[0] == 1080
        found = texts(drawn.pop())
        assert any("chưa có nhiệm vụ nào đến hạn" in text for text in found)
        assert not any("%" in text for text in found)


def test_many_bars_are_cut_and_the_picture_stays_within_telegrams_bounds(drawn: list[Figure]) -> None:
    width, height = size(on_time_png([share("Phòng", 4, 1)] * (MAX_BARS + 5), "Tỷ lệ", SINCE, UNTIL))
    assert width + height <= 10_000
    assert height < 20 * width
    assert "và 5 dòng nữa, xem trong tệp Excel." in texts(drawn[0])


@pytest.mark.parametrize(
    "name",
    ["$a_b$ 100%", "TRUNG TÂM KHUYẾN CÔNG VÀ TƯ VẤN PHÁT TRIỂN CÔNG NGHIỆP TỈNH", "a\x00b", "Trươ\u031bng"],
)
def test_odd_names_are_drawn_and_leave_room_for_the_numbers(drawn: list[Figure], name: str) -> None:
    on_time_png([share(name, 1200, 1000)], name, SINCE, UNTIL)
    axes = drawn[0].axes[0]
    label, value = axes.texts[0].get_window_extent(), axes.texts[1].get_window_extent()
    assert label.x1 < value.x0
    assert value.x1 <= drawn[0].bbox.x1


def test_the_library_is_loaded_only_when_something_is_drawn() -> None:
    code = (
        "import sys, bot.files.chart, bot.files.workbook, bot.files.imports, bot.files.feed;"
        "print(sorted({'matplotlib', 'openpyxl', 'icalendar'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
