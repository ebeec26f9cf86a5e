"""Hỏi đáp and Kho tri thức in the console: from the question asked in vain to the answer, by two people."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from office.improvements import ChangeState, GroupState, KnowledgeChange, QuestionGroup
from office.questions import Question
from tests.console_office import ADMIN, CLERK, LEADER, ConsoleOffice, post, serving
from tests.console_questions import ALIKE, ALONE, LIKED, OTHERS, fill_questions
from tests.quick_knowledge import quick_knowledge

ENTRY = "ruou_ban_le_cap_huyen"
AT = "/van-phong"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleOffice]:
    folder = tmp_path_factory.mktemp("console-knowledge")
    with quick_knowledge(), serving(folder, fill=fill_questions) as office:
        yield office


@pytest.fixture(scope="module")
def clerk(office: ConsoleOffice) -> httpx.Client:
    return patient(office.login(CLERK))


@pytest.fixture(scope="module")
def admin(office: ConsoleOffice) -> httpx.Client:
    return patient(office.login(ADMIN))


def patient(client: httpx.Client) -> httpx.Client:
    """Trying a change takes seconds, on a busy machine many."""
    client.timeout = httpx.Timeout(60)
    return client


def group_state(office: ConsoleOffice, group_id: int) -> GroupState:
    with office.sessions() as session:
        return session.get_one(QuestionGroup, group_id).state


def change_state(office: ConsoleOffice, change_id: int) -> ChangeState:
    with office.sessions() as session:
        return session.get_one(KnowledgeChange, change_id).state


def number_of(done: httpx.Response) -> int:
    assert done.status_code == 303, done.text
    return int(done.headers["location"].rpartition("/")[2])


def test_groups_are_listed_filtered_and_exported(clerk: httpx.Client) -> None:
    page = clerk.get(f"{AT}/hoi-dap").text
    assert page.index(ALIKE[0]) < page.index(ALONE)
    assert "2 chưa trả lời được" in page
    assert ALONE not in clerk.get(f"{AT}/hoi-dap?chu=quan con").text
    assert ALONE not in clerk.get(f"{AT}/hoi-dap?loai=disliked").text
    assert ALONE not in clerk.get(f"{AT}/hoi-dap?tinh-trang=solved").text
    sheet = load_workbook(BytesIO(clerk.get(f"{AT}/hoi-dap?xuat=xlsx").content)).active
    assert sheet is not None
    assert ALIKE[0] in {row[0] for row in sheet.iter_rows(values_only=True)}


def test_a_question_is_tied_to_an_entry_approved_used_and_undone(
    office: ConsoleOffice, clerk: httpx.Client, admin: httpx.Client
) -> None:
    page = clerk.get(f"{AT}/hoi-dap/1").text
    assert all(text in page for text in ALIKE)
    assert f'value="{ENTRY}"' in page
    form = {"entry": ENTRY, "alias": ALIKE[0], "question": ALIKE[0]}
    change = number_of(post(clerk, "/hoi-dap/1/gan", form))
    shown = clerk.get(f"{AT}/hoi-dap/de-nghi/{change}").text
    assert "thử trên bản sao đều đạt" in shown
    assert f"<ins>+      - {ALIKE[0]}</ins>" in shown
    assert "0/2" in shown
    assert "2/2" in shown
    assert "không tự duyệt được" in shown
    assert "đang có một đề nghị" in post(clerk, "/hoi-dap/1/gan", form).text
    refused = post(clerk, f"/hoi-dap/de-nghi/{change}/duyet", {"reason": "gấp"})
    assert (refused.status_code, change_state(office, change)) == (422, ChangeState.PROPOSED)

    number_of(post(admin, f"/hoi-dap/de-nghi/{change}/duyet"))
    assert change_state(office, change) is ChangeState.APPLIED
    assert group_state(office, 1) is GroupState.SOLVED
    assert office.office.shelf.current().searcher.search(ALIKE[0]).entry == ENTRY
    assert "cơ quan thêm" in clerk.get(f"{AT}/kho-tri-thuc/muc/{ENTRY}").text

    number_of(post(clerk, f"/hoi-dap/de-nghi/{change}/hoan-lai"))
    assert change_state(office, change) is ChangeState.UNDONE
    assert "cơ quan thêm" not in clerk.get(f"{AT}/kho-tri-thuc/muc/{ENTRY}").text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Rượu", "Có nhiều mục gần với «Rượu»"),
        ("Bịa ra cho vui", "không có mục nào tên «Bịa ra cho vui»"),
        ("", "Chọn một mục ở trên"),
        ("?", "không có mục nào tên «?»"),
        ("\u0007", "không có mục nào tên"),
    ],
)
def test_an_entry_that_is_not_clear_is_asked_for_again(clerk: httpx.Client, said: str, told: str) -> None:
    refused = post(clerk, "/hoi-dap/2/gan", {"other": said, "entry": "", "alias": "thuê xe đạp nước"})
    assert refused.status_code == 422
    assert told in refused.text


def test_an_entry_may_be_named_and_what_does_not_help_is_said_before_it_is_handed_in(
    office: ConsoleOffice, clerk: httpx.Client
) -> None:
    form = {"entry": ENTRY, "other": "bán rượu tại chỗ", "alias": "mở bàn rượu bên hồ"}
    refused = post(clerk, "/hoi-dap/2/gan", form)
    assert refused.status_code == 422
    assert "câu hỏi của nhóm vẫn chưa trả lời được: 0/1 câu trước khi sửa, 0/1" in refused.text
    assert group_state(office, 2) is GroupState.OPEN
    change = number_of(post(clerk, "/hoi-dap/2/gan", {**form, "anyway": "1"}))
    shown = clerk.get(f"{AT}/hoi-dap/de-nghi/{change}").text
    assert "nhưng có điều nên xem lại" in shown
    assert "đều đạt" not in shown
    assert "vẫn chưa trả lời được" in shown
    assert "cho mục «Bán rượu tại chỗ" in clerk.get(f"{AT}/hoi-dap/de-nghi/{change}").text
    number_of(post(clerk, f"/hoi-dap/de-nghi/{change}/tra-lai", {"return_reason": "thử thôi"}))


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/hoi-dap/2/gan", {"entry": "Không Có!", "alias": "thuê xe đạp nước"}),
        ("/hoi-dap/2/gan", {"entry": ENTRY, "alias": "\u0007 \u200b \u0001"}),
        ("/hoi-dap/2/gan", {"entry": ENTRY, "alias": "thuê xe: - đạp # nước\u0085 a"}),
        ("/hoi-dap/2/muc-moi", {"field": "\u0001"}),
        ("/hoi-dap/2/muc-moi", {"url": "khong-phai-dia-chi"}),
        ("/hoi-dap/2/muc-moi", {"aliases": "\u200b\n\u0001"}),
        ("/hoi-dap/2/muc-moi", {"label": "\u0001\u0002", "title": "\u0001"}),
        ("/hoi-dap/2/tra-loi-ngoai", {"reply": "\u0001"}),
        ("/hoi-dap/2/tra-loi-ngoai", {"aliases": "\u200b"}),
        (f"/kho-tri-thuc/muc/{ENTRY}/cach-hoi", {"alias": "\u0001\u0002"}),
    ],
)
def test_odd_forms_are_refused_in_words(clerk: httpx.Client, path: str, form: dict[str, str]) -> None:
    known = {
        "label": "Xe đạp nước",
        "title": "Cho thuê xe đạp nước",
        "field": "Rượu",
        "facts": "Không thu phí.",
        "source_kind": "official",
        "document": "QĐ 1",
        "as_of": "tháng 11/2026",
        "aliases": "thuê xe đạp nước",
        "reply": "Không phụ trách.",
        "owner": "Văn phòng Sở",
        "review_by": "2027-05-01",
    }
    done = post(clerk, path, {**known, **form})
    assert done.status_code in (303, 422), done.text
    if done.status_code == 303:
        post(clerk, f"/hoi-dap/de-nghi/{number_of(done)}/tra-lai", {"return_reason": "thử"})


def test_an_entry_that_is_not_there_gets_no_wording(clerk: httpx.Client) -> None:
    assert post(clerk, "/kho-tri-thuc/muc/x/cach-hoi", {"alias": "a b"}).status_code == 404


def test_an_entry_without_verified_information_is_not_tied_unwarned(clerk: httpx.Client) -> None:
    form = {"other": "Tự công bố sản phẩm thực phẩm", "alias": ALONE, "question": ALONE}
    refused = post(clerk, "/hoi-dap/2/gan", form)
    assert "chưa có thông tin kiểm chứng" in refused.text
    assert "Vẫn gửi đề nghị này" in refused.text


def test_what_would_break_an_answer_says_so_before_and_is_refused(
    office: ConsoleOffice, clerk: httpx.Client, admin: httpx.Client
) -> None:
    made = post(clerk, f"/kho-tri-thuc/muc/{ENTRY}/cach-hoi", {"alias": "bán buôn rượu"})
    change = number_of(made)
    shown = clerk.get(f"{AT}/hoi-dap/de-nghi/{change}").text
    assert "«làm giấy bán sỉ rượu mất mấy bữa» đang trả lời đúng bằng" in shown
    number_of(post(admin, f"/hoi-dap/de-nghi/{change}/duyet"))
    assert change_state(office, change) is ChangeState.REFUSED


def test_a_new_entry_demands_a_source_and_can_be_given_back(
    office: ConsoleOffice, clerk: httpx.Client, admin: httpx.Client
) -> None:
    form = {
        "label": "Xe đạp nước",
        "title": "Cho thuê xe đạp nước",
        "field": "Rượu",
        "facts": "[fee] Không thu phí.\nĐăng ký với ban quản lý hồ.",
        "source_kind": "official",
        "document": "",
        "as_of": "tháng 11/2026",
        "aliases": "thuê xe đạp nước\nđạp vịt trên hồ",
        "question": ALONE,
        "owner": "Văn phòng Sở",
        "review_by": "2027-05-01",
    }
    assert "Ghi địa chỉ trang hoặc số văn bản" in post(clerk, "/hoi-dap/2/muc-moi", form).text
    wrong = {**form, "document": "QĐ 1", "facts": "[gia] 5 đồng"}
    assert "Không có mặt nào tên «gia»" in post(clerk, "/hoi-dap/2/muc-moi", wrong).text
    change = number_of(post(clerk, "/hoi-dap/2/muc-moi", {**form, "document": "QĐ 12/2026/QĐ-UBND"}))
    shown = admin.get(f"{AT}/hoi-dap/de-nghi/{change}").text
    assert "kho-tri-thuc/ruou.yaml" in shown
    assert "đều đạt" not in shown  # said once, to who proposed it
    assert "1/1" in shown
    assert post(admin, f"/hoi-dap/de-nghi/{change}/tra-lai", {"return_reason": ""}).status_code == 422
    number_of(post(admin, f"/hoi-dap/de-nghi/{change}/tra-lai", {"return_reason": "thiếu mức phí"}))
    assert change_state(office, change) is ChangeState.RETURNED
    assert "thiếu mức phí" in clerk.get(f"{AT}/hoi-dap/de-nghi/{change}").text
    assert "Xe đạp nước" in clerk.get(f"{AT}/hoi-dap/de-nghi?tinh-trang=returned").text
    assert group_state(office, 2) is GroupState.OPEN


def test_out_of_scope_with_a_reply_of_its_own(office: ConsoleOffice, clerk: httpx.Client) -> None:
    form = {
        "label": "Thuê xe đạp nước",
        "reply": "Việc này do ban quản lý hồ phụ trách.",
        "aliases": "thuê xe đạp nước",
        "question": ALONE,
        "owner": "Văn phòng Sở",
        "review_by": "2027-05-01",
    }
    change = number_of(post(clerk, "/hoi-dap/2/tra-loi-ngoai", form))
    number_of(post(clerk, f"/hoi-dap/de-nghi/{change}/tra-lai", {"return_reason": "rút lại"}))
    assert "Đã rút lại đề nghị" in clerk.get(f"{AT}/hoi-dap/de-nghi/{change}").text


def test_groups_are_ignored_and_opened_again(office: ConsoleOffice, clerk: httpx.Client) -> None:
    post(clerk, "/hoi-dap/2/bo-qua", {"reason": "không liên quan"})
    assert group_state(office, 2) is GroupState.IGNORED
    assert "Mở lại" in clerk.get(f"{AT}/hoi-dap/2").text
    post(clerk, "/hoi-dap/2/mo-lai")
    post(clerk, "/hoi-dap/2/ngoai")
    assert group_state(office, 2) is GroupState.OUTSIDE


def test_an_answer_can_be_said_to_be_wrong(office: ConsoleOffice, clerk: httpx.Client) -> None:
    assert LIKED in clerk.get(f"{AT}/hoi-dap/cau-hoi?chu=liên tỉnh&tra-loi=answer").text
    post(clerk, "/hoi-dap/cau-hoi/nham", {"cau": "4"})
    with office.sessions() as session:
        assert session.scalar(select(Question.trouble).where(Question.id == 4)) == "mismatched"


def test_being_sent_elsewhere_can_be_said_to_be_wrong(office: ConsoleOffice, clerk: httpx.Client) -> None:
    page = clerk.get(f"{AT}/hoi-dap/cau-hoi?chu={OTHERS}").text
    assert "Trả lời nhầm" in page.partition("<table")[2]
    assert "Trả lời nhầm" not in clerk.get(f"{AT}/hoi-dap/cau-hoi?chu={ALONE}").text
    post(clerk, "/hoi-dap/cau-hoi/nham", {"cau": "5"})
    with office.sessions() as session:
        assert session.scalar(select(Question.trouble).where(Question.id == 5)) == "mismatched"


def test_the_knowledge_can_be_browsed_and_an_entry_read_as_citizens_do(clerk: httpx.Client) -> None:
    page = clerk.get(f"{AT}/kho-tri-thuc?linh-vuc=Rượu&chu=ban si").text
    assert "Cấp giấy phép bán buôn rượu" in page
    assert "xăng" not in page.partition("<table")[2].partition("</table")[0]
    entry = clerk.get(f"{AT}/kho-tri-thuc/muc/{ENTRY}").text
    for words in ("Người dân đọc được", "Hồ sơ", "Cách hỏi", "knowledge/data/ruou.yaml, dòng"):
        assert words in entry
    assert clerk.get(f"{AT}/kho-tri-thuc/muc/khong_co").status_code == 404


def test_a_question_is_tried_with_what_speaks_for_each_entry(clerk: httpx.Client) -> None:
    page = clerk.get(f"{AT}/kho-tri-thuc/thu?cau=xin giấy bán lẻ rượu mất bao lâu").text
    for words in ("Độ chắc chắn", "Từ chung", "các từ của câu có trong tên và cách hỏi".capitalize(), "%"):
        assert words in page
    assert "Câu không có chữ nào đọc được" in clerk.get(f"{AT}/kho-tri-thuc/thu?cau=%3F%3F%3F").text


def test_what_is_to_be_mended_is_listed_with_file_and_line(clerk: httpx.Client) -> None:
    page = clerk.get(f"{AT}/kho-tri-thuc/kiem-tra").text
    assert "Chưa chạy các ca kiểm thử" in page
    assert ".yaml, dòng" in page
    done = post(clerk, "/kho-tri-thuc/kiem-tra").text
    assert "Đã chạy" in done


def test_leaders_look_and_change_nothing(office: ConsoleOffice) -> None:
    leader = office.login(LEADER)
    assert leader.get(f"{AT}/hoi-dap/1").status_code == 200
    assert "Đề nghị gắn" not in leader.get(f"{AT}/hoi-dap/1").text
    assert post(leader, "/hoi-dap/1/bo-qua").status_code == 403
    assert post(leader, f"/kho-tri-thuc/muc/{ENTRY}/cach-hoi", {"alias": "a b"}).status_code == 403
