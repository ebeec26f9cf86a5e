"""A small desk for the web tests: it shows every kind of line and choice, and keeps Desk's promises."""

from __future__ import annotations

import threading

from office.database import DatabaseUnavailable
from office.messages import Choice, ChoiceKind, Incoming, Line, Reply, Style

PAPERS = (
    "Văn bản đề nghị cấp phép bán lẻ rượu (mẫu số 01)",
    "Bản sao Giấy chứng nhận đăng ký hộ kinh doanh",
    "Bản sao hợp đồng mua bán với nhà cung cấp",
)


def option(label: str, payload: str) -> Choice:
    return Choice(kind=ChoiceKind.OPTION, label=label, payload=payload)


def facet(label: str, payload: str) -> Choice:
    return Choice(kind=ChoiceKind.FACET, label=label, payload=payload)


def menu() -> Reply:
    return Reply(
        lines=(
            Line("Xin chào, bạn cần hỏi việc gì?", Style.TITLE),
            Line("Bạn gõ câu hỏi ở dưới, hoặc chọn một lĩnh vực:"),
        ),
        choices=(
            option("Rượu, thuốc lá", "ruou"),
            option("Hoá chất, khí dầu mỏ hoá lỏng, vật liệu nổ công nghiệp", "hoachat"),
            option("Thương mại, khuyến mại, hội chợ", "khuyenmai"),
            Choice(kind=ChoiceKind.MENU, label="Tra cứu hồ sơ", payload="tracuu"),
            Choice(kind=ChoiceKind.MENU, label="Gặp cán bộ", payload="canbo"),
        ),
    )


def fee() -> Reply:
    return Reply(
        lines=(
            Line("Cấp Giấy phép bán lẻ rượu", Style.TITLE),
            Line("Phí thẩm định, tính cho mỗi điểm kinh doanh:"),
            Line("Doanh nghiệp, hợp tác xã tại thành phố, thị xã: 1.200.000 đồng", Style.ITEM),
            Line("Hộ kinh doanh, cá nhân tại thành phố, thị xã: 400.000 đồng", Style.ITEM),
            Line("Từ 01/7/2025 nơi nhận hồ sơ đã thay đổi; xin hỏi lại trước khi đi nộp.", Style.WARNING),
            Line("Nguồn: https://dichvucong.gov.vn/thu-tuc/2.001623. Cập nhật 12/10/2026.", Style.SOURCE),
        ),
        choices=(
            facet("Hồ sơ", "giayto"),
            facet("Thời hạn", "thoihan"),
            facet("Nơi nộp", "noinop"),
            facet("Nộp trực tuyến", "tructuyen"),
            Choice(kind=ChoiceKind.LINK, label="Nộp trực tuyến", url="https://dichvucong.gov.vn/"),
            Choice(kind=ChoiceKind.VOTE, label="👍", payload="vote:1"),
            Choice(kind=ChoiceKind.VOTE, label="👎", payload="vote:0"),
            Choice(kind=ChoiceKind.MENU, label="Hỏi việc khác", payload="start"),
        ),
    )


def checklist(mask: int, *, replaces: bool) -> Reply:
    missing = sum(1 for at in range(len(PAPERS)) if not mask >> at & 1)
    return Reply(
        lines=(
            Line("Kiểm tra hồ sơ trước khi nộp", Style.TITLE),
            Line(f"Còn thiếu {missing} giấy tờ." if missing else "Hồ sơ đã đủ."),
        ),
        choices=(
            *(
                Choice(
                    kind=ChoiceKind.TICK,
                    label=paper,
                    payload=f"tick:{mask ^ 1 << at}",
                    ticked=bool(mask >> at & 1),
                )
                for at, paper in enumerate(PAPERS)
            ),
            Choice(kind=ChoiceKind.MENU, label="Hỏi việc khác", payload="start"),
        ),
        replaces=replaces,
    )


class PageDesk:
    """Answers by payload, else the fee; `broken` makes it fail, `locked` keeps it so many times from noting
    that it was answered. Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Incoming] = []
        self.sent: list[Incoming] = []
        self.broken = False
        self.locked = 0
        self._lock = threading.Lock()
        self._stored: dict[str, tuple[Reply, ...]] = {}

    def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        with self._lock:
            if self.broken:
                raise RuntimeError("secret detail")
            if incoming.key in {sent.key for sent in self.sent}:
                return ()
            if incoming.key not in self._stored:
                self.asked.append(incoming)
                self._stored[incoming.key] = self._answer(incoming)
            return self._stored[incoming.key]

    def answered(self, incoming: Incoming) -> None:
        with self._lock:
            if self.locked:
                self.locked -= 1
                raise DatabaseUnavailable("tệp đang bị khoá", "thử lại sau giây lát")
            self.sent.append(incoming)

    def _answer(self, incoming: Incoming) -> tuple[Reply, ...]:
        payload, text = incoming.payload, incoming.text
        if text == "/start" or payload == "start":
            return (menu(),)
        if payload.startswith("tick:"):
            return (checklist(int(payload.removeprefix("tick:")), replaces=True),)
        if payload == "giayto":
            return (checklist(0, replaces=False),)
        if payload.startswith("vote:"):
            return (Reply(lines=(Line("Cảm ơn bạn đã góp ý."),)),)
        if "<" in text:
            return (Reply(lines=(Line(f"Bạn viết: {text}"), Line("Xem https://vi.du/<b>?a=1&b=2."))),)
        return (fee(),)
