"""A real server, a real Chromium, and pages that fail their test on any error they show."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from architect import front_end_build, machine
from tests.browser.watching import Watch

if TYPE_CHECKING:
    from tests.architect.live import LiveServer

FLAGS = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
PICTURES = Path(__file__).resolve().parents[2] / "var" / "failed-pages"
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember that a test failed, so that its page leaves a picture."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, found at CHROMIUM_PATH or on PATH. A machine without one fails here, with the line to run."""
    executable = machine.find_chromium()
    if executable is None:
        pytest.fail("No Chromium on PATH. `python3 manage.py test` installs it, or set CHROMIUM_PATH.")
    # Playwright's own Node needs libatomic, which minimal systems lack; the one from PyPI does not.
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(front_end_build.node()))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Headrace itself in a process of its own, with its own data: `live.url` is where it answers."""
    from tests.architect.live import LiveServer

    if not (front_end_build.OUTPUT / "manifest.json").is_file():
        pytest.fail("The front end is not built. Run: python3 manage.py build")
    server = LiveServer(tmp_path_factory.mktemp("live"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def context_options() -> dict[str, Any]:
    """Override in a module to change what every page of it is opened with (viewport, colour scheme)."""
    return {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", "locale": "en-GB"}


@pytest.fixture
def context(browser: Browser, context_options: dict[str, Any]) -> Iterator[BrowserContext]:
    """Give the test a browser profile of its own: nothing stored by another test is in it."""
    opened = browser.new_context(**context_options)
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture
def watch(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Watch]:
    """Fail the test on any error of its pages; `watch.tolerated.append(regex)` for one that it provokes."""
    watching = Watch(context)
    yield watching
    unexpected = watching.unexpected()
    if request.node.stash.get(FAILED, False) or unexpected:
        keep_pictures(context, request.node.name)
    assert not unexpected, "\n".join(unexpected)


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    """Open a page whose console errors, page errors and requests to elsewhere fail the test."""
    assert not watch.faults
    return context.new_page()


def keep_pictures(context: BrowserContext, name: str) -> None:
    """Save what each page showed when its test failed under `var/failed-pages/`."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(context.pages):
        page.screenshot(path=PICTURES / f"{re.sub('[^a-zA-Z0-9]+', '-', name)[:80]}-{number}.png")
