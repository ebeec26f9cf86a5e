"""One person on each channel, as people use it: they read what is shown, tap a button or type a number."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.acceptance.program import COMMAND, Program, environment, until
from tests.fakes import telegram, zalo_bot, zalo_oa

PATIENCE = 20.0  # seconds for an answer

_NUMBERED = re.compile(r"(?:^| · )(\d+)\. (.+?)(?= · \d+\. |$)", re.MULTILINE)
_TYPED = re.compile(r"^(.+): (?:nhắn|nhắc tên bot, kèm) «(.+)»$", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it stands on the screen. `labels`: of its buttons, or of the numbers it offers."""

    text: str
    labels: tuple[str, ...] = ()


class Phone(ABC):
    """Somebody who talks to the office."""

    channel: str

    @abstractmethod
    def screen(self) -> Sequence[Shown]:
        """What the office has said to them, in order, as it looks now."""

    @abstractmethod
    def send(self, text: str) -> None:
        """Write something; returns when the office is done with it."""

    def tap(self, at: int, label: str) -> None:
        """Pick a choice of a message; where there are no buttons, by what it says to type."""
        self.send(typed_for(self.screen()[at].text, label))

    def say(self, text: str) -> Shown:
        """Write something; what comes back, several messages as one."""
        before = len(self.screen())
        self.send(text)
        return _together(self.screen()[before:])

    def pick(self, label: str) -> Shown:
        """Pick a choice of the last message; what comes back, or what the message has become."""
        before = len(self.screen())
        self.tap(before - 1, label)
        new = self.screen()[before:]
        return _together(new) if new else self.screen()[-1]

    def last(self, containing: str) -> Shown:
        """The last message that contains something, once it is there."""
        until(lambda: [m for m in self.screen() if containing in m.text], within=PATIENCE)
        return [m for m in self.screen() if containing in m.text][-1]

    def pick_in(self, containing: str, label: str) -> None:
        """Pick a choice of the last message that contains something."""
        self.last(containing)
        [*_, at] = [at for at, m in enumerate(self.screen()) if containing in m.text]
        self.tap(at, label)


def typed_for(text: str, label: str) -> str:
    """What a message without buttons says to type for a choice whose label begins so."""
    for number, shown in _NUMBERED.findall(text):
        if _plain(shown).startswith(label):
            return str(number)
    for shown, code in _TYPED.findall(text):
        if _plain(shown).startswith(label):
            return str(code)
    raise AssertionError(f"no choice «{label}» in:\n{text}")


def labels_in(text: str) -> tuple[str, ...]:
    """The choices that a message without buttons offers."""
    return tuple(
        [shown for _, shown in _NUMBERED.findall(text)] + [shown for shown, _ in _TYPED.findall(text)]
    )


def _plain(label: str) -> str:
    return re.sub(r"^(\d+\. |[☑☐] |\[[x ]\] )+", "", label)


def _together(messages: Sequence[Shown]) -> Shown:
    labels = [m.labels for m in messages if m.labels]
    return Shown("\n".join(m.text for m in messages), labels[-1] if labels else ())


class TelegramPhone(Phone):
    """Buttons, edits in place."""

    channel = "telegram"

    def __init__(self, fake: telegram.FakeTelegram, person: int) -> None:
        self.fake, self.chat = fake, fake.private(person)

    def screen(self) -> Sequence[Shown]:
        return [
            Shown(m.text, tuple(_plain(label) for label in m.labels)) for m in self.fake.received(self.chat)
        ]

    def send(self, text: str) -> None:
        self.fake.say(self.chat, text)
        self.fake.wait_for(lambda: not self.fake.pending, PATIENCE)

    def tap(self, at: int, label: str) -> None:
        message = self.fake.received(self.chat)[at]
        self.fake.tap(message, label)
        self.fake.wait_for(lambda: not self.fake.pending, PATIENCE)


class ZaloBotPhone(Phone):
    """Plain text and numbers."""

    channel = "zalo_bot"

    def __init__(self, fake: zalo_bot.FakeZaloBot, program: Program, name: str = "Nguyễn Văn An") -> None:
        self.fake, self.program, self.chat = fake, program, fake.person(name)

    def screen(self) -> Sequence[Shown]:
        shown = [m.text or m.caption for m in self.fake.received(self.chat)]  # a picture has its words below
        return [Shown(text, labels_in(text)) for text in shown]

    def send(self, text: str) -> None:
        answered(self.program, self.channel, self.fake.say(self.chat, text))


