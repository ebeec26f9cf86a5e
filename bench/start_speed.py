"""How long `xinluon ask` takes from a cold start; memory of it and of the running service (Linux)."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Section, Target, percentile
from bench.search_speed import QUESTIONS
from knowledge.evaluation import read_cases

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "mở cây xăng cần giấy gì"
STARTS = 10
ASKED = 200
_PER_ADDRESS = 50  # questions from one address; the service refuses more than 120 a minute
_STARTUP_SECONDS = 30.0
_XINLUON = [sys.executable, "-m", "bot"]
# The process tells its own figures at its end: wait4 would count what the parent held before exec.
_ASK_AND_TELL = (
    "import atexit, sys; sys.argv[0] = 'xinluon'; "
    "atexit.register(lambda: sys.stderr.write(open('/proc/self/status').read())); "
    "from bot.cli import main; main()"
)
_MEMORY = re.compile(r"^(VmRSS|VmHWM):\s+(\d+) kB", re.MULTILINE)


class NotServing(Exception):
    """The service did not come up or gave a wrong answer, so nothing can be measured."""


def measure_start(*, verbose: bool = False) -> Section:
    """Wall time of `xinluon ask` in a new process."""
    section = Section("Khởi động nguội")
    command = [*_XINLUON, "ask", QUESTION]
    _run(command)  # compiles the modules once, as installing does
    seconds = []
    for _ in range(STARTS):
        started = time.perf_counter()
        _run(command)
        seconds.append(time.perf_counter() - started)
    section.add("Số lần", STARTS)
    section.add("Nhanh nhất", min(seconds), "s")
    section.add("Trung vị", statistics.median(seconds), "s")
    section.add("Chậm nhất", max(seconds), "s")
    bare = [_seconds([sys.executable, "-c", "pass"]) for _ in range(STARTS)]
    section.add("Trong đó Python không làm gì", statistics.median(bare), "s")
    section.targets.append(Target("xinluon ask từ lúc khởi động nguội", statistics.median(seconds), 1, "s"))
    if verbose:
        section.notes += slow_imports(command)
    return section


def measure_memory() -> Section:
    """Resident memory of one `xinluon ask`, and of `xinluon run` after questions over HTTP."""
    section = Section("Bộ nhớ")
    asked = _run([sys.executable, "-c", _ASK_AND_TELL, "ask", QUESTION])
    resident, peak = _memory(asked.stderr)
    section.add("xinluon ask: lúc kết thúc (VmRSS)", resident, "MB")
    section.add("xinluon ask: cao nhất (VmHWM)", peak, "MB")
    with tempfile.TemporaryDirectory(prefix="xinluon-bench-") as folder:
        served = _serve(Path(folder), section)
    section.targets += [
        Target("Bộ nhớ của xinluon ask (cao nhất)", peak, 150, "MB"),
        Target(f"Bộ nhớ của xinluon run sau {ASKED} câu (cao nhất)", served, 150, "MB"),
    ]
    return section


def slow_imports(command: list[str]) -> list[str]:
    """The ten modules that take longest to import, with what they import, in milliseconds."""
    told = _run([command[0], "-X", "importtime", *command[1:]]).stderr
    rows = re.findall(r"^import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)$", told, re.MULTILINE)
    ranked = sorted(rows, key=lambda row: -int(row[1]))[:10]
    return [
        f"{name}: {int(total) / 1000:.0f} ms (riêng {int(own) / 1000:.1f} ms)"
        for own, total, _, name in ranked
    ]


def _serve(folder: Path, section: Section) -> float:
    """Run the service in `folder`, ask, and give the highest resident memory in MB."""
    port = _free_port()
    config = folder / "config.yaml"
    settings = {
        "web": {"port": port},
        "database": {"url": f"sqlite:///{folder}/bench.db"},
        "log": {"level": "warning"},
    }
    config.write_text(json.dumps(settings), "utf-8")
    command = [*_XINLUON, "run", "--config", str(config)]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=output, stderr=output)  # noqa: S603 - our own command
    try:
        section.add("xinluon run: sẵn sàng sau", _until_healthy(process, port, log), "s")
        before, _ = _memory(_status(process))
        seconds = _ask_all(port)
        resident, peak = _memory(_status(process))
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    section.add("xinluon run: lúc mới chạy (VmRSS)", before, "MB")
    section.add(f"xinluon run: sau {ASKED} câu (VmRSS)", resident, "MB")
    section.add("xinluon run: cao nhất (VmHWM)", peak, "MB")
    section.add("POST /api/chat: p50", 1000 * percentile(seconds, 0.5), "ms")
    section.add("POST /api/chat: p99", 1000 * percentile(seconds, 0.99), "ms")
    return peak


def _until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> float:
    started = time.perf_counter()
    while time.perf_counter() - started < _STARTUP_SECONDS:
        if process.poll() is not None:
            break
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return time.perf_counter() - started
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise NotServing(log.read_text("utf-8", "replace")[-2000:])


def _ask_all(port: int) -> list[float]:
    """Ask, each question as a new person, from several loopback addresses, and give the seconds of each."""
    texts = [case.text for case in read_cases(QUESTIONS)]
    seconds = []
    for number in range(ASKED):
        address = f"127.0.0.{2 + number // _PER_ADDRESS}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(address, 0))
        body = json.dumps({"text": texts[number % len(texts)]})
        started = time.perf_counter()
        connection.request("POST", "/api/chat", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        seconds.append(time.perf_counter() - started)
        connection.close()
        if response.status != http.HTTPStatus.OK or not json.loads(answer)["replies"]:
            raise NotServing(f"/api/chat: {response.status} {answer[:200]!r}")
    return seconds


def _memory(status: str) -> tuple[float, float]:
    """Resident memory now and at its highest, in MB, from the text of /proc/…/status."""
    found = {name: int(size) / 1024 for name, size in _MEMORY.findall(status)}
    return found["VmRSS"], found["VmHWM"]


def _status(process: subprocess.Popen[bytes]) -> str:
    return Path(f"/proc/{process.pid}/status").read_text("utf-8")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    """Ours without the office's own settings and secrets."""
    return {k: v for k, v in os.environ.items() if not k.startswith("XINLUON_")}


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=_environment(), check=True, capture_output=True, encoding="utf-8", timeout=60
    )


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    _run(command)
    return time.perf_counter() - started
