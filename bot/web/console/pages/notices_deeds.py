"""What is done with a notice by a tap: handed in, approved, given back, paused, nudged, taken back …"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from bot.web.console import forms
from bot.web.console.entries import Entry, Show, post
from bot.web.console.pages import notices_one as one
from bot.web.console.pages.notices_words import sentence, words
from bot.web.console.pages.notices_writing import address, found
from bot.web.console.visit import Answer, Done, FormErrors, Visit
from office.groups import Group, title_of
from office.notices import Notice
from office.rights import Action
from scheduler import settling
from scheduler.notices import approval, corrections, reading, sending, trial
from scheduler.notices.desk import Notices
from scheduler.notices.leaving import when_leaves


def submit(visit: Visit) -> Answer:
    """To the second person."""
    row = approval.submit(visit.session, *_of(visit), actor=visit.person, now=visit.now)
    return _said(row, "submitted")


def send(visit: Visit) -> Answer:
    """Without a second person, where the office allows that."""
    why = _why(visit)
    row = approval.send(visit.session, *_of(visit), actor=visit.person, now=visit.now)
    return _said(row, "sent_off", why=why)


def approve(visit: Visit) -> Answer:
    """The second person says yes."""
    why, reason = _why(visit), visit.form.text("remark")
    row = approval.approve(visit.session, *_of(visit), actor=visit.person, now=visit.now, reason=reason)
    return _said(row, "approved", why=why)


def resume(visit: Visit) -> Answer:
    """It goes on."""
    return _said(sending.resume(visit.session, *_of(visit), actor=visit.person, now=visit.now), "resumed")


def nudge(visit: Visit) -> Answer:
    """Remind who has not confirmed."""
    count = reading.nudge(visit.session, *_of(visit), actor=visit.person, now=visit.now)
    return Done(address(found(visit).id), words()("said.nudged", count=count))


def try_out(visit: Visit) -> Answer:
    """To oneself, or to a group."""
    number = visit.number("group")
    group_id = number if number > 0 else None
    trial.try_out(visit.session, *_of(visit), actor=visit.person, now=visit.now, group_id=group_id)
    group = visit.session.get(Group, group_id) if group_id else None
    said = words()("said.tested_group", name=title_of(group)) if group else words()("said.tested_me")
    return Done(address(found(visit).id), said)


# --- with a reason, in a field of each deed's own


def _reasoned(field: str, act: Callable[[Visit, str], Notice], said: str) -> Show:
    def done(visit: Visit) -> Answer:
        reason = visit.form.text(field)
        if not reason:
            raise FormErrors({field: words()("form.reason")})
        return _said(act(visit, reason), said)

    return done


def _give_back(visit: Visit, reason: str) -> Notice:
    return approval.give_back(visit.session, *_of(visit), actor=visit.person, reason=reason, now=visit.now)


def _cancel(visit: Visit, reason: str) -> Notice:
    return sending.cancel(visit.session, *_of(visit), actor=visit.person, reason=reason, now=visit.now)


def _pause(visit: Visit, reason: str) -> Notice:
    return sending.pause(visit.session, *_of(visit), actor=visit.person, reason=reason, now=visit.now)


def _retract(visit: Visit, reason: str) -> Notice:
    return corrections.retract(visit.session, *_of(visit), actor=visit.person, reason=reason, now=visit.now)


# --- a chat in doubt


class Doubtful(forms.FormModel):
    """The messages of a chat that are settled together."""

    message: Annotated[tuple[int, ...], forms.Several, Field(min_length=1, max_length=100)]
    name: str = ""


def _settle(*, arrived: bool) -> Show:
    def done(visit: Visit) -> Answer:
        typed = forms.read(visit.form, Doubtful)
        for number in typed.message:
            settling.settle(
                visit.session,
                visit.parts.work.outbox,
                number,
                arrived=arrived,
                actor=visit.person,
                now=visit.now,
            )
        said = words()(f"said.settled_{'arrived' if arrived else 'again'}", name=typed.name)
        return Done(f"{address(found(visit).id)}#ket-qua", said)

    return done


# --- helpers


def _of(visit: Visit) -> tuple[Notices, int]:
    return visit.parts.notices, found(visit).id


def _why(visit: Visit) -> str:
    """When it leaves and why then, asked before the deed changes that."""
    return sentence(str(when_leaves(visit.parts.notices, found(visit), visit.now)))


def _said(row: Notice, name: str, **values: str) -> Answer:
    return Done(address(row.id), words()(f"said.{name}", id=row.id, **values))


def _post(path: str, act: Show, action: Action) -> Entry:
    return post(f"/thong-bao/{{id:int}}/{path}", act, action=action, again=one.show)


ENTRIES: tuple[Entry, ...] = (
    _post("trinh", submit, Action.WRITE_NOTICES),
    _post("gui", send, Action.SEND_NOTICES),
    _post("duyet", approve, Action.APPROVE_NOTICES),
    _post("tra-lai", _reasoned("why_back", _give_back, "given_back"), Action.APPROVE_NOTICES),
    _post("huy", _reasoned("why_cancel", _cancel, "cancelled"), Action.SEND_NOTICES),
    _post("dung", _reasoned("why_pause", _pause, "paused"), Action.SEND_NOTICES),
    _post("tiep", resume, Action.SEND_NOTICES),
    _post("thu-hoi", _reasoned("why_retract", _retract, "retracted"), Action.SEND_NOTICES),
    _post("nhac", nudge, Action.SEND_NOTICES),
    _post("thu", try_out, Action.WRITE_NOTICES),
    _post("da-toi", _settle(arrived=True), Action.SETTLE_DELIVERIES),
    _post("gui-lai", _settle(arrived=False), Action.SETTLE_DELIVERIES),
)
