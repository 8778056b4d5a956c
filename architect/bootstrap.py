"""What `manage.py` does before and around Django: set up, build, serve, test. Standard library only.

The order is always the same: bring up `.venv` with what the command needs, go on inside it, build the front
end if its sources changed, then do the work. Every step that can take seconds says so before it starts.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from pathlib import Path

from architect import front_end_build, machine
from architect.machine import SetUpStopped, say

ROOT = Path(__file__).resolve().parent.parent

#: Our commands and the extras of pyproject.toml each needs; everything else is Django's.
COMMANDS: dict[str, tuple[str, ...]] = {
    "up": ("node",),
    "build": ("node",),
    "lint": ("node", "test", "dev"),
    "test": ("node", "test", "dev", "fast"),
}
FOR_DJANGO: tuple[str, ...] = ("node",)

LINT_STEPS: dict[str, list[str]] = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
}


def main(arguments: list[str]) -> int:
    """Run `manage.py` with these arguments and return its exit code: 2 for a set-up that must be mended."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    try:
        machine.continue_inside(ROOT, COMMANDS.get(command, FOR_DJANGO), arguments)
        if command == "up":
            return up(rest)
        if command == "build":
            return build()
        if command == "lint":
            return lint()
        if command == "test":
            return test(rest)
        return django(arguments)
    except (SetUpStopped, front_end_build.FrontEndError) as stopped:
        sys.stderr.write(f"\nheadrace: {stopped}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def up(arguments: list[str]) -> int:
    """Build what changed and serve the dashboard on 127.0.0.1 until Ctrl+C."""
    parser = argparse.ArgumentParser("manage.py up", description="Serve the dashboard on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args(arguments)
    build()
    _use_our_settings()
    say("starting the server")
    from architect.serve import serve

    opens = not options.no_browser and _has_display()
    serve(port=options.port, on_ready=lambda address: _announce(address, opens=opens))
    return 0


def build() -> int:
    """Build the front end if its sources changed."""
    with machine.lock(ROOT):
        started = time.monotonic()
        if front_end_build.build(say):
            say(f"front end: built in {time.monotonic() - started:.0f} s")
    return 0


def lint() -> int:
    """Run every check of the Python sources, all of them even when one fails; 1 if any did."""
    failed = []
    for name, words in LINT_STEPS.items():
        say(f"lint: {name}")
        if subprocess.call([sys.executable, *words], cwd=ROOT, stdin=subprocess.DEVNULL):
            failed.append(name)
    if failed:
        say(f"lint FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def test(arguments: list[str]) -> int:
    """Lint, then run all tests; with arguments run only pytest, with them.

    The simulator's own tests share nothing, and a process for each processor runs them. The others come after
    them: servers and workers one by one, and beside them the browser, as both wait half of their time.
    """
    build()
    browser = machine.chromium()
    code = 0 if arguments else lint()
    environment = {
        **os.environ,
        "CHROMIUM_PATH": browser,
        # Playwright's own Node needs a library that minimal systems lack; ours does not.
        "PLAYWRIGHT_NODEJS_PATH": str(front_end_build.node()),
    }
    # A background job starts with Ctrl+C ignored and would hand that on to every process under test.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, "-m", "pytest"]

    def run(title: str, words: list[str]) -> int:
        say(title)
        return subprocess.call([*command, *words], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)

    if arguments:
        return run("tests", arguments)
    tested = run("tests: the simulator", ["-n", "logical", "--dist", "loadfile", "tests/simulator"])
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        beside = subprocess.Popen(
            [*command, "tests/browser"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            words = ["--ignore=tests/simulator", "--ignore=tests/browser"]
            tested = run("tests: set-up, server, front end", words) or tested
            say("tests: browser")
            tested = beside.wait() or tested
        finally:
            beside.kill()
            said.seek(0)
            print(said.read(), flush=True)
    if code:
        say("the tests are done; lint FAILED, see above")
    return tested or code


def django(arguments: list[str]) -> int:
    """Pass everything else on to Django's own command line."""
    _use_our_settings()
    if not arguments or arguments[0] in {"help", "-h", "--help"}:
        print("Headrace's own commands: " + ", ".join(COMMANDS) + ". The others are Django's.\n", flush=True)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *arguments])
    return 0


def _use_our_settings() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "architect.settings")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))


def _has_display() -> bool:
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _announce(address: str, *, opens: bool) -> None:
    """Say where the dashboard is once it answers; a browser that starts slowly must not hold the server."""
    say(f"ready: {address}  (stop with Ctrl+C)")
    if opens:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
