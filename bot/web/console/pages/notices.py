"""Thông báo: written, approved, sent, followed, corrected; templates, saved lists and recurring notices."""

from __future__ import annotations

from bot.web.console.entries import Section, get, live, post
from bot.web.console.pages import (
    notices_campaigns,
    notices_correction,
    notices_deeds,
    notices_list,
    notices_lists,
    notices_one,
    notices_templates,
    notices_writing,
)
from office.rights import Action

_LIST, _WRITE, _SEND = Action.LIST_NOTICES, Action.WRITE_NOTICES, Action.SEND_NOTICES
_ONE = "/thong-bao/{id:int}"

SECTION = Section(
    key="thong-bao",
    label="Thông báo",
    path="/thong-bao",
    action=_LIST,
    entries=(
        get("/thong-bao", notices_list.show, action=_LIST),
        get(notices_writing.NEW, notices_writing.show_new, action=_WRITE),
        post(
            notices_writing.NEW,
            notices_writing.create,
            action=_WRITE,
            again=notices_writing.show_new,
            uploads=True,
        ),
        *notices_templates.ENTRIES,
        *notices_lists.ENTRIES,
        *notices_campaigns.ENTRIES,
        get(_ONE, notices_one.show, action=_LIST),
        live(f"{_ONE}/tien-do", notices_one.watch, action=_LIST),
        get(f"{_ONE}/tep/{{file:int}}", notices_one.attachment, action=_LIST),
        get(f"{_ONE}/sua", notices_writing.show_change, action=_WRITE),
        post(
            f"{_ONE}/sua",
            notices_writing.change,
            action=_WRITE,
            again=notices_writing.show_change,
            uploads=True,
        ),
        get(f"{_ONE}/dinh-chinh", notices_correction.show, action=_SEND),
        post(
            f"{_ONE}/dinh-chinh",
            notices_correction.correct,
            action=_SEND,
            again=notices_correction.show,
            uploads=True,
        ),
        *notices_deeds.ENTRIES,
    ),
)
