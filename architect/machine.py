"""Brings up what a bare machine lacks: the virtual environment, Debian's packages, Chromium.

Standard library only: this runs before anything is installed. What needs root is done when we are root;
otherwise the set-up stops and prints the one line to run.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

STAMP = "headrace.json"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSERS_ELSEWHERE = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
LAST_LINES = 60  # of a failed command's output that are shown


class SetUpStopped(Exception):
    """The machine lacks something we may not or cannot add; the message is the line to run."""


def say(text: str) -> None:
    """Print one progress line at once, even into a pipe."""
    print(f"headrace: {text}", flush=True)


def continue_inside(root: Path, extras: Sequence[str], arguments: Sequence[str]) -> None:
    """Make `.venv` hold these extras and go on inside it: returns only when this process is there already."""
    environment = root / ".venv"
    with lock(root):
        changed = prepare(root, environment, extras)
    if changed or Path(sys.prefix).resolve() != environment.resolve():
        command = [str(python_of(environment)), str(root / "manage.py"), *arguments]
        sys.stdout.flush()
        if os.name == "nt":
            sys.exit(subprocess.call(command))
        os.execv(command[0], command)


def python_of(environment: Path) -> Path:
    """Return where the environment's Python is, whether or not it exists."""
    return environment / "Scripts" / "python.exe" if os.name == "nt" else environment / "bin" / "python"


def prepare(root: Path, environment: Path, extras: Sequence[str]) -> bool:
    """Create `.venv` and install into it unless its stamp says it was done; return whether it changed."""
    wanted = requirements_digest(root)
    stamp = environment / STAMP
    before = read_stamp(stamp)
    installed = set(before.get("extras", [])) if python_of(environment).exists() else set()
    if installed and before.get("requirements") == wanted and set(extras) <= installed:
        return False
    chosen = sorted(installed | set(extras))
    started = time.monotonic()
    create(environment)
    install(root, environment, chosen)
    stamp.write_text(json.dumps({"requirements": wanted, "extras": chosen}))
    say(f"set-up: packages installed in {time.monotonic() - started:.0f} s")
    return True


def requirements_digest(root: Path) -> str:
    """Return a hash of the parts of pyproject.toml that decide what is installed."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    parts = {key: project.get(key) for key in ("build-system", "project")}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_stamp(stamp: Path) -> dict[str, Any]:
    """Return what was installed last; an unreadable stamp counts as none, so pip looks again."""
    try:
        content = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def create(environment: Path) -> None:
    """Create the environment; one that exists is adopted, one that broke off half-way is made anew."""
    python = python_of(environment)
    if python.exists() and (shutil.which("uv") or _runs(python, "-m", "pip", "--version")):
        return
    say("set-up: making .venv")
    uv = shutil.which("uv")
    if uv and _runs(uv, "venv", "--clear", "--python", sys.executable, environment):
        return
    if importlib.util.find_spec("ensurepip") is None:
        apt_install("python3-venv", because="This Python cannot make virtual environments")
    run([sys.executable, "-m", "venv", "--clear", str(environment)])


def install(root: Path, environment: Path, extras: Sequence[str]) -> None:
    """Install Headrace editable with these extras, by uv where there is one, else by pip."""
    target = f"{root}[{','.join(extras)}]"
    python = str(python_of(environment))
    # The build hook would otherwise fetch a second Node for a front end that we build ourselves.
    quiet = {**os.environ, "HEADRACE_EDITABLE": "1"}
    say(f"set-up: installing Headrace with {', '.join(extras)} (a minute on a slow line)")
    uv = shutil.which("uv")
    if uv:
        if not subprocess.call([uv, "pip", "install", "--python", python, "-e", target], env=quiet):
            return
        say("set-up: uv did not manage it, trying pip")
        if not _runs(Path(python), "-m", "pip", "--version"):
            run([python, "-m", "ensurepip", "--upgrade"])
    words = ["install", "--no-input", "--disable-pip-version-check", "--progress-bar=off", "--no-compile"]
    run([python, "-m", "pip", *words, "-e", target], show=pip_progress, environment=quiet)


def pip_progress(line: str) -> str | None:
    """Pick what a waiting person wants to see from pip's output: one short line per package."""
    if line.startswith("Collecting "):
        return "  " + re.split("[ <>=!~;]", line.removeprefix("Collecting "), maxsplit=1)[0]
    if line.startswith("Installing collected packages"):
        return f"  unpacking {line.count(',') + 1} packages"
    return None


def apt_install(*packages: str, because: str) -> None:
    """Install Debian packages when we are root on a machine with apt, else stop with the line to run."""
    line = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if shutil.which("apt-get") is None:
        raise SetUpStopped(f"{because}. Install {' and '.join(packages)}, then run the same command again.")
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise SetUpStopped(f"{because}. Run this once, then the same command again:\n\n    sudo {line}\n")
    say(f"set-up: {because.lower()}: installing {', '.join(packages)} with apt (a minute or two)")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = subprocess.run(
        ["apt-get", "update", "-q"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if update.returncode:  # one dead source out of several is no reason to stop; a real lack shows below
        say(f"set-up: apt-get update complained: {update.stderr.strip()[-300:]}")
    run(["apt-get", *line.split()[1:], "-q", "-o", "Dpkg::Use-Pty=0"], show=apt_progress, environment=quiet)


def apt_progress(line: str) -> str | None:
    """Pick apt's own summary of what it fetches; the rest is shown only when it fails."""
    return f"  {line}" if line.startswith(("Need to get", "Fetched", "Setting up chromium")) else None


def chromium() -> str:
    """Return the Chromium that the browser tests drive; install Debian's, or stop with the line to run."""
    found = find_chromium()
    if found is None:
        apt_install("chromium", "fonts-dejavu-core", because="No Chromium for the browser tests")
        found = find_chromium()
    if found is None:
        raise SetUpStopped("No Chromium after its installation. Set CHROMIUM_PATH to a Chromium or Chrome.")
    return found


def find_chromium() -> str | None:
    """Look at CHROMIUM_PATH, at PATH and where macOS keeps it. A CHROMIUM_PATH that is wrong stops us."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        if not Path(named).is_file():
            raise SetUpStopped(f"CHROMIUM_PATH is {named}, and there is no such file.")
        return named
    on_path = (shutil.which(name) for name in BROWSERS)
    elsewhere = (str(path) for path in BROWSERS_ELSEWHERE if path.is_file())
    return next((path for path in (*on_path, *elsewhere) if path), None)


def run(
    command: Sequence[str],
    *,
    show: Callable[[str], str | None] | None = None,
    environment: dict[str, str] | None = None,
) -> None:
    """Run a command, print the lines `show` picks, and on failure print the end of all it said and stop."""
    said: list[str] = []
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            picked = show(line.strip()) if show else None
            if picked is not None:
                print(picked, flush=True)
    if process.returncode:
        output = "".join(said[-LAST_LINES:])
        raise SetUpStopped(f"`{' '.join(command)}` ended with {process.returncode}:\n{output}")


@contextlib.contextmanager
def lock(root: Path) -> Iterator[None]:
    """Let one set-up or build at a time work in this checkout; a second one waits and then finds it done."""
    if os.name == "nt":
        yield
        return
    import fcntl

    folder = root / "var"
    folder.mkdir(exist_ok=True)
    with (folder / "set-up.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _runs(*command: str | Path) -> bool:
    return not subprocess.call(
        [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
