"""Rules and fixtures shared by all tests."""

import os
import shutil

import pytest
from hypothesis import settings

CHROMIUM = shutil.which("chromium")
ADVICE = "chromium is not installed: apt-get install chromium libatomic1"

# A loaded machine may take long over an example; what is to be quick is measured by itself.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What kills programs runs by itself, as what measures time does."""
    for item in items:
        if "chaos" in item.path.parts:
            item.add_marker(pytest.mark.alone)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip browser tests where Chromium is absent; under CI they fail instead."""
    if CHROMIUM is None and item.get_closest_marker("browser"):
        if os.environ.get("CI") == "true":
            pytest.fail(ADVICE, pytrace=False)
        pytest.skip(ADVICE)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium, for playwright's `executable_path`."""
    if CHROMIUM is None:
        pytest.fail(ADVICE, pytrace=False)
    return CHROMIUM
