"""The Zalo Official Account: consent, the account itself, which way messages go, who can be written to, and
whether Zalo's events reach us."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.zalo_calls import CallEnded, WrongToken
from bot.channels.zalo_oa_identity import PATH, STATE_AGENCY, Identity, identity_of, looks_alike
from bot.channels.zalo_oa_signature import HEADER, PROBE
from bot.doctor.findings import Finding, Level, bad, finding, fine, info, warn
from bot.doctor.premises import Premises, server_of
from bot.doctor.probe import Answer, Question, Silence, ask, clock_finding
from bot.doctor.web import is_stopped
from office.channel_names import ZALO_OA
from office.channel_settings import ZaloOa
from office.clock import said_moment
from office.contacts import Window, last_wrote, window_at
from office.people import ChatAccount, Member
from office.privacy import person_hash
from office.zalo_tokens import ZaloTokens
from scheduler.channel_watch import SOON

_EVENT = b'{"event_name":"xinluon_doctor","timestamp":"0"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database says. `row`: None without consent; `windows`: None without a hash key."""

    row: ZaloTokens | None = field(repr=False)
    windows: Counter[Window] | None

    def access(self, settings: ZaloOa, now: datetime) -> str:
        """The access token where it is ours and hasn't ended, else ""."""
        row = self.row
        usable = row is not None and row.app_id == settings.app_id and row.access_expires_at > now
        return row.access_token if row is not None and usable else ""


async def look(premises: Premises) -> tuple[Finding, ...]:
    """All that is to be said of the account."""
    settings, now = premises.settings.zalo_oa, premises.now
    known = await asyncio.to_thread(_known, premises)
    token = known.access(settings, now) if known else ""
    account, webhook = await asyncio.gather(_account(settings, token), _webhook(premises))
    identity = _identity(account)
    clock = clock_finding(account.date, account.at) if isinstance(account, Answer) else None
    return (
        token_finding(settings, known, now) if premises.made else info("zalo_oa.tokens.no_database"),
        *([account_finding(settings, account, premises.settings.office.name)] if premises.made else []),
        sending_finding(identity, known.row.version if known and known.row else ""),
        webhook,
        *([windows_finding(settings, known.windows)] if known and known.windows is not None else []),
        template_finding(settings),
        *([clock] if clock is not None else []),
    )


def _known(premises: Premises) -> Known | None:
    settings = premises.settings.zalo_oa
    if premises.readers is None:
        return None
    with premises.readers() as session:
        row = session.get(ZaloTokens, settings.oa_id)
        return Known(row=row, windows=_windows(session, premises))


def _windows(session: Session, premises: Premises) -> Counter[Window] | None:
    """How many members' accounts stand in which window."""
    account, key = premises.settings.zalo_oa.oa_id or "", premises.hash_key
    if key is None:
        return None
    senders = session.scalars(
        select(ChatAccount.sender)
        .join(Member, Member.id == ChatAccount.member_id)
        .where(
            ChatAccount.channel == ZALO_OA,
            ChatAccount.account == account,
            ChatAccount.disabled_at.is_(None),
            Member.left_at.is_(None),
        )
    )
    people = [person_hash(ZALO_OA, sender, key) for sender in senders]
    wrote = last_wrote(session, ZALO_OA, account, people)
    return Counter(window_at(wrote.get(person), premises.now) for person in people)


async def _account(settings: ZaloOa, token: str) -> Answer | Silence | None:
    if not token:
        return None
    url = f"{settings.base_url.rstrip('/')}{PATH}"
    return await ask(Question(method="GET", url=url, headers={"access_token": token}))


def _identity(asked: Answer | Silence | None) -> Identity | None:
    if not isinstance(asked, Answer):
        return None
    try:
        return identity_of(asked.body)
    except CallEnded:
        return None


def token_finding(settings: ZaloOa, known: Known | None, now: datetime) -> Finding:
    """How long consent lasts."""
    if known is None:
        return warn("zalo_oa.tokens.unread")
    row = known.row
    if row is None:
        return bad("zalo_oa.tokens.none")
    if row.app_id != settings.app_id:
        return bad("zalo_oa.tokens.other_app", app=row.app_id, wanted=settings.app_id)
    if row.trouble:
        return bad("zalo_oa.tokens.trouble", why=row.trouble)
    left = row.refresh_expires_at - now
    ends = {"when": said_moment(row.refresh_expires_at), "access": said_moment(row.access_expires_at)}
    if left <= timedelta(0):
        return bad("zalo_oa.tokens.ended", **ends)
    if left <= SOON:
        return warn("zalo_oa.tokens.soon", days=left.days, **ends)
    if row.access_expires_at <= now:
        return warn("zalo_oa.tokens.access_ended", **ends)
    return fine("zalo_oa.tokens.right", **ends)


