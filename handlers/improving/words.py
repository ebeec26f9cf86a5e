"""The texts about improving the knowledge, and refusals made of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from knowledge.phrases import Phrases
from knowledge.round_trip import CannotEdit
from office.refusal import Refused


@cache
def words() -> Phrases:
    """The texts, read once."""
    return Phrases.read(Path(__file__).with_name("texts.yaml"))


def refuse(name: str, /, **values: object) -> Refused:
    """A refusal by the name of its text, with what to do (`…_mend`) where there is one."""
    try:
        mend = words()(f"{name}_mend", **values)
    except KeyError:
        mend = ""
    return Refused(words()(name, **values), mend)


def cannot(error: CannotEdit) -> Refused:
    """A file that can't be changed, as a refusal."""
    first = error.message[:1].upper() + error.message[1:]
    then = error.mend[:1].upper() + error.mend[1:]
    return Refused(words()("cannot", message=first), words()("cannot_mend", mend=then))
