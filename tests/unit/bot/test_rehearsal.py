"""What is rehearsed is what comes: the plan of the coming days, on a copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot import rehearsal_words
from bot.rehearsal import Entry, Fate, Kind, Rehearsal, rehearse
from bot.rehearsal_copy import copied, remembering
from bot.rehearsal_stage import Stage
from office import membership, people
from office.clock import ZONE
from office.database import DatabaseUnavailable, make_engine, session_factory, upgrade
from office.deliveries import Delivery
from office.people import ChatAccount
from office.settings import Office, Reminders, Settings
from office.standing_in import stand_in_for
from scheduler.reminder_files import read_rules
from tests.integration.scheduler.conftest import NOW, Clock
from tests.integration.scheduler.office import Bureau

TUESDAY = date(2026, 11, 24)  # of NOW, 8:00; a holiday since 2026


class Place:
    """An office in an SQLite file, and rehearsals of it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "xinluon.db"
        self.rules = folder / "nhac"
        self.rules.mkdir()
        self.engine = make_engine(f"sqlite:///{self.file}")
        upgrade(self.engine)
        self.sessions = session_factory(self.engine)
        self.bureau = Bureau(self.sessions, Clock())
        self.settings = Settings(reminders=Reminders(folders=(self.rules,)))

    def rule(self, key: str, **fields: str) -> None:
        values = {"title": key.title(), "audience": "{groups: all}", "texts": "[{key: a, text: Lời nhắc.}]"}
        lines = "".join(f"    {name}: {value}\n" for name, value in (values | fields).items())
        (self.rules / f"{key}.yaml").write_text(f"reminders:\n  - key: {key}\n{lines}", "utf-8")

    def rehearse(self, days: int = 7, *, since: date = TUESDAY, now: datetime = NOW) -> Rehearsal:
        with copied(f"sqlite:///{self.file}") as copy:
            return rehearse(self.settings, copy, now=now, since=since, days=days)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.engine.dispose()


def local(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%d/%m %H:%M}"


def of(found: Rehearsal, kind: Kind, fate: Fate = Fate.SENT) -> list[Entry]:
    return [entry for entry in found.entries if entry.kind is kind and entry.fate is fate]


def titled(found: Rehearsal, title: str) -> list[Entry]:
    return [entry for entry in found.entries if entry.title == title]


def text_of(found: Rehearsal) -> str:
    return "\n".join(rehearsal_words.as_list(found))


def test_the_discipline_message_goes_to_each_group_on_working_days_only(place: Place) -> None:
    messages = of(place.rehearse(8), Kind.MESSAGE)
    assert [local(m.at) for m in messages] == [
        "25/11 07:00",
        "26/11 07:00",
        "27/11 07:00",
        "30/11 07:00",
        "01/12 07:00",
    ]
    assert {m.to for m in messages} == {("nhóm «-1»", "nhóm «-2»")}
    said = [m.reply.text() for m in messages if m.reply]
    assert len(set(said)) == 5  # rotates as it will


def test_the_rungs_of_an_assignment_climb_while_nobody_acts(place: Place) -> None:
    number = place.bureau.give()  # due on Tuesday, 8 December
    place.bureau.messages()
    rungs = of(place.rehearse(18), Kind.RUNG)
    assert all(entry.title == f"Nhiệm vụ số {number}: Báo cáo" for entry in rungs)
    days = sorted({local(entry.at) for entry in rungs})
    assert days == ["03/12 08:00", "07/12 08:00", "08/12 08:00", "09/12 08:00", "10/12 08:00",
                    "11/12 08:00", "27/11 08:00"]  # fmt: skip
    told = {local(entry.at): set[str]() for entry in rungs}
    for entry in rungs:
        told[local(entry.at)] |= set(entry.to)
    assert told["08/12 08:00"] == {"nhóm «-1»", "An", "Bình", "Trưởng"}
    assert told["11/12 08:00"] == {"nhóm «-1»", "An", "Bình", "Trưởng", "Phòng", "Lãnh"}


