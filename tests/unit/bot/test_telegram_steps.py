"""A reply as calls of Telegram, and what is left out of a refused one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_render import TEXT_LIMIT, Draft
from bot.channels.telegram_sending import Floods
from bot.channels.telegram_steps import adapted, steps_of
from bot.channels.telegram_updates import Address
from office.bot_tokens import account_of
from office.messages import File, Line, Reply, Style, split_reply, utf16_length

FILE = File(name="a.png", media_type="image/png", content=b"x", picture=True)
HERE = Address(chat=-5, topic=7, question=3, tapped=9)
LINES = st.lists(
    st.builds(Line, st.text(alphabet="ab .\n😀<&", max_size=9000), st.sampled_from(Style)), max_size=4
)


@given(lines=LINES)
def test_each_part_of_a_reply_is_exactly_one_message(lines: list[Line]) -> None:
    for part in split_reply(Reply(lines=tuple(lines), files=(FILE,)), TEXT_LIMIT):
        message, *files = steps_of((part,), Address(chat=1))
        assert isinstance(message.content, Draft)
        assert utf16_length(message.content.plain) <= 4096
        assert [step.content for step in files] == list(part.files)


def test_only_the_first_message_edits_and_only_the_first_new_one_quotes() -> None:
    reply = Reply(lines=(Line("một"),), files=(FILE,), replaces=True)
    steps = list(steps_of((reply, Reply(lines=(Line("hai"),))), HERE))
    assert [step.edits for step in steps] == [9, None, None]
    assert [step.address.question for step in steps] == [3, None, None]
    assert [step.address.topic for step in steps] == [7, 7, 7]


def test_what_is_refused_is_left_out_until_nothing_can_be() -> None:
    _, step = steps_of((Reply(lines=(Line("a"),), files=(FILE,)),), HERE)
    anywhere = adapted(step, "Bad Request: message thread not found")
    assert anywhere is not None
    assert anywhere.address.topic is None
    as_file = adapted(anywhere, "Bad Request: IMAGE_PROCESS_FAILED")
    assert as_file is not None
    assert isinstance(as_file.content, File)
    assert as_file.content.picture is False
    assert adapted(as_file, "Bad Request: IMAGE_PROCESS_FAILED") is None
    assert adapted(as_file, "Bad Request: message thread not found") is None


def test_three_chats_flooded_within_five_seconds_mean_the_account() -> None:
    floods = Floods()
    assert [floods.account(chat, now=now) for chat, now in ((1, 0.0), (1, 1.0), (2, 2.0))] == [False] * 3
    assert floods.account(3, now=4.9)
    assert not floods.account(3, now=8.0)  # the first two are long ago


def test_the_account_is_never_more_of_a_token_than_its_number() -> None:
    assert account_of("123:secret") == "123"
    assert account_of("secret") == account_of("secret:1") == account_of("") == ""
