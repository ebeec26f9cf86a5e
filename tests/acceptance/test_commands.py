"""The commands beside `run`, as people and programs call them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import subprocess
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import COMMAND, command, environment

TOBACCO_FEE = "phí bán lẻ thuốc lá"


def rows_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.alone
def test_ask_prints_the_answer_within_two_seconds(tmp_path: Path) -> None:
    times = []
    for _ in range(3):
        started = time.monotonic()
        done = command("ask", TOBACCO_FEE, folder=tmp_path)
        times.append(time.monotonic() - started)
        if min(times) <= 1:
            break
    assert done.returncode == 0
    assert done.stderr == ""
    assert "31/12/2026" in done.stdout
    assert "Nguồn: " in done.stdout
    assert min(times) <= 2  # one on an idle machine
    assert list(tmp_path.iterdir()) == []  # asking leaves nothing behind


def test_ask_json_is_what_a_program_reads(tmp_path: Path) -> None:
    done = command("ask", "--json", TOBACCO_FEE, folder=tmp_path)
    row = json.loads(done.stdout)
    assert (row["status"], row["facet"]) == ("answer", "fee")
    assert "31/12/2026" in row["text"]


def test_ask_without_a_question_says_how(tmp_path: Path) -> None:
    done = command("ask", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Lỗi: thiếu câu hỏi")


def test_ask_jsonl_answers_line_by_line_whatever_the_lines_are(tmp_path: Path) -> None:
    questions: list[dict[str, Any]] = [
        {"id": "a", "text": TOBACCO_FEE},
        {"id": "b", "text": "còn thời hạn?", "prev": "cấp giấy phép bán lẻ thuốc lá"},
        {"id": 3, "text": TOBACCO_FEE + " nhé" * 620},
        {"id": "d", "text": "phí\u202e bán\u200b lẻ thuốc lá\u0000 😀😀"},
        {"id": "e", "text": ""},
        {"id": "f", "text": "😀" * 100, "prev": None, "strange": {}},
        {"id": "g", "text": "bao nhiêu tiền"},
        {"id": "h", "text": "2", "prev": "bao nhiêu tiền"},
    ]
    lines = [json.dumps(row, ensure_ascii=False).encode() for row in questions]
    bad = [b"{", b"[]", b'{"id": "x"}', b'{"id": "y", "text": 5}', b"\xff\xfe", b"[" * 100_000]
    stdin = b"\n".join([*lines, b"", *bad, lines[0]]) + b"\r\n"
    done = command("ask", "--jsonl", folder=tmp_path, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")
    rows = rows_of(done.stdout)
    assert [row["id"] for row in rows] == ["a", "b", 3, "d", "e", "f", "g", "h", *[None] * len(bad), "a"]
    fee, follow, long, dirty, empty, faces, vague, second, *errors, again = rows
    assert set(fee) == {"id", "status", "entry", "facet", "choices", "score", "ms", "text"}
    assert (fee["status"], follow["status"]) == ("answer", "answer")
    assert (follow["entry"], follow["facet"]) == (fee["entry"], "time")
    assert dirty["entry"] == fee["entry"]
    assert "dài hơn 2.000 ký tự" in long["text"]
    assert (second["status"], second["entry"]) == ("answer", vague["choices"][1])
    assert {empty["status"], faces["status"]} <= {"choose", "out", "smalltalk"}
    assert [(row["status"], row["line"]) for row in errors] == [("error", 10 + at) for at in range(len(bad))]
    assert again["text"] == fee["text"]


def test_ask_jsonl_ends_quietly_when_nobody_reads_on(tmp_path: Path) -> None:
    line = json.dumps({"id": "1", "text": TOBACCO_FEE})
    script = f"yes '{line}' | head -2000 | '{COMMAND}' ask --jsonl | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == b""
    assert json.loads(done.stdout)["status"] == "answer"


def test_chat_over_a_pipe_is_a_conversation(tmp_path: Path) -> None:
    talk = f"{TOBACCO_FEE}\ncòn thời hạn?\n2\n\n/thoat\nkhông đọc nữa\n"
    done = command("chat", folder=tmp_path, stdin=talk)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Xin chào anh/chị!" in done.stdout
    assert "31/12/2026" in done.stdout
    assert "  1. " in done.stdout
    assert done.stdout.endswith("Tạm biệt anh/chị.\n")
    assert "thuốc lá" not in done.stderr


@pytest.mark.parametrize("key", [b"\x04", b"\x03"], ids=["Ctrl+D", "Ctrl+C"])
def test_chat_at_a_terminal_prompts_and_ends_with_a_key(tmp_path: Path, key: bytes) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "chat"],
        cwd=tmp_path,
        env=environment(tmp_path, TERM="xterm", COLUMNS="100"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=_own_terminal,
    ) as process:
        os.close(theirs)
        try:
            seen = _read_until(ours, "Anh/chị hỏi: ")
            os.write(ours, f"{TOBACCO_FEE}\n".encode())
            seen += _read_until(ours, "Anh/chị hỏi: ")
            # Python shows the prompt a moment before it reads, and is deaf to keys in between.
            for _ in range(20):
                time.sleep(0.3)
                os.write(ours, key)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1)
                    break
            assert process.wait(1) == 0
        finally:
            process.kill()
            os.close(ours)
    assert "31/12/2026" in seen
    assert "Traceback" not in seen


def _own_terminal() -> None:
    """Make standard input the terminal that sends the signals of its keys, which nobody ignores there: a
    shell lets what it starts in the background ignore Ctrl+C, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_until(terminal: int, words: str) -> str:
    seen = b""
    deadline = time.monotonic() + 30
    while words.encode() not in seen:
        assert time.monotonic() < deadline, seen.decode()
        seen += os.read(terminal, 65536)
    return seen.decode()


