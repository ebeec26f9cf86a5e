"""Every action, by every role, in every way it can be done: allowed exactly where the table says so.

In chat each deed is really done, in a transaction that is rolled back; on the console every address is asked
for by everyone who can be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.web.console.entries import Entry
from bot.web.console.sections import SECTIONS
from handlers.staff.router import _MODULES
from office import codes, groups, membership, people
from office.assignments import Priority, ProofKind
from office.audit import Deed
from office.deliveries import Delivery, Doubt, Occurrence, OccurrenceState, Source, Status
from office.improvements import GroupState, QuestionGroup
from office.messages import Incoming
from office.notices import Notice, NoticeState
from office.people import Person, Role
from office.rights import RIGHTS, Action, allowed
from scheduler import extensions, progress
from scheduler.work import Draft
from tests.console_office import ADMIN, CLERK, LEADER, MEMBER, ConsoleOffice, serving

HEAD, ONE, TWO = "Trưởng Văn Phòng", "Người Thứ Một", "Người Thứ Hai"
ROLES = {
    "": frozenset({Role.CITIZEN}),
    MEMBER: frozenset({Role.MEMBER}),
    HEAD: frozenset({Role.MEMBER, Role.HEAD}),
    LEADER: frozenset({Role.MEMBER, Role.LEADER}),
    CLERK: frozenset({Role.MEMBER, Role.VAN_PHONG}),
    ADMIN: frozenset({Role.MEMBER, Role.VAN_PHONG, Role.ADMIN}),
}
CHANNELS = ("telegram", "terminal")
REFUSED = ("Việc này dành cho:", "chưa gắn với công chức")


@dataclass(frozen=True, slots=True)
class Way:
    """Something said in chat: words, or a tap («s:…»). `then`: a second one; `deed`: what is audited."""

    said: str
    deed: str = ""
    then: str = ""


WAYS: dict[Action, tuple[Way, ...]] = {
    Action.LIST_OWN_WORK: (Way("/viec"),),
    Action.LIST_DEPARTMENT_WORK: (Way("/viec phong van-phong"), Way("/xuat")),
    Action.LIST_ALL_WORK: (Way("/viec phong quan-ly-thuong-mai"), Way("/viec het")),
    Action.ACKNOWLEDGE: (
        Way("/nhan {open}", "assignment.acknowledge"), Way("s:nhan:{open}", "assignment.acknowledge"),
    ),
    Action.REPORT_DONE: (Way("/xong {open} 12/BC-SCT", "assignment.report"),),
    Action.ASK_EXTENSION: (Way("/giahan {open} 30/12/2026 lý do chờ số liệu", "assignment.ask_extension"),),
    Action.GIVE_WORK: (Way("/giao van-phong; Báo cáo thử; 30/12/2026", "assignment.create", "s:giao:co"),),
    Action.SEND_EXPRESS: (
        Way("/giao van-phong; Báo cáo; 30/12/2026; hoả tốc lý do gấp", "assignment.create", "s:giao:co"),
    ),
    Action.CHANGE_WORK: (
        Way("/sua {open} Nội dung mới", "assignment.change"),
        Way("/doihan {open} 30/12/2026 lý do chờ số liệu", "assignment.change"),
    ),
    Action.CANCEL_WORK: (Way("/huy {open} lý do thôi", "assignment.cancel"),),
    Action.CONFIRM_DONE: (
        Way("/xacnhan {reported}", "assignment.confirm"), Way("s:xacnhan:{reported}", "assignment.confirm"),
        Way("/tralai {reported} lý do thiếu", "assignment.return"), Way("s:tralai:{reported}"),
    ),
    Action.DECIDE_EXTENSION: (
        Way("/duyet {asked}", "assignment.extension"), Way("s:duyet:{request}", "assignment.extension"),
        Way("/tuchoi {asked} lý do gấp", "assignment.extension"), Way("s:tuchoi:{request}"),
        Way("s:ngaykhac:{request}"),
    ),
    Action.HAND_OVER: (Way(f"/chuyen {ONE} cho {TWO} lý do đổi việc", "assignment.hand_over"),),
    Action.STATISTICS: (Way("/thongke"),),
    Action.OWN_ACCOUNTS: (
        Way("/kenh"), Way("/noikenh"), Way("/kenh 9"), Way("s:kenh:xem"), Way("s:kenh:dau:1"),
        Way("s:kenh:bo:1"), Way("s:kenh:boluon:1"),
    ),
    Action.OWN_ABSENCE: (Way("/nghi 25/12/2026 lý do phép", "absence.record"), Way("/hetnghi")),
    Action.ANY_ABSENCE: (
        Way(f"/nghi {ONE} 25/12/2026 lý do phép", "absence.record"), Way(f"/hetnghi {TWO}", "absence.cancel"),
    ),
    Action.LIST_PEOPLE: (Way("/nguoi"), Way("/phong")),
    Action.ADD_PEOPLE: (
        Way("/themnguoi Lê Văn Mới; van-phong; chuyên viên", "member.add"), Way(f"/capma {ONE}", "code.make"),
        Way(f"/chuyenphong {ONE}; quan-ly-thuong-mai", "member.move"),
    ),
    Action.REMOVE_PEOPLE: (Way(f"/roi {ONE} giao {TWO} lý do nghỉ hưu", "member.leave"),),
    Action.GIVE_ROLES: (
        Way(f"/quyen {ONE} vanphong lý do cần", "role.give"),
        Way(f"/thoiquyen {HEAD} truongphong lý do thôi", "role.take"),
    ),
    Action.DEPARTMENTS: (Way("/phong them Phòng Mới", "department.add"),),
    Action.DECIDE_GROUPS: (
        Way("/nhom"), Way("/duyetnhom {group} van-phong", "group.approve"),
        Way("s:nhom:{group}:1", "group.approve"), Way("/tuchoinhom {group} lý do riêng", "group.refuse"),
    ),
    Action.LIST_REMINDERS: (Way("/nhac"),),
    Action.CHANGE_REMINDERS: (Way("/nhac tat 4-xin-4-luon"), Way("/nhac them")),
    Action.DELIVERIES: (Way("/tin"),),
    Action.SETTLE_DELIVERIES: (
        Way("s:tin:toi:{doubtful}", "delivery.arrived"), Way("s:tin:lai:{doubtful}", "delivery.again"),
    ),
    Action.CONFIRM_NOTICE: (Way("s:tb:doc:{sent}"),),
    Action.LIST_NOTICES: (Way("/thongbao ds"), Way("s:tb:td:{sent}")),
    Action.WRITE_NOTICES: (Way("/thongbao"), Way("s:tb:trinh:{draft}")),
    Action.APPROVE_NOTICES: (Way("s:tb:duyet:{waiting}"),),
    Action.SEND_NOTICES: (Way("s:tb:nhac:{sent}"), Way("s:tb:sua:{sent}")),
    Action.QUESTIONS: (Way("/chuatraloi"), Way("s:hd:xem:{question}")),
    Action.PROPOSE_KNOWLEDGE: (Way("s:hd:bo:{question}"),),
    Action.APPROVE_KNOWLEDGE: (Way("/duyetkho"),),
    Action.OFFICE_REPORT: (Way("/baocao"),),
    Action.CONSOLE: (Way("/vaoban"),),
}  # fmt: skip
ENTRIES = tuple(entry for section in SECTIONS for entry in section.entries)


class Bureau:
    """The office, and the numbers of what is in it."""

    def __init__(self, office: ConsoleOffice) -> None:
        self.office = office
        self.numbers: dict[str, int] = {}
        with office.sessions.begin() as session:
            self._people(session)
            self._work(session)
            self._others(session)

    def _people(self, session: Session) -> None:
        now = self.office.clock.now()
        for name in (HEAD, ONE, TWO):
            who = membership.add_member(session, name, department_id=1, actor=None, now=now)
            self.office.ids[name] = who.id
        membership.give_role(session, self.office.ids[HEAD], Role.HEAD, actor=None, reason="thử", now=now)
        for number in self.office.ids.values():
            for channel in CHANNELS:
                where = {"channel": channel, "account": "42", "sender": str(number), "chat": str(number)}
                codes.tie(session, number, **where, now=now)
        membership.record_absence(
            session, self.office.ids[TWO], since=date(2026, 12, 1), until=date(2026, 12, 2), stand_in_id=None,
            reason="", actor=None, now=now,
        )  # fmt: skip

    def person(self, session: Session, name: str) -> Person:
        found = people.person(session, self.office.ids[name])
        assert found
        return found

    def _work(self, session: Session) -> None:
        work, now = self.office.office.staff.work, self.office.clock.now()
        one = self.person(session, ONE)
        for key in ("open", "reported", "asked"):
            everyone = tuple(self.office.ids.values())
            draft = Draft(title=f"Việc {key}", member_ids=everyone, due_on=date(2026, 12, 10))
            self.numbers[key] = work.create(session, draft, actor=None, now=now).id
        progress.report_done(
            session, work, self.numbers["reported"], one, kind=ProofKind.DOCUMENT, proof="1/BC", now=now
        )
        until = date(2026, 12, 20)
        asked = extensions.ask_extension(
            session, work, self.numbers["asked"], one, until=until, reason="chờ", now=now
        )
        self.numbers["request"] = asked.id

    def _others(self, session: Session) -> None:
        now = self.office.clock.now()
        where = {"channel": "telegram", "account": "42", "chat": "-1"}
        self.numbers["group"] = groups.met(session, **where, title="Nhóm", added_by="", now=now)[0].id
        one = self.office.ids[ONE]
        states = (("draft", NoticeState.DRAFT), ("waiting", NoticeState.WAITING), ("sent", NoticeState.SENT))
        for key, state in states:
            row = Notice(
                title="Thông báo", body="Nội dung", priority=Priority.ORDINARY, audience={"members": [one]},
                state=state, confirm=True, created_by=one, submitted_by=one, submitted_at=now, created_at=now,
                changed_at=now, started_at=now if state is NoticeState.SENT else None,
            )  # fmt: skip
            session.add(row)
            session.flush()
            self.numbers[key] = row.id
        question = QuestionGroup(
            text="câu chưa trả lời", key="câu", state=GroupState.OPEN, count=1, unanswered=1, disliked=0,
            mismatched=0, first_at=now, last_at=now,
        )  # fmt: skip
        occurrence = Occurrence(
            source=Source.EVENT, source_id=1, rung="thử", due_at=now, planned_at=now,
            state=OccurrenceState.PLANNED,
        )  # fmt: skip
        session.add_all((question, occurrence))
        session.flush()
        doubtful = Delivery(
            occurrence_id=occurrence.id, channel="telegram", account="42", chat="1", group=False,
            status=Status.UNCERTAIN, doubt=Doubt.ASK, body=[{"lines": [{"text": "Tin"}]}], due_at=now,
            ready_at=now, created_at=now,
        )  # fmt: skip
        session.add(doubtful)
        session.flush()
        self.numbers |= {"question": question.id, "doubtful": doubtful.id}

    def say(self, session: Session, name: str, channel: str, way: Way) -> tuple[str, set[str]]:
        """What is answered, and what was audited; nothing of it stays."""
        last = session.scalars(select(Deed.id).order_by(Deed.id.desc())).first() or 0
        state: dict[str, Any] = {}
        answers = []
        for said in (way.said, way.then):
            if said:
                answers += self._route(session, name, channel, said.format(**self.numbers), state)
        deeds = set(session.scalars(select(Deed.action).where(Deed.id > last)))
        session.rollback()
        return "\n".join(answers), deeds

    def _route(
        self, session: Session, name: str, channel: str, said: str, state: dict[str, Any]
    ) -> list[str]:
        sender = str(self.office.ids.get(name, "stranger"))
        now, tap = self.office.clock.now(), said.startswith("s:")
        incoming = Incoming(
            channel=channel, account="42", key="k", chat=sender, sender=sender, at=now,
            text="" if tap else said, payload=said if tap else "",
        )  # fmt: skip
        router = self.office.office.staff.router
        replies = router.route(
            session, incoming, state, payload=said if tap else "", now=now, today=date(2026, 11, 24)
        )
        assert replies is not None, said
        return [reply.text() for reply in replies]


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    made: list[Bureau] = []
    folder = tmp_path_factory.mktemp("rights")
    with serving(folder, fill=lambda office: made.append(Bureau(office))):
        yield made[0]


@pytest.mark.parametrize("action", WAYS)
def test_in_chat_an_action_is_done_for_who_may_and_refused_to_all_others(
    bureau: Bureau, action: Action
) -> None:
    with bureau.office.sessions() as session:
        for name, roles in ROLES.items():
            for way in WAYS[action]:
                for channel in CHANNELS:
                    answer, deeds = bureau.say(session, name, channel, way)
                    refused = any(words in answer for words in REFUSED)
                    case = (name or "người dân", channel, way.said, answer)
                    assert refused != allowed(roles, action), case
                    if refused:
                        assert not deeds, case
                    elif way.deed:
                        assert way.deed in deeds, case


@pytest.fixture(scope="module")
def browsers(bureau: Bureau) -> dict[str, tuple[httpx.Client, str]]:
    """Who may be at the console, each with the token that their forms carry."""
    found = {}
    for name in (LEADER, CLERK, ADMIN):
        client = bureau.office.login(name)
        token = re.search(r'name="csrf" value="(\w+)"', client.get("/van-phong").text)
        assert token
        found[name] = (client, token[1])
    return found


@pytest.mark.parametrize("entry", ENTRIES, ids=[f"{'POST' if e.act else 'GET'} {e.path}" for e in ENTRIES])
def test_on_the_console_an_address_is_for_who_may_do_what_it_does(
    bureau: Bureau, browsers: dict[str, tuple[httpx.Client, str]], entry: Entry
) -> None:
    """Numbers lead nowhere and forms are empty, so that nothing changes: 404 or 422 is no refusal."""
    path = re.sub(r"\{\w+(:\w+)?\}", "9999999", entry.path)
    strangers = bureau.office.client()
    asked = strangers.post if entry.act else strangers.get
    assert asked(f"/van-phong{path}").status_code in (401, 403)
    for name, (client, token) in browsers.items():
        if allowed(ROLES[name], entry.action) and entry.watch:
            continue  # its answer goes on until there is nothing more to tell
        at = f"/van-phong{path}"
        response = client.post(at, data={"csrf": token}) if entry.act else client.get(at)
        assert (response.status_code == 403) != allowed(ROLES[name], entry.action), (name, response.text)
        assert response.status_code < 500


def test_who_has_no_right_to_the_console_gets_no_link(bureau: Bureau) -> None:
    with bureau.office.sessions() as session:
        for name in (MEMBER, HEAD):
            answer, _ = bureau.say(session, name, "telegram", Way("/vaoban"))
            assert "/van-phong" not in answer


def test_every_action_has_a_way_that_is_tried() -> None:
    assert set(Action) - set(WAYS) <= {entry.action for entry in ENTRIES}


def test_every_command_of_chat_is_tried() -> None:
    said = {way.said.split()[0].removeprefix("/") for ways in WAYS.values() for way in ways}
    missing = {
        command.words[0]
        for module in _MODULES
        for command in module.COMMANDS
        if command.action is not None and not said & set(command.words)
    }
    assert missing <= {"lich", "nhap", "vanban", "chude", "baocao"}, missing


def test_the_roles_of_this_test_are_all_there_are() -> None:
    assert {role for roles in ROLES.values() for role in roles} == set(Role) == set(RIGHTS)
