"""What a civil servant does with work: take note of it, report it done; and the words for all of it."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.staff import more_time, said, work_seen
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from handlers.staff.unsaid import meant
from handlers.staff.words import take_number
from office.assignments import AssignmentState, ProofKind, Tap
from office.messages import Reply
from office.refusal import Refused
from office.rights import Action
from scheduler import progress
from scheduler.work_texts import card

_PROOF = "Xin gửi minh chứng: số văn bản, đường dẫn, hoặc gửi tệp vào đây. Gõ «thôi» để dừng."


def _acknowledge(request: StaffRequest, rest: str) -> Replies:
    if said.idle(rest):
        found = meant(request, Tap.ACKNOWLEDGE)
        return _acknowledged(request, found, replaces=False) if isinstance(found, int) else found
    assignment_id, _ = take_number(rest)
    return _acknowledged(request, assignment_id, replaces=False)


def _tap_acknowledge(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _acknowledged(request, number(arguments, 0), replaces=True)


def _acknowledged(request: StaffRequest, assignment_id: int, *, replaces: bool) -> Replies:
    """The roster is shown in place of the message whose button was tapped; in a group others still tap it."""
    row = progress.acknowledge(request.session, request.work, assignment_id, request.me, now=request.now)
    headline = f"{request.me.name} đã nhận"
    reply = card(
        request.session, request.work, row, today=request.today, headline=headline, taken=request.private
    )
    return (Reply(lines=reply.lines, choices=reply.choices, replaces=replaces),)


def _done(request: StaffRequest, rest: str) -> Replies:
    """xong 12 375/SCT-VP; without proof it is asked for."""
    if said.idle(rest):
        found = meant(request, Tap.DONE)
        return _report(request, found, "") if isinstance(found, int) else found
    if said.names_document(rest):
        found = meant(request, Tap.DONE)
        return _report(request, found, rest) if isinstance(found, int) else found
    assignment_id, proof = take_number(rest)
    return _report(request, assignment_id, "" if said.no_proof(proof) else proof)


def _tap_done(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _report(request, number(arguments, 0), "")


def _report(request: StaffRequest, assignment_id: int, proof: str) -> Replies:
    file = request.incoming.file
    if not proof and file is None:
        row = request.work.get_open(request.session, assignment_id)
        request.work.acts_for(request.session, row, request.me, today=request.today)
        if row.state is AssignmentState.REPORTED:
            raise Refused(f"Nhiệm vụ số {row.id} đã được báo hoàn thành, đang chờ Văn phòng xác nhận.")
        request.state.update(flow="proof", assignment=assignment_id)
        return say(
            f"Nhiệm vụ số {row.id}: {row.title}",
            _PROOF,
        )
    if file is not None:
        kind, proof = ProofKind.FILE, file.name or "tệp đính kèm"
    else:
        kind = ProofKind.LINK if proof.startswith(("http://", "https://")) else ProofKind.DOCUMENT
    progress.report_done(
        request.session,
        request.work,
        assignment_id,
        request.me,
        kind=kind,
        proof=proof,
        now=request.now,
    )
    request.state.clear()
    return say(f"Đã ghi nhận báo cáo hoàn thành nhiệm vụ số {assignment_id}. Chờ Văn phòng xác nhận.")


def _proof(request: StaffRequest, text: str) -> Replies:
    if request.incoming.file is None and said.no_proof(text):
        raise Refused("Em chưa ghi: đây chưa phải minh chứng.", _PROOF)
    return _report(request, int(request.state.get("assignment", 0)), text)


COMMANDS = (
    Command(
        words=("viec",),
        run=work_seen.listed,
        help="/viec: việc của tôi; /viec tuan, /viec phong, /viec het, /viec 12",
        action=Action.LIST_OWN_WORK,
        bare=True,
    ),
    Command(
        words=("nhan",),
        run=_acknowledge,
        help="nhan 12: đã nhận việc số 12",
        action=Action.ACKNOWLEDGE,
        bare=True,
    ),
    Command(
        words=("xong",),
        run=_done,
        help="xong 12 375/SCT-VP: báo hoàn thành, kèm minh chứng",
        action=Action.REPORT_DONE,
        bare=True,
    ),
    Command(
        words=("giahan",),
        run=more_time.extend,
        help="giahan 12 30/11 lý do …: xin gia hạn",
        action=Action.ASK_EXTENSION,
        bare=True,
    ),
    Command(
        words=("vanban",),
        run=more_time.written_request,
        help="/vanban 12: văn bản đề nghị gia hạn",
        action=Action.ASK_EXTENSION,
    ),
)
TAPS: Mapping[str, Tapped] = {
    "nhan": _tap_acknowledge,
    "xong": _tap_done,
    "giahan": more_time.tap_extend,
    "xem": work_seen.tap_show,
    "viec": work_seen.tap_more,
}
FLOWS = {"proof": _proof, "extend": more_time.extend_flow}
