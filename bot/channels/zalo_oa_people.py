"""What Zalo's rules make us remember of people, and what follows from it for what they write."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.zalo_oa_events import Happening, What
from bot.channels.zalo_oa_windows import Billed, Way, way
from handlers.conversation import Talk
from handlers.picking import picked
from office import contacts, conversations, groups, inbox
from office.channel_names import ZALO_OA
from office.clock import Clock
from office.contacts import Contact, Window
from office.messages import Event, Incoming
from office.people import person_of
from office.privacy import person_hash
from scheduler.ration import Purpose


class Course(StrEnum):
    """What is to be done with what came in."""

    HANDLE = "handle"
    GREET = "greet"  # handle, after a greeting
    SILENCE = "silence"  # nothing is said


class OaPeople:
    """The people who write to one account. Every method is synchronous and raises DatabaseUnavailable."""

    def __init__(
        self,
        *,
        account: str,
        sessions: sessionmaker[Session],
        readers: sessionmaker[Session],
        clock: Clock,
        hash_key: bytes,
        human_minutes: int,
        talk_minutes: int,
        billed: Billed,
    ) -> None:
        """`human_minutes`: of silence after a colleague has written, `talk_minutes`: that a question of ours
        may be answered."""
        self._account = account
        self._sessions = sessions
        self._readers = readers
        self._clock = clock
        self._key = hash_key
        self._human = timedelta(minutes=human_minutes)
        self._talk = timedelta(minutes=talk_minutes)
        self._billed: Billed = billed

    def note(self, session: Session, happening: Happening) -> None:
        """Remember what an event says of a person, in the transaction that stores it."""
        person, at = self._person(happening.user), happening.at
        match happening.what:
            case What.WROTE:
                contacts.wrote(session, ZALO_OA, self._account, person, at=at)
                # Who has blocked us and writes again doesn't always follow again.
                groups.in_reach_again(session, channel=ZALO_OA, account=self._account, chat=happening.user)
            case What.FOLLOWED:
                contacts.followed(session, ZALO_OA, self._account, person, follows=True, at=at)
                contacts.wrote(session, ZALO_OA, self._account, person, at=at)
            case What.UNFOLLOWED:
                contacts.followed(session, ZALO_OA, self._account, person, follows=False, at=at)
            case What.HUMAN:
                until = at + self._human
                contacts.handed_over(session, ZALO_OA, self._account, person, until=until, at=at)
            case What.GROUP | What.NOTHING:
                pass  # nothing is known of what it means for private messages

    def is_meant(self, incoming: Incoming) -> bool:
        """Whether a message is for us: of what people say to each other in a group, only what picks a choice
        that its writer was offered there, or goes on with what we have asked them."""
        if incoming.addressed:
            return True
        where = incoming.channel, incoming.account, incoming.chat, incoming.sender
        key = conversations.conversation_key(*where, hash_key=self._key)
        with self._readers() as session:
            talk = Talk.from_dict(conversations.load(session, key, now=self._clock.now(), ttl=self._talk))
        return bool(talk.staff.get("flow") or picked(talk, incoming))

    def course(self, incoming: Incoming) -> Course:
        """What is to be done with a message or event."""
        if incoming.group:
            return Course.HANDLE
        with self._readers() as session:
            if incoming.event is not None:
                return self._of_following(session, incoming)
            human = self._with_human(session, incoming)
            window = self._window(session, incoming.sender)
        free = way(window, Purpose.ANSWER, billed=self._billed, template=False) is Way.MESSAGE
        return Course.HANDLE if free and not human else Course.SILENCE

    def window(self, user: str) -> Window:
        """What may be sent to a person now."""
        with self._readers() as session:
            return self._window(session, user)

    def following_opened_nothing(self, user: str) -> None:
        """Zalo has refused a message to somebody who may have done no more than follow: sources don't say
        whether that counts."""
        with self._sessions.begin() as session:
            contacts.following_opened_nothing(session, ZALO_OA, self._account, self._person(user))

    def pass_over(self, incoming: Incoming) -> None:
        """This is done with, and nothing was or will be said."""
        try:
            with self._sessions.begin() as session:
                inbox.mark_handled(session, incoming.channel, incoming.account, incoming.key, ())
        except inbox.AlreadyHandled:  # its answer has been waiting since an earlier life
            with self._sessions.begin() as session:
                inbox.mark_answered(session, incoming.channel, incoming.account, incoming.key)

    # --- inside

    def _of_following(self, session: Session, incoming: Incoming) -> Course:
        """News that is older than what is known says nothing; a first word that we hear is greeted."""
        contact = session.get(Contact, (ZALO_OA, self._account, self._person(incoming.sender)))
        follows = incoming.event is Event.UNBLOCKED
        if contact is None or contact.follow_at != incoming.at or contact.follows is not follows:
            return Course.SILENCE
        return Course.GREET if follows and contact.first_at == incoming.at else Course.HANDLE

    def _with_human(self, session: Session, incoming: Incoming) -> bool:
        """Whether somebody of the office answered when this was written; the office's own are never left
        without the bot."""
        person = self._person(incoming.sender)
        if not contacts.with_human(session, ZALO_OA, self._account, person, now=incoming.at):
            return False
        member = person_of(session, channel=ZALO_OA, account=self._account, sender=incoming.sender)
        return member is None

    def _window(self, session: Session, user: str) -> Window:
        person, now = self._person(user), self._clock.now()
        return contacts.window(session, ZALO_OA, self._account, person, now=now)

    def _person(self, user: str) -> str:
        return person_hash(ZALO_OA, user, self._key)
