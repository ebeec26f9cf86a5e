"""What an answer's sender does about each way a platform can refuse or fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.channels.answering import TRIES, Answerer, Patience, Undelivered
from bot.channels.plain_text import Page
from bot.channels.zalo_calls import CallEnded, Lost, NotSent, Refused, TooFast, WrongToken
from scheduler.courier import Gate

QUICK = Patience(first=0.001, longest=0.002, whole=0.2)


class Mouth:
    """A platform whose next answers are given."""

    def __init__(self, *ends: CallEnded | None, knocks: Sequence[CallEnded] = ()) -> None:
        """`knocks`: how the next attempts to hear it end."""
        self.ends = list(ends)
        self.knocks = list(knocks)
        self.said: list[str] = []

    async def say(self, chat: str, page: Page, *, group: bool) -> str:
        self.said.append(page.text)
        end = self.ends.pop(0) if self.ends else None
        if end is not None:
            raise end
        return str(len(self.said))

    async def knock(self) -> None:
        if self.knocks:
            raise self.knocks.pop(0)


class Pace(Gate):
    """Lets everybody through and remembers what it was told."""

    def __init__(self) -> None:
        self.floods: list[tuple[str, float, bool]] = []

    async def enter(self, chat: str, *, group: bool) -> None:
        """At once."""

    def flooded(self, chat: str, seconds: float, *, account: bool = False) -> None:
        self.floods.append((chat, seconds, account))


def pages(*texts: str) -> list[Page]:
    return [Page(text=text) for text in texts]


async def send(mouth: Mouth, *texts: str, answerer: Answerer | None = None) -> Answerer:
    answerer = answerer or Answerer(mouth, Pace(), QUICK)
    await answerer.send(pages(*texts), chat="an", group=False, key="1")
    return answerer


async def test_pages_go_in_order() -> None:
    mouth = Mouth()
    await send(mouth, "một", "hai", "ba")
    assert mouth.said == ["một", "hai", "ba"]


async def test_what_has_not_left_is_tried_again() -> None:
    mouth = Mouth(NotSent("mạng"), NotSent("mạng"))
    await send(mouth, "một")
    assert mouth.said == ["một"] * 3


async def test_what_may_have_arrived_is_said_once_more_and_then_left() -> None:
    mouth = Mouth(Lost("đứt"), Lost("đứt"))
    answerer = await send(mouth, "một", "hai")
    assert mouth.said == ["một", "một", "hai"]
    assert answerer.uncertain == 1


async def test_what_may_have_arrived_is_said_once_more_only_when_the_platform_is_heard_again() -> None:
    mouth = Mouth(Lost("đứt"), knocks=[Lost("đứt"), NotSent("mạng"), Lost("đứt")])
    answerer = await send(mouth, "một")
    assert mouth.said == ["một", "một"]
    assert (mouth.knocks, answerer.uncertain) == ([], 0)


async def test_a_platform_that_stays_away_is_left_for_later_and_nothing_is_said_a_third_time() -> None:
    mouth = Mouth(Lost("đứt"), Lost("đứt"), knocks=[NotSent("mạng")] * 1000)
    answerer = Answerer(mouth, Pace(), QUICK)
    with pytest.raises(Undelivered):
        await send(mouth, "một", answerer=answerer)
    assert mouth.said == ["một"]
    mouth.knocks.clear()
    await send(mouth, "một", answerer=answerer)
    assert mouth.said == ["một", "một"]
    assert answerer.uncertain == 1
    await send(mouth, "một", answerer=answerer)  # another time it is a matter of its own
    assert mouth.said == ["một"] * 3


async def test_a_refused_page_is_passed_and_a_closed_chat_ends_the_answer() -> None:
    mouth = Mouth(Refused("quá dài"))
    await send(mouth, "một", "hai")
    assert mouth.said == ["một", "hai"]
    mouth = Mouth(Refused("đã chặn", unreachable=True))
    await send(mouth, "một", "hai")
    assert mouth.said == ["một"]


async def test_after_a_failure_the_same_answer_goes_on_where_it_was() -> None:
    mouth = Mouth(None, *[NotSent("mạng")] * TRIES)
    answerer = Answerer(mouth, Pace(), QUICK)
    with pytest.raises(Undelivered):
        await send(mouth, "một", "hai", answerer=answerer)
    await send(mouth, "một", "hai", answerer=answerer)
    assert mouth.said.count("một") == 1
    assert mouth.said[-1] == "hai"
    await send(mouth, "một", answerer=answerer)
    assert mouth.said.count("một") == 2


async def test_too_fast_waits_as_it_is_told_and_tells_the_account_s_pace() -> None:
    mouth, pace = Mouth(TooFast("nhanh quá", seconds=0.01)), Pace()
    await Answerer(mouth, pace, QUICK).send(pages("một"), chat="an", group=False, key="1")
    assert mouth.said == ["một", "một"]
    assert pace.floods == [("an", 0.01, True)]


async def test_a_wait_beyond_all_patience_is_left_for_later() -> None:
    with pytest.raises(Undelivered):
        await send(Mouth(TooFast("nhanh quá", seconds=60)), "một")


async def test_a_wrong_token_is_left_for_later() -> None:
    with pytest.raises(Undelivered):
        await send(Mouth(WrongToken("token")), "một")
