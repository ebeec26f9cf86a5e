"""The program as its user starts it: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import yaml

from office import groups
from office.database import make_engine, session_factory, upgrade
from tests.fakes.telegram import FakeTelegram

COMMAND = Path(sys.executable).with_name("xinluon")
START_SECONDS = 30.0
COMMAND_SECONDS = 30.0

_SERVING = re.compile(r"phục vụ tại http://127\.0\.0\.1:(\d+)")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Only what a program needs: nothing of ours, no proxy, no configuration by accident."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", "PYTHONWARNINGS": "error", **more}


def command(
    *arguments: str,
    folder: Path,
    stdin: bytes | str = b"",
    environ: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `xinluon ARGUMENTS` to its end in a folder."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **(environ or {})),
        input=given,
        capture_output=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


class Program:
    """`xinluon run` with a configuration; leaves no process behind.

        with Program(tmp_path, telegram=fake) as program:
            program.start()
            program.chat(text="phí bán lẻ thuốc lá")

    `settings` are merged over defaults that suit a test: a free port, quick reloads. `environ`: its secrets.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        telegram: FakeTelegram | None = None,
        token: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        token = token or (telegram.token if telegram else "")
        self.environ = {**({"XINLUON_TELEGRAM_TOKEN": token} if token else {}), **(environ or {})}
        self.folder = folder
        self.port = 0
        self.config = folder / "config.yaml"
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=20, trust_env=False)
        tree: dict[str, dict[str, Any]] = {"web": {"port": 0}, "knowledge": {"reload_seconds": 0.3}}
        if telegram:
            tree["telegram"] = {"enabled": True, "base_url": telegram.url}
        for section, values in (settings or {}).items():
            tree[section] = {**tree.get(section, {}), **values}
        folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(yaml.safe_dump(tree, allow_unicode=True), "utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if kind is not None:
            print(self.output()[-4000:], self.logs()[-8000:], sep="\n---\n")
        if self.running:
            self.kill()
        self._client.close()

    # --- its life

    def start(self, *, wait: bool = True) -> None:
        """Start it; with `wait`, until it serves its pages (whatever they say of its health)."""
        assert not self.running
        # Files, not pipes: nobody reads while it runs. Its earlier lives' lines stay in front.
        with self._out.open("ab") as out, self._err.open("ab") as err:
            self._seen = out.seek(0, os.SEEK_END)
            self._process = subprocess.Popen(
                [COMMAND, "run", "--config", self.config],
                cwd=self.folder,
                env=environment(self.folder, **self.environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        if wait:
            until(lambda: _SERVING.search(self._new_output()) or not self.running, within=START_SECONDS)
            match = _SERVING.search(self._new_output())
            assert match, f"exit code {self._process.poll()}: {self.logs()}"
            self.port = int(match[1])
            until(self._answers, within=START_SECONDS)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, timeout: float = 20.0) -> int:
        """Its exit code."""
        assert self._process is not None
        return self._process.wait(timeout)

    def stop(self) -> int:
        """Ask it politely; its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)
        self.wait()

    # --- what it says

    @property
    def _out(self) -> Path:
        return self.folder / "out.txt"

    @property
    def _err(self) -> Path:
        return self.folder / "err.txt"

    def _new_output(self) -> str:
        with self._out.open("rb") as file:
            file.seek(self._seen)
            return file.read().decode()

    def output(self) -> str:
        return self._out.read_text("utf-8") if self._out.exists() else ""

    def logs(self) -> str:
        return self._err.read_text("utf-8") if self._err.exists() else ""

    def events(self) -> list[dict[str, Any]]:
        """The log's lines, each of which is JSON."""
        return [json.loads(line) for line in self.logs().splitlines()]

    # --- what it serves

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> httpx.Response:
        return self._request("GET", path)

    def health(self) -> tuple[int, dict[str, Any]]:
        response = self.get("/healthz")
        return response.status_code, response.json()

    def chat(self, *, session: str = "", **message: str) -> dict[str, Any]:
        """POST /api/chat; the body of the answer."""
        body = message | ({"session": session} if session else {})
        response = self._request("POST", "/api/chat", json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        self._client.cookies.clear()  # each request is a stranger's unless it says otherwise
        return self._client.request(method, self.url + path, **more)

    def _answers(self) -> bool:
        try:
            return self.get("/healthz").status_code in (200, 503)
        except httpx.TransportError:
            return False

    # --- what it keeps

    def approve(self, chat: int, *, account: str) -> None:
        """Let the bot speak in a group, before the first start: tests of answers need no Văn phòng."""
        engine = make_engine(f"sqlite:///{self.folder}/var/xinluon.db")
        upgrade(engine)
        with session_factory(engine).begin() as session:
            where = {"channel": "telegram", "account": account, "chat": str(chat)}
            group, _ = groups.met(session, **where, title="", added_by="", now=datetime.now(UTC))
            group.state = groups.GroupState.APPROVED
        engine.dispose()

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What its database answers."""
        path = self.folder / "var" / "xinluon.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(query, parameters).fetchall()


def until(predicate: Callable[[], object], *, within: float = 20.0, every: float = 0.02) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + within
    while not predicate():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(every)


def lines_of(reply: Mapping[str, Any]) -> str:
    """The text of a reply of /api/chat."""
    return "\n".join(line["text"] for line in reply["lines"])


def choices_of(reply: Mapping[str, Any], kind: str) -> Sequence[dict[str, Any]]:
    """The choices of a kind in a reply of /api/chat."""
    return [choice for choice in reply["choices"] if choice["kind"] == kind]
