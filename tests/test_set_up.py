"""What `manage.py` does before anything is installed: each step refuses with the line that mends it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from architect import bootstrap, front_end_build, machine


def checkout(folder: Path, requirements: str = "['simpy']", lint: str = "110") -> Path:
    text = f"[project]\nname = 'x'\ndependencies = {requirements}\n[tool.ruff]\nline-length = {lint}\n"
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_the_bootstrap_imports_nothing_but_the_standard_library():
    script = (
        "import sys; sys.path.insert(0, '.'); import architect.bootstrap; "
        "files = [str(getattr(module, '__file__', '')) for module in sys.modules.values()]; "
        "print([file for file in files if 'site-packages' in file])"
    )
    words = [sys.executable, "-S", "-E", "-c", script]
    done = subprocess.run(words, cwd=bootstrap.ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_what_is_installed_depends_on_the_requirements_and_not_on_the_lint_rules(tmp_path: Path):
    before = machine.requirements_digest(checkout(tmp_path))
    assert machine.requirements_digest(checkout(tmp_path, lint="80")) == before
    assert machine.requirements_digest(checkout(tmp_path, requirements="['simpy>=4']")) != before


@pytest.mark.parametrize("content", [None, "", "{", "[]", '"text"'])
def test_an_unreadable_stamp_counts_as_none(tmp_path: Path, content: str | None):
    stamp = tmp_path / machine.STAMP
    if content is not None:
        stamp.write_text(content)
    assert machine.read_stamp(stamp) == {}


class Installations:
    """Stands in for pip: counts what would be installed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.extras: list[list[str]] = []
        monkeypatch.setattr(machine, "create", self.create)
        monkeypatch.setattr(machine, "install", lambda root, environment, extras: self.extras.append(extras))

    def create(self, environment: Path) -> None:
        python = machine.python_of(environment)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()


def test_a_second_start_installs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pip = Installations(monkeypatch)
    root = checkout(tmp_path)
    assert machine.prepare(root, root / ".venv", ["node"]) is True
    assert machine.prepare(root, root / ".venv", ["node"]) is False
    assert pip.extras == [["node"]]


def test_the_test_tools_are_added_once_and_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pip = Installations(monkeypatch)
    root = checkout(tmp_path)
    machine.prepare(root, root / ".venv", ["node"])
    machine.prepare(root, root / ".venv", ["node", "test"])
    machine.prepare(root, root / ".venv", ["node"])
    machine.prepare(checkout(tmp_path, requirements="['numpy']"), root / ".venv", ["node"])
    assert pip.extras == [["node"], ["node", "test"], ["node", "test"]]


def test_an_environment_made_by_hand_is_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pip = Installations(monkeypatch)
    root = checkout(tmp_path)
    pip.create(root / ".venv")
    assert machine.prepare(root, root / ".venv", ["node"]) is True
    assert pip.extras == [["node"]]


def test_without_root_the_line_to_run_is_printed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(
        machine.SetUpStopped, match="sudo apt-get install -y --no-install-recommends chromium"
    ):
        machine.apt_install("chromium", because="No Chromium")


def test_without_apt_the_missing_thing_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(machine.SetUpStopped, match=r"No Chromium\. Install chromium"):
        machine.apt_install("chromium", because="No Chromium")


def test_a_wrong_chromium_path_is_refused_and_not_replaced(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere/chromium")
    with pytest.raises(machine.SetUpStopped, match="/nowhere/chromium"):
        machine.find_chromium()


def test_a_failed_command_shows_what_it_said():
    with pytest.raises(machine.SetUpStopped, match="ended with 3:\nno room\n"):
        machine.run([sys.executable, "-c", "print('no room'); raise SystemExit(3)"])


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Collecting django<5.3,>=5.2.14 (from headrace==0.1.0)", "  django"),
        ("Collecting simpy", "  simpy"),
        ("Installing collected packages: a, b, c", "  unpacking 3 packages"),
        ("  Downloading django-5.2.19-py3-none-any.whl (8.3 MB)", None),
    ],
)
def test_a_waiting_person_sees_one_line_per_package(line: str, shown: str | None):
    assert machine.pip_progress(line) == shown


def test_the_front_end_is_rebuilt_for_a_source_and_not_for_a_test(tmp_path: Path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.ts").write_text("1")
    before = front_end_build.digest(tmp_path)
    (tmp_path / "src" / "main.test.ts").write_text("2")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "package.js").write_text("3")
    assert front_end_build.digest(tmp_path) == before
    (tmp_path / "src" / "main.ts").write_text("4")
    assert front_end_build.digest(tmp_path) != before


def test_compression_gives_the_same_bytes_each_time_and_leaves_small_files(tmp_path: Path):
    (tmp_path / "big.js").write_text("let a = 1;" * 500)
    (tmp_path / "small.js").write_text("1")
    (tmp_path / "font.woff2").write_bytes(b"x" * 5000)
    front_end_build.compress(tmp_path)
    first = (tmp_path / "big.js.gz").read_bytes()
    os.utime(tmp_path / "big.js", (1, 1))
    front_end_build.compress(tmp_path)
    assert (tmp_path / "big.js.gz").read_bytes() == first
    assert sorted(path.name for path in tmp_path.glob("*.gz")) == ["big.js.gz"]


def test_the_notices_hold_every_bundled_package_with_licence_and_source(tmp_path: Path):
    packages: dict[str, dict[str, object]] = {
        "": {},
        "node_modules/drawn": {},
        "node_modules/drawn/node_modules/inner": {},
        "node_modules/tester": {"dev": True},
        "node_modules/@types/drawn": {},
    }
    for place in filter(None, packages):
        folder = tmp_path / place
        folder.mkdir(parents=True)
        about = {"version": "1.2.3", "license": "EPL-2.0", "repository": {"url": f"https://source/{place}"}}
        (folder / "package.json").write_text(json.dumps(about))
        (folder / "LICENSE.md").write_text(f"terms of {place}")
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    text = front_end_build.notices(tmp_path)
    assert "drawn 1.2.3\nLicence: EPL-2.0\nSource: https://source/node_modules/drawn\n" in text
    assert "terms of node_modules/drawn/node_modules/inner" in text
    assert "tester" not in text
    assert "@types" not in text


def test_the_real_notices_name_the_licence_of_the_layout_engine():
    text = front_end_build.notices()
    assert "elkjs" in text
    assert "Eclipse Public License" in text
    assert "https://github.com/kieler/elkjs" in text
