"""Groups in chat: met, approved or refused by Văn phòng, lost, moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from handlers.staff import groups as handlers
from office import groups
from office.deliveries import Delivery, Occurrence, OccurrenceState, Source, Status
from office.groups import Group, GroupState
from office.messages import ChatAddress, Event, Line, Reply
from office.people import MemberRole, Role
from office.rights import NotAllowed
from scheduler import audience
from scheduler.outbox import Recipient
from scheduler.trouble import ChatTrouble
from tests.unit.handlers.staff.people_office import Office


@pytest.fixture
def office(sessions: sessionmaker[Session]) -> Iterator[Office]:
    with sessions.begin() as session:
        yield Office(session)


def added(office: Office, chat: str = "-1", title: str = "QLTM điều hành") -> Group:
    assert office.event(Event.ADDED, chat, title=title) == ()
    group = groups.at(office.session, "telegram", "bot", chat)
    assert group is not None
    return group


def approved(office: Office, chat: str = "-1") -> Group:
    group = added(office, chat)
    office.type(office.clerk, f"/duyetnhom {group.id} qltm")
    return group


def wait_for(office: Office, chat: str, *titles: str, group: bool = True) -> None:
    """Messages that wait to be sent to a chat."""
    to = ChatAddress(channel="telegram", account="bot", chat=chat, group=group)
    for title in titles:
        office.now += timedelta(seconds=1)
        reply = Reply(lines=(Line(title), Line("thân tin")))
        office.work.outbox.announce(office.session, "test", 1, [Recipient(to=to)], reply, now=office.now)


def waiting(office: Office, chat: str) -> list[Status]:
    return list(office.session.scalars(select(Delivery.status).where(Delivery.chat == chat)))


# --- a new group


def test_a_new_group_stays_silent_and_van_phong_is_asked_whose_it_is(office: Office) -> None:
    group = added(office)
    assert group.state is GroupState.PENDING
    assert office.told("-1") == []
    [asked] = office.told(office.clerk)
    assert "«QLTM điều hành»" in asked.text()
    assert "Người Thêm" in asked.text()
    assert [c.label for c in asked.choices] == [
        "Phòng Quản lý thương mại",
        "Phòng Quản lý năng lượng",
        "Toàn cơ quan",
        "Không duyệt",
    ]


@pytest.mark.parametrize(
    ("title", "first"),
    [
        ("QLNL - việc hằng ngày", "Phòng Quản lý năng lượng"),
        ("Nhóm quản lý năng lượng", "Phòng Quản lý năng lượng"),
        ("Thuong mai", "Phòng Quản lý thương mại"),
        ("", "Phòng Quản lý thương mại"),
    ],
)
def test_the_likeliest_department_is_offered_first(office: Office, title: str, first: str) -> None:
    added(office, title=title)
    assert office.told(office.clerk)[0].choices[0].label == first


def test_at_most_six_departments_are_offered(office: Office) -> None:
    for number in range(12):
        office.type(office.clerk, f"/phong them Đơn vị {number}")
    added(office)
    assert len(office.told(office.clerk)[0].choices) == 8


def test_a_group_is_asked_about_once_and_again_after_the_bot_was_removed(office: Office) -> None:
    added(office)
    added(office)
    assert len(office.told(office.clerk)) == 1
    office.event(Event.REMOVED, "-1")
    assert added(office).state is GroupState.PENDING
    assert [r.lines[0].text for r in office.told(office.clerk)][::2] == ["Có nhóm mới chờ duyệt"] * 2


def test_a_group_that_writes_without_having_been_announced_is_asked_about(office: Office) -> None:
    incoming = office.incoming("x", chat="-9", group=True, title="Nhóm lạ", text="chào bot")
    for _ in range(2):
        assert handlers.first_seen(office.request(incoming, None)) == ()
    [asked] = office.told(office.clerk)
    assert "Không rõ ai thêm bot" in asked.text()


def test_a_group_without_a_title_is_told_by_its_channel_last_digits_and_who_called(office: Office) -> None:
    more = {"chat": "84570319260418836606", "channel": "zalo_bot", "group": True}
    incoming = office.incoming("x", **more, sender_name="Lê Văn Chí", text="chào bot")
    handlers.first_seen(office.request(incoming, None))
    asked = office.told(office.clerk)[0].text()
    assert "«Zalo Bot, chưa có tên (…6606)»" in asked
    assert "Lê Văn Chí vừa gọi bot trong nhóm." in asked
    assert "8457" not in asked
    assert "«Zalo Bot, chưa có tên (…6606)»: chờ duyệt" in office.type(office.clerk, "/nhom")


def test_a_member_who_calls_is_named_as_the_office_knows_them(office: Office) -> None:
    incoming = office.incoming("x", chat="-9", group=True, sender_name="Bé An", text="chào bot")
    handlers.first_seen(office.request(incoming, office.an))
    assert "Nguyễn Văn An vừa gọi bot" in office.told(office.clerk)[0].text()


def test_without_van_phong_the_admin_is_asked(office: Office) -> None:
    office.session.execute(delete(MemberRole).where(MemberRole.role == Role.VAN_PHONG))
    added(office)
    assert len(office.told(office.admin)) == 1


def test_with_nobody_to_ask_the_group_waits_in_the_list(office: Office) -> None:
    office.session.execute(delete(MemberRole))
    added(office)
    states = office.session.scalars(select(Occurrence.state).where(Occurrence.source == Source.EVENT)).all()
    assert states == [OccurrenceState.NOBODY]
    assert [g.state for g in groups.every(office.session)] == [GroupState.PENDING]


# --- deciding


def test_one_tap_ties_a_group_to_a_department_and_greets_it(office: Office) -> None:
    group = added(office)
    [reply] = office.tap(office.clerk, office.told(office.clerk)[0].choices[0].payload)
    assert reply.replaces
    assert "Đã duyệt nhóm" in reply.text()
    assert "Hoàng Thị Vân" in reply.text()
    assert (group.state, group.department_id) == (GroupState.APPROVED, office.trade)
    [greeting] = office.told("-1")
    assert "Phòng Quản lý thương mại" in greeting.text()
    assert [r.to.chat for r in audience.groups(office.session, department_id=office.trade)] == ["-1"]


def test_a_group_may_belong_to_the_whole_office(office: Office) -> None:
    group = added(office)
    office.tap(office.clerk, f"s:nhom:{group.id}:0")
    assert (group.state, group.department_id) == (GroupState.APPROVED, None)
    assert "toàn cơ quan" in office.told("-1")[0].text()


def test_a_refused_group_is_not_greeted(office: Office) -> None:
    group = added(office)
    [reply] = office.tap(office.clerk, f"s:nhom:{group.id}:tuchoi")
    assert reply.replaces
    assert group.state is GroupState.REFUSED
    assert office.told("-1") == []


def test_the_second_tap_hears_what_the_first_decided(office: Office) -> None:
    group = added(office)
    office.tap(office.clerk, f"s:nhom:{group.id}:{office.trade}")
    [reply] = office.tap(office.admin, f"s:nhom:{group.id}:tuchoi")
    assert "đang dùng, Phòng Quản lý thương mại" in reply.text()
    assert "Hoàng Thị Vân" in reply.text()
    assert group.state is GroupState.APPROVED


@pytest.mark.parametrize("end", ["", ":", ":x", ":999", ":-1"])
def test_a_forged_tap_decides_nothing(office: Office, end: str) -> None:
    group = added(office)
    with pytest.raises(Exception, match="Không rõ"):
        office.tap(office.clerk, f"s:nhom:{group.id}{end}")
    assert group.state is GroupState.PENDING


def test_only_van_phong_and_admins_decide(office: Office) -> None:
    group = added(office)
    with pytest.raises(NotAllowed):
        office.tap(office.an, f"s:nhom:{group.id}:0")
    with pytest.raises(NotAllowed):
        office.type(office.an, f"/duyetnhom {group.id} tatca")
    assert group.state is GroupState.PENDING


def test_groups_are_decided_in_words_too(office: Office) -> None:
    group = added(office)
    assert "Phòng Quản lý năng lượng" in office.type(office.clerk, f"/duyetnhom {group.id} qlnl")
    assert "toàn cơ quan" in office.type(office.clerk, f"/duyetnhom #{group.id} tất cả")
    assert len(office.told("-1")) == 1  # greeted once
    office.type(office.clerk, f"/tuchoinhom {group.id} lý do nhóm riêng")
    assert (group.state, group.reason) == (GroupState.REFUSED, "nhóm riêng")
    assert [d.action for d in office.deeds("group.refuse")] == ["group.refuse"]


def test_what_waits_for_a_group_is_cancelled_when_it_is_refused(office: Office) -> None:
    group = approved(office)
    office.type(office.clerk, f"/tuchoinhom {group.id} lý do nhóm riêng")
    assert waiting(office, "-1") == [Status.CANCELLED]


def test_words_that_decide_nothing_say_what_is_missing(office: Office) -> None:
    group = added(office)
    assert "Cần số của nhóm" in office.refused(office.clerk, "/duyetnhom qltm")
    assert "Không có nhóm số 99" in office.refused(office.clerk, "/duyetnhom 99 qltm")
    assert "Không rõ phòng" in office.refused(office.clerk, f"/duyetnhom {group.id} phòng ma")
    assert "Cần nêu lý do" in office.refused(office.clerk, f"/tuchoinhom {group.id}")
    assert "Nhóm này của phòng nào?" in office.type(office.clerk, f"/duyetnhom {group.id}")
    assert group.state is GroupState.PENDING


def test_a_group_that_the_bot_left_cannot_be_approved(office: Office) -> None:
    group = added(office)
    office.event(Event.REMOVED, "-1")
    assert "Bot không còn trong nhóm" in office.refused(office.clerk, f"/duyetnhom {group.id} qltm")


def test_the_list_shows_who_waits_first(office: Office) -> None:
    approved(office)
    added(office, "-2", "Nhóm mới")
    said = office.type(office.clerk, "/nhom")
    assert said.index("Nhóm mới") < said.index("QLTM điều hành")
    assert "chờ duyệt" in said
    assert "đang dùng, Phòng Quản lý thương mại" in said


# --- topics


def test_messages_go_to_the_topic_in_which_it_is_asked_for(office: Office) -> None:
    group = approved(office)
    office.type(office.clerk, "/chude", chat="-1", group=True, topic="7")
    assert audience.address(group).topic == "7"
    assert "vốn đã" in office.type(office.clerk, "/chude", chat="-1", group=True, topic="7")
    office.type(office.clerk, "/chude", chat="-1", group=True)
    assert audience.address(group).topic == ""
    assert len(office.deeds("group.topic")) == 2


def test_a_topic_is_chosen_in_an_approved_group_by_van_phong(office: Office) -> None:
    added(office, "-2")
    assert "nhóm đã được duyệt" in office.refused(office.clerk, "/chude", chat="-2", group=True, topic="7")
    assert "nhóm đã được duyệt" in office.refused(office.clerk, "/chude")
    approved(office)
    with pytest.raises(NotAllowed):
        office.type(office.an, "/chude", chat="-1", group=True, topic="7")


# --- out of reach


def test_van_phong_hears_of_a_lost_group_and_what_was_not_delivered(office: Office) -> None:
    group = approved(office)
    wait_for(office, "-1", *[f"Tin số {n}" for n in range(13)])
    office.event(Event.REMOVED, "-1")
    assert group.state is GroupState.DISABLED
    assert set(waiting(office, "-1")) == {Status.FAILED}
    told = office.told(office.clerk)[-1].text()
    assert "Không còn gửi được tin vào nhóm «QLTM điều hành»" in told
    assert "(14)" in told  # with the greeting
    assert "• Tin số 8" in told
    assert "• Tin số 9" not in told
    assert "và 4 tin nữa" in told


def test_a_member_who_blocks_the_bot_is_told_of_once_and_reached_again_later(office: Office) -> None:
    wait_for(office, f"s{office.an}", "Nhắc việc", group=False)
    for _ in range(2):
        office.event(Event.BLOCKED, f"s{office.an}", group=False)
    [told] = office.told(office.clerk)
    assert "Không còn nhắn riêng được cho Nguyễn Văn An" in told.text()
    assert "• Nhắc việc" in told.text()
    assert audience.privately(office.session, [office.an], on=office.now.date()) == ()
    office.event(Event.UNBLOCKED, f"s{office.an}", group=False)
    assert len(audience.privately(office.session, [office.an], on=office.now.date())) == 1


def test_a_citizen_who_blocks_the_bot_is_nobodys_business(office: Office) -> None:
    office.event(Event.BLOCKED, "citizen", group=False)
    assert office.told(office.clerk) == []


def test_a_refused_group_may_be_left_without_a_word(office: Office) -> None:
    group = added(office)
    office.tap(office.clerk, f"s:nhom:{group.id}:tuchoi")
    before = len(office.told(office.clerk))
    office.event(Event.REMOVED, "-1")
    assert len(office.told(office.clerk)) == before


def test_the_lane_and_the_event_say_it_once(office: Office) -> None:
    approved(office)
    wait_for(office, "-1", "Tin mất")
    here = ChatAddress(channel="telegram", account="bot", chat="-1", group=True)
    before = len(office.told(office.clerk))
    trouble = ChatTrouble(office.work.outbox)
    trouble.unreachable(office.session, here, "Bot bị chặn trong nhóm.", office.now)
    office.event(Event.REMOVED, "-1")
    said = [r.text() for r in office.told(office.clerk)[before:]]
    assert len(said) == 1
    assert "Lý do: Bot bị chặn trong nhóm." in said[0]


def test_the_message_on_which_it_was_noticed_is_listed_and_a_long_one_is_cut(office: Office) -> None:
    approved(office)
    wait_for(office, "-1", "Dài " * 200)
    row = office.session.scalars(select(Delivery).where(Delivery.chat == "-1")).all()[-1]
    row.status, row.finished_at = Status.FAILED, office.now
    here = ChatAddress(channel="telegram", account="bot", chat="-1", group=True)
    ChatTrouble(office.work.outbox).unreachable(office.session, here, "Bot bị chặn.", office.now)
    items = [line.text for line in office.told(office.clerk)[-1].lines if line.text.startswith("Dài")]
    assert len(items) == 1
    assert len(items[0]) <= 100


# --- moved


def test_row_and_waiting_messages_follow_a_group_to_its_new_id(office: Office) -> None:
    group = approved(office)
    for _ in range(2):  # told in the old chat and in the new one
        office.event(Event.MIGRATED, "-1", moved_to="-100")
    assert (group.chat, group.state) == ("-100", GroupState.APPROVED)
    assert waiting(office, "-1") == []
    assert len(waiting(office, "-100")) == 1
    assert len(office.deeds("group.migrate")) == 1


def test_the_lane_moves_a_group_like_its_event(office: Office) -> None:
    group = approved(office)
    old = ChatAddress(channel="telegram", account="bot", chat="-1", group=True)
    ChatTrouble(office.work.outbox).moved(office.session, old, "-100", office.now)
    assert group.chat == "-100"
