"""A change of the knowledge from the question asked in vain to the answer, and back."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from textwrap import dedent
from typing import Any

import pytest
from sqlalchemy import select

from handlers.improving import changes, content, triage
from handlers.improving.content import EntryContent
from knowledge import own_folder
from knowledge.checking import all_cases
from office import audit, questions
from office.audit import Deed
from office.improvements import ChangeKind, ChangeState, GroupState, QuestionGroup
from office.people import Person, Role
from office.refusal import Refused
from office.rights import NotAllowed
from tests.integration.improving.conftest import ENTRY, NOW, QUESTION, Desk

NEW: dict[str, Any] = {
    "id": "quan_con",
    "kind": "topic",
    "title": "Mở quán cồn nhỏ",
    "label": "Quán cồn nhỏ",
    "aliases": ["mở quán cồn nhỏ nhỏ"],
    "facts": [{"text": "Làm đơn theo mẫu.", "facet": "documents"}],
    "sources": {"s1": {"kind": "official", "url": "https://example.gov.vn/con"}},
    "as_of": "2026-11-01",
}


def new_entry(**more: Any) -> EntryContent:
    return EntryContent(
        field="Rượu", owner="Văn phòng", review_by=date(2030, 1, 1), entry=NEW | more, question=QUESTION
    )


def deeds(desk: Desk) -> list[str]:
    with desk.sessions() as session:
        assert audit.verify(session).broken_at is None
        return list(session.scalars(select(Deed.action).order_by(Deed.serial)))


def test_a_question_asked_in_vain_is_answered_after_two_people_said_so(
    desk: Desk, van: Person, duyet: Person
) -> None:
    group = desk.asked(QUESTION, "mở quán cồn nhỏ nhỏ")
    change = desk.propose(van, group=group)
    assert desk.group(group).state is GroupState.PROPOSED
    trial = desk.improver.examine(change)
    assert (trial.faults, trial.notes) == ((), ())
    assert (trial.before.answered, trial.after.answered, trial.after.questions) == (0, 2, 2)
    assert trial.after.cases == trial.before.cases + 1 == trial.after.right
    assert desk.files() == {}
    assert desk.change(change).report is not None

    assert desk.improver.approve(change, actor=duyet).accepted
    assert desk.answer() == ENTRY
    assert desk.shelf.reading.accepted
    assert set(desk.files()) == {"bo-sung.yaml", "cases/hoi-dap.yaml"}
    row = desk.change(change)
    assert (row.state, row.decided_by, row.decided_at) == (ChangeState.APPLIED, duyet.id, NOW)
    assert desk.group(group).state is GroupState.SOLVED
    assert deeds(desk) == ["knowledge.propose", "knowledge.apply"]


def test_undoing_puts_everything_back(desk: Desk, van: Person, duyet: Person) -> None:
    before = desk.answer()
    group = desk.asked(QUESTION)
    change = desk.propose(van, group=group)
    desk.improver.approve(change, actor=duyet)
    assert desk.improver.undo(change, actor=van, reason="nhầm").accepted
    assert desk.files() == {}
    assert desk.answer() == before
    assert desk.change(change).state is ChangeState.UNDONE
    assert desk.group(group).state is GroupState.OPEN
    with pytest.raises(Refused, match="đã hoàn lại"):
        desk.improver.undo(change, actor=van)


def test_undoing_takes_out_only_what_the_change_put_in(desk: Desk, van: Person, duyet: Person) -> None:
    change = desk.propose(van)
    desk.improver.approve(change, actor=duyet)
    path = desk.folder / "bo-sung.yaml"
    by_hand = path.read_text("utf-8") + "      - tiệm cồn của tôi  # ghi tay\n"
    path.write_text(by_hand, "utf-8")
    assert desk.improver.undo(change, actor=van).accepted
    left = path.read_text("utf-8")
    assert "tiệm cồn của tôi  # ghi tay" in left
    assert "nhỏ nhỏ" not in left
    assert not (desk.folder / "cases" / "hoi-dap.yaml").exists()


def test_a_new_entry_gets_its_own_file_and_can_be_extended_there(
    desk: Desk, van: Person, duyet: Person
) -> None:
    change = desk.propose(van, ChangeKind.ENTRY, new_entry())
    assert desk.improver.approve(change, actor=duyet).accepted
    assert desk.answer() == "quan_con"
    more = desk.propose(van, content=content.AliasContent(entry="quan_con", alias="kinh doanh cồn vỉa hè"))
    assert desk.improver.approve(more, actor=duyet).accepted
    assert desk.answer("xin kinh doanh cồn vỉa hè") == "quan_con"
    assert set(desk.files()) == {"ruou.yaml", "cases/hoi-dap.yaml"}
    undone = desk.improver.undo(change, actor=van)
    assert undone.accepted
    assert "quan_con" not in desk.shelf.current().knowledge.entries


def test_what_is_not_ours_is_said_with_its_reply(desk: Desk, van: Person, duyet: Person) -> None:
    group = desk.asked("thuê xe đạp nước ở hồ")
    said = content.outside(
        "Thuê xe đạp nước",
        "Việc này do ban quản lý hồ phụ trách.",
        ("thuê xe đạp nước",),
        knowledge=desk.shelf.current().knowledge,
        owner="Văn phòng",
        review_by=date(2030, 1, 1),
        question="thuê xe đạp nước ở hồ",
    )
    change = desk.propose(van, ChangeKind.OUTSIDE, said, group=group)
    assert desk.improver.approve(change, actor=duyet).faults == ()
    decision = desk.shelf.current().searcher.search("thuê xe đạp nước ở hồ")
    assert (decision.outcome.value, decision.entry) == ("out", "thue_xe_dap_nuoc")
    assert desk.group(group).state is GroupState.OUTSIDE


def test_what_would_break_another_answer_is_refused_and_says_which(
    desk: Desk, van: Person, duyet: Person
) -> None:
    group = desk.asked(QUESTION)
    change = desk.propose(van, group=group, alias="bán buôn rượu")
    trial = desk.improver.approve(change, actor=duyet)
    assert not trial.accepted
    assert any(
        "«làm giấy bán sỉ rượu mất mấy bữa» đang trả lời đúng bằng «Cấp giấy phép bán buôn rượu»" in fault
        for fault in trial.faults
    )
    assert any(f"«{QUESTION}» vẫn chưa dẫn tới" in fault for fault in trial.faults)
    assert desk.files() == {}
    row = desk.change(change)
    assert (row.state, desk.group(group).state) == (ChangeState.REFUSED, GroupState.OPEN)
    assert row.report is not None
    assert row.report["faults"] == list(trial.faults)


def test_an_undoing_that_another_case_needs_is_not_done(desk: Desk, van: Person, duyet: Person) -> None:
    change = desk.propose(van, ChangeKind.ENTRY, new_entry())
    desk.improver.approve(change, actor=duyet)
    more = desk.propose(
        van,
        content=content.AliasContent(
            entry="quan_con", alias="kinh doanh cồn vỉa hè", question="xin kinh doanh cồn vỉa hè"
        ),
    )
    desk.improver.approve(more, actor=duyet)
    trial = desk.improver.undo(change, actor=van)
    assert [fault for fault in trial.faults if "không có mục" in fault or "cồn vỉa hè" in fault]
    assert desk.change(change).state is ChangeState.APPLIED
    assert desk.answer() == "quan_con"


def test_a_liked_answer_that_moves_is_told(desk: Desk, van: Person) -> None:
    text = "phí làm giấy phép phân phối rượu liên tỉnh cho quán cồn"
    before = desk.answer(text)
    assert before
    with desk.sessions.begin() as session:
        asked = questions.record(
            session,
            text,
            at=NOW,
            channel="web",
            person="p",
            outcome="answer",
            entry_id=before,
            knowledge_version="1",
        )
        questions.vote(session, asked, "p", 1, at=NOW)
    trial = desk.improver.examine(desk.propose(van, alias="quán cồn"))
    assert [note for note in trial.notes if text in note]


def test_nobody_approves_their_own(desk: Desk, van: Person, duyet: Person) -> None:
    change = desk.propose(van)
    with pytest.raises(Refused, match="Trần Duyệt"):
        desk.improver.approve(change, actor=van, reason="gấp")
    assert desk.change(change).state is ChangeState.PROPOSED


def test_who_is_alone_needs_a_reason_and_it_is_noted(desk: Desk, van: Person) -> None:
    change = desk.propose(van)
    with pytest.raises(Refused, match="phải ghi lý do"):
        desk.improver.approve(change, actor=van)
    assert desk.improver.approve(change, actor=van, reason="chưa có người thứ hai").accepted
    with desk.sessions() as session:
        reason = session.scalars(select(Deed.reason).order_by(Deed.serial.desc())).first()
    assert reason is not None
    assert "chưa có người thứ hai" in reason
    assert "tự duyệt" in reason


def test_whoever_may_not_is_refused_and_nothing_changes(desk: Desk, van: Person) -> None:
    member, leader = desk.person("Công Chức"), desk.person("Lãnh Đạo", Role.LEADER)
    group = desk.asked(QUESTION)
    for actor in (member, leader):
        with pytest.raises(NotAllowed):
            desk.propose(actor, group=group)
        with pytest.raises(NotAllowed), desk.sessions.begin() as session:
            triage.ignore(session, group, actor=actor, now=NOW)
        with pytest.raises(NotAllowed), desk.sessions.begin() as session:
            triage.mark_wrong(session, 1, actor=actor, now=NOW)
    change = desk.propose(van, group=group)
    for actor in (member, leader):
        with pytest.raises(NotAllowed):
            desk.improver.approve(change, actor=actor, reason="x")
        with pytest.raises(NotAllowed), desk.sessions.begin() as session:
            changes.give_back(session, change, actor=actor, now=NOW, reason="x")
    assert deeds(desk) == ["knowledge.propose"]
    assert desk.group(group).state is GroupState.PROPOSED


def test_a_change_is_given_back_with_a_reason(desk: Desk, van: Person, duyet: Person) -> None:
    group = desk.asked(QUESTION)
    change = desk.propose(van, group=group)
    with pytest.raises(Refused, match="lý do"), desk.sessions.begin() as session:
        changes.give_back(session, change, actor=duyet, now=NOW, reason=" ")
    with pytest.raises(Refused, match="đang có một đề nghị"):
        desk.propose(van, group=group)
    with desk.sessions.begin() as session:
        changes.give_back(session, change, actor=duyet, now=NOW, reason="dễ nhầm")
    assert (desk.change(change).state, desk.change(change).reason) == (ChangeState.RETURNED, "dễ nhầm")
    assert desk.group(group).state is GroupState.OPEN
    with pytest.raises(Refused, match="trả lại"):
        desk.improver.approve(change, actor=duyet)


def test_groups_are_ignored_and_opened_again(desk: Desk, van: Person) -> None:
    group = desk.asked(QUESTION)
    with desk.sessions.begin() as session:
        triage.ignore(session, group, actor=van, now=NOW)
        triage.mark_outside(session, group, actor=van, now=NOW)
        triage.reopen(session, group, actor=van, now=NOW, reason="xem lại")
    assert desk.group(group).state is GroupState.OPEN
    assert deeds(desk) == ["questions.ignored", "questions.outside", "questions.open"]


def test_a_file_saved_by_hand_meanwhile_is_kept_and_the_change_made_on_it(
    desk: Desk, van: Person, duyet: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.folder / "bo-sung.yaml"
    by_hand = f"# của tôi\nthem_cach_hoi:\n  - id: {ENTRY}\n    aliases: [tiệm cồn của tôi]\n"
    write = own_folder.write
    calls = []

    def somebody_is_faster(edits: Any) -> None:
        calls.append(edits)
        if len(calls) == 1:
            path.write_text(by_hand, "utf-8")
        write(edits)

    monkeypatch.setattr(own_folder, "write", somebody_is_faster)
    assert desk.improver.approve(desk.propose(van), actor=duyet).accepted
    assert path.read_text("utf-8") == by_hand.replace("tôi]", "tôi, mở quán cồn nhỏ nhỏ]")
    assert len(calls) == 2


def test_without_the_row_the_files_are_put_back(
    desk: Desk, van: Person, duyet: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = desk.propose(van)

    def given_back_meanwhile(session: Any, *args: Any, **more: Any) -> None:
        with desk.readers() as other:
            assert changes.change_of(other, change).state is ChangeState.PROPOSED
        raise Refused("Đã trả lại.")

    monkeypatch.setattr(changes, "applied", given_back_meanwhile)
    with pytest.raises(Refused, match="Đã trả lại"):
        desk.improver.approve(change, actor=duyet)
    assert desk.files() == {}


def test_a_broken_file_of_the_office_is_named(desk: Desk, van: Person, duyet: Person) -> None:
    (desk.folder / "bo-sung.yaml").write_text("them_cach_hoi: []\nthem_cach_hoi: []\n", "utf-8")
    change = desk.propose(van)
    with pytest.raises(Refused, match="dòng 2"):
        desk.improver.approve(change, actor=duyet)
    assert desk.change(change).state is ChangeState.PROPOSED


def test_an_entry_without_a_source_or_with_a_taken_id_is_not_even_proposed(desk: Desk, van: Person) -> None:
    with pytest.raises(Refused, match="không có nguồn"):
        desk.propose(van, ChangeKind.ENTRY, new_entry(sources={}))
    with pytest.raises(Refused, match="đã có mục"):
        desk.propose(van, ChangeKind.ENTRY, new_entry(id=ENTRY))
    with pytest.raises(Refused, match="hai tiếng"):
        desk.propose(van, alias="rượu")


def test_a_killed_approval_can_be_made_again(desk: Desk, van: Person, duyet: Person) -> None:
    """Killed between the files and the row: the row still waits, and approving again finds them written."""
    change = desk.propose(van)
    program = dedent(
        """
        import os, sys
        from pathlib import Path
        from handlers.improving.content import AliasContent
        from handlers.improving.plans import Place, plan
        from knowledge import loader, own_folder
        folder = Path(sys.argv[1])
        content = AliasContent(entry=sys.argv[2], alias="mở quán cồn nhỏ nhỏ", question=sys.argv[3])
        edits = plan(content, loader.load().knowledge, Place(folders=(folder,), store=folder))
        with own_folder.locked(folder):
            own_folder.write(edits)
            os.kill(os.getpid(), 9)
        """
    )
    subprocess.run([sys.executable, "-c", program, str(desk.folder), ENTRY, QUESTION], check=False)
    assert set(desk.files()) == {"bo-sung.yaml", "cases/hoi-dap.yaml"}
    assert desk.improver.approve(change, actor=duyet).accepted
    assert desk.change(change).state is ChangeState.APPLIED
    assert desk.answer() == ENTRY
    assert len(all_cases([desk.folder])) == len(all_cases()) + 1


def test_a_group_is_forgotten_only_without_a_change(desk: Desk, van: Person) -> None:
    group = desk.asked(QUESTION)
    desk.propose(van, group=group)
    with desk.sessions.begin() as session:
        questions.purge(session, NOW)
    with desk.sessions() as session:
        assert list(session.scalars(select(QuestionGroup.count))) == [0]
