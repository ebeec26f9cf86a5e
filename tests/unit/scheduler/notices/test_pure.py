"""What is decided about notices without a database: words, changes, templates, kinds of files."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.assignments import Priority
from office.deliveries import Status
from office.messages import File, Style
from office.notices import Notice, NoticeState, NoticeTemplate
from office.people import Role
from office.refusal import Refused
from scheduler.calendar import WorkCalendar
from scheduler.notices.attachments import media_type_of
from scheduler.notices.audience import Audience
from scheduler.notices.changing import Change, Part, change_of
from scheduler.notices.desk import Notices
from scheduler.notices.drafts import Draft, new_row
from scheduler.notices.leaving import when_leaves
from scheduler.notices.templates import blanks, blanks_of, fill
from scheduler.notices.wording import compose, preview, tap, trial
from scheduler.outbox import Outbox
from scheduler.quiet import QuietHours

CALENDAR = WorkCalendar.shipped()
QUIET = QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=CALENDAR)
NOTICES = Notices(outbox=Outbox(quiet=QUIET), calendar=lambda: CALENDAR)
NOW = datetime(2026, 11, 25, 1, tzinfo=UTC)  # Wednesday, 8:00
TWO_DAYS = timedelta(hours=48)


def notice(**fields: object) -> Notice:
    values: dict[str, object] = {"title": "Họp giao ban", "body": "Mời dự họp."} | fields
    row = new_row(Draft(**values), now=NOW, state=NoticeState.DRAFT)  # type: ignore[arg-type]
    row.id = 12
    return row


def test_a_notice_reads_like_one_from_the_office() -> None:
    reply = compose(
        notice(
            priority=Priority.EXPRESS,
            document="12/TB-SCT",
            document_date=date(2026, 11, 20),
            body="Mời dự họp.\n\n- Thời gian: 8:00\n• Địa điểm: phòng họp 1",
            confirm=True,
        ),
        office="Sở Công Thương",
    )
    assert [line.text for line in reply.lines] == [
        "HOẢ TỐC – Họp giao ban",
        "Văn bản số 12/TB-SCT ngày 20/11/2026",
        "Mời dự họp.",
        "Thời gian: 8:00",
        "Địa điểm: phòng họp 1",
        "Sở Công Thương",
        "Xin xác nhận «Đã đọc» để Văn phòng biết anh/chị đã nhận được.",
    ]
    assert [line.style for line in reply.lines[3:5]] == [Style.ITEM, Style.ITEM]
    assert [choice.payload for choice in reply.choices] == ["s:tb:doc:12"] == [tap("doc", 12)]


def test_a_preview_shows_the_messages_of_a_channel_and_names_files_it_cannot_carry() -> None:
    files = (File(name="to-trinh.pdf", media_type="application/pdf", stored=1),)
    long = notice(body="Đoạn văn dài.\n" * 100, confirm=True)
    parts = preview(long, files, limit=500)
    assert len(parts) > 2
    assert [bool(part.choices) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].files == files
    [plain] = preview(notice(), files, limit=500, shows_files=False)
    assert plain.files == ()
    assert "to-trinh.pdf" in plain.text()


def test_a_trial_says_so_first_and_cannot_be_confirmed() -> None:
    shown = trial(compose(notice(confirm=True)))
    assert shown.lines[0].text.startswith("BẢN THỬ")
    assert shown.choices == ()


@pytest.mark.parametrize(
    ("fields", "now", "at", "said"),
    [
        ({}, NOW, NOW, "gửi ngay"),
        ({"send_at": NOW + timedelta(hours=1)}, NOW, NOW + timedelta(hours=1), "gửi lúc 9:00"),
        ({}, datetime(2026, 11, 25, 14, tzinfo=UTC), datetime(2026, 11, 25, 23, 30, tzinfo=UTC), "ngoài giờ"),
        ({}, datetime(2026, 11, 28, 3, tzinfo=UTC), datetime(2026, 11, 29, 23, 30, tzinfo=UTC), "ngày nghỉ"),
        (
            {"priority": Priority.EXPRESS},
            datetime(2026, 11, 28, 3, tzinfo=UTC),
            datetime(2026, 11, 28, 3, tzinfo=UTC),
            "hoả tốc",
        ),
        (
            {"send_at": datetime(2026, 12, 31, 23, tzinfo=UTC)},  # New Year's Day, 6:00
            NOW,
            datetime(2027, 1, 3, 23, 30, tzinfo=UTC),
            "Tết Dương lịch",
        ),
    ],
)
def test_what_will_happen_when_is_said_with_the_reason(
    fields: dict[str, object], now: datetime, at: datetime, said: str
) -> None:
    leaving = when_leaves(NOTICES, notice(**fields), now)
    assert leaving.at == at
    assert leaving.now == (at == now)
    assert said in str(leaving)


def part(
    status: Status = Status.SENT,
    *,
    message: str = "7",
    age: timedelta = timedelta(),
    files: tuple[int, ...] = (),
) -> Part:
    return Part(status=status, message_id=message, sent_at=NOW - age, files=frozenset(files))


@pytest.mark.parametrize(
    ("parts", "fields", "change"),
    [
        ([part()], {}, Change.IN_PLACE),
        ([part(), part()], {}, Change.MESSAGE),  # the new words make one message
        ([part(), part()], {"new_parts": 2}, Change.IN_PLACE),
        ([part(age=TWO_DAYS)], {}, Change.MESSAGE),
        ([part()], {"window": None}, Change.MESSAGE),
        ([part(message="")], {}, Change.MESSAGE),
        ([part(files=(1,))], {"new_files": frozenset({1})}, Change.IN_PLACE),
        ([part(files=(1,))], {}, Change.MESSAGE),
        ([part()], {"told_before": True}, Change.MESSAGE),
        ([part(), part(Status.CANCELLED, message="")], {"new_parts": 2}, Change.MESSAGE),
        ([part(Status.UNCERTAIN, message="")], {}, Change.MESSAGE),
        ([part(), part(Status.SENDING)], {}, Change.WAIT),
        ([part(Status.FAILED)], {}, Change.NOTHING),
        ([part(), part()], {"new_parts": None}, Change.IN_PLACE),  # taken back
        ([part(files=(1,), message="7 8")], {"new_parts": None}, Change.IN_PLACE),
        ([part(files=(1,))], {"new_parts": None}, Change.MESSAGE),
    ],
)
def test_a_chat_is_changed_in_place_only_where_that_changes_everything(
    parts: list[Part], fields: dict[str, object], change: Change
) -> None:
    values: dict[str, object] = {
        "window": TWO_DAYS, "now": NOW, "new_parts": 1, "new_files": frozenset(), "told_before": False,
    } | fields  # fmt: skip
    assert change_of(parts, **values) is change  # type: ignore[arg-type]


def test_blanks_are_asked_for_once_and_filled_everywhere() -> None:
    template = NoticeTemplate(
        title="Mời họp {nội dung}", body="{nội dung} lúc {thoi_gian}. {}", document="", confirm=True
    )
    assert blanks_of(template) == ("nội dung", "thoi_gian")
    draft = fill(template, {"nội dung": " giao ban ", "thoi_gian": "8:00 {nội dung}"})
    assert (draft.title, draft.body) == ("Mời họp giao ban", "giao ban lúc 8:00 {nội dung}. {}")
    assert draft.confirm
    with pytest.raises(Refused, match="thoi gian"):
        fill(template, {"nội dung": "giao ban"})


@given(st.text(max_size=200))
def test_any_text_has_blanks_or_none(text: str) -> None:
    assert len(blanks(text)) <= text.count("{")


def _zip(*names: str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (_zip("word/document.xml"), "wordprocessingml"),
        (_zip("xl/workbook.xml"), "spreadsheetml"),
        (_zip("ppt/presentation.xml"), None),
        (b"PK\x03\x04 torn", None),
        (b"MZ\x90", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_its_content(content: bytes, kind: str | None) -> None:
    found = media_type_of(content)
    assert found is None if kind is None else kind in (found or "")


def test_an_audience_survives_its_storage_and_joins_without_repeats() -> None:
    one = Audience(all_groups=True, members=(1, 2), roles=(Role.HEAD,))
    assert Audience.from_dict(one.as_dict()) == one
    assert (one | Audience(members=(2, 3))).members == (1, 2, 3)
    assert not Audience()
    assert Audience.from_dict({"roles": ["no such role"], "gone": 1}) == Audience()
