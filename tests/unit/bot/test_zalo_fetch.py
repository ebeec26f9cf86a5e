"""Which addresses files are fetched from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.zalo_fetch import is_zalos

API = "https://openapi.zalo.me"


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://photo-stal-1.zdn.vn/a.jpg", True),
        ("https://f2-voice-aac-dl.zadn.vn:443/a", True),
        ("https://zalo.me/a", True),
        ("https://stc.zaloapp.com/a", True),
        ("https://openapi.zalo.me/x", True),
        ("http://photo.zdn.vn/a.jpg", False),
        ("https://evilzdn.vn/a", False),
        ("https://zdn.vn.evil.com/a", False),
        ("https://zdn.vn@evil.com/a", False),
        ("https://a@zdn.vn/a", False),
        ("https://photo.zdn.vn:8443/a", False),
        ("https://127.0.0.1/a", False),
        ("file:///etc/passwd", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_files_come_from_zalos_servers_alone(url: str, ours: bool) -> None:
    assert is_zalos(url, server=API) is ours


def test_the_api_server_of_the_settings_counts_with_its_very_port() -> None:
    assert is_zalos("http://127.0.0.1:8082/a", server="http://127.0.0.1:8082")
    assert not is_zalos("http://127.0.0.1:8083/a", server="http://127.0.0.1:8082")


@given(st.text(max_size=60))
def test_no_address_breaks_it(url: str) -> None:
    assert is_zalos(url, server=API) in (True, False)
