"""What choices send back, and what strangers send instead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import payloads
from handlers.ask import entry_reply, human_reply, menu_reply
from handlers.browse import field_reply, fields_reply
from handlers.checklist import open_checklist, tick
from handlers.conversation import Talk
from handlers.library import Library
from knowledge.schema import Facet
from office.messages import PAYLOAD_BYTES, Choice, ChoiceKind, Reply
from tests.unit.handlers.conftest import START

TODAY = START.date()


def every_reply(library: Library) -> Iterator[Reply]:
    """Everything that can be reached by tapping."""
    yield from (menu_reply(library), human_reply(library), fields_reply(library))
    for field in library.knowledge.fields:
        for page in range(len(field.entries) // 12 + 1):
            yield field_reply(library, payloads.field_key(field.name), page)
    for entry in library.knowledge.entries.values():
        for facet in (None, *Facet):
            yield entry_reply(library, entry, facet, TODAY)
        yield open_checklist(library, entry.id, -1, Talk())
        for case, documents in enumerate(entry.documents):
            yield tick(library, entry.id, case, [len(documents.items) - 1], Talk())


@pytest.fixture(scope="module")
def choices(library: Library) -> list[Choice]:
    """Every choice that anybody can ever be offered from what ships."""
    return [choice for reply in every_reply(library) for choice in reply.choices]


def test_every_payload_fits_the_smallest_platform(choices: list[Choice]) -> None:
    sizes = {len(c.payload.encode()) for c in choices if c.kind is not ChoiceKind.LINK}
    assert max(sizes) <= PAYLOAD_BYTES
    assert min(sizes) > 0


def test_every_payload_leads_somewhere(choices: list[Choice], library: Library) -> None:
    fields = {payloads.field_key(field.name) for field in library.knowledge.fields}
    assert len(fields) == len(library.knowledge.fields)
    for payload in {c.payload for c in choices if c.payload}:
        tap = payloads.parse(payload)
        if tap.verb in ("e", "k", "t", "r"):
            assert library.knowledge.get(tap.text(0))
        elif tap.verb == "f":
            assert tap.text(0) in fields
        else:
            assert tap.verb in {payloads.MENU, payloads.FIELDS, payloads.HUMAN, payloads.OTHER}


def test_labels_are_never_empty(choices: list[Choice]) -> None:
    assert [c for c in choices if not c.label.strip()] == []


@pytest.mark.parametrize("kind", ["staff", "smalltalk"])
def test_no_choice_leads_to_what_is_not_for_citizens(
    choices: list[Choice], library: Library, kind: str
) -> None:
    hidden = {entry.id for entry in library.knowledge.entries.values() if entry.kind == kind}
    assert hidden
    assert hidden.isdisjoint(payloads.parse(c.payload).text(0) for c in choices)


@given(st.text())
def test_any_text_can_be_taken_apart(payload: str) -> None:
    tap = payloads.parse(payload)
    assert tap.text(9999) == ""
    assert all(isinstance(tap.number(at), int) for at in range(len(tap.arguments) + 1))


@pytest.mark.parametrize(
    "value", ["", "x", "1.5", "--1", "+1", "²", "٣", "9" * 19, "-" + "9" * 19, " 1", "0x1"]
)
def test_what_is_no_sensible_number_is_the_default(value: str) -> None:
    assert payloads.parse(f"t:{value}").number(0, 7) == 7


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("-1", -1), ("12", 12), ("9" * 18, 10**18 - 1)])
def test_numbers_are_read(value: str, number: int) -> None:
    assert payloads.parse(f"t:{value}").number(0, 7) == number


def test_a_field_is_named_in_plain_letters() -> None:
    assert payloads.field("Xăng dầu, khí (LPG)") == "f:xang-dau-khi-lpg"
    assert len(payloads.field_key("đ" * 100)) == 40
