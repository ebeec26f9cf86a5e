"""Choices picked in words, where there are no buttons: by number, by label, several items of a checklist."""

from __future__ import annotations

import re
from collections.abc import Sequence

from handlers import payloads
from handlers.ask import number_of
from handlers.conversation import Talk, label_of
from handlers.texts import texts
from knowledge.vietnamese import fold
from office.assignments import TAP_VERB
from office.messages import Choice, ChoiceKind, Incoming, Line, Reply

_ANSWERS = 3  # at most, that are picked at once
_ALL = {
    "ca hai": 2, "ca 2": 2, "hai cai": 2, "ca hai cai": 2, "ca ba": 3, "ca 3": 3, "tat ca": 0,
}  # fmt: skip
_TICK = payloads.tick("", 0, 0).partition(":")[0]
_NUMBER = r"\d{1,3}"
_SEVERAL = re.compile(rf"(?:(?:cac )?(?:so|muc) )?{_NUMBER}(?:(?: ?[,;+&] ?| va | ){_NUMBER})+", re.ASCII)


def picked(talk: Talk, incoming: Incoming) -> tuple[str, ...]:
    """Payloads of the choices offered last that a message picks: one; several items of a checklist; none."""
    if incoming.payload or incoming.event is not None:
        return ()
    number = number_of(incoming.text)
    if number is not None:
        return (talk.choices[number - 1],) if 1 <= number <= len(talk.choices) else ()
    numbers = numbers_of(incoming.text)
    if numbers:
        return _several(talk, numbers)
    count = _all_of(incoming.text)
    if count is not None and not ticks_of(talk):
        answers = [n for n, one in enumerate(talk.choices, start=1) if _verb(one) == payloads.ENTRY]
        return _several(talk, answers) if len(answers) == (count or len(answers)) else ()
    if incoming.forwarded or incoming.file is not None:
        return ()
    return _labelled(talk, incoming.text)


def numbers_of(text: str) -> tuple[int, ...]:
    """Several numbers that a message consists of, each once: «2 3», «2,3», «2 và 3»."""
    plain = " ".join(fold(text).strip(" .)!?").split())
    if not _SEVERAL.fullmatch(plain):
        return ()
    return tuple(dict.fromkeys(int(n) for n in re.findall(_NUMBER, plain, re.ASCII)))


def wants_several(text: str) -> bool:
    """Whether a text picks several of a list: «1 và 2», «cả hai», «tất cả»."""
    return bool(numbers_of(text)) or _all_of(text) is not None


def ticks_of(talk: Talk) -> tuple[str, ...]:
    """Payloads of the checklist's items among the choices; they stand first."""
    return tuple(choice for choice in talk.choices if _verb(choice) == _TICK)


def _several(talk: Talk, numbers: Sequence[int]) -> tuple[str, ...]:
    """Items of a checklist, or a few answers; nothing where any number is neither."""
    ticks = ticks_of(talk)
    if ticks:
        return tuple(ticks[n - 1] for n in numbers) if all(1 <= n <= len(ticks) for n in numbers) else ()
    if not 1 < len(numbers) <= _ANSWERS or not all(1 <= n <= len(talk.choices) for n in numbers):
        return ()
    chosen = tuple(talk.choices[n - 1] for n in numbers)
    return chosen if all(_verb(one) == payloads.ENTRY for one in chosen) else ()


def _all_of(text: str) -> int | None:
    """How many «cả hai», «cả 3» means, 0 for «tất cả»; None for other words."""
    return _ALL.get(" ".join(fold(text).strip(" .!?").removesuffix(" a").removesuffix(" nhe").split()))


def _verb(payload: str) -> str:
    return payloads.parse(payload).verb


def was_written_before(talk: Talk, incoming: Incoming, picks: tuple[str, ...]) -> bool:
    """Whether a number was written before what the choices answer: of a list above, which came late."""
    return (
        bool(picks)
        and talk.heard_at is not None
        and incoming.at < talk.heard_at
        and (number_of(incoming.text) is not None or wants_several(incoming.text))
    )


def may_be_meant_for_newer(talk: Talk, incoming: Incoming, picks: tuple[str, ...]) -> bool:
    """Whether what was typed could as well answer another message: numbers always; words where they name
    what the staff does («Đã đọc»), while a citizen's choice («Lệ phí») is the same everywhere."""
    by_number = number_of(incoming.text) is not None or wants_several(incoming.text)
    return bool(picks) and (by_number or picks[0].startswith(TAP_VERB + ":"))


def ask_again(talk: Talk, *, overtaken: bool = False) -> Reply:
    """That a newer message has come, with the former choices once more. `overtaken`: by an answer of ours,
    before what was typed came here."""
    choices = tuple(
        Choice(kind=ChoiceKind.OPTION, label=label, payload=payload)
        for payload, label in zip(talk.choices, talk.labels, strict=False)
    )
    return Reply(lines=(Line(texts()("overtaken" if overtaken else "newer_message")),), choices=choices)


def _labelled(talk: Talk, text: str) -> tuple[str, ...]:
    """The choice whose label was typed, with or without marks; of two alike the one with the same marks."""
    said = _bare(fold(text))
    if not said or text.lstrip().startswith("/"):
        return ()
    offered = [pair for pair in zip(talk.choices, talk.labels, strict=False) if _bare(fold(pair[1])) == said]
    if len({payload for payload, _ in offered}) > 1:
        exactly = _bare(label_of(text).casefold())
        offered = [pair for pair in offered if _bare(pair[1].casefold()) == exactly]
    found = tuple({payload for payload, _ in offered})
    return found if len(found) == 1 else ()


def _bare(text: str) -> str:
    """Without icons and signs around it, with single spaces."""
    start, end = 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return " ".join(text[start:end].split())
