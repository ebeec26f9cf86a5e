"""Numbers typed instead of buttons, at the desk: they mean what was offered last, for half an hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from handlers.desk import FrontDesk
from office.assignments import AssignmentState
from office.deliveries import Act, Delivery, Status
from office.messages import Incoming, Reply
from office.settings import Limits
from tests.unit.handlers.staff.work_office import Office, shipped_library


class Desk:
    """The desk of the office, spoken to by its people; it lives by the office's clock."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(folder)
        self._key = 0
        self._desk = FrontDesk(
            library=shipped_library,
            sessions=self.office.sessions,
            clock=self,
            hash_key=b"k" * 16,
            limits=Limits(messages_per_minute=10_000),
            staff=self.office.router,
        )

    def now(self) -> datetime:
        return self.office.now

    def hear(self, who: str, text: str = "", *, payload: str = "") -> tuple[Reply, ...]:
        self._key += 1
        incoming = Incoming(
            channel="t",
            account="1",
            key=f"d{self._key}",
            chat=who,
            sender=who,
            at=self.now(),
            text=text,
            payload=payload,
        )
        return self._desk.handle(incoming)

    def sent(self, who: str, *, act: Act = Act.SEND, status: Status = Status.SENT) -> None:
        """All that waits for somebody was sent just now."""
        change = update(Delivery).where(Delivery.chat == who)
        with self.office.sessions.begin() as session:
            session.execute(change.values(act=act, status=status, finished_at=self.now()))

    def say(self, who: str, text: str) -> str:
        return "\n".join(reply.text() for reply in self.hear(who, text))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.office.engine.dispose()


@pytest.mark.parametrize("said", ["2", "2.", "số 2", "2 ạ"])
def test_a_number_opens_what_stands_there_in_a_list(desk: Desk, said: str) -> None:
    desk.office.give("qltm; Việc một; 10/12")
    desk.office.give("qltm; Việc hai; 12/12")
    [listed] = desk.hear("An", "viec")
    assert [c.label for c in listed.numbered()] == ["Số 1: Việc một", "Số 2: Việc hai"]
    assert "Số 2: Việc hai – hạn 12/12" in listed.text()  # «2.» would be taken for what a number picks
    opened = desk.say("An", said)
    assert "Nhiệm vụ số 2: Việc hai" in opened
    assert "đã nhận" in desk.say("An", "1")  # the first button of the card that came


def test_what_is_not_sent_yet_does_not_change_what_a_number_means(desk: Desk) -> None:
    first = desk.office.give("qltm; Việc một; 10/12")
    assert f"Nhiệm vụ số {first}" in desk.say("An", f"xem {first}")
    second = desk.office.give("qltm; Việc hai; 12/12")
    assert f"Nhiệm vụ số {first}: Việc một" in desk.say("An", "1")
    assert "Đã nhận 0/" in desk.say("Văn", f"xem {second}")
    assert "Đã nhận 1/" in desk.say("Văn", f"xem {first}")


def test_after_half_an_hour_a_number_means_nothing_and_that_is_said(desk: Desk) -> None:
    number = desk.office.give()
    desk.say("An", f"xem {number}")
    desk.office.now += timedelta(minutes=29)
    assert "đã nhận" in desk.say("An", "1")
    desk.office.now += timedelta(minutes=31)
    assert "không còn ứng với lựa chọn nào" in desk.say("An", "2")
    assert desk.office.row(number).state is AssignmentState.OPEN


def test_a_number_is_an_answer_in_words_once_words_are_asked_for(desk: Desk) -> None:
    """The buttons of the card above would have taken it."""
    number = desk.office.give()
    desk.say("An", f"xem {number}")
    assert "minh chứng" in desk.say("An", "2")
    assert "Đã ghi nhận" in desk.say("An", "412")
    assert "báo hoàn thành (412)" in desk.say("Văn", f"xem {number}")


