"""What Telegram says of chats beside messages: the bot added, removed, blocked; a group with a new id."""

from __future__ import annotations

from datetime import UTC

from telegram import Chat, ChatMember, ChatMemberRestricted, ChatMemberUpdated, Message, User
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.clean_text import clean
from office.messages import Event, Incoming

NAME = "telegram"
GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)

_INSIDE = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER)


def membership(update_id: int, change: ChatMemberUpdated, *, account: str) -> Incoming | None:
    """The event of a change of our own membership; None where it changes nothing for us."""
    group = change.chat.type in GROUPS
    if group:
        event = _in_group(change)
    elif change.chat.type == ChatType.PRIVATE:
        event = _in_private(change)
    else:
        event = None  # channels
    if event is None:
        return None
    return Incoming(
        channel=NAME,
        account=account,
        key=f"update:{update_id}",
        chat=str(change.chat.id),
        sender=str(change.from_user.id),
        at=change.date.astimezone(UTC),
        group=group,
        event=event,
        title=title_of(change.chat),
        sender_name=full_name(change.from_user),
    )


def migration(update_id: int, message: Message, *, account: str) -> Incoming | None:
    """The event of a group that became a supergroup, told once in the old chat and once in the new one.

    Both give the same `chat` (the old id) and `moved_to`, with keys of their own.
    """
    if message.migrate_to_chat_id is not None:
        old, new = message.chat.id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        old, new = message.migrate_from_chat_id, message.chat.id
    else:
        return None
    return Incoming(
        channel=NAME,
        account=account,
        key=f"update:{update_id}",
        chat=str(old),
        sender=str(message.from_user.id) if message.from_user else "",
        at=message.date.astimezone(UTC),
        group=True,
        event=Event.MIGRATED,
        title=title_of(message.chat),
        sender_name=full_name(message.from_user),
        moved_to=str(new),
    )


def _in_group(change: ChatMemberUpdated) -> Event | None:
    before, after = _may_write(change.old_chat_member), _may_write(change.new_chat_member)
    if before == after:
        return None  # made an administrator, for instance
    return Event.ADDED if after else Event.REMOVED


def _in_private(change: ChatMemberUpdated) -> Event | None:
    if change.new_chat_member.status == ChatMemberStatus.BANNED:
        return Event.BLOCKED
    return Event.UNBLOCKED if change.old_chat_member.status == ChatMemberStatus.BANNED else None


def _may_write(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member and member.can_send_messages
    return member.status in _INSIDE


def title_of(chat: Chat) -> str:
    """The name of a group, "" for a private chat."""
    return clean(chat.title or "")


def full_name(user: User | None) -> str:
    """A person's name as Telegram shows it."""
    return clean(user.full_name) if user is not None else ""


def units(text: str) -> bytes:
    """UTF-16, in which Telegram counts offsets."""
    return text.encode("utf-16-le", "surrogatepass")