def test_what_is_rehearsed_comes_true(place: Place) -> None:
    place.bureau.give(due_on=date(2026, 11, 27))
    place.bureau.give(department_id=place.bureau.qlcn, due_on=date(2026, 11, 30), title="Khác")
    place.rule("toi", schedule="mỗi ngày 21:00", shift="keep")
    found = place.rehearse(9)
    rehearsed = {
        (entry.due_at, name)
        for entry in found.entries
        if entry.fate in (Fate.SENT, Fate.HELD) and not entry.merged and entry.kind is not Kind.EVENT
        for name in entry.to
    }
    place.bureau.sync(read_rules(place.rules).rules)
    clock = place.bureau.clock
    while clock.forward(minutes=30) < datetime(2026, 12, 2, 17, tzinfo=UTC):
        place.bureau.plan()
    with place.sessions() as session:
        accounts = session.scalars(select(ChatAccount))
        owners = {row.chat: people.name_of(session, row.member_id) for row in accounts}
        rows = session.scalars(select(Delivery).where(Delivery.due_at > NOW))
        came = {(row.due_at, owners.get(row.chat, f"nhóm «{row.chat}»")) for row in rows}
    assert rehearsed == came
    assert len(came) > 40


def test_evening_messages_are_held_and_come_in_one_message(place: Place) -> None:
    place.rule("toi", schedule="mỗi ngày làm việc 20:30")
    place.rule("khuya", schedule="mỗi ngày làm việc 22:00")
    week = place.rehearse(7)
    held = [e for e in of(week, Kind.MESSAGE, Fate.HELD) if e.due_at.astimezone(ZONE).day == 27]
    assert [(local(e.due_at), e.until and local(e.until)) for e in held] == [
        ("27/11 20:30", "30/11 06:30"),
        ("27/11 22:00", "30/11 06:30"),
    ]
    digests = of(week, Kind.HELD)
    assert ("30/11 06:30", 2) in [(local(e.at), e.merged) for e in digests]
    said = text_of(week)
    assert "giữ ngoài giờ đến 6:30 ngày 30/11/2026" in said
    assert "gộp 2 tin đã giữ ngoài giờ" in said


def test_moments_on_days_off_are_shifted_or_skipped_and_say_so(place: Place) -> None:
    for shift in ("before", "after", "skip", "keep"):
        place.rule(shift, schedule="ngày 5 hằng tháng 8:00", shift=shift)  # a Saturday
    found = place.rehearse(20)
    [before], [after], [skipped] = (titled(found, title) for title in ("Before", "After", "Skip"))
    assert (local(before.at), before.original) == ("04/12 08:00", date(2026, 12, 5))
    assert (local(after.at), after.original) == ("07/12 08:00", date(2026, 12, 5))
    assert (local(skipped.at), skipped.fate) == ("05/12 08:00", Fate.SKIPPED)
    held, *_ = titled(found, "Keep")
    assert (held.fate, held.original) == (Fate.HELD, None)
    said = text_of(found)
    assert "chuyển từ thứ Bảy 05/12/2026 vì là ngày nghỉ" in said
    assert "bỏ qua vì là ngày nghỉ" in said
    assert "Thứ Bảy 05/12/2026 – NGHỈ: ngày nghỉ hằng tuần" in said


def test_the_last_morning_of_work_due_on_a_day_off_says_from_which_day_it_was_moved(place: Place) -> None:
    place.bureau.give(due_on=date(2026, 11, 29))  # a Sunday
    last = [e for e in of(place.rehearse(5), Kind.RUNG) if local(e.at) == "27/11 08:00"]
    assert {entry.original for entry in last} == {date(2026, 11, 29)}


