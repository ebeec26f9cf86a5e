"""Who holds an account's lane: one process at a time, known by a fencing token that grows each time."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from office.database import execute, insert
from office.deliveries import Delivery, Lane, Status
from scheduler import wording
from scheduler.delivery import Grip, Policy, doubt


class LaneLost(Exception):
    """Another process holds the lane now."""


def this_process() -> str:
    """A name for this process that no other ever has: host, number, start, and a random end."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{_started(os.getpid())}:{uuid.uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Whether that process ran on this machine and is gone. False when that can't be told."""
    host, _, rest = owner.partition(":")
    pid, _, rest = rest.partition(":")
    started = rest.partition(":")[0]
    if host != socket.gethostname()[:24] or not pid.isdecimal() or not started:
        return False
    return _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks since boot; "" when there is none, or no such file."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def take_lane(
    session: Session,
    channel: str,
    account: str,
    *,
    owner: str,
    now: datetime,
    policy: Policy,
    dead: bool = False,
) -> tuple[Grip, Lane] | None:
    """Hold an account's lane, or None while another holds it. `dead`: its holder is known to be.

    What a former holder has left in the air becomes uncertain.
    """
    first = insert(session, Lane).values(channel=channel, account=account, owner="", token=0)
    session.execute(first.on_conflict_do_nothing())
    free = or_(
        Lane.lease_until.is_(None),
        Lane.lease_until <= now,
        Lane.lease_until > now + 2 * policy.lease,  # the clock was set back since
        Lane.owner == owner,
    )
    here = and_(Lane.channel == channel, Lane.account == account)
    taken = update(Lane).where(here) if dead else update(Lane).where(here, free)
    values = {"owner": owner, "token": Lane.token + 1, "lease_until": now + policy.lease}
    if not execute(session, taken.values(values)):
        return None
    lane = session.scalars(select(Lane).where(here).execution_options(populate_existing=True)).one()
    grip = Grip(channel=channel, account=account, token=lane.token)
    _doubt_orphans(session, grip, now)
    return grip, lane


def lane_owner(session: Session, channel: str, account: str) -> str:
    """Who holds or last held the lane; "" for nobody."""
    return session.scalar(select(Lane.owner).where(Lane.channel == channel, Lane.account == account)) or ""


def keep_lane(
    session: Session, grip: Grip, *, now: datetime, policy: Policy, pace: Mapping[str, Any]
) -> None:
    """Check the fencing token, renew the lease and store what the pacer must remember. Raises LaneLost."""
    mine = and_(Lane.channel == grip.channel, Lane.account == grip.account, Lane.token == grip.token)
    kept = {"at": now.timestamp(), **pace}
    values = {"lease_until": now + policy.lease, "pace": kept}
    if not execute(session, update(Lane).where(mine).values(values)):
        raise LaneLost


def leave_lane(session: Session, grip: Grip, *, now: datetime, pace: Mapping[str, Any]) -> None:
    """Let go, so that nobody has to wait for the lease to end."""
    mine = and_(Lane.channel == grip.channel, Lane.account == grip.account, Lane.token == grip.token)
    kept = {"at": now.timestamp(), **pace}
    execute(session, update(Lane).where(mine).values(lease_until=None, pace=kept))


def save_pace(
    session: Session, channel: str, account: str, *, owner: str, now: datetime, pace: Mapping[str, Any]
) -> None:
    """Store what the pacer must remember, between two holdings; not while another process holds the lane."""
    first = insert(session, Lane).values(channel=channel, account=account, owner=owner, token=0)
    session.execute(first.on_conflict_do_nothing())
    ours = or_(Lane.owner == owner, Lane.lease_until.is_(None), Lane.lease_until <= now)
    here = and_(Lane.channel == channel, Lane.account == account)
    execute(session, update(Lane).where(here, ours).values(pace={"at": now.timestamp(), **pace}))


def _doubt_orphans(session: Session, grip: Grip, now: datetime) -> None:
    orphans = select(Delivery).where(
        Delivery.channel == grip.channel, Delivery.account == grip.account, Delivery.status == Status.SENDING
    )
    for row in session.scalars(orphans.where(Delivery.token != grip.token)):
        doubt(session, row, wording.worker_died(), now)