def test_check_reports_problems_and_fails_only_on_errors(tmp_path: Path) -> None:
    own = tmp_path / "rieng"
    own.mkdir()
    (tmp_path / "config.yaml").write_text("knowledge: {folders: [rieng]}\n", "utf-8")
    good = command("check", "--json", folder=tmp_path)
    problems = json.loads(good.stdout)
    assert all(set(p) == {"file", "line", "message", "mend", "error"} for p in problems)
    assert [p["message"] for p in problems if p["error"]] == []
    assert good.returncode == 0
    assert any("địa chỉ" in p["message"] for p in problems)  # the office has not said where it is

    (own / "hong.yaml").write_text(
        "field: Thử\nowner: A\nreview_by: 2035-01-01\nentries:\n  - {id: x, tên: y}\n", "utf-8"
    )
    bad = command("check", folder=tmp_path)
    assert bad.returncode == 1
    assert "hong.yaml:5: " in bad.stdout
    assert "1 lỗi" not in bad.stdout.splitlines()[0]
    assert "Traceback" not in bad.stderr


def test_version_is_told_to_people_and_programs(tmp_path: Path) -> None:
    row = json.loads(command("version", "--json", folder=tmp_path).stdout)
    assert set(row) == {"xinluon", "knowledge", "entries"}
    assert row["entries"] > 100


def test_eval_judges_a_labelled_file(tmp_path: Path) -> None:
    topics = Path("knowledge/cases/topics.yaml").read_text("utf-8").splitlines()
    code = next(line.partition(":")[0] for line in topics if "thuoc_la_ban_le_cap" in line)
    cases = [
        {"id": "1", "text": "cấp giấy phép bán lẻ thuốc lá", "topic_code": code, "style": ["plain"]},
        {"id": "2", "text": "đăng ký kết hôn ở đâu", "topic_code": "OUT"},
    ]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(c) + "\n" for c in cases), "utf-8")
    done = command("eval", "q.jsonl", "--json", "--failures", "sai.jsonl", folder=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert (tmp_path / "sai.jsonl").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"id": "1"}\n', "q.jsonl:1"),
        (b"", "không có câu hỏi"),
        (b"\xff", "không đọc được"),
        (None, "không đọc được"),
    ],
)
def test_eval_of_a_broken_file_says_where(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "q.jsonl").write_bytes(content)
    done = command("eval", "q.jsonl", folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_is_vietnamese_and_unknown_commands_are_bad_use(tmp_path: Path) -> None:
    done = command("--help", folder=tmp_path)
    assert done.returncode == 0
    for words in ("Chạy dịch vụ", "Trả lời một câu hỏi", "Mã thoát"):
        assert words in done.stdout
    assert command("bay", folder=tmp_path).returncode == 2
