"""What all tests share: the order of the run and how hard Hypothesis looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

BROWSER_TESTS = Path(__file__).parent / "browser"

# In CI a red run must be red again on the next try, and end soon: a failing example is shown as it was found.
# At the desk fresh examples find more, and are made small.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    print_blob=True,
    phases=[phase for phase in Phase if phase is not Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("desk", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


# What is compiled is compared with what is not in its own tests; all others are without it, in every process.
os.environ.setdefault("HEADRACE_COMPILED", "0")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests last.

    Playwright keeps an event loop running in this thread for as long as its browser is open, and every later
    asynchronous test and database call would fail on it. pytest-django sorts tests by their use of the
    database, so the order of the folders is not enough.
    """
    in_browser = [item for item in items if BROWSER_TESTS in item.path.parents]
    for item in in_browser:
        item.add_marker(pytest.mark.browser)
    last = set(in_browser)
    items[:] = [item for item in items if item not in last] + in_browser