class ZaloOaPhone(Phone):
    """At most five buttons, else numbers."""

    channel = "zalo_oa"

    def __init__(self, fake: zalo_oa.FakeZaloOa, program: Program, name: str = "Trần Thị Bình") -> None:
        self.fake, self.program, self.person = fake, program, fake.person(name)

    def screen(self) -> Sequence[Shown]:
        return [
            Shown(m.text, tuple(_plain(b) for b in m.labels) or labels_in(m.text))
            for m in self.fake.received(self.person)
        ]

    def send(self, text: str) -> None:
        answered(self.program, self.channel, self.fake.say(self.person, text))

    def tap(self, at: int, label: str) -> None:
        message = self.fake.received(self.person)[at]
        if message.labels:
            answered(self.program, self.channel, self.fake.tap(self.person, message, label))
        else:
            super().tap(at, label)


class WebPhone(Phone):
    """The page's own service."""

    channel = "web"

    def __init__(self, program: Program) -> None:
        self.program, self.session = program, ""
        self.shown: list[Shown] = []
        self.payloads: list[dict[str, str]] = []

    def screen(self) -> Sequence[Shown]:
        return self.shown

    def send(self, text: str) -> None:
        self._post(text=text)

    def tap(self, at: int, label: str) -> None:
        [payload, *_] = [p for known, p in self.payloads[at].items() if _plain(known).startswith(label)]
        self._post(payload=payload)

    def _post(self, **message: str) -> None:
        answer = self.program.chat(session=self.session, **message)
        self.session = answer["session"]
        for reply in answer["replies"]:
            choices = [c for c in reply["choices"] if "payload" in c]
            text = "\n".join(line["text"] for line in reply["lines"])
            ticks = ["☑ " if c.get("ticked") else "" for c in choices]
            labels = tuple(f"{tick}{c['label']}" for tick, c in zip(ticks, choices, strict=True))
            self.shown.append(Shown(text, labels))
            self.payloads.append({c["label"]: c["payload"] for c in choices})


class TerminalPhone(Phone):
    """`xinluon chat` at a terminal of its own."""

    channel = "terminal"
    _PROMPT = "Anh/chị hỏi: "

    def __init__(self, program: Program) -> None:
        """In the folder of a running program, on its database."""
        self.shown: list[Shown] = []
        ours, theirs = pty.openpty()
        self._ours = ours
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 2000, 0, 0))  # no line is broken
        self._process = subprocess.Popen(
            [COMMAND, "chat", "--config", program.config],
            cwd=program.folder,
            env=environment(program.folder, TERM="xterm", NO_COLOR="1", **program.environ),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._keep()

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        os.close(self._ours)

    def screen(self) -> Sequence[Shown]:
        return self.shown

    def send(self, text: str) -> None:
        # A terminal takes a line of at most 4,095 bytes; what is longer can't be typed there.
        os.write(self._ours, text.encode() + b"\n")
        self._keep(after=text)

    def _keep(self, after: str = "") -> None:
        """Read until the office waits for the next line."""
        heard, deadline = b"", time.monotonic() + PATIENCE
        while not heard.endswith(self._PROMPT.encode()):
            assert time.monotonic() < deadline, heard.decode(errors="replace")
            heard += os.read(self._ours, 65536)
        text = _COLOURS.sub("", heard.decode()).replace("\r", "").removesuffix(self._PROMPT)
        text = text.removeprefix(after).strip("\n")
        text = re.sub(r"^  (?=\d+\. )", "", text, flags=re.MULTILINE).replace("[x] ", "☑ ")
        self.shown.append(Shown(text, labels_in(text)))


def answered(program: Program, channel: str, key: str) -> None:
    """Wait until the office is done with a platform's message."""
    query = "SELECT state FROM inbox WHERE channel = ? AND key = ?"
    until(lambda: program.rows(query, channel, key) == [("answered",)], within=PATIENCE)


def stranger() -> int:
    """A Telegram person nobody has met."""
    return 9_000_000_000 + uuid.uuid4().int % 10**9


@contextlib.contextmanager
def terminal(program: Program) -> Iterator[TerminalPhone]:
    phone = TerminalPhone(program)
    try:
        yield phone
    finally:
        phone.close()
