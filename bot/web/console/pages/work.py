"""Nhiệm vụ: the board, the list, one assignment and what is done with it, giving work, the figures."""

from __future__ import annotations

from bot.web.console.entries import Section, get, post
from bot.web.console.pages import work_board, work_figures, work_giving, work_list, work_one
from office.rights import Action

SECTION = Section(
    key="nhiem-vu",
    label="Nhiệm vụ",
    path="/nhiem-vu",
    action=Action.LIST_ALL_WORK,
    entries=(
        get("/nhiem-vu", work_board.show, action=Action.LIST_ALL_WORK),
        get("/nhiem-vu/danh-sach", work_list.show, action=Action.LIST_ALL_WORK),
        get("/nhiem-vu/thong-ke", work_figures.show, action=Action.STATISTICS_ALL),
        get("/nhiem-vu/moi", work_giving.show, action=Action.GIVE_WORK),
        post("/nhiem-vu/moi", work_giving.give, action=Action.GIVE_WORK, again=work_giving.show),
        get("/nhiem-vu/nhap", work_giving.offer_import, action=Action.GIVE_WORK),
        get("/nhiem-vu/nhap/mau", work_giving.template, action=Action.GIVE_WORK),
        post(
            "/nhiem-vu/nhap",
            work_giving.look,
            action=Action.GIVE_WORK,
            again=work_giving.offer_import,
            writes=False,
            uploads=True,
        ),
        post(
            "/nhiem-vu/nhap/giao",
            work_giving.give_all,
            action=Action.GIVE_WORK,
            again=work_giving.offer_import,
            writes=False,
        ),
        get("/nhiem-vu/chuyen", work_giving.show_hand_over, action=Action.HAND_OVER),
        post(
            "/nhiem-vu/chuyen",
            work_giving.do_hand_over,
            action=Action.HAND_OVER,
            again=work_giving.show_hand_over,
        ),
        get("/nhiem-vu/{id:int}", work_one.show, action=Action.LIST_ALL_WORK),
        post("/nhiem-vu/{id:int}/noi-dung", work_one.word, action=Action.CHANGE_WORK, again=work_one.show),
        post("/nhiem-vu/{id:int}/han", work_one.move, action=Action.CHANGE_WORK, again=work_one.show),
        post(
            "/nhiem-vu/{id:int}/xac-nhan", work_one.confirm, action=Action.CONFIRM_DONE, again=work_one.show
        ),
        post(
            "/nhiem-vu/{id:int}/tra-lai", work_one.give_back, action=Action.CONFIRM_DONE, again=work_one.show
        ),
        post(
            "/nhiem-vu/{id:int}/gia-han", work_one.answer, action=Action.DECIDE_EXTENSION, again=work_one.show
        ),
        post("/nhiem-vu/{id:int}/huy", work_one.cancel, action=Action.CANCEL_WORK, again=work_one.show),
    ),
)