def account_finding(settings: ZaloOa, asked: Answer | Silence | None, office: str = "") -> Finding:
    """Whether it is the account of the settings, may use the API, and seems to be the office's."""
    server = server_of(settings.base_url)
    if asked is None:
        return warn("zalo_oa.account.unasked")
    if isinstance(asked, Silence):
        return bad("zalo_oa.account.unreached", server=server, why=asked.why.label)
    if asked.body is None or "error" not in asked.body:
        return bad("zalo_oa.account.strange", server=server, status=asked.status)
    try:
        found = identity_of(asked.body)
    except WrongToken:
        return warn("zalo_oa.account.refused_token")
    except CallEnded as ended:
        return bad("zalo_oa.account.refused", why=ended.reason)
    package = f", gói {found.package_name}" if found.package_name else ""
    if found.oa_id not in ("", settings.oa_id):
        return bad("zalo_oa.account.other", found=found.oa_id, name=found.name, oa=settings.oa_id)
    if found.is_verified is False:
        return bad("zalo_oa.account.unverified", name=found.name, package=package)
    if not looks_alike(found.name, office):
        return warn("zalo_oa.account.unlike", name=found.name, oa=settings.oa_id, office=office)
    verified = "đã xác thực" if found.is_verified else "chưa rõ đã xác thực chưa"
    values = {"name": found.name, "oa": settings.oa_id, "verified": verified, "package": package}
    return finding(Level.INFO if found.is_verified is None else Level.FINE, "zalo_oa.account.right", **values)


def sending_finding(identity: Identity | None, version: str) -> Finding:
    """Which way messages to people go."""
    if version:
        return fine("zalo_oa.sending.v2" if version.lstrip("v").startswith("2") else "zalo_oa.sending.v3")
    if identity is not None and identity.oa_type == STATE_AGENCY:
        return warn("zalo_oa.sending.state_agency")
    return info("zalo_oa.sending.unknown")


async def _webhook(premises: Premises) -> Finding:
    """Ask our own public address, as Zalo would, but with a signature that is wrong."""
    public, path = premises.settings.web.public_url, premises.settings.zalo_oa.webhook_path
    if public is None:
        return warn("zalo_oa.webhook.no_address")
    url = f"{public.rstrip('/')}{path}"
    headers = {"Content-Type": "application/json", HEADER: PROBE}
    answer = await ask(Question(method="POST", url=url, content=_EVENT, headers=headers))
    unserved = isinstance(answer, Silence) or answer.status >= 500
    if unserved and await is_stopped(premises.settings):
        return warn("zalo_oa.webhook.not_running", address=url)
    return webhook_finding(url, path, answer)


def webhook_finding(url: str, path: str, asked: Answer | Silence) -> Finding:
    """What a wrong signature was answered with."""
    values = {"address": url, "path": path}
    if isinstance(asked, Silence):
        return bad("zalo_oa.webhook.unreached", why=asked.why.label, **values)
    if asked.status == 401:
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.port is not None:
            return bad("zalo_oa.webhook.not_https", **values)
        return fine("zalo_oa.webhook.right", **values)
    if asked.status in (404, 405):
        return bad("zalo_oa.webhook.absent", status=asked.status, **values)
    name = "unguarded" if asked.status < 300 else "strange"
    return bad(f"zalo_oa.webhook.{name}", status=asked.status, **values)


def windows_finding(settings: ZaloOa, windows: Counter[Window]) -> Finding:
    """Whether staff can be written to now."""
    everybody, closed, billed = windows.total(), windows[Window.CLOSED], windows[Window.BILLED]
    values = {"all": everybody, "closed": closed, "billed": billed}
    if not everybody:
        return info("zalo_oa.windows.nobody")
    if closed and not settings.template.id:
        return warn("zalo_oa.windows.closed", **values)
    return (
        warn("zalo_oa.windows.some", **values) if closed or billed else fine("zalo_oa.windows.open", **values)
    )


def template_finding(settings: ZaloOa) -> Finding:
    """Whether deadline pings have a way outside the window."""
    template = settings.template.id
    return fine("zalo_oa.template.set", id=template) if template else info("zalo_oa.template.unset")
