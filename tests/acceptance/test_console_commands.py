"""The way to the console from the server: at the first start, and with `xinluon vaoban`."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import yaml

from tests.acceptance.program import Program, command, until

_CLAIM = re.compile(r"http://127\.0\.0\.1:\d+/van-phong/nhan-quyen\?ma=([A-Z0-9-]+)")
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/van-phong/vao\?ma=(\S+)")


def test_an_office_without_a_chat_is_claimed_and_entered_in_the_browser(tmp_path: Path) -> None:
    with Program(tmp_path) as program:
        program.start()
        until(lambda: _CLAIM.search(program.output()))
        printed = _CLAIM.search(program.output())
        assert printed
        with httpx.Client(base_url=program.url, trust_env=False) as browser:
            assert printed[1] in browser.get(printed[0]).text
            browser.post("/van-phong/nhan-quyen", data={"ma": printed[1], "ten": "Nguyễn Văn An"})
            assert "Nguyễn Văn An" in browser.get("/van-phong").text

        settings = yaml.safe_load(program.config.read_text("utf-8"))
        settings["web"]["port"] = program.port
        fixed = tmp_path / "co-cong.yaml"
        fixed.write_text(yaml.safe_dump(settings), "utf-8")
        done = command("vaoban", "--config", str(fixed), folder=tmp_path)
        link = _LINK.search(done.stdout)
        assert link, done.stderr
        with httpx.Client(base_url=program.url, trust_env=False) as browser:
            assert browser.post("/van-phong/vao", data={"ma": link[1]}).status_code == 303
            assert "Nguyễn Văn An" in browser.get("/van-phong").text
        assert program.stop() == 0
