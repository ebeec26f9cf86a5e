"""One-time codes: the first admin claims the office with one, a member ties a chat account with one.

Only a keyed hash is kept. A code is read out and typed, so it has no look-alike letters and forgives case,
spaces and dashes.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from office import audit, membership
from office.database import execute
from office.people import ChatAccount, Code, CodePurpose, Person, Role, person
from office.privacy import keyed_hash
from office.refusal import Refused

CLAIM_HOURS, TIE_DAYS = 24, 7
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_ASK_AGAIN = "Xin Văn phòng cấp mã mới, hoặc gõ /noikenh ở kênh đang dùng."
RUN_AGAIN = "Trên máy chủ, chạy lại chương trình để có mã mới."
_SHAPE = re.compile(rf"([{_LETTERS}]{{4}})([\s-]*)([{_LETTERS}]{{4}})(?=\s|\Z)", re.IGNORECASE | re.ASCII)
_LENGTH = 8  # 31^8 codes; wrong tries are limited by the handlers


class WrongCode(Refused):
    """No such code, or it is spent or too old."""


def begins_with_code(text: str) -> bool:
    """Whether a text begins with what has a code's shape; two plain words of four letters don't count."""
    found = _SHAPE.match(text.strip())
    if found is None:
        return False
    letters = found[1] + found[3]
    return not found[2].isspace() or letters.isupper() or not letters.isalpha()


def is_code(text: str) -> bool:
    """Whether a whole text is a code as it is shown, alone: «CQFA-4ZAT»; no number, no words."""
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        return False
    letters = found[1] + found[3]
    if letters.isdecimal() or found[2].isspace():
        return False
    return bool(found[2]) or not letters.isalpha()


def make_code(
    session: Session,
    purpose: CodePurpose,
    *,
    member_id: int | None,
    created_by: int | None,
    now: datetime,
    hash_key: bytes,
    life: timedelta | None = None,
) -> str:
    """A new code, ABCD-EFGH; a member's earlier unused ones die, claims printed side by side all live.

    `life`: how long it can be used (None: as is usual for its purpose).
    """
    if purpose is CodePurpose.TIE:
        older = update(Code).where(Code.member_id == member_id, Code.used_at.is_(None))
        execute(session, older.values(used_at=now))
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    usual = timedelta(hours=CLAIM_HOURS) if purpose is CodePurpose.CLAIM else timedelta(days=TIE_DAYS)
    session.add(
        Code(
            hash=_hash(code, hash_key),
            purpose=purpose,
            member_id=member_id,
            created_by=created_by,
            created_at=now,
            expires_at=now + (life if life is not None else usual),
        )
    )
    session.flush()
    audit.record(
        session,
        "code.make",
        at=now,
        actor=created_by,
        subject="member",
        subject_id=member_id,
        after={"purpose": purpose},
    )
    return f"{code[:4]}-{code[4:]}"


def claim_code(session: Session, *, now: datetime, hash_key: bytes) -> str | None:
    """A code for the first admin; None once there is an admin."""
    if membership.admins(session):
        return None
    return make_code(session, CodePurpose.CLAIM, member_id=None, created_by=None, now=now, hash_key=hash_key)


def use_code(
    session: Session,
    code: str,
    *,
    channel: str,
    account: str,
    sender: str,
    chat: str,
    name: str,
    now: datetime,
    hash_key: bytes,
) -> Person:
    """Use a code from a chat account: it becomes the member's, or its owner (`name`) the first admin.

    Raises Refused (the caller rolls back, so that the code isn't spent), WrongCode for what is no code.
    A code is used up by exactly one.
    """
    row = _spend(session, code, now=now, hash_key=hash_key)
    member_id = row.member_id
    tied = _tied(session, channel, account, sender)
    if row.purpose is CodePurpose.CLAIM:
        if not name and tied is None and not membership.admins(session):
            raise Refused("Cần họ và tên của anh/chị.", "Gõ: /nhanquyen MÃ Họ và tên")
        member_id = _claim(session, name, member_id=tied.member_id if tied else None, now=now)
    elif tied is not None and tied.member_id == member_id and tied.disabled_at is None:
        raise Refused("Tài khoản này đã gắn với anh/chị.", "Mở kênh khác rồi nhắn mã này ở đó.")
    found = person(session, member_id) if member_id is not None else None
    if found is None:
        raise Refused("Người của mã này không còn trong danh sách.", "Xin Văn phòng cấp mã mới.")
    tie(session, found.id, channel=channel, account=account, sender=sender, chat=chat, now=now)
    return found


def claim(session: Session, code: str, *, name: str, now: datetime, hash_key: bytes) -> Person:
    """Use the code of the first admin without a chat account: a new member who is admin and Văn phòng.

    Raises Refused, also for codes that tie accounts.
    """
    row = _spend(session, code, now=now, hash_key=hash_key, purpose=CodePurpose.CLAIM)
    found = person(session, _claim(session, name, member_id=row.member_id, now=now))
    assert found is not None  # noqa: S101 - made just now
    return found


def _spend(
    session: Session, code: str, *, now: datetime, hash_key: bytes, purpose: CodePurpose | None = None
) -> Code:
    """Use a code up (one of a purpose, or any). Raises Refused."""
    here = Code.hash == _hash(code, hash_key)
    if purpose is not None:
        here &= Code.purpose == purpose
    spent = update(Code).where(here, Code.used_at.is_(None), Code.expires_at > now).values(used_at=now)
    if not execute(session, spent):
        mend = RUN_AGAIN if purpose is CodePurpose.CLAIM else _ASK_AGAIN
        raise WrongCode("Mã không đúng, đã dùng hoặc đã hết hạn.", mend)
    return session.scalars(select(Code).where(here).execution_options(populate_existing=True)).one()


def _claim(session: Session, name: str, *, member_id: int | None, now: datetime) -> int:
    """Make a member (a new one of that name for None) the first admin. Raises Refused when there is one."""
    if membership.admins(session):
        raise Refused("Cơ quan đã có quản trị.", "Xin quản trị thêm anh/chị bằng /themnguoi.")
    if member_id is None:
        member_id = membership.add_member(session, name, department_id=None, actor=None, now=now).id
    for role in (Role.ADMIN, Role.VAN_PHONG):
        membership.give_role(
            session, member_id, role, actor=None, reason="Nhận quyền bằng mã lúc cài đặt", now=now
        )
    return member_id


def tie(
    session: Session, member_id: int, *, channel: str, account: str, sender: str, chat: str, now: datetime
) -> None:
    """This chat account is the member's from now on, whoever's it was; a new one is their last."""
    row = _tied(session, channel, account, sender)
    rank = _last_rank(session, member_id)
    if row is None:
        row = ChatAccount(channel=channel, account=account, sender=sender, member_id=member_id, rank=rank)
        session.add(row)
    before = {"member_id": row.member_id} if row.member_id != member_id else None
    if before is not None:
        row.rank = rank
    row.member_id, row.chat, row.tied_at = member_id, chat, now
    row.disabled_at, row.disabled_reason = None, ""
    session.flush()
    audit.record(
        session,
        "account.tie",
        at=now,
        actor=member_id,
        subject="member",
        subject_id=member_id,
        before=before,
        after={"channel": channel},
    )


def _last_rank(session: Session, member_id: int) -> int:
    """The rank after those of all the member's accounts; 0 for the first."""
    last = session.scalar(select(func.max(ChatAccount.rank)).where(ChatAccount.member_id == member_id))
    return 0 if last is None else last + 1


def _tied(session: Session, channel: str, account: str, sender: str) -> ChatAccount | None:
    return session.scalar(
        select(ChatAccount).where(
            ChatAccount.channel == channel, ChatAccount.account == account, ChatAccount.sender == sender
        )
    )


def _hash(code: str, hash_key: bytes) -> str:
    typed = "".join(c for c in code.upper() if c.isascii() and c.isalnum())
    return keyed_hash(hash_key, "code", typed)
