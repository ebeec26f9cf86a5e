"""What can be done with a notice, who may, and what is refused: on SQLite, with nothing sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from office.assignments import Priority
from office.audit import Deed, verify
from office.database import make_engine, session_factory
from office.deliveries import Act, Delivery, Status, purge
from office.groups import Group, GroupState
from office.notices import Notice, NoticeState, NoticeTemplate
from office.people import ChatAccount, Role
from office.refusal import Refused
from office.reminders import Reminder
from scheduler.delivery import settle
from scheduler.notices import approval, corrections, drafts, listing, sending, templates, trial
from scheduler.notices.audience import Audience, in_words, reach
from scheduler.notices.corrections import Upload
from scheduler.notices.drafts import Draft
from scheduler.notices.recipients import RecipientRow, audience_from_rows
from scheduler.notices.report import progress, report
from scheduler.notices.templates import Wording
from scheduler.quiet import QuietHours
from scheduler.reminder_files import read_rules
from tests.databases import fresh_sqlite
from tests.integration.scheduler.conftest import Clock, Weekdays
from tests.integration.scheduler.notice_office import PDF, NoticeOffice

QUIET = QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=Weekdays())


def open_office(folder: Path, **settings: Any) -> NoticeOffice:
    return NoticeOffice(session_factory(make_engine(fresh_sqlite(folder))), Clock(), QUIET, **settings)


@pytest.fixture
def office(tmp_path: Path) -> NoticeOffice:
    return open_office(tmp_path)


# --- approval


def test_nobody_approves_what_they_created_changed_last_or_handed_in(office: NoticeOffice) -> None:
    by_author = office.write()
    office.call(approval.submit, by_author, actor=office.people["Trị"])
    for name in ("Phòng", "Trị"):
        with pytest.raises(Refused, match="tự duyệt"):
            office.call(approval.approve, by_author, actor=office.people[name])
    changed = office.write()
    office.call(drafts.change, changed, draft=Draft(title="Khác"), actor=office.people["Trị"])
    with pytest.raises(Refused, match="Chưa chọn nơi nhận"):
        office.call(approval.submit, changed, actor=office.clerk)
    assert office.row(by_author).state is NoticeState.WAITING


def test_whoever_may_approve_is_asked_privately_and_the_author_is_not(office: NoticeOffice) -> None:
    number = office.write(confirm=True)
    office.call(approval.submit, number, actor=office.clerk)
    asked = office.deliveries_of_all()
    assert [row.chat for row in asked] == [_chat(office, "Lãnh")]
    [reply] = office.bodies(asked)
    assert [choice.payload for choice in reply.choices] == [
        f"s:tb:{verb}:{number}" for verb in ("duyet", "tra", "xem")
    ]
    for words in (
        "Phòng trình duyệt",
        "tất cả các nhóm",
        "Tới 2 nhóm.",
        "Mời các anh, chị dự họp.",
    ):
        assert words in reply.text()


def test_a_notice_changed_while_it_waits_has_to_be_handed_in_again(office: NoticeOffice) -> None:
    number = office.write()
    office.call(approval.submit, number, actor=office.clerk)
    draft = replace(drafts.draft_of(office.row(number)), title="Họp khác")
    office.call(drafts.change, number, draft=draft, actor=office.clerk)
    assert office.row(number).state is NoticeState.DRAFT
    with pytest.raises(Refused, match="bản nháp"):
        office.call(approval.approve, number, actor=office.leader)


def test_a_notice_is_given_back_with_a_remark_that_its_author_reads(office: NoticeOffice) -> None:
    number = office.write()
    office.call(approval.submit, number, actor=office.clerk)
    office.messages()
    with pytest.raises(Refused, match="nêu lý do"):
        office.call(approval.give_back, number, actor=office.leader, reason=" ")
    office.call(approval.give_back, number, actor=office.leader, reason="thiếu địa điểm")
    row = office.row(number)
    assert (row.state, row.remark, row.submitted_by) == (NoticeState.DRAFT, "thiếu địa điểm", None)
    [(chat, text)] = office.messages()
    assert chat == _chat(office, "Phòng")
    assert "thiếu địa điểm" in text


def test_with_approval_nothing_is_sent_straight_and_without_it_express_needs_a_reason(
    office: NoticeOffice, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="người thứ hai duyệt"):
        office.call(approval.send, office.write(), actor=office.clerk)
    free = open_office(tmp_path / "free", approval=False)
    number = free.write(priority=Priority.EXPRESS)
    with pytest.raises(Refused, match="hoả tốc"):
        free.call(approval.send, number, actor=free.clerk)
    urgent = free.write(priority=Priority.EXPRESS, express_reason="bão số 5")
    free.clock.at = datetime(2026, 11, 28, 15, tzinfo=UTC)  # Saturday night
    free.call(approval.send, urgent, actor=free.clerk)
    free.plan()
    assert {row.passes_quiet for row in free.deliveries(urgent)} == {True}
    assert free.row(urgent).state is NoticeState.SENDING


@pytest.mark.parametrize("name", ["An", "Trưởng", "Lãnh"])
def test_who_may_not_write_notices_is_refused_with_nothing_changed(office: NoticeOffice, name: str) -> None:
    with pytest.raises(Refused, match="dành cho"):
        office.write(actor=name)
    assert office.count(Notice) == 0


# --- recipients


def test_each_chat_is_reached_once_and_who_is_not_is_named_with_the_reason(office: NoticeOffice) -> None:
    with office.sessions.begin() as session:
        session.execute(update(Group).where(Group.chat == "-2").values(state=GroupState.DISABLED))
        bình, cường = office.people["Bình"].id, office.people["Cường"].id
        session.execute(
            update(ChatAccount).where(ChatAccount.member_id == bình).values(disabled_at=office.clock.now())
        )
        session.execute(update(ChatAccount).where(ChatAccount.member_id == cường).values(channel="zalo"))
    audience = Audience(
        groups=(1, 2, 99),
        departments=(office.qltm, office.qlcn),
        members_of=(office.qltm,),
        members=(office.people["An"].id, cường),
        roles=(Role.HEAD,),
    )
    with office.sessions() as session:
        today = office.clock.now().date()
        found = reach(session, audience, on=today, channels={"telegram"})
        said = in_words(session, audience)
    assert [target.recipient.to.chat for target in found.targets] == ["-1", "1", "3"]
    assert said[:2] == ("nhóm «số 1, chưa có tên»", "nhóm «số 2, chưa có tên»")
    assert len(said) == 9
    why = {one.name: one.why for one in found.unreached}
    assert why["Bình"].startswith("đã chặn bot")
    assert "kênh này" in why["Cường"]
    assert [target.name for target in found.groups] == ["Telegram, chưa có tên (…-1)"]
    assert why["Telegram, chưa có tên (…-2)"].startswith("nhóm đã ngắt")
    assert why["Phòng Công nghiệp"] == "phòng chưa có nhóm nào"
    assert "nhóm số 99 (không còn)" in why


def test_saved_lists_stand_for_what_they_hold_and_never_hold_themselves(office: NoticeOffice) -> None:
    with office.sessions.begin() as session:
        now = office.clock.now()
        first = templates.save_list(
            session, "Khối tham mưu", Audience(members=(1,)), actor=office.clerk, now=now
        )
        outer = Audience(lists=(first.id,), members=(2,))
        second = templates.save_list(session, "Mọi khối", outer, actor=office.clerk, now=now)
        found = reach(session, Audience(lists=(second.id,)), on=now.date(), channels=None)
        assert [target.name for target in found.targets] == ["An", "Bình"]
        with pytest.raises(Refused, match="chính nó"):
            templates.save_list(
                session, "Khối", Audience(lists=(second.id,)), actor=office.clerk, now=now, list_id=first.id
            )
        with pytest.raises(Refused, match="nằm trong"):
            templates.delete_list(session, first.id, actor=office.clerk, now=now)
        templates.delete_list(session, second.id, actor=office.clerk, now=now)
        assert [one.name for one in templates.lists(session)] == ["Khối tham mưu"]


def test_rows_of_a_table_name_recipients_or_say_what_to_mend(office: NoticeOffice) -> None:
    with office.sessions.begin() as session:
        session.execute(update(Group).where(Group.chat == "-1").values(title="Nhóm QLTM"))
        rows = [
            RecipientRow(number=2, name="nhóm qltm"),
            RecipientRow(number=3, name="Phòng Công nghiệp", kind="Phòng"),
            RecipientRow(number=4, name="Công nghiệp", kind="người của phòng"),
            RecipientRow(number=5, name="An", department="Quản lý thương mại"),
            RecipientRow(number=6, name="lãnh đạo cơ quan", kind="vai trò"),
            RecipientRow(number=7, name="Ai đó"),
            RecipientRow(number=8, name=""),
            RecipientRow(number=9, name="An", kind="xe"),
            RecipientRow(number=10, name="An", kind="người", department="Phòng lạ"),
        ]
        audience, problems = audience_from_rows(session, rows)
    assert audience == Audience(
        groups=(1,),
        departments=(office.qlcn,),
        members_of=(office.qlcn,),
        members=(office.people["An"].id,),
        roles=(Role.LEADER,),
    )
    assert [(one.row, one.field) for one in problems] == [
        (7, "name"), (8, "name"), (9, "kind"), (10, "department"),
    ]  # fmt: skip
    assert all(one.message and one.mend for one in problems)


# --- files, trials, templates


def test_files_are_taken_by_content_within_limits_and_travel_by_reference(office: NoticeOffice) -> None:
    number = office.write(body="")
    office.call(drafts.attach, number, name="Tờ trình: số 1.exe", content=PDF, actor=office.clerk)
    with office.sessions() as session:
        [file] = drafts.files_of(session, number)
    assert (file.name, file.media_type, bool(file.stored)) == (
        "Tờ trình số 1.exe.pdf",
        "application/pdf",
        True,
    )
    for name, content, why in (
        ("a.exe", b"MZ", "không phải PDF"),
        ("a.pdf", b"", "rỗng"),
        ("b.pdf", PDF, "đã có"),
        ("c.pdf", PDF + b" " * 21 * 1024 * 1024, "lớn hơn"),
    ):
        with pytest.raises(Refused, match=why):
            office.call(drafts.attach, number, name=name, content=content, actor=office.clerk)
    office.approve(number)  # a file is enough to say
    office.plan()
    assert {row.body[0]["files"][0]["stored"] for row in office.deliveries(number)} == {file.stored}


def test_a_trial_goes_to_oneself_or_one_group_and_sends_nothing(office: NoticeOffice) -> None:
    number = office.write(confirm=True)
    assert office.call(trial.try_out, number, actor=office.clerk) == 1
    office.later(minutes=1)
    assert office.call(trial.try_out, number, actor=office.clerk, group_id=2) == 1
    said = office.messages()
    assert [chat for chat, _ in said] == [_chat(office, "Phòng"), "-2"]
    assert all(text.startswith("BẢN THỬ") for _, text in said)
    assert office.row(number).state is NoticeState.DRAFT
    with pytest.raises(Refused, match="nhóm đã duyệt"):
        office.call(trial.try_out, number, actor=office.clerk, group_id=77)


def test_shipped_templates_come_in_once_and_what_somebody_changed_stays(office: NoticeOffice) -> None:
    now = office.clock.now()
    with office.sessions.begin() as session:
        templates.sync_templates(session, now=now)
        found = templates.templates(session)
        assert len(found) == 6
        mine = next(row for row in found if row.key == "moi-hop")
        assert "thời gian" in templates.blanks_of(mine)
        wording = Wording(name="Mời họp", title="Giấy mời {việc}", body="Mời.")
        templates.save_template(session, wording, actor=office.clerk, now=now, template_id=mine.id)
        other = next(row for row in found if row.key == "bao-tri")
        other.body = "cũ"
        templates.sync_templates(session, now=now)
        assert (mine.title, other.body != "cũ") == ("Giấy mời {việc}", True)
        assert templates.switch_template(session, other.id, active=False, actor=office.clerk, now=now)
        assert len(templates.templates(session)) == 5
        with pytest.raises(Refused, match="Đã có mẫu"):
            templates.save_template(session, wording, actor=office.clerk, now=now)
    with office.sessions() as session:
        assert session.scalar(select(func.count()).select_from(NoticeTemplate)) == 6


# --- what has left


def test_a_correction_with_other_files_comes_as_a_message_everywhere(office: NoticeOffice) -> None:
    number = office.out()
    office.plan()
    office.messages()
    office.later(hours=1)
    draft = drafts.draft_of(office.row(number))
    with pytest.raises(Refused, match="không có gì thay đổi"):
        office.call(corrections.correct, number, draft=draft, actor=office.clerk, reason="sai")
    upload = Upload(name="moi.pdf", content=PDF)
    office.call(corrections.correct, number, draft=draft, actor=office.clerk, reason="sai", add=[upload])
    office.plan()
    assert office.deliveries(number, "sua.2") == []
    spoken = office.deliveries(number, "tin.2")
    assert {(row.chat, row.act) for row in spoken} == {("-1", Act.SEND), ("-2", Act.SEND)}


def test_what_failed_is_sent_again_only_with_the_new_words(office: NoticeOffice) -> None:
    number = office.out()
    office.plan()
    with office.sessions.begin() as session:
        session.execute(
            update(Delivery).values(status="failed", reason="khoá", finished_at=office.clock.now())
        )
    office.later(hours=1)
    draft = replace(drafts.draft_of(office.row(number)), body="Họp lúc 9:00.")
    office.call(corrections.correct, number, draft=draft, actor=office.clerk, reason="sai giờ")
    assert all("9:00" in text for text in office.texts(number).values())


def test_a_scheduled_notice_can_be_called_back_or_off_but_not_corrected(office: NoticeOffice) -> None:
    number = office.out(send_at=office.clock.now() + timedelta(days=1))
    draft = Draft(title="Khác", body="Khác")
    with pytest.raises(Refused, match="chờ tới giờ gửi"):
        office.call(corrections.correct, number, draft=draft, actor=office.clerk, reason="x")
    office.call(approval.give_back, number, actor=office.leader, reason="đổi giờ")
    office.approve(number)
    office.call(sending.cancel, number, actor=office.clerk, reason="thôi")
    office.later(days=2)
    office.plan()
    assert office.deliveries(number) == []
    assert office.row(number).state is NoticeState.CANCELLED


def test_what_never_arrived_cannot_be_sent_again_once_the_notice_is_taken_back(office: NoticeOffice) -> None:
    number = office.out()
    office.plan()
    with office.sessions.begin() as session:
        session.execute(
            update(Delivery).values(status="failed", reason="khoá", finished_at=office.clock.now())
        )
    office.call(corrections.retract, number, actor=office.clerk, reason="gửi nhầm")
    assert set(office.statuses(number).values()) == {Status.CANCELLED}
    with office.sessions.begin() as session:
        row = office.deliveries(number)[0]
        assert not settle(session, row.id, arrived=False, now=office.clock.now())


def test_a_time_that_has_passed_is_refused_when_it_is_written_but_not_when_it_is_left(
    office: NoticeOffice,
) -> None:
    with pytest.raises(Refused, match="đã qua"):
        office.write(send_at=office.clock.now())
    number = office.write(send_at=office.clock.now() + timedelta(hours=1))
    office.later(hours=2)
    draft = replace(drafts.draft_of(office.row(number)), title="Họp khác")
    office.call(drafts.change, number, draft=draft, actor=office.clerk)
    office.approve(number)
    office.plan()
    assert office.deliveries(number)[0].due_at == office.clock.now()  # not late: it was approved only now


def test_a_report_outlives_its_deliveries(office: NoticeOffice) -> None:
    number = office.out(confirm=True)
    office.plan()
    office.messages()
    office.plan()
    with office.sessions() as session:
        assert "Telegram, chưa có tên (…-1)" in [chat.name for chat in report(session, number).chats]
    office.later(days=500)
    with office.sessions.begin() as session:
        assert purge(session, office.clock.now() - timedelta(days=400)) >= 2
        found = report(session, number)
        assert (found.chats, progress(session, number).planned) == ((), 0)
        assert found.title == "Họp giao ban"


def test_the_list_is_newest_first_and_can_be_searched(office: NoticeOffice) -> None:
    for title in ("Họp giao ban", "Nghỉ lễ 100%", "Tập huấn"):
        office.write(title=title)
        office.later(minutes=1)
    with office.sessions() as session:
        assert [one.title for one in listing.listing(session, limit=2).items] == ["Tập huấn", "Nghỉ lễ 100%"]
        assert listing.listing(session, search="100%").total == 1
        assert listing.listing(session, state=NoticeState.SENT).total == 0
        assert {one.author for one in listing.listing(session).items} == {"Phòng"}


def test_a_copy_is_a_fresh_draft_with_the_same_files(office: NoticeOffice) -> None:
    number = office.write()
    office.call(drafts.attach, number, name="a.pdf", content=PDF, actor=office.clerk)
    office.approve(number)
    copy = office.call(drafts.copy, number, actor=office.people["Trị"])
    assert (copy.state, copy.title, copy.created_by) == (
        NoticeState.DRAFT, "Họp giao ban", office.people["Trị"].id,
    )  # fmt: skip
    with office.sessions() as session:
        assert drafts.files_of(session, copy.id) == drafts.files_of(session, number)


# --- campaigns


def test_a_monthly_campaign_waits_for_approval_and_is_written_once(office: NoticeOffice) -> None:
    office.sync([rule for rule in read_rules().rules if rule.key == "tuyen-truyen-truc-tuyen"])
    with office.sessions() as session:
        due = session.scalar(select(Reminder.next_at).where(Reminder.key == "tuyen-truyen-truc-tuyen"))
    assert due
    office.clock.at = due
    office.plan()
    with office.sessions() as session:
        [row] = session.scalars(select(Notice))
    assert (row.state, row.created_by, row.audience) == (NoticeState.WAITING, None, {"all_groups": True})
    asked = {chat for chat, text in office.messages() if "chờ duyệt" in text}
    assert asked == {_chat(office, "Phòng"), _chat(office, "Lãnh")}
    office.call(approval.approve, row.id, actor=office.clerk)
    office.plan()
    said = office.texts(row.id)
    assert set(said) == {"-1", "-2"}
    assert all("Công văn 375/SCT-VP" in text for text in said.values())


def test_every_deed_on_a_notice_is_written_down_and_the_chain_holds(office: NoticeOffice) -> None:
    number = office.out()
    office.plan()
    with office.sessions() as session:
        deeds = session.scalars(select(Deed.action).where(Deed.subject == "notice").order_by(Deed.id)).all()
        assert deeds == ["notice.create", "notice.submit", "notice.approve", "notice.start"]
        assert verify(session).broken_at is None
    assert office.row(number).state is NoticeState.SENDING


def _chat(office: NoticeOffice, name: str) -> str:
    return str(list(office.people).index(name) + 1)