def test_rules_that_make_work_make_it_in_the_rehearsal_and_it_is_reminded_of(place: Place) -> None:
    template = "{title: Báo cáo tháng, due_day: 2}"
    place.rule(
        "bao-cao", kind="assignment", schedule="ngày 26 hằng tháng 8:00", assignment=template, texts="[]"
    )
    found = place.rehearse(12)
    [made] = of(found, Kind.ASSIGNMENT, Fate.MADE)
    assert (local(made.at), made.note) == ("26/11 08:00", "Đã tạo 2 nhiệm vụ.")
    news = of(found, Kind.EVENT)
    assert {to for entry in news for to in entry.to} >= {"nhóm «-1»", "nhóm «-2»", "An", "Cường"}
    due = {local(entry.at) for entry in of(found, Kind.RUNG) if "Báo cáo tháng" in entry.title}
    assert {"27/11 08:00", "01/12 08:00", "02/12 08:00", "03/12 08:00"} <= due


def test_nothing_of_the_real_database_changes(place: Place) -> None:
    place.bureau.give()
    place.rule("toi", schedule="mỗi ngày 21:00", shift="keep")
    with place.engine.connect() as connection:
        before = list(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert place.rehearse(10).entries
    with place.engine.connect() as connection:
        assert list(connection.connection.driver_connection.iterdump()) == before  # type: ignore[union-attr]


def test_messages_taken_at_once_are_those_that_a_lane_would_claim(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        place.bureau.give(due_on=date(2026, 11, 25 + number))
    place.rule("toi", schedule="mỗi ngày 21:00", shift="keep")
    place.rule("chieu", schedule="mỗi ngày 8:00", shift="keep", stale_minutes="60")
    quick = place.rehearse(7).entries
    monkeypatch.setattr(Stage, "_on_time", lambda self, session, now: [])
    claimed = place.rehearse(7).entries
    assert len(quick) > 50

    def plain(entry: Entry) -> tuple[object, ...]:
        return (entry.at, entry.due_at, entry.fate, entry.kind, entry.title, entry.reply, entry.merged)

    def told(entries: tuple[Entry, ...]) -> set[tuple[object, ...]]:
        return {(*plain(entry), name) for entry in entries for name in entry.to}

    assert told(quick) == told(claimed)


def test_a_message_that_would_come_too_late_is_told_as_not_sent(place: Place) -> None:
    place.rule("sang", schedule="mỗi ngày 21:00", shift="keep", stale_minutes="30")
    found = place.rehearse(3)
    gone = of(found, Kind.MESSAGE, Fate.STALE)
    assert ("25/11 06:30", "24/11 21:00") in [(local(e.at), local(e.due_at)) for e in gone]
    assert "không gửi, lượt của 21:00 ngày 24/11/2026" in text_of(found)


def test_without_approved_groups_each_department_is_given_one_to_see_what_would_come(tmp_path: Path) -> None:
    with copied(f"sqlite:///{tmp_path}/none.db") as copy:
        found = rehearse(Settings(), copy, now=NOW, since=TUESDAY, days=3)
    assert list(tmp_path.iterdir()) == []
    assert (found.groups, found.accounts) == (0, 0)
    messages = of(found, Kind.MESSAGE, Fate.SENT)
    assert [local(m.at) for m in messages] == ["25/11 07:00", "26/11 07:00"]
    said = text_of(found)
    assert "Chưa có nhóm nào được duyệt" in said
    assert "giả định" in said
    assert "XIN CHÀO" in said


def test_roles_are_named_where_nobody_is_reached(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "reminders:\n  - key: rieng\n    title: Riêng\n    schedule: mỗi ngày làm việc 9:00\n"
        "    audience: {roles: [head, leader]}\n    texts: [{key: a, text: Lời}]\n",
        "utf-8",
    )
    office = Office.model_validate({"departments": [{"name": "Phòng Thương mại", "key": "qltm"}]})
    settings = Settings(office=office, reminders=Reminders(folders=(tmp_path,)))
    with copied("sqlite://") as copy:
        found = rehearse(settings, copy, now=NOW, since=TUESDAY, days=2)
    [entry] = titled(found, "Riêng")
    assert "lãnh đạo cơ quan" in entry.audience


def test_who_stands_in_is_told_and_for_whom(place: Place) -> None:
    an = place.bureau.people["An"].id
    place.bureau.give(member_ids=(an,), department_id=None, due_on=date(2026, 11, 26))
    with place.sessions.begin() as session:
        membership.record_absence(
            session,
            an,
            since=date(2026, 11, 25),
            until=date(2026, 11, 25),
            stand_in_id=place.bureau.people["Cường"].id,
            reason="họp",
            actor=None,
            now=NOW,
        )
    rungs = of(place.rehearse(3), Kind.RUNG)
    assert [(local(e.at), e.to) for e in rungs] == [
        ("25/11 08:00", ("Cường (thay An)",)),
        ("26/11 08:00", ("An",)),
    ]


def test_a_later_first_day_shows_what_will_have_become_by_then(place: Place) -> None:
    place.bureau.give(due_on=date(2026, 11, 26))
    found = place.rehearse(1, since=date(2026, 12, 1))
    assert {local(entry.at)[:5] for entry in found.entries} == {"01/12"}
    [rung] = {e.reply.lines[0].text for e in of(found, Kind.RUNG) if e.reply and "nhóm «-1»" in e.to}
    assert rung == "Nhắc việc: quá hạn 3 ngày làm việc"


def test_a_rule_that_nobody_can_read_is_a_problem_and_the_others_are_rehearsed(place: Place) -> None:
    place.rule("hong", schedule="bao giờ rảnh thì nhắc")
    found = place.rehearse(2)
    assert [problem.error for problem in found.problems] == [True]
    assert of(found, Kind.MESSAGE)
    assert "LỖI " in text_of(found)


def test_years_without_a_confirmed_calendar_are_warned_of(place: Place) -> None:
    assert "năm 2027" not in text_of(place.rehearse(3))
    assert "Lịch nghỉ năm 2027 là tính sẵn" in text_of(place.rehearse(40))


# --- the copy


@contextmanager
def remembered(copy: Engine) -> Iterator[Session]:
    with remembering(copy)() as session:
        yield session


def test_a_copy_is_whole_while_the_office_writes_and_leaves_nothing_beside_its_file(place: Place) -> None:
    with place.sessions() as session:
        people.sync_departments(session, [("moi", "Phòng Mới")])  # not committed
        with copied(f"sqlite:///{place.file}") as copy, session_factory(copy)() as other:
            assert {d.key for d in people.departments(other)} == {"qltm", "qlcn"}
        session.commit()
    with copied(f"sqlite:///{place.file}") as copy, session_factory(copy)() as other:
        assert "moi" in {d.key for d in people.departments(other)}  # also what only the -wal file has
    place.engine.dispose()
    with copied(f"sqlite:///{place.file}"):
        pass
    assert {path.name for path in place.file.parent.iterdir()} == {place.file.name, "nhac"}


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "xinluon.db"
    path.write_text("không phải cơ sở dữ liệu " * 100, "utf-8")
    with pytest.raises(DatabaseUnavailable, match=r"không đọc được"), copied(f"sqlite:///{path}"):
        pass


def test_remembered_answers_are_those_of_the_same_question_only(place: Place) -> None:
    with copied(f"sqlite:///{place.file}") as copy, remembered(copy) as session:
        for _ in range(2):
            names = [who.name for n in (1, 2, 3) if (who := people.person(session, n))]
            assert names == ["An", "Bình", "Trưởng"]
            heads = people.with_role(session, people.Role.HEAD)
            assert [who.name for who in heads] == ["Trưởng"]
            assert people.with_role(session, people.Role.HEAD, department_id=place.bureau.qlcn) == ()
            assert stand_in_for(session, 1, TUESDAY + timedelta(days=1)) is None
