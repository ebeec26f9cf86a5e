"""What the fake platforms share: running, planning how calls end, recording them, waiting, and commands from
other processes."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar

from tests.fakes.http_server import Handled, HttpRequest, HttpResponse, HttpServer
from tests.fakes.outcomes import Outcome, passes

PASSES = passes()
CONTROL = "/_control/"  # where another process looks in and gives commands

_Call = TypeVar("_Call")


class UnknownCommand(Exception):
    """Nothing is known of this command."""


class FakePlatform(Generic[_Call]):
    """A server whose test plans how calls end and waits for what happens in it.

    `latency_ms`: how long a call takes; half of it goes by before it has its effect. `called_by`: the field
    of a recorded call that plans and `called` go by.
    """

    called_by: ClassVar[str] = "method"
    calls: list[_Call]
    _plans: dict[str, deque[Outcome]]
    _changed: threading.Condition
    _server: HttpServer

    def _set_up_server(self, *, port: int, latency_ms: float, waits: Callable[[HttpRequest], bool]) -> None:
        self.latency_ms = latency_ms
        self.requests_in_flight = 0
        self.most_in_flight = 0
        self._server = HttpServer(self._handle, port=port, waits=waits)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        if self._server.errors:
            raise self._server.errors[0]

    @property
    def url(self) -> str:
        """The API server's address, without a path."""
        return f"http://127.0.0.1:{self._server.port}"

    # --- what a test plans and looks at

    def plan(self, what: str, *outcomes: Outcome) -> None:
        """How the next calls of a method (or path) end; after that they go well again."""
        with self._changed:
            self._plans[what].extend(outcomes)

    def called(self, what: str) -> list[_Call]:
        """The calls of a method (or path), in order."""
        with self._changed:
            return [call for call in self.calls if getattr(call, self.called_by) == what]

    @property
    def sent(self) -> Sequence[Any]:
        """Our messages in the order of sending."""
        raise NotImplementedError

    def wait_for(self, predicate: Callable[[], object], timeout: float = 20.0) -> None:
        """Wait until something holds; AssertionError when it doesn't come to."""
        with self._changed:
            held = self._changed.wait_for(predicate, timeout)
        assert held, f"not within {timeout} s; sent: {list(self._in_words())}"

    async def until(self, predicate: Callable[[], object], within: float = 20.0) -> None:
        """`wait_for`, for tests that run in a loop."""
        await asyncio.to_thread(self.wait_for, predicate, within)

    async def _in_time(self, ending: Callable[[], Awaitable[HttpResponse]]) -> HttpResponse:
        self.requests_in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.requests_in_flight)
        try:
            await asyncio.sleep(self.latency_ms / 2000)
            response = await ending()
            await asyncio.sleep(self.latency_ms / 2000)
            return response
        finally:
            self.requests_in_flight -= 1

    # --- inside: requests

    def _handle(self, request: HttpRequest) -> Handled:
        raise NotImplementedError

    def _in_words(self) -> list[str]:
        """What was sent, for the message of a wait that failed."""
        raise NotImplementedError

    def _record(self, call: _Call) -> Outcome:
        """Keep a call; how it is to end."""
        with self._changed:
            self.calls.append(call)
            plans = self._plans.get(getattr(call, self.called_by))
            outcome = plans.popleft() if plans else PASSES
            self._changed.notify_all()
        return outcome

    # --- inside: for other processes

    def _control(self, request: HttpRequest) -> HttpResponse:
        try:
            answer = self._told(request.path.removeprefix(CONTROL), request.parameters)
        except UnknownCommand:
            return HttpResponse(404, b"null")
        except KeyError as missing:
            return HttpResponse(400, json.dumps({"missing": str(missing.args[0])}).encode())
        return HttpResponse(200, json.dumps(answer).encode())

    def _told(self, command: str, given: Mapping[str, Any]) -> Any:
        match command:
            case "sent":
                return [self._sent_json(message) for message in self.sent]
            case "stats":
                figures = {
                    "sent": len(self.sent),
                    "requests": len(self.calls),
                    "in_flight": self.requests_in_flight,
                    "most_in_flight": self.most_in_flight,
                }
                return figures | self._figures()
            case "reset":
                with self._changed:
                    self.calls.clear()
                    self.most_in_flight = 0
                    self._reset()
                return True
            case _:
                return self._command(command, given)

    def _sent_json(self, message: Any) -> dict[str, Any]:
        """A message for another process."""
        raise NotImplementedError

    def _figures(self) -> dict[str, int]:
        """What this platform counts besides."""
        raise NotImplementedError

    def _reset(self) -> None:
        """Forget what was sent and counted."""
        raise NotImplementedError

    def _command(self, command: str, given: Mapping[str, Any]) -> Any:
        """Carry out a command of this platform's own. Raises UnknownCommand."""
        raise NotImplementedError


def command_line(name: str, module: str, commands: str) -> argparse.ArgumentParser:
    """The options that every fake has as a process: --port and --latency-ms. `name`: of the platform,
    `commands`: what it can be told at /_control/, both for people."""
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.fakes.{module}",
        description=f"{name} giả trên máy này, để tập: không tới máy chủ thật, không cần tài khoản. "
        "In địa chỉ và các giá trị cần cho config.yaml, chạy đến khi bấm Ctrl-C. Xem docs/zalo.md, "
        "«Tập trước khi có tài khoản».",
        epilog=f"Ra lệnh bằng cách gửi (POST, biểu mẫu hoặc JSON) tới /_control/…: {commands}; "
        "reset (quên tin đã gửi). Xem bằng GET: /_control/sent (tin chương trình đã gửi), "
        "/_control/stats (các số đếm).",
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="hiện lời này")
    parser.add_argument("--port", type=int, default=0, help="cổng; 0: cổng nào còn trống (mặc định)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="mỗi lần gọi mất bao nhiêu mili giây")
    return parser


def serve(fake: FakePlatform[Any], **values: str) -> None:
    """Serve until SIGINT or SIGTERM; the address is printed first, then the values that settings need."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with fake:
        print(fake.url, *(f"{name}: {value}" for name, value in values.items()), sep="\n", flush=True)
        stop.wait()
