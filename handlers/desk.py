"""The front desk: takes a message once, in one transaction with everything it changes, and gives the replies.

Staff's business goes to the staff's handlers first; everything else is a citizen's question."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from handlers import picking
from handlers.ask import paused_reply
from handlers.conversation import Talk
from handlers.library import Library
from handlers.limits import RateLimit, Verdict
from handlers.router import Request, route
from handlers.staff.router import StaffRouter
from handlers.texts import texts
from office import conversations, deliveries, inbox, switches
from office.clock import ZONE, Clock
from office.conversations import conversation_key
from office.database import DatabaseUnavailable
from office.inbox import AlreadyHandled, InboxState
from office.messages import Incoming, Line, Reply, SentFile
from office.privacy import person_hash
from office.settings import Limits
from office.switches import Audience

log = structlog.get_logger(__name__)


class FrontDesk:
    """Answers citizens and staff on every channel. Thread-safe: each call has its own session and one
    version of the knowledge."""

    def __init__(
        self,
        *,
        library: Callable[[], Library],
        sessions: sessionmaker[Session],
        clock: Clock,
        hash_key: bytes,
        limits: Limits,
        asked: Callable[[str, str], None] = lambda channel, outcome: None,
        staff: StaffRouter | None = None,
        fetch: Callable[[str, SentFile], bytes | None] = lambda channel, file: None,
    ) -> None:
        """`library` gives the current version; `asked` is told (channel, what became of it) for the
        metrics; `fetch` gets a file from a channel, None when it can't be had."""
        self._library = library
        self._sessions = sessions
        self._clock = clock
        self._key = hash_key
        self._limits = limits
        self._rate = RateLimit(
            per_minute=limits.messages_per_minute, pause=timedelta(seconds=limits.pause_seconds)
        )
        self._asked = asked
        self._staff = staff
        self._fetch = fetch

    def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        """The replies to send; see bot.channels.base.Desk.

        1. Store the message, or find how far it had come: a redelivery gets its stored replies.
        2. Handle it. Its effects (question, conversation) and its replies are committed together.
        A failure of ours is said politely and kept as handled, so that one bad message never blocks the rest.
        Raises DatabaseUnavailable: then nothing was kept and the message is to be delivered again.
        """
        try:
            incoming = self._with_file(incoming)
            with self._sessions.begin() as session:
                return self._handle_once(session, incoming)
        except AlreadyHandled:
            return ()
        except DatabaseUnavailable:
            self._asked(incoming.channel, "database")
            raise
        except Exception as error:
            # Anything else is a fault of the program: the person gets an apology, the log where it was. Not
            # what the error says: that may quote what the person wrote.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error(  # noqa: TRY400 - the traceback would quote the person
                "message.failed",
                channel=incoming.channel,
                key=incoming.key,
                error=type(error).__name__,
                where=where,
            )
            self._asked(incoming.channel, "error")
            return self._apologise(incoming)

    def answered(self, incoming: Incoming) -> None:
        """The replies have been sent."""
        with self._sessions.begin() as session:
            inbox.mark_answered(session, incoming.channel, incoming.account, incoming.key)

    def _with_file(self, incoming: Incoming) -> Incoming:
        """A table that somebody of the staff sends, fetched before any transaction is open."""
        if self._staff is None or incoming.file is None:
            return incoming
        with self._sessions() as session:
            wanted = self._staff.wants_file(session, incoming)
        if not wanted:
            return incoming
        content = self._fetch(incoming.channel, incoming.file)
        return replace(incoming, file=replace(incoming.file, content=content))

    def _handle_once(self, session: Session, incoming: Incoming) -> tuple[Reply, ...]:
        now = self._clock.now()
        stored = inbox.receive(session, incoming.channel, incoming.account, incoming.key, at=now, raw=None)
        if not stored.new and stored.state is not InboxState.RECEIVED:
            return stored.replies
        person = person_hash(incoming.channel, incoming.sender, self._key)
        known = self._staff is not None and self._staff.knows(session, incoming)
        verdict = Verdict.GO if known else self._rate.check(person, now)
        if verdict is Verdict.GO:
            replies = self._converse(session, incoming, person, member=known)
        else:
            slow = texts()("slow", seconds=self._limits.pause_seconds)
            replies = (Reply(lines=(Line(slow),)),) if verdict is Verdict.SLOW_DOWN else ()
            self._asked(incoming.channel, verdict)
        inbox.mark_handled(session, incoming.channel, incoming.account, incoming.key, replies)
        return replies

    def _converse(
        self, session: Session, incoming: Incoming, person: str, *, member: bool
    ) -> tuple[Reply, ...]:
        now = self._clock.now()
        key = conversation_key(
            incoming.channel, incoming.account, incoming.chat, incoming.sender, hash_key=self._key
        )
        ttl = timedelta(minutes=self._limits.conversation_minutes)
        talk = Talk.from_dict(conversations.load(session, key, now=now, ttl=ttl))
        picked = picking.picked(talk, incoming)
        overtaken = picking.was_written_before(talk, incoming, picked)
        if overtaken or (
            picking.may_be_meant_for_newer(talk, incoming, picked) and _newer_came(session, incoming, talk)
        ):
            again = (picking.ask_again(talk, overtaken=overtaken),)
            talk.offer(again, now, heard_at=talk.heard_at if overtaken else incoming.at)
            conversations.save(session, key, talk.as_dict(), now=now)
            self._asked(incoming.channel, "tap")
            return again
        before, step = talk.question, dict(talk.staff)
        replies = self._for_staff(session, incoming, talk, now, picked)
        if replies is not None:
            if talk.staff and talk.staff != step:
                talk.withdraw()  # words are awaited now: a number is one of them, no earlier choice
            talk.offer(replies, now, heard_at=incoming.at)
            conversations.save(session, key, talk.as_dict(), now=now)
            self._asked(incoming.channel, "staff")
            return replies
        library = self._library()
        if not member and switches.of_audience(Audience.CITIZENS) in switches.stopped(session):
            self._asked(incoming.channel, "stopped")
            return (paused_reply(library),)
        request = Request(
            incoming=incoming,
            library=library,
            session=session,
            talk=talk,
            person=person,
            now=now,
            today=now.astimezone(ZONE).date(),
            max_text=self._limits.max_text,
            picked=picked,
        )
        replies = route(request)
        talk.offer(replies, now, heard_at=incoming.at)
        conversations.save(session, key, talk.as_dict(), now=now)
        self._asked(incoming.channel, "question" if talk.question != before else "tap")
        return replies

    def _for_staff(
        self, session: Session, incoming: Incoming, talk: Talk, now: datetime, picked: tuple[str, ...]
    ) -> tuple[Reply, ...] | None:
        """The staff's replies; None when it is not their business."""
        if self._staff is None:
            return None if incoming.event is None else ()
        return self._staff.route(
            session,
            incoming,
            talk.staff,
            payload=picked[0] if picked else incoming.payload,
            now=now,
            today=now.astimezone(ZONE).date(),
        )

    def _apologise(self, incoming: Incoming) -> tuple[Reply, ...]:
        replies = (Reply(lines=(Line(texts()("error")),)),)
        with self._sessions.begin() as session:
            stored = inbox.receive(
                session, incoming.channel, incoming.account, incoming.key, at=self._clock.now(), raw=None
            )
            if stored.state is InboxState.RECEIVED:
                inbox.mark_handled(session, incoming.channel, incoming.account, incoming.key, replies)
        return replies


def _newer_came(session: Session, incoming: Incoming, talk: Talk) -> bool:
    """Whether something unasked was sent to the chat after the choices were offered there."""
    return talk.offered_at is not None and deliveries.sent_since(
        session,
        channel=incoming.channel,
        account=incoming.account,
        chat=incoming.chat,
        since=talk.offered_at,
    )
