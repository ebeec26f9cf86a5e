"""Where a link to the console can be opened."""

from __future__ import annotations

import pytest

from bot.console_address import console_address
from office.settings import Settings


@pytest.mark.parametrize(
    ("host", "public_url", "local"),
    [
        ("127.0.0.1", None, True),
        ("127.0.0.2", None, True),
        ("::1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, True),  # noqa: S104 - the link then names 127.0.0.1
        ("10.1.2.3", None, False),
        ("may-chu", None, False),
        ("127.0.0.1", "https://hoi.example.vn", False),
    ],
)
def test_a_link_to_a_loopback_address_opens_on_the_server_alone(
    host: str, public_url: str | None, local: bool
) -> None:
    settings = Settings.model_validate({"web": {"host": host, "public_url": public_url}})
    address = console_address(settings)
    assert address is not None
    assert (address.local, address.public) == (local, bool(public_url))