def test_a_stray_text_is_no_proof_and_no_reason(desk: Desk) -> None:
    number = desk.office.give()
    desk.say("An", f"xong {number}")
    strays = ("dạ", "vâng ạ", "ok", "3", "?", "phí bán lẻ thuốc lá bao nhiêu", "nộp ở đâu ạ?", "số 2")
    bare = ("da em lam roi a", "em lam xong roi nhe", "Em báo cáo là đã hoàn thành ạ!", "Nộp rồi !")
    for stray in (*strays, *bare):
        assert "chưa phải minh chứng" in desk.say("An", stray), stray
    assert "Xin gửi minh chứng" in desk.say("An", "xong roi")
    for enough in ("Dạ thôi ạ.", "thôi không", "dừng lại nhé", "thoi a"):
        assert "Đã dừng" in desk.say("An", enough), enough
        desk.say("An", f"xong {number}")
    assert "Xin gửi minh chứng" in desk.say("An", f"xong {number} em lam roi")
    assert "Đã ghi nhận" in desk.say("An", "da nop bao cao cho So")
    assert "Minh chứng: da nop bao cao cho So" in desk.say("Văn", f"xacnhan {number}")
    number = desk.office.give()
    desk.say("An", f"xong {number}")
    assert "Đã ghi nhận" in desk.say("An", "412/SCT-QLTM")
    desk.say("Văn", f"tralai {number}")
    for stray in ("vâng", "1", "là sao, thế nào?"):
        assert "chưa phải lý do" in desk.say("Văn", stray), stray
    assert "Đã trả lại" in desk.say("Văn", "thiếu phụ lục")
    desk.say("An", f"giahan {number} 20/12")
    assert "chưa phải lý do" in desk.say("An", "dạ vâng")
    assert "Đã gửi Văn phòng" in desk.say("An", "chờ số liệu")


def test_what_is_refused_leaves_the_choices_as_they_are(desk: Desk) -> None:
    desk.say("Văn", "/giao qltm; Báo cáo; 15/12")
    assert "Không có nhiệm vụ số 99" in desk.say("Văn", "/xacnhan 99")
    assert "Đã giao việc" in desk.say("Văn", "1")


def test_a_number_picks_what_a_citizen_is_offered_also_while_words_are_awaited(desk: Desk) -> None:
    desk.say("Văn", "/giao")
    [menu] = desk.hear("Văn", payload="m")
    assert desk.hear("Văn", "1")[0].lines == desk.hear("Văn", payload=menu.numbered()[0].payload)[0].lines


def test_a_number_after_a_newer_message_picks_nothing_until_it_is_chosen_again(desk: Desk) -> None:
    first = desk.office.give("qltm; Việc một; 10/12")
    shown = desk.hear("An", f"xem {first}")[0]
    desk.office.give("qltm; Việc hai; 12/12")
    desk.office.now += timedelta(minutes=1)
    desk.sent("An")
    desk.office.now += timedelta(minutes=1)
    [again] = desk.hear("An", "1")
    assert "tin nhắn mới hơn" in again.text()
    assert [(c.label, c.payload) for c in again.numbered()] == [
        (c.label, c.payload) for c in shown.numbered()
    ]
    assert "Đã nhận 0/" in desk.say("Văn", f"xem {first}")
    desk.office.now += timedelta(minutes=1)
    assert "đã nhận" in desk.say("An", "1")
    assert "Đã nhận 1/" in desk.say("Văn", f"xem {first}")


@pytest.mark.parametrize("said", ["đã nhận", "Da nhan"])
def test_what_staff_type_from_a_button_may_be_meant_for_the_newer_message(desk: Desk, said: str) -> None:
    number = desk.office.give()
    desk.say("An", f"xem {number}")
    desk.office.now += timedelta(minutes=1)
    desk.sent("An")
    assert "tin nhắn mới hơn" in desk.say("An", said)
    assert "đã nhận" in desk.say("An", said)


def test_words_that_name_their_matter_are_understood_whatever_came_since(desk: Desk) -> None:
    number = desk.office.give()
    desk.say("An", f"xem {number}")
    desk.office.now += timedelta(minutes=1)
    desk.sent("An")
    assert "đã nhận" in desk.say("An", f"nhan {number}")


@pytest.mark.parametrize(
    ("who", "act", "status", "after"),
    [
        ("Bình", Act.SEND, Status.SENT, 1),  # somebody else's chat
        ("An", Act.EDIT, Status.SENT, 1),
        ("An", Act.SEND, Status.FAILED, 1),
        ("An", Act.SEND, Status.SENT, 0),  # sent before the choices came
    ],
)
def test_a_number_counts_where_nothing_newer_came(
    desk: Desk, who: str, act: Act, status: Status, after: int
) -> None:
    number = desk.office.give()
    desk.say("An", f"xem {number}")
    desk.office.now += timedelta(minutes=after)
    desk.sent(who, act=act, status=status)
    assert "đã nhận" in desk.say("An", "1")


def test_a_newer_message_does_not_end_a_conversation_in_words(desk: Desk) -> None:
    number = desk.office.give()
    desk.say("An", f"xem {number}")
    assert "minh chứng" in desk.say("An", "Hoan thanh")
    desk.office.now += timedelta(minutes=1)
    desk.sent("An")
    assert "Đã ghi nhận" in desk.say("An", "412")
